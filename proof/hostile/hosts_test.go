package hostile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// in is flow in a world of its own.
func in(t *testing.T, world rig.World, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) {
		defer time.Sleep(time.Hour)
		f(t, rig.NewIn(t, world))
	})
}

// The connection of the source is authorised anew, and leads to another application: its orders have the
// same small numbers as ours.
func TestSourceLeadsElsewhere(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit, r.Settings.OnDelete = invoicesync.EditUpdate, invoicesync.DeleteVoid
		o := r.Order("110.00", false)
		r.Order("50.00", false)
		r.Run()
		other, err := infusionsoftfake.New(&infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{{ID: "yy999.infusionsoft.com", Currency: "AUD", TimeZone: "Australia/Sydney"}}})
		rig.Check(t, err)
		c, err := other.AddContact(infusionsoftfake.Contact{GivenName: "Another", FamilyName: "One"})
		rig.Check(t, err)
		_, err = other.AddOrder(infusionsoftfake.Order{ID: o.ID, ContactID: c.ID, Title: "Order", Status: "SENT", OrderTime: time.Now(),
			Items: []infusionsoftfake.Item{rig.Thing("999.00")}})
		rig.Check(t, err)
		time.Sleep(25 * time.Hour)
		src, err := infusionsoft.New(other.Client("any"), &infusionsoft.Options{RowUnits: infusionsoft.UnitsMajor})
		rig.Check(t, err)
		p, err := invoicesync.NewPush(r.DB, src, r.LedgerSide(), r.Settings, &r.Opts)
		rig.Check(t, err)
		rep, err := p.Run(context.Background())
		if got := inXero(t, r, o); got.Total.String() != "110" || len(r.LiveInvoices()) != 2 {
			t.Errorf("another company's order is in the books: %s, %d live, %+v", got.Total, len(r.LiveInvoices()), rep.Invoices)
		}
		if err == nil {
			t.Error("nobody is told")
		}
	})
}

// Observers that panic at any event: the next run puts everything right.
func TestObserverPanics(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		for range 3 {
			r.Order("110.00", true)
		}
		for n := range 40 {
			seen := 0
			r.Opts.Observer = func(invoicesync.Event) {
				if seen++; seen == n+1 {
					panic("observer")
				}
			}
			func() {
				defer func() { _ = recover() }()
				if n%7 == 3 {
					r.Order("55.00", true)
				}
				_, _ = r.Push().Run(context.Background())
			}()
			time.Sleep(time.Second)
		}
		r.Opts.Observer = nil
		time.Sleep(25 * time.Hour)
		r.Settle()
		n := len(r.Keap.Orders())
		r.Expect(n, n, n)
	})
}

// The context is cancelled at the n-th request to either side.
func TestCancelledAnywhere(t *testing.T) {
	for n := range 30 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			flow(t, func(t *testing.T, r *rig.Rig) {
				r.Settings.OnEdit = invoicesync.EditUpdate
				var orders []infusionsoftfake.Order
				for i := range 4 {
					orders = append(orders, r.Order("110.00", i%2 == 0))
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				seen := 0
				tap := faults.Fault{Match: func(*http.Request) bool {
					if seen++; seen == n+1 {
						cancel()
					}
					return false
				}}
				r.Faults.Add(tap)
				r.SourceFaults.Add(tap)
				_, err := r.Push().Run(ctx)
				if err == nil && ctx.Err() != nil && n < 10 {
					t.Log("cancelled, and no error")
				}
				r.Faults.Clear()
				r.SourceFaults.Clear()
				rig.Check(t, r.Keap.EditOrder(orders[1].ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = dec("130.00") }))
				time.Sleep(10 * time.Minute)
				r.Settle()
				r.Expect(4, 4, 2)
				if got := inXero(t, r, orders[1]).Total; !got.Equal(dec("130.00")) {
					t.Fatalf("130.00 became %s", got)
				}
			})
		})
	}
}

