package sqlstore

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

type activity struct{ t *tx }

const selectRows = `SELECT seq, at, pair, run, event, source_id, ledger_id, body FROM invoicesync_activity WHERE `

func (a activity) Append(list ...store.Row) error {
	if err := a.t.writing(); err != nil {
		return err
	}
	if len(list) == 0 {
		return nil
	}
	head, err := a.end(metaHead)
	if err != nil {
		return err
	}
	room := make([]byte, 0, 256)
	runs := map[string][2]int64{}
	var failed error
	var run, event boxed
	_, err = a.t.insert(`INSERT INTO invoicesync_activity (seq, at, pair, run, event, source_id, ledger_id, body) VALUES `, 8, ``,
		len(list), func(i int, args []any) []any {
			row := head.Add(list[i])
			number, err := a.t.pairNumberMade(row.Pair)
			if err != nil && failed == nil {
				failed = err
			}
			if row.Run != "" {
				span, ok := runs[row.Run]
				if !ok {
					span[0] = row.Seq
				}
				runs[row.Run] = [2]int64{span[0], row.Seq}
			}
			start := len(room)
			room = appendRow(room, &row)
			return append(args, row.Seq, row.At.UnixMilli(), number, run.of(row.Run), event.of(row.Event), row.SourceID, row.LedgerID, room[start:len(room):len(room)])
		})
	if err == nil {
		err = failed
	}
	if err == nil {
		_, err = a.t.exec(putMeta, metaHead, endText(head))
	}
	for run, span := range runs {
		if err == nil {
			_, err = a.t.exec(`INSERT INTO invoicesync_runs (run, first_seq, last_seq) VALUES ($1, $2, $3)
				ON CONFLICT (run) DO UPDATE SET last_seq = excluded.last_seq`, run, span[0], span[1])
		}
	}
	if err != nil {
		return a.t.fail("append %d activity rows: %w", len(list), err)
	}
	return nil
}

func (a activity) List(f store.ActivityFilter) ([]store.Row, error) {
	if err := a.t.reading(); err != nil {
		return nil, err
	}
	var w where
	w.and(`seq > ?`, f.After)
	if f.Pair != (store.Pair{}) {
		number, known, err := a.t.pairNumber(f.Pair)
		if err != nil || !known {
			return nil, err
		}
		w.and(`pair = ?`, number)
	}
	if f.Run != "" {
		var first, last int64
		found, err := a.t.one(`SELECT first_seq, last_seq FROM invoicesync_runs WHERE run = $1`, []any{f.Run}, &first, &last)
		if err != nil {
			return nil, a.t.fail("list activity of run %q: %w", f.Run, err)
		}
		if !found {
			return nil, nil
		}
		w.and(`seq >= ? AND seq <= ? AND run = ?`, first, last, f.Run)
	}
	if f.SourceID != "" {
		w.and(`source_id <> '' AND source_id = ?`, f.SourceID)
	}
	if f.LedgerID != "" {
		w.and(`ledger_id <> '' AND ledger_id = ?`, f.LedgerID)
	}
	if f.Event != "" {
		w.and(`event = ?`, f.Event)
	}
	w.add(` ORDER BY seq`)
	if f.Limit > 0 && f.Code == "" {
		w.add(` LIMIT ` + strconv.Itoa(atMost(f.Limit)))
	}
	var list []store.Row
	err := a.read(selectRows+w.text.String(), w.args, func(row store.Row) bool {
		if f.Code == "" || slices.Contains(row.Codes, f.Code) {
			list = append(list, row)
		}
		return f.Limit <= 0 || len(list) < f.Limit
	})
	if err != nil {
		return nil, a.t.fail("list activity: %w", err)
	}
	return list, nil
}

func (a activity) Verify() error {
	if err := a.t.reading(); err != nil {
		return err
	}
	at, err := a.end(metaBase)
	if err != nil {
		return err
	}
	head, err := a.end(metaHead)
	if err != nil {
		return err
	}
	var broken error
	err = a.read(selectRows+`seq > $1 ORDER BY seq`, []any{int64(math.MinInt64)}, func(row store.Row) bool {
		broken = at.Follow(row)
		return broken == nil
	})
	switch {
	case err != nil:
		return a.t.fail("verify activity after row %d: %w", at.Seq, err)
	case broken != nil:
		return broken
	}
	return at.Ends(head)
}

func (a activity) Trim(before time.Time) (int, error) {
	if err := a.t.writing(); err != nil {
		return 0, err
	}
	n, err := a.trim(before)
	if err != nil {
		return 0, a.t.fail("trim activity: %w", err)
	}
	return n, nil
}

