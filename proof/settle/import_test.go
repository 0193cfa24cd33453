package settle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/hosttest"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/cash"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// practice is a host that imports the invoices of the books and settles what it collects for them, in one store.
type practice struct {
	*shop
	app *hosttest.Memory
}

func practices(t *testing.T, f func(*testing.T, *practice)) {
	t.Helper()
	each(t, func(t *testing.T, s *shop) { f(t, &practice{s, &hosttest.Memory{}}) })
}

func (p *practice) pair() store.Pair {
	return store.Pair{Source: p.books.ID(), Ledger: cash.Account()}
}

func (p *practice) imports() invoicesync.Report {
	p.t.Helper()
	settings := invoicesync.ImportSettings{Ledger: p.books.ID(), Account: cash.Account().ID, Processing: true, Currency: "AUD"}
	settings.Rules.AllowUnmappedTax = true
	imp, err := invoicesync.NewImport(p.db, p.books.Open(), p.app, settings, &p.opts)
	rig.Check(p.t, err)
	rep, err := imp.Run(context.Background())
	rig.Check(p.t, err)
	return rep
}

// collect takes money in the app, and lets the flow know of it under the app's own id.
func (p *practice) collect(invoice, amount string) string {
	p.t.Helper()
	origin := p.app.Collect(p.pair(), invoice, decimal.RequireFromString(amount))
	if origin.Source != cash.Account() {
		p.t.Fatalf("the app is %s, and the settle's host %s", origin.Source, cash.Account())
	}
	return p.host.Add(invoice, amount, func(pay *ledger.Payment) { pay.ID = origin.ID })
}

// sees compares what the app holds of an invoice.
func (p *practice) sees(invoice string, what invoicesync.What, balance, received string, own ...string) {
	p.t.Helper()
	r, ok := p.app.Invoice(p.pair(), invoice)
	if !ok {
		p.t.Fatal("the app does not hold the invoice")
	}
	if r.What != what || !r.Invoice.Totals.Balance.Equal(decimal.RequireFromString(balance)) {
		p.t.Fatalf("the app was told %q with %s left to pay, want %q with %s", r.What, r.Invoice.Totals.Balance, what, balance)
	}
	if got := p.app.Received(p.pair(), invoice); !got.Equal(decimal.RequireFromString(received)) {
		p.t.Fatalf("the app has received %s, want %s; origins %v", got, received, r.Origins)
	}
	if len(r.Origins) != len(own) {
		p.t.Fatalf("%d payments are called ours, want %d: %v", len(r.Origins), len(own), r.Origins)
	}
	for _, id := range own {
		found := false
		for _, pay := range r.Invoice.Payments {
			found = found || r.Origins[pay.ID] == invoicesync.Origin{Source: cash.Account(), ID: id}
		}
		if !found {
			p.t.Fatalf("no payment of the invoice is called the host's %s: %v", id, r.Origins)
		}
	}
}

// deaf is a ledger whose answers are lost from the first booking on.
type deaf struct {
	ledger.Ledger
	lost bool
}

func (d *deaf) Powers() ledger.Powers {
	powers := d.Ledger.Powers()
	powers.Payments = deafWriter{powers.Payments, d}
	return powers
}

type deafWriter struct {
	ledger.Writer[ledger.Payment]
	d *deaf
}

func (w deafWriter) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[ledger.Payment], error) {
	out, err := w.Writer.Create(ctx, b)
	w.d.lost = true
	for i, o := range out {
		out[i] = ledger.Outcome[ledger.Payment]{State: ledger.Uncertain, Mark: o.Mark}
	}
	return out, err
}

func (w deafWriter) Find(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Payment], error) {
	if w.d.lost {
		return ledger.Found[ledger.Payment]{}, errDown
	}
	return w.Writer.Find(ctx, s)
}

