package infusionsoftfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/invoicesync/invoicesync/faults"
)

// A call is one request that was let in.
type call struct {
	*http.Request
	books *Books
	id    string // what stands for {id} in the path
	base  string // scheme and host, for absolute links
	token *grant
}

// An answer is a status and what is sent with it; a nil body sends none.
type answer struct {
	status int
	body   any
}

type route struct {
	method, pattern string
	handle          func(*call) (answer, error)
	// unlocked handlers take the lock themselves: they make requests of their own.
	unlocked bool
}

func routes() []route {
	return []route{
		{method: "GET", pattern: "/v2/orders", handle: listOrders},
		{method: "POST", pattern: "/v2/orders", handle: createOrder},
		{method: "GET", pattern: "/v2/orders/model", handle: notImplemented},
		{method: "GET", pattern: "/v2/orders/{id}", handle: getOrder},
		{method: "PATCH", pattern: "/v2/orders/{id}", handle: patchOrder},
		{method: "DELETE", pattern: "/v2/orders/{id}", handle: deleteOrder},
		{method: "POST", pattern: "/v2/orders/{id}:applyTax", handle: notImplemented},
		{method: "POST", pattern: "/v2/orders/{id}/items", handle: notImplemented},
		{method: "GET", pattern: "/v2/orders/{id}/payments", handle: listOrderPayments},
		{method: "POST", pattern: "/v2/orders/{id}/payments", handle: createPayment},
		{method: "GET", pattern: "/v2/sales/payments", handle: listPayments},
		{method: "GET", pattern: "/v2/sales/transactions", handle: listTransactions},
		{method: "GET", pattern: "/v2/products", handle: listProducts},
		{method: "POST", pattern: "/v2/products", handle: createProduct},
		{method: "GET", pattern: "/v2/products/{id}", handle: getProduct},
		{method: "GET", pattern: "/v2/contacts", handle: listContacts},
		{method: "POST", pattern: "/v2/contacts", handle: createContact},
		{method: "GET", pattern: "/v2/contacts/model", handle: notImplemented},
		{method: "GET", pattern: "/v2/contacts/{id}", handle: getContact},
		{method: "PATCH", pattern: "/v2/contacts/{id}", handle: patchContact},
		{method: "GET", pattern: "/v2/companies", handle: listCompanies},
		{method: "GET", pattern: "/v2/companies/{id}", handle: getCompany},
		{method: "GET", pattern: "/v2/subscriptions", handle: listSubscriptions},
		{method: "GET", pattern: "/v2/subscriptions/{id}", handle: getSubscription},
		{method: "GET", pattern: "/v2/settings/applications:getConfiguration", handle: getConfiguration},
		{method: "GET", pattern: "/v2/businessProfile", handle: getBusinessProfile},
		{method: "GET", pattern: "/v2/oauth/connect/userinfo", handle: getUserInfo},
		{method: "GET", pattern: "/v1/oauth/connect/userinfo", handle: getUserInfoV1},
		{method: "GET", pattern: "/v1/orders", handle: listOrdersV1},
		{method: "GET", pattern: "/v1/orders/{id}", handle: getOrderV1},
		{method: "GET", pattern: "/v1/hooks", handle: listHooks},
		{method: "POST", pattern: "/v1/hooks", handle: createHook, unlocked: true},
		{method: "GET", pattern: "/v1/hooks/event_keys", handle: listEventKeys},
		{method: "GET", pattern: "/v1/hooks/{id}", handle: getHook},
		{method: "DELETE", pattern: "/v1/hooks/{id}", handle: deleteHook},
		{method: "POST", pattern: "/v1/hooks/{id}/verify", handle: verifyHook, unlocked: true},
		{method: "POST", pattern: "/v1/hooks/{id}/delayedVerify", handle: delayedVerifyHook},
	}
}

// match compares a path with a pattern. {id} stands for one segment without a colon.
func match(pattern, path string) (id string, ok bool) {
	before, after, hasID := strings.Cut(pattern, "{id}")
	if !hasID {
		return "", pattern == path
	}
	rest, ok := strings.CutPrefix(path, before)
	if !ok {
		return "", false
	}
	id, ok = strings.CutSuffix(rest, after)
	return id, ok && id != "" && !strings.ContainsAny(id, "/:")
}

func findRoute(method, path string) (found *route, id string, pathKnown bool) {
	for _, r := range routes() {
		got, ok := match(r.pattern, path)
		if !ok {
			continue
		}
		pathKnown = true
		if r.method == method {
			return &r, got, true
		}
	}
	return nil, "", pathKnown
}

// serve is the vendor behind the faults.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		f.count(r, "/token")
		f.serveToken(w, r)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/crm/rest")
	if !ok {
		path, ok = strings.CutPrefix(r.URL.Path, "/rest")
	}
	var found *route
	c := &call{Request: r, base: baseURL(r)}
	pathKnown := false
	if ok {
		found, c.id, pathKnown = findRoute(r.Method, path)
	}
	if found == nil {
		f.count(r, "(unknown)")
	} else {
		f.count(r, found.pattern)
	}
	v1 := strings.HasPrefix(path, "/v1/")

	if err := f.letIn(w, c); err != nil {
		send(w, v1, answer{}, err)
		return
	}
	switch {
	case found == nil && pathKnown:
		send(w, v1, answer{}, &apiError{status: http.StatusMethodNotAllowed, message: "Method not allowed: " + r.Method})
		return
	case found == nil:
		send(w, v1, answer{}, notFound("No such path: %s", r.URL.Path))
		return
	}
	a, err := f.run(found, c)
	send(w, v1, a, err)
}

