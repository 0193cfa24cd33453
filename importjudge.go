package invoicesync

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// item is one record on its way through a page.
type item struct {
	inv    ledger.Invoice
	print  string         // how the record looked when it was read
	unread *ledger.Unread // instead of the invoice
	gone   bool           // the ledger does not have it any more
	// origins are those of its payments that are ours, by the ledger's id of the payment.
	origins map[string]Origin
	link    store.Link  // as it will be
	before  *store.Link // as it is
	late    *store.Link // as it will be where the budget has no room; nil: as it is
	judged  bool        // a verdict is stored: an event
	keep    bool        // the link is stored
	offer   bool        // the host is called
}

// take judges the records of a page, stores the verdicts, and delivers. deep compares whole contents where
// the look of a record says that nothing has changed.
func (w *importing) take(ctx context.Context, page ledger.Page[ledger.Invoice], deep bool) error {
	if err := w.alive(ctx); err != nil {
		return err
	}
	items, err := w.items(ctx, page, deep)
	if err != nil || len(items) == 0 {
		return err
	}
	if err := w.check(ctx); err != nil {
		return err
	}
	if err := w.readPayments(ctx, items); err != nil {
		return err
	}
	if err := w.knowOrigins(ctx, items); err != nil {
		return err
	}
	now := time.Now().UTC()
	for _, it := range items {
		w.judge(it, now)
	}
	return w.commit(ctx, items)
}

// items are the records of a page that may have changed, each with its link.
func (w *importing) items(ctx context.Context, page ledger.Page[ledger.Invoice], deep bool) ([]*item, error) {
	ids := make([]string, 0, len(page.Records)+len(page.Deleted)+len(page.Unread))
	for i := range page.Records {
		ids = append(ids, page.Records[i].ID)
	}
	for _, d := range page.Deleted {
		ids = append(ids, d.ID)
	}
	for _, u := range page.Unread {
		ids = append(ids, u.Ref.ID)
	}
	links, err := w.linksOf(ctx, ledger.KindInvoice, slices.DeleteFunc(ids, func(id string) bool { return id == "" }))
	if err != nil {
		return nil, err
	}
	var items []*item
	add := func(id string, it *item) {
		if l, ok := links[id]; ok {
			it.before = &l
		}
		if deep || !w.unchanged(it) {
			items = append(items, it)
		}
	}
	seen := make(map[string]bool, len(page.Records))
	for i := len(page.Records) - 1; i >= 0; i-- { // of one that shows twice the later state counts
		inv := page.Records[i]
		if inv.ID == "" || seen[inv.ID] {
			continue
		}
		seen[inv.ID] = true
		add(inv.ID, &item{inv: inv, print: printOf(&inv)})
	}
	slices.Reverse(items)
	for _, u := range page.Unread {
		if u.Ref.ID == "" {
			w.event(Event{What: "unread", Kind: ledger.KindInvoice, Codes: []string{u.Code}, Message: u.Detail})
			continue
		}
		if !seen[u.Ref.ID] {
			add(u.Ref.ID, &item{inv: ledger.Invoice{ID: u.Ref.ID}, unread: &u, print: unreadPrint + u.Code})
		}
	}
	for _, d := range page.Deleted {
		l, ok := links[d.ID]
		if !ok || seen[d.ID] {
			continue // it was never judged, and never will be; or it is there
		}
		add(d.ID, &item{gone: true, print: "gone", inv: ledger.Invoice{
			ID: d.ID, Number: l.LedgerNumber, Kind: ledger.SalesInvoice, Status: ledger.StatusDeleted, Currency: l.Currency}})
	}
	return items, nil
}

// unchanged reports whether nothing about a record calls for a verdict or a delivery.
func (w *importing) unchanged(it *item) bool {
	l := it.before
	switch {
	case l == nil:
		return w.imp.settings.Manual && w.chosen == nil // nobody has asked for it
	case w.chosen != nil, l.SourceVersion != it.print:
		return false
	case l.State == store.Written, isPending(l) && l.Run == w.id:
		return true // of a delivery that this run has tried the next run is to try again
	}
	return (l.State == store.Skipped || l.State == store.Parked) && l.Settings == w.settings
}

// judge decides what becomes of a record.
func (w *importing) judge(it *item, now time.Time) {
	before, held := it.before, isHeld(it.before)
	hash := ""
	if it.unread == nil {
		hash = deliveryHash(&it.inv, it.origins)
	}
	l := store.Link{Pair: w.pair, Kind: ledger.KindInvoice, SourceID: it.inv.ID, State: store.Deferred}
	if before != nil {
		l = *before
	}
	l.SourceVersion = it.print
	switch {
	case w.judgedAlike(it, hash):
		// No new verdict, and under the same key if it is still to be confirmed.
		it.link, it.offer = l, isPending(before)
		it.keep = !it.offer && (l.SourceVersion != before.SourceVersion || w.chosen != nil)
		return
	case it.unread != nil && isPending(before):
		it.link = l // what was on its way cannot be told again before it can be read
		return
	}
	verdict := w.verdict(it, now)
	it.judged, it.keep = true, true
	it.late = waiting(l, before, &it.inv, now)
	l.Settings, l.Updated, l.Reasons = w.settings, now, reasonsOf(verdict)
	if it.unread == nil {
		l.Currency, l.Amount, l.Actual, l.Predicted = it.inv.Currency, it.inv.Totals.Total, it.inv.Totals.Total, it.inv.Totals.Balance
		l.LedgerNumber = it.inv.Number
	}
	switch {
	case !held && !verdict.Eligible():
		if it.unread == nil {
			l.SourceHash = hash
		}
		l.State = stateOf(verdict)
	case it.unread != nil || held && hash == before.SourceHash && !isPending(before):
		l.State, l.Batch = store.Written, "" // nothing to tell the host
	default:
		w.offer(it, &l, hash, now)
	}
	it.link = l
}