// The sealing key is lost while a creation, and while a change, are in doubt.
func TestSealerLost(t *testing.T) {
	for _, verb := range []string{"PUT", "POST"} {
		t.Run(verb, func(t *testing.T) {
			flow(t, func(t *testing.T, r *rig.Rig) {
				r.Settings.OnEdit = invoicesync.EditUpdate
				o := r.Order("110.00", false)
				if verb == "POST" {
					r.Run()
					rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = dec("130.00") }))
					time.Sleep(time.Hour)
				}
				r.Faults.Add(faults.Fault{Method: verb, Kind: faults.LoseRequest, Times: -1,
					Match: func(q *http.Request) bool { return strings.Contains(q.URL.Path, "/Invoices") }})
				_, _ = r.Push().Run(context.Background())
				r.Faults.Clear()
				key, err := store.NewKey("another")
				rig.Check(t, err)
				ring, err := store.NewKeyring(key)
				rig.Check(t, err)
				r.Opts.Sealer = ring
				var last error
				for range 6 {
					time.Sleep(20 * time.Minute)
					_, last = r.Push().Run(context.Background())
				}
				if last != nil {
					t.Logf("every run stops here until the key is back: %v", last)
				}
				if n := len(r.LiveInvoices()); n != 1 {
					t.Fatalf("%d", n)
				}
			})
		})
	}
}

// Hooks of the host that misbehave.
func TestAdjustMisbehaves(t *testing.T) {
	for name, adjust := range map[string]func(invoicesync.Draft) (invoicesync.Draft, error){
		"nothing": func(invoicesync.Draft) (invoicesync.Draft, error) { return invoicesync.Draft{}, nil },
		"mark": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.Mark = "AAAAAAAAAAAAAAAA"
			return d, nil
		},
		"id": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.ID = "x"
			d.Invoice.Contact.ID = "y"
			return d, nil
		},
		"url": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.URL = "https://x.example/AAAAAAAAAAAAAAAA#a?b"
			return d, nil
		},
		"no lines": func(d invoicesync.Draft) (invoicesync.Draft, error) { d.Invoice.Lines = nil; return d, nil },
		"draft": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.Status = ledger.StatusDraft
			return d, nil
		},
		"void": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.Status = ledger.StatusVoided
			return d, nil
		},
		"credit note": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.Kind = ledger.CreditNote
			return d, nil
		},
		"source's lines": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Source.Lines[0].Amount = dec("1")
			return d, nil
		},
		"more money": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.Lines[0].UnitPrice = dec("111")
			return d, nil
		},
		"same number": func(d invoicesync.Draft) (invoicesync.Draft, error) { d.Invoice.Number = "ONE"; return d, nil },
		"bad number": func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.Number = "A,B&c=d\r\nX: y"
			return d, nil
		},
		"currency": func(d invoicesync.Draft) (invoicesync.Draft, error) { d.Invoice.Currency = "USD"; return d, nil },
	} {
		t.Run(name, func(t *testing.T) {
			flow(t, func(t *testing.T, r *rig.Rig) {
				r.Opts.Adjust = adjust
				r.Order("110.00", true)
				r.Order("110.00", true)
				rep := r.Run()
				time.Sleep(25 * time.Hour)
				r.Run()
				time.Sleep(time.Hour)
				if again := r.Run(); again.Writes != 0 {
					t.Fatalf("the same is asked for in every run: %+v %+v", again.Invoices, again.Payments)
				}
				t.Logf("%+v %+v live %d paid %d", rep.Invoices, rep.Payments, len(r.LiveInvoices()), len(r.LivePayments()))
				if len(r.Xero.Books().Invoices()) > 2 {
					t.Fatal("doubled")
				}
				for _, i := range r.LiveInvoices() {
					if !i.Total.Equal(dec("110.00")) {
						t.Fatalf("%s", i.Total)
					}
				}
			})
		})
	}
}

