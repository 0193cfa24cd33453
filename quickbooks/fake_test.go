package quickbooks_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// room is the adapter in front of the fake, in virtual time.
type room struct {
	*testing.T
	ctx    context.Context
	fake   *quickbooksfake.Fake
	books  *quickbooksfake.Books
	ledger *quickbooks.Ledger
	plan   *faults.Plan
	org    ledger.Organisation
	chart  ledger.Chart
}

// setup is what a test wants different.
type setup struct {
	company  quickbooksfake.Company
	options  quickbooks.Options
	switches quickbooksfake.Switches
}

func enter(t *testing.T, s *setup, test func(*room)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if s == nil {
			s = &setup{}
		}
		if s.company.Country == "" {
			s.company = quickbooksfake.DefaultCompany("US")
		}
		plan := faults.New(1)
		fake, err := quickbooksfake.New(&quickbooksfake.Options{Companies: []quickbooksfake.Company{s.company}, Faults: plan, Seed: 1, Switches: s.switches})
		require.NoError(t, err)
		r := &room{T: t, ctx: context.Background(), fake: fake, books: fake.Books(), plan: plan}
		r.ledger, err = quickbooks.New(fake.Client("token"), r.books.Company().RealmID, &s.options)
		require.NoError(t, err)
		r.org, err = r.ledger.Organisation(r.ctx)
		require.NoError(t, err)
		r.chart, err = r.ledger.Chart(r.ctx)
		require.NoError(t, err)
		test(r)
		synctest.Wait()
	})
}

func (r *room) mark(n int) ledger.Mark {
	return ledger.NewMark(r.org.ID, ledger.KindInvoice, ledger.OrganisationID{Vendor: "test", ID: "1"}, fmt.Sprint(n), 0)
}

func (r *room) contact() ledger.Contact {
	r.Helper()
	c, err := r.books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: fmt.Sprintf("Customer %d", r.fake.Calls())}})
	require.NoError(r, err)
	return ledger.Contact{ID: c.ID}
}

func amount(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func (r *room) invoice(c ledger.Contact) ledger.Invoice {
	today := ledger.DateIn(time.Now(), r.org.TimeZone)
	return ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: c, Date: today, DueDate: today.AddDays(14),
		Currency: r.org.BaseCurrency, TaxMode: ledger.TaxExclusive, URL: "https://shop.example/orders/1", Reference: "PO 7",
		Lines: []ledger.Line{
			{Kind: ledger.LineProduct, Description: "Widget", ItemID: "5", Quantity: amount("3"), UnitPrice: amount("33.3333"), Amount: amount("100"), TaxCode: "TAX", TaxAmount: decimal.NewNullDecimal(amount("8.25"))},
			{Kind: ledger.LineShipping, Description: "Shipping", Quantity: amount("1"), UnitPrice: amount("4.5"), Amount: amount("4.5"), TaxCode: "NON"},
			{Kind: ledger.LineDiscount, Description: "Voucher", Quantity: amount("1"), UnitPrice: amount("-10.02"), Amount: amount("-10.02"), TaxCode: "NON"},
			{Kind: ledger.LineOther, Description: "Energy", ItemID: "4", Quantity: amount("1000"), UnitPrice: amount("0.123456"), Amount: amount("123.46"), TaxCode: "NON"},
		},
	}
}

// batch encodes invoices under marks from n on.
func (r *room) batch(n int, invoices ...ledger.Invoice) ledger.Batch {
	r.Helper()
	var drafts []ledger.Draft[ledger.Invoice]
	var b ledger.Batch
	for i, inv := range invoices {
		p, err := r.ledger.Predict(inv, r.chart)
		require.NoError(r, err)
		require.Empty(r, p.Unclear)
		m := r.mark(n + i)
		drafts = append(drafts, ledger.Draft[ledger.Invoice]{Mark: m, Record: inv})
		b.Members = append(b.Members, ledger.Member{Mark: m, Amount: p.Totals.Total})
	}
	var err error
	b.Encoded, err = r.ledger.Powers().Invoices.Encode(drafts)
	require.NoError(r, err)
	b.Key = fmt.Sprintf("batch-%d", n)
	return b
}

