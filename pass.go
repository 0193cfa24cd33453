package invoicesync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// pass is one way of the data through the five steps: read, decide, shape, write, remember. Records
// come in page by page, wait in queues until a full batch is together, and leave.
type pass struct {
	*run
	push *Push

	invoices book[ledger.Invoice]
	contacts book[ledger.Contact]
	payments book[ledger.Payment]

	meta    meta
	org     *ledger.Organisation // the ledger's, once it has been asked
	charted ledger.Chart         // as read in this run
	chart   *chartIndex
	clients *clients

	// Queues. A job waits for its contact, then for company.
	newContacts  []entry[ledger.Contact]
	waiting      map[string][]*job // by the contact's source id
	waitingCount int
	newInvoices  []entry[ledger.Invoice]
	newPayments  []*booking
	newEntries   []entry[ledger.Payment]
	queued       map[string]bool // source ids of the jobs in the queues
	reminders    []store.Link    // payments still to be judged, remembered with the next verdicts

	pages       []*pageMark
	creates     int
	blank       map[string]bool // prefixes of sightings: whether there are none
	scanned     bool            // the ledger was read as a whole in this run
	sweepNow    bool            // pushed records are read again, whenever that was done last
	feedStarted bool            // the payment feed was joined in this run
	feedNext    ledger.Cursor   // where the feed stands, once the queues are empty
	moved       map[string]bool // source ids of invoices that the payment feed has just named
	policy      eligibility.Policy
	fetched     map[string]fetched // payments of the records that are being judged
	force       bool               // judge again what nothing has changed about

	plan func(Planned) bool // preview: takes the place of the writing
}

// job is a shaped invoice on its way.
type job struct {
	source   ledger.Invoice
	draft    ledger.Invoice
	link     store.Link
	before   *store.Link
	payments []ledger.Payment
	page     *pageMark
}

// pageMark counts the records of a page that are not remembered yet: the cursor moves only past what
// is.
type pageMark struct {
	cursor string // name
	next   ledger.Cursor
	open   int
}

// meta is what a flow knows of its pair beside the links.
type meta struct {
	Epoch     string    `json:"epoch"`    // of the store that the ledger's marks were compared with
	Settings  string    `json:"settings"` // hash of the settings that judged last
	Chart     string    `json:"chart"`    // hash
	ChartAt   time.Time `json:"chart_at"`
	LastSweep time.Time `json:"last_sweep"`
	Scanned   bool      `json:"scanned"` // the ledger's books have been read for what is there already
}

const metaRoom = "flow"

func newPass(p *Push, r *run) *pass {
	w := &pass{run: r, push: p, policy: p.policy, fetched: map[string]fetched{}, waiting: map[string][]*job{}, queued: map[string]bool{}, blank: map[string]bool{}}
	w.invoices = book[ledger.Invoice]{ledger.KindInvoice, p.powers.Invoices, func(i ledger.Invoice) written {
		return written{i.ID, i.Number, i.Version, i.Totals.Total, i.Status}
	}}
	w.contacts = book[ledger.Contact]{ledger.KindContact, p.powers.Contacts, func(c ledger.Contact) written {
		return written{id: c.ID, version: c.Version}
	}}
	w.payments = book[ledger.Payment]{ledger.KindPayment, p.powers.Payments, func(p ledger.Payment) written {
		return written{id: p.ID, version: p.Version, amount: p.Amount}
	}}
	w.clients = newClients(w)
	return w
}

// all is a whole run.
func (w *pass) all(ctx context.Context) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		w.watchLedger, w.startFeed, w.again, w.readInvoices, w.readFeed, w.sweep, w.flushAll, w.after,
	} {
		if err := step(ctx); err != nil {
			if errors.Is(err, errStopped) {
				return errors.Join(w.flushAll(ctx), w.after(ctx), err)
			}
			return err
		}
	}
	return nil
}

// one is a run for one invoice.
func (w *pass) one(ctx context.Context, ref ledger.Ref) error {
	inv, err := w.push.source.Invoice(ctx, ref)
	if err != nil {
		return err
	}
	if err := w.begin(ctx); err != nil {
		return err
	}
	if err := w.watchLedger(ctx); err != nil {
		return err
	}
	w.force, w.policy = true, w.push.onePolicy
	if err := w.judgeAll(ctx, []ledger.Invoice{inv}, nil); err != nil {
		return err
	}
	return w.flushAll(ctx)
}

