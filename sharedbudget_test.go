package invoicesync

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/store"
)

// Two processes with one store take no more than the limit in any window, however they hurry.
func TestSharedBudgetAcrossProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := store.NewMemory()
		minute, slots := limit.Sliding("org/minute", 60, time.Minute), limit.Slots("org/slots", 5)
		var mu sync.Mutex
		var at []time.Time
		busy, most := 0, 0
		var group sync.WaitGroup
		for range 2 {
			b, err := NewSharedBudget(db, nil)
			require.NoError(t, err)
			for range 4 {
				group.Go(func() {
					for range 25 {
						g, err := b.Take(context.Background(), 1, minute, slots)
						if err != nil {
							t.Error(err)
							return
						}
						mu.Lock()
						at = append(at, time.Now())
						busy++
						most = max(most, busy)
						mu.Unlock()
						time.Sleep(100 * time.Millisecond)
						mu.Lock()
						busy--
						mu.Unlock()
						g.Release()
					}
				})
			}
		}
		group.Wait()
		require.Len(t, at, 200)
		require.LessOrEqual(t, most, 5)
		for i := range at {
			if i+60 < len(at) {
				require.GreaterOrEqual(t, at[i+60].Sub(at[i]), time.Minute, "61 calls within a minute")
			}
		}
	})
}

// What one process learns of a limit that is used up, the other obeys.
func TestSharedBudgetLearnsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := store.NewMemory()
		day := limit.Sliding("org/day", 5000, 24*time.Hour)
		one, err := NewSharedBudget(db, nil)
		require.NoError(t, err)
		two, err := NewSharedBudget(db, nil)
		require.NoError(t, err)
		reset := time.Now().Add(7 * time.Hour)
		require.NoError(t, one.Learn(context.Background(), day, 0, reset))
		_, err = two.Take(context.Background(), 1, day)
		var later *limit.LaterError
		require.True(t, errors.As(err, &later), "%v", err)
		require.WithinDuration(t, reset, later.Resume, time.Second)
		time.Sleep(7*time.Hour + time.Second)
		g, err := two.Take(context.Background(), 1, day)
		require.NoError(t, err)
		g.Release()
	})
}