func (a activity) trim(before time.Time) (int, error) {
	// Rounded up, so that a row of the same millisecond but before it goes too.
	edge := before.UnixMilli()
	if before.After(time.UnixMilli(edge)) {
		edge++
	}
	stays := int64(math.MaxInt64)
	if _, err := a.t.one(`SELECT seq FROM invoicesync_activity WHERE at >= $1 ORDER BY seq LIMIT 1`, []any{edge}, &stays); err != nil {
		return 0, err
	}
	var base store.ChainHead
	err := a.read(selectRows+`seq < $1 ORDER BY seq DESC LIMIT 1`, []any{stays}, func(row store.Row) bool {
		base = store.ChainHead{Seq: row.Seq, Hash: row.Hash}
		return true
	})
	if err != nil || base.Seq == 0 {
		return 0, err
	}
	n, err := a.t.exec(`DELETE FROM invoicesync_activity WHERE seq <= $1`, base.Seq)
	if err != nil {
		return 0, err
	}
	if _, err := a.t.exec(`DELETE FROM invoicesync_runs WHERE last_seq <= $1`, base.Seq); err != nil {
		return 0, err
	}
	_, err = a.t.exec(putMeta, metaBase, endText(base))
	return int(n), err
}

// end reads one of the ends of the chain that are kept beside it.
func (a activity) end(name string) (store.ChainHead, error) {
	var text string
	found, err := a.t.one(`SELECT value FROM invoicesync_meta WHERE name = $1`, []any{name}, &text)
	if err != nil {
		return store.ChainHead{}, a.t.fail("%s: %w", name, err)
	}
	if !found {
		return store.ChainHead{}, nil
	}
	number, hash, _ := strings.Cut(text, " ")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return store.ChainHead{}, a.t.fail("%s reads %q: %w", name, text, store.ErrForeign)
	}
	return store.ChainHead{Seq: seq, Hash: hash}, nil
}

func endText(h store.ChainHead) string { return strconv.FormatInt(h.Seq, 10) + " " + h.Hash }

// read calls take for each row until it says that it has enough.
func (a activity) read(query string, args []any, take func(store.Row) bool) error {
	// Rows are taken in portions, because a pair may have to be looked up in between.
	type read struct {
		row    store.Row
		number int64
	}
	var waiting []read
	last, pair := int64(-1), store.Pair{}
	err := a.t.query(query, args, func(rows *sql.Rows) error {
		var r read
		var at int64
		var body sql.RawBytes
		if err := rows.Scan(&r.row.Seq, &at, &r.number, &r.row.Run, &r.row.Event, &r.row.SourceID, &r.row.LedgerID, &body); err != nil {
			return err
		}
		r.row.At = time.UnixMilli(at).UTC()
		if err := readRow(&r.row, string(body)); err != nil {
			return fmt.Errorf("activity row %d: %w", r.row.Seq, err)
		}
		if r.number != last && len(waiting) == 0 {
			if have, known := a.t.store.pairs.pairOf(r.number); known {
				last, pair = r.number, have
			}
		}
		if r.number != last || len(waiting) > 0 {
			waiting = append(waiting, r)
			return nil
		}
		r.row.Pair = pair
		if !take(r.row) {
			return errEnough
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range waiting {
		if r.row.Pair, err = a.t.pairNumbered(r.number); err != nil {
			return err
		}
		if !take(r.row) {
			return nil
		}
	}
	return nil
}

// appendRow appends the body of a row to room and returns both. Hashes lie there as bytes.
func appendRow(room []byte, row *store.Row) []byte {
	e := newEncoder(room)
	e.text(string(row.Kind))
	e.decimal(row.Amount)
	e.text(string(row.Currency))
	e.text(row.Detail)
	e.hash(row.Prev)
	e.hash(row.Hash)
	e.length(len(row.Codes))
	for _, code := range row.Codes {
		e.text(code)
	}
	return e.buf
}

func readRow(row *store.Row, body string) error {
	d := newDecoder(body)
	row.Kind = kindOf(d.text())
	row.Amount = d.decimal()
	row.Currency = ledger.Currency(d.text())
	row.Detail = d.text()
	row.Prev = hex.EncodeToString([]byte(d.text()))
	row.Hash = hex.EncodeToString([]byte(d.text()))
	if n := d.count(); n > 0 {
		row.Codes = make([]string, n)
		for i := range row.Codes {
			row.Codes[i] = d.text()
		}
	}
	return d.end()
}

// hash appends a hash, which is hex that ChainHead made, as the bytes that it stands for.
func (e *encoder) hash(s string) {
	e.length(hex.DecodedLen(len(s)))
	e.buf, _ = hex.AppendDecode(e.buf, []byte(s))
}
