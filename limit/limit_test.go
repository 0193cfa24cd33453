package limit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/limit"
)

// call takes n units, is under way for d, and gives them back.
func call(t *testing.T, b limit.Budget, d time.Duration, n int, windows ...limit.Window) *limit.Grant {
	t.Helper()
	g, err := b.Take(t.Context(), n, windows...)
	require.NoError(t, err)
	time.Sleep(d)
	g.Release()
	return g
}

func TestABurstGoesThroughAtOnceAndTheNextWaitsForTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		w := limit.Sliding("xero/minute", 60, time.Minute)
		start := time.Now()
		for range 60 {
			assert.Zero(t, call(t, b, 0, 1, w).Waited)
		}
		assert.Equal(t, start, time.Now())
		time.Sleep(20 * time.Second)
		assert.Equal(t, 40*time.Second, call(t, b, 0, 1, w).Waited)
		assert.Equal(t, start.Add(time.Minute), time.Now())
	})
}

// A slow call may be counted by the vendor as late as its answer: its unit must count from there.
func TestAUnitCountsFromTheEndOfItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		w := limit.Sliding("w", 1, time.Minute)
		start := time.Now()
		call(t, b, 10*time.Second, 1, w)
		call(t, b, 0, 1, w)
		assert.Equal(t, start.Add(70*time.Second), time.Now())
	})
}

func TestAlignedWindowsBeginAtMidnightUTC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // a bubble begins at midnight UTC, 2000-01-01
		b := limit.New(&limit.Options{MaxWait: 48 * time.Hour})
		day := limit.Aligned("keap/day", 2, 24*time.Hour)
		time.Sleep(23 * time.Hour)
		call(t, b, 0, 1, day)
		call(t, b, 0, 1, day)
		assert.Equal(t, time.Hour, call(t, b, 0, 1, day).Waited)
		assert.Equal(t, time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), time.Now().UTC())

		time.Sleep(24*time.Hour - time.Second)
		call(t, b, 2*time.Second, 1, day) // over midnight: it may be counted in either day
		call(t, b, 0, 1, day)
		assert.Equal(t, 24*time.Hour-time.Second, call(t, b, 0, 1, day).Waited)
	})
}

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		slots := limit.Slots("xero/slots", 5)
		start := time.Now()
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() { call(t, b, 10*time.Second, 1, slots) })
		}
		wg.Wait()
		assert.Equal(t, 30*time.Second, time.Since(start), "12 calls of 10 s, 5 at a time")
	})
}

func TestAllWindowsOrNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		app, org := limit.Sliding("app", 2, time.Minute), limit.Sliding("org", 1, time.Hour)
		call(t, b, 0, 1, app, org)
		_, err := b.Take(t.Context(), 1, app, org)
		require.ErrorIs(t, err, limit.ErrLater)
		assert.Zero(t, call(t, b, 0, 1, app).Waited, "the refused call must not have taken of the app's window")
	})
}

func TestALongWaitIsAnErrorWithItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(&limit.Options{MaxWait: 5 * time.Minute})
		minute, day := limit.Sliding("minute", 60, time.Minute), limit.Sliding("day", 1, 24*time.Hour)
		start := time.Now()
		call(t, b, 0, 1, minute, day)
		_, err := b.Take(t.Context(), 1, minute, day)
		later, ok := errors.AsType[*limit.LaterError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "day", later.Key)
		assert.Equal(t, start.Add(24*time.Hour).UTC(), later.Resume)
		assert.Equal(t, start, time.Now(), "it must not sleep first")
		assert.Equal(t, "limit: day is used up: try again after 2000-01-02T00:00:00Z", err.Error())
	})
}

func TestAWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		w := limit.Sliding("w", 1, time.Minute)
		call(t, b, 0, 1, w)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		_, err := b.Take(ctx, 1, w)
		require.ErrorIs(t, err, limit.ErrLater)
		assert.Equal(t, start, time.Now())
	})
}

func TestASlotThatNeverComesFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(&limit.Options{MaxWait: time.Minute})
		slots := limit.Slots("slots", 1)
		g, err := b.Take(t.Context(), 1, slots)
		require.NoError(t, err)
		start := time.Now()
		_, err = b.Take(t.Context(), 1, slots)
		require.ErrorIs(t, err, limit.ErrLater)
		assert.Equal(t, time.Minute, time.Since(start))
		g.Release()
		assert.Zero(t, call(t, b, 0, 1, slots).Waited, "who gave up is not in the way")
	})
}

func TestCancelEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		w := limit.Sliding("w", 1, time.Minute)
		call(t, b, 0, 1, w)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(10 * time.Second)
			cancel()
		}()
		start := time.Now()
		_, err := b.Take(ctx, 1, w)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 10*time.Second, time.Since(start))
		_, err = b.Take(ctx, 1, w)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 50*time.Second, call(t, b, 0, 1, w).Waited)
	})
}

func TestRefundedUnitsDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		w := limit.Sliding("w", 1, time.Minute)
		g, err := b.Take(t.Context(), 1, w)
		require.NoError(t, err)
		go func() {
			time.Sleep(time.Second)
			g.Refund()
			g.Release() // does nothing after the first
		}()
		assert.Equal(t, time.Second, call(t, b, 0, 1, w).Waited)
	})
}

func TestLearn(t *testing.T) {
	w := limit.Sliding("w", 60, time.Minute)
	t.Run("429 with Retry-After blocks until then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			require.NoError(t, b.Learn(t.Context(), w, 0, time.Now().Add(17*time.Second)))
			assert.Equal(t, 17*time.Second, call(t, b, 0, 1, w).Waited)
			assert.Zero(t, call(t, b, 0, 59, w).Waited, "after the reset the whole window is there")
		})
	})
	t.Run("it blocks those who wait already", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			call(t, b, 0, 60, w)
			go func() {
				time.Sleep(time.Second)
				assert.NoError(t, b.Learn(t.Context(), w, 0, time.Now().Add(2*time.Minute)))
			}()
			assert.Equal(t, 121*time.Second, call(t, b, 0, 1, w).Waited)
		})
	})
	t.Run("what others have used is kept back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			call(t, b, 0, 1, w)
			require.NoError(t, b.Learn(t.Context(), w, 10, time.Time{}))
			for range 10 {
				assert.Zero(t, call(t, b, 0, 1, w).Waited)
			}
			assert.Equal(t, time.Minute, call(t, b, 0, 1, w).Waited)
		})
	})
	t.Run("and comes back at the reset, where it is known", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			require.NoError(t, b.Learn(t.Context(), w, 1, time.Now().Add(5*time.Second)))
			call(t, b, 0, 1, w)
			assert.Equal(t, 5*time.Second, call(t, b, 0, 1, w).Waited)
		})
	})
	t.Run("our own calls are not taken for those of others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			for i := range 60 {
				assert.Zero(t, call(t, b, 0, 1, w).Waited)
				require.NoError(t, b.Learn(t.Context(), w, 59-i, time.Time{}))
			}
			assert.Equal(t, time.Minute, call(t, b, 0, 1, w).Waited)
		})
	})
	t.Run("more than we believe gives nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			call(t, b, 0, 60, w)
			require.NoError(t, b.Learn(t.Context(), w, 60, time.Time{}))
			assert.Equal(t, time.Minute, call(t, b, 0, 1, w).Waited)
		})
	})
	t.Run("no word about what remains changes nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			require.NoError(t, b.Learn(t.Context(), w, -1, time.Now().Add(time.Hour)))
			assert.Zero(t, call(t, b, 0, 60, w).Waited)
		})
	})
	t.Run("a day that is used up is not slept", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			day := limit.Sliding("day", 5000, 24*time.Hour)
			reset := time.Now().Add(77000 * time.Second)
			require.NoError(t, b.Learn(t.Context(), day, 0, reset))
			_, err := b.Take(t.Context(), 1, w, day)
			later, ok := errors.AsType[*limit.LaterError](err)
			require.True(t, ok)
			assert.Equal(t, reset.UTC(), later.Resume)
		})
	})
	t.Run("a day that began anew at the vendor is believed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			day := limit.Sliding("day", 1000, 24*time.Hour)
			// Another process, or we before a restart, used 990.
			require.NoError(t, b.Learn(t.Context(), day, 10, time.Time{}))
			call(t, b, 0, 10, day)
			_, err := b.Take(t.Context(), 1, day)
			require.ErrorIs(t, err, limit.ErrLater)
			time.Sleep(2 * time.Hour)
			require.NoError(t, b.Learn(t.Context(), day, 99, time.Time{}))
			_, err = b.Take(t.Context(), 1, day)
			require.ErrorIs(t, err, limit.ErrLater, "a tenth or less is no jump")
			require.NoError(t, b.Learn(t.Context(), day, 5000, time.Time{}))
			_, err = b.Take(t.Context(), 1, day)
			require.ErrorIs(t, err, limit.ErrLater, "more than the limit is somebody else's limit")

			require.NoError(t, b.Learn(t.Context(), day, 995, time.Time{}))
			call(t, b, 0, 995, day)
			_, err = b.Take(t.Context(), 1, day)
			require.ErrorIs(t, err, limit.ErrLater)
		})
	})
	t.Run("but what is under way stays counted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			day := limit.Sliding("day", 100, 24*time.Hour)
			call(t, b, 0, 50, day)
			g, err := b.Take(t.Context(), 30, day)
			require.NoError(t, err)
			require.NoError(t, b.Learn(t.Context(), day, 100, time.Time{}))
			_, err = b.Take(t.Context(), 71, day)
			require.ErrorIs(t, err, limit.ErrLater)
			call(t, b, 0, 70, day)
			g.Release()
		})
	})
	t.Run("an absurd reset is bounded", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := limit.New(nil)
			start := time.Now()
			require.NoError(t, b.Learn(t.Context(), w, 0, start.AddDate(1000, 0, 0)))
			_, err := b.Take(t.Context(), 1, w)
			later, ok := errors.AsType[*limit.LaterError](err)
			require.True(t, ok)
			assert.Equal(t, start.AddDate(0, 0, 32).UTC(), later.Resume)
		})
	})
}

