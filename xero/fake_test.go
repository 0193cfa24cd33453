package xero_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// room is the adapter in front of the fake, in virtual time.
type room struct {
	*testing.T
	ctx    context.Context
	fake   *xerofake.Fake
	books  *xerofake.Books
	ledger *xero.Ledger
	plan   *faults.Plan
	org    ledger.Organisation
	chart  ledger.Chart
}

func enter(t *testing.T, o *xero.Options, test func(*room)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		plan := faults.New(1)
		fake, err := xerofake.New(&xerofake.Options{Faults: plan, Seed: 1})
		require.NoError(t, err)
		r := &room{T: t, ctx: context.Background(), fake: fake, books: fake.Books(), plan: plan}
		r.ledger, err = xero.New(fake.Client("token"), r.books.Organisation().TenantID, o)
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
	c, err := r.books.AddContact(xerofake.Contact{Name: fmt.Sprintf("Customer %d", r.fake.Calls())})
	require.NoError(r, err)
	return ledger.Contact{ID: c.ContactID}
}

func amount(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func (r *room) invoice(c ledger.Contact) ledger.Invoice {
	today := ledger.DateIn(time.Now(), r.org.TimeZone)
	return ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: c, Date: today, DueDate: today.AddDays(14),
		Currency: r.org.BaseCurrency, TaxMode: ledger.TaxExclusive, URL: "https://shop.example/orders/1",
		Lines: []ledger.Line{
			{Kind: ledger.LineProduct, Description: "Widget", Quantity: amount("3"), UnitPrice: amount("33.3333"), Amount: amount("100"), Account: "200", TaxCode: "OUTPUT"},
			{Kind: ledger.LineDiscount, Description: "Voucher", Quantity: amount("1"), UnitPrice: amount("-10.02"), Amount: amount("-10.02"), Account: "200", TaxCode: "OUTPUT"},
			{Kind: ledger.LineOther, Description: "Energy", Quantity: amount("1000"), UnitPrice: amount("0.123456"), Amount: amount("123.46"), Account: "200", TaxCode: "EXEMPTOUTPUT"},
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

func TestFakePredictionHolds(t *testing.T) {
	t.Parallel()
	for _, mode := range []ledger.TaxMode{ledger.TaxExclusive, ledger.TaxInclusive, ledger.TaxNone} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			enter(t, nil, func(r *room) {
				inv := r.invoice(r.contact())
				inv.TaxMode = mode
				p, err := r.ledger.Predict(inv, r.chart)
				require.NoError(t, err)
				got := r.create(1, inv)
				assert.True(t, p.Totals.Net.Equal(got.Totals.Net), "net %s, predicted %s", got.Totals.Net, p.Totals.Net)
				assert.True(t, p.Totals.Tax.Equal(got.Totals.Tax), "tax %s, predicted %s", got.Totals.Tax, p.Totals.Tax)
				assert.True(t, p.Totals.Total.Equal(got.Totals.Total))
				for i, l := range got.Lines {
					assert.True(t, p.Amounts[i].Equal(l.Amount))
				}
				again, err := r.ledger.Invoice(r.ctx, ledger.Ref{Number: got.Number})
				require.NoError(t, err)
				assert.Equal(t, got.ID, again.ID)
				assert.Equal(t, r.mark(1), again.Mark)
				assert.Equal(t, inv.Date, again.Date)
				assert.Equal(t, inv.DueDate, again.DueDate)
				assert.Equal(t, "33.3333", again.Lines[0].UnitPrice.String(), "four places, there and back")
			})
		})
	}
}

func TestFakeBatchWithARefusal(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		c := r.contact()
		first := r.invoice(c)
		first.Number = "A-1"
		r.create(1, first)
		good, bad := r.invoice(c), r.invoice(c)
		bad.Number = "A-1"
		outcomes, err := r.ledger.Powers().Invoices.Create(r.ctx, r.batch(2, good, bad, good))
		require.NoError(t, err)
		assert.Equal(t, []ledger.OutcomeState{ledger.Created, ledger.Refused, ledger.Created}, []ledger.OutcomeState{outcomes[0].State, outcomes[1].State, outcomes[2].State})
		assert.Equal(t, ledger.RefusedNumberTaken, outcomes[1].Refusal.Code)

		bad = r.invoice(c)
		bad.Lines[0].Account = "99999"
		worse := r.invoice(c)
		worse.Currency = "EUR"
		outcomes, err = r.ledger.Powers().Invoices.Create(r.ctx, r.batch(5, bad, worse))
		require.NoError(t, err)
		assert.Equal(t, ledger.RefusedAccount, outcomes[0].Refusal.Code, outcomes[0].Refusal.Message)
		assert.Equal(t, ledger.RefusedCurrency, outcomes[1].Refusal.Code, outcomes[1].Refusal.Message)
	})
}

