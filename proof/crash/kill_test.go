package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// A scenario is what the killed run finds, and what the books must hold in the end.
type scenario struct {
	name     string
	settings func(*invoicesync.Settings)
	prepare  func(*testing.T, *rig.Rig) // before the first run
	change   func(*testing.T, *rig.Rig) // nil: the first run is the one that is killed
	invoices string                     // live totals in the end
	payments string
	contacts int
	voided   int // invoices that are void or deleted in the end
	deleted  int // payments that are deleted in the end
}

// The small world: seven orders of five clients, eight payments; each amount once.
func smallWorld(t *testing.T, r *rig.Rig) {
	var clients []int64
	for range 5 {
		clients = append(clients, r.Client().ID)
	}
	for i, o := range []struct {
		total string
		paid  []string
	}{
		{"110.00", []string{"60.00", "50.00"}}, {"220.00", []string{"220.00"}}, {"330.00", nil}, {"440.00", []string{"41.00", "42.00", "43.00"}},
		{"550.00", nil}, {"660.00", []string{"66.00"}}, {"770.00", []string{"770.00"}},
	} {
		order := r.OrderFor(clients[i%5], o.total, false)
		for _, p := range o.paid {
			r.Pay(order.ID, p)
		}
	}
}

const (
	smallTotals   = "110.00 220.00 330.00 440.00 550.00 660.00 770.00"
	smallPayments = "41.00 42.00 43.00 50.00 60.00 66.00 220.00 770.00"
)

// laterWorld is what people do after the small world has been pushed: an unpaid order gets another price,
// another is deleted, a payment is taken back, one comes, and there is a new order.
func laterWorld(t *testing.T, r *rig.Rig) {
	orders := r.Keap.Orders()
	rig.Check(t, r.Keap.EditOrder(orders[2].ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = decimal.RequireFromString("333.00") }))
	rig.Check(t, r.Keap.DeleteOrder(orders[4].ID))
	for _, p := range r.Keap.Payments() {
		if p.Amount.Equal(decimal.RequireFromString("66.00")) {
			rig.Check(t, r.Keap.VoidPayment(p.ID))
		}
	}
	r.Pay(orders[3].ID, "44.00")
	r.Pay(r.Order("880.00", false).ID, "88.00")
}

var scenarios = []scenario{
	{name: "first run", prepare: smallWorld, invoices: smallTotals, payments: smallPayments, contacts: 5},
	{
		name: "edits updated", prepare: smallWorld, change: laterWorld,
		settings: func(s *invoicesync.Settings) {
			s.OnEdit, s.OnDelete = invoicesync.EditUpdate, invoicesync.DeleteVoid
		},
		invoices: "110.00 220.00 333.00 440.00 660.00 770.00 880.00", payments: "41.00 42.00 43.00 44.00 50.00 60.00 88.00 220.00 770.00",
		contacts: 6, voided: 1, deleted: 1,
	},
	{
		name: "edits voided and written anew", prepare: smallWorld, change: laterWorld,
		settings: func(s *invoicesync.Settings) {
			s.OnEdit, s.OnDelete = invoicesync.EditVoid, invoicesync.DeleteVoid
		},
		invoices: "110.00 220.00 333.00 440.00 660.00 770.00 880.00", payments: "41.00 42.00 43.00 44.00 50.00 60.00 88.00 220.00 770.00",
		contacts: 6, voided: 2, deleted: 1,
	},
}

// openIn opens both fakes and the store on the files of dir.
func openIn(t *testing.T, dir string, s scenario) *rig.Rig {
	t.Helper()
	r := rig.New(t)
	var err error
	r.Keap, err = infusionsoftfake.New(&infusionsoftfake.Options{
		Tenants: []infusionsoftfake.Tenant{{ID: rig.Tenant, Currency: "AUD", TimeZone: "Australia/Sydney"}}, BooksFile: filepath.Join(dir, "keap"),
		// What becomes of a payment is otherwise met by a sweep, which leaves out what the same run has just read.
		Switches: infusionsoftfake.Switches{PaymentTouchesOrder: true},
	})
	rig.Check(t, err)
	r.Xero, err = xerofake.New(&xerofake.Options{Seed: 7, BooksFile: filepath.Join(dir, "xero")})
	rig.Check(t, err)
	r.TenantID, r.Settings.Ledger.ID = r.Xero.Books().Organisation().TenantID, r.Xero.Books().Organisation().OrganisationID
	r.DB, err = sqlite.Open(context.Background(), filepath.Join(dir, "store"), nil)
	rig.Check(t, err)
	r.Opts.Sealer = plain{} // a key that every process has
	r.Opts.SweepEvery = time.Nanosecond
	if s.settings != nil {
		s.settings(&r.Settings)
	}
	return r
}

