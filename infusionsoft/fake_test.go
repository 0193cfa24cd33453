package infusionsoft_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
)

// These tests hold the adapter against the fake, which was written from the vendor's documents alone,
// under every switch for what the vendor does not document.

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func newFake(t testing.TB, o infusionsoftfake.Options) *infusionsoftfake.Fake {
	t.Helper()
	f, err := infusionsoftfake.New(&o)
	require.NoError(t, err)
	return f
}

func newSource(t testing.TB, f *infusionsoftfake.Fake, o *infusionsoft.Options) *infusionsoft.Source {
	t.Helper()
	s, err := infusionsoft.New(f.Client("a token"), o)
	require.NoError(t, err)
	return s
}

func addOrder(t testing.TB, f *infusionsoftfake.Fake, o infusionsoftfake.Order) infusionsoftfake.Order {
	t.Helper()
	if o.ContactID == 0 {
		c, err := f.AddContact(infusionsoftfake.Contact{GivenName: "Ada", FamilyName: "Lovelace"})
		require.NoError(t, err)
		o.ContactID = c.ID
	}
	added, err := f.AddOrder(o)
	require.NoError(t, err)
	return added
}

func plainItem(price string) infusionsoftfake.Item {
	return infusionsoftfake.Item{Name: "Widget", Price: d(price), Product: &infusionsoftfake.ItemProduct{ID: 5, Name: "Widget", SKU: "W-1", Taxable: true}}
}

func read(t testing.TB, s *infusionsoft.Source, q ledger.Query) (all []ledger.Invoice, next ledger.Cursor) {
	t.Helper()
	for p, err := range s.Invoices(t.Context(), q) {
		require.NoError(t, err)
		require.Empty(t, p.Unread)
		all, next = append(all, p.Records...), p.Next
	}
	return all, next
}

func TestFakeOrdersUnderEverySwitch(t *testing.T) {
	t.Parallel()
	for _, shape := range []infusionsoftfake.DiscountShape{
		infusionsoftfake.DiscountNegativePrice, infusionsoftfake.DiscountPositivePrice, infusionsoftfake.DiscountField,
		infusionsoftfake.DiscountSpecial, infusionsoftfake.DiscountPercent,
	} {
		for _, currency := range []string{"USD", "JPY", "KWD"} {
			for _, status := range []string{"", "-", "SENT"} {
				name := fmt.Sprint(shape, " ", currency, " ", status)
				synctest.Test(t, func(t *testing.T) {
					f := newFake(t, infusionsoftfake.Options{
						Tenants:  []infusionsoftfake.Tenant{{ID: "xx123.infusionsoft.com", Currency: currency}},
						Switches: infusionsoftfake.Switches{DiscountShape: shape, UnpaidStatus: status, TotalDueSoFar: true},
					})
					o := addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{
						{Type: "PRODUCT", Name: "Widget", Quantity: 2, Price: d("500"), Product: &infusionsoftfake.ItemProduct{ID: 5, Name: "Widget", SKU: "W-1", Taxable: true}},
						{Type: "SERVICE", Price: d("100")}, {Type: "UPSELL", Price: d("10")}, {Type: "PROGRAM", Price: d("10")}, {Type: "SUBSCRIPTION", Price: d("10")},
						{Type: "SHIPPING", Price: d("20")}, {Type: "TAX", Price: d("30")}, {Type: "FINANCE_CHARGE", Price: d("5")},
						{Type: "TIP", Price: d("5")}, {Type: "OTHER", Price: d("5")}, {Type: "FEE", Price: d("5")},
						{Type: "DISCOUNT", Price: d("-115")}, // a tenth of everything but shipping and tax
					}})
					got, _ := read(t, newSource(t, f, nil), ledger.Query{})
					require.Len(t, got, 1, name)
					inv := got[0]
					assert.Empty(t, inv.Unclear, "%s: %s", name, inv.UnclearDetail)
					// 1000+100+10+10+10+20+30+5+5+5+5 = 1200, less 115
					assert.Equal(t, "1085", inv.Totals.Total.String(), name)
					assert.Equal(t, "30", inv.Totals.Tax.String(), name)
					assert.Equal(t, "1085", inv.Totals.Balance.String(), name)
					assert.Equal(t, "-115", inv.Lines[len(inv.Lines)-1].Amount.String(), name)
					assert.Equal(t, strconv.FormatInt(o.ID, 10), inv.ID)
					assert.Contains(t, inv.Aliases, strconv.FormatInt(o.InvoiceID, 10))
					assert.Len(t, inv.Plan, 1, "nearly every order has one, of one")
				})
			}
		}
	}
}

