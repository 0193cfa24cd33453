package contract

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Quoted lines are of the fact sheet xero.md, whose section stands in front.

var xeroPDF = &Alias{
	Name:   "PDF by the Accept header",
	Reason: "§3: \"the spec invents /Invoices/{id}/pdf for SDK reasons; whether the live service routes /pdf is unverified: the adapter should use the Accept header\"",
	Rewrite: func(r *http.Request, path string) (string, bool) {
		return path + "/pdf", strings.HasPrefix(path, "/Invoices/") && r.Header.Get("Accept") == "application/pdf"
	},
}

var xeroConnections = &Alias{
	Name:   "connections in lower case",
	Reason: "§1: \"Its path is written /Connections in the spec, /connections in the SDKs\"",
	Rewrite: func(_ *http.Request, path string) (string, bool) {
		rest, ok := strings.CutPrefix(path, "/connections")
		return "/Connections" + rest, ok
	},
}

func xeroOutside() []*Outside {
	return []*Outside{
		{Method: "POST", Path: "/connect/token", Reason: "SOURCE.md: \"the token and revocation endpoints have no paths in it\""},
	}
}

// msDate is how Xero's JSON writes an instant.
var msDate = regexp.MustCompile(`^/Date\(-?\d+(\+0000)?\)/$`)

func matches(re *regexp.Regexp) func(any) bool {
	return func(v any) bool {
		s, ok := v.(string)
		return ok && re.MatchString(s)
	}
}

