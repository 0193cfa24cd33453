package quickbooks

import (
	"cmp"
	"context"
	"encoding/xml"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// wireFault is an error in any of QuickBooks' dialects: the API's JSON, the gateway's JSON in lower case (which
// encoding/json takes for the same), and XML, which a throttled request gets whatever it accepts.
type wireFault struct {
	Type  string      `xml:"type,attr"`
	Error []wireError `xml:"Error"`
}

type wireError struct {
	Message string
	Detail  string
	Code    code   `json:"code" xml:"code,attr"`
	Element string `json:"element" xml:"element,attr"`
}

// code is a string in every recording, and a number in some notes.
type code string

// UnmarshalJSON reads "610" and 610.
func (c *code) UnmarshalJSON(b []byte) error {
	if s := strings.Trim(string(b), `"`); s != "null" {
		*c = code(strings.TrimLeft(s, "0"))
	}
	return nil
}

// faultOf returns the fault of an answer, whatever its status: a fault can come with 200.
func faultOf(resp *vendorhttp.Response) *wireFault {
	const small = 64 << 10 // a page of records is no fault, and need not be read twice
	if resp.OK() && len(resp.Body) > small {
		return nil
	}
	switch resp.Kind() {
	case vendorhttp.KindJSON:
		if resp.OK() && !strings.Contains(string(resp.Body), `ault"`) {
			return nil
		}
		var w struct{ Fault *wireFault }
		_ = resp.Decode(&w) // one field of another type than expected must not hide the others
		return w.Fault
	case vendorhttp.KindXML:
		var w struct {
			XMLName xml.Name
			Fault   *wireFault  `xml:"Fault"`
			Type    string      `xml:"type,attr"`
			Error   []wireError `xml:"Error"`
		}
		if xml.Unmarshal(resp.Body, &w) != nil {
			return nil
		}
		if w.Fault == nil && w.XMLName.Local == "Fault" {
			w.Fault = &wireFault{Type: w.Type, Error: w.Error}
		}
		if w.Fault != nil {
			for i := range w.Fault.Error {
				w.Fault.Error[i].Code = code(strings.TrimLeft(string(w.Fault.Error[i].Code), "0"))
			}
		}
		return w.Fault
	}
	return nil
}

func (f *wireFault) has(codes ...code) bool {
	return f != nil && slices.ContainsFunc(f.Error, func(e wireError) bool { return slices.Contains(codes, e.Code) })
}

func (f *wireFault) says(s string) bool {
	return f != nil && slices.ContainsFunc(f.Error, func(e wireError) bool {
		return strings.Contains(e.Message, s) || strings.Contains(e.Detail, s)
	})
}

func (f *wireFault) kind(prefix string) bool {
	return f != nil && strings.HasPrefix(strings.ToLower(f.Type), prefix)
}

// system reports a fault that says nothing of the request: the service has failed.
func (f *wireFault) system() bool { return f.kind("system") || f.has("10000") }

// throttle reports a fault that says: too many calls. The XML-era one comes with 403 as well.
func (f *wireFault) throttle() bool { return f.has("3001") || f.says("ThrottleExceeded") }

func (f *wireFault) code() string {
	if f == nil || len(f.Error) == 0 {
		return ""
	}
	return string(f.Error[0].Code)
}

func requestID(h http.Header) string {
	return cmp.Or(h.Get("intuit_tid"), h.Get("Intuit-Tid"))
}

// answerError turns an answer that is not a success into what the caller does next.
func (l *Ledger) answerError(ctx context.Context, thing string, resp *vendorhttp.Response, f *wireFault) *ledger.Error {
	e := &ledger.Error{Room: Vendor, Thing: thing, Status: resp.Status, Code: f.code(), RequestID: requestID(resp.Header)}
	now := time.Now().UTC()
	// With 500 the same number 3100 that means "not authorised" is a failure of the gateway.
	failed := resp.Status >= 500
	switch {
	case resp.Status == http.StatusTooManyRequests, f.throttle():
		e.Kind, e.Code, e.Message = ledger.ErrLater, "rate_limited", "too many calls"
		wait := resp.RetryAfter
		if wait == 0 && strings.HasPrefix(thing, "POST ") {
			wait = throttleWait // no quota but the minute's stops a write, which is not metered
		}
		if wait == 0 {
			long := false
			if wait, long = l.patience(); long {
				e.Code = "rate_limited_month"
				e.Message = "still too many calls: the month's quota of reads may be used up, look at the app's dashboard"
			}
		}
		if resp.Status != http.StatusTooManyRequests { // the budget has not heard of it
			l.throttled(ctx, "", now, wait)
		}
		e.ResumeAt = now.Add(wait)
	case !failed && (resp.Status == http.StatusUnauthorized || f.kind("authentication")):
		e.Kind, e.Code, e.Message = unauthorised(f)
	case !failed && (resp.Status == http.StatusForbidden || f.kind("authoriz")):
		e.Kind, e.Code = ledger.ErrReconnect, "not_connected"
		e.Message = "the connection does not lead to this company: connect it again"
	case f.has("6190"):
		e.Kind, e.Code = ledger.ErrReconnect, "subscription_ended"
		e.Message = "the company's subscription has ended, and its books can only be read"
	case resp.Status == http.StatusNotFound, f.has("610") && !failed:
		e.Kind, e.Code, e.Message = ledger.ErrNotFound, "not_found", "there is no such record"
	case resp.Status == http.StatusServiceUnavailable:
		e.Kind, e.Code, e.ResumeAt = ledger.ErrLater, "offline", now.Add(5*time.Minute)
	case failed, f.system():
		e.Kind = ledger.ErrFailed
	case resp.Status >= 400, f != nil:
		e.Kind = ledger.ErrRequestRefused
	default:
		e.Kind = ledger.ErrFailed
	}
	if e.Message == "" && f != nil && len(f.Error) > 0 {
		_, e.Message = sortError(f.Error[0], nil)
	}
	if e.Message == "" {
		e.Message = "answered with " + string(resp.Kind()) + " and no reason"
	}
	return e
}

// unauthorised never shows the vendor's own text: it quotes the token ("Token expired: …").
func unauthorised(f *wireFault) (kind error, code, message string) {
	switch {
	case f.has("120"):
		return ledger.ErrReconnect, "user_lost_access", "the user who connected the company has lost access to it: somebody else must connect"
	case f.has("3200"):
		return ledger.ErrReconnect, "token_expired", "the access token is expired, revoked or of another environment: connect again if this stays"
	}
	return ledger.ErrReconnect, "unauthorized", "the access token is not accepted: connect again"
}

// unreadable is an answer that cannot be understood as a whole.
func unreadable(thing string, resp *vendorhttp.Response, err error) error {
	e := &ledger.Error{Kind: ledger.ErrUnreadable, Room: Vendor, Thing: thing, Message: "the answer cannot be read", Err: err}
	if resp != nil {
		e.Status, e.RequestID = resp.Status, requestID(resp.Header)
	}
	return e
}

func refuse(thing, code, message string) *ledger.Error {
	return &ledger.Error{Kind: ledger.ErrRefused, Room: Vendor, Thing: thing, Code: code, Message: message}
}

// refusedWrite sorts an answer to a write that is not a success as a whole: an error where nothing was
// written, else what was seen. Only QuickBooks' own words count as a refusal: a gateway's page may stand in
// front of a write that was carried out.
func (l *Ledger) refusedWrite(ctx context.Context, thing string, resp *vendorhttp.Response, f *wireFault) (*vendorhttp.Seen, error) {
	text := ""
	if f != nil && len(f.Error) > 0 {
		_, text = sortError(f.Error[0], nil)
	}
	switch {
	case resp.Status == http.StatusUnauthorized, resp.Status == http.StatusForbidden, resp.Status == http.StatusTooManyRequests,
		resp.Status < 500 && (f.throttle() || f.kind("auth")):
		return nil, l.answerError(ctx, thing, resp, f)
	case resp.Status >= 500, f.system(), resp.Status >= 300 && resp.Status < 400:
		return &vendorhttp.Seen{Code: "status", Message: strings.TrimSpace("answered " + http.StatusText(resp.Status) + ": " + text)}, nil
	case resp.Status == http.StatusRequestTimeout, resp.Status == http.StatusConflict, f.has(codeStale):
		return &vendorhttp.Seen{Code: "status", Message: text}, nil
	case f.says("requestid") || f.says("RequestId") || f.says("request id"):
		// What a requestid with another body is answered is not documented.
		return &vendorhttp.Seen{Code: "key_reused", Message: text}, nil
	case resp.Status == http.StatusRequestEntityTooLarge, f != nil && len(f.Error) > 0:
		e := l.answerError(ctx, thing, resp, f)
		if e.Kind != ledger.ErrReconnect {
			e.Kind = ledger.ErrRequestRefused
		}
		return nil, e
	}
	return &vendorhttp.Seen{Code: "unreadable", Message: "answered with " + string(resp.Kind())}, nil
}

const codeStale code = "5010"

// refusals sorts business errors by code, and those of the catch-all codes by what they say. The first that
// matches counts. A message of ours replaces QuickBooks' where that names a person.
var refusals = []struct {
	codes   []code
	pattern *regexp.Regexp
	code    string
	message string
}{
	{[]code{"6240"}, regexp.MustCompile(`(?i)vendor|supplier`), ledger.RefusedNameTaken, "the name is held by a vendor: names are shared by customers, vendors and employees"},
	{[]code{"6240"}, regexp.MustCompile(`(?i)employee`), ledger.RefusedNameTaken, "the name is held by an employee: names are shared by customers, vendors and employees"},
	{[]code{"6240"}, regexp.MustCompile(`(?i)customer`), ledger.RefusedNameTaken, "the name is held by another customer, perhaps an inactive one"},
	{[]code{"6240"}, nil, ledger.RefusedNameTaken, "the name is held by a customer, vendor or employee, perhaps an inactive one"},
	{[]code{"6140"}, nil, ledger.RefusedNumberTaken, ""},
	{[]code{"6210", "6000"}, regexp.MustCompile(`(?i)duplicate document number`), ledger.RefusedNumberTaken, ""}, // blog of 2017
	{[]code{"6200", "6210"}, nil, ledger.RefusedLocked, "the period is closed"},
	{[]code{codeStale}, nil, "stale", "the record has been changed since it was read"},
	{[]code{"610"}, nil, ledger.RefusedOther, "something it refers to does not exist or is inactive: look at customer, items and accounts"},
	{[]code{"6000"}, regexp.MustCompile(`(?i)period (is|has been)? ?closed|closed period|closing date|books are closed|account period`), ledger.RefusedLocked, ""},
	{[]code{"6000"}, regexp.MustCompile(`(?i)vat rate|tax rate|tax code|gst|sales tax|taxcode`), ledger.RefusedTaxRate, ""},
	{[]code{"6000"}, regexp.MustCompile(`(?i)linked|applied to|payments? (is|are) applied`), ledger.RefusedLockedByMoney, ""},
	{[]code{"6000"}, regexp.MustCompile(`(?i)exceed|more than|greater than|overpa|too large|larger than`), ledger.RefusedOverpays, ""},
	{[]code{"6000", "2500", "2020"}, regexp.MustCompile(`(?i)currency`), ledger.RefusedCurrency, ""},
	{[]code{"2500", "2020", "6000"}, regexp.MustCompile(`(?i)tax`), ledger.RefusedTaxRate, ""},
	{[]code{"2500", "2020"}, regexp.MustCompile(`(?i)customer|names? element`), ledger.RefusedContact, ""},
	{[]code{"2500", "2020", "6000"}, regexp.MustCompile(`(?i)account`), ledger.RefusedAccount, ""},
}

// refusal makes one of a record's errors. Whatever of personal is a text of the record which may be quoted.
func refusal(f *wireFault, personal ...string) *ledger.Refusal {
	reasons := make([]vendorbooks.Said, 0, len(f.Error))
	for _, e := range f.Error {
		code, text := sortError(e, personal)
		reasons = append(reasons, vendorbooks.Said{Code: code, Text: text})
	}
	return vendorbooks.Refusal(f.code(), reasons)
}

func sortError(e wireError, personal []string) (code, shown string) {
	text := e.Message
	if e.Detail != "" && e.Detail != e.Message {
		if text = e.Detail; !strings.HasPrefix(e.Detail, e.Message) {
			text = e.Message + ": " + e.Detail
		}
	}
	code = ledger.RefusedOther
	for _, known := range refusals {
		if slices.Contains(known.codes, e.Code) && (known.pattern == nil || known.pattern.MatchString(text)) {
			if known.message != "" {
				return known.code, known.message
			}
			code = known.code
			break
		}
	}
	if strings.Contains(strings.ToLower(text), "token") { // it may be quoted
		return code, vendorhttp.Redact(e.Message)
	}
	return code, vendorhttp.Redact(vendorbooks.Mask(text, personal))
}
