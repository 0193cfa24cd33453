package storetest

import (
	"context"
	"errors"

	"github.com/invoicesync/invoicesync/store"
)

// Twice returns a store that runs the function of every Update twice: the first time in a transaction
// that is rolled back, as a database does when transactions collide. Code that passes its tests on it
// has no effects outside of its transactions. Errors of the function are returned the first time.
func Twice(s store.Store) store.Store { return twice{s} }

type twice struct{ store.Store }

var errRollBack = errors.New("storetest: rolled back on purpose")

func (t twice) Update(ctx context.Context, f func(store.Tx) error) error {
	err := t.Store.Update(ctx, func(tx store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return errRollBack
	})
	if !errors.Is(err, errRollBack) {
		return err
	}
	return t.Store.Update(ctx, f)
}
