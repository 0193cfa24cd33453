package xerofake

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/faults"
)

const apiRoot = "/api.xro/2.0"

// maxBody is the largest request body.
const maxBody = 10 << 20

// A call is an accounting request that has passed the doors.
type call struct {
	f      *Fake
	books  *Books
	caller caller
	r      *http.Request
	ctx    context.Context
	args   []string // of the route's pattern
	query  url.Values
	body   []byte
	fault  string // the vendor fault that this request is hit by
}

type route struct {
	method, pattern string
	scopes          []string // any of them; a reading scope is implied by the writing one
	serve           func(*call) answer
}

// knownElsewhere are the collections that Xero has and the fake has not.
const knownElsewhere = "BankTransactions BankTransfers BatchPayments Budgets ContactGroups Employees ExpenseClaims InvoiceReminders " +
	"Journals LinkedTransactions ManualJournals Overpayments PaymentServices Prepayments PurchaseOrders Quotes Receipts RepeatingInvoices Reports Setup Users"

// chartWrites are the collections that the fake has, and whose records can be written in Xero only.
const chartWrites = "Accounts Items TaxRates TrackingCategories"

// notHere reports what Xero has and the fake has not.
func notHere(method, path string) bool {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case slices.Contains(strings.Fields(knownElsewhere), segments[0]), slices.Contains(segments[1:], "Attachments"):
		return true
	case len(segments) == 3 && segments[2] == "CISSettings", len(segments) == 3 && segments[0] == "Items" && segments[2] == "History":
		return true
	}
	return method != http.MethodGet && slices.Contains(strings.Fields(chartWrites), segments[0])
}

// routes are the paths that the fake serves; a {} stands for one path segment.
func routes() []route {
	get, put, post := http.MethodGet, http.MethodPut, http.MethodPost
	// The granular scopes of 2026, and the broad ones that older apps still have.
	var (
		scopeSettings = []string{"accounting.settings"}
		scopeContacts = []string{"accounting.contacts"}
		scopeInvoices = []string{"accounting.invoices", "accounting.transactions"}
		scopePayments = []string{"accounting.payments", "accounting.transactions"}
		scopeItems    = []string{"accounting.settings", "accounting.invoices", "accounting.transactions"}
	)
	return []route{
		{get, "/Organisation", scopeSettings, getOrganisation},
		{get, "/Organisation/Actions", scopeSettings, getActions},
		{get, "/Accounts", scopeSettings, getAccounts},
		{get, "/Accounts/{AccountID}", scopeSettings, getAccounts},
		{get, "/TaxRates", scopeSettings, getTaxRates},
		{get, "/TaxRates/{TaxType}", scopeSettings, getTaxRates},
		{get, "/Items", scopeItems, getItems},
		{get, "/Items/{ItemID}", scopeItems, getItems},
		{get, "/Currencies", scopeSettings, getCurrencies},
		{put, "/Currencies", scopeSettings, putCurrency},
		{get, "/BrandingThemes", scopeSettings, getThemes},
		{get, "/BrandingThemes/{BrandingThemeID}", scopeSettings, getThemes},
		{get, "/TrackingCategories", scopeSettings, getTracking},
		{get, "/TrackingCategories/{TrackingCategoryID}", scopeSettings, getTracking},
		{get, "/Contacts", scopeContacts, getContacts},
		{put, "/Contacts", scopeContacts, putContacts},
		{post, "/Contacts", scopeContacts, postContacts},
		{get, "/Contacts/{ContactID}", scopeContacts, getContact},
		{post, "/Contacts/{ContactID}", scopeContacts, postContacts},
		{get, "/Contacts/{ContactID}/History", scopeContacts, history((*Books).isContact)},
		{put, "/Contacts/{ContactID}/History", scopeContacts, addNote((*Books).isContact)},
		{get, "/Invoices", scopeInvoices, getInvoices},
		{put, "/Invoices", scopeInvoices, putInvoices},
		{post, "/Invoices", scopeInvoices, postInvoices},
		{get, "/Invoices/{InvoiceID}", scopeInvoices, getInvoice},
		{post, "/Invoices/{InvoiceID}", scopeInvoices, postInvoices},
		{get, "/Invoices/{InvoiceID}/pdf", scopeInvoices, getInvoicePDF},
		{get, "/Invoices/{InvoiceID}/OnlineInvoice", scopeInvoices, getOnlineInvoice},
		{post, "/Invoices/{InvoiceID}/Email", scopeInvoices, emailInvoice},
		{get, "/Invoices/{InvoiceID}/History", scopeInvoices, history((*Books).isInvoice)},
		{put, "/Invoices/{InvoiceID}/History", scopeInvoices, addNote((*Books).isInvoice)},
		{get, "/CreditNotes", scopeInvoices, getCreditNotes},
		{put, "/CreditNotes", scopeInvoices, putCreditNotes},
		{post, "/CreditNotes", scopeInvoices, postCreditNotes},
		{get, "/CreditNotes/{CreditNoteID}", scopeInvoices, getCreditNote},
		{post, "/CreditNotes/{CreditNoteID}", scopeInvoices, postCreditNotes},
		{put, "/CreditNotes/{CreditNoteID}/Allocations", scopeInvoices, putAllocations},
		{http.MethodDelete, "/CreditNotes/{CreditNoteID}/Allocations/{AllocationID}", scopeInvoices, deleteAllocation},
		{get, "/CreditNotes/{CreditNoteID}/History", scopeInvoices, history((*Books).isCreditNote)},
		{put, "/CreditNotes/{CreditNoteID}/History", scopeInvoices, addNote((*Books).isCreditNote)},
		{get, "/Payments", scopePayments, getPayments},
		{put, "/Payments", scopePayments, putPayments},
		{post, "/Payments", scopePayments, postPayments},
		{get, "/Payments/{PaymentID}", scopePayments, getPayment},
		{post, "/Payments/{PaymentID}", scopePayments, deletePayment},
		{get, "/Payments/{PaymentID}/History", scopePayments, history((*Books).isPayment)},
		{put, "/Payments/{PaymentID}/History", scopePayments, addNote((*Books).isPayment)},
	}
}

