package infusionsoft

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

const feedPath = "/v2/sales/payments"

// feedOverlap is how far before Query.Since the feed begins: payments recorded by hand are stamped with
// midnight of their day.
const feedOverlap = 24 * time.Hour

// Payments reads the feed of all payments by rising id, and its Next continues after the last id. Nothing
// new is one call. A payment does not change its id: what became of one that was pending is read again by
// Query.Refs, up to 1,000 in one call.
//
// A record of the feed names the orders that it covers, and not how much of it went to each: that, and
// what its status means, is in [Source.PaymentsOf]. Its ID is the feed's, which is the FeedID there.
//
// Query.Since is for beginning at the end instead of reading the whole history; it reads from a day
// before.
func (s *Source) Payments(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
	return func(yield func(ledger.Page[ledger.Payment], error) bool) {
		if err := s.payments(ctx, q, yield); err != nil {
			yield(ledger.Page[ledger.Payment]{}, err)
		}
	}
}

func (s *Source) payments(ctx context.Context, q ledger.Query, yield func(ledger.Page[ledger.Payment], error) bool) error {
	at := paymentCursor{after: q.AfterID}
	var err error
	switch {
	case q.Refs != nil:
	case q.Cursor != "":
		at, err = parsePaymentCursor(q.Cursor)
	case at.after != "" && !isID(at.after):
		err = &ledger.Error{Kind: ledger.ErrRefused, Room: Vendor, Thing: "payments", Message: "AfterID is no payment id: a payment id is a number"}
	case !q.Since.IsZero():
		at.since = floorMilli(q.Since.Add(-feedOverlap))
	}
	if err != nil {
		return err
	}
	b, err := s.books(ctx)
	if err != nil {
		return err
	}
	if q.Refs != nil {
		return s.paymentRefs(ctx, b, q, yield)
	}
	for {
		var filter []string
		if at.after != "" {
			filter = append(filter, "id>"+at.after)
		}
		if !at.since.IsZero() {
			filter = append(filter, "since_time=="+filterTime(at.since))
		}
		l, err := s.feed(ctx, filter, s.pageSize(q))
		if err != nil {
			return err
		}
		if at.after, err = rising(l.rows, at.after, "payments"); err != nil {
			return err
		}
		end := len(l.rows) == 0 || l.token == ""
		if end && at.after != "" {
			at.since = time.Time{} // from here on the ids alone are enough, and miss nothing
		}
		page := s.paymentPage(b, l)
		page.Next = at.encode()
		if !yield(page, nil) || end {
			return nil
		}
	}
}

