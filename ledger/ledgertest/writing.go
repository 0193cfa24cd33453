package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// batchOf encodes drafts and makes the batch that writes them.
func batchOf[T any](s *suite, k kind[T], w ledger.Writer[T], drafts ...ledger.Draft[T]) ledger.Batch {
	s.Helper()
	e, err := w.Encode(drafts)
	s.must(err, "encode %s", k.name)
	b := ledger.Batch{Encoded: e, Gate: func(context.Context) error { return nil }}
	for _, d := range drafts {
		b.Members = append(b.Members, k.member(s, d))
	}
	if n := w.Limits().KeyLength; n > 0 {
		s.n++
		key := fmt.Sprintf("ledgertest-%d-%s", s.n, drafts[0].Mark)
		b.Key = key[:min(n, len(key))]
	}
	return b
}

// made creates drafts of which nothing should go wrong.
func made[T any](s *suite, k kind[T], w ledger.Writer[T], drafts ...ledger.Draft[T]) []ledger.Outcome[T] {
	s.Helper()
	outcomes, err := w.Create(s.Context(), batchOf(s, k, w, drafts...))
	s.must(err, "create %s", k.name)
	if len(outcomes) != len(drafts) {
		s.broken("create %d %s: got %d outcomes", len(drafts), k.name, len(outcomes))
	}
	for i, o := range outcomes {
		if o.State != ledger.Created || o.Mark != drafts[i].Mark || k.id(o.Record) == "" {
			s.broken("create %d %s: outcome %d is %s of mark %s, id %q; want created of %s: %s",
				len(drafts), k.name, i+1, o.State, o.Mark, k.id(o.Record), drafts[i].Mark, told(outcomes))
		}
	}
	return outcomes
}

