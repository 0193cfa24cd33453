package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Sentinels: what a caller does next. Compare with [errors.Is].
var (
	// ErrRefused: the vendor, or the adapter on its behalf, says no to this record. Mend it.
	ErrRefused = errors.New("refused")
	// ErrRequestRefused: the vendor says no to a whole request and wrote nothing. Send less.
	ErrRequestRefused = errors.New("request refused")
	// ErrUncertain: it may have been written. Look before sending again.
	ErrUncertain = errors.New("uncertain")
	// ErrLater: not now; Error.ResumeAt says when.
	ErrLater = errors.New("later")
	// ErrReconnect: the connection must be authorised again, or leads to another organisation.
	ErrReconnect = errors.New("reconnect")
	// ErrLocked: a lock date, a payment or a reconciliation forbids it.
	ErrLocked = errors.New("locked")
	// ErrUnsupported: the vendor or the adapter cannot.
	ErrUnsupported = errors.New("unsupported")
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrAmbiguous: several records answer, and choosing one would be a guess.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrUnreadable: the vendor's answer could not be understood (HTML, truncated, of another type).
	ErrUnreadable = errors.New("unreadable answer")
	// ErrFailed: the vendor could not be reached, or failed, and a read was given up.
	ErrFailed = errors.New("failed")
)

// Error is an error with what is known of it. Its text never contains a token or personal data.
type Error struct {
	Kind      error  // one of the sentinels
	Room      string // who says it: "xero"
	Thing     string // what it is about: "invoice INV-0042", "PUT /Invoices"
	Status    int    // HTTP status; 0: no answer
	Code      string // reason code or vendor code
	Message   string // what happened and what to do
	RequestID string // the vendor's correlation id
	ResumeAt  time.Time
	Err       error
}

// Error prints "room: thing: message".
func (e *Error) Error() string {
	parts := make([]string, 0, 4)
	for _, s := range []string{e.Room, e.Thing} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	msg := e.Message
	if msg == "" && e.Kind != nil {
		msg = e.Kind.Error()
	}
	if e.Status != 0 {
		msg += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.RequestID != "" {
		msg += " [request " + e.RequestID + "]"
	}
	if !e.ResumeAt.IsZero() {
		msg += "; try again after " + e.ResumeAt.UTC().Format(time.RFC3339)
	}
	parts = append(parts, msg)
	if e.Err != nil && !strings.Contains(msg, e.Err.Error()) {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives errors.Is and errors.As the kind and the cause.
func (e *Error) Unwrap() []error {
	switch {
	case e.Kind != nil && e.Err != nil:
		return []error{e.Kind, e.Err}
	case e.Kind != nil:
		return []error{e.Kind}
	case e.Err != nil:
		return []error{e.Err}
	}
	return nil
}

// ResumeAt returns when an [ErrLater] may be tried again, and the zero time where nobody said.
func ResumeAt(err error) time.Time {
	var e *Error
	if errors.As(err, &e) {
		return e.ResumeAt
	}
	return time.Time{}
}

// Code returns the reason code of err, or "".
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
