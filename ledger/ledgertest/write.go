package ledgertest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// pricePlaces is how many decimal places a unit price and a quantity hold.
const pricePlaces = 4

// memoryLimits are small, so that more than one batch is needed soon.
var memoryLimits = ledger.Limits{
	Batch: 25, Bytes: 1 << 20, KeyLength: 64, KeyLife: 5 * time.Minute, Quiet: time.Minute, Deadline: patient,
}

// memoryWriter creates records of one kind. Everything that is the same for all kinds is here.
type memoryWriter[T any] struct {
	m      *Memory
	table  *table[T]
	route  string
	check  func(T) *ledger.Refusal                     // before anything is sent
	commit func(ledger.Draft[T]) (T, *ledger.Refusal)  // under the books' lock
	member func(T) (amount decimal.Decimal, p string)  // what the answer says of a record
	older  func(s ledger.Sought, rec T) (string, bool) // finds a record by another word than its mark
}

// wireDraft is a draft on the wire.
type wireDraft[T any] struct {
	Mark   ledger.Mark `json:"mark"`
	Record T           `json:"record"`
}

// wireEcho is what the answer to a batch says of one record: its id, or an error.
type wireEcho[T any] struct {
	ID     string          `json:"id,omitempty"`
	Mark   ledger.Mark     `json:"mark"`
	Record T               `json:"record"`
	Error  *ledger.Refusal `json:"error,omitempty"`
}

// keyed is an answer that is remembered under an idempotency key.
type keyed struct {
	hash   [sha256.Size]byte
	answer []byte
	until  time.Time
}

func invoiceWriter(m *Memory) ledger.Writer[ledger.Invoice] {
	b := m.b
	return memoryWriter[ledger.Invoice]{
		m: m, table: &b.invoices, route: "PUT /invoices", check: sendableInvoice,
		commit: func(d ledger.Draft[ledger.Invoice]) (ledger.Invoice, *ledger.Refusal) {
			inv := d.Record
			inv.Mark = d.Mark
			if r := b.checkInvoice(&inv, false); r != nil {
				return inv, r
			}
			return cloneInvoice(b.invoices.add(b, b.newID("inv"), inv).rec), nil
		},
		member: func(i ledger.Invoice) (decimal.Decimal, string) { return i.Totals.Total, "" },
		older: func(s ledger.Sought, i ledger.Invoice) (string, bool) {
			return i.Number, slices.Contains(s.Numbers, i.Number)
		},
	}
}

func contactWriter(m *Memory) ledger.Writer[ledger.Contact] {
	b := m.b
	return memoryWriter[ledger.Contact]{
		m: m, table: &b.contacts, route: "PUT /contacts", check: sendableContact,
		commit: func(d ledger.Draft[ledger.Contact]) (ledger.Contact, *ledger.Refusal) {
			c := d.Record
			c.Mark = d.Mark
			if r := b.checkContact(&c); r != nil {
				return c, r
			}
			return b.contacts.add(b, b.newID("con"), c).rec, nil
		},
		member: func(ledger.Contact) (decimal.Decimal, string) { return decimal.Zero, "" },
	}
}

func paymentWriter(m *Memory) ledger.Writer[ledger.Payment] {
	b := m.b
	return memoryWriter[ledger.Payment]{
		m: m, table: &b.payments, route: "PUT /payments", check: sendablePayment,
		commit: func(d ledger.Draft[ledger.Payment]) (ledger.Payment, *ledger.Refusal) {
			p := d.Record
			p.Mark = d.Mark
			if r := b.checkPayment(&p); r != nil {
				return p, r
			}
			return b.book(p), nil
		},
		member: func(p ledger.Payment) (decimal.Decimal, string) { return p.Amount, p.InvoiceID },
	}
}

