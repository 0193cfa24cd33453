package xero

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var errDate = errors.New("xero: not a date of the form /Date(ms)/ or 2006-01-02T15:04:05")

// maxInstant is 9999-12-31T23:59:59Z in milliseconds, and minInstant 0001-01-01.
const (
	maxInstant = 253402300799999
	minInstant = -62135596800000
)

// parseInstant reads "/Date(1539993600000+0000)/" and the ISO forms. The offset behind the milliseconds
// is ignored: they count from 1970 in UTC whatever it says (an offset of +1300 was seen,
// freakboy3742/pyxero#122). An ISO instant without a zone is UTC. Empty is the zero time.
func parseInstant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if inner, ok := strings.CutPrefix(s, "/Date("); ok {
		inner, ok = strings.CutSuffix(inner, ")/")
		if !ok || inner == "" {
			return time.Time{}, errDate
		}
		// The sign in front belongs to the milliseconds (before 1970), one further on to the offset.
		if i := strings.IndexAny(inner[1:], "+-"); i >= 0 {
			if !isOffset(inner[i+1:]) {
				return time.Time{}, errDate
			}
			inner = inner[:i+1]
		}
		ms, err := strconv.ParseInt(inner, 10, 64)
		if err != nil || inner[0] == '+' || ms > maxInstant || ms < minInstant {
			return time.Time{}, errDate
		}
		return time.UnixMilli(ms).UTC(), nil
	}
	const plain = "2006-01-02T15:04:05"
	if len(s) == len(plain) { // the companion fields, on every invoice; a failed form costs more than one that fits
		if t, err := time.Parse(plain, s); err == nil && t.Year() >= 1 {
			return t, nil
		}
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil && t.Year() >= 1 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errDate
}

func isOffset(s string) bool {
	return len(s) == 5 && strings.Trim(s[1:], "0123456789") == ""
}