// Currencies with no and with three decimal places.
func TestCurrencies(t *testing.T) {
	for _, c := range []struct{ currency, price string }{{"JPY", "11000"}, {"KWD", "10.005"}, {"KWD", "10.01"}, {"KWD", "10.999"}} {
		t.Run(c.currency+c.price, func(t *testing.T) {
			in(t, rig.World{Tenant: infusionsoftfake.Tenant{Currency: c.currency, TimeZone: "Asia/Tokyo"},
				Organisations: []xerofake.Organisation{{BaseCurrency: c.currency, CountryCode: "AU"}}}, func(t *testing.T, r *rig.Rig) {
				r.Order(c.price, true)
				rep, err := r.Push().Run(context.Background())
				t.Logf("%v %+v %+v", err, rep.Invoices, rep.Payments)
				for _, i := range r.LiveInvoices() {
					if !i.Total.Equal(dec(c.price)) {
						t.Fatalf("%s became %s", c.price, i.Total)
					}
				}
			})
		})
	}
}

// Odd baskets: what is in the ledger is the source's total to the cent, or it is not there.
func TestOddBaskets(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			flow(t, func(t *testing.T, r *rig.Rig) {
				r.Settings.SkipZero = seed%2 == 0
				if seed == 5 {
					r.Settings.Mode = eligibility.InvoicesOnly
				}
				rng := rand.New(rand.NewPCG(seed, 7))
				prices := []string{"0", "0.01", "0.005", "33.3333", "19.995", "99999999.99", "-5", "100", "0.0001", "12.34567"}
				quantities := []int64{0, 1, 3, 7, 1000, 999999, 12345678901234}
				kinds := []string{"PRODUCT", "PRODUCT", "SERVICE", "SHIPPING", "TAX", "DISCOUNT_ORDER_TOTAL", "DISCOUNT", "FINANCE_CHARGE", "OTHER", "NONSENSE", "TIP"}
				for range 60 {
					var items []infusionsoftfake.Item
					for range 1 + rng.IntN(5) {
						it := infusionsoftfake.Item{Type: kinds[rng.IntN(len(kinds))], Name: "x <b>\u202e\x01 \U0001F600", Price: dec(prices[rng.IntN(len(prices))]), Quantity: quantities[rng.IntN(len(quantities))]}
						if it.Type == "PRODUCT" {
							it.Product = &infusionsoftfake.ItemProduct{ID: 1, Name: "A", SKU: "a'b\"&?;,", Taxable: rng.IntN(2) == 0}
						}
						items = append(items, it)
						if rng.IntN(4) == 0 {
							items = append(items, it)
						}
					}
					added, err := r.Keap.AddOrder(infusionsoftfake.Order{ContactID: r.Client().ID, Title: "Order", Status: "SENT", OrderTime: time.Now().Add(-48 * time.Hour), Items: items})
					if err != nil {
						continue
					}
					if tot, _ := r.Keap.Totals(added.ID); tot.Total.IsPositive() && tot.Total.Equal(tot.Total.Round(2)) {
						_, _ = r.Keap.AddPayment(infusionsoftfake.Payment{OrderID: added.ID, Amount: tot.Total, Status: "MANUAL_PAID", Time: time.Now()})
					}
				}
				rep := r.Settle()
				t.Logf("%+v", rep.Invoices)
				for _, o := range r.Keap.Orders() {
					l := link(t, r, ledger.KindInvoice, idOf(o))
					if l.State != store.Written {
						continue
					}
					tot, _ := r.Keap.Totals(o.ID)
					if got := inXero(t, r, o).Total; !got.Equal(tot.Total.Round(2)) { // the source tells minor units
						t.Errorf("order %d: %s became %s: %+v", o.ID, tot.Total, got, o.Items)
					}
				}
			})
		})
	}
}

// The same owner's name in two processes at once.
func TestOwnerTwice(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		for range 120 {
			r.Order("110.00", true)
		}
		done := make(chan error, 3)
		for i := range 3 {
			p := r.Push()
			go func() {
				time.Sleep(time.Duration(i) * 300 * time.Millisecond)
				_, err := p.Run(context.Background())
				done <- err
			}()
		}
		for range 3 {
			if err := <-done; err != nil && !errors.Is(err, store.ErrLeaseLost) && !errors.Is(err, ledger.ErrLater) {
				t.Log(err)
			}
		}
		time.Sleep(20 * time.Minute)
		r.Settle()
		r.Expect(120, 120, 120)
	})
}
