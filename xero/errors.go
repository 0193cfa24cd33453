package xero

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
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

// unreadable is an answer that cannot be understood as a whole.
func unreadable(thing string, resp *vendorhttp.Response, err error) error {
	e := &ledger.Error{Kind: ledger.ErrUnreadable, Room: Vendor, Thing: thing, Message: "the answer cannot be read", Err: err}
	if resp != nil {
		e.Status, e.RequestID = resp.Status, resp.Header.Get("Xero-Correlation-Id")
	}
	return e
}

// refusedWrite sorts an answer to a write that is not 2xx: an error where nothing was written, else what was
// seen. Only Xero's own words count as a refusal: a gateway's page may stand in front of a write
// that was carried out.
func refusedWrite(thing string, resp *vendorhttp.Response) (*vendorhttp.Seen, error) {
	p, understood := problem(resp)
	text := p.text()
	switch {
	case resp.Status == http.StatusUnauthorized, resp.Status == http.StatusForbidden, resp.Status == http.StatusTooManyRequests:
		return nil, answerError(thing, resp)
	case resp.Status < 400 || resp.Status >= 500:
		return &vendorhttp.Seen{Code: "status", Message: strings.TrimSpace("answered " + http.StatusText(resp.Status) + ": " + text)}, nil
	case strings.Contains(text, "is used with a different request"):
		return &vendorhttp.Seen{Code: "key_reused", Message: text}, nil
	case len(p.Elements) > 0:
		// Summarised, although we said not to: only the bad records are listed, and the good ones were
		// created (XeroAPI/xero-ruby#247).
		return &vendorhttp.Seen{Code: "summarised", Message: "the answer lists only the records with errors: look which of the others exist"}, nil
	case resp.Status == http.StatusRequestTimeout, resp.Status == http.StatusConflict:
		return &vendorhttp.Seen{Code: "status", Message: text}, nil
	case resp.Status == http.StatusRequestEntityTooLarge, understood:
		e := answerError(thing, resp)
		e.Kind = ledger.ErrRequestRefused
		return nil, e
	}
	return &vendorhttp.Seen{Code: "unreadable", Message: "answered with " + string(resp.Kind())}, nil
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
	reasons := make([]vendorbooks.Said, 0, len(messages))
	for _, m := range messages {
		code, text := sortRefusal(m.Message, personal)
		reasons = append(reasons, vendorbooks.Said{Code: code, Text: text})
	}
	return vendorbooks.Refusal("ValidationException", reasons)
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
	return code, vendorhttp.Redact(vendorbooks.Mask(text, personal))
}