// What is uncertain is found by its mark, and nothing else is.
func TestFakeLostAnswersAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault faults.Fault
		exist int
	}{
		"answer lost":            {faults.Fault{Kind: faults.LoseAnswer}, 3},
		"request lost":           {faults.Fault{Kind: faults.LoseRequest}, 0},
		"committed late":         {faults.Fault{Kind: faults.CommitLate, Delay: time.Minute}, 3},
		"element by element":     {faults.Fault{Kind: faults.CommitByElement, Delay: time.Second, Elements: 2}, 2},
		"truncated":              {faults.Fault{Kind: faults.Truncate}, 3},
		"gateway page before":    {faults.Fault{Kind: faults.HTML}, 0},
		"gateway page after":     {faults.Fault{Kind: faults.HTMLAfter}, 3},
		"500 after":              {faults.Fault{Kind: faults.Vendor, Name: "500_after"}, 3},
		"500 before":             {faults.Fault{Kind: faults.Vendor, Name: "500"}, 0},
		"offline":                {faults.Fault{Kind: faults.Vendor, Name: "503_organisation_offline"}, 0},
		"summarised":             {faults.Fault{Kind: faults.Vendor, Name: "400_elements"}, 2},
		"summarised, all exist":  {faults.Fault{Kind: faults.Vendor, Name: "400_elements_all"}, 3},
		"key of another request": {faults.Fault{Kind: faults.Vendor, Name: "400_key_reused"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enter(t, nil, func(r *room) {
				c.fault.Method, c.fault.Path = http.MethodPut, "/Invoices"
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
				assert.LessOrEqual(t, r.fake.CallsTo("PUT", "/Invoices"), 1, "never repeated")
				found, err := r.ledger.Powers().Invoices.Find(r.ctx, ledger.Sought{Marks: marks, Since: sent})
				require.NoError(t, err)
				assert.Len(t, found.Hits, c.exist)
				assert.Len(t, r.books.Invoices(), c.exist)
			})
		})
	}
}

func TestFakeNothingWasWritten(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]error{
		"429_minute": ledger.ErrLater, "429_day": ledger.ErrLater, "429_concurrent": ledger.ErrLater, "429_app": ledger.ErrLater,
		"401_expired": ledger.ErrReconnect, "401_scope": ledger.ErrReconnect, "403_tenant": ledger.ErrReconnect, "412": ledger.ErrRequestRefused,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enter(t, nil, func(r *room) {
				r.plan.Add(faults.Fault{Kind: faults.Vendor, Name: name, Method: http.MethodPut, Path: "/Invoices"})
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
		assert.Equal(t, first[0].Record.ID, second[0].Record.ID)
		assert.Len(t, r.books.Invoices(), 1)
	})
}

func TestFakeReadingWhileBooksChange(t *testing.T) {
	t.Parallel()
	for _, statuses := range [][]ledger.Status{nil, {ledger.StatusApproved}} {
		t.Run(fmt.Sprint(statuses), func(t *testing.T) {
			t.Parallel()
			enter(t, &xero.Options{PageSize: 7}, func(r *room) {
				c := r.contact()
				var want []string
				for i := range 50 {
					inv, err := r.books.AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: c.ID, Lines: []xerofake.Line{{Description: "x", Quantity: amount("1"), UnitAmount: amount("10"), AccountCode: "200"}}}})
					require.NoError(t, err)
					want = append(want, inv.ID)
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
						_, err := r.books.AddPayment(xerofake.Payment{InvoiceID: got[page+1], Amount: amount("11")})
						require.NoError(t, err)
						page += 2
					}
				}
				assert.Subset(t, got, want, "no row is lost")

				calls := r.fake.Calls()
				time.Sleep(time.Hour)
				for p, err := range r.ledger.Invoices(r.ctx, ledger.Query{Cursor: next}) {
					require.NoError(t, err)
					next = p.Next
				}
				calls, before := r.fake.Calls(), calls
				assert.LessOrEqual(t, calls-before, 2)
				for p, err := range r.ledger.Invoices(r.ctx, ledger.Query{Cursor: next}) {
					require.NoError(t, err)
					assert.Empty(t, p.Records)
				}
				assert.Equal(t, calls+1, r.fake.Calls(), "nothing changed is one call")
			})
		})
	}
}

func (r *room) status(id string) string {
	inv, _ := r.books.Invoice(id)
	return inv.Status
}