func (s *Source) paymentRefs(ctx context.Context, b books, q ledger.Query, yield func(ledger.Page[ledger.Payment], error) bool) error {
	ids, numbers, bad := splitRefs(q.Refs)
	for _, ref := range numbers {
		bad = append(bad, ledger.Unread{Ref: ref, Code: "bad_ref", Detail: "a payment has no number"})
	}
	if len(bad) > 0 && !yield(ledger.Page[ledger.Payment]{Unread: bad}, nil) {
		return nil
	}
	for chunk := range slices.Chunk(ids, maxRefs) {
		err := eachRef(chunk, func(filter string) (list[wirePayment], error) {
			return s.feed(ctx, []string{filter}, len(chunk))
		}, func(l list[wirePayment]) bool {
			return yield(s.paymentPage(b, l), nil)
		})
		if errors.Is(err, errStopped) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) feed(ctx context.Context, filter []string, size int) (list[wirePayment], error) {
	resp, err := s.c.get(ctx, "payments", feedPath, listQuery(filter, byID, "", size))
	if err != nil {
		return list[wirePayment]{}, listError(err)
	}
	return readList("payments", resp, &paymentShape)
}

func (s *Source) paymentPage(b books, l list[wirePayment]) ledger.Page[ledger.Payment] {
	m := s.mapper(b)
	var page ledger.Page[ledger.Payment]
	for _, row := range l.rows {
		if row.unread != nil {
			page.Unread = append(page.Unread, *row.unread)
			continue
		}
		page.Records = append(page.Records, m.feedPayment(row.value))
	}
	return page
}

// PaymentsOf reads the payments of one order: the rows in which money was put against it, with their
// status, whatever it is. One call; one more where Options.RowUnits is UnitsAuto, the amounts do not tell
// their unit and the order was not among the last few thousand that were read; one more with
// Options.PaymentLabels.
//
// A row that cannot be read is returned with its id and marked unreadable.
func (s *Source) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	if ref.ID == "" {
		inv, err := s.Invoice(ctx, ref)
		if err != nil {
			return nil, err
		}
		ref = ledger.Ref{ID: inv.ID}
	}
	thing := "payments of order " + ref.ID
	if !isID(ref.ID) {
		return nil, notFound("payments", "an order id of this vendor is a number")
	}
	b, err := s.books(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.orderRows(ctx, thing, ref.ID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	places, decided, why, err := s.rowPlaces(ctx, rows, ref.ID, b)
	if err != nil {
		return nil, err
	}
	labels, err := s.labels(ctx, ref.ID)
	if err != nil {
		return nil, err
	}
	m := s.mapper(b)
	out := make([]ledger.Payment, 0, len(rows))
	for _, row := range rows {
		if row.unread != nil {
			out = append(out, ledger.Payment{
				ID: row.id, InvoiceID: ref.ID, Currency: b.currency,
				Unclear: row.unread.Code, UnclearDetail: row.unread.Detail,
			})
			continue
		}
		p := m.orderPayment(row.value, ref.ID, labels[row.value.PaymentID.trimmed()])
		if decided {
			p.Amount = row.value.Amount.units(places).Abs()
		} else if p.Unclear == "" {
			p.Unclear, p.UnclearDetail = "ambiguous_units", why
		}
		out = append(out, p)
	}
	return out, nil
}

// rowPlaces asks for the order only when its totals are needed to tell the unit, and are not at hand.
func (s *Source) rowPlaces(ctx context.Context, rows []row[wireRow], id string, b books) (int32, bool, string, error) {
	if places, decided, _ := rowPlaces(s.o.RowUnits, rows, evidence{}, b.places); decided {
		return places, true, "", nil
	}
	// The order was probably read a moment ago; what its totals said then is enough where it decides.
	if e, ok := s.recent.of(id); ok {
		if places, decided, _ := rowPlaces(s.o.RowUnits, rows, e, b.places); decided {
			return places, true, "", nil
		}
	}
	w, err := s.order(ctx, "order "+id, id)
	if err != nil {
		return 0, false, "", err
	}
	if code := w.Total.Code.enum(); code != "" && code != string(b.currency) {
		return 0, false, "the order is in another currency than the application", nil
	}
	places, decided, why := rowPlaces(s.o.RowUnits, rows, evidenceOf(w, b), b.places)
	return places, decided, why, nil
}

// orderRows reads all pages of an order's payments, each row once.
func (s *Source) orderRows(ctx context.Context, thing, id string) ([]row[wireRow], error) {
	var rows []row[wireRow]
	seen := map[string]bool{}
	used := map[string]bool{}
	for token := ""; ; {
		resp, err := s.c.get(ctx, thing, ordersPath+"/"+id+"/payments", listQuery(nil, "payment_id asc", token, MaxPageSize))
		if err != nil {
			return nil, err
		}
		l, err := readList(thing, resp, &rowShape)
		if err != nil {
			return nil, err
		}
		for _, row := range l.rows {
			if row.id == "" {
				return nil, unreadable(thing, resp, "a payment of the order has no id")
			}
			if !seen[row.id] {
				seen[row.id] = true
				rows = append(rows, row)
			}
		}
		if len(l.rows) == 0 || l.token == "" {
			return rows, nil
		}
		if token = l.token; used[token] {
			return nil, unreadable(thing, resp, "the vendor hands out the same page again")
		}
		used[token] = true
	}
}

// labels returns how the payments of an order were made, by payment id.
func (s *Source) labels(ctx context.Context, order string) (map[string]string, error) {
	if !s.o.PaymentLabels {
		return nil, nil
	}
	labels := map[string]string{}
	for after := ""; ; {
		filter := []string{"order_id==" + order}
		if after != "" {
			filter = append(filter, "id>"+after)
		}
		l, err := s.feed(ctx, filter, MaxPageSize)
		if err != nil {
			return nil, err
		}
		if after, err = rising(l.rows, after, "payments"); err != nil {
			return nil, err
		}
		for _, row := range l.rows {
			if row.value != nil {
				labels[row.id] = row.value.Type.trimmed()
			}
		}
		if len(l.rows) == 0 || l.token == "" {
			return labels, nil
		}
	}
}
