package store_test

import (
	"testing"

	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/store/storetest"
)

func memoryHarness() storetest.Harness {
	return storetest.Harness{
		Open: func(storetest.T) store.Store { return store.NewMemory() },
		Tamper: func(t storetest.T, s store.Store, seq int64, remove bool) {
			s.(*store.Memory).Tamper(seq, remove)
		},
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, memoryHarness())
}
