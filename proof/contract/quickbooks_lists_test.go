package contract

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Quoted lines are of the fact sheet quickbooks.md, whose section stands in front.

func quickbooksDeviations() []*Deviation {
	return []*Deviation{
		{
			Name: "category of items", Operation: "quickbooks POST /{realm}/item", Side: Request, Where: "body /ItemCategoryType", Rule: "required",
			Reason: `§7, Item: "the recorded Service create needed only Name, Type, IncomeAccountRef although ExpenseAccountRef is documented as required"; nor has it the ItemCategoryType that field-constraints.json always asks for`,
		},
	}
}

// quickbooksShapes is §9, status by status.
func quickbooksShapes() []*Shape {
	typed := func(contentType string) func(*http.Request, *http.Response) bool {
		return func(_ *http.Request, resp *http.Response) bool {
			return strings.HasPrefix(resp.Header.Get("Content-Type"), contentType)
		}
	}
	challenged := func(_ *http.Request, resp *http.Response) bool { return resp.Header.Get("WWW-Authenticate") != "" }
	const json, inXML, page = "application/json", "application/xml", "text/html"
	return []*Shape{
		{Name: "validation fault", Status: 400, Type: json, Body: businessFault("ValidationFault", "610", "2010", "2020", "4000", "4001"),
			Source: `§9: Business fault (JSON): {"Fault":{"Error":[{"Message","Detail","code","element"}],"type":"ValidationFault"},"time":"..."}; code is a STRING; element/time may be absent`},
		{Name: "token refused", Status: 401, For: challenged, Type: json, Body: gatewayFault("AUTHENTICATION", "3200"),
			Source: `§9: Gateway fault, lower case, with WWW-Authenticate: Bearer realm="Intuit", error="invalid_token"`,
			Header: func(h http.Header) error {
				if want := `Bearer realm="Intuit", error="invalid_token"`; h.Get("WWW-Authenticate") != want {
					return fmt.Errorf("the challenge is %q, want %q", h.Get("WWW-Authenticate"), want)
				}
				return nil
			}},
		{Name: "user lost access", Status: 401, Type: json, Body: businessFault("AuthenticationFault", "100", "120"),
			Source: "§9: 401 100 AuthenticationFault; 401 120 user lost access to the company"},
		{Name: "app or realm mismatch", Status: 403, For: typed(json), Type: json, Body: gatewayFault("SERVICE", "3100"), Source: "§9: 403 3100 AuthorizationFailed"},
		{Name: "throttled, 2016", Status: 403, Type: inXML, Body: xmlFault("SERVICE", "3001"), Source: "§8: 2016: also HTTP 403"},
		{Name: "throttled in JSON", Status: 429, For: typed(json), Type: json, Body: gatewayFault("SERVICE", "3001"), Source: "§9: 429 3001 throttled, a gateway fault"},
		{Name: "throttled", Status: 429, Type: inXML, Body: xmlFault("SERVICE", "3001"),
			Source: `§8: historically XML even with Accept JSON, Fault type="SERVICE", code=3001`},
		{Name: "failed", Status: 500, For: typed(json), Type: json, Source: "§9: 500 10000 SystemFault; 500 3100 InternalServerError at the gateway",
			Body: func(b []byte) error {
				if gatewayFault("SERVICE", "3100")(b) == nil {
					return nil
				}
				return businessFault("SystemFault", "10000")(b)
			}},
		{Name: "failed, in XML", Status: 500, Type: inXML, Body: xmlFault("SystemFault", "10000"), Source: "§9: 200/500 10000 SystemFault (ruby fixture)"},
		{Name: "bad gateway", Status: 502, Type: page, Source: "§9: Outage: HTML 502/503 bodies"},
		{Name: "unavailable", Status: 503, Type: page, Source: "§9: Outage: HTML 502/503 bodies"},
		{Name: "not in the fake", Status: 501, Type: "text/plain", Source: "quickbooksfake's own, for what it has not: the service never answers so",
			Body: Text("quickbooksfake: this part of QuickBooks is not in the fake")},
	}
}

func codes(list []string) Field {
	values := make([]any, len(list))
	for i, c := range list {
		values[i] = c
	}
	return Is(values...)
}

func businessFault(kind string, code ...string) func([]byte) error {
	return Object(map[string]Field{"time?": Like(""), "Fault": objectOf(map[string]Field{
		"type":  Is(kind),
		"Error": ListOf(1, objectOf(map[string]Field{"Message": Like(""), "Detail": Like(""), "code": codes(code), "element?": anyText})),
	})})
}

func anyText(v any) error {
	if _, ok := v.(string); !ok {
		return fmt.Errorf("%v is no text", v)
	}
	return nil
}

func gatewayFault(kind string, code ...string) func([]byte) error {
	nothing := Is(nil)
	none := func(v any) error {
		if list, ok := v.([]any); !ok || len(list) > 0 {
			return errors.New("is no empty list")
		}
		return nil
	}
	return Object(map[string]Field{
		"warnings": nothing, "intuitObject": nothing, "report": nothing, "queryResponse": nothing, "syncErrorResponse": nothing, "requestId": nothing, "status": nothing,
		"batchItemResponse": none, "attachableResponse": none, "cdcresponse": none, "time": Anything, // milliseconds
		"fault": objectOf(map[string]Field{
			"type":  Is(kind),
			"error": ListOf(1, objectOf(map[string]Field{"message": Like("message="), "detail": Anything, "code": codes(code), "element": nothing})),
		}),
	})
}

func xmlFault(kind, code string) func([]byte) error {
	return func(body []byte) error {
		var answer struct {
			XMLName xml.Name `xml:"IntuitResponse"`
			Fault   struct {
				Type  string `xml:"type,attr"`
				Error []struct {
					Code string `xml:"code,attr"`
				}
			}
		}
		if err := xml.Unmarshal(body, &answer); err != nil {
			return fmt.Errorf("not XML: %w", err)
		}
		if answer.Fault.Type != kind || len(answer.Fault.Error) != 1 || answer.Fault.Error[0].Code != code {
			return fmt.Errorf("want a fault %s with code %s", kind, code)
		}
		return nil
	}
}