// A host collects, settles, and imports: its own money comes back once, under its own name.
func TestImportKnowsWhatWasSettled(t *testing.T) {
	practices(t, func(t *testing.T, p *practice) {
		inv := p.books.AddInvoice("110.00")
		p.imports()
		p.sees(inv, invoicesync.Imported, "110.00", "0.00")
		theirs := p.books.Pay(inv, "10.00", today)
		own := p.collect(inv, "100.00")
		p.counted(p.run(), map[string]int{"created": 1})
		p.imports()
		p.sees(inv, invoicesync.Paid, "0.00", "110.00", own)

		// Nothing more comes of it.
		time.Sleep(25 * time.Hour)
		told := len(p.app.Applied())
		p.run()
		p.imports()
		if n := len(p.app.Applied()); n != told {
			t.Fatalf("the app was told %d more times of what had not changed", n-told)
		}

		// The payment is removed in the ledger: the invoice asks for the money again, which the host still has.
		for _, pay := range p.books.Live() {
			if pay.ID != theirs {
				p.books.DeletePayment(pay.ID)
			}
		}
		p.imports()
		p.sees(inv, invoicesync.Reopened, "100.00", "110.00")
		p.counted(p.run(), map[string]int{"parked payment_deleted_in_ledger": 1})
		// A person has it booked again.
		rig.Check(t, p.settle().Rebook(context.Background(), own))
		p.counted(p.run(), map[string]int{"created": 1})
		p.imports()
		p.sees(inv, invoicesync.Paid, "0.00", "110.00", own)
		if live := p.books.Live(); len(live) != 2 || p.books.Balance(inv) != "0.00" {
			t.Fatalf("the books hold %v, and %s is left to pay", live, p.books.Balance(inv))
		}
	})
}

// The answer to the booking is lost, and the import reads the payment before the settle knows of it.
func TestImportKnowsWhatIsInDoubt(t *testing.T) {
	practices(t, func(t *testing.T, p *practice) {
		inv := p.books.AddInvoice("110.00")
		p.imports()
		own := p.collect(inv, "110.00")
		rep, err := p.over(&deaf{Ledger: p.books.Open()}).Run(context.Background())
		rig.Check(t, err)
		if len(p.books.Live()) != 1 || rep.Payments.Uncertain != 1 {
			t.Fatalf("the payment is not in doubt: %+v", rep.Payments)
		}
		p.imports()
		p.sees(inv, invoicesync.Paid, "0.00", "110.00", own)
		p.rest()
		p.imports()
		p.sees(inv, invoicesync.Paid, "0.00", "110.00", own)
	})
}

// A bookkeeper has entered the host's money, the import has told of it as somebody else's, and a person says that it
// is the same: the host is told once more, although nothing has changed in the ledger.
func TestImportHearsOfAdoption(t *testing.T) {
	practices(t, func(t *testing.T, p *practice) {
		inv := p.books.AddInvoice("110.00")
		p.imports()
		own := p.collect(inv, "110.00")
		theirs := p.books.Pay(inv, "110.00", today)
		p.imports()
		p.sees(inv, invoicesync.Paid, "0.00", "220.00") // as far as anybody can know
		p.run()
		time.Sleep(time.Hour)
		rig.Check(t, p.settle().Adopt(context.Background(), own, theirs))
		p.imports()
		p.sees(inv, invoicesync.Changed, "0.00", "110.00", own)
		time.Sleep(time.Hour)
		if rep := p.imports(); rep.Invoices.Read != 0 {
			t.Fatalf("it was judged once more: %+v", rep.Invoices)
		}
	})
}

var errDown = errors.New("down")

// The host was down when it was told: it is told again under the same key.
func TestOriginsComeAgain(t *testing.T) {
	practices(t, func(t *testing.T, p *practice) {
		inv := p.books.AddInvoice("110.00")
		p.imports()
		own := p.collect(inv, "110.00")
		p.run()
		var keys []string
		down := true
		p.app.Before = func(_ context.Context, d invoicesync.Delivery) error {
			keys = append(keys, d.Key)
			if down {
				return errDown
			}
			return nil
		}
		p.imports()
		down = false
		p.imports()
		p.sees(inv, invoicesync.Paid, "0.00", "110.00", own)
		if len(keys) != 2 || keys[0] != keys[1] {
			t.Fatalf("delivered under %v, want one key twice", keys)
		}
	})
}
