package xero

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

// wireProblem is an error body, in two of Xero's four dialects: validation (ErrorNumber, Type,
// Message, Elements) and problem (Title, Status, Detail). The others are plain text and, on the
// identity host, OAuth's own. encoding/json takes title and detail in lower case as well.
type wireProblem struct {
	ErrorNumber int
	Type        string
	Message     string
	Elements    []wireElement
	Title       string
	Detail      string
}

type wireElement struct {
	ValidationErrors []wireMessage
}

type wireMessage struct{ Message string }

// problem reads an answer's error body as far as it can be read, with plain text as its Message.
func problem(resp *vendorhttp.Response) (p wireProblem, understood bool) {
	switch resp.Kind() {
	case vendorhttp.KindJSON:
		// One field of another type than expected must not hide the others: Decode fills what it can.
		err := resp.Decode(&p)
		return p, err == nil || p.Message != "" || p.Detail != "" || p.Elements != nil
	case vendorhttp.KindText:
		return wireProblem{Message: string(resp.Body)}, true
	}
	return wireProblem{}, false
}

func (p wireProblem) text() string {
	for _, s := range []string{p.Message, p.Detail, p.Title} {
		if s != "" {
			return vendorhttp.Redact(s)
		}
	}
	return ""
}

// answerError turns an answer that is not 2xx into what the caller does next.
func answerError(thing string, resp *vendorhttp.Response) *ledger.Error {
	p, _ := problem(resp)
	e := &ledger.Error{
		Room: Vendor, Thing: thing, Status: resp.Status, Code: p.Type,
		Message: p.text(), RequestID: resp.Header.Get("Xero-Correlation-Id"),
	}
	now := time.Now().UTC()
	switch {
	case resp.Status == http.StatusUnauthorized:
		e.Kind, e.Code, e.Message = unauthorised(p.Detail)
	case resp.Status == http.StatusForbidden:
		e.Kind, e.Code = ledger.ErrReconnect, "not_connected"
		e.Message = "the connection does not lead to this organisation any more: connect it again"
	case resp.Status == http.StatusTooManyRequests:
		e.Kind, e.Code = ledger.ErrLater, "rate_limited"
		if which := problemOf(resp.Header); which != "" {
			e.Code = "rate_limited_" + which
		}
		e.Message = "too many calls"
		wait := resp.RetryAfter
		if wait == 0 { // the limit of calls at a time comes without Retry-After
			wait = 10 * time.Second
		}
		e.ResumeAt = now.Add(wait)
	case resp.Status == http.StatusNotFound:
		e.Kind, e.Code, e.Message = ledger.ErrNotFound, "not_found", "there is no such record"
	case resp.Status == http.StatusNotImplemented:
		e.Kind = ledger.ErrUnsupported
	case resp.Status == http.StatusServiceUnavailable:
		// "The Organisation is offline" and its like last about five minutes, says Xero.
		e.Kind, e.Code, e.ResumeAt = ledger.ErrLater, "offline", now.Add(5*time.Minute)
	case resp.Status >= 400 && resp.Status < 500:
		e.Kind = ledger.ErrRequestRefused
	default:
		e.Kind = ledger.ErrFailed
	}
	if e.Message == "" {
		e.Message = "answered with " + string(resp.Kind()) + " and no reason"
	}
	return e
}

// unauthorised tells a missing scope from a token that has ended: refreshing never cures the first.
func unauthorised(detail string) (kind error, code, message string) {
	switch {
	case strings.Contains(detail, "AuthorizationUnsuccessful"):
		return ledger.ErrReconnect, "scope_missing", "the connection lacks a permission (scope) for this: connect again and grant it"
	case strings.Contains(detail, "TokenExpired"):
		return ledger.ErrReconnect, "token_expired", "the access token has expired and was not refreshed: connect again if this stays"
	}
	return ledger.ErrReconnect, "unauthorized", "the access token is not accepted: connect again"
}

