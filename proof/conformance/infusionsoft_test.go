package conformance

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/limit"
)

// The two applications that the fake keeps.
const (
	ours    = "xx123.infusionsoft.com"
	another = "yy456.infusionsoft.com"
)

// infusionsoftHarness is Infusionsoft on its fake, in pages of two. told says that Options name the application,
// its currency and its zone, so that the source answers for its organisation without a call.
func infusionsoftHarness(name string, told bool) ledgertest.Harness {
	return ledgertest.Harness{
		Name: name,
		Open: func(t ledgertest.T) ledgertest.World {
			w, err := infusionsoftWorld(told)
			if err != nil {
				t.Fatalf("infusionsoft: %v", err)
			}
			return w
		},
	}
}

func infusionsoftWorld(told bool) (ledgertest.World, error) {
	plan := faults.New(2)
	fake, err := infusionsoftfake.New(&infusionsoftfake.Options{
		Tenants: []infusionsoftfake.Tenant{{ID: ours, Currency: "AUD", TimeZone: "Australia/Sydney"}, {ID: another, Currency: "AUD", TimeZone: "Australia/Sydney"}},
		Faults:  plan,
	})
	if err != nil {
		return ledgertest.World{}, err
	}
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		return ledgertest.World{}, err
	}
	wire := newWire(fake.Transport(), plan, shape{
		id: []string{"id"}, amount: "total",
		named: map[ledgertest.Fault]string{ledgertest.Throttled: "429", ledgertest.Unauthorised: "401_expired", ledgertest.Forbidden: "403", ledgertest.ServerError: "500"},
	})
	options := infusionsoft.Options{PageSize: 2, Budget: limit.New(nil), RowUnits: infusionsoft.UnitsMajor}
	if told {
		options.Tenant, options.Currency, options.TimeZone = ours, "AUD", sydney
	}
	open := func() (ledger.Source, error) { return infusionsoft.New(wire.client(), &options) }
	source, err := open()
	if err != nil {
		return ledgertest.World{}, err
	}
	number := func(id string) int64 {
		n, _ := strconv.ParseInt(id, 10, 64)
		return n
	}
	contact := func(name, email string) (string, error) {
		c, err := fake.AddContact(infusionsoftfake.Contact{GivenName: name, Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: email}}})
		return fmt.Sprint(c.ID), err
	}
	w := ledgertest.World{
		Source: source, Reopen: open, Missing: "987654321", Secrets: []string{token},
		Elsewhere: func() error {
			wire.lead(another, nil)
			_, err := fake.In(another).AddOrder(infusionsoftfake.Order{Title: "Of another business", CreationTime: time.Now(), OrderTime: time.Now()})
			return err
		},
		AddInvoice: func(inv ledger.Invoice) (string, error) {
			if inv.Contact.ID == "" {
				id, err := contact("Customer", "customer@example.com")
				if err != nil {
					return "", err
				}
				inv.Contact.ID = id
			}
			at := inv.Date.In(sydney).Add(15 * time.Hour) // in the afternoon, as seen from there
			o := infusionsoftfake.Order{
				ContactID: number(inv.Contact.ID), Title: "Order", Status: "SENT", CreationTime: at, OrderTime: at, DueTime: inv.DueDate.In(sydney).Add(15 * time.Hour),
				ModificationTime: time.Now(),
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
		AddContact: contact,
		AddPayment: func(invoice string, amount decimal.Decimal) (string, error) {
			p, err := fake.AddPayment(infusionsoftfake.Payment{OrderID: number(invoice), Amount: amount, Status: "MANUAL_PAID"})
			return fmt.Sprint(p.ID), err
		},
		EditInvoice: func(id string) error {
			return fake.EditOrder(number(id), func(o *infusionsoftfake.Order) { o.Title += "!" })
		},
		DeleteInvoice: func(id string) error { return fake.DeleteOrder(number(id)) },
		DeletePayment: func(id string) error { return fake.VoidPayment(number(id)) },
		Garble:        wire.garble, Inject: wire.inject, Requests: wire.sent,
		Marked: func(kind ledger.RecordKind, m ledger.Mark) (n int, err error) {
			var texts []string
			switch kind {
			case ledger.KindInvoice:
				for _, o := range fake.Orders() {
					texts = append(texts, o.ExternalCreateUser)
				}
			case ledger.KindPayment:
				for _, p := range fake.Payments() {
					texts = append(texts, p.Note)
				}
			default:
				return 0, errors.ErrUnsupported
			}
			for _, text := range texts {
				if ledger.MarkIn(text) == m {
					n++
				}
			}
			return n, nil
		},
	}
	if books, writes := source.(ledger.Ledger); writes {
		w.Ledger, w.Source = books, nil
	}
	return w, nil
}