// match finds the route of a path below the API root. pathKnown tells a missing method from a missing
// path.
func (f *Fake) match(method, path string) (found *route, args []string, pathKnown bool) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if segments[0] == "Organisations" {
		segments[0] = "Organisation"
	}
	for i := range f.routes {
		want := strings.Split(f.routes[i].pattern[1:], "/")
		if len(want) != len(segments) {
			continue
		}
		var got []string
		ok := true
		for j, w := range want {
			switch {
			case w[0] == '{':
				arg, err := url.PathUnescape(segments[j])
				ok = ok && err == nil && arg != ""
				got = append(got, arg)
			case w != segments[j]:
				ok = false
			}
		}
		// "Actions" is a word of the path, not an id; literal routes stand before patterns.
		if ok && found == nil {
			pathKnown = true
			if f.routes[i].method == method {
				found, args = &f.routes[i], got
			}
		}
	}
	return found, args, pathKnown
}

// serve is the vendor behind the fault plan.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	f.mu.Lock()
	h.Set("Xero-Correlation-Id", f.newID())
	f.mu.Unlock()
	var a answer
	if path, ok := strings.CutPrefix(r.URL.EscapedPath(), apiRoot); ok && (path == "" || path[0] == '/') {
		a = f.accounting(r, path, h)
	} else {
		a = f.identity(w, r)
	}
	f.mu.Lock()
	f.counts.ByStatus[a.status]++
	f.mu.Unlock()
	if a.contentType != "" {
		h.Set("Content-Type", a.contentType)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (f *Fake) accounting(r *http.Request, path string, h http.Header) answer {
	rt, args, known := f.match(r.Method, path)
	switch {
	case rt != nil:
		f.count(r, rt.pattern)
	default:
		f.count(r, "other")
	}
	vendor, _ := faults.Answer(r.Context())
	caller, refused := f.authenticate(r, vendor.Name)
	if refused != nil {
		return *refused
	}
	books, refused := f.tenant(r, caller, vendor.Name)
	if refused != nil {
		return *refused
	}

	forced := ""
	switch vendor.Name {
	case "429_minute", "429_day", "429_concurrent":
		forced = strings.TrimPrefix(vendor.Name, "429_")
	case "429_app":
		forced = "appminute" // its real value is not known
	case "", "500", "500_after", "400_key_reused", "400_elements", "400_elements_all",
		"503_offline", "503_unavailable", "503_organisation_offline", "404", "412":
	default:
		return text(http.StatusInternalServerError, fmt.Sprintf("xerofake: the fault %q is unknown, see the package's documentation", vendor.Name))
	}
	refused, leave := f.admit(books, caller.app, forced, vendor.RetryAfter, h)
	if refused != nil {
		return *refused
	}
	defer leave()

	switch {
	case vendor.Name == "404":
		return notFound()
	case vendor.Name == "412":
		return text(http.StatusPreconditionFailed, "One or more preconditions in the request headers failed")
	case rt == nil && notHere(r.Method, path):
		return text(http.StatusNotImplemented, "xerofake: this part of Xero is not in the fake")
	case rt == nil && known:
		return text(http.StatusNotImplemented, "The method is not implemented for this resource")
	case rt == nil:
		return notFound()
	case !caller.may(rt):
		return f.gate(http.StatusUnauthorized, "Unauthorized", "AuthorizationUnsuccessful")
	}
	if refused := negotiate(r, rt); refused != nil {
		return *refused
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return bodyFault("the body could not be read")
	}
	if len(body) > maxBody {
		return text(http.StatusRequestEntityTooLarge, "The request is larger than 10 MB")
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return queryFault("the query could not be parsed")
	}
	if f.opts.Latency > 0 {
		time.Sleep(f.opts.Latency)
	}
	c := &call{f: f, books: books, caller: caller, r: r, ctx: r.Context(), args: args, query: query, body: body, fault: vendor.Name}
	return f.once(c, func() answer {
		switch vendor.Name {
		case "500":
			return problem500()
		case "400_key_reused": // sent without a key
			return keyReused("KEY_VALUE")
		case "503_offline":
			return text(http.StatusServiceUnavailable, "The Xero API is currently offline for maintenance")
		case "503_unavailable":
			return text(http.StatusServiceUnavailable, "The Xero API is temporarily unavailable")
		case "503_organisation_offline":
			return text(http.StatusServiceUnavailable, "The Organisation is offline")
		}
		a := rt.serve(c)
		if vendor.Name == "500_after" {
			return problem500()
		}
		return a
	})
}

// negotiate insists on JSON, in which the fake is the poorer: the real service would answer in XML.
func negotiate(r *http.Request, rt *route) *answer {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	empty := rt.method == http.MethodDelete || strings.HasSuffix(rt.pattern, "/Email")
	pdf := strings.Contains(accept, "application/pdf") || strings.HasSuffix(rt.pattern, "/pdf")
	if !empty && !pdf && !strings.Contains(accept, "application/json") {
		a := text(http.StatusNotAcceptable, "xerofake speaks JSON only: send Accept: application/json (without it the real service answers in XML)")
		return &a
	}
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		if t := strings.ToLower(r.Header.Get("Content-Type")); !strings.Contains(t, "json") && !empty {
			a := text(http.StatusUnsupportedMediaType, "xerofake speaks JSON only: send Content-Type: application/json")
			return &a
		}
	}
	return nil
}
