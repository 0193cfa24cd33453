package quickbooksfake

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/faults"
)

// maxBody is the largest request body.
const maxBody = 10 << 20

// A call is a request to the accounting API that has passed the doors.
type call struct {
	f     *Fake
	b     *Books
	r     *http.Request
	query url.Values
	body  []byte
	fault string // the vendor fault that this request is hit by
}

// A destination is what a path below a company names.
type destination struct {
	route string // as it is counted
	serve func(*call) answer
	batch bool
	reads bool // metered
}

// vendorFaults are the names that [faults.Fault] may have here, with what they do.
const vendorFaults = " 401_expired 401_general 401_user 403 403_throttle 429 429_json 429_batch 429_quota" +
	" 500 500_after 500_gateway 500_xml 502_html 503_html 200_fault 200_fault_after" +
	" 400_stale 400_business 400_closed 400_read_only item_fault item_fault_after item_missing invalid_grant "

// serve is the vendor behind the fault plan.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	f.mu.Lock()
	tid := "1-" + f.mint()
	f.mu.Unlock()
	if f.opts.Switches.HyphenTid {
		h.Set("Intuit-Tid", tid)
	} else {
		h.Set("intuit_tid", tid)
	}
	var a answer
	if rest, ok := strings.CutPrefix(r.URL.Path, "/v3/company/"); ok {
		realm, path, _ := strings.Cut(rest, "/")
		a = f.accounting(r, realm, strings.Trim(path, "/"), h)
	} else {
		a = f.identity(r)
	}
	f.mu.Lock()
	f.counts.ByStatus[a.status]++
	f.mu.Unlock()
	if a.contentType != "" {
		h.Set("Content-Type", a.contentType)
	}
	if a.challenge {
		h.Set("WWW-Authenticate", `Bearer realm="Intuit", error="invalid_token"`)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// find says what a path means. Entity names are taken in any case.
func (f *Fake) find(method, path, operation string) (destination, bool) {
	segments := strings.Split(path, "/")
	get, post := method == http.MethodGet, method == http.MethodPost
	name := fold(segments[0])
	switch {
	case len(segments) == 1 && name == "query" && (get || post):
		return destination{route: "/query", serve: serveQuery, reads: true}, true
	case len(segments) == 1 && name == "cdc" && get:
		return destination{route: "/cdc", serve: serveCDC, reads: true}, true
	case len(segments) == 1 && name == "batch" && post:
		return destination{route: "/batch", serve: serveBatch, batch: true}, true
	case name == "companyinfo" && len(segments) == 2 && get:
		return destination{route: "/companyinfo/{id}", serve: serveOne("CompanyInfo"), reads: true}, true
	case name == "preferences" && len(segments) == 1 && get:
		return destination{route: "/preferences", serve: serveOne("Preferences"), reads: true}, true
	}
	k, ok := f.paths[name]
	if !ok {
		return destination{}, false
	}
	switch {
	case len(segments) == 1 && post:
		route := "/" + name
		if operation != "" {
			route += "?operation=" + operation
		}
		return destination{route: route, serve: serveWrite(k)}, true
	case len(segments) == 2 && get:
		return destination{route: "/" + name + "/{id}", serve: serveRead(k, segments[1]), reads: true}, true
	case len(segments) == 3 && k.form() && fold(segments[2]) == "pdf" && get:
		return destination{route: "/" + name + "/{id}/pdf", serve: servePDF(k, segments[1]), reads: true}, true
	case len(segments) == 3 && k.form() && fold(segments[2]) == "send" && post:
		return destination{route: "/" + name + "/{id}/send", serve: serveSend(k, segments[1])}, true
	}
	return destination{}, false
}

func (f *Fake) accounting(r *http.Request, realm, path string, h http.Header) answer {
	query, err := url.ParseQuery(r.URL.RawQuery)
	to, known := f.find(r.Method, path, fold(query.Get("operation")))
	if !known {
		to.route = "(unknown)"
	}
	f.count(r, to.route)
	if r.Method == http.MethodPost && to.route != "/query" && !to.batch && known {
		f.countWrite()
	}
	vendor, _ := faults.Answer(r.Context())
	if vendor.Name != "" && !strings.Contains(vendorFaults, " "+vendor.Name+" ") {
		return text(http.StatusInternalServerError, fmt.Sprintf("quickbooksfake: the fault %q is unknown, see the package's documentation", vendor.Name))
	}
	b, app, refused := f.authenticate(r, realm, vendor.Name)
	if refused != nil {
		return *refused
	}
	if vendor.RetryAfter > 0 && strings.HasPrefix(vendor.Name, "429") {
		h.Set("Retry-After", strconv.Itoa(int(vendor.RetryAfter/time.Second)))
	}
	if a := atTheDoor(vendor.Name, b); a != nil {
		return *a
	}
	body, bodyErr := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	metered := to.reads
	if to.batch {
		asks, writes := batchContents(body)
		metered = asks
		if writes {
			f.countWrite()
		}
	}
	over, leave := f.admit(b, app, to.batch, metered)
	if over != nil {
		return *over
	}
	defer leave()
	h.Set("QBO-Version", "1990.402")
	h.Set("Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private")

	c := &call{f: f, b: b, r: r, query: query, body: body, fault: vendor.Name}
	switch {
	case err != nil || bodyErr != nil || len(body) > maxBody:
		return c.refuse(unsupportedOperation("with an unreadable request"))
	case !known && notHere(path):
		return notInFake()
	case !known:
		return c.refuse(unsupportedOperation("Could not find resource for relative : " + r.URL.Path + " of full path: https://" + r.Host + r.URL.Path))
	}
	if v := query.Get("minorversion"); v != "" {
		// Everything acts as 75; lower values are ignored without error.
		if n, err := strconv.Atoi(v); err != nil || n < 1 {
			return c.refuse(unsupported("minorversion " + v))
		}
	}
	if a := c.negotiate(to); a != nil {
		return *a
	}
	if f.opts.Latency > 0 {
		time.Sleep(f.opts.Latency)
	}
	switch vendor.Name {
	case "500":
		return c.refuse(systemFault())
	case "200_fault":
		return c.faultInside()
	case "400_stale":
		return c.refuse(stale())
	case "400_business":
		return c.refuse(business("Something is wrong with the request"))
	case "400_closed":
		return c.refuse(closedPeriod())
	case "400_read_only":
		return c.refuse(readOnlyCompany())
	}
	a := to.serve(c)
	switch vendor.Name {
	case "500_after":
		return c.refuse(systemFault())
	case "200_fault_after":
		return c.faultInside()
	}
	return a
}

// atTheDoor is what the gateway answers before the API has seen anything.
func atTheDoor(name string, b *Books) *answer {
	now := b.now()
	var a answer
	switch name {
	case "403_throttle":
		a = throttledXML(http.StatusForbidden, now)
	case "429", "429_batch", "429_quota":
		a = throttledXML(http.StatusTooManyRequests, now)
	case "429_json":
		a = throttledJSON(now)
	case "500_gateway":
		a = gateway(http.StatusInternalServerError, "SERVICE", "3100", "InternalServerError", pointer("Internal Server Error"), now)
	case "500_xml":
		a = systemFault().xml(now)
	case "502_html":
		a = html(http.StatusBadGateway)
	case "503_html":
		a = html(http.StatusServiceUnavailable)
	default:
		return nil
	}
	return &a
}

func (f *Fake) countWrite() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Writes++
}

