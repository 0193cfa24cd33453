package quickbooks

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

// What change data capture reaches: 30 days, less what this machine's clock may be wrong by, and 1000 objects of all
// kinds together. That many means that there are more.
const (
	reach    = 29 * 24 * time.Hour
	captured = 1000
)

// capture makes the one call of a position of changes. Where the call does not reach, done is false and the position
// is where to read instead.
func (f feed[W, T]) capture(ctx context.Context, p position, yield func(ledger.Page[T], error) bool) (next position, done bool, err error) {
	deep := p
	deep.Mode, deep.Again, deep.Page, deep.Part = modeDeep, p.Since, 0, 0
	if p.Since == 0 || time.Since(p.since()) > reach {
		return deep, false, nil
	}
	w, err := f.changed(ctx, p.since())
	if err != nil {
		return p, false, err
	}
	if w.total >= captured {
		return deep, false, nil
	}
	if w.clock.IsZero() {
		return p, false, unreadable("GET /cdc", nil, errors.New("neither time nor the Date header says what time it is at QuickBooks"))
	}
	end := position{Kind: p.Kind, Size: f.l.options.PageSize, Since: max(p.Since, w.clock.Add(-overlap).Unix())}
	yield(ledger.Page[T]{Records: f.words(w.rows), Unread: w.unread, Deleted: w.gone, Next: end.cursor()}, nil)
	return end, true, nil
}

// deep reads changes that capture does not reach: records by the time of their last change, and then deletions as far
// back as capture still shows them. Where that is not far enough, the last page says so: deletions before that are found
// by comparing ids.
func (f feed[W, T]) deep(ctx context.Context, p position, yield func(ledger.Page[T], error) bool) error {
	var recent []time.Time
	keep := func(page ledger.Page[T], err error) bool { return yield(page, err) }
	watch := f
	watch.role = func(w *W, part int) {
		if f.role != nil {
			f.role(w, part)
		}
		if t, err := parseInstant(f.entity(w).MetaData.LastUpdatedTime); err == nil {
			recent = append(recent, t)
			if len(recent) > 4*captured {
				slices.SortFunc(recent, time.Time.Compare)
				recent = slices.Clone(recent[len(recent)-captured:])
			}
		}
	}
	begun := p.Start
	next, err := watch.walk(ctx, p, updatedTime, keep)
	if err != nil {
		return err
	}
	if begun == 0 {
		begun = next.Start
	}
	gone, whole, err := f.tombstones(ctx, time.Unix(p.Again, 0), recent)
	if err != nil {
		return err
	}
	p.Start = begun
	yield(ledger.Page[T]{Deleted: gone, Forgotten: !whole, Next: f.end(p, time.Time{}).cursor()}, nil)
	return nil
}

// tombstones reads what was deleted since, as far back as capture shows it. Its end cannot be narrowed, only its
// beginning: recent are the last changes, which say where it can begin to have room. whole reports that nothing
// deleted since can be missing.
func (f feed[W, T]) tombstones(ctx context.Context, since time.Time, recent []time.Time) (gone []ledger.Ref, whole bool, err error) {
	slices.SortFunc(recent, time.Time.Compare)
	from := since
	if oldest := time.Now().Add(-reach); from.Before(oldest) {
		from = oldest
	}
	for room := captured - captured/10; ; room /= 2 {
		if len(recent) > room {
			if at := recent[len(recent)-1-room]; at.After(from) {
				from = at
			}
		}
		w, err := f.changed(ctx, from)
		if err != nil {
			return nil, false, err
		}
		if w.total < captured {
			return w.gone, !from.After(since), nil
		}
		if room == 0 { // a thousand changes since the last one that was read: somebody is busy
			return nil, false, &ledger.Error{
				Kind: ledger.ErrLater, Room: Vendor, Thing: "GET /cdc", ResumeAt: time.Now().UTC().Add(time.Minute),
				Message: "too much changes at once for the deletions among it to be seen",
			}
		}
	}
}

// changed asks what has changed since, deletions included.
func (f feed[W, T]) changed(ctx context.Context, since time.Time) (window[W], error) {
	var w window[W]
	resp, err := f.l.get(ctx, "/cdc", "/cdc", url.Values{
		"entities": {strings.Join(f.entities, ",")}, "changedSince": {wireInstant(since)},
	})
	if err != nil {
		return w, err
	}
	var a wireChanges
	err = resp.Decode(&a)
	if err == nil {
		for _, group := range a.CDCResponse {
			for i := range group.QueryResponse {
				for part, rows := range f.rows(&group.QueryResponse[i]) {
					one := window[W]{rows: rows}
					f.sort(&one, part)
					w.join(one)
				}
			}
		}
	} else {
		var raw rawChanges
		if err := resp.Decode(&raw); err != nil {
			return w, unreadable("GET /cdc", resp, err)
		}
		a.Time = raw.Time
		a.CDCResponse = make([]struct{ QueryResponse []wireLists }, len(raw.CDCResponse))
		for _, group := range raw.CDCResponse {
			for i := range group.QueryResponse {
				for part, list := range f.raw(&group.QueryResponse[i]) {
					var one window[W]
					one.rows, one.unread = vendorbooks.OneByOne(list, f.idOf)
					f.sort(&one, part)
					w.join(one)
				}
			}
		}
	}
	if len(a.CDCResponse) == 0 {
		return w, unreadable("GET /cdc", resp, errors.New("CDCResponse is absent"))
	}
	w.clock = clock(string(a.Time), resp.Header)
	return w, nil
}

func (w *window[W]) join(o window[W]) {
	w.rows = append(w.rows, o.rows...)
	w.unread = append(w.unread, o.unread...)
	w.gone = append(w.gone, o.gone...)
	w.ids = append(w.ids, o.ids...)
	w.total += o.total
}
