package ledgertest

import (
	"errors"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// discreetCases are of what must not be said.
func discreetCases() []Case {
	return []Case{
		{
			Name: "errors/discreet",
			Rule: "Its text never contains a token or personal data. … They name the thing that failed and contain no token, no name and no e-mail address.",
			Why:  "errors end up in logs, in tickets and in other people's mail",
			run: func(s *suite) {
				quiet := append([]string{"Quackenbush", "zebulon"}, s.w.Secrets...)
				look := func(doing, text string) {
					s.Helper()
					for _, secret := range quiet {
						if secret != "" && strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
							s.bad("%s: the text contains %q: %s", doing, secret, text)
						}
					}
				}
				said := func(doing string, err error) {
					s.Helper()
					if err != nil {
						look(doing, err.Error())
						var e *ledger.Error
						if !errors.As(err, &e) || e.Kind == nil {
							s.bad("%s: %v is no *ledger.Error with a Kind, and a caller does not know what to do next", doing, err)
						}
					}
				}
				if s.w.AddInvoice != nil {
					s.seed("1", "10.00")
				}
				_, err := s.w.Source.Invoice(s.Context(), ledger.Ref{Number: "987654321"})
				said("invoice by a number that none has", err)
				if s.w.Inject != nil {
					for _, f := range []Fault{Unauthorised, Forbidden, Throttled, HTML, Truncated, LoseAnswer} {
						n := 1
						if f == HTML || f == Truncated || f == LoseAnswer {
							n = 12
						}
						able := true
						for range n {
							able = able && s.w.Inject(false, f) == nil
						}
						if !able {
							s.Logf("%s: the harness cannot", f)
							continue
						}
						for _, err := range s.w.Source.Invoices(s.Context(), ledger.Query{}) {
							said("reading, "+string(f), err)
						}
						for range 12 {
							if _, err := s.w.Source.Organisation(s.Context()); err == nil {
								break
							}
							if !s.h.Sockets {
								s.pass(10 * time.Minute)
							}
						}
					}
				}
				if s.w.Ledger == nil || s.w.AddContact == nil {
					return
				}
				discreetWriter(s, contactKind(), look, said)
				discreetWriter(s, invoiceKind(), look, said)
				discreetWriter(s, paymentKind(), look, said)
			},
		},
	}
}

func discreetWriter[T any](s *suite, k kind[T], look func(doing, text string), said func(doing string, err error)) {
	s.Helper()
	w := k.writer(s.powers)
	if w == nil {
		return
	}
	d := k.draft(s, "")
	k.impossible(&d.Record)
	_, err := w.Encode([]ledger.Draft[T]{d})
	said("encode of an impossible draft of "+k.name, err)
	faults := []Fault{""}
	if s.w.Inject != nil {
		faults = append(faults, Unauthorised, Throttled, HTML, Truncated)
	}
	for _, f := range faults {
		d := k.refused(s)
		if _, err := w.Encode([]ledger.Draft[T]{d}); err != nil {
			said("encode of a draft of "+k.name, err)
			return
		}
		b := batchOf(s, k, w, d)
		if f != "" {
			if err := s.try(f); err != nil {
				continue
			}
		}
		outcomes, err := w.Create(s.Context(), b)
		said("create of "+k.name+", "+string(f), err)
		for _, o := range outcomes {
			if o.Refusal != nil {
				look("refusal of "+k.name, o.Refusal.Vendor+" "+o.Refusal.Message)
			}
		}
		if !s.h.Sockets {
			s.pass(10 * time.Minute)
		}
	}
}
