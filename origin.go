package invoicesync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// An invoice's payments have one origin. Two flows that book payments of the same invoice would each be right
// by themselves and wrong together: the same money comes in twice, from where it was taken and from where
// somebody entered it.

// OneOrigin says which flows would book payments of the same invoices of one ledger organisation. Call it
// where settings are saved; a run of [Settle] refuses likewise, as far as it shares the store with the others.
func OneOrigin(settles []SettleSettings, pushes []Settings) error {
	var errs []error
	for i, s := range settles {
		for _, other := range settles[:i] {
			if other.Ledger == s.Ledger && other.Host != s.Host {
				errs = append(errs, fmt.Errorf("invoicesync: settings: %s and %s would both book payments of the invoices of %s; let one of them", other.Host, s.Host, s.Ledger))
			}
		}
		for _, p := range pushes {
			if p.Ledger == s.Ledger && p.paymentsWanted() && !s.LeavePushed {
				errs = append(errs, fmt.Errorf("invoicesync: settings: %s and %s would both book payments of the invoices that %s pushed into %s; set LeavePushed, or push invoices only", p.Source, s.Host, p.Source, s.Ledger))
			}
		}
	}
	return errors.Join(errs...)
}

// claim is what a flow that books payments in a ledger says of itself to the others.
type claim struct {
	Flow string `json:"flow"` // flowPush or flowSettle
}

const (
	flowPush   = "push"
	flowSettle = "settle"
)

func (w *desk) claims(tx store.Tx) store.Documents {
	return tx.Documents("origins/" + w.pair.Ledger.String())
}

// claimPayments remembers that this flow books payments in the ledger, or, with "", that it does not.
func (w *desk) claimPayments(ctx context.Context, flow string) error {
	if w.dry {
		return nil
	}
	var have claim
	var there bool
	err := w.db.View(ctx, func(tx store.Tx) error {
		doc, ok, err := w.claims(tx).Get(w.pair.String())
		if err != nil || !ok {
			return err
		}
		there = true
		return decode(doc, &have)
	})
	if err != nil || have.Flow == flow {
		return err
	}
	b, err := json.Marshal(claim{Flow: flow})
	if err != nil {
		return err
	}
	return w.update(ctx, func(tx store.Tx) error {
		if flow == "" && there {
			return w.claims(tx).Delete(w.pair.String(), store.AnyVersion)
		}
		return w.claims(tx).Put(w.pair.String(), b, store.AnyVersion)
	})
}

// rivals returns the other flows that book payments in the ledger, by their pair.
func (w *desk) rivals(ctx context.Context) (map[string]claim, error) {
	rivals := map[string]claim{}
	err := w.db.View(ctx, func(tx store.Tx) error {
		docs, err := w.claims(tx).Scan("", "", 0)
		if err != nil {
			return err
		}
		for _, d := range docs {
			var c claim
			if err := decode(d, &c); err != nil {
				return err
			}
			if d.Key != w.pair.String() {
				rivals[d.Key] = c
			}
		}
		return nil
	})
	return rivals, err
}

// otherOrigin names the source whose push wrote an invoice of the ledger and books its payments; "": none.
func (w *desk) otherOrigin(ctx context.Context, invoice string) (string, error) {
	links, err := w.linksTo(ctx, ledger.KindInvoice, []string{invoice})
	if err != nil {
		return "", err
	}
	l, ok := links[invoice]
	if !ok || l.Pair == w.pair || l.Pair.Ledger != w.pair.Ledger {
		return "", nil
	}
	rivals, err := w.rivals(ctx)
	if err != nil || rivals[l.Pair.String()].Flow != flowPush {
		return "", err
	}
	return l.Pair.Source.String(), nil
}
