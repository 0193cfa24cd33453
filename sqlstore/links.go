package sqlstore

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

type links struct{ t *tx }

const linkColumns = `l.pair, l.kind, l.source_id, l.generation, l.mark, l.state, l.ledger_id, l.parent, l.run, l.batch, l.body`

const selectLinks = `SELECT ` + linkColumns + ` FROM ` + allLinks

const allLinks = `invoicesync_links l WHERE `

// openLinks stands for allLinks where only open links are asked for. Its condition must be the words of
// the index, or databases do not see that the index can answer. SQLite must be told in addition: it
// believes the primary key to be better and would read a million links of the pair to find ten.
const openLinks = `invoicesync_links l /* sqlite: INDEXED BY invoicesync_links_open */
	WHERE l.state IN ('deferred', 'intended', 'parked', 'refused', 'uncertain') AND `

// attentionLinks stands for allLinks where only written links with a reason are asked for.
const attentionLinks = `invoicesync_links l /* sqlite: INDEXED BY invoicesync_links_attention */
	WHERE l.state = 'written' AND l.reasons > 0 AND `

func (l links) Get(pair store.Pair, kind ledger.RecordKind, sourceID string) (store.Link, bool, error) {
	found, err := l.GetMany(pair, kind, []string{sourceID})
	link, ok := found[sourceID]
	return link, ok, err
}

func (l links) GetMany(pair store.Pair, kind ledger.RecordKind, sourceIDs []string) (map[string]store.Link, error) {
	if err := l.t.reading(); err != nil {
		return nil, err
	}
	found := make(map[string]store.Link, len(sourceIDs))
	number, known, err := l.t.pairNumber(pair)
	if err != nil || !known {
		return found, err
	}
	read := l.reader(func(link store.Link) {
		if have, ok := found[link.SourceID]; !ok || have.Generation < link.Generation {
			found[link.SourceID] = link
		}
	})
	err = l.t.lookUp(selectLinks+`l.pair = $1 AND l.kind = $2 AND l.source_id IN `,
		[]any{number, string(kind)}, sourceIDs, read.scan)
	if err == nil {
		err = read.err()
	}
	if err != nil {
		return nil, l.t.fail("get %d links of kind %s: %w", len(sourceIDs), kind, err)
	}
	return found, nil
}

func (l links) ByMark(mark ledger.Mark) (store.Link, bool, error) {
	found, err := l.ByMarks([]ledger.Mark{mark})
	link, ok := found[mark]
	return link, ok, err
}

func (l links) ByMarks(marks []ledger.Mark) (map[ledger.Mark]store.Link, error) {
	if err := l.t.reading(); err != nil {
		return nil, err
	}
	texts := make([]string, 0, len(marks))
	for _, mark := range marks {
		if mark != "" {
			texts = append(texts, string(mark))
		}
	}
	list, err := l.named(selectLinks+`l.mark <> '' AND l.mark IN `, nil, texts)
	if err != nil {
		return nil, l.t.fail("get links by %d marks: %w", len(marks), err)
	}
	found := make(map[ledger.Mark]store.Link, len(list))
	for _, link := range list {
		found[link.Mark] = link
	}
	return found, nil
}

func (l links) ByLedgerID(org ledger.OrganisationID, kind ledger.RecordKind, id string) (store.Link, bool, error) {
	found, err := l.ByLedgerIDs(org, kind, []string{id})
	link, ok := found[id]
	return link, ok, err
}

func (l links) ByLedgerIDs(org ledger.OrganisationID, kind ledger.RecordKind, ids []string) (map[string]store.Link, error) {
	if err := l.t.reading(); err != nil {
		return nil, err
	}
	wanted := make([]string, 0, len(ids))
	for _, id := range ids {
		if id != "" {
			wanted = append(wanted, id)
		}
	}
	list, err := l.named(selectLinks+`l.ledger_id <> '' AND l.kind = $1 AND l.ledger_id IN `, []any{string(kind)}, wanted)
	if err != nil {
		return nil, l.t.fail("get links by %d ids of %s records of the ledger: %w", len(ids), kind, err)
	}
	found := make(map[string]store.Link, len(list))
	for _, link := range list {
		if link.Pair.Ledger != org {
			continue
		}
		if have, ok := found[link.LedgerID]; !ok || firstAtEnd(link, have) < 0 {
			found[link.LedgerID] = link
		}
	}
	return found, nil
}

