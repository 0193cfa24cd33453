package hosttest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/hosttest"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// over is the harness of a memory behind a host that may be broken.
func over(m *hosttest.Memory, host invoicesync.Host) hosttest.Harness {
	return hosttest.Harness{
		Host: host,
		Look: func(_ context.Context, pair store.Pair, id string) (hosttest.Held, bool, error) {
			r, ok := m.Invoice(pair, id)
			held := hosttest.Held{Status: r.Invoice.Status, Total: r.Invoice.Totals.Total, Balance: r.Invoice.Totals.Balance,
				Contact: r.Invoice.Contact.ID, Payments: map[string]decimal.Decimal{}, Received: m.Received(pair, id)}
			for _, l := range r.Invoice.Lines {
				held.Lines = append(held.Lines, l.Amount)
			}
			for _, p := range r.Invoice.Payments {
				held.Payments[p.ID] = p.Amount
			}
			return held, ok, nil
		},
		Client: func(_ context.Context, pair store.Pair, id string) (hosttest.HeldClient, bool, error) {
			c, ok := m.Client(pair, id)
			return hosttest.HeldClient{Active: c.Active}, ok, nil
		},
		Activate: func(_ context.Context, pair store.Pair, id string) error {
			c, ok := m.Client(pair, id)
			if !ok {
				return errors.New("no such client")
			}
			c.Active = true
			m.SetClient(c)
			return nil
		},
		Collect: func(_ context.Context, pair store.Pair, id string, amount decimal.Decimal) (invoicesync.Origin, error) {
			return m.Collect(pair, id, amount), nil
		},
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	hosttest.Run(t, func(*testing.T) hosttest.Harness {
		m := &hosttest.Memory{}
		return over(m, m)
	})
}

// Each case must catch the host that breaks its rule, and the memory must pass it.
func TestBrokenHosts(t *testing.T) {
	t.Parallel()
	revision := int64(1 << 50)
	always := func(d invoicesync.Delivery) invoicesync.Delivery { // takes every delivery for news
		revision++
		d.Revision = revision
		return d
	}
	kept := map[*hosttest.Memory]invoicesync.Delivery{}
	failing := errors.New("constraint violated")
	broken := map[string]func(m *hosttest.Memory) invoicesync.HostFunc{
		"create": func(*hosttest.Memory) invoicesync.HostFunc {
			return func(context.Context, invoicesync.Delivery) error { return nil }
		},
		"repetition": func(m *hosttest.Memory) invoicesync.HostFunc {
			seen := map[string]bool{}
			return func(ctx context.Context, d invoicesync.Delivery) error {
				if seen[d.Key] {
					return failing // a unique key in the database, and nobody who expects it
				}
				seen[d.Key] = true
				return m.Apply(ctx, d)
			}
		},
		"overtaken": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error { return m.Apply(ctx, always(d)) }
		},
		"again": func(m *hosttest.Memory) invoicesync.HostFunc {
			// Takes equal content for a repetition.
			seen := map[ledger.Status]bool{}
			return func(ctx context.Context, d invoicesync.Delivery) error {
				if seen[d.Invoice.Status] {
					return nil
				}
				seen[d.Invoice.Status] = true
				return m.Apply(ctx, d)
			}
		},
		"whole": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				old, _ := m.Invoice(d.Pair, d.Invoice.ID)
				for _, p := range old.Invoice.Payments { // adds, and never takes away
					kept := false
					for _, have := range d.Invoice.Payments {
						kept = kept || have.ID == p.ID
					}
					if !kept {
						d.Invoice.Payments = append(d.Invoice.Payments, p)
					}
				}
				return m.Apply(ctx, d)
			}
		},
		"unheard": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				if _, ok := m.Invoice(d.Pair, d.Invoice.ID); !ok && d.What != invoicesync.Imported {
					return nil
				}
				return m.Apply(ctx, d)
			}
		},
		"voided": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				if d.What == invoicesync.Voided {
					return nil
				}
				return m.Apply(ctx, d)
			}
		},
		"deleted": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				if d.What == invoicesync.Deleted {
					d.What = invoicesync.Changed // writes the emptiness over what it had
				}
				return m.Apply(ctx, d)
			}
		},
		"own": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				d.Origins = nil // takes every payment for somebody else's
				return m.Apply(ctx, d)
			}
		},
		"clients/unknown": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				m.SetClient(hosttest.Client{Pair: d.Pair, ContactID: d.Client.Contact.ID, Active: true})
				return m.Apply(ctx, d)
			}
		},
		"clients/known": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				m.SetClient(hosttest.Client{Pair: d.Pair, ContactID: d.Client.Contact.ID})
				return m.Apply(ctx, d)
			}
		},
		"pairs": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				d.Pair.Source.Vendor = "xero"
				return m.Apply(ctx, d)
			}
		},
		"memory": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(_ context.Context, d invoicesync.Delivery) error {
				kept[m] = d
				return nil
			}
		},
		"concurrent": func(m *hosttest.Memory) invoicesync.HostFunc {
			var mu sync.Mutex
			lost := map[int64]bool{}
			return func(ctx context.Context, d invoicesync.Delivery) error {
				// Decides, waits for something, and writes what it had decided.
				old, ok := m.Invoice(d.Pair, d.Invoice.ID)
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				if ok && d.Revision <= old.Revision {
					return nil
				}
				if lost[d.Revision] {
					return nil
				}
				lost[d.Revision] = true
				if d.What == invoicesync.Imported {
					return m.Apply(ctx, always(d))
				}
				return m.Apply(ctx, d)
			}
		},
		"context": func(m *hosttest.Memory) invoicesync.HostFunc {
			return func(ctx context.Context, d invoicesync.Delivery) error {
				time.Sleep(time.Hour)
				return m.Apply(ctx, d)
			}
		},
	}
	cases := hosttest.Cases()
	if len(cases) != len(broken) {
		t.Errorf("%d cases, %d broken hosts", len(cases), len(broken))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				build, ok := broken[c.Name]
				if !ok {
					t.Fatal("there is no host that breaks this rule")
				}
				m := &hosttest.Memory{}
				h := over(m, build(m))
				look := h.Look
				h.Look = func(ctx context.Context, pair store.Pair, id string) (hosttest.Held, bool, error) {
					if d, ok := kept[m]; ok { // "memory" writes when it is asked, from the delivery's own memory
						_ = m.Apply(ctx, d)
					}
					return look(ctx, pair, id)
				}
				if err := c.Check(context.Background(), h); err == nil || errors.Is(err, hosttest.ErrSkipped) {
					t.Errorf("the broken host was not caught: %v", err)
				}
				time.Sleep(2 * time.Hour) // hosts that were left behind come back
			})
		})
	}
}
