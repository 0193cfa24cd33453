package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

const (
	// rememberEvery is how many deliveries are remembered together. As many may be made again after a
	// crash, each under its own key.
	rememberEvery = 100
	// hostFailures in a row end a run: the host is down, and the next run finds everything still to do.
	hostFailures = 5
	// hostPause is when it is worth while to try such a host again.
	hostPause = 5 * time.Minute
)

// commit stores the verdicts of a page in one transaction with what they take from the budget, and
// delivers what is to be delivered.
func (w *importing) commit(ctx context.Context, items []*item) error {
	var events []*item
	n := 0
	for _, it := range items {
		if it.keep {
			w.stamp(&it.link)
			n++
		}
		if it.late != nil {
			w.stamp(it.late)
		}
		if it.judged {
			events = append(events, it)
		}
	}
	w.step("commit")
	room := 0
	if n > 0 {
		err := w.update(ctx, func(tx store.Tx) (err error) {
			if room, err = w.spend(tx, len(events)); err != nil {
				return err
			}
			return w.put(tx, items, room)
		})
		if err != nil {
			return err
		}
	}
	w.step("committed")
	for i, it := range events {
		if i < room {
			continue
		}
		// It waits for the budget.
		if it.keep, it.offer = it.late != nil, false; it.keep {
			it.link = *it.late
		}
	}
	var offers []*item
	for _, it := range items {
		if it.keep {
			w.tally(w.countedAs(it.before), it.link)
			if !it.offer {
				w.eventFor(it.link)
			}
		}
		if it.offer {
			offers = append(offers, it)
		}
	}
	return w.deliver(ctx, offers)
}

// put writes the links of a page, of which the first room that were judged have room in the budget.
func (w *importing) put(tx store.Tx, items []*item, room int) error {
	links, rows := make([]store.Link, 0, len(items)), make([]store.Row, 0, len(items))
	for _, it := range items {
		l := &it.link
		if it.judged {
			if room--; room < 0 {
				if l = it.late; l == nil {
					continue
				}
			}
		}
		if !it.keep {
			continue
		}
		links = append(links, *l)
		if !it.judged {
			continue
		}
		event := bucketOf(*l, w.id).state
		if l.State == store.Intended {
			event = string(store.Intended)
		}
		rows = append(rows, w.row(event, *l))
	}
	if err := tx.Links().Put(links...); err != nil {
		return err
	}
	return tx.Activity().Append(rows...)
}

// deliver calls the host for each item, and remembers what it confirmed. One that fails does not stop the
// others, unless the host seems to be down.
func (w *importing) deliver(ctx context.Context, items []*item) error {
	for len(items) > 0 {
		n := min(rememberEvery, len(items))
		done, err := w.deliverSome(ctx, items[:n])
		if rerr := w.rememberDeliveries(context.WithoutCancel(ctx), items[:done]); rerr != nil {
			return errors.Join(err, rerr)
		}
		if err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// deliverSome returns how many items the host was called for.
func (w *importing) deliverSome(ctx context.Context, items []*item) (done int, err error) {
	known, err := w.knownClients(ctx, items)
	if err != nil {
		return 0, err
	}
	for i, it := range items {
		if err := ctx.Err(); err != nil {
			return i, err
		}
		if err := w.alive(ctx); err != nil {
			return i, err
		}
		d := w.delivery(it)
		client := d.Client.Contact.ID
		d.Client.New = client != "" && !known[client]
		w.step("apply")
		err := offer(ctx, w.imp.host, d, w.opts.Deliver)
		w.step("applied")
		if err != nil {
			w.failures++
			it.link.State = store.Uncertain
			message := "the host did not confirm the delivery; it is made again by the next run"
			if errors.Is(err, errHung) {
				message = fmt.Sprintf("the host did not answer within %s; the delivery is made again by the next run", w.opts.Deliver)
			}
			w.event(Event{What: "delivery_failed", Kind: ledger.KindInvoice, SourceID: it.inv.ID, Number: it.link.LedgerNumber, Message: message})
			if w.failures >= hostFailures {
				return i + 1, &ledger.Error{Kind: ledger.ErrLater, Room: "invoicesync", Thing: w.imp.name, Code: "host_down",
					Message:  fmt.Sprintf("the host failed %d deliveries in a row; look at its log. Nothing is lost: they are made again", w.failures),
					ResumeAt: time.Now().Add(hostPause).UTC()}
			}
			continue
		}
		w.failures = 0
		it.link.State, it.link.Batch = store.Written, ""
		if it.link.CreatedBy == "" {
			it.link.CreatedBy = w.id
		} else {
			it.link.UpdatedBy = w.id
		}
		if d.Client.New {
			known[client] = true
			w.rep.Contacts.Created++
		}
	}
	return len(items), nil
}

// rememberDeliveries stores what the host confirmed, and what it did not.
func (w *importing) rememberDeliveries(ctx context.Context, items []*item) error {
	if len(items) == 0 {
		return nil
	}
	befores := make([]string, len(items))
	links := make([]store.Link, 0, 2*len(items))
	rows := make([]store.Row, 0, len(items))
	clients := map[string]bool{}
	for i, it := range items {
		befores[i] = w.countedAs(&it.link)
		w.stamp(&it.link)
		links = append(links, it.link)
		rows = append(rows, w.row(bucketOf(it.link, w.id).state, it.link))
		id := it.inv.Contact.ID
		if it.link.State != store.Written || id == "" || clients[id] {
			continue
		}
		clients[id] = true
		links = append(links, store.Link{Pair: w.pair, Kind: ledger.KindContact, SourceID: id, State: store.Written,
			CreatedBy: w.id, Run: w.id, Updated: time.Now().UTC()})
	}
	err := w.update(ctx, func(tx store.Tx) error {
		if err := tx.Links().Put(links...); err != nil {
			return err
		}
		return tx.Activity().Append(rows...)
	})
	if err != nil {
		return err
	}
	w.step("remembered")
	for i, it := range items {
		w.tally(befores[i], it.link)
		w.eventFor(it.link)
	}
	return nil
}

// knownClients are the contacts of the items of which a delivery has been confirmed.
func (w *importing) knownClients(ctx context.Context, items []*item) (map[string]bool, error) {
	var ids []string
	seen := map[string]bool{}
	for _, it := range items {
		if id := it.inv.Contact.ID; id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	links, err := w.linksOf(ctx, ledger.KindContact, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(links))
	for id := range links {
		known[id] = true
	}
	return known, nil
}
