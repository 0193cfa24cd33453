package sqlstore

import (
	"database/sql"
	"fmt"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

type batches struct{ t *tx }

func (b batches) Get(id string) (store.Batch, bool, error) {
	if err := b.t.reading(); err != nil {
		return store.Batch{}, false, err
	}
	list, err := b.read(`SELECT id, pair, kind, body FROM invoicesync_batches WHERE id = $1`, id)
	if err != nil {
		return store.Batch{}, false, b.t.fail("get batch %q: %w", id, err)
	}
	if len(list) == 0 {
		return store.Batch{}, false, nil
	}
	return list[0], true, nil
}

func (b batches) Put(batch store.Batch) error {
	if err := b.t.writing(); err != nil {
		return err
	}
	if err := batch.Validate(); err != nil {
		return b.t.fail("%w", err)
	}
	number, err := b.t.pairNumberMade(batch.Pair)
	if err != nil {
		return err
	}
	_, err = b.t.exec(`INSERT INTO invoicesync_batches (id, pair, kind, body, seq)
		VALUES ($1, $2, $3, $4, (SELECT COALESCE(MAX(seq), 0) + 1 FROM invoicesync_batches))
		ON CONFLICT (id) DO UPDATE SET pair = excluded.pair, kind = excluded.kind, body = excluded.body`,
		batch.ID, number, string(batch.Kind), appendBatch(nil, &batch))
	if err != nil {
		return b.t.fail("put batch %q: %w", batch.ID, err)
	}
	return nil
}

func (b batches) Delete(id string) error {
	if err := b.t.writing(); err != nil {
		return err
	}
	if _, err := b.t.exec(`DELETE FROM invoicesync_batches WHERE id = $1`, id); err != nil {
		return b.t.fail("delete batch %q: %w", id, err)
	}
	return nil
}

func (b batches) List(pair store.Pair, kind ledger.RecordKind) ([]store.Batch, error) {
	if err := b.t.reading(); err != nil {
		return nil, err
	}
	number, known, err := b.t.pairNumber(pair)
	if err != nil || !known {
		return nil, err
	}
	var w where
	w.and(`pair = ?`, number)
	if kind != "" {
		w.and(`kind = ?`, string(kind))
	}
	list, err := b.read(`SELECT id, pair, kind, body FROM invoicesync_batches WHERE `+w.text.String()+` ORDER BY seq`, w.args...)
	if err != nil {
		return nil, b.t.fail("list batches: %w", err)
	}
	return list, nil
}

func (b batches) read(query string, args ...any) ([]store.Batch, error) {
	var list []store.Batch
	var numbers []int64
	err := b.t.query(query, args, func(rows *sql.Rows) error {
		var batch store.Batch
		var number int64
		var kind string
		var body []byte
		if err := rows.Scan(&batch.ID, &number, &kind, &body); err != nil {
			return err
		}
		batch.Kind = kindOf(kind)
		if err := readBatch(&batch, string(body)); err != nil {
			return fmt.Errorf("batch %q: %w", batch.ID, err)
		}
		list, numbers = append(list, batch), append(numbers, number)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Pair, err = b.t.pairNumbered(numbers[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// appendBatch appends the body of a batch to room and returns both.
func appendBatch(room []byte, batch *store.Batch) []byte {
	e := newEncoder(room)
	e.text(batch.Verb)
	e.text(batch.Route)
	e.bytes(batch.Body)
	e.text(batch.BodyHash)
	e.text(batch.Key)
	e.number(int64(batch.Attempt))
	e.number(int64(batch.Round))
	e.text(batch.Before)
	e.flag(batch.Answered)
	e.number(int64(batch.Looks))
	e.number(batch.Lease)
	e.instant(batch.FirstSent)
	e.instant(batch.LastSent)
	e.instant(batch.SendBy)
	e.length(len(batch.Members))
	for _, m := range batch.Members {
		e.text(string(m.Mark))
		e.decimal(m.Amount)
		e.text(m.Parent)
	}
	return e.buf
}

func readBatch(batch *store.Batch, body string) error {
	d := newDecoder(body)
	batch.Verb = d.text()
	batch.Route = d.text()
	batch.Body = []byte(d.text())
	batch.BodyHash = d.text()
	batch.Key = d.text()
	batch.Attempt = int(d.number())
	batch.Round = int(d.number())
	batch.Before = d.text()
	batch.Answered = d.flag()
	batch.Looks = int(d.number())
	batch.Lease = d.number()
	batch.FirstSent = d.instant()
	batch.LastSent = d.instant()
	batch.SendBy = d.instant()
	if n := d.count(); n > 0 {
		batch.Members = make([]ledger.Member, n)
		for i := range batch.Members {
			batch.Members[i] = ledger.Member{Mark: ledger.Mark(d.text()), Amount: d.decimal(), Parent: d.text()}
		}
	}
	return d.end()
}