// begin settles the past: what is on its way, and whether this store knows the ledger.
func (w *pass) begin(ctx context.Context) error {
	if err := w.loadMeta(ctx); err != nil {
		return err
	}
	for _, resolve := range []func(context.Context, *run) error{w.contacts.resolve, w.invoices.resolve, w.payments.resolve, w.resolveChanges} {
		if err := resolve(ctx, w.run); err != nil {
			return err
		}
	}
	return w.knowLedger(ctx)
}

func (w *pass) loadMeta(ctx context.Context) error {
	return w.db.View(ctx, func(tx store.Tx) error {
		doc, ok, err := tx.Documents(metaRoom).Get(w.pair.String())
		if err != nil || !ok {
			return err
		}
		return json.Unmarshal(doc.Value, &w.meta)
	})
}

func (w *pass) saveMeta(ctx context.Context) error {
	b, err := json.Marshal(w.meta)
	if err != nil {
		return err
	}
	return w.update(ctx, func(tx store.Tx) error {
		return tx.Documents(metaRoom).Put(w.pair.String(), b, store.AnyVersion)
	})
}

// again judges what was left: deferred records always, parked and skipped ones when the settings or the
// chart have changed.
func (w *pass) again(ctx context.Context) error {
	states := []store.LinkState{store.Deferred}
	changed := w.meta.Settings != "" && w.meta.Settings != w.settings
	w.sweepNow = changed // pushed records may now want their payments
	if changed {
		states = append(states, store.Parked, store.Skipped, store.Refused)
	} else {
		mended, err := w.chartMended(ctx)
		if err != nil {
			return err
		}
		if mended {
			states = append(states, store.Parked, store.Refused)
		}
	}
	for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
		if err := w.againOf(ctx, store.LinkFilter{Pair: w.pair, Kind: kind, States: states}); err != nil {
			return err
		}
	}
	if !slices.Contains(states, store.Parked) {
		if err := w.againClients(ctx); err != nil {
			return err
		}
	}
	if w.meta.Settings != w.settings {
		w.meta.Settings = w.settings
		return w.saveMeta(ctx)
	}
	return nil
}

// againClients judges invoices again that are parked for their client, when a contact of the ledger has
// changed.
func (w *pass) againClients(ctx context.Context) error {
	waits := false
	for _, code := range contactCodes {
		links, err := w.list(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Parked}, Code: code, Limit: 1})
		if err != nil {
			return err
		}
		waits = waits || len(links) > 0
	}
	if !waits {
		return nil
	}
	if err := w.clients.refresh(ctx); err != nil || !w.clients.changed {
		return err
	}
	for _, code := range contactCodes {
		if err := w.againOf(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Parked}, Code: code}); err != nil {
			return err
		}
	}
	return nil
}

func (w *pass) list(ctx context.Context, f store.LinkFilter) (links []store.Link, err error) {
	err = w.db.View(ctx, func(tx store.Tx) (err error) {
		links, err = tx.Links().List(f)
		return err
	})
	return links, err
}

// againOf judges the invoices of the links again.
func (w *pass) againOf(ctx context.Context, f store.LinkFilter) error {
	f.Limit = 500
	for {
		links, err := w.list(ctx, f)
		if err != nil || len(links) == 0 {
			return err
		}
		f.After = links[len(links)-1].SourceID
		var ids []string
		seen := map[string]bool{}
		for _, l := range links {
			id := l.SourceID
			if f.Kind == ledger.KindPayment {
				id = l.Parent
			}
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		if err := w.judgeIDs(ctx, ids); err != nil {
			return err
		}
	}
}

// judgeIDs reads records of the source by id and judges them, unchanged ones too. What the source no
// longer has was deleted there.
func (w *pass) judgeIDs(ctx context.Context, ids []string) error {
	const chunk = 200
	force := w.force
	w.force = true
	defer func() { w.force = force }()
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		refs := make([]ledger.Ref, n)
		gone := make(map[string]bool, n)
		for i, id := range ids[:n] {
			refs[i], gone[id] = ledger.Ref{ID: id}, true
		}
		ids = ids[n:]
		for page, err := range w.push.source.Invoices(ctx, ledger.Query{Refs: refs}) {
			if err != nil {
				return err
			}
			for _, inv := range page.Records {
				delete(gone, inv.ID)
			}
			for _, u := range page.Unread {
				delete(gone, u.Ref.ID)
			}
			if err := w.judgeAll(ctx, page.Records, nil); err != nil {
				return err
			}
			if err := w.unread(ctx, page.Unread); err != nil {
				return err
			}
		}
		if err := w.deletedInSource(ctx, gone); err != nil {
			return err
		}
	}
	return nil
}

