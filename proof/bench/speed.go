package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// speed is processor time and allocations of both clients over one world.
type speed struct {
	Invoices int    `json:"invoices"`
	Payments bool   `json:"payments"`
	Plain    figure `json:"plain"`
	Engine   figure `json:"engine"`

	CPURatio        float64 `json:"cpu_ratio"`
	AllocationRatio float64 `json:"allocation_ratio"`
}

// figure holds medians of a client's runs, for one invoice.
type figure struct {
	CPU         micro   `json:"cpu_us"`
	Least, Most micro   `json:"-"`
	Allocations float64 `json:"allocations"`
	Bytes       float64 `json:"bytes"`
	Wall        float64 `json:"wall_seconds"` // of the run
	PeakMiB     float64 `json:"peak_rss_mib"`
	Calls       counts  `json:"calls"`
}

type micro float64

func measureSpeed(o options, folder string, payments bool) (speed, error) {
	s := speed{Invoices: o.invoices, Payments: payments}
	runs := map[string][]usage{}
	calls := map[string]counts{}
	for i := range o.runs {
		for _, role := range []string{"plain", "engine"} {
			t := task{Role: role, Orders: o.invoices, Payments: payments, Latency: o.latency, File: filepath.Join(folder, fmt.Sprintf("speed-%t-%d.db", payments, i))}
			if o.profile != "" && role == "engine" {
				t.Profile = profileName(o.profile, payments, i)
			}
			c, err := t.served("fakes", func(at servers) error {
				t.Servers = at
				u, err := t.run()
				runs[role] = append(runs[role], u)
				return err
			})
			if err != nil {
				return s, err
			}
			calls[role] = c
		}
	}
	s.Plain, s.Engine = figureOf(runs["plain"], calls["plain"]), figureOf(runs["engine"], calls["engine"])
	s.CPURatio = float64(s.Engine.CPU / s.Plain.CPU)
	s.AllocationRatio = s.Engine.Allocations / s.Plain.Allocations
	return s, nil
}

func profileName(folder string, payments bool, run int) string {
	what := "invoices"
	if payments {
		what = "payments"
	}
	switch run {
	case 0:
		return filepath.Join(folder, "cpu-"+what+".pprof")
	case 1:
		return filepath.Join(folder, "allocations-"+what+".pprof")
	}
	return ""
}

func figureOf(runs []usage, c counts) figure {
	each := func(of func(usage) float64) []float64 {
		list := make([]float64, len(runs))
		for i, u := range runs {
			list[i] = of(u)
		}
		slices.Sort(list)
		return list
	}
	middle := func(of func(usage) float64) float64 { return each(of)[len(runs)/2] }
	cpu := func(u usage) float64 { return float64(u.CPU) / float64(time.Microsecond) / float64(u.Invoices) }
	all := each(cpu)
	return figure{
		CPU: micro(middle(cpu)), Least: micro(all[0]), Most: micro(all[len(all)-1]), Calls: c,
		Allocations: middle(func(u usage) float64 { return float64(u.Allocations) / float64(u.Invoices) }),
		Bytes:       middle(func(u usage) float64 { return float64(u.Bytes) / float64(u.Invoices) }),
		Wall:        middle(func(u usage) float64 { return u.Wall.Seconds() }),
		PeakMiB:     middle(func(u usage) float64 { return float64(u.PeakKiB) / 1024 }),
	}
}

func (s speed) print(out io.Writer) {
	what := "new invoices"
	if s.Payments {
		what = "new invoices with a payment each"
	}
	fmt.Fprintf(out, "%d %s, for one invoice:\n\n", s.Invoices, what)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tCPU µs\tleast–most\t× plain\tallocations\t× plain\tbytes\tpeak MiB\twall s\tcalls\twrites\t")
	for _, row := range []struct {
		name string
		f    figure
		cpu  float64
		mem  float64
	}{{"plain", s.Plain, 1, 1}, {"engine", s.Engine, s.CPURatio, s.AllocationRatio}} {
		f := row.f
		fmt.Fprintf(t, "%s\t%.1f\t%.1f–%.1f\t%.2f\t%.0f\t%.2f\t%.0f\t%.1f\t%.2f\t%d\t%d\t\n", row.name, f.CPU, f.Least, f.Most, row.cpu,
			f.Allocations, row.mem, f.Bytes, f.PeakMiB, f.Wall, f.Calls.Keap+f.Calls.Xero, f.Calls.Writes)
	}
	t.Flush()
	fmt.Fprintf(out, "\ngoal: at most %.0f × the processor time (%s), at most %.0f × the allocations (%s)\n\n",
		goalCPU, verdict(s.CPURatio <= goalCPU), goalAllocations, verdict(s.AllocationRatio <= goalAllocations))
}

func verdict(ok bool) string {
	if ok {
		return "held"
	}
	return "missed"
}
