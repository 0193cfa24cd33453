package infusionsoft

import (
	"strconv"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// A cursor of orders is either a scan, "scan1:<last id>:<began>:<since>", or stands in the changes,
// "mod1:<from>"; one of payments is "pay1:<last id>:<since>". Instants are milliseconds since 1970 by
// the vendor's clock, 0 for none.
type (
	orderCursor struct {
		changes bool
		after   string    // scan: ids above it
		began   time.Time // scan: the vendor's clock at its first answer
		since   time.Time // scan: only what changed at or after it
		from    time.Time // changes: modified at or after it
	}
	paymentCursor struct {
		after string
		since time.Time
	}
)

func (c orderCursor) encode() ledger.Cursor {
	if c.changes {
		return ledger.Cursor("mod1:" + milli(c.from))
	}
	return ledger.Cursor("scan1:" + c.after + ":" + milli(c.began) + ":" + milli(c.since))
}

func (c paymentCursor) encode() ledger.Cursor {
	return ledger.Cursor("pay1:" + c.after + ":" + milli(c.since))
}

func parseOrderCursor(s ledger.Cursor) (orderCursor, error) {
	parts := strings.Split(string(s), ":")
	var c orderCursor
	var ok bool
	switch {
	case parts[0] == "mod1" && len(parts) == 2:
		c.changes = true
		if c.from, ok = unmilli(parts[1]); ok && !c.from.IsZero() {
			return c, nil
		}
	case parts[0] == "scan1" && len(parts) == 4 && (parts[1] == "" || isID(parts[1])):
		c.after = parts[1]
		if c.began, ok = unmilli(parts[2]); !ok {
			break
		}
		if c.since, ok = unmilli(parts[3]); ok {
			return c, nil
		}
	}
	return orderCursor{}, badCursor("orders")
}

func parsePaymentCursor(s ledger.Cursor) (paymentCursor, error) {
	parts := strings.Split(string(s), ":")
	if parts[0] == "pay1" && len(parts) == 3 && (parts[1] == "" || isID(parts[1])) {
		if since, ok := unmilli(parts[2]); ok {
			return paymentCursor{after: parts[1], since: since}, nil
		}
	}
	return paymentCursor{}, badCursor("payments")
}

func badCursor(of string) error {
	return &ledger.Error{
		Kind: ledger.ErrRefused, Room: Vendor, Thing: of, Code: "bad_cursor",
		Message: "the cursor was not made by this reading: begin again without one",
	}
}

// floorMilli is the instant as a cursor holds it; earlier, never later.
func floorMilli(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func milli(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// unmilli reads what milli wrote: the years 1970 to 9999.
func unmilli(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n >= 253402300800000 || strconv.FormatInt(n, 10) != s {
		return time.Time{}, false
	}
	if n == 0 {
		return time.Time{}, true
	}
	return time.UnixMilli(n).UTC(), true
}

// isID reports whether s can be an id: a positive number, as all ids of the vendor are. What is no id
// must never get into a filter.
func isID(s string) bool {
	return s != "" && len(s) <= 18 && s[0] != '0' && strings.Trim(s, "0123456789") == ""
}

// number returns the id as a number, 0 when it is none.
func number(id string) int64 {
	if !isID(id) {
		return 0
	}
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

// filterTime is how the vendor writes an instant in a filter. Cutting off what is below a millisecond
// makes it earlier, never later.
func filterTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