func TestFakeEndsOfLists(t *testing.T) {
	t.Parallel()
	for _, end := range []infusionsoftfake.LastPageToken{infusionsoftfake.LastPageEmpty, infusionsoftfake.LastPageMissing, infusionsoftfake.LastPageNull} {
		for _, knows := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, infusionsoftfake.Options{Switches: infusionsoftfake.Switches{LastPageToken: end, KnowsTheEnd: knows}})
				for range 6 {
					o := addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("1.5")}})
					_, err := f.AddPayment(infusionsoftfake.Payment{OrderID: o.ID, Amount: d("1.5")})
					require.NoError(t, err)
				}
				s := newSource(t, f, nil)
				got, _ := read(t, s, ledger.Query{PageSize: 3})
				assert.Len(t, got, 6)
				payments := 0
				for p, err := range s.Payments(t.Context(), ledger.Query{PageSize: 2}) {
					require.NoError(t, err)
					payments += len(p.Records)
				}
				assert.Equal(t, 6, payments)
			})
		}
	}
}

func TestFakeNothingChangedIsOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, infusionsoftfake.Options{})
		for range 20 {
			addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("10")}})
		}
		time.Sleep(time.Hour)
		_, cursor := read(t, newSource(t, f, nil), ledger.Query{})

		// A later process knows currency and zone.
		s := newSource(t, f, &infusionsoft.Options{Tenant: "xx123", Currency: "USD", TimeZone: mustZone(t)})
		before := f.Calls()
		got, next := read(t, s, ledger.Query{Cursor: cursor})
		after := f.Calls()
		assert.Empty(t, got)
		assert.Equal(t, cursor, next)
		assert.Equal(t, 1, after-before)

		before = f.Calls()
		for p, err := range s.Payments(t.Context(), ledger.Query{}) {
			require.NoError(t, err)
			assert.Empty(t, p.Records)
		}
		after = f.Calls()
		assert.Equal(t, 1, after-before)
	})
}

func mustZone(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	return z
}

// Users edit and delete while pages are read; in the end every order that still exists is known as it is.
func TestFakeLosesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			f := newFake(t, infusionsoftfake.Options{Limits: infusionsoftfake.NoLimits()})
			var contact infusionsoftfake.Contact
			contact, err := f.AddContact(infusionsoftfake.Contact{GivenName: "Ada"})
			require.NoError(t, err)
			for range 30 {
				_, err := f.AddOrder(infusionsoftfake.Order{ContactID: contact.ID, Items: []infusionsoftfake.Item{plainItem("10")}})
				require.NoError(t, err)
				time.Sleep(time.Duration(rnd.IntN(500)) * time.Millisecond)
			}
			moving := func() {
				for range rnd.IntN(3) {
					orders := f.Orders()
					if len(orders) < 10 {
						return
					}
					o := orders[rnd.IntN(len(orders))]
					switch rnd.IntN(5) {
					case 0:
						require.NoError(t, f.DeleteOrder(o.ID))
					case 1:
						_, err := f.AddOrder(infusionsoftfake.Order{ContactID: contact.ID, Items: []infusionsoftfake.Item{plainItem("20")}})
						require.NoError(t, err)
					default:
						require.NoError(t, f.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = o.Items[0].Price.Add(d("1")) }))
					}
				}
				time.Sleep(time.Duration(rnd.IntN(700)) * time.Millisecond)
			}
			s := newSource(t, f, nil)
			known := map[string]string{}
			cursor := ledger.Cursor("")
			for round := range 6 {
				for p, err := range s.Invoices(t.Context(), ledger.Query{Cursor: cursor, PageSize: 3 + rnd.IntN(5)}) {
					require.NoError(t, err)
					for _, inv := range p.Records {
						known[inv.ID] = inv.Totals.Total.String()
					}
					cursor = p.Next
					if round < 5 {
						moving()
					}
				}
			}
			for _, o := range f.Orders() {
				assert.Equal(t, o.Items[0].Price.String(), known[strconv.FormatInt(o.ID, 10)], "seed %d: order %d", seed, o.ID)
			}
		})
	}
}

