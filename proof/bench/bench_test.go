package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// The test's own binary is started again as the servers and the clients.
func TestMain(m *testing.M) {
	if handled, err := child(); handled {
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func needsProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the peak of memory is read from /proc")
	}
}

// What is measured must do its work: each client checks that itself, and the servers count.
func TestBothClientsDoTheSame(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s, err := measureSpeed(options{invoices: 60, runs: 1}, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	// 60 invoices of 12 clients: two batches of invoices and of payments, one of contacts.
	for name, f := range map[string]figure{"plain": s.Plain, "engine": s.Engine} {
		c := f.Calls.Created
		if f.Calls.Writes != 5 || c["Invoices"] != 60 || c["Contacts"] != 12 || c["Payments"] != 60 || f.CPU <= 0 || f.Allocations <= 0 || f.PeakMiB <= 0 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if s.CPURatio <= 0 || s.AllocationRatio <= 1 {
		t.Errorf("ratios %f and %f", s.CPURatio, s.AllocationRatio)
	}
}

func TestImportIsRead(t *testing.T) {
	t.Parallel()
	needsProc(t)
	m, err := measureImport(12_000, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	// 12,000 invoices, 1 of 50 eligible; the run itself checks that each was judged and delivered once.
	if m.Small != 1200 || m.Pushed != 240 || m.LargeMiB <= 0 || m.Ratio <= 0 {
		t.Errorf("%+v", m)
	}
}

func TestEveryWayToReadIsRead(t *testing.T) {
	t.Parallel()
	needsProc(t)
	for way, pushed := range map[string]int{"judged": 24, "linked": 0, "pushed": 1200} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			u, err := readAs(way, 1200, folder)
			if err != nil {
				t.Fatal(err)
			}
			if u.Invoices != pushed || u.PeakKiB < 1000 {
				t.Errorf("%+v, want %d pushed", u, pushed)
			}
			if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}
