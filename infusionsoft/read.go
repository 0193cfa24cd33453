package infusionsoft

import (
	"strconv"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// changes reads what was modified, in the order in which it was. Each call asks for the first page from
// a second before the last row seen, or from the beginning of that row's second: offsets into a list that
// changes lose the row that slides over the page's edge. Only where a page does not get out of one
// second, that second is read by rising id, which loses nothing either. Page tokens are never used.
func (r *orderReading) changes(at orderCursor) error {
	c := changesReading{orderReading: r, at: at, from: at.from, seen: map[string]time.Time{}}
	for {
		l, clock, err := r.list([]string{"modified_since_time==" + filterTime(c.from)}, byChange, r.s.pageSize(r.q))
		if err != nil {
			return err
		}
		var last time.Time
		for _, row := range l.rows {
			if !row.modified.IsZero() && row.modified.Before(last) {
				return disorder("orders", "by modification time")
			}
			if !row.modified.IsZero() {
				last = row.modified.Time
			}
		}
		if !c.emit(l.rows, clock) || len(l.rows) == 0 || l.token == "" {
			return nil
		}
		second := last.Truncate(time.Second)
		switch next := floorMilli(last.Add(-time.Second)); {
		case last.IsZero():
			return &ledger.Error{
				Kind: ledger.ErrUnreadable, Room: Vendor, Thing: "orders",
				Message: "no record of the page has a modification time: the reading cannot go on",
			}
		case next.Sub(c.from) >= time.Second/2:
			c.advance(next)
		case second.After(c.from):
			c.advance(second)
		default:
			end := second.Add(time.Second)
			if ok, err := c.within(end); !ok || err != nil {
				return err
			}
			c.advance(end)
		}
	}
}

// changesReading is where a reading of changes stands.
type changesReading struct {
	*orderReading
	from time.Time            // of the next call
	at   orderCursor          // where a later reading begins: only ever rises
	seen map[string]time.Time // id and modification time of what was handed out since from
}

func (c *changesReading) advance(from time.Time) {
	c.from = from
	for key, t := range c.seen {
		if t.Before(from) {
			delete(c.seen, key)
		}
	}
}

// within reads what was modified between from and end by rising id. It is not ok when the consumer stops.
func (c *changesReading) within(end time.Time) (ok bool, err error) {
	for after := ""; ; {
		filter := []string{"modified_since_time==" + filterTime(c.from), "modified_until_time==" + filterTime(end)}
		if after != "" {
			filter = append(filter, "id>"+after)
		}
		l, clock, err := c.list(filter, byID, c.s.pageSize(c.q))
		if err != nil {
			return false, err
		}
		if after, err = rising(l.rows, after, "orders"); err != nil {
			return false, err
		}
		if !c.emit(l.rows, clock) {
			return false, nil
		}
		if len(l.rows) == 0 || l.token == "" {
			return true, nil
		}
	}
}

// emit hands out what was not handed out before, with the cursor that is safe after it: the newest
// modification seen, less the overlap.
func (c *changesReading) emit(rows []row[wireOrder], clock time.Time) bool {
	fresh := make([]row[wireOrder], 0, len(rows))
	var newest time.Time
	for _, row := range rows {
		if row.modified.After(newest) {
			newest = row.modified.Time
		}
		key := row.id + "@" + strconv.FormatInt(row.modified.UnixNano(), 10)
		if _, again := c.seen[key]; again && row.id != "" {
			continue
		}
		c.seen[key] = row.modified.Time
		fresh = append(fresh, row)
	}
	// A time in the future is nobody's clock, and would skip what happens until then.
	if !clock.IsZero() && newest.After(clock) {
		newest = clock
	}
	if next := floorMilli(newest.Add(-Overlap)); !newest.IsZero() && next.After(c.at.from) {
		c.at.from = next
	}
	return c.orderReading.emit(fresh, c.at)
}