func TestFakePaymentsUnderEverySwitch(t *testing.T) {
	t.Parallel()
	for bits := range 16 {
		sw := infusionsoftfake.Switches{
			InvoicePaymentsInMinorUnits: bits&1 != 0, RefundsReduceTotalPaid: bits&2 != 0, PositiveRefunds: bits&4 != 0, ManualPaymentsKeepTime: bits&8 != 0,
		}
		for _, price := range []string{"100", "99.95"} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, infusionsoftfake.Options{Switches: sw})
				o := addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem(price)}})
				add := func(p infusionsoftfake.Payment) infusionsoftfake.Payment {
					p.OrderID = o.ID
					added, err := f.AddPayment(p)
					require.NoError(t, err)
					return added
				}
				noon := time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC)
				add(infusionsoftfake.Payment{Status: "FAILED", Amount: d(price), Time: noon})
				manual := add(infusionsoftfake.Payment{Status: "MANUAL_PAID", Amount: d("40"), Time: noon, Note: "by cheque"})
				card := add(infusionsoftfake.Payment{Status: "APPROVED", Amount: d(price).Sub(d("40")), Time: noon.Add(12 * time.Hour)})
				_, err := f.RefundPayment(card.ID, d("10"))
				require.NoError(t, err)

				s := newSource(t, f, nil)
				inv, err := s.Invoice(t.Context(), ledger.Ref{ID: strconv.FormatInt(o.ID, 10)})
				require.NoError(t, err)
				assert.True(t, inv.PaymentsElsewhere)
				got, err := s.PaymentsOf(t.Context(), ledger.Ref{ID: inv.ID})
				require.NoError(t, err)
				require.Len(t, got, 4)
				by := map[string]ledger.Payment{}
				for _, p := range got {
					assert.Empty(t, p.Unclear, "%+v: %s", sw, p.UnclearDetail)
					by[string(p.Status)+" "+p.Amount.String()] = p
				}
				require.Contains(t, by, "confirmed 40")
				assert.Equal(t, strconv.FormatInt(manual.ID, 10), by["confirmed 40"].FeedID)
				assert.Equal(t, ledger.MustDate("2026-03-10"), by["confirmed 40"].Date, "midnight in New York")
				assert.Equal(t, "by cheque", by["confirmed 40"].Reference)
				rest := "confirmed " + d(price).Sub(d("40")).String()
				require.Contains(t, by, rest)
				assert.Equal(t, ledger.MustDate("2026-03-11"), by[rest].Date, "four in the morning UTC on the 11th is midnight in New York")
				assert.Contains(t, by, "failed "+d(price).String())
				require.Contains(t, by, "refunded 10")
				assert.Equal(t, by[rest].ID, by["refunded 10"].RefundOf)
			})
		}
	}
}

