package infusionsoft

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// What the vendor allows. Nothing is documented of the size of a request, of how long one may take, or of
// how soon a list shows what was written: absence takes two looks.
const (
	writeBytes = 1 << 20
	quiet      = 15 * time.Minute
	deadline   = 125 * time.Second
)

var writeLimits = ledger.Limits{Batch: 1, Bytes: writeBytes, Quiet: quiet, TwoLooks: true, Deadline: deadline}

// writer creates records of one kind, one a request. Everything that is the same for all kinds is here.
type writer[T any] struct {
	l    *Ledger
	what string // "order"
	// encode makes the request of a draft.
	encode func(ledger.Draft[T]) (route string, body any, err error)
	// route reports whether a stored route is one of this kind.
	route func(string) bool
	// read finds the record that an answer is about, by more calls where the answer does not say enough.
	read func(ctx context.Context, sent ledger.Encoded, resp *vendorhttp.Response) (echo[T], *vendorhttp.Seen)
	find func(context.Context, ledger.Sought) (ledger.Found[T], error)
}

// echo is what was read of a record that an answer says is there.
type echo[T any] struct {
	id      string
	mark    ledger.Mark
	amount  decimal.Decimal
	parent  string
	record  T
	unclear string
	before  bool // it was there before this request
}

// Limits implements [ledger.Writer].
func (w writer[T]) Limits() ledger.Limits { return writeLimits }

// Encode implements [ledger.Writer].
func (w writer[T]) Encode(drafts []ledger.Draft[T]) (ledger.Encoded, error) {
	if len(drafts) > 1 {
		return ledger.Encoded{}, vendorbooks.NotSent(Vendor, w.what, fmt.Sprintf("%d records are more than the one of a request", len(drafts)))
	}
	if err := vendorbooks.CheckMarks(Vendor, w.what, drafts, ledger.MarkLength); err != nil {
		return ledger.Encoded{}, err
	}
	d := drafts[0]
	route, body, err := w.encode(d)
	if err != nil {
		return ledger.Encoded{}, vendorbooks.OfDraft(d.Mark, err)
	}
	return vendorhttp.Encode(Vendor, route, body)
}

