package crash

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
)

// seedVariable replays one world: INVOICESYNC_SEED=17 go test -run TestTorture ./proof/crash
const seedVariable = "INVOICESYNC_SEED"

// seedsVariable is how many worlds of each torture there are, where somebody has the time for more than go test has:
// INVOICESYNC_SEEDS=1000 go test -timeout 1h -run Torture ./proof/crash
const seedsVariable = "INVOICESYNC_SEEDS"

func seeds(t *testing.T, n int) []uint64 {
	t.Helper()
	if s := os.Getenv(seedVariable); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		rig.Check(t, err)
		return []uint64{seed}
	}
	if s := os.Getenv(seedsVariable); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		rig.Check(t, err)
	} else if testing.Short() {
		n /= 10
	}
	list := make([]uint64, n)
	for i := range list {
		list[i] = uint64(i + 1)
	}
	return list
}

// Random worlds, random faults of both vendors, random deaths and cancellations, random waits. After calm,
// everything is in the ledger once and to the cent; and at no moment is anything there twice.
func TestTorture(t *testing.T) {
	var sum tally
	for _, seed := range seeds(t, 200) {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { torture(t, rig.OnXero, seed, store.NewMemory(), &sum) })
		}) {
			t.Fatalf("replay it: %s=%d go test -run 'TestTorture$' ./crash", seedVariable, seed)
		}
	}
	sum.log(t)
}

// The same over QuickBooks, whose writes are batches of one route, whose deletions leave no mark, and whose switches stand
// now this way and now that.
func TestTortureQuickBooks(t *testing.T) {
	var sum tally
	for _, seed := range seeds(t, 60) {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { torture(t, rig.OnQuickBooks, seed, store.NewMemory(), &sum) })
		}) {
			t.Fatalf("replay it: %s=%d go test -run 'TestTortureQuickBooks$' ./crash", seedVariable, seed)
		}
	}
	sum.log(t)
}

// The same over SQLite.
func TestTortureSQLite(t *testing.T) {
	var sum tally
	for _, seed := range seeds(t, 30) {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "store"), nil)
				rig.Check(t, err)
				defer db.Close()
				torture(t, rig.OnXero, seed, db, &sum)
			})
		}) {
			t.Fatalf("replay it: %s=%d go test -run 'TestTortureSQLite$' ./crash", seedVariable, seed)
		}
	}
	sum.log(t)
}

// tally says what the seeds have been through: a torture that hurts nobody proves nothing.
type tally struct{ worlds, runs, deaths, cancels, faults, orders, payments, edits, bounces, refunds, deletions int }

func (s *tally) log(t *testing.T) {
	t.Helper()
	t.Logf("%+v", *s)
	if s.deaths == 0 || s.faults == 0 || s.orders == 0 || s.payments == 0 {
		t.Fatal("nothing happened")
	}
}

// A tormented world is a rig and what its books must hold in the end.
type tormented struct {
	*rig.Rig
	t       *testing.T
	rng     *rand.Rand
	sum     *tally
	clients []int64
	orders  []*wanted
	mu      sync.Mutex
	created int // over all reports
}

// wanted is an order and what must become of it.
type wanted struct {
	id       int64
	total    int64 // cents
	paid     []*money
	deleted  bool
	refunded bool
	edited   bool
}

// money is a payment.
type money struct {
	id      int64
	cents   int64
	pending bool
	gone    bool // failed or voided
}

func cents(n int64) decimal.Decimal { return decimal.New(n, -2) }