// readInvoices follows the source from the stored cursor.
func (w *pass) readInvoices(ctx context.Context) error {
	name := "invoices/" + w.pair.String()
	cursor, err := w.cursor(ctx, name)
	if err != nil {
		return err
	}
	for page, err := range w.push.source.Invoices(ctx, w.firstQuery(cursor)) {
		if err != nil {
			return err
		}
		mark := &pageMark{cursor: name, next: page.Next, open: 1}
		w.pages = append(w.pages, mark)
		if err := w.judgeAll(ctx, page.Records, mark); err != nil {
			return err
		}
		if err := w.unread(ctx, page.Unread); err != nil {
			return err
		}
		gone := map[string]bool{}
		for _, d := range page.Deleted {
			gone[d.ID] = true
		}
		if err := w.deletedInSource(ctx, gone); err != nil {
			return err
		}
		mark.open--
		if err := w.flush(ctx); err != nil {
			return err
		}
		if err := w.moveCursor(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *pass) firstQuery(cursor ledger.Cursor) ledger.Query {
	q := ledger.Query{Cursor: cursor}
	if cursor == "" {
		q.From = w.push.settings.Start.Date
	}
	return q
}

func (w *pass) cursor(ctx context.Context, name string) (ledger.Cursor, error) {
	var value string
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		value, err = tx.Cursors().Get(name)
		return err
	})
	return ledger.Cursor(value), err
}

// moveCursor moves the cursor past the pages at the front that are remembered.
func (w *pass) moveCursor(ctx context.Context) error {
	var last *pageMark
	for len(w.pages) > 0 && w.pages[0].open == 0 {
		last, w.pages = w.pages[0], w.pages[1:]
	}
	if last == nil || last.next == "" || w.plan != nil {
		return nil
	}
	return w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(last.cursor, string(last.next)) })
}

// judgeAll decides on records and queues those that are to be written.
func (w *pass) judgeAll(ctx context.Context, records []ledger.Invoice, page *pageMark) error {
	if len(records) == 0 {
		return nil
	}
	ids := make([]string, len(records))
	for i, inv := range records {
		ids[i] = inv.ID
	}
	var links map[string]store.Link
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		links, err = tx.Links().GetMany(w.pair, ledger.KindInvoice, ids)
		return err
	})
	if err != nil {
		return err
	}
	for i := range records {
		// Pending money shows in no total.
		if w.moved[records[i].ID] && len(records[i].Payments) == 0 {
			records[i].PaymentsElsewhere = true
		}
	}
	if err := w.prefetch(ctx, records, links); err != nil {
		return err
	}
	defer clear(w.fetched)
	var judged []store.Link // verdicts that need no write, stored in one transaction
	var befores []string
	note := func(l store.Link, before *store.Link) {
		w.stamp(&l)
		judged = append(judged, l)
		b := ""
		if before != nil && before.Run == w.id {
			b = before.Bucket
		}
		befores = append(befores, b)
	}
	var stop error
	for i := range records {
		var before *store.Link
		if l, ok := links[records[i].ID]; ok {
			before = &l
		}
		w.event(Event{What: "read", Kind: ledger.KindInvoice, SourceID: records[i].ID, Number: records[i].Number, Amount: records[i].Totals.Total})
		if stop = w.alive(ctx); stop != nil {
			break
		}
		if stop = w.judge(ctx, records[i], before, page, note); stop != nil {
			break
		}
	}
	if err := w.keep(context.WithoutCancel(ctx), judged, befores); err != nil {
		return errors.Join(stop, err)
	}
	return stop
}

// keep stores verdicts.
func (w *pass) keep(ctx context.Context, links []store.Link, befores []string) error {
	if len(links)+len(w.reminders) == 0 {
		return nil
	}
	rows := make([]store.Row, 0, len(links))
	for _, l := range links {
		if b := bucketOf(l, w.id); b.state != bAlready {
			rows = append(rows, w.row(b.state, l))
		}
	}
	if w.plan == nil {
		err := w.update(ctx, func(tx store.Tx) error {
			if err := tx.Links().Put(append(w.reminders, links...)...); err != nil {
				return err
			}
			return tx.Activity().Append(rows...)
		})
		if err != nil {
			return err
		}
		w.reminders = nil
	}
	for i, l := range links {
		w.tally(befores[i], l)
		w.eventFor(l)
	}
	return nil
}

