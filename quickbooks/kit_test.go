package quickbooks_test

import (
	"bytes"
	"context"
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
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// The conformance kit, over a company whose lines have real tax codes, in pages of two.
func TestKit(t *testing.T) {
	ledgertest.Run(t, ledgertest.Harness{
		Name: "quickbooks",
		Open: func(t ledgertest.T) ledgertest.World {
			w, err := kitWorld()
			if err != nil {
				t.Fatalf("quickbooks: %v", err)
			}
			return w
		},
		Deviations: map[string]string{
			"payments/reversed ones too": "QuickBooks takes voided and deleted payments off their invoice; they are in the feed",
		},
	})
}

// kitWire is the transport between the adapter and the fake. It counts what leaves, and spoils answers in the ways
// that need to know QuickBooks' JSON.
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
	if err != nil || !garbled && echo == "" {
		return resp, err
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
		body, _ = json.Marshal(w.spoil(whole, echo))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, nil
}

func (w *kitWire) spoil(v any, echo ledgertest.Fault) any {
	switch v := v.(type) {
	case map[string]any:
		if id, _ := v["Id"].(string); w.isGarbled(id) && v["TotalAmt"] != nil {
			v["TotalAmt"] = map[string]any{"garbled": []bool{true}}
		}
		for k := range v {
			v[k] = w.spoil(v[k], echo)
			if list, ok := v[k].([]any); ok && k == "BatchItemResponse" && len(list) > 0 {
				switch echo {
				case ledgertest.Shuffled:
					slices.Reverse(list)
				case ledgertest.WithoutOne:
					v[k] = list[1:]
				case ledgertest.WithoutID:
					for _, record := range list[0].(map[string]any) {
						if record, ok := record.(map[string]any); ok {
							record["Id"] = "0"
						}
					}
				}
			}
		}
	case []any:
		for i := range v {
			v[i] = w.spoil(v[i], echo)
		}
	}
	return v
}

func (w *kitWire) isGarbled(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.garbled[id]
}

func (w *kitWire) inject(write bool, f ledgertest.Fault) error {
	fault := faults.Fault{Times: 1, Match: func(r *http.Request) bool { return kitWrites(r) == write }}
	named := map[ledgertest.Fault]string{
		ledgertest.Throttled: "429", ledgertest.Unauthorised: "401_expired", ledgertest.Forbidden: "403", ledgertest.ServerError: "500_after",
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
	case ledgertest.Shuffled, ledgertest.WithoutOne, ledgertest.WithoutID:
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

const kitToken = "tok-9f31c0de"

func kitWorld() (ledgertest.World, error) {
	plan := faults.New(1)
	ours, another := quickbooksfake.DefaultCompany("GB"), quickbooksfake.DefaultCompany("GB")
	ours.RealmID, ours.Name, ours.CustomTxnNumbers, ours.AllowDuplicateNumbers = "4620816365012345670", "Ours", true, true
	another.RealmID, another.Name = "4620816365012345671", "Another"
	fake, err := quickbooksfake.New(&quickbooksfake.Options{
		Companies: []quickbooksfake.Company{ours, another}, Faults: plan, Seed: 3, Switches: quickbooksfake.Switches{BatchInOrder: true},
		Tokens: []quickbooksfake.Token{{Bearer: kitToken, Realms: []string{ours.RealmID}}, {Bearer: "other", Realms: []string{another.RealmID}}},
	})
	if err != nil {
		return ledgertest.World{}, err
	}
	books := fake.BooksOf("Ours")
	wire := &kitWire{base: fake.Transport(), plan: plan, token: kitToken, garbled: map[string]bool{}}
	budget := limit.New(nil)
	added := 0
	ctx := context.Background()
	open := func() (ledger.Ledger, error) {
		l, err := quickbooks.New(&http.Client{Transport: wire}, ours.RealmID, &quickbooks.Options{PageSize: 2, Budget: budget})
		if err != nil {
			return nil, err
		}
		_, err = l.Organisation(ctx) // must be read before something is written; see package quickbooks
		return l, err
	}
	l, err := open()
	if err != nil {
		return ledgertest.World{}, err
	}
	var taxCode, income, bank string
	for _, c := range books.TaxCodes() {
		if strings.HasPrefix(c.Name, "20") {
			taxCode = c.ID
		}
	}
	for _, a := range books.Accounts() {
		switch a.AccountType {
		case "Income":
			income = a.ID
		case "Bank":
			bank = a.ID
		}
	}
	customers := 0
	customer := func(name, email string) (string, error) {
		c, err := books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: name, PrimaryEmailAddr: &quickbooksfake.Email{Address: email}}})
		return c.ID, err
	}
	return ledgertest.World{
		Ledger:  l,
		Reopen:  func() (ledger.Source, error) { return open() },
		Account: income, Item: "1", TaxCode: taxCode, Bank: bank, Missing: "999999",
		Secrets: []string{kitToken},
		Elsewhere: func() error {
			wire.mu.Lock()
			defer wire.mu.Unlock()
			wire.token = "other"
			return nil
		},
		AddInvoice: func(inv ledger.Invoice) (string, error) {
			if inv.Contact.ID == "" {
				customers++
				id, err := customer(fmt.Sprint("Customer ", customers), "a@example.com")
				if err != nil {
					return "", err
				}
				inv.Contact.ID = id
			}
			sale := quickbooksfake.Sale{
				DocNumber: inv.Number, CustomerRef: quickbooksfake.Ref{Value: inv.Contact.ID}, GlobalTaxCalculation: "NotApplicable",
				TxnDate: quickbooksfake.Date(inv.Date.String()), DueDate: quickbooksfake.Date(inv.DueDate.String()),
			}
			for _, line := range inv.Lines {
				sale.Line = append(sale.Line, quickbooksfake.Line{
					Description: line.Description,
					SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{
						ItemRef: &quickbooksfake.Ref{Value: "1"}, Qty: quickbooksfake.NewNumber(line.Quantity), UnitPrice: quickbooksfake.NewNumber(line.UnitPrice),
					},
				})
			}
			if sale.DocNumber == "" { // with custom numbers nobody else gives one
				sale.DocNumber = fmt.Sprint("K-", added+1)
			}
			added++
			entered, err := books.AddInvoice(quickbooksfake.Invoice{Sale: sale})
			return entered.ID, err
		},
		AddContact: customer,
		AddPayment: func(invoice string, amount decimal.Decimal) (string, error) {
			inv, _ := books.Invoice(invoice)
			money := quickbooksfake.NewAmount(amount)
			p, err := books.AddPayment(quickbooksfake.Payment{
				CustomerRef: inv.CustomerRef, TotalAmt: &money,
				Line: []quickbooksfake.Line{{Amount: &money, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: invoice, TxnType: "Invoice"}}}},
			})
			return p.ID, err
		},
		EditInvoice: func(id string) error {
			return books.EditInvoice(id, func(i *quickbooksfake.Invoice) { i.PrivateNote += "!" })
		},
		VoidInvoice: books.VoidInvoice, DeleteInvoice: books.DeleteInvoice, DeletePayment: books.DeletePayment,
		ArchiveContact: func(id string) error {
			inactive := false
			return books.EditCustomer(id, func(c *quickbooksfake.Customer) { c.Active = &inactive })
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
				for _, i := range books.Invoices() {
					texts = append(texts, i.PrivateNote)
				}
			case ledger.KindContact:
				for _, c := range books.Customers() {
					texts = append(texts, c.Notes)
				}
			case ledger.KindPayment:
				for _, p := range books.Payments() {
					texts = append(texts, p.PrivateNote)
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
