package storetest

import (
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/store"
)

// acquire ends the case on an error and returns the answer.
func (s *suite) acquire(name, owner string, now time.Time, life time.Duration) (lease store.Lease, ok bool) {
	s.Helper()
	s.update(func(tx store.Tx) (err error) {
		lease, ok, err = tx.Leases().Acquire(name, owner, now, life)
		return err
	})
	return lease, ok
}

func (s *suite) renew(name string, token int64, now time.Time, life time.Duration) (lease store.Lease, err error) {
	s.Helper()
	s.update(func(tx store.Tx) error {
		lease, err = tx.Leases().Renew(name, token, now, life)
		return nil
	})
	return lease, err
}

func (s *suite) check(name string, token int64) (err error) {
	s.Helper()
	s.view(func(tx store.Tx) error {
		err = tx.Leases().Check(name, token)
		return nil
	})
	return err
}

func leaseCases() []Case {
	return []Case{
		{
			Name: "leases/one holder",
			Rule: "Acquire takes a lease that nobody holds at now …; held by another it returns that lease and false. At Until itself a lease has run out",
			Why:  "two runs that both believe to hold the lease write every invoice twice",
			run: func(s *suite) {
				east := noon.In(time.FixedZone("east", 10*3600))
				first, ok := s.acquire("l", "anna", east, time.Minute)
				same(s, ok, true, "a free lease is given")
				same(s, first, store.Lease{Name: "l", Owner: "anna", Token: 1, Until: noon.Add(time.Minute)}, "lease")
				held, ok := s.acquire("l", "bert", noon.Add(time.Minute-time.Millisecond), time.Minute)
				same(s, ok, false, "a held lease is given")
				same(s, held, first, "the lease that is in the way")
				_, ok = s.acquire("another", "bert", noon, time.Minute)
				same(s, ok, true, "a lease of another name is given")
				s.must(s.check("l", 1), "check")
				got, ok := s.acquire("l", "bert", noon.Add(time.Minute), time.Minute)
				same(s, ok, true, "a lease that has run out is given")
				same(s, got, store.Lease{Name: "l", Owner: "bert", Token: 2, Until: noon.Add(2 * time.Minute)}, "lease")
				s.is(s.check("l", 1), store.ErrLeaseLost, "check of the old token")
				s.must(s.check("l", 2), "check of the new token")
			},
		},
		{
			Name: "leases/tokens only rise",
			Rule: "Token: rises with every holder of the name; The token stays used",
			Why:  "a run that slept through its lease must not find its old token valid again",
			run: func(s *suite) {
				last := int64(0)
				rises := func(how string, lease store.Lease, ok bool) {
					s.Helper()
					same(s, ok, true, "%s: lease given", how)
					if lease.Token <= last {
						s.bad("%s: token %d after %d", how, lease.Token, last)
					}
					if last > 0 {
						s.is(s.check("l", last), store.ErrLeaseLost, "%s: check of token %d", how, last)
					}
					last = lease.Token
				}
				lease, ok := s.acquire("l", "anna", noon, time.Minute)
				rises("first", lease, ok)
				lease, ok = s.acquire("l", "anna", noon, time.Minute)
				rises("same owner again", lease, ok)
				lease, ok = s.acquire("l", "bert", noon.Add(time.Hour), time.Minute)
				rises("after it ran out", lease, ok)
				for range 2 {
					s.update(func(tx store.Tx) error { return tx.Leases().Release("l", last) })
				}
				s.is(s.check("l", last), store.ErrLeaseLost, "check after release")
				_, err := s.renew("l", last, noon.Add(time.Hour), time.Minute)
				s.is(err, store.ErrLeaseLost, "renew after release")
				s.view(func(tx store.Tx) error {
					_, ok, err := tx.Leases().Get("l")
					same(s, ok, false, "Get finds a lease that was given up")
					return err
				})
				lease, ok = s.acquire("l", "cleo", noon.Add(time.Hour), time.Minute)
				rises("after release", lease, ok)
				s.update(func(tx store.Tx) error { return tx.Leases().Release("l", last-1) })
				s.must(s.check("l", last), "check after somebody released an old token")
				s.update(func(tx store.Tx) error { return tx.Leases().Release("nobody's", 1) })
			},
		},
		{
			Name: "leases/renew",
			Rule: "Renew prolongs a lease to now + life; another token than the current, or one that has run out at now, is ErrLeaseLost",
			Why:  "a lease that could be revived after its end may have been another's in between",
			run: func(s *suite) {
				first, _ := s.acquire("l", "anna", noon, time.Minute)
				got, err := s.renew("l", first.Token, noon.Add(30*time.Second), time.Minute)
				s.must(err, "renew")
				same(s, got, store.Lease{Name: "l", Owner: "anna", Token: first.Token, Until: noon.Add(90 * time.Second)}, "renewed lease")
				_, err = s.renew("l", first.Token+1, noon, time.Minute)
				s.is(err, store.ErrLeaseLost, "renew with another token")
				_, err = s.renew("nobody's", 1, noon, time.Minute)
				s.is(err, store.ErrLeaseLost, "renew of a lease that was never taken")
				_, ok := s.acquire("l", "bert", noon.Add(80*time.Second), time.Minute)
				same(s, ok, false, "a renewed lease is given to another")
				s.view(func(tx store.Tx) error {
					kept, ok, err := tx.Leases().Get("l")
					same(s, ok, true, "the lease is there")
					same(s, kept, got, "the lease as it stands")
					return err
				})
				_, err = s.renew("l", first.Token, noon.Add(90*time.Second), time.Minute)
				s.is(err, store.ErrLeaseLost, "renew at the time at which it ran out")
				s.must(s.check("l", first.Token), "check, which knows no clock, of a lease that nobody took over")
			},
		},
		{
			Name: "leases/rolled back",
			Rule: "Update … must commit all of it or nothing",
			Why:  "a lease that was taken in a step that failed would lock everybody out",
			run: func(s *suite) {
				no := errors.New("no")
				_ = s.store.Update(s.Context(), func(tx store.Tx) error {
					if _, _, err := tx.Leases().Acquire("l", "anna", noon, time.Hour); err != nil {
						return err
					}
					return no
				})
				_, ok := s.acquire("l", "bert", noon, time.Hour)
				same(s, ok, true, "the lease is free")
			},
		},
	}
}