// create creates one invoice and insists that it worked.
func (r *room) create(n int, inv ledger.Invoice) ledger.Invoice {
	r.Helper()
	outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, r.batch(n, inv))
	require.NoError(r, err)
	require.Equal(r, ledger.Created, outcomes[0].State, "%+v", outcomes[0].Refusal)
	return outcomes[0].Record
}

func (r *room) pay(n int, invoice ledger.Invoice, amount decimal.Decimal) ledger.Outcome[ledger.Payment] {
	r.Helper()
	var account string
	for _, a := range r.chart.Accounts {
		if a.TakesPayments {
			account = a.ID
			if a.Code != "" {
				account = a.Code
			}
		}
	}
	w := r.ledger.Powers().Payments
	m := r.mark(n)
	e, err := w.Encode([]ledger.Draft[ledger.Payment]{{Mark: m, Record: ledger.Payment{
		InvoiceID: invoice.ID, Contact: invoice.Contact.ID, Date: ledger.DateIn(time.Now(), r.org.TimeZone), Amount: amount, Currency: invoice.Currency, Account: account, Reference: "Visa",
	}}})
	require.NoError(r, err)
	o, err := w.Create(r.ctx, ledger.Batch{Members: []ledger.Member{{Mark: m, Amount: amount, Parent: invoice.ID}}, Encoded: e, Key: fmt.Sprintf("pay-%d", n)})
	require.NoError(r, err)
	return o[0]
}

func TestFakePredictionHolds(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		inv := r.invoice(r.contact())
		p, err := r.ledger.Predict(inv, r.chart)
		require.NoError(t, err)
		got := r.create(1, inv)
		assert.True(t, p.Totals.Tax.Equal(got.Totals.Tax), "tax %s, predicted %s", got.Totals.Tax, p.Totals.Tax)
		// 100 + 4.50 − 10.02 + 123.46 + 8.25 by hand.
		assert.Equal(t, "226.19", got.Totals.Total.String())
		again, err := r.ledger.Invoice(r.ctx, ledger.Ref{ID: got.ID})
		require.NoError(t, err)
		assert.Equal(t, r.mark(1), again.Mark)
		assert.Equal(t, "PO 7", again.Reference)
		assert.Equal(t, inv.Date, again.Date)
		assert.Equal(t, inv.DueDate, again.DueDate)
		assert.Equal(t, "33.3333", again.Lines[0].UnitPrice.String())
		sum := decimal.Zero
		for _, l := range again.Lines {
			sum = sum.Add(l.Amount)
		}
		assert.True(t, again.Totals.Net.Equal(sum))
		if again.Number != "" {
			byNumber, err := r.ledger.Invoice(r.ctx, ledger.Ref{Number: again.Number})
			require.NoError(t, err)
			assert.Equal(t, got.ID, byNumber.ID)
		}
	})
}

func TestFakeElsewhere(t *testing.T) {
	t.Parallel()
	for _, country := range []string{"GB", "CA", "AU"} {
		t.Run(country, func(t *testing.T) {
			t.Parallel()
			enter(t, &setup{company: quickbooksfake.DefaultCompany(country)}, func(r *room) {
				require.NotEmpty(t, r.chart.TaxRates)
				for i, rate := range r.chart.TaxRates {
					if !rate.Active {
						continue
					}
					inv := r.invoice(r.contact())
					inv.Lines = []ledger.Line{
						{Kind: ledger.LineProduct, Description: "a", ItemID: "5", Quantity: amount("1"), UnitPrice: amount("10"), TaxCode: rate.Code},
						{Kind: ledger.LineProduct, Description: "b", ItemID: "5", Quantity: amount("2"), UnitPrice: amount("20"), TaxCode: rate.Code},
					}
					p, err := r.ledger.Predict(inv, r.chart)
					require.NoError(t, err)
					got := r.create(i, inv)
					assert.True(t, p.Totals.Tax.Equal(got.Totals.Tax), "%s at %s: tax %s, predicted %s", rate.Name, rate.Percent, got.Totals.Tax, p.Totals.Tax)
					assert.True(t, p.Totals.Total.Equal(got.Totals.Total))
				}
			})
		})
	}
}

