package infusionsoft_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/limit"
)

// The conformance kit over the ledger, in pages of two, under the answers that the vendor does not
// document: whether the answer to a payment names the payment or its row, in which unit the rows are, and
// whether a payment changes its order.
func TestKit(t *testing.T) {
	t.Parallel()
	for name, switches := range map[string]infusionsoftfake.Switches{
		"major units": {NotesReadBack: true},
		"minor units": {
			NotesReadBack: true, InvoicePaymentsInMinorUnits: true, PaymentResultIsRow: true, PaymentTouchesOrder: true,
			KnowsTheEnd: true, LastPageToken: infusionsoftfake.LastPageNull, ManualPaymentsKeepTime: true, UnpaidStatus: "SENT",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ledgertest.Run(t, ledgertest.Harness{
				Name: "infusionsoft",
				Open: func(t ledgertest.T) ledgertest.World {
					w, err := kitWorld(switches)
					if err != nil {
						t.Fatalf("infusionsoft: %v", err)
					}
					return w
				},
				Cannot: []string{"Updates", "PaymentVoids", "Documents"},
			})
		})
	}
}

const (
	kitToken  = "tok-9f31c0de"
	kitOurs   = "xx123.infusionsoft.com"
	kitOthers = "yy456.infusionsoft.com"
)

// kitWire is the transport between the adapter and the fake. It counts what leaves, and spoils answers in
// the ways that need to know the vendor's JSON.
type kitWire struct {
	base http.RoundTripper
	plan *faults.Plan

	mu       sync.Mutex
	token    string
	requests []ledgertest.Request
	garbled  map[string]bool
	echo     []ledgertest.Fault // of the next writes
}

func kitWrites(r *http.Request) bool { return r.Method != http.MethodGet }

