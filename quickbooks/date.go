package quickbooks

import (
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

var errDate = errors.New("quickbooks: not a date of the form 2006-01-02 or an instant with its offset")

// parseInstant reads "2026-05-05T02:11:27-07:00". The offset is the server's or company's and says nothing of
// the day of a document. Empty is the zero time.
func parseInstant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if t, err := time.Parse(form, s); err == nil && t.Year() >= 1 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errDate
}

// parseDate reads a day of the company. A time behind it, which XML-era records have, is cut off: the day is
// the company's already.
func parseDate(s string) (ledger.Date, error) {
	if s == "" {
		return ledger.Date{}, nil
	}
	if len(s) > len(time.DateOnly) && (s[10] == 'T' || s[10] == '-' || s[10] == '+' || s[10] == 'Z') {
		s = s[:10]
	}
	d, err := ledger.ParseDate(s)
	if err != nil {
		return ledger.Date{}, errDate
	}
	return d, nil
}

// wireInstant is an instant as queries and change data capture take it.
func wireInstant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