// judgedAlike reports whether a record has the content by which it was judged and, if the host has it, told.
func (w *importing) judgedAlike(it *item, hash string) bool {
	before := it.before
	return it.unread == nil && before != nil && hash == before.SourceHash && before.State != store.Deferred &&
		!strings.HasPrefix(before.SourceVersion, unreadPrint) && (isHeld(before) || before.Settings == w.settings && w.chosen == nil)
}

// offer makes a delivery of an item: under a revision above all before it, and a key of its own.
func (w *importing) offer(it *item, l *store.Link, hash string, now time.Time) {
	tellOf(l, &it.inv, whatIs(&it.inv, it.before))
	l.State, l.SourceHash = store.Intended, hash
	l.Revision = max(l.Revision+1, now.UnixMilli())
	l.Batch = deliveryKey(w.pair, it.inv.ID, l.Revision)
	it.offer = true
}

// verdict judges, and leaves out what a person has overridden.
func (w *importing) verdict(it *item, now time.Time) eligibility.Verdict {
	switch {
	case it.unread != nil:
		return eligibility.Verdict{Policy: w.imp.policy.Name(), Reasons: []eligibility.Reason{{
			Code: it.unread.Code, Disposition: eligibility.Park, Got: it.unread.Detail,
			Message: "The invoice cannot be read, so it is left for a person to look at."}}}
	case it.gone:
		return deletedVerdict(w.imp.policy)
	}
	v := w.judgeAt(it.inv, now)
	if codes := w.chosen[it.inv.ID]; len(codes) > 0 && !isHeld(it.before) {
		if over, err := v.Override(codes...); err == nil && over.Eligible() {
			return over
		}
	}
	return v
}

func deletedVerdict(p eligibility.Policy) eligibility.Verdict {
	return eligibility.Verdict{Policy: p.Name(), Reasons: []eligibility.Reason{{
		Code: eligibility.CodeDeleted, Rule: "status", Disposition: eligibility.Skip, Message: eligibility.Meaning(eligibility.CodeDeleted)}}}
}

// waiting is a link that waits for the budget, or nil where the link may stay as it is.
func waiting(l store.Link, before *store.Link, inv *ledger.Invoice, now time.Time) *store.Link {
	if before != nil && (before.State == store.Deferred || isPending(before)) {
		return nil
	}
	l.State, l.Updated, l.SourceVersion = store.Deferred, now, ""
	l.Reasons = []store.Reason{{Code: CodeBudget, Message: "It waits for the budget of the last 24 hours."}}
	if before == nil {
		l.Currency, l.Amount, l.Actual, l.LedgerNumber = inv.Currency, inv.Totals.Total, inv.Totals.Total, inv.Number
	}
	return &l
}

func stateOf(v eligibility.Verdict) store.LinkState {
	if v.Disposition() == eligibility.Park {
		return store.Parked
	}
	return store.Skipped
}

// reasonsOf are a verdict's reasons for a link, the one that decides first.
func reasonsOf(v eligibility.Verdict) []store.Reason {
	if len(v.Reasons) == 0 {
		return nil
	}
	var l store.Link
	setReasons(&l, v.Reasons)
	return l.Reasons
}

// delivery is what the host is told of an item. It depends on the link, the record and the settings only,
// so that what is told again is told alike.
func (w *importing) delivery(it *item) Delivery {
	verdict := deletedVerdict(w.imp.policy)
	if !it.gone {
		verdict = w.judgeAt(it.inv, it.link.Updated)
		verdict.Reasons = slices.DeleteFunc(verdict.Reasons, func(r eligibility.Reason) bool {
			return !slices.ContainsFunc(it.link.Reasons, func(have store.Reason) bool { return have.Code == r.Code })
		})
	}
	return Delivery{
		Key: it.link.Batch, Revision: it.link.Revision, What: toldAs(&it.link), First: it.link.CreatedBy == "",
		Pair: w.pair, Invoice: it.inv, Origins: it.origins, Client: Client{Contact: it.inv.Contact},
		Verdict: verdict, AsOf: w.asOf(it.link.Updated),
	}
}

// readPayments gives the invoices that the host holds, or is about to, their payments as records, where
// they did not come along. Several are asked for at once.
func (w *importing) readPayments(ctx context.Context, items []*item) error {
	want := map[string]*item{}
	var refs []ledger.Ref
	for _, it := range items {
		if !it.inv.PaymentsElsewhere {
			continue
		}
		if isHeld(it.before) || len(w.chosen) > 0 || w.judgeAt(it.inv, time.Now()).Eligible() {
			want[it.inv.ID] = it
			refs = append(refs, ledger.Ref{ID: it.inv.ID})
		}
	}
	for chunk := range slices.Chunk(refs, 200) {
		for page, err := range w.imp.source.Invoices(ctx, ledger.Query{Refs: chunk}) {
			if err != nil {
				return err
			}
			for _, inv := range page.Records {
				if it := want[inv.ID]; it != nil {
					it.inv = inv // it may have moved on meanwhile: then it is the newer
				}
			}
		}
	}
	for _, ref := range refs {
		it := want[ref.ID]
		if !it.inv.PaymentsElsewhere {
			continue
		}
		payments, err := w.imp.source.PaymentsOf(ctx, ref)
		if err != nil {
			return fmt.Errorf("invoicesync: payments of invoice %s: %w", ref.ID, err)
		}
		it.inv.Payments, it.inv.PaymentsElsewhere = payments, false
	}
	return nil
}