func closeRig(t *testing.T, r *rig.Rig) {
	t.Helper()
	rig.Check(t, errors.Join(r.DB.Close(), r.Keap.Close(), r.Xero.Close()))
}

// plain seals nothing: what is asked here is not secrecy.
type plain struct{}

func (plain) Seal(b, _ []byte) ([]byte, error) { return bytes.Clone(b), nil }
func (plain) Open(b, _ []byte) ([]byte, error) { return bytes.Clone(b), nil }

const (
	childDir  = "INVOICESYNC_CRASH_DIR"
	childStep = "INVOICESYNC_CRASH_STEP"
	childCase = "INVOICESYNC_CRASH_CASE"
	finished  = "the child has finished after step "
)

// TestChild is the process that is killed. It does nothing unless [TestKillNine] starts it.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("started by TestKillNine only")
	}
	at, err := strconv.Atoi(os.Getenv(childStep))
	rig.Check(t, err)
	which, err := strconv.Atoi(os.Getenv(childCase))
	rig.Check(t, err)
	r := openIn(t, dir, scenarios[which])
	m := &mortal{at: at, end: func() {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // not one step further
	}}
	// Reads change nothing: dying before or after one is dying at the step beside it.
	client := r.Xero.Client(rig.Token)
	client.Transport = mortalWire{next: client.Transport, m: m}
	p := processOver(r, m, "child", client)
	rep, err := p.Run(context.Background())
	rig.Check(t, err)
	if rep.Writes == 0 {
		t.Fatalf("the child wrote nothing: %+v", rep)
	}
	fmt.Printf("\n%s%d\n", finished, m.steps)
}

// A store left by kill -9 between any two steps of the protocol is resolved by the next runs.
func TestKillNine(t *testing.T) {
	if os.Getenv(childDir) != "" {
		t.Skip("this is the child")
	}
	for which, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			base := t.TempDir()
			r := openIn(t, base, s)
			s.prepare(t, r)
			if s.change != nil {
				rep, err := r.Push().Run(context.Background())
				rig.Check(t, err)
				if rep.Invoices.Created != 7 || rep.Payments.Created != 8 {
					t.Fatalf("the first run is not whole: %+v", rep)
				}
				s.change(t, r)
			}
			closeRig(t, r)
			stride := 1
			if testing.Short() {
				stride = 5
			}
			points, killed := everyStep(t, base, which, stride)
			t.Logf("%d points between steps, the child killed at %d of them", points, killed)
			if want := (points + stride - 1) / stride; killed == 0 || killed != want {
				t.Fatalf("killed at %d points, want %d", killed, want)
			}
		})
	}
}

// everyStep kills a child at every step, or at one of stride, as many at a time as there are processors.
func everyStep(t *testing.T, base string, which, stride int) (points, killed int) {
	t.Helper()
	// The unharmed child says how many steps there are.
	dir := copyDir(t, base)
	out, died := child(t, dir, which, 0)
	_, count, ok := strings.Cut(out, finished)
	if died || !ok {
		t.Fatalf("the unharmed child did not finish:\n%s", out)
	}
	points, err := strconv.Atoi(strings.Fields(count)[0])
	rig.Check(t, err)
	t.Run("unharmed", func(t *testing.T) { recover9(t, dir, which, 0) })
	var mu sync.Mutex
	t.Run("killed", func(t *testing.T) {
		for at := 1; at <= points; at += stride {
			t.Run(strconv.Itoa(at), func(t *testing.T) {
				t.Parallel()
				dir := copyDir(t, base)
				out, died := child(t, dir, which, at)
				if !died {
					t.Fatalf("the child was not killed:\n%s", out)
				}
				mu.Lock()
				killed++
				mu.Unlock()
				recover9(t, dir, which, at)
			})
		}
	})
	return points, killed
}

