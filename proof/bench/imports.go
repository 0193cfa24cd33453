package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/xero"
)

// The sizes of -import-memory where -large says nothing else.
const (
	importSmall = 20_000
	importLarge = 1_000_000
)

// measureImport measures the memory of an import's first run, small and large.
func measureImport(large int, folder string) (memory, error) {
	m := memory{Way: "imported", Small: min(importSmall, large/10), Large: large}
	return m, m.measure(folder)
}

// runImport imports the world from Xero and returns how many invoices the host was given. The host keeps
// nothing but their number: its memory is not the import's.
func runImport(ctx context.Context, t task) (imported int, err error) {
	db, err := sqlite.Open(ctx, t.File, nil)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	pair := pairOf(t)
	books, err := xero.New(authorised(), t.Servers.Tenant, &xero.Options{BaseURL: t.Servers.Xero, Organisation: pair.Ledger, Budget: unlimited{}})
	if err != nil {
		return 0, err
	}
	calls := 0
	host := invoicesync.HostFunc(func(context.Context, invoicesync.Delivery) error { calls++; return nil })
	imp, err := invoicesync.NewImport(db, books, host, invoicesync.ImportSettings{Ledger: pair.Ledger, Account: "bench", Processing: true,
		Currency: currency, TaxCodes: []string{"OUTPUT"}, All: true, Budget: -1}, &invoicesync.Options{Owner: "bench"})
	if err != nil {
		return 0, err
	}
	report, err := imp.Run(ctx)
	if err != nil {
		return 0, err
	}
	if want := (t.Orders + t.Pushed - 1) / t.Pushed; report.Invoices.Read != t.Orders || calls != want || report.Invoices.Created != want {
		return 0, fmt.Errorf("bench: %d invoices were judged and %d imported in %d deliveries, of %d and %d", report.Invoices.Read, report.Invoices.Created, calls, t.Orders, want)
	}
	return calls, nil
}

// importXero answers lists of a ledger's own invoices, made from their numbers: 1 of so many is eligible, the
// others have a line below zero. Two seconds lie between one and the next.
func (l *light) importXero(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.calls.Xero++
	l.mu.Unlock()
	var list []byte
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api.xro/2.0") {
	case "GET /Payments":
		list = []byte(`"Payments":[]`)
	case "GET /Invoices":
		first := 0
		if t, err := time.Parse("2006-01-02T15:04:05", r.Header.Get("If-Modified-Since")); err == nil {
			first = min(max(int((t.Sub(importBegins(l.orders))+importStep-1)/importStep), 0), l.orders)
		}
		from, to, pagination := page(r, l.orders-first)
		list = append([]byte(pagination), `,"Invoices":[`...)
		for k := from; k < to; k++ {
			list = l.appendImported(comma(list, k > from), first+k)
		}
		list = append(list, ']')
	default:
		l.xeroRest.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = fmt.Fprintf(w, `{"Id":"6eb27bc6-ae7f-42f1-bbe1-6c1fe9fe473d","Status":"OK","ProviderName":"Bench","DateTimeUTC":"/Date(%d)/",%s}`, time.Now().UnixMilli(), list)
}

const importStep = 2 * time.Second

// importBegins is when the first of n invoices was changed. They end a day ago.
func importBegins(n int) time.Time {
	return time.Now().UTC().Truncate(24 * time.Hour).Add(-24*time.Hour - time.Duration(n)*importStep)
}

func (l *light) appendImported(b []byte, i int) []byte {
	at := importBegins(l.orders).Add(time.Duration(i) * importStep)
	date := time.Now().UTC().AddDate(0, 0, -1-i%60).Format(time.DateOnly)
	c := i % l.clients
	b = fmt.Appendf(b, `{"Type":"ACCREC","InvoiceID":"11111111-0000-4000-8000-%012d","InvoiceNumber":"H-%d","Reference":"Project %d",`+
		`"Contact":{"ContactID":"22222222-0000-4000-8000-%012d","Name":"Client %d"},"DateString":"%sT00:00:00","DueDateString":"%[6]sT00:00:00",`+
		`"Status":"AUTHORISED","LineAmountTypes":"Exclusive","CurrencyCode":"AUD","CurrencyRate":1.000000,"UpdatedDateUTC":"/Date(%d+0000)/",`, i, i, i, c, c, date, at.UnixMilli())
	off := 0
	if i%l.pushed > 0 {
		off = 10
	}
	b = fmt.Appendf(b, `"SubTotal":%d.00,"TotalTax":10.00,"Total":%d.00,"AmountDue":%[2]d.00,"AmountPaid":0.00,"AmountCredited":0.00,"Payments":[],"LineItems":[`+
		`{"LineItemID":"33333333-0000-4000-8000-%012d","Description":"Work as agreed, hours as noted","Quantity":2.0000,"UnitAmount":50.00,"LineAmount":100.00,"TaxType":"OUTPUT","TaxAmount":10.00,"AccountCode":"200"}`,
		100-off, 110-off, i)
	if off > 0 {
		b = fmt.Appendf(b, `,{"LineItemID":"44444444-0000-4000-8000-%012d","Description":"Discount","Quantity":1.0000,"UnitAmount":-10.00,"LineAmount":-10.00,"TaxType":"OUTPUT","TaxAmount":0.00,"AccountCode":"200"}`, i)
	}
	return append(b, "]}"...)
}

func printImport(out io.Writer, m memory) {
	fmt.Fprintf(out, "Peak of an import's memory: %.1f MiB with %d invoices read, %.1f MiB with %d (%d of them imported, %.0f s): ratio %.2f\n",
		m.SmallMiB, m.Small, m.LargeMiB, m.Large, m.Pushed, m.Seconds, m.Ratio)
	fmt.Fprintf(out, "goal: at most %.1f × (%s)\n", goalMemory, verdict(m.Ratio <= goalMemory))
}

// readImport is readAs for an import.
func readImport(n int, folder string) (u usage, err error) {
	t := task{Role: "import", Import: true, Orders: n, Pushed: 50, File: filepath.Join(folder, fmt.Sprintf("import-%d.db", n))}
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			err = errors.Join(err, removed(t.File+suffix))
		}
	}()
	_, err = t.served("light", func(at servers) error {
		t.Servers = at
		u, err = t.run()
		return err
	})
	return u, err
}

func removed(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