// Real problem 24 among others.
func TestFakeBatchWithRefusals(t *testing.T) {
	t.Parallel()
	c := quickbooksfake.DefaultCompany("US")
	c.CustomTxnNumbers = true
	enter(t, &setup{company: c}, func(r *room) {
		customer := r.contact()
		first := r.invoice(customer)
		first.Number = "A-1"
		r.create(1, first)
		good, bad := r.invoice(customer), r.invoice(customer)
		bad.Number = "A-1"
		outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, r.batch(2, good, bad, good))
		require.NoError(t, err)
		assert.Equal(t, []ledger.OutcomeState{ledger.Created, ledger.Refused, ledger.Created}, []ledger.OutcomeState{outcomes[0].State, outcomes[1].State, outcomes[2].State})
		assert.Equal(t, ledger.RefusedNumberTaken, outcomes[1].Refusal.Code)

		found, err := r.ledger.Powers().Invoices.Find(r.ctx, ledger.Sought{Numbers: []string{"A-1", "B'2\\"}})
		require.NoError(t, err)
		assert.Len(t, found.ByNumber["A-1"], 1)
		assert.Empty(t, found.ByNumber["B'2\\"])

		_, err = r.books.AddVendor(quickbooksfake.Vendor{Party: quickbooksfake.Party{DisplayName: "O'Neil \\ Sons"}})
		require.NoError(t, err)
		w := r.ledger.Powers().Contacts
		e, err := w.Encode([]ledger.Draft[ledger.Contact]{{Mark: r.mark(9), Record: ledger.Contact{Name: "O'Neil \\ Sons"}}})
		require.NoError(t, err)
		o, err := w.Create(r.ctx, ledger.Batch{Members: []ledger.Member{{Mark: r.mark(9)}}, Encoded: e, Key: "c9"})
		require.NoError(t, err)
		assert.Equal(t, ledger.RefusedNameTaken, o[0].Refusal.Code)
		assert.NotContains(t, o[0].Refusal.Message, "Neil")
		t.Log(o[0].Refusal.Message)

		roles := map[string]int{}
		for contact, err := range ledger.All(r.ledger.Contacts(r.ctx, ledger.Query{})) {
			require.NoError(t, err)
			roles[contact.Role]++
		}
		assert.Positive(t, roles[quickbooks.RoleCustomer])
		assert.Equal(t, 1, roles[quickbooks.RoleVendor])
	})
}

// What is uncertain is found by its mark, and nothing else is. Real problems 1 and 3.
func TestFakeLostAnswersAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault faults.Fault
		exist int
	}{
		"answer lost":         {faults.Fault{Kind: faults.LoseAnswer}, 3},
		"request lost":        {faults.Fault{Kind: faults.LoseRequest}, 0},
		"committed late":      {faults.Fault{Kind: faults.CommitLate, Delay: time.Minute}, 3},
		"element by element":  {faults.Fault{Kind: faults.CommitByElement, Delay: time.Second, Elements: 2}, 2},
		"truncated":           {faults.Fault{Kind: faults.Truncate}, 3},
		"gateway page before": {faults.Fault{Kind: faults.HTML}, 0},
		"gateway page after":  {faults.Fault{Kind: faults.HTMLAfter}, 3},
		"500 after":           {faults.Fault{Kind: faults.Vendor, Name: "500_after"}, 3},
		"500 before":          {faults.Fault{Kind: faults.Vendor, Name: "500"}, 0},
		"500 of the gateway":  {faults.Fault{Kind: faults.Vendor, Name: "500_gateway"}, 0},
		"500 in XML":          {faults.Fault{Kind: faults.Vendor, Name: "500_xml"}, 0},
		"503 in HTML":         {faults.Fault{Kind: faults.Vendor, Name: "503_html"}, 0},
		"fault inside 200":    {faults.Fault{Kind: faults.Vendor, Name: "200_fault"}, 0},
		"the same, after":     {faults.Fault{Kind: faults.Vendor, Name: "200_fault_after"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enter(t, nil, func(r *room) {
				c.fault.Method, c.fault.Path = http.MethodPost, "/batch"
				r.plan.Add(c.fault)
				inv := r.invoice(r.contact())
				sent := time.Now()
				batch := r.batch(1, inv, inv, inv)
				outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, batch)
				require.NoError(t, err)
				var marks []ledger.Mark
				for i, o := range outcomes {
					assert.Equal(t, ledger.Uncertain, o.State)
					assert.Equal(t, batch.Members[i].Mark, o.Mark)
					marks = append(marks, o.Mark)
				}
				assert.Len(t, r.plan.Hits(), 1)
				time.Sleep(r.ledger.Powers().Invoices.Limits().Quiet)
				assert.LessOrEqual(t, r.fake.CallsTo("POST", "/batch"), 1, "never repeated")
				calls := r.fake.Calls()
				found, err := r.ledger.Powers().Invoices.Find(r.ctx, ledger.Sought{Marks: marks, Since: sent})
				require.NoError(t, err)
				assert.Equal(t, calls+1, r.fake.Calls(), "one call finds them all")
				assert.Len(t, found.Hits, c.exist)
				assert.Empty(t, found.Gone)
				assert.Len(t, r.books.Invoices(), c.exist)
			})
		})
	}
}

