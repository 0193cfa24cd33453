package protocol

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// onEach runs f once for each ledger and each of the three kinds of write.
func onEach(t *testing.T, f func(*testing.T, rig.Vendor, ledger.RecordKind)) {
	t.Helper()
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		eachKind(t, func(t *testing.T, k ledger.RecordKind) { f(t, v, k) })
	})
}

// eachKind runs f once for each of the three kinds of write.
func eachKind(t *testing.T, f func(*testing.T, ledger.RecordKind)) {
	t.Helper()
	for _, k := range []ledger.RecordKind{ledger.KindContact, ledger.KindInvoice, ledger.KindPayment} {
		t.Run(string(k), func(t *testing.T) { f(t, k) })
	}
}

// more is how many records are more than a ledger takes in one batch.
var more = map[rig.Vendor]int{rig.OnXero: 55, rig.OnQuickBooks: 35}

// flow runs f in virtual time over a ledger of v, with n paid orders of 110.00 in the source.
func flow(t *testing.T, v rig.Vendor, n int, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	flowIn(t, rig.World{Ledger: v}, n, f)
}

// flowIn is flow in a world of its own.
func flowIn(t *testing.T, world rig.World, n int, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) {
		r := rig.NewIn(t, world)
		for range n {
			r.Order("110.00", true)
		}
		f(t, r)
	})
}

// atRest runs until the flow rests and checks that everything is there once.
func atRest(r *rig.Rig, n int) {
	r.T.Helper()
	r.Settle()
	time.Sleep(2 * time.Hour) // whatever was on its way has arrived
	rep := r.Settle()
	once(r, n)
	if rep.Writes != 0 {
		r.T.Fatalf("a run after everything had come to rest wrote: %+v", rep)
	}
}

// once checks that n invoices, contacts and payments are live, each under a mark of its own, and that every invoice is paid.
func once(r *rig.Rig, n int) {
	r.T.Helper()
	r.Expect(n, n, n)
	rig.Check(r.T, r.Once())
	for _, i := range rig.Only(r.Invoices()) {
		if !i.Due.IsZero() {
			r.T.Fatalf("invoice %s over %s is paid, and %s is still due in the ledger", i.ID, i.Total, i.Due)
		}
	}
}

func newPush(r *rig.Rig, books ledger.Ledger, o *invoicesync.Options) (*invoicesync.Push, error) {
	return invoicesync.NewPush(r.DB, r.SourceSide(), books, r.Settings, o)
}

// pausing is a ledger whose writes of one kind stop before their bytes leave: the process is away.
type pausing struct {
	ledger.Ledger
	kind  ledger.RecordKind
	pause func()
}

func (p pausing) Powers() ledger.Powers {
	powers := p.Ledger.Powers()
	switch p.kind {
	case ledger.KindContact:
		powers.Contacts = pausingWriter[ledger.Contact]{powers.Contacts, p.pause}
	case ledger.KindInvoice:
		powers.Invoices = pausingWriter[ledger.Invoice]{powers.Invoices, p.pause}
	case ledger.KindPayment:
		powers.Payments = pausingWriter[ledger.Payment]{powers.Payments, p.pause}
	}
	return powers
}

type pausingWriter[T any] struct {
	ledger.Writer[T]
	pause func()
}

func (w pausingWriter[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	w.pause()
	return w.Writer.Create(ctx, b)
}

// snapshot copies a store, as a backup does.
func snapshot(t *testing.T, db store.Store) store.Store {
	t.Helper()
	return db.(*store.Memory).Clone()
}

// all reads a request's body.
func all(t *testing.T, r *http.Request) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	rig.Check(t, err)
	return string(b)
}

// itemsOf are the bIds of a batch.
func itemsOf(t *testing.T, body string) []string {
	t.Helper()
	var b struct {
		BatchItemRequest []struct {
			BID string `json:"bId"`
		}
	}
	rig.Check(t, json.Unmarshal([]byte(body), &b))
	ids := make([]string, 0, len(b.BatchItemRequest))
	for _, i := range b.BatchItemRequest {
		ids = append(ids, i.BID)
	}
	return ids
}