// firstAtEnd orders links that end at one record of the ledger, as the contract says.
func firstAtEnd(a, b store.Link) int {
	return cmp.Or(
		cmp.Compare(a.Pair.String(), b.Pair.String()),
		cmp.Compare(a.SourceID, b.SourceID),
		cmp.Compare(b.Generation, a.Generation),
	)
}

// named reads links by a list of names.
func (l links) named(head string, fixed []any, names []string) ([]store.Link, error) {
	var list []store.Link
	read := l.reader(func(link store.Link) { list = append(list, link) })
	if err := l.t.lookUp(head, fixed, names, read.scan); err != nil {
		return nil, err
	}
	if err := read.err(); err != nil {
		return nil, err
	}
	return list, nil
}

func (l links) Put(list ...store.Link) error {
	if err := l.t.writing(); err != nil {
		return err
	}
	for _, link := range list {
		if err := link.Validate(); err != nil {
			return l.t.fail("%w", err)
		}
	}
	list = lastOfEach(list)
	room := make([]byte, 0, 256)
	var failed error
	var kind, state, run, batch boxed
	affected, err := l.t.insert(
		`INSERT INTO invoicesync_links (pair, kind, source_id, generation, mark, state, ledger_id, parent, run, batch, reasons, body) VALUES `, 12,
		// The mark of a record never changes in practice, and leaving it alone keeps its index untouched.
		// A row with another mark is passed over here and put below.
		` ON CONFLICT (pair, kind, source_id, generation) DO UPDATE SET state = excluded.state,
			ledger_id = excluded.ledger_id, parent = excluded.parent, run = excluded.run, batch = excluded.batch,
			reasons = excluded.reasons, body = excluded.body
			WHERE invoicesync_links.mark = excluded.mark`,
		len(list), func(i int, args []any) []any {
			link := &list[i]
			number, err := l.t.pairNumberMade(link.Pair)
			if err != nil && failed == nil {
				failed = err
			}
			// The memory is cut, not cleared: the arguments of a group lie in it side by side.
			start := len(room)
			room = appendLink(room, link)
			return append(args, number, kind.of(string(link.Kind)), link.SourceID, int64(link.Generation), string(link.Mark), state.of(string(link.State)),
				link.LedgerID, link.Parent, run.of(link.Run), batch.of(link.Batch), int64(len(link.Reasons)), room[start:len(room):len(room)])
		})
	if err == nil {
		err = failed
	}
	if err == nil && affected != int64(len(list)) {
		err = l.remark(list)
	}
	if err != nil {
		return l.putFailed(list, err)
	}
	return nil
}

// lastOfEach returns list without the links that a later one of the list replaces: a statement must not
// meet a row twice.
func lastOfEach(list []store.Link) []store.Link {
	type id struct {
		pair       store.Pair
		kind       ledger.RecordKind
		sourceID   string
		generation int
	}
	last := make(map[id]int, len(list))
	for i, link := range list {
		last[id{link.Pair, link.Kind, link.SourceID, link.Generation}] = i
	}
	if len(last) == len(list) {
		return list
	}
	var kept []store.Link
	for _, i := range slices.Sorted(maps.Values(last)) {
		kept = append(kept, list[i])
	}
	return kept
}

// remark writes every link whole, its mark included.
func (l links) remark(list []store.Link) error {
	for i := range list {
		link := &list[i]
		number, err := l.t.pairNumberMade(link.Pair)
		if err != nil {
			return err
		}
		_, err = l.t.exec(`UPDATE invoicesync_links
			SET mark = $1, state = $2, ledger_id = $3, parent = $4, run = $5, batch = $6, reasons = $7, body = $8
			WHERE pair = $9 AND kind = $10 AND source_id = $11 AND generation = $12`,
			string(link.Mark), string(link.State), link.LedgerID, link.Parent, link.Run, link.Batch, int64(len(link.Reasons)), appendLink(nil, link),
			number, string(link.Kind), link.SourceID, int64(link.Generation))
		if err != nil {
			return err
		}
	}
	return nil
}