func sendableInvoice(inv ledger.Invoice) *ledger.Refusal {
	switch {
	case inv.Kind != "" && inv.Kind != ledger.SalesInvoice:
		return &ledger.Refusal{Code: ledger.RefusedOther, Message: "only sales invoices are written"}
	case inv.Contact.ID == "":
		return &ledger.Refusal{Code: ledger.RefusedContact, Message: "the invoice has no contact of the ledger"}
	case inv.Date.IsZero() || inv.DueDate.IsZero():
		return &ledger.Refusal{Code: "date_missing", Message: "the invoice needs a date and a due date"}
	case inv.Status != ledger.StatusDraft && inv.Status != ledger.StatusSubmitted && inv.Status != ledger.StatusApproved:
		return &ledger.Refusal{Code: "status_invalid", Message: "a new invoice is a draft, submitted or approved"}
	case inv.Unclear != "":
		return &ledger.Refusal{Code: inv.Unclear, Message: "the invoice was not understood"}
	}
	for _, l := range inv.Lines {
		if !l.Quantity.Equal(l.Quantity.Round(pricePlaces)) || !l.UnitPrice.Equal(l.UnitPrice.Round(pricePlaces)) ||
			l.TaxAmount.Valid && !inv.Currency.Fits(l.TaxAmount.Decimal) {
			return &ledger.Refusal{Code: "precision", Message: "prices and quantities hold four places, tax those of the currency"}
		}
	}
	return nil
}

func sendableContact(c ledger.Contact) *ledger.Refusal {
	if c.Name == "" && c.Company == "" && c.GivenName+c.FamilyName == "" {
		return &ledger.Refusal{Code: ledger.RefusedContact, Message: "the contact has no name"}
	}
	return nil
}

func sendablePayment(p ledger.Payment) *ledger.Refusal {
	switch {
	case p.InvoiceID == "":
		return &ledger.Refusal{Code: "invoice_missing", Message: "the payment names no invoice"}
	case p.Date.IsZero():
		return &ledger.Refusal{Code: "date_missing", Message: "the payment has no date"}
	case !p.Amount.IsPositive():
		return &ledger.Refusal{Code: "amount_invalid", Message: "the amount of a payment must be above zero"}
	case !p.Currency.Fits(p.Amount):
		return &ledger.Refusal{Code: "precision", Message: "the amount has more places than the currency"}
	case p.Status != "" && p.Status != ledger.PaymentConfirmed:
		return &ledger.Refusal{Code: "status_invalid", Message: "only confirmed money is written"}
	}
	return nil
}

// Limits implements [ledger.Writer].
func (w memoryWriter[T]) Limits() ledger.Limits { return memoryLimits }

// Encode implements [ledger.Writer].
func (w memoryWriter[T]) Encode(drafts []ledger.Draft[T]) (ledger.Encoded, error) {
	out := make([]wireDraft[T], 0, len(drafts))
	seen := map[ledger.Mark]bool{}
	for _, d := range drafts {
		if !d.Mark.Valid() || seen[d.Mark] {
			return ledger.Encoded{}, fail(ledger.ErrRefused, w.route, "mark_invalid", "every draft needs a mark of its own")
		}
		if r := w.check(d.Record); r != nil {
			return ledger.Encoded{}, fail(ledger.ErrRefused, "draft "+string(d.Mark), r.Code, r.Message)
		}
		seen[d.Mark] = true
		out = append(out, wireDraft[T](d))
	}
	if len(out) == 0 {
		return ledger.Encoded{}, fail(ledger.ErrRefused, w.route, ledger.RefusedOther, "there is nothing to write")
	}
	body, err := json.Marshal(out)
	return ledger.Encoded{Route: w.route, Body: body}, err
}

