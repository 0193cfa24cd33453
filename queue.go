package invoicesync

import (
	"context"
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// maxWaiting is how many shaped invoices may wait for company. It bounds the memory of a run.
const maxWaiting = 1000

// enqueue lets a job wait: for its client where that is to be created first, and then for company.
func (w *pass) enqueue(ctx context.Context, j *job, client *entry[ledger.Contact]) error {
	if j.page != nil {
		j.page.open++
	}
	w.creates++
	w.queued[j.source.ID] = true
	if client == nil {
		return w.enqueueInvoice(ctx, j)
	}
	w.enqueueContact(*client, j)
	return nil
}

func (w *pass) enqueueContact(c entry[ledger.Contact], j *job) {
	id := j.source.Contact.ID
	if _, ok := w.waiting[id]; !ok {
		c.done = func(ctx context.Context, res result[ledger.Contact]) error { return w.contactDone(ctx, id, res) }
		w.newContacts = append(w.newContacts, c)
	}
	w.waiting[id] = append(w.waiting[id], j)
	w.waitingCount++
}

func (w *pass) enqueueInvoice(ctx context.Context, j *job) error {
	// The payments are remembered with the invoice's own intention: whatever happens to this process
	// after the invoice is written, its payments are still to be judged.
	also, err := w.paymentsToCome(ctx, j)
	if err != nil {
		return err
	}
	w.newInvoices = append(w.newInvoices, entry[ledger.Invoice]{
		link: j.link, before: j.before, draft: ledger.Draft[ledger.Invoice]{Mark: j.link.Mark, Record: j.draft}, also: also,
		done: func(_ context.Context, res result[ledger.Invoice]) error { return w.invoiceDone(j, res) },
	})
	return nil
}

// paymentsToCome are the links of an invoice's payments before it is written.
func (w *pass) paymentsToCome(ctx context.Context, j *job) ([]store.Link, error) {
	if !w.push.settings.paymentsWanted() || len(j.payments) == 0 {
		return nil, nil
	}
	b := &booking{invoice: j.link, source: ref(j.source), rows: j.payments}
	var have map[string]store.Link
	if j.before != nil {
		var err error
		if have, err = w.paymentLinks(ctx, b); err != nil {
			return nil, err
		}
	}
	links := make([]store.Link, 0, len(j.payments))
	for _, p := range j.payments {
		var before *store.Link
		if l, ok := have[p.ID]; ok {
			if !l.TakenBack {
				continue
			}
			before = &l // of an invoice that was taken back: this is another payment
		}
		l := w.paymentLink(b, p, before)
		deferred(&l)
		links = append(links, l)
	}
	return links, nil
}

// flush writes the full batches, and all that waits when too much does.
func (w *pass) flush(ctx context.Context) error {
	if w.dry {
		return nil
	}
	full := func(have, batch int) int { return have / max(batch, 1) * max(batch, 1) }
	n := full(len(w.newContacts), w.contacts.writer.Limits().Batch)
	if w.waitingCount > maxWaiting {
		n = len(w.newContacts)
	}
	if err := w.writeContacts(ctx, n); err != nil {
		return err
	}
	n = full(len(w.newInvoices), w.invoices.writer.Limits().Batch)
	if err := w.writeInvoices(ctx, n); err != nil {
		return err
	}
	if w.payments.writer == nil {
		return nil
	}
	rows := len(w.newEntries)
	for _, b := range w.newPayments {
		rows += len(b.rows)
	}
	if rows >= maxWaiting {
		return w.book(ctx, false)
	}
	return nil
}

// flushAll writes all that waits.
func (w *pass) flushAll(ctx context.Context) error {
	if w.dry {
		return nil
	}
	for len(w.newContacts)+len(w.newInvoices) > 0 {
		// A refused contact may come back under another name, hence the loop.
		if err := w.writeContacts(ctx, len(w.newContacts)); err != nil {
			return err
		}
		if err := w.writeInvoices(ctx, len(w.newInvoices)); err != nil {
			return err
		}
	}
	if err := w.clients.keepLinks(ctx); err != nil {
		return err
	}
	if err := w.book(ctx, true); err != nil {
		return err
	}
	return w.moveCursor(ctx)
}

func (w *pass) writeContacts(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	batch := w.newContacts[:n:n]
	w.newContacts = w.newContacts[n:]
	err := w.contacts.write(ctx, w.run, batch)
	return errors.Join(err, w.clients.indexCreated(ctx))
}

func (w *pass) writeInvoices(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	batch := w.newInvoices[:n]
	w.newInvoices = w.newInvoices[n:]
	err := w.invoices.write(ctx, w.run, batch[:n:n])
	if err == nil && len(w.newInvoices) == 0 {
		// The next page brings as many.
		clear(batch)
		w.newInvoices = batch[:0]
	}
	return err
}

// contactDone lets the invoices of a contact go on, or parks them.
func (w *pass) contactDone(ctx context.Context, id string, res result[ledger.Contact]) error {
	jobs := w.waiting[id]
	delete(w.waiting, id)
	w.waitingCount -= len(jobs)
	if res.link.State == store.Written {
		w.rep.Contacts.Created++
		w.clients.created(id, res)
		for _, j := range jobs {
			j.draft.Contact.ID = res.link.LedgerID
			if err := w.enqueueInvoice(ctx, j); err != nil {
				return err
			}
		}
		return nil
	}
	if firstCode(res.link) == ledger.RefusedNameTaken && w.push.settings.Contacts.Suffix {
		if again, ok := w.clients.suffixed(res.link, jobs[0].source.Contact); ok {
			for _, j := range jobs {
				w.enqueueContact(again, j)
			}
			return nil
		}
	}
	set := deferred
	switch res.link.State {
	case store.Refused, store.Parked:
		w.rep.Contacts.Parked++
		reason := store.Reason{Code: CodeContactRefused}
		if len(res.link.Reasons) > 0 {
			reason.Message = res.link.Reasons[0].Message
			switch firstCode(res.link) {
			case ledger.RefusedNameTaken:
				reason.Code = CodeContactNameTaken
			case CodeDoubled:
				reason.Code = CodeContactDoubled
			}
		}
		set = func(l *store.Link) { park(l, reason.Code, reason.Message) }
	}
	return w.setJobs(ctx, jobs, set)
}

// setJobs gives jobs that will not be written now a state, and remembers it.
func (w *pass) setJobs(ctx context.Context, jobs []*job, set func(*store.Link)) error {
	var kept verdicts
	for _, j := range jobs {
		l := j.link
		l.Updated = time.Now().UTC()
		set(&l)
		kept.add(w.run, l, j.before)
		w.jobDone(j)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return w.keep(ctx, kept)
}

// jobDone lets go of a job: its record has a state that is remembered, or about to be.
func (w *pass) jobDone(j *job) {
	delete(w.queued, j.source.ID)
	if j.page != nil {
		j.page.open--
	}
}

// invoiceDone sends an invoice's payments on.
func (w *pass) invoiceDone(j *job, res result[ledger.Invoice]) error {
	w.jobDone(j)
	if res.link.State != store.Written || !w.push.settings.paymentsWanted() || len(j.payments) == 0 {
		return nil
	}
	b := &booking{invoice: res.link, source: ref(j.source), rows: j.payments}
	if res.has {
		inv := res.record
		b.ledger = &inv
	}
	w.newPayments = append(w.newPayments, b)
	return nil
}

// deferQueues defers what a run that failed, or was cancelled, did not come to write.
func (w *pass) deferQueues(ctx context.Context) error {
	var jobs []*job
	for id, js := range w.waiting {
		jobs = append(jobs, js...)
		delete(w.waiting, id)
	}
	w.waitingCount = 0
	var errs []error
	errs = append(errs, w.setJobs(ctx, jobs, deferred))
	for i := range w.newInvoices {
		w.newInvoices[i].done = nil
	}
	errs = append(errs, w.invoices.deferAll(ctx, w.run, w.newInvoices))
	w.newContacts, w.newInvoices = nil, nil
	errs = append(errs, w.deferBookings(ctx))
	return errors.Join(errs...)
}
