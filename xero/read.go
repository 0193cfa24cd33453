package xero

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// feed is one of Xero's lists, of wire shape W and word T.
type feed[W, T any] struct {
	l       *Ledger
	kind    string
	path    string
	order   string // by id
	listed  bool   // order is optimised, and allowed however many records there are: by Xero for invoices, by CData's manual for payments
	query   url.Values
	rows    func(*wirePage) []W
	raw     func(*rawPage) []json.RawMessage
	id      func(*W) string
	updated func(*W) moment
	keep    func(*W) bool
	convert func(*W) T
}

// overlap is how far behind the vendor's clock a reading ends. A record gets its time when it is
// written, and is seen a moment later; and Xero's clocks need not agree among themselves.
const overlap = 2 * time.Minute

// window is one answer of a list, read.
type window[W any] struct {
	rows   []W
	unread []ledger.Unread
	ids    []string    // of rows, in order
	times  []time.Time // of rows, in order
	more   bool
	clock  time.Time
}

// pages reads the list as q says. statuses is its filter in Xero's words.
func (f feed[W, T]) pages(ctx context.Context, q ledger.Query, statuses []string) iter.Seq2[ledger.Page[T], error] {
	return func(yield func(ledger.Page[T], error) bool) {
		p, err := f.begin(q, len(statuses) > 0)
		if err != nil {
			yield(ledger.Page[T]{}, err)
			return
		}
		if p.Scan {
			f.scan(ctx, p, yield)
			return
		}
		f.changes(ctx, p, q, statuses, yield)
	}
}

func (f feed[W, T]) begin(q ledger.Query, filtered bool) (position, error) {
	if q.Cursor != "" {
		p, err := parseCursor(f.kind, q.Cursor)
		if f.listed && !p.Scan && p.From == "" && !filtered {
			p.Scan, p.Page, p.Seen = true, 0, 0
		}
		return p, err
	}
	if q.AfterID != "" {
		return position{}, &ledger.Error{
			Kind: ledger.ErrUnsupported, Room: Vendor, Thing: f.kind,
			Message: "Xero's ids have no order that could be continued: use Since",
		}
	}
	p := position{Kind: f.kind, Size: f.l.options.PageSize}
	switch {
	case !q.Since.IsZero():
		p.Since = floor(q.Since).Add(-time.Second).UnixMilli()
	case q.From.IsZero() && !filtered:
		p.Scan = true
		if q.PageSize > 0 {
			p.Size = min(q.PageSize, 1000)
		}
	}
	if !q.From.IsZero() {
		p.From = q.From.String()
	}
	return p, nil
}

// scan reads everything, or everything that was modified at or after p.Since, by id, and hands over to the
// changes since it began.
func (f feed[W, T]) scan(ctx context.Context, p position, yield func(ledger.Page[T], error) bool) {
	for {
		w, err := f.fetch(ctx, p, nil)
		if err != nil {
			yield(ledger.Page[T]{}, err)
			return
		}
		if p.Start == 0 {
			p.Start = w.clock.UnixMilli()
		}
		next := p
		if w.more {
			next.Page = max(p.Page, 1) + 1
		} else {
			next = f.end(p, w.clock)
		}
		page := ledger.Page[T]{Records: f.words(w.rows, nil), Unread: w.unread, Next: next.cursor()}
		if !yield(page, nil) || !w.more {
			return
		}
		p = next
	}
}

