package invoicesync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// till is one way of what a host collected through a [Settle]: read, decide, write, remember. Payments are
// stored as deferred before the host's cursor moves past them, so that they are met again whatever happens.
type till struct {
	*desk
	flow    *Settle
	show    func(Settlement) bool // what a preview does in the place of writing; false: it has seen enough
	dateAll bool                  // the day of what is not confirmed matters too
	ended   bool                  // whoever looks at the preview has seen enough
}

func newTill(s *Settle, r *run) *till {
	t := &till{desk: newDesk(r, s.books, s.settings.Payments, s.settings.Currency), flow: s}
	t.judgeOne = t.judge
	return t
}

// all is a whole run.
func (t *till) all(ctx context.Context) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		t.watchPayments, t.watchInvoices, t.again, t.read, t.sweep, t.flush, t.after,
	} {
		if err := step(ctx); err != nil {
			if errors.Is(err, errStopped) {
				return errors.Join(t.flush(ctx), t.after(ctx), err)
			}
			return err
		}
	}
	return nil
}

func (t *till) one(ctx context.Context, id string) error {
	if err := t.begin(ctx); err != nil {
		return err
	}
	if err := t.watchPayments(ctx); err != nil {
		return err
	}
	links, err := t.linksOf(ctx, ledger.KindPayment, []string{id})
	if err != nil {
		return err
	}
	if _, known := links[id]; !known {
		rows, err := t.flow.host.Payments(ctx, []string{id})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return &ledger.Error{Kind: ledger.ErrNotFound, Room: "invoicesync", Thing: "payment " + id, Message: "the host has no such payment"}
		}
	}
	if err := t.judgeIDs(ctx, []string{id}); err != nil {
		return err
	}
	return t.flush(ctx)
}

// begin settles the past: what is on its way, and whether this store knows the ledger. A payment that was in
// doubt may have changed at the host meanwhile, and is looked at again.
func (t *till) begin(ctx context.Context) error {
	if err := t.loadMeta(ctx); err != nil {
		return err
	}
	if err := t.aloneHere(ctx); err != nil {
		return err
	}
	if err := t.claimPayments(ctx, flowSettle); err != nil {
		return err
	}
	doubtful, err := t.inDoubt(ctx)
	if err != nil {
		return err
	}
	if err := t.payments.resolve(ctx, t.run); err != nil {
		return err
	}
	if err := t.resolveChanges(ctx, t.run); err != nil {
		return err
	}
	if err := t.knowPayments(ctx); err != nil {
		return err
	}
	return t.judgeIDs(ctx, doubtful)
}

// aloneHere refuses a ledger whose payments another flow books.
func (t *till) aloneHere(ctx context.Context) error {
	rivals, err := t.rivals(ctx)
	if err != nil {
		return err
	}
	for _, pair := range sortedKeys(rivals) {
		source, _, _ := strings.Cut(pair, ">")
		if rivals[pair].Flow == flowPush && t.flow.settings.LeavePushed {
			continue
		}
		return &ledger.Error{Kind: ledger.ErrUnsupported, Room: "invoicesync", Thing: "ledger " + t.pair.Ledger.String(), Code: "two_origins",
			Message: fmt.Sprintf("a %s of %s books payments of its invoices; an invoice's payments have one origin: let one of the two book none, or set LeavePushed where the other is a push", rivals[pair].Flow, source)}
	}
	return nil
}

// inDoubt returns the payments of unresolved writes.
func (t *till) inDoubt(ctx context.Context) (ids []string, err error) {
	err = t.db.View(ctx, func(tx store.Tx) error {
		batches, err := tx.Batches().List(t.pair, ledger.KindPayment)
		if err != nil {
			return err
		}
		var marks []ledger.Mark
		for _, b := range batches {
			for _, m := range b.Members {
				marks = append(marks, m.Mark)
			}
		}
		links, err := tx.Links().ByMarks(marks)
		for _, l := range links {
			ids = append(ids, l.SourceID)
		}
		return err
	})
	slices.Sort(ids)
	return ids, err
}

// knowPayments makes sure that this store knows the ledger's payments, as [pass.knowLedger] does for invoices.
func (t *till) knowPayments(ctx context.Context) error {
	if t.meta.Scanned && t.meta.Epoch == t.db.Info().Epoch {
		found, err := t.powers.Payments.Find(ctx, ledger.Sought{Newest: 10})
		if err != nil {
			return err
		}
		unknown, err := t.unknownMarks(ctx, "p/", slices.Collect(maps.Keys(found.Hits)))
		if err != nil || len(unknown) == 0 {
			return err
		}
		t.event(Event{What: "rebuilt", Kind: ledger.KindPayment, Message: fmt.Sprintf("the ledger holds %d of the newest payments with a mark that this store does not know: it is an older copy; the ledger is read before anything is written", len(unknown))})
	}
	if err := t.scanPayments(ctx); err != nil {
		return err
	}
	t.meta.Scanned, t.meta.Epoch = true, t.db.Info().Epoch
	return t.saveMeta(ctx)
}