// transportError is a read without a complete answer.
func transportError(thing string, err error) error {
	if e := localError(thing, err); e != nil {
		return e
	}
	e := &ledger.Error{Kind: ledger.ErrFailed, Room: Vendor, Thing: thing, Message: "gave up", Err: err}
	if ve, ok := errors.AsType[*vendorhttp.Error](err); ok && ve.Outcome == vendorhttp.BrokenAnswer {
		e.Kind, e.Status = ledger.ErrUnreadable, ve.Status
		e.Message = "the answer was cut off"
	}
	return e
}

// localError is what never reached Xero: the budget, the authoriser, the context.
func localError(thing string, err error) error {
	e := &ledger.Error{Room: Vendor, Thing: thing, Err: err}
	if later, ok := errors.AsType[*limit.LaterError](err); ok {
		e.Kind, e.Code, e.ResumeAt, e.Err = ledger.ErrLater, "budget", later.Resume, later
		e.Message = "the budget of calls is used up"
		return e
	}
	if known := asLedger(err); known != nil { // a host's own transport speaks our words
		e.Kind, e.Code, e.ResumeAt, e.Message = known.Kind, known.Code, known.ResumeAt, "not authorised"
		return e
	}
	if fromAuthoriser(err) {
		e.Kind, e.Code, e.Message = ledger.ErrFailed, "token", "no access token could be had"
		if re, ok := errors.AsType[*oauth2.RetrieveError](err); ok && (re.ErrorCode == "invalid_grant" || re.ErrorCode == "unauthorized_client" || re.ErrorCode == "invalid_client") {
			e.Kind, e.Code, e.Message = ledger.ErrReconnect, re.ErrorCode, "the connection has ended: connect again"
		}
		return e
	}
	return nil
}

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

// fromAuthoriser reports errors of the client's authorising transport, which come before the request.
func fromAuthoriser(err error) bool {
	_, retrieve := errors.AsType[*oauth2.RetrieveError](err)
	return retrieve || errors.Is(err, ledger.ErrReconnect) || errors.Is(err, ledger.ErrLater)
}

// unreadable is an answer that cannot be understood as a whole.
func unreadable(thing string, resp *vendorhttp.Response, err error) error {
	e := &ledger.Error{Kind: ledger.ErrUnreadable, Room: Vendor, Thing: thing, Message: "the answer cannot be read", Err: err}
	if resp != nil {
		e.Status, e.RequestID = resp.Status, resp.Header.Get("Xero-Correlation-Id")
	}
	return e
}

// seen is what was seen of a write of which nobody knows what became of it.
type seen struct{ code, message string }

// unanswered says what was seen where bytes may have left; nil where nothing left for certain.
func unanswered(err error) *seen {
	ve, ok := errors.AsType[*vendorhttp.Error](err)
	switch {
	case ok && ve.Outcome == vendorhttp.NotSent:
		return nil
	case ok && ve.Outcome == vendorhttp.BrokenAnswer:
		switch ve.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
			return nil // refused before anything was written, whatever the body would have said
		}
		return &seen{ledger.BrokenAnswer, "the answer was cut off"}
	}
	return &seen{ledger.NoAnswer, "no answer came"}
}

// notSent is the error beside unanswered's nil.
func notSent(thing string, err error) error {
	ve, ok := errors.AsType[*vendorhttp.Error](err)
	if !ok || unanswered(err) != nil {
		return nil
	}
	if ve.Outcome == vendorhttp.BrokenAnswer {
		return answerError(thing, &vendorhttp.Response{Status: ve.Status, Header: ve.Header, RetryAfter: vendorhttp.RetryAfter(ve.Header, time.Now())})
	}
	if e := localError(thing, err); e != nil {
		return e
	}
	return &ledger.Error{Kind: ledger.ErrFailed, Room: Vendor, Thing: thing, Code: "not_sent", Message: "not sent", Err: err}
}