func TestFakeItemFaults(t *testing.T) {
	t.Parallel()
	for name, exist := range map[string]int{"item_fault": 2, "item_fault_after": 3, "item_missing": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enter(t, nil, func(r *room) {
				r.plan.Add(faults.Fault{Kind: faults.Vendor, Name: name, Method: http.MethodPost, Path: "/batch"})
				inv := r.invoice(r.contact())
				outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, r.batch(1, inv, inv, inv))
				require.NoError(t, err)
				assert.Equal(t, ledger.Created, outcomes[0].State)
				assert.Equal(t, ledger.Created, outcomes[1].State)
				assert.Equal(t, ledger.Uncertain, outcomes[2].State)
				assert.Len(t, r.books.Invoices(), exist)
			})
		})
	}
}

func TestFakeNothingWasWritten(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]error{
		"429": ledger.ErrLater, "429_batch": ledger.ErrLater, "429_quota": ledger.ErrLater, "429_json": ledger.ErrLater, "403_throttle": ledger.ErrLater,
		"401_expired": ledger.ErrReconnect, "401_general": ledger.ErrReconnect, "401_user": ledger.ErrReconnect, "403": ledger.ErrReconnect,
		"400_business": ledger.ErrRequestRefused, "400_read_only": ledger.ErrReconnect,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enter(t, nil, func(r *room) {
				r.plan.Add(faults.Fault{Kind: faults.Vendor, Name: name, Method: http.MethodPost, Path: "/batch"})
				outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, r.batch(1, r.invoice(r.contact())))
				require.ErrorIs(t, err, kind)
				assert.Nil(t, outcomes)
				assert.Empty(t, r.books.Invoices())
				if kind == ledger.ErrLater {
					assert.True(t, ledger.ResumeAt(err).After(time.Now()))
				}
			})
		})
	}
}

func TestFakeKeyReplays(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		b := r.batch(1, r.invoice(r.contact()))
		w := r.ledger.Powers().Invoices
		first, err := w.Create(r.ctx, b)
		require.NoError(t, err)
		time.Sleep(w.Limits().KeyLife - time.Minute)
		second, err := w.Create(r.ctx, b)
		require.NoError(t, err)
		require.Equal(t, ledger.Created, second[0].State)
		assert.Equal(t, first[0].Record.ID, second[0].Record.ID)
		assert.Len(t, r.books.Invoices(), 1)
	})
}

func (r *room) enterInvoice(c ledger.Contact) string {
	r.Helper()
	inv, err := r.books.AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{CustomerRef: quickbooksfake.Ref{Value: c.ID}, Line: []quickbooksfake.Line{{
		DetailType: "SalesItemLineDetail", Amount: &quickbooksfake.Amount{Decimal: amount("10")},
		SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{ItemRef: &quickbooksfake.Ref{Value: r.books.Items()[0].ID}},
	}}}})
	require.NoError(r, err)
	return inv.ID
}