// zoneless is how Xero writes the companions of its dates.
var zoneless = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{7})?$`)

func xeroDeviations() []*Deviation {
	return []*Deviation{
		{
			Name: "envelope", Side: Response, Where: "body /(Id|Status|ProviderName)", Rule: "unknown",
			Reason: `§2: "Envelope: {"Id":guid,"Status":"OK","ProviderName":app name,"DateTimeUTC":"/Date(ms)/","<Collection>":[…]}"`,
			Value: func(v any) bool {
				s, ok := v.(string)
				return ok && (s == "OK" || guid.MatchString(s) || s == "Xero API Partner")
			},
		},
		{
			Name: "clock of the envelope", Side: Response, Where: "body /DateTimeUTC", Rule: "unknown", Value: matches(msDate),
			Reason: `§2: "DateTimeUTC":"/Date(ms)/", "envelope DateTimeUTC without offset"`,
		},
		{
			Name: "companions of dates", Side: Response, Where: "body **/(DateString|DueDateString|DateUTCString)", Rule: "unknown", Value: matches(zoneless),
			Reason: `§2: "companions DateString, DueDateString = 2018-10-20T00:00:00"; §3 History: "answer Changes, DateUTC, DateUTCString, User, Details"`,
		},
		{
			Name: "If-Modified-Since without zone", Side: Request, Where: "header If-Modified-Since", Rule: "format", Value: matches(zoneless),
			Reason: `§2: "If-Modified-Since: yyyy-mm-ddThh:mm:ss (UTC, second precision) [D]; the spec types it date-time [S]"`,
		},
		{
			Name: "refused queries", Operation: "accounting GET /(Invoices|Contacts|Payments)", Side: Response, Where: "status 400", Rule: "unknown",
			Reason: `§6: "400 query: {"ErrorNumber":16,"Type":"QueryParseException","Message":…}"; its body is checked against that`,
		},
		{
			Name: "echo of the refused element", Side: Response, Where: "body /Elements/*/**", Rule: "unknown",
			Reason: `§6: "Elements":[{…echoed element…,"ValidationErrors":[{"Message":…}]}]`,
		},
		{
			Name: "empty errors of lines and notes", Side: Response, Where: "body **/(LineItems|HistoryRecords)/*/ValidationErrors", Rule: "unknown",
			Reason: `xero_accounting.yaml shows them in its own examples (createInvoices, createInvoiceHistory), and its schemas do not have them`,
			Value:  func(v any) bool { list, ok := v.([]any); return ok && len(list) == 0 },
		},
		{
			Name: "ID of credit notes", Side: Response, Where: "body **/(CreditNotes/*|CreditNote)/ID", Rule: "unknown", Value: matches(guid),
			Reason: `xero_accounting.yaml shows it beside CreditNoteID in its own examples (getCreditNotes), and its schema does not have it`,
		},
		{
			Name: "instants of connections without zone", Operation: "identity GET /Connections", Side: Response, Where: "body /*/(created|updated)DateUtc", Rule: "format",
			Reason: `§1: "createdDateUtc, updatedDateUtc (ISO, 7 fractional digits, no Z) [S]"`, Value: matches(zoneless),
		},
	}
}

// xeroShapes is §6, status by status.
func xeroShapes() []*Shape {
	problem := func(title, detail string) func([]byte) error {
		return Object(map[string]Field{
			"Type": Is(nil), "Title": Is(title), "Status": Anything, "Detail": Like(detail), "Instance": func(v any) error {
				if s, ok := v.(string); !ok || !guid.MatchString(s) {
					return fmt.Errorf("%v is no GUID", v)
				}
				return nil
			}, "Extensions": Anything,
		})
	}
	for429 := func(problem string) func(*http.Request, *http.Response) bool {
		return func(_ *http.Request, resp *http.Response) bool {
			return strings.HasPrefix(strings.ToLower(resp.Header.Get("X-Rate-Limit-Problem")), problem)
		}
	}
	retryAfter := func(wanted bool) func(http.Header) error {
		return func(h http.Header) error {
			if got := h.Get("Retry-After") != ""; got != wanted {
				return fmt.Errorf("Retry-After there is %t, want %t", got, wanted)
			}
			return nil
		}
	}
	identity := func(r *http.Request, _ *http.Response) bool { return r.URL.Path == "/connect/token" }
	return []*Shape{
		{Name: "token refused", Status: 400, For: identity, Type: "application/json", Body: Object(map[string]Field{"error": Is("invalid_grant"), "error_description?": Anything}),
			Source: `§6: identity host, snake_case OAuth JSON {"error":"invalid_grant"}, 400`},
		{Name: "query or body not understood", Status: 400, Type: "application/json",
			Source: `§6: 400 validation, 400 query`, Body: xero400},
		{Name: "401", Status: 401, Type: "application/json", Source: `§6: {"Type":null,"Title":"Unauthorized","Status":401,"Detail":"TokenExpired: …"}, or Detail AuthorizationUnsuccessful`,
			Body: func(b []byte) error {
				if problem("Unauthorized", "TokenExpired")(b) == nil {
					return nil
				}
				return problem("Unauthorized", "AuthorizationUnsuccessful")(b)
			}},
		{Name: "403", Status: 403, Type: "application/json", Source: "§6: 403 tenant missing / not connected: same shape, Title Forbidden, Detail AuthenticationUnsuccessful",
			Body: problem("Forbidden", "AuthenticationUnsuccessful")},
		{Name: "404", Status: 404, Type: "text/plain", Source: "§6: 404 plain text", Body: Text("The resource you're looking for cannot be found")},
		{Name: "412", Status: 412, Source: "§6: 412 failed precondition in headers"},
		{Name: "429 minute", Status: 429, For: for429("minute"), Header: retryAfter(true), Source: "§5: X-Rate-Limit-Problem, plus Retry-After (s) for minute and day only"},
		{Name: "429 day", Status: 429, For: for429("da"), Header: retryAfter(true), Source: "§5: as for minute"},
		{Name: "429 concurrent", Status: 429, For: for429("concurrent"), Header: retryAfter(false), Source: "§5: none for concurrent"},
		{Name: "429 app", Status: 429, For: for429("app"), Source: "§5: app-minute value unknown"},
		{Name: "500", Status: 500, Source: "§11: 429/500 bodies are not verified"},
		{Name: "501", Status: 501, Source: "§6: method not implemented (e.g. POST Organisation)"},
		{Name: "503", Status: 503, Type: "text/plain", Source: "§6: 503 plain text", Body: Text(
			"The Xero API is currently offline for maintenance", "The Xero API is temporarily unavailable", "The Organisation is offline")},
	}
}

func xero400(b []byte) error {
	message := objectOf(map[string]Field{"Message": Like("")})
	validation := Object(map[string]Field{
		"ErrorNumber": Is(10.0), "Type": Is("ValidationException"), "Message": Like("A validation exception occurred"),
		"Elements": ListOf(1, func(v any) error {
			element, ok := v.(map[string]any)
			if !ok {
				return errors.New("is no object")
			}
			return ListOf(1, message)(element["ValidationErrors"])
		}),
	})
	query := Object(map[string]Field{"ErrorNumber": Is(16.0), "Type": Is("QueryParseException"), "Message": Like("")})
	data := Object(map[string]Field{"ErrorNumber": Is(17.0), "Type": Is("PostDataInvalidException"), "Message": Like("")})
	key := Object(map[string]Field{"ErrorNumber": Anything, "Type": Anything, "Message": Like("Idempotency Key: ")}) // the envelope is unverified
	err := validation(b)
	for _, other := range []func([]byte) error{query, data, key} {
		if err != nil && other(b) == nil {
			return nil
		}
	}
	return err
}

// xeroHeaders is §5: "Every response: X-DayLimit-Remaining, X-MinLimit-Remaining, X-AppMinLimit-Remaining";
// §1: "/connections returns only X-AppMinLimit-Remaining". What is refused before the limits are looked at
// has none.
func xeroHeaders(r *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		return nil
	}
	accounting := strings.HasPrefix(r.URL.Path, "/api.xro/")
	if !accounting && !strings.HasPrefix(r.URL.Path, "/connections") {
		return nil
	}
	for _, name := range []string{"X-DayLimit-Remaining", "X-MinLimit-Remaining", "X-AppMinLimit-Remaining"} {
		want := accounting || name == "X-AppMinLimit-Remaining"
		if got := resp.Header.Get(name) != ""; got != want {
			return fmt.Errorf("the header %s is there: %t, want %t", name, got, want)
		}
	}
	return nil
}
