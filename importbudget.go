package invoicesync

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// The budget of an account counts events over 24 hours; an event is a verdict that is stored. It is kept
// in the store, and taken from in the transaction that stores the verdicts, so that neither a crash nor a
// second process can count an event twice or not at all.

const budgetSpan = 24 * time.Hour

// budgetKey is the name in the store's budgets under which an account's events are counted.
func (w *importing) budgetKey() string {
	key := "import/" + w.pair.Ledger.String()
	if w.meta.Budget > 0 {
		key += "/" + strconv.Itoa(w.meta.Budget)
	}
	return key
}

// mendBudget begins a new count where the budget could not be free again within its span: the clock stood
// in the future when events were counted, and has been set back since.
func (w *importing) mendBudget(ctx context.Context) error {
	wait, _, err := w.untilRoom(ctx)
	if err != nil || wait <= budgetSpan+budgetSpan/50 {
		return err
	}
	w.meta.Budget++
	return w.saveMeta(ctx)
}

// untilRoom is how long until one more event fits, and the time that it was asked.
func (w *importing) untilRoom(ctx context.Context) (wait time.Duration, now time.Time, err error) {
	limit := w.imp.settings.budget()
	now = time.Now().UTC()
	if limit <= 0 {
		return 0, now, nil
	}
	if room, err := w.room(ctx); err != nil || room > 0 {
		return 0, now, err
	}
	err = w.update(ctx, func(tx store.Tx) error {
		used, err := tx.Budgets().Used(w.budgetKey(), now, budgetSpan)
		if err != nil || used < limit {
			wait = 0
			return err
		}
		// With the budget used up this takes nothing, and says when one more fits.
		wait, err = tx.Budgets().Take(w.budgetKey(), now, budgetSpan, 1, limit)
		return err
	})
	return wait, now, err
}

// room is how many events fit now; below zero: any number.
func (w *importing) room(ctx context.Context) (room int, err error) {
	err = w.db.View(ctx, func(tx store.Tx) error {
		room, err = w.roomIn(tx)
		return err
	})
	return room, err
}

func (w *importing) roomIn(tx store.Tx) (int, error) {
	limit := w.imp.settings.budget()
	if limit < 0 {
		return -1, nil
	}
	used, err := tx.Budgets().Used(w.budgetKey(), time.Now().UTC(), budgetSpan)
	return max(limit-used, 0), err
}

// spend takes events from the budget and returns how many of n may be stored. What a person has chosen
// is not held up: it counts as far as there is room.
func (w *importing) spend(tx store.Tx, n int) (int, error) {
	room, err := w.roomIn(tx)
	if err != nil || room < 0 || n == 0 {
		return n, err
	}
	take := min(n, room)
	wait, err := tx.Budgets().Take(w.budgetKey(), time.Now().UTC(), budgetSpan, take, w.imp.settings.budget())
	switch {
	case err != nil:
		return 0, err
	case wait > 0: // a store may keep an event in the window a little longer than a look at it says
		take = 0
	}
	if w.chosen != nil {
		return n, nil
	}
	return take, nil
}

// tellBacklog says how much waits for the budget, and until when.
func (w *importing) tellBacklog(ctx context.Context) error {
	limit := w.imp.settings.budget()
	if limit <= 0 {
		return nil
	}
	var states map[store.LinkState]int
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		states, err = tx.Links().Count(store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Deferred}})
		return err
	})
	count := states[store.Deferred]
	if err != nil || count == 0 {
		return err
	}
	wait, now, err := w.untilRoom(ctx)
	if err != nil {
		return err
	}
	w.resumeAt(now.Add(wait))
	w.rep.DoneBy = now.Add(wait + time.Duration((count-1)/limit)*budgetSpan)
	w.event(Event{What: CodeBudget, Kind: ledger.KindInvoice, Until: w.rep.DoneBy,
		Message: fmt.Sprintf("%d invoices wait for the budget of %d in 24 hours", count, limit)})
	return nil
}