func (w *kitWire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	w.mu.Lock()
	r.Header.Set("Authorization", "Bearer "+w.token)
	w.requests = append(w.requests, ledgertest.Request{Write: kitWrites(r), At: time.Now()})
	garbled := len(w.garbled) > 0
	var echo ledgertest.Fault
	if kitWrites(r) && len(w.echo) > 0 {
		echo, w.echo = w.echo[0], w.echo[1:]
	}
	w.mu.Unlock()
	resp, err := w.base.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	if resp.Header.Get("Date") == "" {
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if !garbled && echo == "" {
		return resp, nil
	}
	if echo == ledgertest.ServerError { // it was carried out, and the answer says otherwise
		_ = resp.Body.Close()
		resp.StatusCode, resp.Status, resp.ContentLength = 500, "500 Internal Server Error", -1
		resp.Header = http.Header{"Content-Type": {"application/json"}}
		resp.Body = io.NopCloser(strings.NewReader(`{"code":500,"message":"Internal error","status":"INTERNAL"}`))
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	var whole any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&whole) == nil {
		whole = w.garble(whole)
		switch record, _ := whole.(map[string]any); echo {
		case ledgertest.WithoutOne: // the answer speaks of nothing
			whole = map[string]any{}
		case ledgertest.WithoutID:
			record["id"] = ""
		}
		body, _ = json.Marshal(whole)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, nil
}

func (w *kitWire) garble(v any) any {
	switch v := v.(type) {
	case map[string]any:
		w.mu.Lock()
		id, _ := v["id"].(string)
		bad := w.garbled[id]
		w.mu.Unlock()
		if bad && v["total"] != nil {
			v["total"] = map[string]any{"garbled": []bool{true}}
		}
		for k := range v {
			v[k] = w.garble(v[k])
		}
	case []any:
		for i := range v {
			v[i] = w.garble(v[i])
		}
	}
	return v
}

func (w *kitWire) inject(write bool, f ledgertest.Fault) error {
	fault := faults.Fault{Times: 1, Match: func(r *http.Request) bool { return kitWrites(r) == write }}
	if f == ledgertest.ServerError && !write {
		w.plan.Add(faults.Fault{Times: 1, Match: fault.Match, Kind: faults.Vendor, Name: "500"})
		return nil
	}
	named := map[ledgertest.Fault]string{
		ledgertest.Throttled: "429", ledgertest.Unauthorised: "401_expired", ledgertest.Forbidden: "403",
	}
	switch f {
	case ledgertest.LoseRequest:
		fault.Kind = faults.LoseRequest
	case ledgertest.LoseAnswer:
		fault.Kind = faults.LoseAnswer
	case ledgertest.CommitLate:
		fault.Kind, fault.Delay = faults.CommitLate, 30*time.Second
	case ledgertest.Truncated:
		fault.Kind = faults.Truncate
	case ledgertest.HTML:
		fault.Kind = faults.HTML
	case ledgertest.HTMLAfter:
		fault.Kind = faults.HTMLAfter
	case ledgertest.Hang:
		fault.Kind, fault.Delay = faults.SlowAnswer, 10*time.Minute
	case ledgertest.WithoutOne, ledgertest.WithoutID, ledgertest.ServerError:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.echo = append(w.echo, f)
		return nil
	default:
		name, known := named[f]
		if !known {
			return fmt.Errorf("the fake has no answer for %q: %w", f, errors.ErrUnsupported)
		}
		fault.Kind, fault.Name = faults.Vendor, name
	}
	w.plan.Add(fault)
	return nil
}

func kitWorld(switches infusionsoftfake.Switches) (ledgertest.World, error) {
	plan := faults.New(2)
	fake, err := infusionsoftfake.New(&infusionsoftfake.Options{
		Tenants: []infusionsoftfake.Tenant{{ID: kitOurs, Currency: "AUD", TimeZone: "Australia/Sydney"}, {ID: kitOthers, Currency: "AUD", TimeZone: "Australia/Sydney"}},
		Faults:  plan, Switches: switches, Tokens: []infusionsoftfake.Token{{Value: kitToken, Tenant: kitOurs}, {Value: "other", Tenant: kitOthers}},
	})
	if err != nil {
		return ledgertest.World{}, err
	}
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		return ledgertest.World{}, err
	}
	wire := &kitWire{base: fake.Transport(), plan: plan, token: kitToken, garbled: map[string]bool{}}
	budget := limit.New(nil)
	units := infusionsoft.UnitsMajor
	if switches.InvoicePaymentsInMinorUnits {
		units = infusionsoft.UnitsMinor
	}
	open := func() (*infusionsoft.Ledger, error) {
		return infusionsoft.NewLedger(&http.Client{Transport: wire}, &infusionsoft.Options{
			PageSize: 2, Budget: budget, RowUnits: units, NotesReadBack: true, Currency: "AUD", TimeZone: sydney,
		})
	}
	l, err := open()
	if err != nil {
		return ledgertest.World{}, err
	}
	number := func(id string) int64 {
		n, _ := strconv.ParseInt(id, 10, 64)
		return n
	}
	contact := func(given, family, email string) (string, error) {
		c, err := fake.AddContact(infusionsoftfake.Contact{GivenName: given, FamilyName: family, Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: email}}})
		return fmt.Sprint(c.ID), err
	}
	return ledgertest.World{
		Ledger: l, Reopen: func() (ledger.Source, error) { return open() },
		Bank: "Money Order", Missing: "987654321", Secrets: []string{kitToken},
		Elsewhere: func() error {
			wire.mu.Lock()
			defer wire.mu.Unlock()
			wire.token = "other"
			return nil
		},
		AddInvoice: func(inv ledger.Invoice) (string, error) {
			if inv.Contact.ID == "" {
				id, err := contact("Customer", "Example", "customer@example.com")
				if err != nil {
					return "", err
				}
				inv.Contact.ID = id
			}
			at := inv.Date.In(sydney).Add(15 * time.Hour) // in the afternoon, as seen from there
			o := infusionsoftfake.Order{
				ContactID: number(inv.Contact.ID), Title: "Order", Status: "SENT", OrderTime: at, DueTime: inv.DueDate.In(sydney).Add(15 * time.Hour),
			}
			for i, line := range inv.Lines {
				o.Items = append(o.Items, infusionsoftfake.Item{
					Type: "SERVICE", Name: line.Description, Quantity: line.Quantity.IntPart(), Price: line.UnitPrice,
					Product: &infusionsoftfake.ItemProduct{ID: int64(i + 1), Name: "Hour"},
				})
			}
			if n := number(inv.Number); n != 0 {
				// Orders have no number of their own: people read an order id, or an invoice id, and take it for one.
				if _, taken := fake.Order(n); taken {
					o.InvoiceID = n
				} else {
					o.ID = n
				}
			}
			added, err := fake.AddOrder(o)
			return fmt.Sprint(added.ID), err
		},
		AddContact: func(name, email string) (string, error) {
			given, family, _ := strings.Cut(name, " ")
			return contact(given, family, email)
		},
		AddPayment: func(invoice string, amount decimal.Decimal) (string, error) {
			p, err := fake.AddPayment(infusionsoftfake.Payment{OrderID: number(invoice), Amount: amount, Status: "MANUAL_PAID"})
			if err != nil {
				return "", err
			}
			for _, row := range fake.PaymentRows(number(invoice)) {
				if row.PaymentID == p.ID {
					return fmt.Sprint(row.ID), nil
				}
			}
			return "", errors.New("the payment has no row")
		},
		EditInvoice: func(id string) error {
			return fake.EditOrder(number(id), func(o *infusionsoftfake.Order) { o.Title += "!" })
		},
		DeleteInvoice: func(id string) error { return fake.DeleteOrder(number(id)) },
		DeletePayment: func(id string) error {
			for _, o := range fake.Orders() {
				for _, row := range fake.PaymentRows(o.ID) {
					if row.ID == number(id) {
						return fake.VoidPayment(row.PaymentID)
					}
				}
			}
			return errors.New("there is no such row")
		},
		Garble: func(id string) error {
			wire.mu.Lock()
			defer wire.mu.Unlock()
			wire.garbled[id] = true
			return nil
		},
		Inject: wire.inject,
		Requests: func() []ledgertest.Request {
			wire.mu.Lock()
			defer wire.mu.Unlock()
			return slices.Clone(wire.requests)
		},
		Marked: func(kind ledger.RecordKind, m ledger.Mark) (n int, err error) {
			var texts []string
			switch kind {
			case ledger.KindInvoice:
				for _, o := range fake.Orders() {
					texts = append(texts, o.ExternalCreateUser)
				}
			case ledger.KindContact:
				for _, c := range fake.Contacts() {
					texts = append(texts, string(c.Extra["billing_information"]))
				}
			case ledger.KindPayment:
				for _, p := range fake.Payments() {
					texts = append(texts, p.Note)
				}
			default:
				return 0, errors.ErrUnsupported
			}
			for _, text := range texts {
				if strings.Contains(text, string(m)) {
					n++
				}
			}
			return n, nil
		},
	}, nil
}
