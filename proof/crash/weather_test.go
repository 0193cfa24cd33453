package crash

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// A weather is what can go wrong at one vendor.
type weather struct {
	late  time.Duration // a byte that has left takes effect before the quiet time is over, or never
	reads []string      // what the vendor answers instead of a reading
	limit []string      // what it answers for a limit
	any   []string      // what it answers to any write
	batch []string      // and to one of a batch; an error that names the only record there is would be a plain lie
	whole func(*http.Request) bool
}

var weathers = map[rig.Vendor]weather{
	rig.OnXero: {
		late:  6*time.Minute + 50*time.Second,
		reads: []string{"429_minute", "429_concurrent", "503_offline", "500"},
		limit: []string{"429_minute", "429_concurrent", "429_app", "429_day"},
		any:   []string{"500", "500_after", "503_offline", "503_unavailable", "400_key_reused"},
		batch: []string{"400_elements", "400_elements_all"},
		whole: func(r *http.Request) bool { return r.Method == http.MethodPut },
	},
	rig.OnQuickBooks: {
		late:  4*time.Minute + 50*time.Second,
		reads: []string{"429", "429_json", "403_throttle", "500", "503_html", "200_fault"},
		limit: []string{"429", "429_json", "429_batch", "429_quota", "403_throttle"},
		any:   []string{"500", "500_after", "500_gateway", "500_xml", "502_html", "503_html", "200_fault", "200_fault_after", "400_stale"},
		batch: []string{"item_fault", "item_fault_after", "item_missing"},
		whole: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/batch") },
	},
}

// draw lets wrath per cent of the writes go wrong, and a fifth as many readings.
func (w weather) draw(rng *rand.Rand, r *http.Request, wrath int) *faults.Fault {
	if r.Method == http.MethodGet {
		if rng.IntN(100) >= wrath/5 {
			return nil
		}
		return pick(rng, reading(rng), &faults.Fault{Kind: faults.Vendor, Name: pick(rng, w.reads...)})
	}
	if rng.IntN(100) >= wrath {
		return nil
	}
	within := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
	switch rng.IntN(10) {
	case 0:
		return &faults.Fault{Kind: faults.LoseRequest}
	case 1:
		return &faults.Fault{Kind: faults.LoseAnswer}
	case 2:
		return &faults.Fault{Kind: faults.CommitLate, Delay: within(w.late)}
	case 3:
		return &faults.Fault{Kind: faults.CommitByElement, Delay: within(4 * time.Second), Elements: rng.IntN(6)}
	case 4:
		return &faults.Fault{Kind: faults.Slow, Delay: within(w.late - 50*time.Second)}
	case 5:
		return &faults.Fault{Kind: faults.SlowAnswer, Delay: within(4 * time.Minute)}
	case 6:
		return &faults.Fault{Kind: pick(rng, faults.Truncate, faults.HTML, faults.HTMLAfter)}
	case 7:
		return &faults.Fault{Kind: faults.Vendor, Name: pick(rng, w.limit...)}
	}
	names := w.any
	if w.whole(r) {
		names = append(names[:len(names):len(names)], w.batch...)
	}
	return &faults.Fault{Kind: faults.Vendor, Name: pick(rng, names...)}
}

// quickbooksSwitches are positions of what is not documented. A requestid is remembered for as long as the adapter trusts
// it to be, or longer.
func quickbooksSwitches(rng *rand.Rand) quickbooksfake.Switches {
	yes := func() bool { return rng.IntN(2) == 0 }
	return quickbooksfake.Switches{
		RequestIDLife: pick(rng, 5*time.Minute, 0), RequestIDChecksBody: yes(), RequestIDForgetsFaults: yes(), BatchInOrder: yes(),
		CDCLimitPerEntity: yes(), ChangedSinceExclusive: yes(), NumericIDOrder: yes(), PaidInvoicesKept: yes(), DeleteUnlinks: yes(),
		InactiveNamesFree: yes(), TaxPerDocument: yes(),
	}
}
