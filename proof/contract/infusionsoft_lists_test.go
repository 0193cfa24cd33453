package contract

import (
	"fmt"
	"net/http"
	"strings"
)

// Quoted lines are of the fact sheet infusionsoft.md, whose section stands in front.

func keapOutside() []*Outside {
	return []*Outside{
		{Method: "POST", Path: "/token", Reason: `§1: "Token: POST https://api.infusionsoft.com/token, form-urlencoded"; neither document has the path`},
	}
}

func keapDeviations() []*Deviation {
	return []*Deviation{
		{
			Name: "null at the end of a list", Operation: "v2 GET **", Side: Response, Where: "body /next_page_token", Rule: "nullable",
			Reason: `§2: "End of list: undocumented; that SDK stops on a null or empty next_page_token"; a switch of the fake`,
			Value:  func(v any) bool { return v == nil },
		},
	}
}

// keapShapes is §9 and §10, status by status, with the bodies of errors.observed.json.
func keapShapes() []*Shape {
	v1 := func(r *http.Request, _ *http.Response) bool { return strings.Contains(r.URL.Path, "/v1/") }
	v2 := func(r *http.Request, _ *http.Response) bool { return strings.Contains(r.URL.Path, "/v2/") }
	token := func(r *http.Request, _ *http.Response) bool { return r.URL.Path == "/token" }
	envelope := func(code float64) func([]byte) error {
		return Object(map[string]Field{
			"code": Is(code), "message": Like(""), "status": Like(""),
			"details?": ListOf(0, objectOf(map[string]Field{"domain": Like(""), "resource": Like("")})),
		})
	}
	either := func(checks ...func([]byte) error) func([]byte) error {
		return func(b []byte) error {
			var err error
			for _, check := range checks {
				if err = check(b); err == nil {
					return nil
				}
			}
			return err
		}
	}
	gateway := Object(map[string]Field{"fault": objectOf(map[string]Field{
		"faultstring": Like(""), "detail": objectOf(map[string]Field{"errorcode": Like("")}),
	})})
	const described = `§10: "v2: {code:int, message, status, details:[{domain,resource}]}; declared 400 401 403 404 405 409 500 501"`
	shape := func(status int) *Shape {
		return &Shape{Name: fmt.Sprintf("v2 %d", status), Status: status, For: v2, Type: "application/json", Body: envelope(float64(status)), Source: described}
	}
	return []*Shape{
		{Name: "token refused", Status: 400, For: token, Type: "application/json", Source: `§10: "Token errors: 400 invalid_grant \"Invalid refresh token\", 400 invalid_request variant"`,
			Body: Object(map[string]Field{"error": Is("invalid_grant", "invalid_request"), "error_description": Like("Invalid Refresh Token", "Invalid refresh token")})},
		{Name: "code refused", Status: 401, For: token, Type: "application/json", Source: `§10: "401 invalid_grant on a refused code exchange (php#260)"`,
			Body: Object(map[string]Field{"error": Is("invalid_grant"), "error_description": Like("Unable to authenticate username and password")})},
		shape(400), shape(403), shape(404), shape(405), shape(409), shape(500), shape(501),
		{Name: "v2 401", Status: 401, For: v2, Type: "application/json", Body: either(envelope(401), gateway),
			Source: `§10: "Gateway 401/429 bodies differ from both"; "Expired-token body today [U]"`},
		{Name: "v2 503", Status: 503, For: v2, Source: "§10 declares none; the body is free"},
		{Name: "v1 404", Status: 404, For: v1, Type: "application/json", Source: `§10: "v1: a serialised Throwable, message is the useful part"`,
			Body: Object(map[string]Field{"message": Like(""), "localizedMessage?": Anything, "cause?": Anything, "stackTrace?": Anything, "suppressed?": Anything})},
		{Name: "429", Status: 429, Type: "application/json", Source: `§9: "current body {"code":"429","message":"Quota Exceeded","status":"Request Throttled","details":null} (code is a string); 2020 gateway used {fault:{faultstring,detail:{errorcode}}}"; "No Retry-After seen"`,
			Body: either(Object(map[string]Field{"code": Is("429"), "message": Is("Quota Exceeded"), "status": Is("Request Throttled"), "details": Is(nil)}), gateway),
			Header: func(h http.Header) error {
				if h.Get("Retry-After") != "" {
					return fmt.Errorf("Retry-After is there")
				}
				return nil
			}},
	}
}

// keapHeaders is §9: "Headers (lower-case): x-keap-product-quota-{limit,time-unit,interval,available,used,
// expiry-time}, x-keap-product-throttle-{limit,time-unit,interval,available,used}, x-keap-tenant-id,
// x-keap-tenant-throttle-{…}, x-keap-product-spike-limit". The recorded answer has them all. Who is not let
// in belongs to nobody, and has none.
func keapHeaders(r *http.Request, resp *http.Response) error {
	if !strings.HasPrefix(r.URL.Path, "/crm/rest/") || resp.StatusCode == http.StatusUnauthorized {
		return nil
	}
	names := []string{"X-Keap-Tenant-Id", "X-Keap-Product-Quota-Expiry-Time", "X-Keap-Product-Spike-Limit"}
	for _, group := range []string{"Product-Quota", "Product-Throttle", "Tenant-Throttle"} {
		for _, one := range []string{"Limit", "Time-Unit", "Interval", "Available", "Used"} {
			names = append(names, "X-Keap-"+group+"-"+one)
		}
	}
	for _, name := range names {
		if resp.Header.Get(name) == "" {
			return fmt.Errorf("the header %s is missing", name)
		}
	}
	return nil
}