func TestFakeReadingWhileBooksChange(t *testing.T) {
	t.Parallel()
	for _, statuses := range [][]ledger.Status{nil, {ledger.StatusApproved}} {
		t.Run(fmt.Sprint(statuses), func(t *testing.T) {
			t.Parallel()
			enter(t, &setup{options: quickbooks.Options{PageSize: 7}}, func(r *room) {
				c := r.contact()
				var want []string
				for i := range 50 {
					want = append(want, r.enterInvoice(c))
					if i%20 == 19 {
						time.Sleep(time.Second)
					}
				}
				time.Sleep(time.Hour)
				var got []string
				var next ledger.Cursor
				page := 0
				for p, err := range r.ledger.Invoices(r.ctx, ledger.Query{Statuses: statuses}) {
					require.NoError(t, err)
					for _, i := range p.Records {
						got = append(got, i.ID)
					}
					next = p.Next
					if page <= 4 { // what was read leaves the filter
						require.NoError(t, r.books.VoidInvoice(got[page]))
						page++
					}
				}
				assert.Subset(t, got, want, "no row is lost")

				require.NoError(t, r.books.DeleteInvoice(got[20]))
				calls := r.fake.Calls()
				time.Sleep(time.Hour)
				var gone []ledger.Ref
				for p, err := range r.ledger.Invoices(r.ctx, ledger.Query{Cursor: next}) {
					require.NoError(t, err)
					next = p.Next
					gone = append(gone, p.Deleted...)
				}
				assert.Equal(t, []ledger.Ref{{ID: got[20]}}, gone, "real problem 34")
				calls, before := r.fake.Calls(), calls
				assert.Equal(t, 1, calls-before)
				for p, err := range r.ledger.Invoices(r.ctx, ledger.Query{Cursor: next}) {
					require.NoError(t, err)
					assert.Empty(t, p.Records)
				}
				assert.Equal(t, calls+1, r.fake.Calls(), "nothing changed is one call")

				var refs []ledger.Ref
				for _, id := range got[18:22] {
					refs = append(refs, ledger.Ref{ID: id})
				}
				for p, err := range r.ledger.Invoices(r.ctx, ledger.Query{Refs: refs}) {
					require.NoError(t, err)
					assert.Len(t, p.Records, 3)
					assert.Equal(t, []ledger.Ref{{ID: got[20]}}, p.Deleted, "a comparison by id finds it too")
				}
			})
		})
	}
}

// More changes than change data capture returns, and older ones than it remembers.
func TestFakeBeyondCapture(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		c := r.contact()
		var ids []string
		for range 5 {
			ids = append(ids, r.enterInvoice(c))
		}
		time.Sleep(time.Hour)
		var next ledger.Cursor
		forgotten := false
		read := func() (records, gone map[string]bool) {
			records, gone, forgotten = map[string]bool{}, map[string]bool{}, false
			for p, err := range r.ledger.Invoices(r.ctx, ledger.Query{Cursor: next}) {
				require.NoError(t, err)
				for _, i := range p.Records {
					records[i.ID] = true
				}
				for _, d := range p.Deleted {
					gone[d.ID] = true
				}
				next, forgotten = p.Next, p.Forgotten
			}
			return records, gone
		}
		read()
		assert.False(t, forgotten, "five changes are shown in full")
		for i := range 1200 {
			ids = append(ids, r.enterInvoice(c))
			if i%100 == 99 {
				time.Sleep(time.Second)
			}
		}
		require.NoError(t, r.books.DeleteInvoice(ids[700]))
		sent := time.Now()
		time.Sleep(time.Hour)
		records, gone := read()
		for i, id := range ids[5:] {
			assert.Equal(t, i != 695, records[id], "invoice %d", i)
		}
		assert.True(t, gone[ids[700]], "the last deletions are seen")
		assert.True(t, forgotten, "earlier ones may be missing")
		again, _ := read()
		assert.Empty(t, again)
		assert.False(t, forgotten)

		found, err := r.ledger.Powers().Invoices.Find(r.ctx, ledger.Sought{Marks: []ledger.Mark{r.mark(1)}, Since: sent.Add(-10 * time.Minute)})
		require.NoError(t, err)
		assert.Empty(t, found.Hits)
		assert.Contains(t, found.Gone, ledger.Ref{ID: ids[700]})
		assert.Contains(t, found.Gone, ledger.Ref{Number: quickbooks.DeletionsUnknown}, "an earlier deletion cannot be excluded")

		time.Sleep(40 * 24 * time.Hour)
		require.NoError(t, r.books.VoidInvoice(ids[3]))
		records, _ = read()
		assert.True(t, records[ids[3]], "a cursor older than 30 days")
		assert.True(t, forgotten, "capture forgets after 30 days")
	})
}