func TestFakeContacts(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		w := r.ledger.Powers().Contacts
		create := func(n int, c ledger.Contact) ledger.Outcome[ledger.Contact] {
			e, err := w.Encode([]ledger.Draft[ledger.Contact]{{Mark: r.mark(n), Record: c}})
			require.NoError(t, err)
			o, err := w.Create(r.ctx, ledger.Batch{Members: []ledger.Member{{Mark: r.mark(n)}}, Encoded: e, Key: fmt.Sprintf("c%d", n)})
			require.NoError(t, err)
			return o[0]
		}
		first := create(1, ledger.Contact{Name: "Jane <Doe>", GivenName: "Jane", Email: "jane@example.com"})
		require.Equal(t, ledger.Created, first.State, "%+v", first.Refusal)
		second := create(2, ledger.Contact{Name: "Jane Doe"})
		assert.Equal(t, ledger.Refused, second.State)
		assert.Equal(t, ledger.RefusedNameTaken, second.Refusal.Code)
		assert.NotContains(t, second.Refusal.Message, "Jane")
		require.NoError(t, r.books.ArchiveContact(first.Record.ID))
		found, err := w.Find(r.ctx, ledger.Sought{Marks: []ledger.Mark{r.mark(1), r.mark(2)}, Since: time.Now()})
		require.NoError(t, err)
		require.Len(t, found.Hits[r.mark(1)], 1)
		assert.Equal(t, ledger.ContactArchived, found.Hits[r.mark(1)][0].Status)
		assert.NotContains(t, found.Hits, r.mark(2))
	})
}

func TestFakePayments(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		inv := r.create(1, r.invoice(r.contact()))
		var bank string
		for _, a := range r.chart.Accounts {
			if a.TakesPayments && a.Active {
				bank = a.Code
				if bank == "" {
					bank = a.ID
				}
			}
		}
		w := r.ledger.Powers().Payments
		pay := func(n int, value string) ledger.Outcome[ledger.Payment] {
			p := ledger.Payment{InvoiceID: inv.ID, Date: inv.Date, Amount: amount(value), Account: bank, Reference: "card"}
			e, err := w.Encode([]ledger.Draft[ledger.Payment]{{Mark: r.mark(n), Record: p}})
			require.NoError(t, err)
			o, err := w.Create(r.ctx, ledger.Batch{Members: []ledger.Member{{Mark: r.mark(n), Amount: p.Amount, Parent: inv.ID}}, Encoded: e, Key: fmt.Sprintf("p%d", n)})
			require.NoError(t, err)
			return o[0]
		}
		first := pay(10, "20.50")
		require.Equal(t, ledger.Created, first.State, "%+v", first.Refusal)
		over := pay(11, "100000")
		assert.Equal(t, ledger.Refused, over.State)
		assert.Equal(t, ledger.RefusedOverpays, over.Refusal.Code)
		of, err := r.ledger.PaymentsOf(r.ctx, ledger.Ref{ID: inv.ID})
		require.NoError(t, err)
		require.Len(t, of, 1)
		assert.Equal(t, first.Record.ID, of[0].ID)

		now, err := r.ledger.Invoice(r.ctx, ledger.Ref{ID: inv.ID})
		require.NoError(t, err)
		assert.ErrorIs(t, r.ledger.Powers().Voids.Allows(ledger.Change{Verb: ledger.Void, Invoice: &now}), ledger.ErrLocked)

		v := r.ledger.Powers().PaymentVoids
		c := ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: &first.Record, Key: "void"}
		c.Encoded, err = v.Encode(c)
		require.NoError(t, err)
		state, err := v.Look(r.ctx, c)
		require.NoError(t, err)
		assert.True(t, state.Untouched)
		time.Sleep(time.Minute)
		o, err := v.Apply(r.ctx, c)
		require.NoError(t, err)
		require.Equal(t, ledger.Created, o.State, "%+v", o.Refusal)
		state, err = v.Look(r.ctx, c)
		require.NoError(t, err)
		assert.True(t, state.Done)
		found, err := w.Find(r.ctx, ledger.Sought{Marks: []ledger.Mark{r.mark(10)}, Since: time.Now()})
		require.NoError(t, err)
		require.Len(t, found.Hits[r.mark(10)], 1, "a deleted payment counts")
		assert.Equal(t, ledger.PaymentReversed, found.Hits[r.mark(10)][0].Status)
	})
}