// refusedWrite sorts an answer to a write that is not 2xx: an error where nothing was written, else what was
// seen. Only Xero's own words count as a refusal: a gateway's page may stand in front of a write
// that was carried out.
func refusedWrite(thing string, resp *vendorhttp.Response) (*seen, error) {
	p, understood := problem(resp)
	text := p.text()
	switch {
	case resp.Status == http.StatusUnauthorized, resp.Status == http.StatusForbidden, resp.Status == http.StatusTooManyRequests:
		return nil, answerError(thing, resp)
	case resp.Status < 400 || resp.Status >= 500:
		return &seen{"status", strings.TrimSpace("answered " + http.StatusText(resp.Status) + ": " + text)}, nil
	case strings.Contains(text, "is used with a different request"):
		return &seen{"key_reused", text}, nil
	case len(p.Elements) > 0:
		// Summarised, although we said not to: only the bad records are listed, and the good ones were
		// created (XeroAPI/xero-ruby#247).
		return &seen{"summarised", "the answer lists only the records with errors: look which of the others exist"}, nil
	case resp.Status == http.StatusRequestTimeout, resp.Status == http.StatusConflict:
		return &seen{"status", text}, nil
	case resp.Status == http.StatusRequestEntityTooLarge, understood:
		e := answerError(thing, resp)
		e.Kind = ledger.ErrRequestRefused
		return nil, e
	}
	return &seen{"unreadable", "answered with " + string(resp.Kind())}, nil
}

// refusals recognises Xero's texts; it has no codes for them. The first that matches counts.
var refusals = []struct {
	pattern *regexp.Regexp
	code    string
	// message replaces Xero's text where that names a person.
	message string
}{
	{regexp.MustCompile(`(?i)invoice (#|number).*(unique|already)`), ledger.RefusedNumberTaken, ""},
	{regexp.MustCompile(`(?i)contact name.*(already|unique)`), ledger.RefusedNameTaken, "the contact name is already assigned to another contact"},
	{regexp.MustCompile(`(?i)contact ?number.*(already|unique|exist)`), codeMarkTaken, "the contact number is already in use"},
	{regexp.MustCompile(`(?i)account number already`), ledger.RefusedContact, "the account number is already assigned to another contact"},
	{regexp.MustCompile(`(?i)lock date|locked period|period is locked`), ledger.RefusedLocked, ""},
	{regexp.MustCompile(`(?i)payment or credit note allocated|has a payment`), ledger.RefusedLockedByMoney, ""},
	{regexp.MustCompile(`(?i)exceeds the amount outstanding`), ledger.RefusedOverpays, ""},
	{regexp.MustCompile(`(?i)against authori[sz]ed documents`), ledger.RefusedNotApproved, ""},
	{regexp.MustCompile(`(?i)not subscribed to currency|currency.*(not|invalid)`), ledger.RefusedCurrency, ""},
	{regexp.MustCompile(`(?i)tax ?type|tax ?rate|tax code`), ledger.RefusedTaxRate, ""},
	{regexp.MustCompile(`(?i)account.*(code|not.*valid|archived|not.*exist|not.*found|required|specified)`), ledger.RefusedAccount, ""},
	{regexp.MustCompile(`(?i)contact.*(archived|not.*valid|not.*found|not.*exist|invalid|could not)`), ledger.RefusedContact, ""},
}

// codeMarkTaken is a duplicate ContactNumber. The number is our mark, so that the contact may well be
// ours: not a refusal but a reason to look.
const codeMarkTaken = "mark_taken"

// refusal makes one of a record's validation errors. Whatever of personal is a text of the record which may be quoted.
func refusal(messages []wireMessage, personal ...string) *ledger.Refusal {
	r := &ledger.Refusal{Code: ledger.RefusedOther, Vendor: "ValidationException"}
	var texts []string
	for _, m := range messages {
		code, text := sortRefusal(m.Message, personal)
		if r.Code == ledger.RefusedOther {
			r.Code = code
		}
		if text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	r.Message = strings.Join(texts, "; ")
	return r
}

func sortRefusal(text string, personal []string) (code, shown string) {
	code = ledger.RefusedOther
	for _, known := range refusals {
		if known.pattern.MatchString(text) {
			if known.message != "" {
				return known.code, known.message
			}
			code = known.code
			break
		}
	}
	for _, p := range personal {
		if len(p) > 1 {
			text = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(p)).ReplaceAllString(text, "[…]")
		}
	}
	return code, vendorhttp.Redact(text)
}