func TestFakePaymentOfSeveralOrdersAndTheWatchList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, infusionsoftfake.Options{})
		a := addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("30.5")}})
		b := addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("50.25")}})
		added, err := f.AddPayment(infusionsoftfake.Payment{Status: "PENDING", Shares: []infusionsoftfake.Share{{OrderID: a.ID, Amount: d("30.5")}, {OrderID: b.ID, Amount: d("50.25")}}})
		require.NoError(t, err)
		s := newSource(t, f, nil)
		var feed []ledger.Payment
		for p, err := range s.Payments(t.Context(), ledger.Query{}) {
			require.NoError(t, err)
			feed = append(feed, p.Records...)
		}
		require.Len(t, feed, 1)
		assert.Equal(t, []string{strconv.FormatInt(a.ID, 10), strconv.FormatInt(b.ID, 10)}, feed[0].InvoiceIDs)
		assert.Equal(t, ledger.PaymentPending, feed[0].Status)
		assert.Equal(t, "80.75", feed[0].Amount.String())

		require.NoError(t, f.SettlePayment(added.ID))
		for p, err := range s.Payments(t.Context(), ledger.Query{Refs: []ledger.Ref{{ID: feed[0].ID}}}) {
			require.NoError(t, err)
			require.Len(t, p.Records, 1)
			assert.Equal(t, ledger.PaymentConfirmed, p.Records[0].Status)
		}
		of, err := s.PaymentsOf(t.Context(), ledger.Ref{ID: strconv.FormatInt(b.ID, 10)})
		require.NoError(t, err)
		require.Len(t, of, 1)
		assert.Equal(t, "50.25", of[0].Amount.String())
		assert.Equal(t, feed[0].ID, of[0].FeedID)
		assert.NotEqual(t, of[0].ID, of[0].FeedID)
	})
}

func TestFakeNumbersThatHaveDrifted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{{ID: "xx123.infusionsoft.com", FirstOrderID: 1001, FirstInvoiceID: 1003}}})
		for range 5 { // orders 1001–1005, invoices 1003–1007
			addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("10")}})
		}
		s := newSource(t, f, nil)
		inv, err := s.Invoice(t.Context(), ledger.Ref{Number: "1001"})
		require.NoError(t, err)
		assert.Equal(t, "1001", inv.ID)
		inv, err = s.Invoice(t.Context(), ledger.Ref{Number: "1007"})
		require.NoError(t, err)
		assert.Equal(t, "1005", inv.ID)
		_, err = s.Invoice(t.Context(), ledger.Ref{Number: "1004"})
		require.ErrorIs(t, err, ledger.ErrAmbiguous)
		inv, err = s.Invoice(t.Context(), ledger.Ref{ID: "1004"})
		require.NoError(t, err)
		assert.Equal(t, "1004", inv.ID)
		_, err = s.Invoice(t.Context(), ledger.Ref{ID: "1006"})
		require.ErrorIs(t, err, ledger.ErrNotFound)
	})
}

func TestFakeFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault faults.Fault
		kind  error // nil: the reading gets over it
	}{
		"lost request":      {faults.Fault{Kind: faults.LoseRequest}, nil},
		"lost answer":       {faults.Fault{Kind: faults.LoseAnswer}, nil},
		"cut off":           {faults.Fault{Kind: faults.Truncate}, nil},
		"a page of 502":     {faults.Fault{Kind: faults.HTML}, nil},
		"throttled":         {faults.Fault{Kind: faults.Vendor, Name: "429"}, nil},
		"spike":             {faults.Fault{Kind: faults.Vendor, Name: "429_spike"}, nil},
		"tenant":            {faults.Fault{Kind: faults.Vendor, Name: "429_tenant"}, nil},
		"gateway":           {faults.Fault{Kind: faults.Vendor, Name: "429_apigee"}, nil},
		"busy":              {faults.Fault{Kind: faults.Vendor, Name: "503"}, nil},
		"day":               {faults.Fault{Kind: faults.Vendor, Name: "429_quota_day", Times: -1}, ledger.ErrLater},
		"throttled always":  {faults.Fault{Kind: faults.Vendor, Name: "429", Times: -1}, ledger.ErrLater},
		"expired":           {faults.Fault{Kind: faults.Vendor, Name: "401_expired", Times: -1}, ledger.ErrReconnect},
		"permission":        {faults.Fault{Kind: faults.Vendor, Name: "401_permission", Times: -1}, ledger.ErrReconnect},
		"forbidden":         {faults.Fault{Kind: faults.Vendor, Name: "403", Times: -1}, ledger.ErrReconnect},
		"server":            {faults.Fault{Kind: faults.Vendor, Name: "500", Times: -1}, ledger.ErrFailed},
		"lost always":       {faults.Fault{Kind: faults.LoseAnswer, Times: -1}, ledger.ErrFailed},
		"cut off always":    {faults.Fault{Kind: faults.Truncate, Times: -1}, ledger.ErrUnreadable},
		"a page of 200":     {faults.Fault{Kind: faults.HTML, Status: 200, Times: -1}, ledger.ErrUnreadable},
		"garbage of 200":    {faults.Fault{Kind: faults.Garbage, Body: `{"orders":`, Times: -1}, ledger.ErrUnreadable},
		"an unknown answer": {faults.Fault{Kind: faults.Garbage, Body: `{"ok":true}`, Times: -1}, ledger.ErrUnreadable},
	} {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.New(1)
			f := newFake(t, infusionsoftfake.Options{Faults: plan})
			for range 5 {
				addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("10")}})
			}
			s := newSource(t, f, nil)
			_, err := s.Organisation(t.Context())
			require.NoError(t, err)
			c.fault.Path, c.fault.Skip = "/orders", 1
			plan.Add(c.fault)
			var got []string
			var last ledger.Cursor
			for p, e := range s.Invoices(t.Context(), ledger.Query{PageSize: 2}) {
				if err = e; err == nil {
					last = p.Next
				}
				for _, inv := range p.Records {
					got = append(got, inv.ID)
				}
			}
			if c.kind == nil {
				require.NoError(t, err, name)
				assert.Equal(t, []string{"1001", "1002", "1003", "1004", "1005"}, got, name)
				return
			}
			require.ErrorIs(t, err, c.kind, name)
			assert.Equal(t, []string{"1001", "1002"}, got, name)
			if c.kind == ledger.ErrLater {
				assert.True(t, ledger.ResumeAt(err).After(time.Now()), name)
			}
			plan.Clear()
			time.Sleep(25 * time.Hour)
			rest, _ := read(t, newSource(t, f, nil), ledger.Query{Cursor: last, PageSize: 2})
			assert.Len(t, rest, 3, "%s: the rest, from the cursor", name)
		})
	}
}

func TestFakeMinuteOfManyCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, infusionsoftfake.Options{Tokens: []infusionsoftfake.Token{{Value: "a token", Key: true}}}) // 10 a second, 240 a minute
		o := addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("10")}})
		throttled := 0
		s := newSource(t, f, &infusionsoft.Options{Observe: func(_ context.Context, c infusionsoft.Call) {
			if c.Status == http.StatusTooManyRequests {
				throttled++
			}
		}})
		start := time.Now()
		for range 500 {
			_, err := s.Invoice(t.Context(), ledger.Ref{ID: strconv.FormatInt(o.ID, 10)})
			require.NoError(t, err)
		}
		assert.Zero(t, throttled, "the headers are believed before it comes to that")
		assert.Greater(t, time.Since(start), 2*time.Minute-15*time.Second)
		assert.Less(t, time.Since(start), 4*time.Minute)
	})
}