// child runs this test binary again as the process that is killed at a step.
func child(t *testing.T, dir string, which, at int) (out string, killed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childDir+"="+dir, childStep+"="+strconv.Itoa(at), childCase+"="+strconv.Itoa(which))
	b, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("the child hangs:\n%s", b)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status, ok := exit.Sys().(syscall.WaitStatus)
		if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			return string(b), true
		}
		t.Fatalf("the child ended by itself: %v\n%s", err, b)
	}
	rig.Check(t, err)
	return string(b), false
}

// recover9 is the next process, in virtual time: it opens what was left, and runs until it is at rest.
func recover9(t *testing.T, dir string, which, at int) {
	t.Helper()
	s := scenarios[which]
	synctest.Test(t, func(t *testing.T) {
		r := openIn(t, dir, s)
		defer closeRig(t, r)
		time.Sleep(time.Until(newest(t, r)) + time.Millisecond)
		if at%2 == 0 {
			r.Opts.Owner = "child" // restarted under its own name, it need not wait for its own lease
		}
		check(t, r, s)
	})
}

func check(t *testing.T, r *rig.Rig, s scenario) {
	t.Helper()
	if _, err := rest(r, r.DB); err != nil {
		t.Fatal(err)
	}
	// A bounced payment that the dead process had read, and not yet acted upon, is met by the nightly sweep.
	time.Sleep(26 * time.Hour)
	rep, err := rest(r, r.DB)
	if err != nil {
		t.Fatal(err)
	}
	r.AddsUp(rep)
	if got := liveTotals(r); got != s.invoices {
		t.Errorf("live invoices %s, want %s\nlast report %+v", got, s.invoices, rep)
	}
	if got := livePayments(r); got != s.payments {
		t.Errorf("live payments %s, want %s\nlast report %+v", got, s.payments, rep)
	}
	all, money := len(r.Xero.Books().Invoices())-len(r.LiveInvoices()), len(r.Xero.Books().Payments())-len(r.LivePayments())
	if c := len(r.Xero.Books().Contacts()); c != s.contacts || all != s.voided || money != s.deleted {
		t.Errorf("%d contacts, %d void invoices, %d deleted payments; want %d, %d, %d", c, all, money, s.contacts, s.voided, s.deleted)
	}
	if err := tidy(r.DB, pairOf(r)); err != nil {
		t.Error(err)
	}
	time.Sleep(time.Hour)
	again, err := newFlow(t, r, r.DB).Run(context.Background())
	rig.Check(t, err)
	if again.Writes != 0 {
		t.Errorf("at rest it wrote again: %+v", again)
	}
	if t.Failed() {
		t.Log(story(r.DB))
	}
}

// newest is the newest instant that the store, or the books, know: the dead process lived until then.
func newest(t *testing.T, r *rig.Rig) time.Time {
	t.Helper()
	var at time.Time
	see := func(times ...time.Time) {
		for _, x := range times {
			if x.After(at) {
				at = x
			}
		}
	}
	for _, o := range r.Keap.Orders() {
		see(o.ModificationTime)
	}
	for _, p := range r.Keap.Payments() {
		see(p.UpdateTime)
	}
	for _, i := range r.Xero.Books().Invoices() {
		see(i.Updated)
	}
	for _, p := range r.Xero.Books().Payments() {
		see(p.Updated)
	}
	for _, c := range r.Xero.Books().Contacts() {
		see(c.Updated)
	}
	rig.Check(t, r.DB.View(context.Background(), func(tx store.Tx) error {
		links, err := tx.Links().List(store.LinkFilter{Pair: pairOf(r)})
		if err != nil {
			return err
		}
		for _, l := range links {
			see(l.Updated, l.FirstSent)
		}
		rows, err := tx.Activity().List(store.ActivityFilter{})
		for _, row := range rows {
			see(row.At)
		}
		return err
	}))
	return at
}

// story is the activity log, for a failing test.
func story(db store.Store) string {
	var b strings.Builder
	_ = db.View(context.Background(), func(tx store.Tx) error {
		rows, err := tx.Activity().List(store.ActivityFilter{})
		for _, row := range rows {
			fmt.Fprintf(&b, "%s %.4s %s %s %s %v %s %s\n", row.At.Format(time.DateTime), row.Run, row.Event, row.Kind, row.SourceID, row.Codes, row.Amount, row.Detail)
		}
		return err
	})
	return b.String()
}

func copyDir(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	rig.Check(t, fs.WalkDir(os.DirFS(from), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(from, path))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), b, 0o600)
	}))
	return to
}