func (c *call) refuse(x *fault) answer {
	return c.shaped(x.answer(c.b.now()), x)
}

// shaped gives clients that do not ask for JSON their fault in XML.
func (c *call) shaped(a answer, x *fault) answer {
	if !c.wantsJSON() {
		return x.xml(c.b.now())
	}
	return a
}

// faultInside is a fault in an answer whose status is 200.
func (c *call) faultInside() answer {
	x := systemFault()
	x.status = http.StatusOK
	return c.refuse(x)
}

func (c *call) wantsJSON() bool {
	accept := fold(strings.Join(c.r.Header.Values("Accept"), ","))
	return strings.Contains(accept, "application/json") || fold(c.query.Get("format")) == "json"
}

// negotiate insists on JSON, in which the fake is the poorer: the real service would answer in XML.
func (c *call) negotiate(to destination) *answer {
	pdf := strings.HasSuffix(to.route, "/pdf")
	if pdf && strings.Contains(fold(c.r.Header.Get("Accept")), "application/pdf") {
		return nil
	}
	if pdf || !c.wantsJSON() {
		x := unsupportedOperation("in XML (quickbooksfake speaks JSON only: send Accept: application/json)")
		x.status = http.StatusNotAcceptable
		a := c.refuse(x)
		return &a
	}
	if c.r.Method == http.MethodPost && to.route != "/query" && !strings.HasSuffix(to.route, "/send") {
		if !strings.Contains(fold(c.r.Header.Get("Content-Type")), "json") {
			x := unsupportedOperation("with this Content-Type (quickbooksfake speaks JSON only: send Content-Type: application/json)")
			x.status = http.StatusUnsupportedMediaType
			a := c.refuse(x)
			return &a
		}
	}
	return nil
}

// enveloped is an answer with its time.
func (c *call) enveloped(inner []byte) answer {
	out := append([]byte(`{`), inner...)
	out = fmt.Appendf(out, `,"time":%q}`, stamp(c.b.now()))
	return answer{status: http.StatusOK, contentType: jsonType, body: out}
}

func serveOne(name string) func(*call) answer {
	return func(c *call) answer {
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		if name == "CompanyInfo" && !strings.HasSuffix(c.r.URL.Path, "/"+c.b.company.RealmID) {
			return c.refuse(notFound())
		}
		data, err := c.b.companyInfo()
		if name == "Preferences" {
			data, err = c.b.preferences()
		}
		if err != nil {
			return c.refuse(systemFault())
		}
		return c.enveloped(append([]byte(strconv.Quote(name)+":"), data...))
	}
}

