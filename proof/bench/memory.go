package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// memory is the peak of one way to read, small and large.
type memory struct {
	Way      string  `json:"way"`
	Small    int     `json:"small"`
	Large    int     `json:"large"`
	SmallMiB float64 `json:"small_peak_rss_mib"`
	LargeMiB float64 `json:"large_peak_rss_mib"`
	Ratio    float64 `json:"ratio"`
	Seconds  float64 `json:"large_wall_seconds"`
	Pushed   int     `json:"large_pushed"`
}

// measureMemory reads small worlds and large ones, in the three ways that the package's doc names.
func measureMemory(o options, folder string) ([]memory, error) {
	sizes := []int{o.large / 10, o.large}
	ways := []memory{{Way: "judged"}, {Way: "pushed"}, {Way: "linked"}}
	for i, n := range sizes {
		for _, server := range []struct {
			pushed int
			ways   []*memory
		}{{50, []*memory{&ways[0]}}, {1, []*memory{&ways[1], &ways[2]}}} {
			world := task{Role: "stub", Orders: n, Pushed: server.pushed, Known: 9}
			file := filepath.Join(folder, fmt.Sprintf("memory-%d-%d.db", n, server.pushed))
			_, err := world.with(func(at servers) error {
				for again, m := range server.ways {
					t := world
					t.Role, t.Servers, t.File, t.Again = "engine", at, file, again > 0
					u, err := t.run()
					if err != nil {
						return err
					}
					mib := float64(u.PeakKiB) / 1024
					if i == 0 {
						m.Small, m.SmallMiB = n, mib
						continue
					}
					m.Large, m.LargeMiB, m.Ratio = n, mib, mib/m.SmallMiB
					m.Seconds, m.Pushed = u.Wall.Seconds(), u.Invoices
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			for _, suffix := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(file + suffix)
			}
		}
	}
	return ways, nil
}

func printMemory(out io.Writer, ways []memory) {
	fmt.Fprintf(out, "Peak of the engine's memory, MiB, by the number of orders read:\n\n")
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\t%d\t%d\tratio\tpushed\twall s\t\n", ways[0].Small, ways[0].Large)
	worst := 0.0
	for _, m := range ways {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.2f\t%d\t%.1f\t\n", m.Way, m.SmallMiB, m.LargeMiB, m.Ratio, m.Pushed, m.Seconds)
		worst = max(worst, m.Ratio)
	}
	t.Flush()
	fmt.Fprintf(out, "\ngoal: at most %.1f × (%s)\n", goalMemory, verdict(worst <= goalMemory))
}