// Create implements [ledger.Writer].
func (w memoryWriter[T]) Create(ctx context.Context, batch ledger.Batch) ([]ledger.Outcome[T], error) {
	switch {
	case batch.Encoded.Route != w.route:
		return nil, fail(ledger.ErrRequestRefused, w.route, "not_sent", "the batch was encoded for another request: encode its drafts again")
	case len(batch.Encoded.Body) == 0 || len(batch.Members) == 0:
		return nil, fail(ledger.ErrRequestRefused, w.route, "not_sent", "the batch is empty")
	}
	var answer []byte
	var status int
	fault, seen, err := w.m.send(ctx, w.route, batch.Key, batch.Gate, func() { answer, status = w.serve(batch.Encoded.Body, batch.Key) })
	if err != nil {
		return nil, err
	}
	if seen == nil && status == statusRequestRefused {
		return nil, fail(ledger.ErrRequestRefused, w.route, "malformed", "the books cannot read the request")
	}
	if seen == nil && status == statusKeyReused {
		seen = &ledger.Refusal{Code: "key_reused", Message: "the key was used with a different request"}
	}
	var echoes []wireEcho[T]
	if seen == nil && json.Unmarshal(answer, &echoes) != nil {
		seen = &ledger.Refusal{Code: "unreadable", Message: "the answer cannot be read"}
	}
	if seen != nil {
		echoes = nil
	}
	outcomes := w.match(batch.Members, spoil(echoes, fault))
	for i := range outcomes {
		if seen != nil {
			outcomes[i].Refusal = &ledger.Refusal{Code: seen.Code, Message: seen.Message}
		}
	}
	return outcomes, nil
}

// match finds each member's echo by its mark.
func (w memoryWriter[T]) match(members []ledger.Member, echoes []wireEcho[T]) []ledger.Outcome[T] {
	outcomes := make([]ledger.Outcome[T], len(members))
	for i, m := range members {
		outcomes[i] = ledger.Outcome[T]{State: ledger.Uncertain, Mark: m.Mark, Refusal: &ledger.Refusal{Code: "not_in_answer", Message: "the answer does not speak of it"}}
		for _, e := range echoes {
			if e.Mark != m.Mark {
				continue
			}
			amount, parent := w.member(e.Record)
			switch {
			case e.ID == "" && e.Error != nil:
				outcomes[i].State, outcomes[i].Refusal = ledger.Refused, e.Error
			case e.ID == "" || e.Error != nil:
				outcomes[i].Refusal = &ledger.Refusal{Code: "contradictory", Message: "the answer says neither yes nor no"}
			case !amount.Equal(m.Amount) || parent != m.Parent:
				outcomes[i].Refusal = &ledger.Refusal{Code: "differs", Message: "its amount or its invoice is another"}
			default:
				outcomes[i].State, outcomes[i].Record, outcomes[i].Refusal = ledger.Created, e.Record, nil
			}
			break
		}
	}
	return outcomes
}

func spoil[T any](echoes []wireEcho[T], fault Fault) []wireEcho[T] {
	switch {
	case len(echoes) == 0:
	case fault == Shuffled:
		slices.Reverse(echoes)
	case fault == WithoutOne:
		return echoes[1:]
	case fault == WithoutID:
		echoes[0].ID = ""
	}
	return echoes
}

// The answers of the books to a request as a whole.
const (
	statusOK = iota
	statusRequestRefused
	statusKeyReused
)

// serve is the vendor's side of Create. It runs under the books' lock.
func (w memoryWriter[T]) serve(body []byte, key string) (answer []byte, status int) {
	hash := sha256.Sum256(append([]byte(w.route+"\x00"), body...))
	if k, ok := w.m.b.keys[key]; ok && key != "" && time.Now().Before(k.until) {
		if k.hash != hash {
			return nil, statusKeyReused
		}
		return k.answer, statusOK
	}
	var drafts []wireDraft[T]
	if err := json.Unmarshal(body, &drafts); err != nil {
		return nil, statusRequestRefused
	}
	echoes := make([]wireEcho[T], len(drafts))
	for i, d := range drafts {
		rec, refusal := w.commit(ledger.Draft[T](d))
		echoes[i] = wireEcho[T]{Mark: d.Mark, Error: refusal}
		if refusal == nil {
			row := w.table.rows[len(w.table.rows)-1]
			echoes[i].ID, echoes[i].Record = row.id, rec
		}
	}
	answer, _ = json.Marshal(echoes) // of words
	if key != "" {
		w.m.b.keys[key] = keyed{hash, answer, time.Now().Add(memoryLimits.KeyLife)}
	}
	return answer, statusOK
}

