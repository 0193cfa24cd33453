package ledgertest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

func TestMemoryPassesEveryCase(t *testing.T) {
	t.Parallel()
	var skipped []string
	for _, r := range ledgertest.Run(t, ledgertest.MemoryHarness(nil)) {
		if r.Verdict != ledgertest.Passed {
			skipped = append(skipped, r.Case)
		}
	}
	// What has no meaning for a kind of record, and nothing else.
	want := "contacts/create/another amount, contacts/create/another parent, invoices/create/another parent, payment void/look/somebody else"
	if got := strings.Join(skipped, ", "); got != want {
		t.Errorf("not passed: got %s, want %s", got, want)
	}
}

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func memory(t *testing.T, o *ledgertest.MemoryOptions) *ledgertest.Memory {
	t.Helper()
	m, err := ledgertest.NewMemory(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMemoryArithmetic(t *testing.T) {
	t.Parallel()
	m := memory(t, nil)
	line := func(quantity, price string) ledger.Line {
		return ledger.Line{Quantity: d(quantity), UnitPrice: d(price), TaxCode: "OUTPUT"}
	}
	// By hand, at 10 %, each line's tax rounded half away from zero.
	for _, x := range []struct {
		name            string
		mode            ledger.TaxMode
		currency        ledger.Currency
		lines           []ledger.Line
		net, tax, total string
	}{
		{"exclusive: 0.005 each", ledger.TaxExclusive, "AUD", []ledger.Line{line("1", "0.05"), line("1", "0.05")}, "0.10", "0.02", "0.12"},
		{"exclusive: amount rounded first", ledger.TaxExclusive, "AUD", []ledger.Line{line("3", "33.3333")}, "100.00", "10.00", "110.00"},
		{"inclusive: 1.10 contains 0.10", ledger.TaxInclusive, "AUD", []ledger.Line{line("1", "1.10")}, "1.00", "0.10", "1.10"},
		{"inclusive: 0.06 contains 0.0054…", ledger.TaxInclusive, "AUD", []ledger.Line{line("1", "0.06")}, "0.05", "0.01", "0.06"},
		{"negative halves away from zero", ledger.TaxExclusive, "AUD", []ledger.Line{line("1", "100.00"), line("1", "-15.55")}, "84.45", "8.44", "92.89"},
		{"none", ledger.TaxNone, "AUD", []ledger.Line{line("7", "0.01")}, "0.07", "0", "0.07"},
		{"yen have no places", ledger.TaxExclusive, "JPY", []ledger.Line{line("1", "105")}, "105", "11", "116"},
		{"dinars have three", ledger.TaxExclusive, "KWD", []ledger.Line{line("1", "0.005")}, "0.005", "0.001", "0.006"},
	} {
		p, err := m.Predict(ledger.Invoice{TaxMode: x.mode, Currency: x.currency, Lines: x.lines}, m.Books().Chart())
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		if !p.Totals.Net.Equal(d(x.net)) || !p.Totals.Tax.Equal(d(x.tax)) || !p.Totals.Total.Equal(d(x.total)) {
			t.Errorf("%s: got %s + %s = %s, want %s + %s = %s", x.name, p.Totals.Net, p.Totals.Tax, p.Totals.Total, x.net, x.tax, x.total)
		}
	}
	if _, err := m.Predict(ledger.Invoice{Lines: []ledger.Line{{TaxCode: "NO SUCH"}}}, m.Books().Chart()); !errors.Is(err, ledger.ErrRefused) {
		t.Errorf("an unknown tax code: got %v", err)
	}
}

func draft(n string) []ledger.Draft[ledger.Contact] {
	from := ledger.OrganisationID{Vendor: "host", ID: "h"}
	m := ledger.NewMark(ledger.OrganisationID{Vendor: "memory", ID: "books"}, ledger.KindContact, from, n, 0)
	return []ledger.Draft[ledger.Contact]{{Mark: m, Record: ledger.Contact{Name: "Name " + n}}}
}

func create(t *testing.T, m *ledgertest.Memory, n, key string) ledger.Outcome[ledger.Contact] {
	t.Helper()
	w := m.Powers().Contacts
	e, err := w.Encode(draft(n))
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.Create(context.Background(), ledger.Batch{Encoded: e, Key: key, Members: []ledger.Member{{Mark: draft(n)[0].Mark}}})
	if err != nil || len(o) != 1 {
		t.Fatalf("%d outcomes, error %v", len(o), err)
	}
	return o[0]
}

func TestMemoryForgetsKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := memory(t, nil)
		create(t, m, "1", "k")
		if o := create(t, m, "1", "k"); o.State != ledger.Created {
			t.Errorf("within the key's life: %v", o.State)
		}
		time.Sleep(m.Powers().Contacts.Limits().KeyLife)
		if o := create(t, m, "1", "k"); o.State != ledger.Refused || o.Refusal.Code != ledger.RefusedNameTaken {
			t.Errorf("after the key's life it is another request: got %v, %+v", o.State, o.Refusal)
		}
	})
}