func budgetCases() []Case {
	return []Case{
		{
			Name: "budgets/window",
			Rule: "Take adds n to key at now, unless more than limit would lie within the last span; then it adds nothing and returns how long until n fit; never less than that, at most a hundredth of the span more",
			Why:  "one call above a vendor's limit can lock out every other program of the same organisation",
			run: func(s *suite) {
				const span, limit = time.Minute, 5
				at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
				take := func(seconds, n int, want time.Duration) {
					s.Helper()
					s.update(func(tx store.Tx) error {
						wait, err := tx.Budgets().Take("k", at(seconds), span, n, limit)
						if wait < want || wait > want+span/100 || want == 0 && wait != 0 {
							s.bad("take %d at %ds: wait %s, want %s", n, seconds, wait, want)
						}
						return err
					})
				}
				used := func(seconds, want int) {
					s.Helper()
					s.view(func(tx store.Tx) error {
						got, err := tx.Budgets().Used("k", at(seconds), span)
						same(s, got, want, "used at %ds", seconds)
						return err
					})
				}
				used(0, 0)
				take(0, 2, 0)
				take(10, 2, 0)
				take(20, 1, 0)
				used(20, 5)
				take(30, 1, 30*time.Second) // the two of second 0 go at 60
				take(30, 2, 30*time.Second)
				take(30, 3, 40*time.Second) // one of second 10 is needed too
				take(30, 5, 50*time.Second)
				take(30, 0, 0)
				used(30, 5) // what did not fit was not added
				used(62, 3)
				take(62, 2, 0)
				take(62, 1, 8*time.Second)
				used(72, 3)
				used(200, 0)
				take(200, 5, 0)
				used(200, 5)
			},
		},
		{
			Name: "budgets/waiting as long as told is enough",
			Rule: "returns how long until n fit",
			Why:  "a wait that is a moment too short is refused again, and again",
			run: func(s *suite) {
				now := noon.Add(123_456_789 * time.Nanosecond)
				for i := range 40 {
					s.update(func(tx store.Tx) error {
						wait, err := tx.Budgets().Take("k", now, time.Minute, 3, 10)
						if err != nil || wait == 0 {
							return err
						}
						now = now.Add(wait)
						wait, err = tx.Budgets().Take("k", now, time.Minute, 3, 10)
						same(s, wait, time.Duration(0), "wait after having waited, call %d", i)
						return err
					})
					now = now.Add(time.Second)
				}
			},
		},
		{
			Name: "budgets/keys apart",
			Rule: "Take adds n to key",
			Why:  "organisations have limits of their own",
			run: func(s *suite) {
				s.update(func(tx store.Tx) error {
					for _, key := range []string{"a", "A", "a ", "é"} {
						wait, err := tx.Budgets().Take(key, noon, time.Minute, 5, 5)
						s.must(err, "take")
						same(s, wait, time.Duration(0), "wait of key %q", key)
					}
					return nil
				})
			},
		},
		{
			Name: "budgets/never fits",
			Rule: "More than limit at once never fits and is an error",
			Why:  "a caller would wait for ever",
			run: func(s *suite) {
				err := s.store.Update(s.Context(), func(tx store.Tx) error {
					_, err := tx.Budgets().Take("k", noon, time.Minute, 6, 5)
					return err
				})
				if err == nil {
					s.bad("taking 6 of 5 gave no error")
				}
			},
		},
		{
			Name: "budgets/clocks differ",
			Rule: "Budgets counts calls over time, for several processes",
			Why:  "what another machine took a little in our future counts too",
			run: func(s *suite) {
				s.update(func(tx store.Tx) error {
					_, err := tx.Budgets().Take("k", noon.Add(2*time.Second), time.Minute, 5, 5)
					s.must(err, "take")
					wait, err := tx.Budgets().Take("k", noon, time.Minute, 1, 5)
					if wait < 62*time.Second || wait > 62*time.Second+600*time.Millisecond {
						s.bad("wait %s, want 62s", wait)
					}
					return err
				})
			},
		},
	}
}