// told prints outcomes for a failure.
func told[T any](outcomes []ledger.Outcome[T]) string {
	var list []string
	for _, o := range outcomes {
		text := o.State.String()
		if o.Refusal != nil {
			text += " (" + o.Refusal.Code + ": " + o.Refusal.Message + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// honest compares what Create said with what the vendor holds.
func honest[T any](s *suite, k kind[T], b ledger.Batch, outcomes []ledger.Outcome[T], err error, doing string) {
	s.Helper()
	if err != nil && len(outcomes) > 0 {
		s.bad("%s: an error and %d outcomes at once", doing, len(outcomes))
	}
	for i, m := range b.Members {
		n := s.marked(k.kind, m.Mark)
		if n > 1 {
			s.bad("%s: the vendor holds %d records of one mark", doing, n)
		}
		if err != nil && n > 0 {
			s.bad("%s: Create returned an error (%v), and the vendor has the record", doing, err)
		}
		if err != nil || i >= len(outcomes) {
			continue
		}
		switch state := outcomes[i].State; {
		case (state == ledger.Created || state == ledger.AlreadyThere) && n == 0:
			s.bad("%s: outcome %d is %s, and the vendor has no such record", doing, i+1, state)
		case state == ledger.Refused && n > 0:
			s.bad("%s: outcome %d is refused, and the vendor has the record", doing, i+1)
		case state < ledger.Created || state > ledger.Uncertain:
			s.bad("%s: outcome %d has no valid state", doing, i+1)
		}
	}
}

// uncertain checks that all outcomes are, and that there is no error.
func uncertain[T any](s *suite, b ledger.Batch, outcomes []ledger.Outcome[T], err error, doing string) {
	s.Helper()
	if err != nil {
		s.broken("%s: got error %v, want every outcome uncertain and no error: the bytes had left", doing, err)
	}
	if len(outcomes) != len(b.Members) {
		s.broken("%s: got %d outcomes, want %d", doing, len(outcomes), len(b.Members))
	}
	for i, o := range outcomes {
		if o.State != ledger.Uncertain || o.Mark != b.Members[i].Mark {
			s.bad("%s: outcome %d is %s of mark %s, want uncertain of %s", doing, i+1, o.State, o.Mark, b.Members[i].Mark)
		}
	}
}

const (
	neverAgain = "It must never repeat a write: [Writer.Create] sends its bytes once"
	sendsOnce  = "Create sends batch.Body once. … It must not repeat the request, nor let its HTTP client do so."
	gated      = "It must call batch.Gate immediately before the bytes leave, after any wait for a budget, and must send nothing when Gate fails."
	errorOnly  = "It returns an error only if nothing was written for certain: not sent, gate refused, 401, 403, 429 ([ErrLater], [ErrReconnect], …), or a 4xx that speaks of the request and not of a record ([ErrRequestRefused])."
	perMember  = "Otherwise it returns one outcome per member, in the members' order."
	proof      = "An outcome must be Created only when the echoed record has an id, and its mark, amount and parent are the member's; records must be matched by mark, never by position alone."
	explicit   = "It must be Refused only when the vendor says an explicit error of that record."
	allElse    = "Everything else must be Uncertain, among it \"key used with a different request\" and every lost, truncated or unreadable answer."
	seenCode   = "The Refusal of an uncertain outcome must have the code NoAnswer or BrokenAnswer exactly where no complete answer came."

	twice = "what is written twice is billed twice"
)

// heard checks that the outcomes tell an answer that came from one that did not.
func heard(s *suite, f Fault, r *ledger.Refusal) {
	s.Helper()
	code := ""
	if r != nil {
		code = r.Code
	}
	unheard := code == ledger.NoAnswer || code == ledger.BrokenAnswer
	switch f {
	case LoseAnswer, LoseRequest, CommitLate, Truncated:
		if !unheard {
			s.bad("%s: the outcome's code is %q, want %q or %q", f, code, ledger.NoAnswer, ledger.BrokenAnswer)
		}
	default:
		if unheard {
			s.bad("%s: the outcome's code is %q, and a complete answer came", f, code)
		}
	}
}

// afterLeaving are the faults after which nobody knows what became of a write.
func afterLeaving() []Fault {
	return []Fault{LoseAnswer, LoseRequest, CommitLate, Truncated, HTML, HTMLAfter, ServerError}
}

func writerCases[T any](k kind[T]) []Case {
	// two drafts, or one where a request holds no more.
	two := func(s *suite, w ledger.Writer[T]) []ledger.Draft[T] {
		drafts := []ledger.Draft[T]{k.draft(s, "")}
		if w.Limits().Batch > 1 {
			drafts = append(drafts, k.draft(s, ""))
		}
		return drafts
	}
	// firstUncertain checks that of a batch the first record alone is in doubt.
	firstUncertain := func(s *suite, b ledger.Batch, outcomes []ledger.Outcome[T], doing string) {
		s.Helper()
		good := len(outcomes) == len(b.Members)
		for i, o := range outcomes {
			good = good && (o.State == ledger.Uncertain) == (i == 0) && (i == 0 || o.State == ledger.Created)
		}
		if !good {
			s.bad("%s: got %s of %d records, want uncertain, and created after the first", doing, told(outcomes), len(b.Members))
		}
	}
	cases := []Case{
		{
			Name: "limits",
			Rule: "Limits must be constant for the life of the value.",
			Why:  "a batch that was planned under one limit would be sent under another",
			run: func(s *suite) {
				w := k.of(s)
				l := w.Limits()
				if l.Batch < 1 || l.Bytes < 1 || l.Quiet <= 0 || l.Deadline <= 0 || l.KeyLength > 0 && l.KeyLife <= 0 {
					s.bad("limits: got %+v; Batch, Bytes, Quiet and Deadline must be above zero, KeyLife too where there are keys", l)
				}
				made(s, k, w, k.draft(s, ""))
				same(s, w.Limits(), l, "limits after a write")
				same(s, k.writer(s.w.Ledger.Powers()).Limits(), l, "limits of the power, taken once more")
			},
		},
		{
			Name: "encode/pure",
			Rule: "Encode returns the exact bytes that Create will send for the drafts. It makes no call, and the same drafts must give the same bytes.",
			Why:  "the stored bytes are what is sent again after a crash: others would be another request under the same key",
			run: func(s *suite) {
				w := k.of(s)
				drafts := two(s, w)
				before := printed(drafts)
				reads, writes := s.requests()
				first, err := w.Encode(drafts)
				s.must(err, "encode")
				s.pass(time.Hour)
				again, err := w.Encode(drafts)
				s.must(err, "encode, an hour later")
				r, n := s.requests()
				same(s, r+n, reads+writes, "requests while encoding")
				same(s, printed(drafts), before, "the drafts after encoding")
				same(s, again.Route+"\n"+string(again.Body), first.Route+"\n"+string(first.Body), "bytes, an hour later")
				other, ok := s.reopen().(ledger.Ledger)
				if !ok {
					s.broken("Reopen gives a source where a ledger was opened")
				}
				w = k.writer(other.Powers())
				there, err := w.Encode(drafts)
				s.must(err, "encode, by a second adapter")
				same(s, there.Route+"\n"+string(there.Body), first.Route+"\n"+string(first.Body), "bytes of a second adapter")
				// The second one has never seen these drafts: all it has are the bytes.
				b := ledger.Batch{Encoded: first, Key: batchOf(s, k, w, drafts...).Key}
				for _, d := range drafts {
					b.Members = append(b.Members, k.member(s, d))
				}
				outcomes, err := w.Create(s.Context(), b)
				s.must(err, "create from another's bytes")
				for i, o := range outcomes {
					if o.State != ledger.Created {
						s.bad("create from another adapter's bytes: outcome %d: %s", i+1, told(outcomes))
					}
				}
			},
		},
		{
			Name: "encode/impossible",
			Rule: "A draft that the vendor cannot hold is an error naming its mark, of kind [ErrRefused].",
			Why:  "one impossible draft would spoil the whole batch, and nobody would know which it was",
			run: func(s *suite) {
				w := k.of(s)
				drafts := two(s, w)
				last := &drafts[len(drafts)-1]
				k.impossible(&last.Record)
				_, err := w.Encode(drafts)
				if err == nil {
					s.Skipf("the adapter encodes what the kit thought impossible, and leaves it to the vendor")
				}
				s.is(err, "encode of an impossible draft", ledger.ErrRefused)
				if !strings.Contains(err.Error(), string(last.Mark)) {
					s.bad("the error does not name the mark %s: %v", last.Mark, err)
				}
			},
		},
		{
			Name: "create/in order",
			Rule: perMember + " … " + "It is the same for ever, on every machine, and it is what makes a lost answer findable.",
			Why:  "outcomes in another order tie one customer's invoice to another's record",
			run: func(s *suite) {
				w := k.of(s)
				var drafts []ledger.Draft[T]
				for range min(5, w.Limits().Batch) {
					drafts = append(drafts, k.draft(s, ""))
				}
				outcomes := made(s, k, w, drafts...)
				ids := map[string]bool{}
				for i, o := range outcomes {
					ids[k.id(o.Record)] = true
					want := k.member(s, drafts[i])
					if !k.amount(o.Record).Equal(want.Amount) || k.mark(o.Record) != want.Mark {
						s.bad("outcome %d: amount %s of mark %s, want %s of %s", i+1, k.amount(o.Record), k.mark(o.Record), want.Amount, want.Mark)
					}
					same(s, s.marked(k.kind, want.Mark), 1, "records of draft %d at the vendor", i+1)
				}
				same(s, len(ids), len(drafts), "distinct ids")
			},
		},
		{
			Name: "create/gate before the bytes",
			Rule: gated,
			Why:  "a lease that ended while the request waited for its turn lets two processes write the same",
			run: func(s *suite) {
				w := k.of(s)
				rounds := 80 // more than a minute's calls of any vendor we know
				if s.h.Sockets {
					rounds = 3
				}
				for range rounds {
					b := batchOf(s, k, w, k.draft(s, ""))
					_, before := s.requests()
					calls, then := 0, time.Time{}
					b.Gate = func(context.Context) error {
						calls++
						then = time.Now()
						if _, now := s.requests(); now != before {
							s.bad("the bytes had left when Gate was asked")
						}
						return nil
					}
					_, err := w.Create(s.Context(), b)
					s.must(err, "create")
					if calls == 0 {
						s.broken("Gate was not asked")
					}
					if gap := s.lastWrite().Sub(then); gap > 500*time.Millisecond {
						s.broken("between Gate and the bytes were %s", gap)
					}
				}
			},
		},
		{
			Name: "create/gate refuses",
			Rule: gated,
			Why:  "whoever has lost the lease must not write: somebody else is writing already",
			run: func(s *suite) {
				w := k.of(s)
				b := batchOf(s, k, w, two(s, w)...)
				no := errors.New("the lease is lost")
				b.Gate = func(context.Context) error { return no }
				_, before := s.requests()
				outcomes, err := w.Create(s.Context(), b)
				if err == nil {
					s.bad("Gate refused, and Create returned no error: %s", told(outcomes))
				}
				_, after := s.requests()
				same(s, after, before, "requests that write, Gate having refused")
				honest(s, k, b, outcomes, err, "create, Gate having refused")
			},
		},
		{
			Name: "create/once",
			Rule: sendsOnce + " … " + neverAgain,
			Why:  twice,
			run: func(s *suite) {
				w := k.of(s)
				for _, f := range append(afterLeaving(), Throttled, Unauthorised) {
					if s.h.Sockets && f == CommitLate {
						continue
					}
					b := batchOf(s, k, w, k.draft(s, ""))
					if err := s.try(f); err != nil {
						s.Logf("%s: the harness cannot: %v", f, err)
						continue
					}
					_, before := s.requests()
					_, _ = w.Create(s.Context(), b)
					if _, after := s.requests(); after != before+1 {
						s.bad("%s: one Create made %d requests that write", f, after-before)
					}
				}
			},
		},
		{
			Name: "create/matched by mark",
			Rule: proof,
			Why:  "the answer's order is not promised: by position, each invoice is tied to its neighbour's record",
			run: func(s *suite) {
				w := k.of(s)
				if w.Limits().Batch < 2 {
					s.Skipf("a batch holds one record")
				}
				drafts := two(s, w)
				b := batchOf(s, k, w, drafts...)
				s.inject(true, Shuffled)
				outcomes, err := w.Create(s.Context(), b)
				s.must(err, "create")
				for i, o := range outcomes {
					if o.State == ledger.Created && (o.Mark != drafts[i].Mark || k.mark(o.Record) != drafts[i].Mark || !k.amount(o.Record).Equal(b.Members[i].Amount)) {
						s.bad("the answer was shuffled, and member %d (mark %s) got the record of %s", i+1, drafts[i].Mark, k.mark(o.Record))
					}
					if o.State != ledger.Created {
						s.bad("the answer was shuffled, and member %d is %s", i+1, told(outcomes[i:i+1]))
					}
				}
			},
		},
		{
			Name: "create/left out of the answer",
			Rule: allElse + " … " + perMember,
			Why:  "what the answer does not speak of may exist: calling it refused writes it again",
			run: func(s *suite) {
				w := k.of(s)
				for _, f := range []Fault{WithoutOne, WithoutID} {
					b := batchOf(s, k, w, two(s, w)...)
					s.inject(true, f)
					outcomes, err := w.Create(s.Context(), b)
					s.must(err, "create, %s", f)
					firstUncertain(s, b, outcomes, string(f))
				}
			},
		},
		{
			Name: "create/another amount",
			Rule: proof,
			Why:  "an invoice over another amount is not the one that was approved",
			run: func(s *suite) {
				w := k.of(s)
				b := batchOf(s, k, w, two(s, w)...)
				if b.Members[0].Amount.IsZero() {
					s.Skipf("%s have no amount", k.name)
				}
				b.Members[0].Amount = b.Members[0].Amount.Add(dec("0.01"))
				outcomes, err := w.Create(s.Context(), b)
				s.must(err, "create")
				firstUncertain(s, b, outcomes, "the first record came back over a cent less than expected")
			},
		},
		{
			Name: "create/another parent",
			Rule: proof,
			Why:  "a payment on another invoice settles somebody else's debt",
			run: func(s *suite) {
				w := k.of(s)
				drafts := two(s, w)
				b := batchOf(s, k, w, drafts...)
				if b.Members[0].Parent == "" {
					s.Skipf("%s have no parent", k.name)
				}
				b.Members[0].Parent = k.member(s, k.draft(s, "")).Parent
				outcomes, err := w.Create(s.Context(), b)
				s.must(err, "create")
				firstUncertain(s, b, outcomes, "the first record came back with another parent than expected")
			},
		},
		{
			Name: "create/another mark",
			Rule: proof,
			Why:  "a record that is not ours is changed and paid as if it were",
			run: func(s *suite) {
				w := k.of(s)
				b := batchOf(s, k, w, k.draft(s, ""))
				b.Members[0].Mark = s.newMark(k.kind)
				outcomes, err := w.Create(s.Context(), b)
				s.must(err, "create")
				if len(outcomes) != 1 || outcomes[0].State != ledger.Uncertain {
					s.bad("the record came back with another mark than expected: got %s, want uncertain", told(outcomes))
				}
			},
		},
		{
			Name: "create/refused",
			Rule: explicit + " … " + perMember,
			Why:  "a refusal that is laid on the wrong record has a person mend a sound invoice and bill the bad one",
			run: func(s *suite) {
				w := k.of(s)
				drafts := []ledger.Draft[T]{k.draft(s, ""), k.refused(s), k.draft(s, "")}
				drafts = drafts[:min(3, max(2, w.Limits().Batch))]
				if w.Limits().Batch < 2 {
					drafts = drafts[1:2]
				}
				if _, err := w.Encode(drafts); errors.Is(err, ledger.ErrRefused) {
					s.Skipf("the adapter refuses the draft before it is sent: %v", err)
				}
				b := batchOf(s, k, w, drafts...)
				outcomes, err := w.Create(s.Context(), b)
				if err != nil {
					s.is(err, "create of a batch with a bad record", ledger.ErrRequestRefused)
					honest(s, k, b, outcomes, err, "create of a batch with a bad record")
					return
				}
				honest(s, k, b, outcomes, err, "create of a batch with a bad record")
				for i, o := range outcomes {
					want := ledger.Created
					if drafts[i].Mark == drafts[len(drafts)/2].Mark {
						want = ledger.Refused
					}
					if s.marked(k.kind, drafts[len(drafts)/2].Mark) > 0 {
						s.Skipf("the vendor takes what the kit thought it would refuse")
					}
					if o.State != want {
						s.bad("outcome %d is %s, want %s", i+1, told(outcomes[i:i+1]), want)
					}
					if o.State == ledger.Refused && (o.Refusal == nil || o.Refusal.Code == "") {
						s.bad("outcome %d is refused and has no code that says why", i+1)
					}
				}
			},
		},
		{
			Name: "create/same key",
			Rule: "how long the vendor remembers a key … " + sendsOnce,
			Why:  "the identical bytes under the identical key are the one resend that is allowed: it must not double",
			run: func(s *suite) {
				w := k.of(s)
				if w.Limits().KeyLength == 0 {
					s.Skipf("the vendor has no idempotency keys")
				}
				b := batchOf(s, k, w, two(s, w)...)
				for range 2 {
					outcomes, err := w.Create(s.Context(), b)
					s.must(err, "create, under one key")
					honest(s, k, b, outcomes, err, "create, under one key")
					for _, o := range outcomes {
						if o.State == ledger.Refused {
							s.bad("create, under one key: %s", told(outcomes))
						}
					}
				}
				for _, m := range b.Members {
					same(s, s.marked(k.kind, m.Mark), 1, "records of one mark, sent twice under one key")
				}
			},
		},
		{
			Name: "create/key of another request",
			Rule: allElse,
			Why:  "the key says that something was sent before, not what: it may have been this",
			run: func(s *suite) {
				w := k.of(s)
				if w.Limits().KeyLength == 0 {
					s.Skipf("the vendor has no idempotency keys")
				}
				first := batchOf(s, k, w, k.draft(s, ""))
				_, err := w.Create(s.Context(), first)
				s.must(err, "create")
				b := batchOf(s, k, w, two(s, w)...)
				b.Key = first.Key
				outcomes, err := w.Create(s.Context(), b)
				uncertain(s, b, outcomes, err, "create under a key that another request has used")
			},
		},
		{
			Name: "create/context",
			Rule: errorOnly + " … when a byte left and no clear answer came, every outcome is [Uncertain]",
			Why:  "a shutdown in the middle of a write must not make it look as if it had not been sent",
			run: func(s *suite) {
				w := k.of(s)
				b := batchOf(s, k, w, two(s, w)...)
				ctx, cancel := context.WithCancel(s.Context())
				cancel()
				_, before := s.requests()
				outcomes, err := w.Create(ctx, b)
				if err == nil {
					s.bad("create with a context that has ended: no error, %s", told(outcomes))
				}
				_, after := s.requests()
				same(s, after, before, "requests of a create whose context had ended")
				honest(s, k, b, outcomes, err, "create with a context that has ended")

				s.pass(time.Second)
				s.inject(true, Hang)
				ctx, cancel = context.WithTimeout(s.Context(), 5*time.Second)
				defer cancel()
				began := time.Now()
				outcomes, err = w.Create(ctx, b)
				uncertain(s, b, outcomes, err, "create whose context ends while it waits for the answer")
				if took := time.Since(began); took > 6*time.Second {
					s.bad("a create whose context ended after 5 s went on for %s", took)
				}
			},
		},
	}
	for _, f := range afterLeaving() {
		cases = append(cases, Case{
			Name: "create/uncertain: " + string(f),
			Rule: allElse + " … when a byte left and no clear answer came, every outcome is [Uncertain] … " + seenCode,
			Why:  "whoever believes that it failed writes it again, and whoever believes that it worked never does",
			run: func(s *suite) {
				w := k.of(s)
				b := batchOf(s, k, w, two(s, w)...)
				s.inject(true, f)
				outcomes, err := w.Create(s.Context(), b)
				uncertain(s, b, outcomes, err, "create, "+string(f))
				for _, o := range outcomes {
					heard(s, f, o.Refusal)
				}
				if f == CommitLate {
					s.pass(10 * time.Minute)
				}
				honest(s, k, b, outcomes, err, "create, "+string(f))
			},
		})
	}
	for _, f := range []Fault{Throttled, Unauthorised, Forbidden} {
		cases = append(cases, Case{
			Name: "create/nothing written: " + string(f),
			Rule: errorOnly,
			Why:  "an uncertain batch waits for minutes and needs a look-up; one that was turned away at the door needs neither",
			run: func(s *suite) {
				w := k.of(s)
				b := batchOf(s, k, w, two(s, w)...)
				s.inject(true, f)
				outcomes, err := w.Create(s.Context(), b)
				switch {
				case err == nil:
					s.broken("create, answered %s: no error, %s", f, told(outcomes))
				case f == Throttled:
					s.is(err, "create, answered 429", ledger.ErrLater)
				case f == Unauthorised:
					s.is(err, "create, answered 401", ledger.ErrReconnect)
				}
				honest(s, k, b, outcomes, err, "create, answered "+string(f))
			},
		})
	}
	for i := range cases {
		cases[i].Name = k.name + "/" + cases[i].Name
	}
	return cases
}

// try injects a fault into the next write.
func (s *suite) try(f Fault) error {
	s.Helper()
	s.need(s.w.Inject != nil, "Inject")
	return s.w.Inject(true, f)
}