// watchInvoices reads which invoices of the ledger changed since the last run, and judges the payments again
// that are parked for the state of theirs.
func (t *till) watchInvoices(ctx context.Context) error {
	name := t.ledgerCursor("invoices")
	cursor, err := t.cursor(ctx, name)
	if err != nil {
		return err
	}
	q := ledger.Query{Cursor: cursor, Summary: true}
	if cursor == "" {
		q.Since = time.Now().Add(-time.Hour) // nothing has been parked before
	}
	for page, err := range t.books.Invoices(ctx, q) {
		if err != nil {
			return err
		}
		changed := make(map[string]bool, len(page.Records))
		shown := sha256.New()
		for _, inv := range page.Records {
			changed[inv.ID] = true
			fmt.Fprintf(shown, "%q %q %q %s ", inv.ID, inv.Version, inv.Status, inv.Totals.Balance)
		}
		for _, d := range page.Deleted {
			changed[d.ID] = true
			fmt.Fprintf(shown, "%q gone ", d.ID)
		}
		// A ledger shows what changed last to every run, until something newer does.
		sum := hex.EncodeToString(shown.Sum(nil))
		before, err := t.cursor(ctx, name+"/shown")
		if err != nil {
			return err
		}
		if !page.Forgotten && (len(changed) == 0 || string(before) == sum) {
			if page.Next != cursor {
				if err := t.update(ctx, func(tx store.Tx) error { return t.setCursor(tx, name, page.Next) }); err != nil {
					return err
				}
			}
			continue
		}
		parked := store.LinkFilter{States: []store.LinkState{store.Parked}}
		if err := t.judgeLinks(ctx, parked, func(l store.Link) bool { return page.Forgotten || changed[l.LedgerParent] }); err != nil {
			return err
		}
		if err := t.update(ctx, func(tx store.Tx) error {
			return errors.Join(t.setCursor(tx, name, page.Next), tx.Cursors().Set(name+"/shown", sum))
		}); err != nil {
			return err
		}
	}
	return nil
}

// again judges what was left: deferred payments, those that were not confirmed, and, when the settings or the
// chart have changed, all that were parked, skipped or refused.
func (t *till) again(ctx context.Context) error {
	states := []store.LinkState{store.Deferred}
	if t.meta.Settings != "" && t.meta.Settings != t.settings {
		states = append(states, store.Parked, store.Skipped, store.Refused)
	} else {
		mended, err := t.chartMended(ctx)
		if err != nil {
			return err
		}
		if mended {
			states = append(states, store.Parked, store.Refused)
		}
	}
	if err := t.judgeLinks(ctx, store.LinkFilter{States: states}, nil); err != nil {
		return err
	}
	if !slices.Contains(states, store.Skipped) {
		// A host may not announce what becomes of them.
		if err := t.judgeLinks(ctx, store.LinkFilter{States: []store.LinkState{store.Skipped}, Code: CodePaymentPending}, nil); err != nil {
			return err
		}
	}
	if t.meta.Settings != t.settings {
		t.meta.Settings = t.settings
		return t.saveMeta(ctx)
	}
	return nil
}

// read follows the host from the stored cursor.
func (t *till) read(ctx context.Context) error {
	name := "collected/" + t.pair.String()
	cursor, err := t.cursor(ctx, name)
	if err != nil {
		return err
	}
	for page, err := range t.flow.host.Collected(ctx, cursor) {
		if err != nil {
			return err
		}
		if err := t.judgePayments(ctx, page.Records); err != nil {
			return err
		}
		if err := t.unread(ctx, page.Unread); err != nil {
			return err
		}
		if err := t.gone(ctx, page.Deleted); err != nil {
			return err
		}
		if t.dry || page.Next == "" {
			continue
		}
		if err := t.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(name, string(page.Next)) }); err != nil {
			return err
		}
		if err := t.writePayments(ctx, false); err != nil {
			return err
		}
	}
	return nil
}

// sweep looks at the payments of the last 90 days again that were booked, or came to nothing, now and then, for
// what a host did not announce.
func (t *till) sweep(ctx context.Context) error {
	now := time.Now().UTC()
	switch {
	case t.opts.SweepEvery < 0 || t.dry:
		return nil
	case !t.meta.LastSweep.IsZero() && now.Sub(t.meta.LastSweep) < t.opts.SweepEvery:
		return nil
	case !t.meta.LastSweep.IsZero(): // a first run has just read everything
		final := store.LinkFilter{States: []store.LinkState{store.Written, store.Skipped}}
		if err := t.judgeLinks(ctx, final, func(l store.Link) bool {
			since := l.FirstSent
			if since.IsZero() {
				since = l.Updated // it was there already
			}
			return l.CreatedBy != t.id && now.Sub(since) < sweepBack
		}); err != nil {
			return err
		}
	}
	t.meta.LastSweep = now
	return t.saveMeta(ctx)
}