func TestWhoWaitsIsServedInOrderAndOtherOrganisationsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		app := limit.Sliding("app", 1000, time.Minute)
		a, other := limit.Sliding("org/a", 2, time.Minute), limit.Sliding("org/b", 2, time.Minute)
		start := time.Now()
		call(t, b, 10*time.Second, 1, app, limit.Sliding("org/c", 1, time.Minute))
		call(t, b, 0, 1, app, a) // counts until 70 s
		time.Sleep(10 * time.Second)
		call(t, b, 0, 1, app, a) // counts until 80 s
		var mu sync.Mutex
		at := map[int]time.Duration{}
		var wg sync.WaitGroup
		for i, n := range []int{2, 1, 1} { // at 70 s there is room for a small one, but the big one came first
			wg.Go(func() {
				call(t, b, 0, n, app, a)
				mu.Lock()
				defer mu.Unlock()
				at[i] = time.Since(start)
			})
			synctest.Wait()
		}
		assert.Zero(t, call(t, b, 0, 1, app, other).Waited, "another organisation must not wait behind this one")
		wg.Wait()
		assert.Equal(t, map[int]time.Duration{0: 80 * time.Second, 1: 140 * time.Second, 2: 140 * time.Second}, at)
	})
}

func TestWaitingIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var told []limit.Wait
		b := limit.New(&limit.Options{Waiting: func(ctx context.Context, w limit.Wait) {
			assert.Equal(t, "flow 1", ctx.Value(key{}))
			told = append(told, w)
		}})
		w := limit.Sliding("xero/minute", 1, time.Minute)
		start := time.Now()
		ctx := context.WithValue(t.Context(), key{}, "flow 1")
		for range 2 {
			g, err := b.Take(ctx, 1, w)
			require.NoError(t, err)
			g.Release()
		}
		assert.Equal(t, []limit.Wait{{Key: "xero/minute", Until: start.Add(time.Minute).UTC()}}, told)
	})
}

