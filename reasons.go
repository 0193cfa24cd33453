package invoicesync

import (
	"fmt"
	"slices"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/store"
)

// setReasons parks or skips a link, as the verdict says, and puts the reason that decides first.
func setReasons(l *store.Link, reasons []eligibility.Reason) {
	v := eligibility.Verdict{Reasons: reasons}
	first := v.First()
	switch {
	case first.Code == codeContactUncertain:
		l.State = store.Deferred // it goes on by itself
	case v.Disposition() == eligibility.Park:
		l.State = store.Parked
	default:
		l.State = store.Skipped
	}
	l.Reasons = nil
	l.Reasons = append(l.Reasons, reasonOf(first))
	for _, r := range reasons {
		if r.Code != first.Code {
			l.Reasons = append(l.Reasons, reasonOf(r))
		}
	}
}

func reasonOf(r eligibility.Reason) store.Reason {
	msg := r.Message
	if r.Got != "" || r.Want != "" {
		msg += fmt.Sprintf(" (got %s, want %s)", orDash(r.Got), orDash(r.Want))
	}
	return store.Reason{Code: r.Code, Message: msg}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func parked(code, message, got, want string) eligibility.Reason {
	return eligibility.Reason{Code: code, Rule: code, Message: message, Got: got, Want: want, Disposition: eligibility.Park}
}

// firstCode is the code of the reason that decides, or "".
func firstCode(l store.Link) string {
	if len(l.Reasons) == 0 {
		return ""
	}
	return l.Reasons[0].Code
}

// hasCode reports whether the code is among the link's reasons.
func hasCode(l store.Link, code string) bool {
	return slices.ContainsFunc(l.Reasons, func(r store.Reason) bool { return r.Code == code })
}