func TestFakePaymentsAndChanges(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		inv := r.create(1, r.invoice(r.contact()))
		o := r.pay(50, inv, amount("26.19"))
		require.Equal(t, ledger.Created, o.State, "%+v", o.Refusal)
		assert.Equal(t, "Visa", o.Record.Reference)

		payments, err := r.ledger.PaymentsOf(r.ctx, ledger.Ref{ID: inv.ID})
		require.NoError(t, err)
		require.Len(t, payments, 1)
		assert.Equal(t, r.mark(50), payments[0].Mark)
		assert.Equal(t, "26.19", payments[0].Amount.String())
		now, err := r.ledger.Invoice(r.ctx, ledger.Ref{ID: inv.ID})
		require.NoError(t, err)
		assert.Equal(t, "200", now.Totals.Balance.String())
		assert.NotEqual(t, inv.Version, now.Version, "a payment bumps the invoice's token")

		powers := r.ledger.Powers()
		void := ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: &now}
		assert.ErrorIs(t, powers.Voids.Allows(void), ledger.ErrLocked, "real problem 29")

		// An update with the token from before the payment is not carried out.
		want := inv
		want.DueDate = inv.DueDate.AddDays(7)
		stale := ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: &inv, Wanted: &want}
		stale.Encoded, err = powers.Updates.Encode(stale)
		require.NoError(t, err)
		out, err := powers.Updates.Apply(r.ctx, stale)
		require.NoError(t, err)
		assert.Equal(t, ledger.Uncertain, out.State)
		look, err := powers.Updates.Look(r.ctx, stale)
		require.NoError(t, err)
		assert.False(t, look.Done)
		assert.False(t, look.Untouched)

		take := ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: &payments[0]}
		require.NoError(t, powers.PaymentVoids.Allows(take))
		take.Encoded, err = powers.PaymentVoids.Encode(take)
		require.NoError(t, err)
		out, err = powers.PaymentVoids.Apply(r.ctx, take)
		require.NoError(t, err)
		assert.Equal(t, ledger.Created, out.State, "%+v", out.Refusal)
		look, err = powers.PaymentVoids.Look(r.ctx, take)
		require.NoError(t, err)
		assert.True(t, look.Done)

		now, err = r.ledger.Invoice(r.ctx, ledger.Ref{ID: inv.ID})
		require.NoError(t, err)
		want = now
		want.Lines = append([]ledger.Line{}, now.Lines...)
		want.Reference, want.DueDate = "PO 8", now.DueDate.AddDays(7)
		want.Lines[0].Description = "Widget, blue"
		change := ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: &now, Wanted: &want}
		change.Encoded, err = powers.Updates.Encode(change)
		require.NoError(t, err)
		out, err = powers.Updates.Apply(r.ctx, change)
		require.NoError(t, err)
		require.Equal(t, ledger.Created, out.State, "%+v", out.Refusal)
		assert.Equal(t, "PO 8", out.Invoice.Reference)
		assert.Equal(t, r.mark(1), out.Invoice.Mark)
		assert.Equal(t, "226.19", out.Invoice.Totals.Total.String(), "not one cent has moved")
		for i := range now.Lines {
			if now.Lines[i].Kind != ledger.LineDiscount {
				assert.Equal(t, now.Lines[i].ID, out.Invoice.Lines[i].ID, "lines keep their ids (real problem 27)")
			}
		}

		void.Invoice = out.Invoice
		void.Encoded, err = powers.Voids.Encode(void)
		require.NoError(t, err)
		r.plan.Add(faults.Fault{Kind: faults.LoseAnswer, Method: http.MethodPost, Path: "/invoice"})
		out, err = powers.Voids.Apply(r.ctx, void)
		require.NoError(t, err)
		assert.Equal(t, ledger.Uncertain, out.State)
		look, err = powers.Voids.Look(r.ctx, void)
		require.NoError(t, err)
		assert.True(t, look.Done)
		assert.Equal(t, r.mark(1), look.Invoice.Mark, "a void writes in front of the mark")
		found, err := powers.Invoices.Find(r.ctx, ledger.Sought{Marks: []ledger.Mark{r.mark(1)}, Since: time.Now()})
		require.NoError(t, err)
		assert.Len(t, found.Hits[r.mark(1)], 1)
	})
}