func (f *Fake) run(found *route, c *call) (answer, error) {
	// A semicolon that is not percent-encoded makes Go drop the parameter, and everything be listed.
	if strings.Contains(c.URL.RawQuery, ";") {
		return answer{}, badRequest("Invalid query string: ; must be sent as %%3B")
	}
	if !found.unlocked {
		defer f.locked()()
	}
	return found.handle(c)
}

// letIn checks the token and the limits and writes the headers that every answer has.
func (f *Fake) letIn(w http.ResponseWriter, c *call) error {
	defer f.locked()()
	fault, faulty := faults.Answer(c.Context())
	if f.broken != nil {
		return &apiError{status: http.StatusInternalServerError, message: f.broken.Error()}
	}
	token, err := f.authorise(c.Request)
	if err != nil {
		return err
	}
	c.token, c.books = token, f.tenants[token.Tenant]
	refused := f.spend(token)
	if faulty {
		refused = f.vendorFault(w, token, fault)
	}
	f.quotaHeaders(w.Header(), token)
	if faulty && strings.HasPrefix(fault.Name, "429") {
		pretendSpent(w.Header(), fault.Name)
	}
	return refused
}

// vendorFault is the answer of a [faults.Vendor] fault.
func (f *Fake) vendorFault(w http.ResponseWriter, token *grant, fault faults.Fault) error {
	if fault.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(fault.RetryAfter.Seconds())))
	}
	switch fault.Name {
	case "429", "429_spike", "429_tenant", "429_quota_day":
		return errThrottled()
	case "429_apigee":
		return &apiError{status: http.StatusTooManyRequests, raw: map[string]any{"fault": map[string]any{
			"faultstring": "Rate limit quota violation. Quota limit exceeded. Identifier : " + token.Client,
			"detail":      map[string]any{"errorcode": "policies.ratelimit.QuotaViolation"},
		}}}
	case "401_expired":
		return f.unauthorised()
	case "401_permission":
		return &apiError{status: http.StatusUnauthorized, message: "Unauthorized"}
	case "403":
		return &apiError{status: http.StatusForbidden, message: "The user is not allowed to do this"}
	case "404":
		return notFound("Not found")
	case "500":
		return &apiError{status: http.StatusInternalServerError, message: "Internal server error"}
	case "503":
		return &apiError{status: http.StatusServiceUnavailable, message: "Service unavailable"}
	}
	return &apiError{status: http.StatusInternalServerError, message: fmt.Sprintf("infusionsoftfake: unknown vendor fault %q", fault.Name)}
}

// baseURL is where the client believes to be: a vendor's host is reached over https, also without a
// socket; a loopback server is not.
func baseURL(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	if r.TLS == nil && (host == "localhost" || ip != nil && ip.IsLoopback()) {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// An apiError is a refusal. v2 sends it in its own envelope, v1 as a serialised Throwable.
type apiError struct {
	status  int
	message string
	raw     any // sent as it is
}

func (e *apiError) Error() string { return e.message }

func badRequest(format string, args ...any) error {
	return &apiError{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &apiError{status: http.StatusNotFound, message: fmt.Sprintf(format, args...)}
}

func notImplemented(*call) (answer, error) {
	return answer{}, &apiError{status: http.StatusNotImplemented, message: "Not implemented"}
}

type wireError struct {
	Code    int           `json:"code"`
	Message string        `json:"message"`
	Status  string        `json:"status"`
	Details []wireDetails `json:"details"`
}

type wireDetails struct {
	Domain   string `json:"domain"`
	Resource string `json:"resource"`
}

func (e *apiError) body(v1 bool) any {
	switch {
	case e.raw != nil:
		return e.raw
	case v1:
		return map[string]any{
			"message": e.message, "localizedMessage": e.message, "stackTrace": []any{}, "suppressed": []any{},
		}
	}
	name := map[int]string{
		400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
		405: "METHOD_NOT_ALLOWED", 409: "CONFLICT", 415: "INVALID_ARGUMENT", 501: "NOT_IMPLEMENTED", 503: "UNAVAILABLE",
	}[e.status]
	orElse(&name, "INTERNAL")
	return wireError{Code: e.status, Message: e.message, Status: name, Details: []wireDetails{{Domain: "keap", Resource: "rest"}}}
}

func send(w http.ResponseWriter, v1 bool, a answer, err error) {
	if err != nil {
		var refusal *apiError
		if !errors.As(err, &refusal) {
			refusal = &apiError{status: http.StatusInternalServerError, message: err.Error()}
		}
		a = answer{refusal.status, refusal.body(v1)}
	}
	if a.body == nil {
		w.Header().Del("Content-Type")
		w.WriteHeader(a.status)
		return
	}
	raw, marshalErr := json.Marshal(a.body)
	if marshalErr != nil {
		a.status, raw = http.StatusInternalServerError, []byte(`{"code":500,"message":"an answer cannot be encoded","status":"INTERNAL"}`)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(raw)
}

// listAnswer is the vendor's page envelope.
func listAnswer[T any](b *Books, member string, p page[T], render func(*T) any) answer {
	rows := make([]any, 0, len(p.rows))
	for _, r := range p.rows {
		rows = append(rows, render(r))
	}
	body := map[string]any{member: rows}
	switch shape := b.fake.options.Switches.LastPageToken; {
	case p.next != "":
		body["next_page_token"] = p.next
	case shape == LastPageEmpty:
		body["next_page_token"] = ""
	case shape == LastPageNull:
		body["next_page_token"] = nil
	}
	return answer{http.StatusOK, body}
}
