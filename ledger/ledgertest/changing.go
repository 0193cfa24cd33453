package ledgertest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// change is what the cases need to know of a power that changes.
type change struct {
	name    string
	power   string
	changer func(ledger.Powers) ledger.Changer
	ready   func(*suite) ledger.Change   // one that can be made
	barred  func(*suite) []ledger.Change // some that cannot, or that an adapter may say no to
	disturb func(*suite, ledger.Change)  // somebody else changes the record
}

func (c change) of(s *suite) ledger.Changer {
	s.Helper()
	s.ledger()
	ch := c.changer(s.powers)
	if ch == nil {
		s.Skipf("the adapter has no power %s", c.power)
	}
	return ch
}

func (s *suite) invoice(id string) *ledger.Invoice {
	s.Helper()
	inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
	s.must(err, "invoice %s", id)
	return &inv
}

func voidOf(inv *ledger.Invoice) ledger.Change {
	return ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: inv}
}

func updateOf(inv *ledger.Invoice) ledger.Change {
	wanted := cloneInvoice(*inv)
	wanted.Reference = "Changed by the kit"
	wanted.DueDate = inv.DueDate.AddDays(7)
	for i := range wanted.Lines {
		wanted.Lines[i].Description += ", as agreed"
	}
	return ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: inv, Wanted: &wanted}
}

// odd are invoices that not everything can be done to: paid in part, paid, voided.
func (s *suite) odd() []*ledger.Invoice {
	s.Helper()
	part, paid, voided := s.seed("1", "100.00"), s.seed("1", "100.00"), s.seed("1", "100.00")
	s.pay(part, "40.00")
	s.pay(paid, "100.00")
	s.void(voided)
	return []*ledger.Invoice{s.invoice(part), s.invoice(paid), s.invoice(voided)}
}

func voidKind() change {
	return change{
		name: "void", power: "Voids", changer: func(p ledger.Powers) ledger.Changer { return p.Voids },
		ready: func(s *suite) ledger.Change { return voidOf(s.invoice(s.seed("1", "100.00"))) },
		barred: func(s *suite) (list []ledger.Change) {
			for _, inv := range s.odd() {
				list = append(list, voidOf(inv))
			}
			return list
		},
		disturb: func(s *suite, c ledger.Change) { s.edit(c.Invoice.ID) },
	}
}

func updateKind() change {
	return change{
		name: "update", power: "Updates", changer: func(p ledger.Powers) ledger.Changer { return p.Updates },
		ready: func(s *suite) ledger.Change { return updateOf(s.invoice(s.seed("1", "100.00"))) },
		barred: func(s *suite) (list []ledger.Change) {
			for _, inv := range s.odd() {
				c := updateOf(inv)
				c.Wanted.Lines[0].UnitPrice = dec("90.00")
				list = append(list, c)
			}
			return list
		},
		disturb: func(s *suite, c ledger.Change) { s.edit(c.Invoice.ID) },
	}
}

func paymentVoidKind() change {
	ready := func(s *suite) ledger.Change {
		s.Helper()
		id := s.seed("1", "100.00")
		payment := s.pay(id, "40.00")
		list, err := s.w.Source.PaymentsOf(s.Context(), ledger.Ref{ID: id})
		s.must(err, "payments of invoice %s", id)
		i := slices.IndexFunc(list, func(p ledger.Payment) bool { return p.ID == payment })
		if i < 0 {
			s.broken("payment %s is not among those of its invoice", payment)
		}
		return ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: &list[i]}
	}
	return change{
		name: "payment void", power: "PaymentVoids", changer: func(p ledger.Powers) ledger.Changer { return p.PaymentVoids },
		ready: ready,
		barred: func(s *suite) []ledger.Change {
			reversed, reconciled := ready(s), ready(s)
			reversed.Payment.Status = ledger.PaymentReversed
			reconciled.Payment.Reconciled = true
			return []ledger.Change{reversed, reconciled}
		},
	}
}