// The vendor counts each call at some moment between Take and Release, in windows that begin at some
// offset. Whatever the moments and offsets: no window may hold more than the limit.
func TestNeverMoreThanTheLimitInAnyWindow(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 1))
				b := limit.New(&limit.Options{MaxWait: 24 * time.Hour})
				minute := limit.Sliding("minute", 10, time.Minute)
				second := limit.Sliding("second", 3, time.Second)
				aligned := limit.Aligned("hour", 120, time.Hour)
				slots := limit.Slots("slots", 4)
				type plan struct{ before, toVendor, back time.Duration }
				var mu sync.Mutex
				var counted []time.Time
				under, most := 0, 0
				var wg sync.WaitGroup
				for range 8 {
					plans := make([]plan, 30)
					for i := range plans {
						plans[i] = plan{
							before:   time.Duration(rng.Int64N(int64(3 * time.Second))),
							toVendor: time.Duration(rng.Int64N(int64(20 * time.Second))),
							back:     time.Duration(rng.Int64N(int64(5 * time.Second))),
						}
					}
					wg.Go(func() {
						for _, p := range plans {
							time.Sleep(p.before)
							g, err := b.Take(t.Context(), 1, minute, second, aligned, slots)
							if !assert.NoError(t, err) {
								return
							}
							mu.Lock()
							under++
							most = max(most, under)
							mu.Unlock()
							time.Sleep(p.toVendor)
							mu.Lock()
							counted = append(counted, time.Now())
							mu.Unlock()
							time.Sleep(p.back)
							mu.Lock()
							under--
							mu.Unlock()
							g.Release()
						}
					})
				}
				wg.Wait()
				require.Len(t, counted, 240)
				assert.LessOrEqual(t, most, 4)
				slices.SortFunc(counted, time.Time.Compare)
				for _, w := range []limit.Window{minute, second} {
					for i := w.Limit; i < len(counted); i++ {
						if gap := counted[i].Sub(counted[i-w.Limit]); gap < w.Size {
							t.Fatalf("%s: %d calls in %s", w.Key, w.Limit+1, gap)
						}
					}
				}
				hours := map[time.Time]int{}
				for _, c := range counted {
					hours[c.UTC().Truncate(time.Hour)]++
				}
				for h, n := range hours {
					assert.LessOrEqual(t, n, 120, h)
				}
			})
		})
	}
}

// Pacing must cost no more than the limit itself does.
func TestTheLimitIsUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		w, slots := limit.Sliding("minute", 60, time.Minute), limit.Slots("slots", 5)
		start := time.Now()
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				for range 60 {
					call(t, b, 0, 1, w, slots)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 4*time.Minute, time.Since(start), "300 calls at 60 a minute, the first 60 at once")
	})
}

func TestADayOfManyCallsStaysSmallAndSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(&limit.Options{MaxWait: 48 * time.Hour})
		day := limit.Sliding("day", 3000, 24*time.Hour)
		for range 3000 {
			call(t, b, 0, 1, day)
			time.Sleep(time.Second)
		}
		g := call(t, b, 0, 1, day)
		// The first came at 0 s and counts until 24 h; the last three thousand seconds have passed.
		assert.GreaterOrEqual(t, g.Waited, 24*time.Hour-3000*time.Second)
		assert.Less(t, g.Waited, 24*time.Hour-3000*time.Second+time.Minute)
	})
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	b := limit.New(nil)
	ok := limit.Sliding("w", 1, time.Minute)
	for _, c := range []struct {
		n       int
		windows []limit.Window
		want    string
	}{
		{1, []limit.Window{{}}, "no key"},
		{1, []limit.Window{limit.Sliding("w", 0, time.Minute)}, "above zero"},
		{1, []limit.Window{limit.Sliding("w", 1, 0)}, "above zero"},
		{1, []limit.Window{{Key: "w", Limit: 1, Size: time.Second}}, "sort 0"},
		{2, []limit.Window{ok}, "never fit"},
		{-1, []limit.Window{ok}, "cannot take"},
		{1, []limit.Window{ok, ok}, "twice"},
	} {
		_, err := b.Take(t.Context(), c.n, c.windows...)
		require.ErrorContains(t, err, c.want)
		require.NotErrorIs(t, err, limit.ErrLater)
	}
	require.Error(t, b.Learn(t.Context(), limit.Window{}, 0, time.Time{}))
	g, err := b.Take(t.Context(), 1)
	require.NoError(t, err)
	g.Release()
	var none *limit.Grant
	none.Release()
}

func TestIdleWindowsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		for i := range 5000 {
			call(t, b, time.Second, 1, limit.Sliding(fmt.Sprint("org/", i), 1, time.Second))
		}
		assert.LessOrEqual(t, limit.Known(b), 512)
	})
}
