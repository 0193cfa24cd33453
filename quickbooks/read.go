package quickbooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

// feed is one of QuickBooks' kinds of record, of wire shape W and word T. Contacts are three entities.
type feed[W, T any] struct {
	l        *Ledger
	kind     string
	entities []string
	where    []string // always
	scanned  []string // of a scan: what else narrows it
	dated    bool     // has a TxnDate
	rows     func(*wireLists) [][]W
	raw      func(*rawLists) [][]json.RawMessage // of the same entities, in the same order
	entity   func(*W) *wireEntity
	role     func(*W, int)
	keep     func(*W) bool
	pick     func(*T) bool
	convert  func(*W) T
}

// overlap is how far behind the vendor's clock a reading ends. A record gets its time when it is
// written, and is seen a moment later.
const overlap = 2 * time.Minute

// window is one answer, read.
type window[W any] struct {
	rows   []W
	unread []ledger.Unread
	gone   []ledger.Ref
	ids    []string    // of rows, in order
	times  []time.Time // of rows, in order
	total  int
	more   bool
	clock  time.Time
}

// pages reads as q says.
func (f feed[W, T]) pages(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[T], error] {
	return func(yield func(ledger.Page[T], error) bool) {
		p, err := f.begin(q)
		for err == nil {
			switch p.Mode {
			case modeScan:
				_, err = f.walk(ctx, p, createTime, yield)
				if err == nil {
					return
				}
			case modeChanges:
				var done bool
				if p, done, err = f.capture(ctx, p, yield); done {
					return
				}
			case modeDeep:
				err = f.deep(ctx, p, yield)
				if err == nil {
					return
				}
			}
		}
		if !errors.Is(err, errStopped) {
			yield(ledger.Page[T]{}, err)
		}
	}
}

// errStopped is a reader who wants no more.
var errStopped = errors.New("stopped")

func (f feed[W, T]) begin(q ledger.Query) (position, error) {
	if q.Cursor != "" {
		return parseCursor(f.kind, len(f.entities), q.Cursor)
	}
	if q.AfterID != "" {
		return position{}, &ledger.Error{
			Kind: ledger.ErrUnsupported, Room: Vendor, Thing: f.kind,
			Message: "QuickBooks compares ids for being equal only: use Since",
		}
	}
	p := position{Kind: f.kind, Size: f.l.options.PageSize}
	if !q.From.IsZero() {
		p.From = q.From.String()
	}
	if !q.Since.IsZero() && p.From == "" {
		p.Since = q.Since.UTC().Unix()
		return p, nil
	}
	p.Mode = modeScan
	if !q.Since.IsZero() { // changes of documents from a day on: capture knows nothing of days
		p.Mode, p.Since = modeDeep, q.Since.UTC().Unix()
		p.Again = p.Since
	}
	if q.PageSize > 0 {
		p.Size = min(q.PageSize, 1000)
	}
	return p, nil
}

// The two times that records are read by.
const (
	createTime  = "MetaData.CreateTime"
	updatedTime = "MetaData.LastUpdatedTime"
)

// walk reads every entity of the feed in the order of a time, and returns the position behind it.
func (f feed[W, T]) walk(ctx context.Context, p position, by string, yield func(ledger.Page[T], error) bool) (position, error) {
	told := vendorbooks.Told{} // what the window before has shown, so that the overlap is not told twice
	restarts := 0
	for {
		w, err := f.fetch(ctx, p, by)
		if err != nil {
			return p, err
		}
		if p.Start == 0 {
			p.Start = w.clock.Unix()
		}
		next, err := f.next(p, w)
		if err != nil {
			return p, err
		}
		if p.Page > 1 && next.Page <= 1 {
			// The dense second has been read to its end: was it still while it was read?
			still, err := f.still(ctx, p, by)
			if err != nil {
				return p, err
			}
			if !still {
				if restarts++; restarts >= vendorbooks.Dense {
					return p, vendorbooks.TooDense(Vendor, f.kind)
				}
				next = p
				next.Page, next.Seen = 1, 0
				w.more = true
			}
		}
		last := !w.more && p.Part == len(f.entities)-1
		resume := next
		if last && by == createTime {
			resume = f.end(p, w.clock)
		}
		page := ledger.Page[T]{Unread: w.unread, Next: resume.cursor()}
		fresh := w.rows[:0:0]
		for i := range w.rows {
			if !told.Before(w.ids[i], w.times[i]) {
				fresh = append(fresh, w.rows[i])
			}
		}
		page.Records = f.words(fresh)
		if !yield(page, nil) {
			return p, errStopped
		}
		if last {
			return next, nil
		}
		told.Remember(w.ids, w.times, next.Since != p.Since || next.Part != p.Part, next.since())
		p = next
	}
}

// next says where the reading goes on behind window w of position p.
func (f feed[W, T]) next(p position, w window[W]) (position, error) {
	last, err := vendorbooks.Latest(Vendor, f.kind, w.times)
	if err != nil {
		return p, err
	}
	next := p
	next.Page, next.Seen = 1, 0
	if !w.more {
		if p.Part < len(f.entities)-1 {
			next.Part++
			next.Since = p.Again
		}
		return next, nil
	}
	if last.IsZero() {
		return p, &ledger.Error{Kind: ledger.ErrUnreadable, Room: Vendor, Thing: f.kind, Message: "a whole page without times"}
	}
	if since := last.Unix() - 1; since > p.Since {
		next.Since = since
		return next, nil
	}
	next.Page = max(p.Page, 1) + 1
	next.Seen = vendorbooks.Chain(p.Seen, w.ids)
	return next, nil
}