// changes reads what a filter lets through and was modified at or after p.Since, oldest first.
func (f feed[W, T]) changes(ctx context.Context, p position, q ledger.Query, statuses []string, yield func(ledger.Page[T], error) bool) {
	var before time.Time // records that changed earlier were not asked for
	if q.Cursor == "" {
		before = q.Since
	}
	told := vendorbooks.Told{} // what the window before has shown, so that the overlap is not told twice
	restarts := 0
	for {
		w, err := f.fetch(ctx, p, statuses)
		if err != nil {
			yield(ledger.Page[T]{}, err)
			return
		}
		if (p.From != "" || len(statuses) > 0) && p.Start == 0 {
			// What is dated earlier, or leaves the statuses while it is read, is left out of this reading;
			// its changes from here on are not.
			p.Start = w.clock.UnixMilli()
		}
		next, err := f.next(p, w)
		if err == nil && p.Page > 1 && next.Page <= 1 {
			// The dense second has been read to its end: was it still while it was read?
			var still bool
			if still, err = f.still(ctx, p, statuses); err == nil && !still {
				if restarts++; restarts >= vendorbooks.Dense {
					err = vendorbooks.TooDense(Vendor, "GET "+f.path)
				}
				next = p
				next.Page, next.Seen = 1, 0
				w.more = true
			}
		}
		if err != nil {
			yield(ledger.Page[T]{}, err)
			return
		}
		page := ledger.Page[T]{Unread: w.unread, Next: next.cursor()}
		page.Records = f.words(w.rows, func(i int) bool {
			at := w.times[i]
			return !told.Before(w.ids[i], at) && (at.IsZero() || !at.Before(before))
		})
		if !yield(page, nil) || !w.more {
			return
		}
		told.Remember(w.ids, w.times, next.Since != p.Since, next.since())
		p = next
	}
}

// next says where the reading goes on behind window w of position p.
func (f feed[W, T]) next(p position, w window[W]) (position, error) {
	last, err := vendorbooks.Latest(Vendor, "GET "+f.path, w.times)
	if err != nil {
		return p, err
	}
	if !w.more {
		return f.end(p, w.clock), nil
	}
	if last.IsZero() {
		return p, &ledger.Error{Kind: ledger.ErrUnreadable, Room: Vendor, Thing: "GET " + f.path, Message: "a whole page without UpdatedDateUTC"}
	}
	next := p
	if since := floor(last).Add(-time.Second).UnixMilli(); since > p.Since {
		next.Since, next.Page, next.Seen = since, 1, 0
		return next, nil
	}
	next.Page = max(p.Page, 1) + 1
	next.Seen = vendorbooks.Chain(p.Seen, w.ids)
	return next, nil
}

// end is where a later reading begins when this one has read everything.
func (f feed[W, T]) end(p position, clock time.Time) position {
	end := position{Kind: p.Kind, Size: f.l.options.PageSize}
	if p.Start != 0 {
		end.Since = p.Start - overlap.Milliseconds()
	} else {
		end.Since = max(p.Since, clock.Add(-overlap).UnixMilli())
	}
	return end
}

// still reports whether the pages before p.Page hold what they held when they were read.
func (f feed[W, T]) still(ctx context.Context, p position, statuses []string) (bool, error) {
	return vendorbooks.Still(p.Page, p.Seen, func(page int) ([]string, error) {
		again := p
		again.Page = page
		w, err := f.fetch(ctx, again, statuses)
		return w.ids, err
	})
}