// judge decides on one record.
func (w *pass) judge(ctx context.Context, inv ledger.Invoice, before *store.Link, page *pageMark, note func(store.Link, *store.Link)) error {
	if w.queued[inv.ID] {
		return nil // judged in this run already, and about to be written
	}
	link := w.newLink(inv, before)
	if before != nil {
		switch {
		case before.State == store.Written && before.Batch != "":
			note(*before, before) // a change of it is being looked up
			return nil
		case before.State == store.Written:
			return w.later(ctx, inv, *before, note)
		case before.State == store.Intended, before.State == store.Uncertain:
			// On its way, or in doubt: resolving comes before anything else is decided.
			note(*before, before)
			return nil
		case sticky(*before) && w.plan == nil:
			note(*before, before)
			return nil
		case refusedBefore(*before) && !w.force && before.SourceHash == link.SourceHash && before.Settings == w.settings:
			note(*before, before)
			return nil
		}
	}
	facts, err := w.facts(ctx)
	if err != nil {
		return err
	}
	verdict := w.policy.Judge(inv, facts)
	if !verdict.Eligible() {
		if slices.ContainsFunc(verdict.Codes(), func(c string) bool { return chartCodes[c] }) {
			// What it was judged by must be known, or a later change would not show.
			if err := w.needChart(ctx); err != nil {
				return err
			}
		}
		setVerdict(&link, verdict)
		return w.planOrNote(Planned{Ref: ref(inv), Source: inv, Verdict: verdict}, link, before, note)
	}
	reject := func(reasons []eligibility.Reason) error {
		setReasons(&link, reasons)
		return w.planOrNote(Planned{Ref: ref(inv), Source: inv, Verdict: eligibility.Verdict{Policy: "shape", Reasons: reasons}}, link, before, note)
	}
	payments, reasons, err := w.paymentsOf(ctx, inv)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return reject(reasons)
	}
	if known, ok, err := w.known(ctx, link.Mark); err != nil {
		return err
	} else if ok {
		return w.alreadyThere(ctx, inv, link, before, known, payments, note)
	}
	draft, rule, predicted, reasons, err := w.shape(ctx, inv, payments)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return reject(reasons)
	}
	link.Rule, link.Predicted = rule, predicted.Total
	link.Amount = expectedTotal(inv, w.push.settings)

	contactID, pending, reasons, err := w.clients.find(ctx, inv.Contact)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return reject(reasons)
	}
	if before == nil || before.Rule != onPurpose {
		if reasons, err := w.looksAlreadyThere(ctx, inv, draft, contactID); err != nil {
			return err
		} else if len(reasons) > 0 {
			return reject(reasons)
		}
	}
	if err := w.mayCreate(ctx); err != nil {
		return err
	}
	draft.Contact.ID, draft.Mark = contactID, link.Mark
	j := &job{source: inv, draft: draft, link: link, before: before, payments: payments, page: page}
	if w.plan != nil {
		return w.planJob(j, pending)
	}
	if page != nil {
		page.open++
	}
	w.creates++
	w.queued[inv.ID] = true
	if pending != nil {
		w.enqueueContact(*pending, j)
		return nil
	}
	return w.enqueueInvoice(ctx, j)
}

// newLink is the link that a verdict or a write of inv fills in.
func (w *pass) newLink(inv ledger.Invoice, before *store.Link) store.Link {
	l := store.Link{Pair: w.pair, Kind: ledger.KindInvoice, SourceID: inv.ID}
	if before != nil {
		l.Generation = before.Generation
	}
	l.Mark = ledger.NewMark(w.pair.Ledger, ledger.KindInvoice, w.pair.Source, inv.ID, l.Generation)
	l.SourceVersion, l.SourceHash = inv.Version, contentHash(inv)
	l.Currency, l.Amount = inv.Currency, inv.Totals.Total
	l.Updated = time.Now().UTC()
	return l
}

// mayCreate stops a run that would flood the books.
func (w *pass) mayCreate(ctx context.Context) error {
	limit := w.opts.MaxCreates
	if limit == 0 {
		org, err := w.organisation(ctx)
		if err != nil {
			return err
		}
		if !org.Live {
			return nil
		}
		limit = 500
	}
	if limit > 0 && w.creates >= limit && w.plan == nil {
		w.rep.Stopped = "max_creates"
		w.event(Event{What: "stopped", Message: fmt.Sprintf("%d invoices were created in this run, which is Options.MaxCreates; check the start date, then run again", limit)})
		return errStopped
	}
	return nil
}