func (l links) putFailed(list []store.Link, err error) error {
	thing := fmt.Sprintf("%d links", len(list))
	if len(list) == 1 {
		thing = fmt.Sprintf("%s link %q", list[0].Kind, list[0].SourceID)
	}
	if l.t.store.dialect.duplicate(err) {
		return l.t.fail("put %s: a mark belongs to another link already: %w", thing, store.ErrConflict)
	}
	return l.t.fail("put %s: %w", thing, err)
}

func (l links) List(f store.LinkFilter) ([]store.Link, error) {
	w, known, err := l.where(f)
	if err != nil || !known {
		return nil, err
	}
	w.add(` ORDER BY l.source_id, l.kind`)
	// One kind has a source id once, so the database can stop at the limit. Codes are looked for here,
	// and several kinds may share the last source id.
	if f.Limit > 0 && f.Kind != "" && f.Code == "" {
		w.add(` LIMIT ` + strconv.Itoa(atMost(f.Limit)))
	}
	var list []store.Link
	read := l.reader(nil)
	read.take = func(link store.Link) {
		if f.Limit > 0 && len(list) >= f.Limit && link.SourceID != list[len(list)-1].SourceID {
			read.enough = true
			return
		}
		if f.Code == "" || slices.ContainsFunc(link.Reasons, func(r store.Reason) bool { return r.Code == f.Code }) {
			list = append(list, link)
		}
	}
	err = l.t.query(`SELECT `+linkColumns+` FROM `+linksWith(f)+w.text.String(), w.args, read.scan)
	if err == nil {
		err = read.err()
	}
	if err != nil {
		return nil, l.t.fail("list links: %w", err)
	}
	return list, nil
}

func (l links) Count(f store.LinkFilter) (map[store.LinkState]int, error) {
	count := map[store.LinkState]int{}
	if f.Code != "" || f.Limit > 0 {
		list, err := l.List(f)
		for _, link := range list {
			count[link.State]++
		}
		return count, err
	}
	w, known, err := l.where(f)
	if err != nil || !known {
		return count, err
	}
	w.add(` GROUP BY l.state`)
	err = l.t.query(`SELECT l.state, COUNT(*) FROM `+linksWith(f)+w.text.String(), w.args, func(rows *sql.Rows) error {
		var state string
		var n int
		err := rows.Scan(&state, &n)
		count[store.LinkState(state)] = n
		return err
	})
	if err != nil {
		return nil, l.t.fail("count links: %w", err)
	}
	return count, nil
}

// linksWith returns the table to look in, up to the conditions.
func linksWith(f store.LinkFilter) string {
	if len(f.States) > 0 && !slices.Contains(f.States, store.Written) && !slices.Contains(f.States, store.Skipped) {
		return openLinks
	}
	if f.Code != "" && len(f.States) == 1 && f.States[0] == store.Written {
		return attentionLinks
	}
	return allLinks
}

// where puts the conditions of a filter into words, code and limit aside; false: the pair has no links.
func (l links) where(f store.LinkFilter) (w *where, known bool, err error) {
	if err := l.t.reading(); err != nil {
		return nil, false, err
	}
	if err := f.Validate(); err != nil {
		return nil, false, l.t.fail("%w", err)
	}
	number, known, err := l.t.pairNumber(f.Pair)
	if err != nil || !known {
		return nil, false, err
	}
	w = new(where)
	w.and(`l.pair = ?`, number)
	if f.Kind != "" {
		w.and(`l.kind = ?`, string(f.Kind))
	}
	if len(f.States) > 0 {
		w.and(`l.state IN (`)
		for i, state := range f.States {
			if i > 0 {
				w.add(`, `)
			}
			w.add(`?`, string(state))
		}
		w.add(`)`)
	}
	for _, c := range []struct{ condition, value string }{
		{`l.parent <> '' AND l.parent = ?`, f.Parent},
		{`l.run = ?`, f.Run},
		{`l.batch = ?`, f.Batch},
		{`l.source_id > ?`, f.After},
	} {
		if c.value != "" {
			w.and(c.condition, c.value)
		}
	}
	w.and(`NOT EXISTS (SELECT 1 FROM invoicesync_links n WHERE n.pair = l.pair AND n.kind = l.kind
		AND n.source_id = l.source_id AND n.generation > l.generation)`)
	return w, true, nil
}

