package sqlstore

import (
	"database/sql"
	"sync"

	"github.com/invoicesync/invoicesync/store"
)

// pairs remembers the numbers of pairs. A pair that was committed keeps its number for ever, so what is
// remembered here never has to be asked again.
type pairs struct {
	mu     sync.RWMutex
	number map[store.Pair]int64
	pair   map[int64]store.Pair
}

func newPairs() pairs {
	return pairs{number: map[store.Pair]int64{}, pair: map[int64]store.Pair{}}
}

func (p *pairs) numberOf(pair store.Pair) (int64, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	n, ok := p.number[pair]
	return n, ok
}

func (p *pairs) pairOf(n int64) (store.Pair, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	pair, ok := p.pair[n]
	return pair, ok
}

func (p *pairs) learn(numbers map[store.Pair]int64) {
	if len(numbers) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for pair, n := range numbers {
		p.number[pair], p.pair[n] = n, pair
	}
}

// pairNumber returns the number of a pair, or false when the store has never seen it.
func (t *tx) pairNumber(pair store.Pair) (int64, bool, error) {
	if n, ok := t.store.pairs.numberOf(pair); ok {
		return n, true, nil
	}
	if n, ok := t.newPairs[pair]; ok {
		return n, true, nil
	}
	return t.lookUpPair(pair)
}

func (t *tx) lookUpPair(pair store.Pair) (int64, bool, error) {
	var n int64
	found, err := t.one(`SELECT id FROM invoicesync_pairs
		WHERE source_vendor = $1 AND source_id = $2 AND ledger_vendor = $3 AND ledger_id = $4`,
		[]any{pair.Source.Vendor, pair.Source.ID, pair.Ledger.Vendor, pair.Ledger.ID}, &n)
	if err != nil {
		return 0, false, t.fail("pair %s: %w", pair, err)
	}
	if found {
		// Not of this transaction, or it would be among the new ones: so it is committed.
		t.store.pairs.learn(map[store.Pair]int64{pair: n})
	}
	return n, found, nil
}

// pairNumberMade is pairNumber that gives the pair a number if it has none.
func (t *tx) pairNumberMade(pair store.Pair) (int64, error) {
	n, found, err := t.pairNumber(pair)
	if err != nil || found {
		return n, err
	}
	return t.makePair(pair)
}

func (t *tx) makePair(pair store.Pair) (n int64, err error) {
	if _, err := t.one(`SELECT COALESCE(MAX(id), 0) + 1 FROM invoicesync_pairs`, nil, &n); err != nil {
		return 0, t.fail("pair %s: %w", pair, err)
	}
	_, err = t.exec(`INSERT INTO invoicesync_pairs (id, source_vendor, source_id, ledger_vendor, ledger_id)
		VALUES ($1, $2, $3, $4, $5)`,
		n, pair.Source.Vendor, pair.Source.ID, pair.Ledger.Vendor, pair.Ledger.ID)
	if err != nil {
		return 0, t.fail("pair %s: %w", pair, err)
	}
	if t.newPairs == nil {
		t.newPairs = map[store.Pair]int64{}
	}
	t.newPairs[pair] = n
	return n, nil
}

// pairNumbered returns the pair with that number. It must not be called while rows are being read: a
// connection may be able to do one thing at a time only.
func (t *tx) pairNumbered(n int64) (store.Pair, error) {
	if pair, ok := t.store.pairs.pairOf(n); ok {
		return pair, nil
	}
	for pair, have := range t.newPairs {
		if have == n {
			return pair, nil
		}
	}
	all := map[store.Pair]int64{}
	err := t.query(`SELECT id, source_vendor, source_id, ledger_vendor, ledger_id FROM invoicesync_pairs`, nil,
		func(rows *sql.Rows) error {
			var id int64
			var p store.Pair
			err := rows.Scan(&id, &p.Source.Vendor, &p.Source.ID, &p.Ledger.Vendor, &p.Ledger.ID)
			if _, mine := t.newPairs[p]; !mine {
				all[p] = id
			}
			return err
		})
	if err != nil {
		return store.Pair{}, t.fail("pairs: %w", err)
	}
	t.store.pairs.learn(all)
	if pair, ok := t.store.pairs.pairOf(n); ok {
		return pair, nil
	}
	return store.Pair{}, t.fail("pair %d is missing from invoicesync_pairs: %w", n, store.ErrForeign)
}