func TestFakeLockedPeriod(t *testing.T) {
	t.Parallel()
	c := quickbooksfake.DefaultCompany("US")
	c.BookCloseDate = "1999-12-31"
	enter(t, &setup{company: c}, func(r *room) {
		assert.Equal(t, []ledger.Date{ledger.MustDate("1999-12-31")}, r.org.LockDates, "real problem 35")
		inv := r.invoice(r.contact())
		inv.Date = ledger.MustDate("1999-12-31")
		outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, r.batch(1, inv))
		require.NoError(t, err)
		assert.Equal(t, ledger.RefusedLocked, outcomes[0].Refusal.Code, outcomes[0].Refusal.Message)
	})
}

// Real problem 22: the exchange rate is on the wire.
func TestFakeForeignCurrency(t *testing.T) {
	t.Parallel()
	c := quickbooksfake.DefaultCompany("US")
	c.Multicurrency, c.Currencies = true, []string{"EUR"}
	enter(t, &setup{company: c}, func(r *room) {
		assert.Contains(t, r.org.Currencies, ledger.Currency("EUR"))
		w := r.ledger.Powers().Contacts
		e, err := w.Encode([]ledger.Draft[ledger.Contact]{{Mark: r.mark(9), Record: ledger.Contact{Name: "Müller 🙂", Currency: "EUR", Email: "a@example.com"}}})
		require.NoError(t, err)
		o, err := w.Create(r.ctx, ledger.Batch{Members: []ledger.Member{{Mark: r.mark(9)}}, Encoded: e, Key: "c9"})
		require.NoError(t, err)
		require.Equal(t, ledger.Created, o[0].State, "%+v", o[0].Refusal)
		inv := r.invoice(ledger.Contact{ID: o[0].Record.ID})
		inv.Currency, inv.Rate = "EUR", decimal.NewNullDecimal(amount("1.0825"))
		got := r.create(1, inv)
		assert.Equal(t, "1.0825", got.Rate.Decimal.String())
		assert.Equal(t, ledger.Currency("EUR"), got.Currency)
	})
}

// Throttling in the middle: every record arrives, none twice, and no limit is broken.
func TestFakeThroughTheLimits(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		c := r.contact()
		r.plan.Add(faults.Fault{Kind: faults.Vendor, Name: "429_batch", Method: http.MethodPost, Path: "/batch", Skip: 20})
		n := 0
		for range 50 {
			inv := r.invoice(c)
			b := r.batch(n, inv, inv)
			for {
				outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, b)
				if err != nil {
					require.ErrorIs(t, err, ledger.ErrLater)
					time.Sleep(time.Until(ledger.ResumeAt(err)))
					b.Key += "'"
					continue
				}
				assert.Equal(t, ledger.Created, outcomes[0].State)
				break
			}
			n += 2
		}
		id := r.books.Invoices()[0].ID
		for range 600 {
			_, err := r.ledger.Invoice(r.ctx, ledger.Ref{ID: id})
			require.NoError(t, err)
		}
		assert.Len(t, r.books.Invoices(), 100)
		assert.Equal(t, 1, r.fake.Counts().ByStatus[http.StatusTooManyRequests], "the one that was ordered")
	})
}

func TestFakeThrottledReads(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		r.plan.Add(faults.Fault{Kind: faults.Vendor, Name: "429", Times: 1})
		start := time.Now()
		_, err := r.ledger.Organisation(r.ctx)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Since(start), time.Minute, "there is no Retry-After, and a minute is asked for")

		r.plan.Add(faults.Fault{Kind: faults.Vendor, Name: "429_quota", Times: -1, Method: http.MethodGet})
		var code string
		for range 8 {
			_, err = r.ledger.Organisation(r.ctx)
			require.ErrorIs(t, err, ledger.ErrLater)
			code = ledger.Code(err)
		}
		assert.Equal(t, "rate_limited_month", code)
		assert.LessOrEqual(t, time.Until(ledger.ResumeAt(err)), 6*time.Hour)
	})
}