// linkReader turns rows into links. A pair that this process has not met is looked up only when the
// rows are read, so until then its links wait.
type linkReader struct {
	t      *tx
	take   func(store.Link)
	enough bool

	last    int64
	pair    store.Pair
	numbers []int64
	waiting []store.Link
}

func (l links) reader(take func(store.Link)) *linkReader { return &linkReader{t: l.t, take: take} }

func (r *linkReader) scan(rows *sql.Rows) error {
	var link store.Link
	var number int64
	var kind, mark, state string
	var body sql.RawBytes
	err := rows.Scan(&number, &kind, &link.SourceID, &link.Generation, &mark, &state,
		&link.LedgerID, &link.Parent, &link.Run, &link.Batch, &body)
	if err != nil {
		return err
	}
	link.Kind, link.Mark, link.State = kindOf(kind), ledger.Mark(mark), stateOf(state)
	if err := readLink(&link, string(body)); err != nil {
		return fmt.Errorf("%s link %q: %w", link.Kind, link.SourceID, err)
	}
	if number != r.last {
		pair, known := r.t.store.pairs.pairOf(number)
		if !known {
			r.numbers, r.waiting = append(r.numbers, number), append(r.waiting, link)
			return nil
		}
		r.last, r.pair = number, pair
	}
	link.Pair = r.pair
	r.take(link)
	if r.enough {
		return errEnough
	}
	return nil
}

// err gives out the links that waited and returns the first error.
func (r *linkReader) err() error {
	for i, link := range r.waiting {
		var err error
		if link.Pair, err = r.t.pairNumbered(r.numbers[i]); err != nil {
			return err
		}
		r.take(link)
	}
	r.waiting, r.numbers = nil, nil
	return nil
}

// kindOf and stateOf return the constants for the texts, so that thousands of links share them.
func kindOf(s string) ledger.RecordKind {
	for _, kind := range [...]ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment, ledger.KindContact, ledger.KindCreditNote} {
		if string(kind) == s {
			return kind
		}
	}
	return ledger.RecordKind(s)
}

func stateOf(s string) store.LinkState {
	for _, state := range [...]store.LinkState{store.Written, store.Skipped, store.Parked, store.Intended, store.Refused, store.Uncertain, store.Deferred} {
		if string(state) == s {
			return state
		}
	}
	return store.LinkState(s)
}

// appendLink appends the body of a link to room and returns both.
func appendLink(room []byte, link *store.Link) []byte {
	e := newEncoder(room)
	e.flag(link.Adopted)
	e.text(link.LedgerNumber)
	e.text(link.LedgerVersion)
	e.text(link.LedgerParent)
	e.text(link.SourceVersion)
	e.text(link.SourceHash)
	e.text(link.Settings)
	e.text(string(link.Currency))
	e.decimal(link.Amount)
	e.decimal(link.Predicted)
	e.decimal(link.Actual)
	e.text(link.Rule)
	e.instant(link.FirstSent)
	e.instant(link.Updated)
	e.length(len(link.Reasons))
	for _, reason := range link.Reasons {
		e.text(reason.Code)
		e.text(reason.Message)
	}
	e.text(link.Bucket)
	e.text(link.CreatedBy)
	e.text(link.UpdatedBy)
	e.flag(link.TakenBack)
	e.flag(link.OnPurpose)
	e.number(link.Revision)
	return e.buf
}

func readLink(link *store.Link, body string) error {
	d := newDecoder(body)
	link.Adopted = d.flag()
	link.LedgerNumber = d.text()
	link.LedgerVersion = d.text()
	link.LedgerParent = d.text()
	link.SourceVersion = d.text()
	link.SourceHash = d.text()
	link.Settings = d.text()
	link.Currency = ledger.Currency(d.text())
	link.Amount = d.decimal()
	link.Predicted = d.decimal()
	link.Actual = d.decimal()
	link.Rule = d.text()
	link.FirstSent = d.instant()
	link.Updated = d.instant()
	if n := d.count(); n > 0 {
		link.Reasons = make([]store.Reason, n)
		for i := range link.Reasons {
			link.Reasons[i] = store.Reason{Code: d.text(), Message: d.text()}
		}
	}
	link.Bucket = d.text()
	link.CreatedBy = d.text()
	link.UpdatedBy = d.text()
	link.TakenBack = d.flag()
	link.OnPurpose = d.flag()
	link.Revision = d.number()
	return d.end()
}
