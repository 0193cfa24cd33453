package invoicesync

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Two flows may run between the same two organisations, one each way, and then each reads what the other has
// written. What a flow of ours has written is never a source: it is known by the link that ends at it, and, where
// its answer was lost, by the mark on it.

// echoes returns why records of the source are not pushed that we have written, by id. It also notes for their
// clients whether a flow the other way has written any.
func (w *pass) echoes(ctx context.Context, records []ledger.Invoice) (map[string]eligibility.Reason, error) {
	ids := make([]string, len(records))
	var marks []ledger.Mark
	for i := range records {
		ids[i] = records[i].ID
		if records[i].Mark != "" {
			marks = append(marks, records[i].Mark)
		}
	}
	var ends map[string]store.Link
	var marked map[ledger.Mark]store.Link
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		back := store.LinkFilter{Pair: w.reversed(), Kind: ledger.KindContact, States: []store.LinkState{store.Written}, Limit: 1}
		mirrors, err := tx.Links().List(back)
		if w.clients.reversed = len(mirrors) > 0; err != nil {
			return err
		}
		if ends, err = tx.Links().ByLedgerIDs(w.pair.Source, ledger.KindInvoice, ids); err != nil || len(marks) == 0 {
			return err
		}
		marked, err = tx.Links().ByMarks(marks)
		return err
	})
	if err != nil || len(ends)+len(marks) == 0 {
		return nil, err
	}
	found := map[string]eligibility.Reason{}
	for i := range records {
		inv := &records[i]
		_, ends := ends[inv.ID]
		l, known := marked[inv.Mark]
		switch {
		case !ends && known && l.Pair.Ledger == w.pair.Source && copied(l, inv.ID):
			found[inv.ID] = *parked(CodeEchoCopied, string(inv.Mark), "",
				"The invoice carries the mark of another one that was written by us: somebody copied it, or it is there twice. Take the mark off a copy, or void what is there twice.")
		case ends, known && l.Pair.Ledger == w.pair.Source:
			found[inv.ID] = *skipped(CodeEcho, "The invoice was written by us, from the other side.")
		case inv.Mark != "":
			found[inv.ID] = *parked(CodeEchoUnknown, string(inv.Mark), "", "The invoice carries a mark of ours, and this store does not know it. Run the flow that may have written it, with this store.")
		}
	}
	return found, nil
}

// isOurs reports whether a payment of the source is the target of a link: written by us from the
// other side. That a reference looks like a mark proves nothing: the mark must be one of a link. It is a copy where
// that link ends at another payment.
func (w *desk) isOurs(ctx context.Context, p ledger.Payment) (ours, isCopy bool, err error) {
	err = w.db.View(ctx, func(tx store.Tx) error {
		_, ours, err = tx.Links().ByLedgerID(w.pair.Source, ledger.KindPayment, p.ID)
		if err != nil || ours || p.Mark == "" {
			return err
		}
		marked, err := tx.Links().ByMarks([]ledger.Mark{p.Mark})
		l, known := marked[p.Mark]
		ours = known && l.Kind == ledger.KindPayment && l.Pair.Ledger == w.pair.Source
		isCopy = ours && copied(l, p.ID)
		return err
	})
	return ours, isCopy, err
}

// copied reports whether a record of the ledger with a link's mark is not the one that the link ends at: people
// copy invoices and references, marks and all.
func copied(l store.Link, id string) bool {
	return l.State == store.Written && l.LedgerID != "" && !strings.EqualFold(l.LedgerID, id)
}

// mirrored returns the ledger's contact that a contact of the source was made from, by the flow the other way.
// A link that only found the two to have one e-mail address says less: there may be several of it.
func (c *clients) mirrored(tx store.Tx, contact ledger.Contact) (string, error) {
	l, ok, err := tx.Links().ByLedgerID(c.w.pair.Source, ledger.KindContact, contact.ID)
	if err != nil || !ok || l.Adopted || l.State != store.Written || l.Pair != c.w.reversed() {
		return "", err
	}
	return l.SourceID, nil
}

// reversed is the pair of a flow the other way.
func (w *pass) reversed() store.Pair { return store.Pair{Source: w.pair.Ledger, Ledger: w.pair.Source} }

// againEchoes judges invoices again whose mark no link explained, once one does: the flow that wrote them has run
// with this store.
func (w *pass) againEchoes(ctx context.Context) error {
	f := store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Parked}, Code: CodeEchoUnknown, Limit: 500}
	for {
		links, err := w.list(ctx, f)
		if err != nil || len(links) == 0 {
			return err
		}
		f.After = links[len(links)-1].SourceID
		ids := make([]string, len(links))
		for i, l := range links {
			ids[i] = l.SourceID
		}
		var ends map[string]store.Link
		err = w.db.View(ctx, func(tx store.Tx) (err error) {
			ends, err = tx.Links().ByLedgerIDs(w.pair.Source, ledger.KindInvoice, ids)
			return err
		})
		if err == nil && len(ends) > 0 {
			err = w.judgeIDs(ctx, slices.Sorted(maps.Keys(ends)))
		}
		if err != nil {
			return err
		}
	}
}