// Create implements [ledger.Writer].
func (w writer[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	thing := "writing of an " + w.what
	if w.what == "contact" || w.what == "payment" {
		thing = "writing of a " + w.what
	}
	switch {
	case !w.route(b.Encoded.Route):
		return nil, vendorbooks.NotSent(Vendor, thing, "the request was encoded for something else: encode the draft again")
	case len(b.Encoded.Body) == 0 || len(b.Members) != 1 || !b.Members[0].Mark.Valid():
		return nil, vendorbooks.NotSent(Vendor, thing, "a request writes one record, which has a mark")
	}
	m := b.Members[0]
	resp, unknown, err := w.l.send(ctx, thing, b.Encoded, b.Gate)
	if err != nil {
		return nil, err
	}
	if unknown == nil && !resp.OK() {
		refusal, seen, err := w.l.turnedDown(thing, resp)
		switch {
		case err != nil:
			return nil, err
		case refusal != nil:
			return []ledger.Outcome[T]{{State: ledger.Refused, Mark: m.Mark, Refusal: refusal}}, nil
		}
		unknown = seen
	}
	var e echo[T]
	if unknown == nil {
		e, unknown = w.read(ctx, b.Encoded, resp)
	}
	if unknown != nil {
		return []ledger.Outcome[T]{vendorbooks.Uncertain[T](m.Mark, unknown.Code, unknown.Message)}, nil
	}
	return []ledger.Outcome[T]{judge(m, e)}, nil
}

// judge says what became of a member. Created needs the whole proof.
func judge[T any](m ledger.Member, e echo[T]) ledger.Outcome[T] {
	if !isID(e.id) {
		return vendorbooks.Uncertain[T](m.Mark, "no_id", "the answer has no id and no error")
	}
	return vendorbooks.Proved(m, vendorbooks.Shown[T]{
		Record: e.record, Marked: e.mark == m.Mark, Unclear: e.unclear, Amount: e.amount, SameParent: e.parent == m.Parent, Before: e.before,
	})
}

// Find implements [ledger.Writer].
func (w writer[T]) Find(ctx context.Context, s ledger.Sought) (ledger.Found[T], error) {
	return w.find(ctx, s)
}

// send sends a write once. Its error is for what was certainly not acted on; where nobody knows, seen says
// what was seen instead.
func (l *Ledger) send(ctx context.Context, thing string, e ledger.Encoded, gate func(context.Context) error) (*vendorhttp.Response, *vendorhttp.Seen, error) {
	if err := l.confirmed(ctx, thing); err != nil {
		return nil, nil, err
	}
	req, err := vendorhttp.Write(Vendor, thing, e, gate, deadline)
	if err != nil {
		return nil, nil, err
	}
	req.Windows = l.c.quota.windows(l.c.tenantID())
	if len(e.Body) == 0 {
		req.Header.Del("Content-Type")
	}
	resp, err := l.c.http.Do(ctx, req)
	if err != nil {
		seen, err := vendorhttp.WriteError(Vendor, thing, err, func(r *vendorhttp.Response) error { return l.c.refusal(thing, r) })
		return nil, seen, err
	}
	if err := l.c.sameTenant(thing, resp); err != nil {
		// What was written went into another application, and the next reading will say so.
		return nil, &vendorhttp.Seen{Code: "other_tenant", Message: err.Error()}, nil //nolint:nilerr // it may have been carried out there
	}
	return resp, nil, nil
}

// turnedDown sorts an answer to a write that is not 2xx: an error where nothing was written and the record
// is not to blame, a refusal of the record, or what was seen where nobody knows. Only the vendor's own words
// refuse a record: the page of a gateway may stand in front of a write that was carried out.
func (l *Ledger) turnedDown(thing string, resp *vendorhttp.Response) (*ledger.Refusal, *vendorhttp.Seen, error) {
	code, message := readEnvelope(resp)
	switch resp.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return nil, nil, l.c.refusal(thing, resp)
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		if resp.Kind() == vendorhttp.KindJSON && message != "" {
			return &ledger.Refusal{Code: refusalCode(message), Vendor: code, Message: message}, nil, nil
		}
		return nil, &vendorhttp.Seen{Code: "unreadable", Message: fmt.Sprintf("answered %d with %s that gives no reason", resp.Status, resp.Kind())}, nil
	}
	return nil, &vendorhttp.Seen{Code: "status", Message: strings.TrimSuffix(fmt.Sprintf("answered %d: %s", resp.Status, message), ": ")}, nil
}

// refusalCodes sort refusals by what they say; the vendor's code is 400 for all of them. The first that
// occurs counts.
var refusalCodes = []struct{ text, code string }{
	{"exceed", ledger.RefusedOverpays},
	{"manual payment type", ledger.RefusedAccount},
	{"payment_method_type", ledger.RefusedAccount},
	{"contact", ledger.RefusedContact},
	{"given_name", ledger.RefusedContact},
	{"family_name", ledger.RefusedContact},
	{"email", ledger.RefusedContact},
	{"product", ledger.RefusedItemMissing},
	{"transaction", ledger.RefusedLockedByMoney},
}

func refusalCode(message string) string {
	message = strings.ToLower(message)
	for _, c := range refusalCodes {
		if strings.Contains(message, c.text) {
			return c.code
		}
	}
	return ledger.RefusedOther
}

func refuse(thing, code, message string) *ledger.Error {
	return &ledger.Error{Kind: ledger.ErrRefused, Room: Vendor, Thing: thing, Code: code, Message: message}
}

// sentMark is the mark in a request that was stored, wherever it stands.
func sentMark(body []byte, field string) ledger.Mark {
	var fields map[string]json.RawMessage
	var value text
	if json.Unmarshal(body, &fields) != nil || value.UnmarshalJSON(fields[field]) != nil {
		return ""
	}
	return ledger.MarkIn(string(value))
}

// fit cuts a text to so many characters, and takes control characters out of it.
func fit(s string, longest int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 }), " ")
	if r := []rune(s); len(r) > longest {
		s = strings.TrimSpace(string(r[:longest]))
	}
	return s
}