func TestFakeUpdateAndVoid(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		inv := r.create(1, r.invoice(r.contact()))
		want := r.invoice(inv.Contact)
		want.Reference = "PO 8"
		want.DueDate = inv.DueDate.AddDays(7)
		want.Lines[0].UnitPrice, want.Lines[0].Amount = amount("40"), amount("120")
		want.Lines = append(want.Lines, ledger.Line{Kind: ledger.LineOther, Description: "Gift", Quantity: amount("1"), UnitPrice: amount("2"), Account: "200", TaxCode: "OUTPUT"})
		u := r.ledger.Powers().Updates
		c := ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: &inv, Wanted: &want, Key: "u1"}
		var err error
		c.Encoded, err = u.Encode(c)
		require.NoError(t, err)
		time.Sleep(time.Second)
		o, err := u.Apply(r.ctx, c)
		require.NoError(t, err)
		require.Equal(t, ledger.Created, o.State, "%+v", o.Refusal)
		for _, before := range inv.Lines {
			assert.True(t, slices.ContainsFunc(o.Invoice.Lines, func(l ledger.Line) bool { return l.ID == before.ID }), "lines keep their ids")
		}
		assert.Equal(t, inv.Mark, o.Invoice.Mark, "the mark stays")
		p, err := r.ledger.Predict(want, r.chart)
		require.NoError(t, err)
		assert.True(t, p.Totals.Total.Equal(o.Invoice.Totals.Total))
		state, err := u.Look(r.ctx, c)
		require.NoError(t, err)
		assert.True(t, state.Done)

		v := r.ledger.Powers().Voids
		c = ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: o.Invoice, Key: "v1"}
		c.Encoded, err = v.Encode(c)
		require.NoError(t, err)
		r.plan.Add(faults.Fault{Kind: faults.LoseAnswer, Method: http.MethodPost})
		o, err = v.Apply(r.ctx, c)
		require.NoError(t, err)
		assert.Equal(t, ledger.Uncertain, o.State)
		state, err = v.Look(r.ctx, c)
		require.NoError(t, err)
		assert.True(t, state.Done)
		assert.Equal(t, "VOIDED", r.status(inv.ID))
	})
}

func TestFakePartPaidEdits(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		inv := r.create(1, r.invoice(r.contact()))
		_, err := r.books.AddPayment(xerofake.Payment{InvoiceID: inv.ID, Amount: amount("5")})
		require.NoError(t, err)
		inv, err = r.ledger.Invoice(r.ctx, ledger.Ref{ID: inv.ID})
		require.NoError(t, err)
		want := r.invoice(inv.Contact)
		want.DueDate = inv.DueDate.AddDays(30)
		want.Lines[0].Description = "Widget, blue"
		c := ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: &inv, Wanted: &want, Key: "u"}
		u := r.ledger.Powers().Updates
		require.NoError(t, u.Allows(c))
		c.Encoded, err = u.Encode(c)
		require.NoError(t, err)
		o, err := u.Apply(r.ctx, c)
		require.NoError(t, err)
		require.Equal(t, ledger.Created, o.State, "%+v", o.Refusal)
		assert.True(t, inv.Totals.Total.Equal(o.Invoice.Totals.Total), "not one cent moves")
	})
}

func TestFakeForeignCurrency(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		require.NoError(t, r.books.EnableCurrency("USD"))
		inv := r.invoice(r.contact())
		inv.Currency, inv.Rate = "USD", decimal.NewNullDecimal(amount("1.52"))
		got := r.create(1, inv)
		stored, _ := r.books.Invoice(got.ID)
		assert.Equal(t, "0.657895", stored.CurrencyRate.String(), "US dollars for one Australian dollar")
		assert.Equal(t, "1.52", got.Rate.Decimal.String())
	})
}

func TestFakeReconnect(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		tenant, err := r.books.Reconnect("")
		require.NoError(t, err)
		_, err = r.ledger.Organisation(r.ctx)
		require.ErrorIs(t, err, ledger.ErrReconnect)
		again, err := xero.New(r.fake.Client("token"), tenant, &xero.Options{Organisation: r.org.ID})
		require.NoError(t, err)
		o, err := again.Organisation(r.ctx)
		require.NoError(t, err)
		assert.Equal(t, r.org.ID, o.ID, "another tenant id, the same company")
	})
}

func TestFakeConnections(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		grant, err := r.fake.Authorise("client", xero.Scopes()...)
		require.NoError(t, err)
		p, err := xero.NewProvider("client", "", nil)
		require.NoError(t, err)
		client := r.fake.Client(grant.AccessToken)
		tenants, err := p.Tenants(r.ctx, client, nil)
		require.NoError(t, err)
		require.Len(t, tenants, 1)
		o, err := p.Organisation(r.ctx, client, tenants[0].ID)
		require.NoError(t, err)
		assert.Equal(t, r.org.ID, o.ID)
		require.NoError(t, p.Disconnect(r.ctx, client, tenants[0].ConnectionID))
		_, err = r.ledger.Organisation(r.ctx)
		assert.ErrorIs(t, err, ledger.ErrReconnect)
	})
}

func TestFakeManyCallsStayBelowTheLimits(t *testing.T) {
	t.Parallel()
	enter(t, nil, func(r *room) {
		for range 130 {
			_, err := r.ledger.Invoice(r.ctx, ledger.Ref{Number: "none"})
			require.ErrorIs(t, err, ledger.ErrNotFound)
		}
		assert.Zero(t, r.fake.Counts().ByStatus[http.StatusTooManyRequests])
	})
}