func serveRead(k *kind, id string) func(*call) answer {
	return func(c *call) answer {
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		rec, ok := c.b.tables[k.name].get(id)
		switch {
		case !ok && !isNumber(id):
			return c.refuse(badID(id))
		case !ok:
			return c.refuse(notFound())
		}
		return c.enveloped(append([]byte(strconv.Quote(k.name)+":"), render(rec, c.b.lookup)...))
	}
}

func serveQuery(c *call) answer {
	statement := c.query.Get("query")
	if statement == "" && c.r.Method == http.MethodPost {
		statement = string(c.body)
	}
	if strings.TrimSpace(statement) == "" {
		return c.faultInside() // recorded: 200 with a SystemFault
	}
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	budget := largestPage
	got, bad := c.b.query(statement, &budget)
	if bad != nil {
		return c.refuse(bad)
	}
	return c.enveloped(append([]byte(`"QueryResponse":`), got...))
}

func serveCDC(c *call) answer {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	got, bad := c.b.changes(c.query.Get("entities"), c.query.Get("changedSince"))
	if bad != nil {
		return c.refuse(bad)
	}
	return c.enveloped(append([]byte(`"CDCResponse":`), got...))
}

func serveWrite(k *kind) func(*call) answer {
	return func(c *call) answer {
		v, err := parse(c.body)
		if err != nil {
			return c.refuse(unsupported(err.Error()))
		}
		operation := fold(c.query.Get("operation"))
		includes := strings.Split(fold(c.query.Get("include")), ",")
		switch {
		case slices.Contains(includes, "void") && (operation == "" || operation == "update"):
			operation = "void"
			if k.name != "Payment" { // the void of payments: a sparse update with include=void
				return c.refuse(unsupportedOperation("include=void of " + k.name))
			}
		case operation == "void" && k.name != "Invoice":
			return c.refuse(unsupportedOperation("operation=void of " + k.name))
		case operation != "" && operation != "update" && operation != "delete" && operation != "void" && operation != "create":
			return c.refuse(unsupportedOperation(operation))
		}
		return c.write(write{kind: k, operation: operation, body: v, allow: slices.Contains(includes, "allowduplicatedocnum")})
	}
}

// write does one operation under the request's requestid, and remembers the answer in the same commit.
func (c *call) write(w write) answer {
	id := c.query.Get("requestid")
	if bad := checkRequestID(id, false); bad != nil {
		return c.refuse(bad)
	}
	if !faults.Element(c.r.Context(), 0) {
		return c.refuse(systemFault())
	}
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	print := fingerprint(c.r, c.body)
	if id != "" {
		if a := c.b.remembered(id); a != nil {
			if bad := c.b.reused(a, print); bad != nil {
				return c.refuse(bad)
			}
			return answer{status: a.Status, contentType: a.Type, body: []byte(a.Body)}
		}
		c.b.forgetOld()
	}
	o := c.b.begin()
	inner, created, bad := o.do(w)
	got := c.enveloped(inner)
	if bad != nil {
		got = c.refuse(bad)
		o.change = &change{Realm: c.b.company.RealmID}
		o.owed = nil
		if id == "" || c.f.opts.Switches.RequestIDForgetsFaults || bad.status != http.StatusBadRequest {
			return got
		}
	}
	if id != "" {
		o.change.Key = &answered{Slot: id, Print: print, At: time.Now().UTC(), Status: got.status, Type: got.contentType, Body: string(got.body)}
	}
	if err := o.commit(); err != nil {
		return c.refuse(systemFault())
	}
	if created {
		c.f.counts.Created[w.kind.name]++
	}
	return got
}

func servePDF(k *kind, id string) func(*call) answer {
	return func(c *call) answer {
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		rec, ok := c.b.tables[k.name].get(id)
		if !ok {
			return c.refuse(notFound())
		}
		return answer{status: http.StatusOK, contentType: "application/pdf", body: fmt.Appendf(nil, "%%PDF-1.4\n%% %s %s\n%%%%EOF\n", fold(k.name), docNumber(rec))}
	}
}

func serveSend(k *kind, id string) func(*call) answer {
	return func(c *call) answer {
		if !faults.Element(c.r.Context(), 0) {
			return c.refuse(systemFault())
		}
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		o := c.b.begin()
		to := c.query.Get("sendTo")
		var bad *fault
		if _, ok := o.get(k.name, id); !ok {
			return c.refuse(notFound())
		}
		err := edit(o, k.name, id, func(form interface {
			record
			sale() *Sale
		}) {
			inv := form.sale()
			if to != "" {
				inv.BillEmail = &Email{Address: to}
			}
			if inv.BillEmail == nil || inv.BillEmail.Address == "" {
				bad = missing("BillEmail")
				return
			}
			bad = checkEmail("BillEmail", inv.BillEmail)
			inv.EmailStatus = "EmailSent"
			inv.DeliveryInfo = &DeliveryInfo{DeliveryType: "Email", DeliveryTime: o.at}
		})
		if bad == nil {
			bad = err
		}
		if bad != nil {
			return c.refuse(bad)
		}
		rec, _ := o.get(k.name, id)
		got := c.enveloped(o.inner(k, rec))
		if err := o.commit(); err != nil {
			return c.refuse(systemFault())
		}
		return got
	}
}