// flush writes all that waits.
func (t *till) flush(ctx context.Context) error {
	if t.dry {
		return nil
	}
	return t.writePayments(ctx, true)
}

// after ends a run, as [pass.after] does.
func (t *till) after(ctx context.Context) error {
	if t.opts.Retain > 0 {
		err := t.update(ctx, func(tx store.Tx) error {
			_, err := tx.Activity().Trim(time.Now().Add(-t.opts.Retain))
			return err
		})
		if err != nil {
			return err
		}
	}
	if t.rep.Writes == 0 {
		return nil
	}
	// Booking, and taking back, changes what is owed: others may have waited for it.
	if err := t.watchPayments(ctx); err != nil {
		return err
	}
	if err := t.watchInvoices(ctx); err != nil {
		return err
	}
	return t.flush(ctx)
}

// judgeLinks judges the payments of the links again.
func (t *till) judgeLinks(ctx context.Context, f store.LinkFilter, wanted func(store.Link) bool) error {
	f.Pair, f.Kind, f.Limit = t.pair, ledger.KindPayment, 500
	for {
		links, err := t.list(ctx, f)
		if err != nil || len(links) == 0 {
			return err
		}
		f.After = links[len(links)-1].SourceID
		var ids []string
		for _, l := range links {
			if (wanted == nil || wanted(l)) && !strings.HasPrefix(l.SourceID, unreadID) {
				ids = append(ids, l.SourceID)
			}
		}
		if err := t.judgeIDs(ctx, ids); err != nil {
			return err
		}
	}
}

// judgeIDs reads payments of the host by id and judges them, unchanged ones too. What the host does not have
// any more is gone.
func (t *till) judgeIDs(ctx context.Context, ids []string) error {
	force := t.force
	t.force = true
	defer func() { t.force = force }()
	for part := range slices.Chunk(ids, 200) {
		rows, err := t.flow.host.Payments(ctx, part)
		if err != nil {
			return fmt.Errorf("invoicesync: the host's payments could not be read: %w", err)
		}
		have := make(map[string]bool, len(rows))
		for _, p := range rows {
			have[p.ID] = true
		}
		var missing []ledger.Ref
		for _, id := range part {
			if !have[id] {
				missing = append(missing, ledger.Ref{ID: id})
			}
		}
		if err := t.judgePayments(ctx, rows); err != nil {
			return err
		}
		if err := t.gone(ctx, missing); err != nil {
			return err
		}
		if t.dry {
			continue
		}
		if err := t.writePayments(ctx, false); err != nil {
			return err
		}
	}
	return nil
}

const unreadID = "unread:"

// unread parks payments that could not be understood at all.
func (t *till) unread(ctx context.Context, records []ledger.Unread) error {
	var kept verdicts
	for _, u := range records {
		id := u.Ref.ID
		if id == "" {
			sum := sha256.Sum256([]byte(u.Ref.Number + u.Code + u.Detail))
			id = unreadID + hex.EncodeToString(sum[:8])
		}
		links, err := t.linksOf(ctx, ledger.KindPayment, []string{id})
		if err != nil {
			return err
		}
		link, ok := links[id]
		before := link
		switch {
		case ok && (inDoubt(link) || stuck(link)):
			continue
		case ok && link.State == store.Written:
			link.Reasons = []store.Reason{{Code: CodeChangedAfterPush, Message: "The payment can no longer be read at the host: " + u.Detail}}
		default:
			link = t.paymentLink(&booking{invoice: store.Link{Currency: t.flow.settings.Currency}}, ledger.Payment{ID: id}, nil)
			park(&link, u.Code, u.Detail)
		}
		link.Updated = time.Now().UTC()
		kept.add(t.run, link, &before)
	}
	return t.keep(ctx, kept)
}

// gone deals with payments that the host no longer has.
func (t *till) gone(ctx context.Context, refs []ledger.Ref) error {
	var kept verdicts
	for part := range slices.Chunk(refs, 200) {
		ids := make([]string, len(part))
		for i, r := range part {
			ids[i] = r.ID
		}
		links, err := t.linksOf(ctx, ledger.KindPayment, ids)
		if err != nil {
			return err
		}
		for _, id := range sortedKeys(links) {
			link, before := links[id], links[id]
			switch {
			case inDoubt(link) || stuck(link):
				continue
			case link.State == store.Written:
				link.Reasons = []store.Reason{{Code: CodeDeletedInSource, Message: "The host no longer has the payment. Delete it in the ledger, or restore it at the host."}}
			default:
				link.State, link.Reasons = store.Skipped, []store.Reason{{Code: eligibility.CodeDeleted, Message: "The host no longer has the payment; it was never booked."}}
			}
			link.Updated = time.Now().UTC()
			kept.add(t.run, link, &before)
		}
	}
	return t.keep(ctx, kept)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