// facts are what the policy needs; the organisation is asked once per run, when first needed.
func (w *pass) facts(ctx context.Context) (eligibility.Facts, error) {
	org, err := w.organisation(ctx)
	if err != nil {
		return eligibility.Facts{}, err
	}
	zone := org.TimeZone
	if zone == nil {
		zone = time.UTC
	}
	return eligibility.LedgerFacts(org, ledger.DateIn(time.Now(), zone)), nil
}

// leftovers counts what earlier runs left parked, refused or in doubt, and defers what still waits in
// the queues of a run that failed.
func (w *pass) leftovers(ctx context.Context) error {
	if err := w.deferQueues(ctx); err != nil {
		return err
	}
	for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
		open := store.LinkFilter{Pair: w.pair, Kind: kind,
			States: []store.LinkState{store.Parked, store.Refused, store.Uncertain, store.Intended, store.Deferred}}
		if err := w.countLeft(ctx, open); err != nil {
			return err
		}
		for _, code := range slices.Sorted(maps.Keys(notOwed)) {
			// In the ledger, and yet somebody must act.
			if err := w.countLeft(ctx, store.LinkFilter{Pair: w.pair, Kind: kind, Code: code, States: []store.LinkState{store.Written}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// countLeft counts the links that this run has not judged, as they stand.
func (w *pass) countLeft(ctx context.Context, f store.LinkFilter) error {
	f.Limit = 1000
	for {
		links, err := w.list(ctx, f)
		if err != nil {
			return err
		}
		for _, l := range links {
			b := bucketOf(l, w.id)
			if l.Run == w.id || f.Code != "" && b.code != f.Code {
				continue
			}
			l.Bucket = b.state + "/" + b.code
			w.tally("", l)
			w.eventFor(l)
		}
		if len(links) < f.Limit {
			return nil
		}
		f.After = links[len(links)-1].SourceID
	}
}

// refusedBefore reports whether the ledger said no to the record as it is: asking again changes nothing.
func refusedBefore(l store.Link) bool {
	return l.State == store.Refused || l.State == store.Parked && len(l.Reasons) > 0 && l.Reasons[0].Code == ledger.RefusedNumberTaken
}

// sticky reports whether only a person, or a raised generation, may let the record go on.
func sticky(l store.Link) bool {
	if len(l.Reasons) == 0 {
		return false
	}
	switch l.Reasons[0].Code {
	case "doubled", "maybe_deleted", "reverted", "payment_deleted_in_ledger":
		return true
	}
	// An invoice that was voided because the source had deleted it does not come back by itself.
	return l.Kind == ledger.KindInvoice && l.State == store.Skipped && l.LedgerVersion == "deleted"
}

func ref(inv ledger.Invoice) ledger.Ref { return ledger.Ref{ID: inv.ID, Number: inv.Number} }

// expectedTotal is what the ledger's total should be.
func expectedTotal(inv ledger.Invoice, s Settings) decimal.Decimal {
	total := inv.Totals.Total
	if s.FinanceCharges == FinanceChargesLeftOut {
		for _, l := range inv.Lines {
			if l.Kind == ledger.LineFinanceCharge {
				total = total.Sub(l.Amount)
			}
		}
	}
	return total
}

func setVerdict(l *store.Link, v eligibility.Verdict) { setReasons(l, v.Reasons) }

// setReasons parks or skips a link, as the verdict says, and puts the reason that decides first.
func setReasons(l *store.Link, reasons []eligibility.Reason) {
	v := eligibility.Verdict{Reasons: reasons}
	first := v.First()
	switch {
	case first.Code == codeContactUncertain:
		l.State = store.Deferred // it goes on by itself
	case v.Disposition() == eligibility.Park:
		l.State = store.Parked
	default:
		l.State = store.Skipped
	}
	l.Reasons = nil
	l.Reasons = append(l.Reasons, reasonOf(first))
	for _, r := range reasons {
		if r.Code != first.Code {
			l.Reasons = append(l.Reasons, reasonOf(r))
		}
	}
}

func reasonOf(r eligibility.Reason) store.Reason {
	msg := r.Message
	if r.Got != "" || r.Want != "" {
		msg += fmt.Sprintf(" (got %s, want %s)", orDash(r.Got), orDash(r.Want))
	}
	return store.Reason{Code: r.Code, Message: msg}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func parked(code, message, got, want string) eligibility.Reason {
	return eligibility.Reason{Code: code, Rule: code, Message: message, Got: got, Want: want, Disposition: eligibility.Park}
}
