//go:build unix

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
)

var benchPair = store.Pair{
	Source: ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"},
	Ledger: ledger.OrganisationID{Vendor: "xero", ID: "0f1e2d3c-0000-4000-8000-000000000001"},
}

func benchLinks(from, n int) []store.Link {
	var links []store.Link
	for i := from; i < from+n; i++ {
		id := fmt.Sprint(100_000 + i)
		links = append(links, store.Link{
			Pair: benchPair, Kind: ledger.KindInvoice, SourceID: id, State: store.Intended,
			Mark:          ledger.NewMark(benchPair.Ledger, ledger.KindInvoice, benchPair.Source, id, 0),
			SourceVersion: "2026-03-04T05:06:07Z", SourceHash: "0123456789abcdef", Settings: "fedcba9876543210", Currency: "AUD",
			Amount: decimal.New(int64(i)*7+1, -2), Predicted: decimal.New(int64(i)*7+1, -2), Rule: "plan", Run: "01J0000000000000000000RUN",
			Batch: fmt.Sprintf("batch-%d", from), FirstSent: time.Unix(1_700_000_000, 0), Updated: time.Unix(1_700_000_000, 0),
		})
	}
	return links
}

func benchRows(links []store.Link, event string) []store.Row {
	var rows []store.Row
	for _, l := range links {
		rows = append(rows, store.Row{
			At: time.Unix(1_700_000_000, 0), Pair: l.Pair, Run: l.Run, Event: event, Kind: l.Kind, SourceID: l.SourceID, LedgerID: l.LedgerID,
			Amount: l.Amount, Currency: l.Currency, Detail: "due date by plan",
		})
	}
	return rows
}

func benchOpen(b *testing.B) store.Store {
	s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func update(b *testing.B, s store.Store, f func(store.Tx) error) {
	if err := s.Update(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

// meter adds up the processor time of the process while it runs, which a wait for the disk does not
// disturb, though other programs on the same processors do.
type meter struct {
	b     *testing.B
	begun time.Duration
	sum   time.Duration
}

func (m *meter) used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		m.b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (m *meter) start()  { m.begun = m.used() }
func (m *meter) stop()   { m.sum += m.used() - m.begun }
func (m *meter) report() { m.b.ReportMetric(float64(m.sum.Microseconds())/float64(m.b.N), "cpu-us/op") }

// cpu meters the rest of a benchmark.
func cpu(b *testing.B) func() {
	m := &meter{b: b}
	m.start()
	return func() { m.stop(); m.report() }
}

// BenchmarkBatchOf50 is what the store does for one batch of a push: two transactions with 50 links,
// 100 activity rows and one batch row.
func BenchmarkBatchOf50(b *testing.B) {
	s := benchOpen(b)
	m := &meter{b: b}
	defer m.report()
	b.ReportAllocs()
	for i := range b.N {
		links := benchLinks(i*50, 50)
		intended := benchRows(links, "intended")
		batch := store.Batch{ID: links[0].Batch, Pair: benchPair, Kind: ledger.KindInvoice, Verb: "create", Body: make([]byte, 40_000), Route: "PUT /Invoices"}
		for _, l := range links {
			batch.Members = append(batch.Members, ledger.Member{Mark: l.Mark, Amount: l.Amount})
		}
		m.start()
		update(b, s, func(tx store.Tx) error {
			if err := tx.Links().Put(links...); err != nil {
				return err
			}
			if err := tx.Batches().Put(batch); err != nil {
				return err
			}
			return tx.Activity().Append(intended...)
		})
		m.stop()
		for i := range links {
			links[i].State, links[i].LedgerID, links[i].LedgerNumber = store.Written, fmt.Sprintf("0f1e2d3c-0000-4000-8000-0000%s", links[i].SourceID), "INV-"+links[i].SourceID
			links[i].Actual, links[i].Batch = links[i].Predicted, ""
		}
		created := benchRows(links, "created")
		m.start()
		update(b, s, func(tx store.Tx) error {
			if err := tx.Links().Put(links...); err != nil {
				return err
			}
			if err := tx.Batches().Delete(batch.ID); err != nil {
				return err
			}
			if err := tx.Cursors().Set("push", "cursor"); err != nil {
				return err
			}
			return tx.Activity().Append(created...)
		})
		m.stop()
	}
}

func BenchmarkPut50(b *testing.B) {
	s := benchOpen(b)
	defer cpu(b)()
	b.ReportAllocs()
	for i := range b.N {
		links := benchLinks(i*50, 50)
		update(b, s, func(tx store.Tx) error { return tx.Links().Put(links...) })
	}
}

func BenchmarkAppend50(b *testing.B) {
	s := benchOpen(b)
	defer cpu(b)()
	b.ReportAllocs()
	for i := range b.N {
		rows := benchRows(benchLinks(i*50, 50), "created")
		update(b, s, func(tx store.Tx) error { return tx.Activity().Append(rows...) })
	}
}

func BenchmarkEmptyUpdate(b *testing.B) {
	s := benchOpen(b)
	defer cpu(b)()
	b.ReportAllocs()
	for b.Loop() {
		update(b, s, func(tx store.Tx) error { return tx.Cursors().Set("push", "cursor") })
	}
}

func BenchmarkGetMany500(b *testing.B) {
	s := benchOpen(b)
	var ids []string
	for i := range 40 {
		links := benchLinks(i*500, 500)
		update(b, s, func(tx store.Tx) error { return tx.Links().Put(links...) })
		for _, l := range links[:12] {
			ids = append(ids, l.SourceID)
		}
	}
	ids = append(ids, make([]string, 20)...)
	defer cpu(b)()
	b.ReportAllocs()
	for b.Loop() {
		err := s.View(b.Context(), func(tx store.Tx) error {
			found, err := tx.Links().GetMany(benchPair, ledger.KindInvoice, ids)
			if len(found) != 480 {
				b.Fatal(len(found))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDocumentsPut(b *testing.B) {
	s := benchOpen(b)
	value := make([]byte, 200)
	defer cpu(b)()
	b.ReportAllocs()
	for i := range b.N {
		update(b, s, func(tx store.Tx) error {
			return tx.Documents("bench").Put(fmt.Sprintf("key/%08d", i), value, 0)
		})
	}
}

func BenchmarkDocumentsScan100(b *testing.B) {
	s := benchOpen(b)
	update(b, s, func(tx store.Tx) error {
		for i := range 5000 {
			if err := tx.Documents("bench").Put(fmt.Sprintf("key/%08d", i), make([]byte, 200), 0); err != nil {
				return err
			}
		}
		return nil
	})
	defer cpu(b)()
	b.ReportAllocs()
	for b.Loop() {
		err := s.View(b.Context(), func(tx store.Tx) error {
			_, err := tx.Documents("bench").Scan("key/", "key/00002500", 100)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