func TestFakeOtherTenant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{{ID: "xx123.infusionsoft.com"}, {ID: "yy999.infusionsoft.com"}}})
		s, err := infusionsoft.New(f.Client("yy999.infusionsoft.com"), &infusionsoft.Options{Tenant: "xx123"})
		require.NoError(t, err)
		_, err = s.Organisation(t.Context())
		require.ErrorIs(t, err, ledger.ErrReconnect)
		assert.Contains(t, err.Error(), "yy999")
		s, err = infusionsoft.New(f.Client("yy999.infusionsoft.com"), nil)
		require.NoError(t, err)
		org, err := s.Organisation(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "yy999.infusionsoft.com", org.ID.ID)
		assert.Equal(t, "America/New_York", org.TimeZone.String())
	})
}

func TestFakeTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, infusionsoftfake.Options{Clients: []infusionsoftfake.OAuthClient{{ID: "app", Secret: "s3cret"}}})
		p, err := infusionsoft.NewProvider("app", "s3cret", "https://host.example/back", &infusionsoft.ProviderOptions{HTTPClient: &http.Client{Transport: f.Transport()}})
		require.NoError(t, err)
		code, err := f.AuthorizationCode("xx123.infusionsoft.com", "app", "https://host.example/back")
		require.NoError(t, err)
		tok, err := p.Exchange(t.Context(), code)
		require.NoError(t, err)
		orgs, err := p.Organisations(t.Context(), tok)
		require.NoError(t, err)
		assert.Equal(t, "xx123.infusionsoft.com", orgs[0].ID.ID)
		second, err := p.Refresh(t.Context(), tok.RefreshToken)
		require.NoError(t, err)
		assert.NotEqual(t, tok.RefreshToken, second.RefreshToken)
		tenant, err := infusionsoft.Tenant(second)
		require.NoError(t, err)
		assert.Equal(t, "xx123.infusionsoft.com", tenant)
		_, err = p.Refresh(t.Context(), tok.RefreshToken)
		require.ErrorIs(t, err, ledger.ErrReconnect, "it works once")
		_, err = p.Exchange(t.Context(), code)
		require.ErrorIs(t, err, ledger.ErrReconnect)
		s, err := infusionsoft.New(f.Client(second.AccessToken), nil)
		require.NoError(t, err)
		_, err = s.Organisation(t.Context())
		require.NoError(t, err)
	})
}

type hookHost struct {
	verifier *infusionsoft.Verifier
	notices  chan ledger.Notice
}

func (h hookHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	notices, reply, err := h.verifier.Verify(r, body)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	for k, v := range reply {
		w.Header()[k] = v
	}
	for _, n := range notices {
		h.notices <- n
	}
}

func TestFakeHooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, err := infusionsoft.NewVerifier("xx123", "0123456789abcdefghij")
		require.NoError(t, err)
		host := hookHost{v, make(chan ledger.Notice, 100)}
		f := newFake(t, infusionsoftfake.Options{HookTransport: faults.Transport(host)})
		defer func() { require.NoError(t, f.Close()) }()
		for _, event := range infusionsoft.HookEvents() {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "https://api.infusionsoft.com/crm/rest/v1/hooks", strings.NewReader(fmt.Sprintf(`{"eventKey":%q,"hookUrl":"https://host.example/keap/0123456789abcdefghij"}`, event)))
			r.Header.Set("Authorization", "Bearer x")
			r.Header.Set("Content-Type", "application/json")
			f.ServeHTTP(w, r)
			require.Contains(t, w.Body.String(), "Verified", event)
			require.NotContains(t, w.Body.String(), "Unverified", event)
		}
		o := addOrder(t, f, infusionsoftfake.Order{Items: []infusionsoftfake.Item{plainItem("10")}})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		seen := map[ledger.Notice]bool{}
		for len(host.notices) > 0 {
			n := <-host.notices
			n.At = time.Time{}
			seen[n] = true
		}
		org := ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"}
		assert.True(t, seen[ledger.Notice{Organisation: org, Kind: ledger.KindInvoice, ID: strconv.FormatInt(o.ID, 10)}], "%v", seen)
	})
}
