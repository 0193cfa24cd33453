package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// The goals of the project for these figures.
const (
	goalCPU         = 4.0  // × plain, processor time an invoice
	goalAllocations = 10.0 // × plain, allocations an invoice
	goalMemory      = 1.1  // peak of memory at 200,000 read ÷ at 20,000
)

var errMissed = errors.New("bench: the memory goal is missed")

func main() {
	if handled, err := child(); handled {
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := parent(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	invoices int
	runs     int
	payments bool
	memory   bool
	speed    bool
	json     bool
	large    int
	imports  bool
	profile  string
	latency  time.Duration
}

// results is what -json prints.
type results struct {
	Speed  []speed  `json:"speed,omitempty"`
	Memory []memory `json:"memory,omitempty"`
}

func importOnly(o options, folder string) error {
	m, err := measureImport(o.large, folder)
	if err != nil {
		return err
	}
	if o.json {
		err = json.NewEncoder(os.Stdout).Encode(results{Memory: []memory{m}})
	} else {
		printImport(os.Stdout, m)
	}
	if err == nil && m.Ratio > goalMemory {
		err = errMissed
	}
	return err
}

func parent(args []string) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.invoices, "invoices", 2000, "invoices of a run that measures processor time")
	flags.IntVar(&o.runs, "runs", 5, "runs of each client; figures are medians")
	flags.BoolVar(&o.payments, "payments", false, "measure invoices with a payment each as well")
	flags.BoolVar(&o.memory, "memory", false, "measure memory only")
	flags.BoolVar(&o.speed, "speed", false, "measure processor time and allocations only")
	flags.BoolVar(&o.json, "json", false, "print one JSON object instead of tables")
	flags.IntVar(&o.large, "large", 200_000, "orders of the large run that measures memory; the small one has a tenth")
	flags.DurationVar(&o.latency, "latency", 50*time.Millisecond, "how long Xero takes over a request while processor time is measured")
	flags.BoolVar(&o.imports, "import-memory", false, "measure the memory of an import only; -large is 1,000,000 invoices then")
	flags.StringVar(&o.profile, "profile", "", "existing `folder` for profiles of the engine's process: of the processor time of the first run, of the allocations of the second")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 || o.invoices < 1 || o.runs < 1 || o.large < 1000 || o.memory && o.speed {
		return errors.New("bench: no arguments, -invoices and -runs of at least 1, -large of at least 1000, -memory or -speed: see -h")
	}
	largeGiven := false
	flags.Visit(func(f *flag.Flag) { largeGiven = largeGiven || f.Name == "large" })
	if o.imports && !largeGiven {
		o.large = importLarge
	}
	folder, err := os.MkdirTemp("", "invoicesync-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()

	var all results
	if o.imports {
		return importOnly(o, folder)
	}
	if !o.memory {
		for _, payments := range []bool{false, true} {
			if payments && !o.payments {
				continue
			}
			s, err := measureSpeed(o, folder, payments)
			if err != nil {
				return err
			}
			all.Speed = append(all.Speed, s)
			if !o.json {
				s.print(os.Stdout)
			}
		}
	}
	missed := false
	if !o.speed {
		if all.Memory, err = measureMemory(o, folder); err != nil {
			return err
		}
		if !o.json {
			printMemory(os.Stdout, all.Memory)
		}
		for _, m := range all.Memory {
			missed = missed || m.Ratio > goalMemory
		}
	}
	if o.json {
		if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
			return err
		}
	}
	if missed {
		return errMissed
	}
	return nil
}