func TestMemoryRefuses(t *testing.T) {
	t.Parallel()
	m := memory(t, nil)
	b := m.Books()
	c, err := b.AddContact(ledger.Contact{Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	lines := []ledger.Line{{Quantity: d("1"), UnitPrice: d("10"), Account: "200"}}
	day := ledger.MustDate("2025-06-30")
	add := func(inv ledger.Invoice) error {
		_, err := b.AddInvoice(inv)
		return err
	}
	b.EditOrganisation(func(o *ledger.Organisation) { o.LockDates = []ledger.Date{day} })
	for name, inv := range map[string]ledger.Invoice{
		ledger.RefusedLocked:   {Contact: c, Date: day, Lines: lines},
		ledger.RefusedContact:  {Date: day.AddDays(1), Lines: lines},
		ledger.RefusedCurrency: {Contact: c, Date: day.AddDays(1), Currency: "NZD", Lines: lines},
		ledger.RefusedTaxRate:  {Contact: c, Date: day.AddDays(1), TaxMode: ledger.TaxExclusive, Lines: []ledger.Line{{Quantity: d("1"), Account: "200", TaxCode: "X"}}},
		ledger.RefusedAccount:  {Contact: c, Date: day.AddDays(1), Lines: []ledger.Line{{Quantity: d("1"), Account: "999"}}},
	} {
		if err := add(inv); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	inv, err := b.AddInvoice(ledger.Invoice{Contact: c, Date: day.AddDays(1), Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.AddPayment(ledger.Payment{InvoiceID: inv.ID, Amount: d("10.01"), Date: day.AddDays(2)}); err == nil || !strings.Contains(err.Error(), ledger.RefusedOverpays) {
		t.Errorf("overpaying: got %v", err)
	}
	if _, err := b.AddPayment(ledger.Payment{InvoiceID: inv.ID, Amount: d("10"), Date: day.AddDays(2)}); err != nil {
		t.Error(err)
	}
	if got, _ := m.Invoice(t.Context(), ledger.Ref{ID: inv.ID}); got.Status != ledger.StatusPaid || !got.Totals.Balance.IsZero() {
		t.Errorf("paid in full: %s, balance %s", got.Status, got.Totals.Balance)
	}
	if err := b.VoidInvoice(inv.ID); err == nil {
		t.Error("an invoice with a payment was voided")
	}
}

func TestMemoryTellsRemovals(t *testing.T) {
	t.Parallel()
	m := memory(t, nil)
	c, _ := m.Books().AddContact(ledger.Contact{Name: "Ada"})
	var next ledger.Cursor
	for p, err := range m.Contacts(t.Context(), ledger.Query{}) {
		next = p.Next
		if err != nil || len(p.Records) != 1 {
			t.Fatalf("%d contacts, error %v", len(p.Records), err)
		}
	}
	if err := m.Books().Remove(c.ID); err != nil {
		t.Fatal(err)
	}
	for p, err := range m.Contacts(t.Context(), ledger.Query{Cursor: next}) {
		if err != nil || len(p.Records) != 0 || len(p.Deleted) != 1 || p.Deleted[0].ID != c.ID {
			t.Errorf("after a removal: %+v, error %v", p, err)
		}
	}
	found, err := m.Powers().Contacts.Find(t.Context(), ledger.Sought{Marks: []ledger.Mark{"AAAAAAAAAAAAAAAA"}})
	if err != nil || len(found.Gone) != 1 || found.Gone[0].ID != c.ID {
		t.Errorf("look-up after a removal: %+v, error %v", found, err)
	}
}

func TestMemoryOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []ledgertest.MemoryOptions{{Currency: "XYZ"}, {PageSize: -1}} {
		if _, err := ledgertest.NewMemory(&o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	m := memory(t, &ledgertest.MemoryOptions{ID: "42", Name: "Ours", Currency: "NZD", Currencies: []ledger.Currency{"AUD"}, Live: true})
	o, err := m.Organisation(t.Context())
	if err != nil || o.ID.String() != "memory:42" || o.Name != "Ours" || !o.Live || o.BaseCurrency != "NZD" || !o.Holds("AUD") || o.Holds("USD") {
		t.Errorf("organisation %+v, error %v", o, err)
	}
}