func floor(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// fetch makes the one call of a position.
func (f feed[W, T]) fetch(ctx context.Context, p position, statuses []string) (window[W], error) {
	q := url.Values{}
	for k, v := range f.query {
		q[k] = v
	}
	size := p.Size
	if size == 0 {
		size = f.l.options.PageSize
	}
	page := max(p.Page, 1)
	q.Set("page", strconv.Itoa(page))
	q.Set("pageSize", strconv.Itoa(size))
	if p.Scan {
		q.Set("order", f.order)
	} else {
		q.Set("order", "UpdatedDateUTC ASC")
	}
	if where := f.where(p.From); where != "" {
		q.Set("where", where)
	}
	if len(statuses) > 0 {
		q.Set("Statuses", strings.Join(statuses, ",")) // comma lists: repeated parameters are ignored (XeroAPI/xero-node#339)
	}
	resp, err := f.l.get(ctx, f.path, f.path, q, p.since())
	if err != nil {
		return window[W]{}, err
	}
	return f.decode(resp, page, size)
}

// where is used for a start date only: Xero refuses filters that it finds inefficient in very large books
// (freakboy3742/pyxero#373), and Type and Date are on its list of optimised ones.
func (f feed[W, T]) where(from string) string {
	d, err := ledger.ParseDate(from)
	if from == "" || err != nil || f.kind == "contacts" {
		return ""
	}
	day := d.Time()
	where := "Date>=DateTime(" + strconv.Itoa(day.Year()) + "," + strconv.Itoa(int(day.Month())) + "," + strconv.Itoa(day.Day()) + ")"
	if f.kind == "invoices" {
		where = `Type=="ACCREC" AND ` + where
	}
	return where
}

// decode reads a whole answer at once, and record by record only when something in it is not as it should be.
func (f feed[W, T]) decode(resp *vendorhttp.Response, page, size int) (window[W], error) {
	var w window[W]
	if kind := resp.Kind(); kind != vendorhttp.KindJSON {
		return w, unreadable("GET "+f.path, resp, errors.New("it is "+string(kind)+" and not JSON"))
	}
	room := min(size, bytes.Count(resp.Body, []byte(`"UpdatedDateUTC"`)))
	p := roomFor(f.path[1:], room)
	// Straight from the body: a json.Decoder would copy the two megabytes of a full page first.
	if json.Unmarshal(bytes.TrimPrefix(resp.Body, []byte("\xef\xbb\xbf")), &p) == nil {
		w.rows = f.rows(&p)
	} else {
		var raw rawPage
		if again := resp.Decode(&raw); again != nil {
			return w, unreadable("GET "+f.path, resp, again)
		}
		p.DateTimeUTC, p.Pagination = raw.DateTimeUTC, raw.Pagination
		w.rows, w.unread = vendorbooks.OneByOne(f.raw(&raw), f.id)
	}
	if w.rows == nil || len(w.rows)+len(w.unread) == 0 && room > 0 {
		return w, unreadable("GET "+f.path, resp, errors.New("the list is absent"))
	}
	if w.clock = clock(p.DateTimeUTC, resp.Header); w.clock.IsZero() {
		return w, unreadable("GET "+f.path, resp, errors.New("neither DateTimeUTC nor the Date header says what time it is at Xero"))
	}
	got := len(w.rows) + len(w.unread)
	if p.Pagination != nil && p.Pagination.PageCount > 0 {
		w.more = got > 0 && page < p.Pagination.PageCount
	} else {
		// Without the object: full, or full for a server that keeps to pages of 100 whatever was asked for.
		w.more = got > 0 && (got >= size || got%100 == 0)
	}
	sound := w.rows[:0]
	for i := range w.rows {
		id, at := f.id(&w.rows[i]), time.Time{}
		if zeroID(id) {
			w.unread = append(w.unread, ledger.Unread{Code: "id_missing", Detail: "a record of " + f.path + " has no id"})
			continue
		}
		if t, err := f.updated(&w.rows[i]).instant(); err == nil {
			at = t
		}
		sound = append(sound, w.rows[i])
		w.ids, w.times = append(w.ids, id), append(w.times, at)
	}
	w.rows = sound
	return w, nil
}

// words converts those rows that the feed keeps and that are wanted; nil: all.
func (f feed[W, T]) words(rows []W, wanted func(i int) bool) []T {
	out := make([]T, 0, len(rows))
	for i := range rows {
		if (wanted == nil || wanted(i)) && (f.keep == nil || f.keep(&rows[i])) {
			out = append(out, f.convert(&rows[i]))
		}
	}
	return slices.Clip(out)
}

// chunks cuts a list of filter values into comma lists that fit into a URL.
func chunks(values []string) []string {
	var out []string
	var list []string
	size := 0
	for _, v := range values {
		n := len(url.QueryEscape(v)) + 3
		if len(list) > 0 && (len(list) == 40 || size+n > 2000) {
			out, list, size = append(out, strings.Join(list, ",")), nil, 0
		}
		list, size = append(list, v), size+n
	}
	if len(list) > 0 {
		out = append(out, strings.Join(list, ","))
	}
	return out
}

func isNotFound(err error) bool { return errors.Is(err, ledger.ErrNotFound) }
