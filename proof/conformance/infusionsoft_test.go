package conformance

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
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

// infusionsoftHarness is Infusionsoft on its fake, in pages of two.
func infusionsoftHarness(name string, open func() (ledgertest.World, error), cannot ...string) ledgertest.Harness {
	return ledgertest.Harness{
		Name: name,
		Open: func(t ledgertest.T) ledgertest.World {
			w, err := open()
			if err != nil {
				t.Fatalf("infusionsoft: %v", err)
			}
			return w
		},
		Cannot: cannot,
		Deviations: map[string]string{
			"reading/from a date": "Infusionsoft cannot filter orders by their date, which people set: the flows' rules do (package infusionsoft, Invoices)",
		},
	}
}

// infusionsoftHarnesses are the ledger, under both sets of answers that the vendor does not document (in which unit
// rows of payments are, whether the answer to a payment names the payment or its row, whether a payment
// changes its order), and the source that is told which application it reads and in which currency and zone, so that
// it answers for its organisation without a call.
func infusionsoftHarnesses() []ledgertest.Harness {
	major := infusionsoftfake.Switches{NotesReadBack: true}
	minor := infusionsoftfake.Switches{
		NotesReadBack: true, InvoicePaymentsInMinorUnits: true, PaymentResultIsRow: true, PaymentTouchesOrder: true,
		KnowsTheEnd: true, LastPageToken: infusionsoftfake.LastPageNull, ManualPaymentsKeepTime: true, UnpaidStatus: "SENT",
	}
	cannot := []string{"Updates", "PaymentVoids", "Documents"}
	return []ledgertest.Harness{
		infusionsoftHarness("infusionsoft", func() (ledgertest.World, error) { return infusionsoftWorld(major, true) }, cannot...),
		infusionsoftHarness("minor", func() (ledgertest.World, error) { return infusionsoftWorld(minor, true) }, cannot...),
		infusionsoftHarness("told", func() (ledgertest.World, error) { return infusionsoftWorld(major, false) }),
	}
}

func infusionsoftWorld(switches infusionsoftfake.Switches, writes bool) (ledgertest.World, error) {
	plan := faults.New(2)
	fake, err := infusionsoftfake.New(&infusionsoftfake.Options{
		Tenants: []infusionsoftfake.Tenant{{ID: ours, Currency: "AUD", TimeZone: "Australia/Sydney"}, {ID: another, Currency: "AUD", TimeZone: "Australia/Sydney"}},
		Faults:  plan, Switches: switches, Tokens: []infusionsoftfake.Token{{Value: token, Tenant: ours}, {Value: "other", Tenant: another}},
	})
	if err != nil {
		return ledgertest.World{}, err
	}
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		return ledgertest.World{}, err
	}
	wire := newWire(fake.Transport(), plan, shape{
		id: []string{"id"}, amount: "total", alone: true, failure: `{"code":500,"message":"Internal error","status":"INTERNAL"}`,
		named: map[ledgertest.Fault]string{ledgertest.Throttled: "429", ledgertest.Unauthorised: "401_expired", ledgertest.Forbidden: "403", ledgertest.ServerError: "500"},
	})
	options := infusionsoft.Options{PageSize: 2, Budget: limit.New(nil), RowUnits: infusionsoft.UnitsMajor, NotesReadBack: true, Currency: "AUD", TimeZone: sydney}
	if switches.InvoicePaymentsInMinorUnits {
		options.RowUnits = infusionsoft.UnitsMinor
	}
	open := func() (ledger.Source, error) { return infusionsoft.NewLedger(wire.client(), &options) }
	if !writes {
		options.Tenant = ours
		open = func() (ledger.Source, error) { return infusionsoft.New(wire.client(), &options) }
	}
	source, err := open()
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
	w := ledgertest.World{
		Reopen: open, Bank: "Money Order", Missing: "987654321", Secrets: []string{token},
		Elsewhere: func() error {
			wire.lead("other", nil)
			_, err := fake.In(another).AddOrder(infusionsoftfake.Order{Title: "Of another business", CreationTime: time.Now(), OrderTime: time.Now()})
			return err
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
		Garble: wire.garble, Inject: wire.inject, Requests: wire.sent,
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
	}
	if writes {
		w.Ledger = source.(ledger.Ledger)
	} else {
		w.Source = source
	}
	return w, nil
}