// send sends a write once. An error says that nothing was written; seen says why nobody knows.
func (m *Memory) send(ctx context.Context, thing, key string, gate func(context.Context) error, serve func()) (fault Fault, seen *ledger.Refusal, err error) {
	notSent := &ledger.Error{Kind: ledger.ErrFailed, Room: "ledgertest", Thing: thing, Code: "not_sent", Message: "not sent"}
	if len(key) > memoryLimits.KeyLength {
		return "", nil, fail(ledger.ErrRequestRefused, thing, "not_sent", "the key has more than 64 characters")
	}
	if notSent.Err = ctx.Err(); notSent.Err != nil {
		return "", nil, notSent
	}
	if gate != nil {
		if notSent.Err = gate(ctx); notSent.Err != nil {
			return "", nil, notSent
		}
	}
	left := false
	fault, err = m.b.exchange(ctx, true, func() { left = true; serve() })
	switch {
	case err == nil:
		return fault, nil, nil
	case errors.Is(err, errThrottled):
		return fault, nil, &ledger.Error{Kind: ledger.ErrLater, Room: "ledgertest", Thing: thing, Status: 429, Message: "too many calls", ResumeAt: time.Now().UTC().Add(time.Minute)}
	case errors.Is(err, errUnauthorised), errors.Is(err, errForbidden):
		return fault, nil, &ledger.Error{Kind: ledger.ErrReconnect, Room: "ledgertest", Thing: thing, Message: "the connection is not accepted: connect again"}
	case fault == "" && !left && ctx.Err() != nil: // it ended between the gate and the wire
		notSent.Err = ctx.Err()
		return fault, nil, notSent
	}
	code := "not_understood" // an answer came, and says nothing
	switch {
	case errors.Is(err, errCut):
		code = ledger.BrokenAnswer
	case errors.Is(err, errLost):
		code = ledger.NoAnswer
	}
	return fault, &ledger.Refusal{Code: code, Message: err.Error()}, nil
}

// Find implements [ledger.Writer].
func (w memoryWriter[T]) Find(ctx context.Context, s ledger.Sought) (ledger.Found[T], error) {
	var found ledger.Found[T]
	err := w.m.read(ctx, "look-up of "+w.table.kind, func() {
		found = ledger.Found[T]{Hits: map[ledger.Mark][]T{}, ByNumber: map[string][]T{}}
		rows := w.table.rows
		if s.Newest > 0 {
			rows = slices.DeleteFunc(slices.Clone(rows), func(r *row[T]) bool { return w.table.mark(r.rec) == "" })
			slices.SortFunc(rows, func(a, b *row[T]) int { return int(b.changed - a.changed) })
			rows = rows[:min(len(rows), s.Newest)]
		}
		for _, r := range rows {
			mark := w.table.mark(r.rec)
			if mark != "" && (s.Newest > 0 || slices.Contains(s.Marks, mark)) {
				found.Hits[mark] = append(found.Hits[mark], w.table.clone(r.rec))
			}
			if w.older != nil && s.Newest == 0 {
				if word, ok := w.older(s, r.rec); ok {
					found.ByNumber[word] = append(found.ByNumber[word], w.table.clone(r.rec))
				}
			}
		}
		for _, g := range w.table.gone {
			if !g.at.Before(s.Since) {
				found.Gone = append(found.Gone, ledger.Ref{ID: g.id})
			}
		}
	})
	return found, err
}
