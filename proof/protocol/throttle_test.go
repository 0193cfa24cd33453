package protocol

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// A meter stands on the wire and notes when requests leave and how long they are away.
type meter struct {
	next http.RoundTripper

	mu            sync.Mutex
	all, batches  []time.Time
	away, highest int
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	m.all = append(m.all, time.Now())
	if strings.HasSuffix(r.URL.Path, "/batch") {
		m.batches = append(m.batches, time.Now())
	}
	m.away++
	m.highest = max(m.highest, m.away)
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.away--
	}()
	return m.next.RoundTrip(r)
}

// most is how many of the times lie in any one window.
func most(times []time.Time, window time.Duration) int {
	n := 0
	for i, from := range times {
		end, _ := slices.BinarySearchFunc(times, from.Add(window), time.Time.Compare)
		n = max(n, end-i)
	}
	return n
}

// QuickBooks throttles in the middle of 2,000 orders, in each of its ways, and says never when to come back: all arrive,
// none twice, and no limit is ever passed. Of the limits the sheet says: 500 a minute, 10 a second, 10 at a time, and
// 40 batches a minute.
func TestThrottledInTheMiddleOfTwoThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("2,000 orders take their time under the race detector; TestLimitsAreSharedWithOthers has what runs at once")
	}
	world := rig.World{Ledger: rig.OnQuickBooks, Latency: 300 * time.Millisecond}
	flowIn(t, world, 0, func(t *testing.T, r *rig.Rig) {
		const orders, clients = 2000, 300
		var ids []int64
		for range clients {
			ids = append(ids, r.Client().ID)
		}
		for i := range orders {
			r.OrderFor(ids[i%clients], "110.00", true)
		}
		throttled := 0
		throttle := func(kind ledger.RecordKind, skip int, name string, times int) {
			throttled += times
			r.OnCreate(kind, faults.Fault{Skip: skip, Times: times, Kind: faults.Vendor, Name: name})
		}
		throttle(ledger.KindContact, 4, "429_batch", 1)
		throttle(ledger.KindInvoice, 3, "429", 2)
		throttle(ledger.KindInvoice, 20, "403_throttle", 1)
		throttle(ledger.KindInvoice, 40, "429_json", 3)
		throttle(ledger.KindPayment, 10, "429_batch", 3)
		throttle(ledger.KindPayment, 30, "429", 1)
		// And a storm would not be one if no answer was lost.
		r.OnCreate(ledger.KindInvoice, faults.Fault{Skip: 30, Kind: faults.LoseAnswer})
		r.OnCreate(ledger.KindPayment, faults.Fault{Skip: 35, Kind: faults.LoseAnswer})

		client := r.LedgerClient()
		m := &meter{next: client.Transport}
		client.Transport = m
		p, err := newPush(r, r.LedgerOver(client), &r.Opts)
		rig.Check(t, err)
		began := time.Now()
		rep, err := p.Run(t.Context())
		rig.Check(t, err)
		r.AddsUp(rep)
		if rep.Invoices.Created != orders || rep.Payments.Created != orders || rep.Contacts.Created != clients || !rep.Difference.IsZero() {
			t.Fatalf("%+v", rep)
		}
		r.Expect(orders, clients, orders)
		rig.Check(t, r.Once())

		// The fake refuses whatever passes a limit, and has refused nothing but what was asked of it.
		counts := r.QuickBooks.Counts()
		if refused := counts.ByStatus[http.StatusTooManyRequests] + counts.ByStatus[http.StatusForbidden]; refused != throttled || throttled != 11 {
			t.Fatalf("%d requests were throttled, %d of them on purpose", refused, throttled)
		}
		for _, limit := range []struct {
			what       string
			have, most int
		}{
			{"in a minute", most(m.all, time.Minute), 500}, {"in a second", most(m.all, time.Second), 10}, {"at a time", m.highest, 10},
			{"batches in a minute", most(m.batches, time.Minute), 40},
		} {
			if limit.have > limit.most {
				t.Errorf("%d requests %s, %d are allowed", limit.have, limit.what, limit.most)
			}
		}
		// 2,000 invoices and as many payments are 67 batches each, 300 clients are 10; eleven were throttled, and what was lost
		// had arrived, and was found.
		if batches := 67 + 67 + 10 + throttled; len(m.batches) != batches {
			t.Errorf("%d batches, want %d", len(m.batches), batches)
		}
		// Each throttled batch waits for a minute.
		if took := time.Since(began); took < 11*time.Minute || took > 20*time.Minute {
			t.Errorf("it took %s", took)
		}
		const looks = 2 * 5 // a look for what was lost, among more changes than one answer shows
		if calls := r.Calls(); calls > (67+67+10)*105/100+15+throttled+looks {
			t.Errorf("%d calls: %v", calls, counts.ByRoute)
		}
	})
}

// Somebody else uses a part of the same limits: QuickBooks throttles before ours are used up, in XML and without a
// word of when to come back. All arrive, none twice.
func TestLimitsAreSharedWithOthers(t *testing.T) {
	for name, world := range map[string]rig.World{
		"batches, in XML":  {Limits: quickbooksfake.Limits{BatchMinute: 7}},
		"batches, in JSON": {Limits: quickbooksfake.Limits{BatchMinute: 7}, QuickBooks: quickbooksfake.Switches{ThrottleJSON: true}},
		"calls":            {Limits: quickbooksfake.Limits{Minute: 9}},
		"calls a second":   {Limits: quickbooksfake.Limits{Second: 2}},
		// Each page of a reading waits for a minute then, and a reading of several outlives a lease that nobody renews.
		"a call a second": {Limits: quickbooksfake.Limits{Second: 1}},
	} {
		world.Ledger = rig.OnQuickBooks
		t.Run(name, func(t *testing.T) {
			flowIn(t, world, 100, func(t *testing.T, r *rig.Rig) {
				atRest(r, 100)
				if r.QuickBooks.Counts().ByStatus[http.StatusTooManyRequests] == 0 {
					t.Fatal("nothing was throttled, so nothing was shown")
				}
			})
		})
	}
}
