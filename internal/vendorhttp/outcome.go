package vendorhttp

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

// ReadError is the [ledger.Error] of a read without a complete answer. room is the adapter, thing what was asked for.
func ReadError(room, thing string, err error) error {
	if e := local(room, thing, err); e != nil {
		return e
	}
	e := &ledger.Error{Kind: ledger.ErrFailed, Room: room, Thing: thing, Message: "gave up", Err: err}
	if ve, ok := errors.AsType[*Error](err); ok && ve.Outcome == BrokenAnswer {
		e.Kind, e.Status = ledger.ErrUnreadable, ve.Status
		e.Message = "the answer was cut off"
	}
	return e
}

// local is what never reached the vendor: the budget, the authoriser.
func local(room, thing string, err error) *ledger.Error {
	e := &ledger.Error{Room: room, Thing: thing, Err: err}
	if later, ok := errors.AsType[*limit.LaterError](err); ok {
		e.Kind, e.Code, e.ResumeAt, e.Err = ledger.ErrLater, "budget", later.Resume, later
		e.Message = "the budget of calls is used up"
		return e
	}
	if known := asLedger(err); known != nil { // a host's own transport speaks our words
		e.Kind, e.Code, e.ResumeAt, e.Message = known.Kind, known.Code, known.ResumeAt, "not authorised"
		return e
	}
	if FromAuthoriser(err) {
		e.Kind, e.Code, e.Message = ledger.ErrFailed, "token", "no access token could be had"
		if re, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
			e.Err = tokenRefusal{re}
			switch re.ErrorCode {
			case "invalid_grant", "unauthorized_client", "invalid_client":
				e.Kind, e.Code, e.Message = ledger.ErrReconnect, re.ErrorCode, "the connection has ended: connect again"
			}
		}
		return e
	}
	return nil
}

// tokenRefusal is a refusal of the token endpoint without its answer, which oauth2 shows whole and which may quote a
// token.
type tokenRefusal struct{ refused *oauth2.RetrieveError }

func (tokenRefusal) Error() string { return "the token endpoint refused" }

func (e tokenRefusal) Unwrap() error { return e.refused }

func asLedger(err error) *ledger.Error {
	e, ok := errors.AsType[*ledger.Error](err)
	if ok && e.Kind != nil {
		return e
	}
	for _, kind := range []error{ledger.ErrReconnect, ledger.ErrLater} {
		if errors.Is(err, kind) {
			return &ledger.Error{Kind: kind}
		}
	}
	return nil
}

// FromAuthoriser reports errors of the client's authorising transport, which come before the request. It is
// meant for [Options.AuthError].
func FromAuthoriser(err error) bool {
	_, retrieve := errors.AsType[*oauth2.RetrieveError](err)
	return retrieve || errors.Is(err, ledger.ErrReconnect) || errors.Is(err, ledger.ErrLater)
}

// Seen is what was seen of a write of which nobody knows what became of it.
type Seen struct{ Code, Message string }

// WriteError sorts the error of a write that was sent once: either it may have been acted on, and what was
// seen of it is returned, or nothing was written for certain, and the error says why. answered makes the error of
// an answer whose body was cut off and whose status alone says that nothing was written.
func WriteError(room, thing string, err error, answered func(*Response) error) (*Seen, error) {
	ve, ok := errors.AsType[*Error](err)
	switch {
	case ok && ve.Outcome == NotSent:
		if e := local(room, thing, err); e != nil {
			return nil, e
		}
		return nil, &ledger.Error{Kind: ledger.ErrFailed, Room: room, Thing: thing, Code: "not_sent", Message: "not sent", Err: err}
	case ok && ve.Outcome == BrokenAnswer:
		switch ve.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
			// Refused before anything was written, whatever the body would have said.
			return nil, answered(&Response{Status: ve.Status, Header: ve.Header, RetryAfter: RetryAfter(ve.Header, time.Now())})
		}
		return &Seen{ledger.BrokenAnswer, "the answer was cut off"}, nil
	}
	return &Seen{ledger.NoAnswer, "no answer came"}, nil
}

// Basic is the Authorization header of a client id and secret, each escaped first (RFC 6749 2.3.1), as x/oauth2
// does it.
func Basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}
