package infusionsoft

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

func strangerError(thing, want, got, request string) error {
	return &ledger.Error{
		Kind: ledger.ErrReconnect, Room: Vendor, Thing: thing, Code: "other_tenant", RequestID: request,
		Message: fmt.Sprintf("the connection leads to %s instead of %s: authorise %s again", got, want, want),
	}
}

func requestID(resp *vendorhttp.Response) string {
	id := resp.Header.Get("X-Request-Id")
	if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '@' }) {
		return ""
	}
	return id
}

func unreadable(thing string, resp *vendorhttp.Response, message string) error {
	return &ledger.Error{
		Kind: ledger.ErrUnreadable, Room: Vendor, Thing: thing, Status: resp.Status,
		RequestID: requestID(resp), Message: message,
	}
}

// noAnswer says what a caller does about a call without a complete answer.
func noAnswer(thing string, err error) error {
	e := &ledger.Error{Kind: ledger.ErrFailed, Room: Vendor, Thing: thing, Err: err, Message: "no answer"}
	if later, ok := errors.AsType[*limit.LaterError](err); ok {
		e.Kind, e.Code, e.ResumeAt, e.Message = ledger.ErrLater, "quota", later.Resume, "the limit of calls is reached"
		return e
	}
	if inner, ok := errors.AsType[*ledger.Error](err); ok && inner.Kind != nil {
		e.Kind, e.Code, e.ResumeAt, e.Message = inner.Kind, inner.Code, inner.ResumeAt, "no access token could be had"
		return e
	}
	if errors.Is(err, ledger.ErrReconnect) {
		e.Kind, e.Message = ledger.ErrReconnect, "no access token could be had: authorise again"
		return e
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		e.Kind, e.Code = tokenErrorKind(refused), refused.ErrorCode
		e.Message = "no access token could be had"
		if e.Kind == ledger.ErrReconnect {
			e.Message += ": authorise again"
		}
		e.Err = nil // its text is the token endpoint's answer
		return e
	}
	if broken, ok := errors.AsType[*vendorhttp.Error](err); ok && broken.Outcome == vendorhttp.BrokenAnswer {
		e.Kind, e.Status, e.Message = ledger.ErrUnreadable, broken.Status, "the answer broke off"
	}
	return e
}

// refusal turns an answer that is not 2xx into an error.
func (c *client) refusal(thing string, resp *vendorhttp.Response) error {
	code, message := readEnvelope(resp)
	e := &ledger.Error{
		Kind: ledger.ErrFailed, Room: Vendor, Thing: thing, Status: resp.Status, Code: code,
		Message: message, RequestID: requestID(resp),
	}
	advise := func(advice string) {
		if e.Message == "" {
			e.Message = advice
		} else {
			e.Message += ": " + advice
		}
	}
	switch resp.Status {
	case http.StatusUnauthorized:
		e.Kind = ledger.ErrReconnect
		advise("authorise again")
	case http.StatusForbidden:
		// Permissions are those of the user who authorised, and differ per area of the application:
		// https://github.com/infusionsoft/infusionsoft-php/issues/158
		e.Kind = ledger.ErrReconnect
		advise("have an administrator of the application authorise")
	case http.StatusNotFound:
		e.Kind = ledger.ErrNotFound
		advise("there is none")
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		e.Kind = ledger.ErrUnsupported
	case http.StatusTooManyRequests:
		e.Kind = ledger.ErrLater
		e.ResumeAt = resumeAt(resp.Header, resp.RetryAfter, time.Now())
		advise("the limit of calls is reached")
	default:
		if resp.Status >= 400 && resp.Status < 500 && resp.Status != http.StatusConflict && resp.Status != http.StatusRequestTimeout {
			e.Kind = ledger.ErrRequestRefused
		}
	}
	if e.Message == "" {
		e.Message = "the vendor failed"
	}
	return e
}

// envelope is every dialect of an error that has been seen: v2's own, the Throwable of v1, two of the
// gateway's and OAuth's.
type envelope struct {
	Code        json.RawMessage `json:"code"` // 429, "429"
	Message     json.RawMessage `json:"message"`
	Status      json.RawMessage `json:"status"`
	Error       json.RawMessage `json:"error"`
	Description json.RawMessage `json:"error_description"`
	Fault       struct {
		Text   json.RawMessage `json:"faultstring"`
		Detail struct {
			Code json.RawMessage `json:"errorcode"`
		} `json:"detail"`
	} `json:"fault"`
}

// readEnvelope returns the vendor's code and message, fit to be shown.
func readEnvelope(resp *vendorhttp.Response) (code, message string) {
	switch resp.Kind() {
	case vendorhttp.KindJSON:
		var e envelope
		if decodeOne(resp.Body, &e) != nil {
			// A plain text that is called JSON is shown; an object that is cut off is not.
			if !json.Valid(resp.Body) && !strings.ContainsAny(string(resp.Body), "{[") {
				message = string(resp.Body)
			}
			break
		}
		code = firstWord(e.Fault.Detail.Code, e.Error, e.Status, e.Code)
		message = firstWord(e.Message, e.Fault.Text, e.Description)
	case vendorhttp.KindText:
		message = string(resp.Body)
	default: // a page of HTML says nothing that a person could use
		return "", ""
	}
	if code == strconv.Itoa(resp.Status) {
		code = ""
	}
	return short(vendorhttp.Redact(code), 60), short(vendorhttp.Redact(message), 300)
}

// firstWord returns the first value that is a text or a number other than 0.
func firstWord(values ...json.RawMessage) string {
	for _, v := range values {
		var t text
		if t.UnmarshalJSON(v) == nil && t != "" && t != "0" {
			return string(t)
		}
	}
	return ""
}

func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