const underCreate = "Apply sends the change once, under the rules of [Writer.Create]. Created means: carried out."

func changerCases(k change) []Case {
	encoded := func(s *suite, ch ledger.Changer) ledger.Change {
		s.Helper()
		c := k.ready(s)
		s.must(ch.Allows(c), "Allows")
		e, err := ch.Encode(c)
		s.must(err, "encode")
		c.Encoded = e
		if n := ch.Limits().KeyLength; n > 0 {
			key := string(s.newMark("change"))
			c.Key = key[:min(n, len(key))]
		}
		c.Gate = func(context.Context) error { return nil }
		return c
	}
	cases := []Case{
		{
			Name: "limits",
			Rule: "Limits as [Writer.Limits]; Batch is 1.",
			Why:  "a change that was planned under one limit would be sent under another",
			run: func(s *suite) {
				l := k.of(s).Limits()
				if l.Batch != 1 || l.Quiet <= 0 || l.Deadline <= 0 {
					s.bad("limits: got %+v, want a batch of 1, and a quiet time and a deadline above zero", l)
				}
				same(s, k.changer(s.w.Ledger.Powers()).Limits(), l, "limits, once more")
			},
		},
		{
			Name: "allows",
			Rule: "Allows says, without a call, whether the ledger's edit matrix permits the change to the record as it was read last. No is an error of kind [ErrLocked] or [ErrUnsupported] that says why, with its Code set",
			Why:  "a person who is told \"no\" without a reason tries again, or does it by hand in both books",
			run: func(s *suite) {
				ch := k.of(s)
				ready, barred := k.ready(s), k.barred(s)
				reads, writes := s.requests()
				if err := ch.Allows(ready); err != nil {
					s.bad("Allows of a plain change: %v", err)
				}
				said := 0
				for i, c := range barred {
					err := ch.Allows(c)
					if err == nil {
						continue
					}
					said++
					s.is(err, "Allows says no", ledger.ErrLocked, ledger.ErrUnsupported)
					if ledger.Code(err) == "" {
						s.bad("Allows says no to change %d without a Code: %v", i+1, err)
					}
					if _, encodes := ch.Encode(c); encodes == nil {
						s.bad("Allows says no to change %d (%v), and it encodes all the same", i+1, err)
					}
				}
				if said == 0 {
					s.bad("Allows says yes to everything: to changes of what is voided or reversed too")
				}
				r, w := s.requests()
				same(s, r+w, reads+writes, "requests of Allows")
			},
		},
		{
			Name: "encode/pure",
			Rule: "Encode returns the bytes that Apply will send, as [Writer.Encode].",
			Why:  "the stored bytes are what is sent again after a crash",
			run: func(s *suite) {
				ch := k.of(s)
				c := k.ready(s)
				before := printed(c)
				reads, writes := s.requests()
				first, err := ch.Encode(c)
				s.must(err, "encode")
				s.pass(time.Hour)
				again, err := ch.Encode(c)
				s.must(err, "encode, an hour later")
				r, w := s.requests()
				same(s, r+w, reads+writes, "requests while encoding")
				same(s, again.Route+string(again.Body), first.Route+string(first.Body), "bytes, an hour later")
				same(s, printed(c), before, "the change after encoding")
			},
		},
		{
			Name: "apply",
			Rule: underCreate + " … Look re-reads the record and says where it stands.",
			Why:  "a change that is believed to be made and is not leaves the two books apart",
			run: func(s *suite) {
				ch := k.of(s)
				c := encoded(s, ch)
				state, err := ch.Look(s.Context(), c)
				s.must(err, "look before")
				if state.Done || !state.Untouched {
					s.bad("look before: got done %v, untouched %v", state.Done, state.Untouched)
				}
				asked := false
				_, before := s.requests()
				c.Gate = func(context.Context) error {
					asked = true
					if _, now := s.requests(); now != before {
						s.bad("the bytes had left when Gate was asked")
					}
					return nil
				}
				s.pass(2 * time.Second)
				o, err := ch.Apply(s.Context(), c)
				s.must(err, "apply")
				if o.State != ledger.Created {
					s.bad("apply: got %s (%+v), want created", o.State, o.Refusal)
				}
				same(s, asked, true, "Gate asked")
				_, after := s.requests()
				same(s, after-before, 1, "requests that write")
				state, err = ch.Look(s.Context(), c)
				s.must(err, "look after")
				if !state.Done || state.Untouched {
					s.bad("look after: got done %v, untouched %v", state.Done, state.Untouched)
				}
			},
		},
		{
			Name: "apply/gate refuses",
			Rule: underCreate + " … " + gated,
			Why:  "whoever has lost the lease must not write",
			run: func(s *suite) {
				ch := k.of(s)
				c := encoded(s, ch)
				c.Gate = func(context.Context) error { return errors.New("the lease is lost") }
				_, before := s.requests()
				if o, err := ch.Apply(s.Context(), c); err == nil {
					s.bad("Gate refused, and Apply returned no error: %s", o.State)
				}
				_, after := s.requests()
				same(s, after, before, "requests that write, Gate having refused")
			},
		},
		{
			Name: "apply/uncertain",
			Rule: underCreate + " … in the wanted state it was carried out; with the version it had before it was not. … " + allElse,
			Why:  "a void that is believed to have failed is shown to a person who voids something else",
			run: func(s *suite) {
				ch := k.of(s)
				for _, f := range []Fault{LoseAnswer, LoseRequest, Truncated, HTML, HTMLAfter, ServerError} {
					c := encoded(s, ch)
					s.pass(2 * time.Second)
					if err := s.try(f); err != nil {
						s.Logf("%s: the harness cannot: %v", f, err)
						continue
					}
					_, before := s.requests()
					o, err := ch.Apply(s.Context(), c)
					if err != nil || o.State != ledger.Uncertain {
						s.bad("apply, %s: got %s and error %v, want uncertain and none", f, o.State, err)
					}
					heard(s, f, o.Refusal)
					_, after := s.requests()
					same(s, after-before, 1, "requests that write, %s", f)
					state, err := ch.Look(s.Context(), c)
					s.must(err, "look")
					if served := f != LoseRequest && f != HTML; state.Done != served || state.Untouched == served {
						s.bad("look, %s: got done %v, untouched %v, want done %v", f, state.Done, state.Untouched, served)
					}
				}
			},
		},
		{
			Name: "apply/nothing written",
			Rule: underCreate + " … " + errorOnly,
			Why:  "what was turned away at the door can be sent again at once",
			run: func(s *suite) {
				ch := k.of(s)
				for f, kind := range map[Fault]error{Throttled: ledger.ErrLater, Unauthorised: ledger.ErrReconnect} {
					c := encoded(s, ch)
					s.inject(true, f)
					o, err := ch.Apply(s.Context(), c)
					if err == nil {
						s.bad("apply, answered %s: %s and no error", f, o.State)
					} else {
						s.is(err, "apply, answered "+string(f), kind)
					}
					s.pass(10 * time.Minute)
					state, err := ch.Look(s.Context(), c)
					s.must(err, "look")
					same(s, state.Untouched, true, "untouched after %s", f)
				}
			},
		},
		{
			Name: "look/somebody else",
			Rule: "it is as it was before; neither: somebody else changed it",
			Why:  "the change of a colleague would be overwritten",
			run: func(s *suite) {
				ch := k.of(s)
				c := encoded(s, ch)
				if k.disturb == nil {
					s.Skipf("such records are not edited")
				}
				s.pass(2 * time.Second)
				k.disturb(s, c)
				state, err := ch.Look(s.Context(), c)
				s.must(err, "look")
				if state.Done || state.Untouched {
					s.bad("look, after somebody else's change: got done %v, untouched %v, want neither", state.Done, state.Untouched)
				}
			},
		},
	}
	for i := range cases {
		cases[i].Name = k.name + "/" + cases[i].Name
	}
	return cases
}