func torture(t *testing.T, vendor rig.Vendor, seed uint64, db store.Store, sum *tally) {
	rng := rand.New(rand.NewPCG(seed, 0x746f7274757265))
	world := rig.World{Ledger: vendor, Keap: infusionsoftfake.Switches{PaymentTouchesOrder: rng.IntN(2) == 0}}
	numbers := true
	if vendor == rig.OnQuickBooks {
		numbers = rng.IntN(2) == 0
		world.Company = quickbooksfake.Company{Country: "AU", CustomTxnNumbers: numbers}
		world.QuickBooks = quickbooksSwitches(rng)
	}
	w := &tormented{t: t, rng: rng, sum: sum, Rig: rig.NewIn(t, world)}
	w.DB = db
	w.Settings.OnEdit = pick(rng, invoicesync.EditReport, invoicesync.EditUpdate, invoicesync.EditVoid)
	w.Settings.OnDelete = pick(rng, invoicesync.DeleteReport, invoicesync.DeleteVoid)
	if w.Settings.OnEdit != invoicesync.EditVoid && rng.IntN(3) == 0 && numbers { // a voided invoice keeps its number
		w.Settings.Numbers = invoicesync.NumberSettings{FromSource: true, Prefix: "IS-"}
	}
	for range 1 + rng.IntN(4) {
		w.clients = append(w.clients, w.Client().ID)
	}
	orders := 1 + rng.IntN(12)
	if rng.IntN(25) == 0 {
		orders += 60 // more than one batch
	}
	for range orders {
		w.order()
	}
	w.storm(seed)
	for range 2 + rng.IntN(5) {
		for range rng.IntN(5) {
			w.something()
		}
		if rng.IntN(4) > 0 {
			w.once("here")
		} else {
			// Two of them, one perhaps a little later, and each of them may fall asleep.
			var group sync.WaitGroup
			late := time.Duration(rng.Int64N(int64(4 * time.Minute)))
			for i, name := range []string{"here", "there"} {
				m := w.mortal()
				group.Go(func() {
					time.Sleep(time.Duration(i) * late)
					w.live(m, name)
				})
			}
			group.Wait()
		}
		w.hold()
		// Forward only, from at once to days.
		time.Sleep(time.Duration(rng.Int64N(int64(pick(rng, time.Second, time.Minute, 10*time.Minute, 5*time.Hour, 48*time.Hour)))))
		w.hold()
	}
	sum.faults += len(w.Faults.Hits()) + len(w.SourceFaults.Hits())
	w.calm()
	sum.worlds++
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// storm lets random things go wrong with requests. What goes wrong follows from the request and how often
// it has been made, and not from the order of requests that are made at the same time.
func (w *tormented) storm(seed uint64) {
	wrath := 5 + w.rng.IntN(45) // per cent of the writes
	draw := func(side string, draw func(*rand.Rand, *http.Request) *faults.Fault) func(*rand.Rand, *http.Request) *faults.Fault {
		count := map[string]int{}                                  // each plan has a lock of its own
		return func(_ *rand.Rand, r *http.Request) *faults.Fault { // the plan holds its lock
			key := side + r.Method + r.URL.Path
			count[key]++
			h := fnv.New64a()
			fmt.Fprint(h, key, " ", count[key])
			return draw(rand.New(rand.NewPCG(seed, h.Sum64())), r)
		}
	}
	w.Faults.Random(draw("ledger", func(rng *rand.Rand, r *http.Request) *faults.Fault { return weathers[w.Vendor].draw(rng, r, wrath) }))
	w.SourceFaults.Random(draw("source", func(rng *rand.Rand, r *http.Request) *faults.Fault {
		if rng.IntN(100) >= wrath/5 {
			return nil
		}
		return pick(rng, reading(rng), &faults.Fault{Kind: faults.Vendor, Name: pick(rng, "429", "429_spike", "500", "503")})
	}))
}

// reading is what goes wrong with a reading request of either side.
func reading(rng *rand.Rand) *faults.Fault {
	return &faults.Fault{
		Kind:  pick(rng, faults.LoseRequest, faults.LoseAnswer, faults.Truncate, faults.HTML, faults.Slow, faults.SlowAnswer),
		Delay: time.Duration(rng.Int64N(int64(90 * time.Second))),
	}
}

// once is the life of one process: it may end by itself, be told to stop, or die. A restarted process may
// or may not have the name of the one before.
func (w *tormented) once(name string) {
	w.live(w.mortal(), pick(w.rng, name, name, "there"))
}

// mortal draws a fate.
func (w *tormented) mortal() *mortal {
	m := &mortal{}
	switch w.rng.IntN(3) {
	case 0:
		m.at = 1 + w.rng.IntN(60)
	case 1:
		m.at, m.quiet = 1+w.rng.IntN(60), true
	}
	if w.rng.IntN(4) == 0 {
		m.restAt, m.rest = 1+w.rng.IntN(60), time.Duration(w.rng.Int64N(int64(12*time.Minute)))
	}
	return m
}

func (w *tormented) live(m *mortal, name string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m.end = cancel
	rep, err := process(w.Rig, m, name).Run(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum.runs++
	switch {
	case m.dead():
		w.sum.deaths++
		return // nobody has seen its report
	case m.ended:
		w.sum.cancels++
	}
	for _, c := range []invoicesync.Counts{rep.Invoices, rep.Payments} {
		if c.Sum() != c.Read {
			w.t.Errorf("%d judged, states sum to %d: %+v", c.Read, c.Sum(), c)
		}
	}
	w.created += rep.Invoices.Created
	if rep.Invoices.Created+rep.Invoices.Already > len(w.orders) {
		w.t.Errorf("%d created and %d there already, of %d orders: %+v\n%s\n%s", rep.Invoices.Created, rep.Invoices.Already, len(w.orders), rep, w.hits(), story(w.DB))
	}
	if err != nil && !m.ended && !tolerable(err) {
		w.t.Errorf("the run ended with %v: %+v", err, rep)
	}
}

// tolerable are the errors with which a run may end in bad weather.
func tolerable(err error) bool {
	for _, kind := range []error{ledger.ErrLater, ledger.ErrFailed, ledger.ErrUnreadable, store.ErrLeaseLost} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// hold checks what must be true at every moment.
func (w *tormented) hold() {
	w.t.Helper()
	if w.t.Failed() {
		w.t.FailNow()
	}
	if err := w.Once(); err != nil {
		w.t.Fatalf("%v\n%s\n%s", err, w.hits(), story(w.DB))
	}
	if n := len(w.Invoices()); w.created > n {
		w.t.Fatalf("the reports speak of %d invoices created, the ledger has %d\n%s\n%s", w.created, n, w.hits(), story(w.DB))
	}
}

func (w *tormented) hits() string {
	var b strings.Builder
	for _, h := range append(w.SourceFaults.Hits(), w.Faults.Hits()...) {
		fmt.Fprintf(&b, "%s %s %s: %s %s %s\n", h.At.Format(time.DateTime), h.Method, h.Path, h.Fault.Kind, h.Fault.Name, h.Fault.Delay)
	}
	return b.String()
}

// What people do in the source.

func (w *tormented) order() {
	w.sum.orders++
	o := &wanted{total: 100 + w.rng.Int64N(100_000)}
	o.id = w.OrderFor(pick(w.rng, w.clients...), cents(o.total).String(), false).ID
	w.orders = append(w.orders, o)
	for range w.rng.IntN(3) {
		w.pay(o)
	}
}

// left is what may still be paid on an order.
func (o *wanted) left() int64 {
	n := o.total
	for _, p := range o.paid {
		n -= p.cents
	}
	return n
}

func (w *tormented) pay(o *wanted) {
	if o.left() < 2 || o.deleted {
		return
	}
	w.sum.payments++
	p := &money{cents: 1 + w.rng.Int64N(o.left())}
	status := pick(w.rng, "MANUAL_PAID", "APPROVED", "PAYPAL_PAID", "PENDING")
	p.pending = status == "PENDING"
	p.id = w.PayAs(infusionsoftfake.Payment{OrderID: o.id, Amount: cents(p.cents), Status: status}).ID
	o.paid = append(o.paid, p)
}

func (w *tormented) something() {
	o := pick(w.rng, w.orders...)
	if o.deleted {
		return
	}
	var p *money
	if len(o.paid) > 0 {
		p = pick(w.rng, o.paid...)
	}
	switch w.rng.IntN(8) {
	case 0, 1:
		w.order()
	case 2, 3:
		w.pay(o)
	case 4: // another price; never so that more is paid than owed
		if o.refunded {
			return
		}
		w.sum.edits++
		o.edited = true
		o.total += w.rng.Int64N(10_000)
		rig.Check(w.t, w.Keap.EditOrder(o.id, func(e *infusionsoftfake.Order) { e.Items[0].Price = cents(o.total) }))
	case 5: // a bounce
		if p != nil && !p.gone && !o.refunded {
			w.sum.bounces++
			p.gone, p.pending = true, false
			if w.rng.IntN(2) == 0 {
				rig.Check(w.t, w.Keap.VoidPayment(p.id))
			} else {
				rig.Check(w.t, w.Keap.FailPayment(p.id))
			}
		}
	case 6:
		if p != nil && p.pending {
			p.pending = false
			rig.Check(w.t, w.Keap.SettlePayment(p.id))
		} else if p != nil && !p.gone && !o.refunded {
			w.sum.refunds++
			o.refunded = true
			_, err := w.Keap.RefundPayment(p.id, decimal.Zero)
			rig.Check(w.t, err)
		}
	case 7:
		if len(o.paid) == 0 {
			w.sum.deletions++
			o.deleted = true
			rig.Check(w.t, w.Keap.DeleteOrder(o.id))
		}
	}
}

// calm lets the storm pass and compares the books with what people have done.
func (w *tormented) calm() {
	w.t.Helper()
	w.Faults.Clear()
	w.SourceFaults.Clear()
	time.Sleep(24 * time.Hour)
	var rep invoicesync.Report
	for range 3 { // nights, with their sweeps
		time.Sleep(25 * time.Hour)
		var err error
		if rep, err = rest(w.Rig, w.DB); err != nil {
			w.t.Fatalf("%v\n%s\n%s", err, w.hits(), story(w.DB))
		}
	}
	w.AddsUp(rep)
	fail := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf(format, args...)
	}
	if err := tidy(w.DB, pairOf(w.Rig)); err != nil {
		fail("%v", err)
	}
	w.hold()
	byID := map[string]*invoice{}
	for _, i := range rig.Only(w.Invoices()) {
		byID[i.ID] = &invoice{total: i.Total}
	}
	for _, p := range rig.Only(w.Payments()) {
		if byID[p.Invoice] == nil {
			fail("payment %s is on no live invoice", p.ID)
			continue
		}
		byID[p.Invoice].payments = append(byID[p.Invoice].payments, p.Total.StringFixed(2))
	}
	links := map[string]store.Link{}
	rig.Check(w.t, w.DB.View(context.Background(), func(tx store.Tx) error {
		list, err := tx.Links().List(store.LinkFilter{Pair: pairOf(w.Rig), Kind: ledger.KindInvoice})
		for _, l := range list {
			links[l.SourceID] = l
		}
		return err
	}))
	for _, o := range w.orders {
		w.judge(o, links[strconv.FormatInt(o.id, 10)], byID, fail)
	}
	for id, i := range byID {
		if !i.met {
			fail("the ledger has an invoice %s over %s that no order asks for", id, i.total)
		}
	}
	if again, err := newFlow(w.t, w.Rig, w.DB).Run(context.Background()); err != nil || again.Writes != 0 {
		fail("at rest it wrote again: %v, %+v", err, again)
	}
	if w.t.Failed() {
		w.t.Logf("settings: edit %q, delete %q\n%s\n%s", w.Settings.OnEdit, w.Settings.OnDelete, w.hits(), story(w.DB))
	}
}

// invoice is a live invoice of the ledger.
type invoice struct {
	total    decimal.Decimal
	payments []string
	met      bool
}

// judge compares one order with the ledger.
func (w *tormented) judge(o *wanted, l store.Link, byID map[string]*invoice, fail func(string, ...any)) {
	w.t.Helper()
	have := byID[l.LedgerID]
	if have != nil {
		have.met = true
	}
	code := ""
	if len(l.Reasons) > 0 {
		code = l.Reasons[0].Code
	}
	if o.deleted {
		if have != nil && w.Settings.OnDelete == invoicesync.DeleteVoid {
			fail("order %d was deleted, and its invoice lives: %s %s", o.id, l.State, code)
		}
		if have != nil && code != "deleted_in_source" {
			fail("order %d was deleted, and nobody is told: %s %s", o.id, l.State, code)
		}
		return
	}
	if have == nil {
		fail("order %d over %s is not in the ledger: %s %s", o.id, cents(o.total), l.State, code)
		return
	}
	switch {
	case have.total.Equal(cents(o.total)):
		if code != "" {
			fail("order %d is as it should be, and is reported as %s", o.id, code)
		}
	case !o.edited:
		fail("order %d over %s is %s in the ledger", o.id, cents(o.total), have.total)
	case code != "changed_after_push" && code != "locked_by_payment":
		fail("order %d is %s in the ledger and %s in the source, and nobody is told: %q", o.id, have.total, cents(o.total), code)
	case w.Settings.OnEdit != invoicesync.EditReport && code == "locked_by_payment" && len(have.payments) == 0:
		fail("order %d is %s in the ledger and %s in the source; no payment holds the edit up any more", o.id, have.total, cents(o.total))
	}
	// Money: each confirmed payment once. Where an edit is only reported, the ledger may owe less than was
	// paid; what does not fit is parked, and never booked in part.
	var want []string
	for _, p := range o.paid {
		if !p.gone && !p.pending {
			want = append(want, cents(p.cents).StringFixed(2))
		}
	}
	switch {
	case sums(have.payments) == sums(want):
	case have.total.LessThan(cents(o.total)) && subset(have.payments, want):
	default:
		fail("order %d has payments %s in the ledger, want %s", o.id, sums(have.payments), sums(want))
	}
}

func subset(some, all []string) bool {
	left := map[string]int{}
	for _, a := range all {
		left[a]++
	}
	for _, s := range some {
		if left[s]--; left[s] < 0 {
			return false
		}
	}
	return true
}
