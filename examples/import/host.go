package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/hosttest"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
)

// An app is the host's side: one in memory that writes down what it is given before it confirms it, and so holds it
// again in the next run. It survives the death of the process; one that people use would have a database.
type app struct {
	hosttest.Memory
	pair  store.Pair
	known map[string]bool // contacts whose clients it had before

	mu      sync.Mutex
	journal *os.File
}

func hostFile(c *config) string { return c.db + ".import.host.jsonl" }

// openApp opens the app with the clients that it has had all along, and plays its journal again.
func openApp(file string, pair store.Pair, known []string) (*app, error) {
	a := &app{pair: pair, known: map[string]bool{}}
	for _, id := range known {
		a.known[id] = true
		a.SetClient(hosttest.Client{Pair: pair, ContactID: id, Name: ownName(id), Active: true})
	}
	journal, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := a.replay(journal)
	if err == nil {
		err = journal.Truncate(end) // of a line that was being written nothing was confirmed
	}
	if err == nil {
		_, err = journal.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), journal.Close())
	}
	a.journal = journal
	return a, nil
}

func ownName(contact string) string { return "client of contact " + contact }

func (a *app) replay(journal io.Reader) (end int64, err error) {
	lines := bufio.NewReader(journal)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		var d invoicesync.Delivery
		if err == nil {
			err = json.Unmarshal(line, &d)
		}
		if err == nil {
			err = a.Memory.Apply(context.Background(), d)
		}
		if err != nil {
			return end, err
		}
		end += int64(len(line))
	}
}

// Apply implements [invoicesync.Host].
func (a *app) Apply(ctx context.Context, d invoicesync.Delivery) error {
	line, err := json.Marshal(d)
	if err != nil {
		return err
	}
	a.mu.Lock()
	_, err = a.journal.Write(append(line, '\n'))
	a.mu.Unlock()
	if err != nil {
		return err
	}
	return a.Memory.Apply(ctx, d)
}

func (a *app) close() { _ = a.journal.Close() }

// held is what the app holds, but for what still waits to be told, in the words of the comparison.
func (a *app) held(waits func(id string) bool) []compare.Held {
	var list []compare.Held
	for _, r := range a.Invoices() {
		if waits(r.Invoice.ID) {
			continue
		}
		h := compare.Held{
			ID: r.Invoice.ID, Status: string(r.Invoice.Status), Total: r.Invoice.Totals.Total, Balance: r.Invoice.Totals.Balance,
			Lines: linesOf(&r.Invoice), Payments: map[string]decimal.Decimal{},
		}
		for _, p := range r.Invoice.Payments {
			h.Payments[p.ID] = p.Amount
		}
		list = append(list, h)
	}
	return list
}

// linesOf are the lines as the ledger counts them: a discount of a line is not one of its own there.
func linesOf(inv *ledger.Invoice) []decimal.Decimal {
	var lines []decimal.Decimal
	at := map[string]int{}
	for _, l := range inv.Lines {
		if i, ok := at[l.AppliesTo]; ok && l.AppliesTo != "" {
			lines[i] = lines[i].Add(l.Amount)
			continue
		}
		if l.ID != "" {
			at[l.ID] = len(lines)
		}
		lines = append(lines, l.Amount)
	}
	return lines
}

// met is of how many clients the app has invoices, and how many of these it has made.
func (a *app) met() (all, made int) {
	seen := map[string]bool{}
	for _, r := range a.Invoices() {
		if id := r.Invoice.Contact.ID; id != "" && !seen[id] {
			seen[id] = true
			if all++; !a.known[id] {
				made++
			}
		}
	}
	return all, made
}

// clients is an error where a client that the app knew has changed, or one that it did not know is billable.
func (a *app) clients() error {
	for _, r := range a.Invoices() {
		id := r.Invoice.Contact.ID
		c, ok := a.Client(a.pair, id)
		switch {
		case id == "":
		case !ok:
			return fmt.Errorf("the app has no client for contact %s, whose invoice %s it holds", id, r.Invoice.ID)
		case a.known[id] && (!c.Active || c.Name != ownName(id)):
			return fmt.Errorf("the client of contact %s was known to the app, and was changed", id)
		case !a.known[id] && c.Active:
			return fmt.Errorf("the client of contact %s is new to the app, and is billable", id)
		}
	}
	return nil
}
