package ledger

import (
	"fmt"
	"time"
)

// Date is a day of the calendar, without time of day or zone. The zero value is no date; the only
// other way to make one is [NewDate], [ParseDate] or [DateIn], so a Date that is not zero exists.
type Date struct {
	// days counts from 0001-01-01, which is day 1, so that 0 stays "no date".
	days int32
}

// NewDate returns the day, or an error when the calendar has no such day (30 February).
func NewDate(year int, month time.Month, day int) (Date, error) {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if year < 1 || year > 9999 || t.Year() != year || t.Month() != month || t.Day() != day {
		return Date{}, fmt.Errorf("ledger: there is no day %04d-%02d-%02d", year, month, day)
	}
	return fromTime(t), nil
}

// MustDate is [ParseDate] for dates written in code and tests; it panics on a bad one.
func MustDate(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("ledger: %q is not a date of the form 2006-01-02", s)
	}
	return fromTime(t), nil
}

// DateIn returns the day that it is at instant t in zone loc.
func DateIn(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return fromTime(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

func fromTime(t time.Time) Date { return Date{int32(t.Unix()/86400 - epochDays + 1)} }

// epochDays is the day number of 0001-01-01 counted from 1970-01-01.
const epochDays = -719162

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d.days == 0 }

// Time returns midnight UTC of the day.
func (d Date) Time() time.Time { return time.Unix((int64(d.days)-1+epochDays)*86400, 0).UTC() }

// In returns the day's first instant in zone loc.
func (d Date) In(loc *time.Location) time.Time {
	y, m, day := d.Time().Date()
	return time.Date(y, m, day, 0, 0, 0, 0, loc)
}

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date { return Date{d.days + int32(n)} }

// DaysSince returns the number of days from e to d, negative when d is earlier.
func (d Date) DaysSince(e Date) int { return int(d.days - e.days) }

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.days < e.days }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return d.days > e.days }

// Compare returns -1, 0 or +1.
func (d Date) Compare(e Date) int {
	switch {
	case d.days < e.days:
		return -1
	case d.days > e.days:
		return 1
	}
	return 0
}

// String returns "2006-01-02", or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// Append appends what [Date.String] returns.
func (d Date) Append(b []byte) []byte {
	if d.IsZero() {
		return b
	}
	return d.Time().AppendFormat(b, time.DateOnly)
}

// MarshalText and UnmarshalText use the form of [Date.String].
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	p, err := ParseDate(string(b))
	if err == nil {
		*d = p
	}
	return err
}
