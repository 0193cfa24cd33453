package invoicesync

import (
	"fmt"
	"slices"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// setReasons parks or skips a link, as the verdict says, and puts the reason that decides first.
func setReasons(l *store.Link, reasons []eligibility.Reason) {
	v := eligibility.Verdict{Reasons: reasons}
	first := v.First()
	switch {
	case Explain(first.Code).Stands == StandsWaiting:
		l.State = store.Deferred
	case v.Disposition() == eligibility.Park:
		l.State = store.Parked
	default:
		l.State = store.Skipped
	}
	l.Reasons = []store.Reason{reasonOf(first)}
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

// parked is a reason to park: got was found, and want would have passed.
func parked(code, got, want, format string, args ...any) *eligibility.Reason {
	return parkedIn(code, code, got, want, format, args...)
}

// parkedIn is parked by a step that has a name of its own.
func parkedIn(step, code, got, want, format string, args ...any) *eligibility.Reason {
	return &eligibility.Reason{Code: code, Rule: step, Message: fmt.Sprintf(format, args...), Got: got, Want: want, Disposition: eligibility.Park}
}

// skipped is a reason to leave a record out.
func skipped(code, message string) *eligibility.Reason {
	return &eligibility.Reason{Code: code, Rule: code, Message: message, Disposition: eligibility.Skip}
}

// firstCode is the code of the reason that decides, or "".
func firstCode(l store.Link) string {
	if len(l.Reasons) == 0 {
		return ""
	}
	return l.Reasons[0].Code
}

// stuck reports whether only a person, or a raised generation, may let the record go on.
func stuck(l store.Link) bool {
	// An invoice that was voided because the source had deleted it does not come back by itself.
	return Explain(firstCode(l)).Sticky || l.Kind == ledger.KindInvoice && l.State == store.Skipped && l.TakenBack
}

// hasCode reports whether the code is among the link's reasons.
func hasCode(l store.Link, code string) bool {
	return slices.ContainsFunc(l.Reasons, func(r store.Reason) bool { return r.Code == code })
}