// end is where a later reading begins when this one has read everything: changes since it began.
func (f feed[W, T]) end(p position, clock time.Time) position {
	from := clock
	if p.Start != 0 {
		from = time.Unix(p.Start, 0)
	}
	return position{Kind: p.Kind, Size: f.l.options.PageSize, Since: max(from.Add(-overlap).Unix(), 1)}
}

// still reports whether the pages before p.Page hold what they held when they were read.
func (f feed[W, T]) still(ctx context.Context, p position, by string) (bool, error) {
	return vendorbooks.Still(p.Page, p.Seen, func(page int) ([]string, error) {
		again := p
		again.Page = page
		w, err := f.fetch(ctx, again, by)
		return w.ids, err
	})
}

// fetch makes the one call of a position.
func (f feed[W, T]) fetch(ctx context.Context, p position, by string) (window[W], error) {
	size := p.Size
	if size == 0 {
		size = f.l.options.PageSize
	}
	s := statement{
		entity: f.entities[p.Part], where: slices.Clone(f.where), order: by + " ASC",
		start: (max(p.Page, 1)-1)*size + 1, max: size,
	}
	if p.From != "" && f.dated {
		s.where = append(s.where, "TxnDate >= "+quote(p.From))
	}
	if p.Mode == modeScan {
		s.where = append(s.where, f.scanned...)
	}
	if p.Since != 0 {
		s.where = append(s.where, by+" >= "+quote(wireInstant(p.since())))
	}
	w, err := f.query(ctx, s, p.Part)
	if err != nil {
		return w, err
	}
	if w.clock.IsZero() {
		return w, unreadable("GET /query", nil, errors.New("neither time nor the Date header says what time it is at QuickBooks"))
	}
	w.more = w.total >= size
	for i := range w.rows {
		meta := f.entity(&w.rows[i]).MetaData
		at, err := parseInstant(meta.CreateTime)
		if by == updatedTime {
			at, err = parseInstant(cmp.Or(meta.LastUpdatedTime, meta.CreateTime))
		}
		if err != nil || at.IsZero() {
			return w, unreadable("GET /query", nil, errors.New("a record does not say when it was written"))
		}
		w.times = append(w.times, at)
	}
	return w, nil
}

// query reads one statement on the part-th entity.
func (f feed[W, T]) query(ctx context.Context, s statement, part int) (window[W], error) {
	resp, err := f.l.ask(ctx, s.String())
	if err != nil {
		return window[W]{}, err
	}
	var a wireAnswer
	var w window[W]
	if resp.Decode(&a) == nil && a.QueryResponse != nil {
		w.rows = f.rows(a.QueryResponse)[part]
	} else {
		var raw rawAnswer
		if err := resp.Decode(&raw); err != nil {
			return w, unreadable("GET /query", resp, err)
		}
		if raw.QueryResponse == nil {
			return w, unreadable("GET /query", resp, errors.New("QueryResponse is absent"))
		}
		a.Time = raw.Time
		w.rows, w.unread = vendorbooks.OneByOne(f.raw(raw.QueryResponse)[part], f.idOf)
	}
	w.clock = clock(string(a.Time), resp.Header)
	f.sort(&w, part)
	return w, nil
}

// sort takes out what is no record: deletions, and records without an id.
func (f feed[W, T]) sort(w *window[W], part int) {
	w.total += len(w.rows) + len(w.unread)
	sound := w.rows[:0]
	for i := range w.rows {
		e := f.entity(&w.rows[i])
		switch {
		case e.ID == "":
			w.unread = append(w.unread, ledger.Unread{Code: "id_missing", Detail: "a record of " + f.kind + " has no Id"})
		case e.deleted():
			w.gone = append(w.gone, ledger.Ref{ID: e.ID})
		default:
			if f.role != nil {
				f.role(&w.rows[i], part)
			}
			w.ids = append(w.ids, e.ID)
			sound = append(sound, w.rows[i])
		}
	}
	w.rows = sound
}

func (f feed[W, T]) idOf(w *W) string { return f.entity(w).ID }

func (f feed[W, T]) words(rows []W) []T {
	out := make([]T, 0, len(rows))
	for i := range rows {
		if f.keep != nil && !f.keep(&rows[i]) {
			continue
		}
		if v := f.convert(&rows[i]); f.pick == nil || f.pick(&v) {
			out = append(out, v)
		}
	}
	return slices.Clip(out)
}

// byIDs reads records by id, of every entity; ids that none of them has any more are gone.
func (f feed[W, T]) byIDs(ctx context.Context, ids []string) (window[W], error) {
	var all window[W]
	left := ids[:0:0]
	for _, id := range ids {
		if isID(id) && !slices.Contains(left, id) {
			left = append(left, id)
		}
	}
	for part, entity := range f.entities {
		var missing []string
		for _, list := range chunks(left) {
			s := statement{entity: entity, where: append([]string{in("Id", list)}, f.where...), max: 1000}
			w, err := f.query(ctx, s, part)
			if err != nil {
				return all, err
			}
			all.rows = append(all.rows, w.rows...)
			all.ids = append(all.ids, w.ids...)
			all.unread = append(all.unread, w.unread...)
			for _, id := range list {
				unread := slices.ContainsFunc(w.unread, func(u ledger.Unread) bool { return u.Ref.ID == id || u.Ref.ID == "" })
				if !slices.Contains(w.ids, id) && !unread {
					missing = append(missing, id)
				}
			}
		}
		left = missing
	}
	for _, id := range left {
		all.gone = append(all.gone, ledger.Ref{ID: id})
	}
	return all, nil
}

func isNotFound(err error) bool { return errors.Is(err, ledger.ErrNotFound) }

func notFound(thing string) error {
	return &ledger.Error{Kind: ledger.ErrNotFound, Room: Vendor, Thing: thing, Code: "not_found", Message: "there is no such record"}
}

var errNotIt = errors.New("it is not the record that was asked for")
