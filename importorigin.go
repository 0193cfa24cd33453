package invoicesync

import (
	"context"
	"strconv"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Origin says where a payment in the ledger comes from: a flow of ours wrote it, or a person linked it.
type Origin struct {
	// Source is whose payment it is: the Host of a [Settle], or the source of a [Push].
	Source ledger.OrganisationID
	// ID is the payment's id there.
	ID string
}

// knowOrigins says of the items' payments which of them are ours: a link ends at them, or, while the answer
// to their writing is lost, they carry the mark of one. That a reference looks like a mark proves nothing: the
// mark must be one of a link to this ledger.
func (w *importing) knowOrigins(ctx context.Context, items []*item) error {
	var ids []string
	var marks []ledger.Mark
	for _, it := range items {
		for i := range it.inv.Payments {
			p := &it.inv.Payments[i]
			ids = append(ids, p.ID)
			if p.Mark != "" {
				marks = append(marks, p.Mark)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var ends map[string]store.Link
	var marked map[ledger.Mark]store.Link
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		if ends, err = tx.Links().ByLedgerIDs(w.pair.Source, ledger.KindPayment, ids); err != nil || len(marks) == 0 {
			return err
		}
		marked, err = tx.Links().ByMarks(marks)
		return err
	})
	if err != nil || len(ends)+len(marked) == 0 {
		return err
	}
	for _, it := range items {
		for i := range it.inv.Payments {
			p := &it.inv.Payments[i]
			l, ours := ends[p.ID]
			if !ours && p.Mark != "" {
				l, ours = marked[p.Mark]
				ours = ours && l.Kind == ledger.KindPayment && l.Pair.Ledger == w.pair.Source
			}
			if !ours {
				continue
			}
			if it.origins == nil {
				it.origins = map[string]Origin{}
			}
			it.origins[p.ID] = Origin{Source: l.Pair.Source, ID: l.SourceID}
		}
	}
	return nil
}

// appendOrigin is what a payment's origin adds to the hash of a delivery.
func appendOrigin(b []byte, o Origin) []byte {
	for _, s := range [...]string{"origin", o.Source.Vendor, o.Source.ID, o.ID} {
		b = append(strconv.AppendInt(b, int64(len(s)), 10), ':')
		b = append(b, s...)
	}
	return b
}

// originRoom and an import's pair name the drawer in which the import finds the invoices of which a payment
// got its origin after it had been read.
const originRoom = "import/origins/"

// tellImports notes, for every import of the ledger, that a payment of an invoice has turned out to be ours: the
// ledger does not announce what only the store has learned.
func tellImports(tx store.Tx, books ledger.OrganisationID, invoice string) error {
	if invoice == "" {
		return nil
	}
	docs, err := tx.Documents(importRoom).Scan(books.String()+">", "", 0)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if err := tx.Documents(originRoom+d.Key).Put(invoice, nil, store.AnyVersion); err != nil {
			return err
		}
	}
	return nil
}

// readOrigins reads the invoices again of which some payment has got an origin.
func (w *importing) readOrigins(ctx context.Context) error {
	for {
		var docs []store.Document
		err := w.db.View(ctx, func(tx store.Tx) (err error) {
			docs, err = tx.Documents(originRoom+w.pair.String()).Scan("", "", 200)
			return err
		})
		if err != nil || len(docs) == 0 {
			return err
		}
		ids := make([]string, len(docs))
		for i, d := range docs {
			ids[i] = d.Key
		}
		links, err := w.linksOf(ctx, ledger.KindInvoice, ids)
		if err != nil {
			return err
		}
		var held []string
		for _, id := range ids {
			if l, ok := links[id]; ok && isHeld(&l) {
				held = append(held, id)
			}
		}
		if err := w.again(ctx, held); err != nil {
			return err
		}
		err = w.update(ctx, func(tx store.Tx) error {
			room := tx.Documents(originRoom + w.pair.String())
			for _, d := range docs {
				now, _, err := room.Get(d.Key)
				if err != nil {
					return err
				}
				if now.Version != d.Version {
					continue // another payment of it since: it is read once more
				}
				if err := room.Delete(d.Key, store.AnyVersion); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
