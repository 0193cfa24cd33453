package settle

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// Whatever the host says, in whatever order, and whatever goes wrong on the way: in the end each confirmed payment
// is in the books once, nothing is that failed, and what was given back is there at most once and shown.
func TestTorture(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				random := rand.New(rand.NewPCG(seed, 7))
				s.opts.SweepEvery = 6 * time.Hour
				s.books.Faults().Random(func(r *rand.Rand, req *http.Request) *faults.Fault {
					if req.Method == http.MethodGet || r.IntN(3) != 0 {
						return nil
					}
					kinds := []faults.Kind{faults.LoseRequest, faults.LoseAnswer, faults.CommitLate, faults.CommitByElement, faults.Truncate, faults.HTML, faults.HTMLAfter}
					// A request may take two minutes at most, and be carried out as late.
					return &faults.Fault{Kind: kinds[r.IntN(len(kinds))], Delay: time.Duration(r.IntN(100)) * time.Second}
				})
				var ids []string
				invoice := map[string]string{}
				older, restored := store.Store(nil), false
				for round := range 14 {
					for range random.IntN(4) {
						inv := s.books.AddInvoice("500.00")
						id := s.host.Add(inv, fmt.Sprintf("%d.00", 100+len(ids)), status(anyOf(random)))
						ids, invoice[id] = append(ids, id), inv
					}
					if len(ids) > 0 {
						for range random.IntN(3) {
							id, now := ids[random.IntN(len(ids))], anyOf(random)
							if random.IntN(2) == 0 {
								s.host.Set(id, now)
							} else {
								s.host.ChangeInSilence(id, status(now))
							}
						}
					}
					switch random.IntN(8) {
					case 0:
						older = s.db.(*store.Memory).Clone()
					case 1:
						if older != nil && round > 4 {
							restored = true
							s.db, older = older, nil
						}
					}
					ctx, cancel := context.WithCancel(context.Background())
					if random.IntN(4) == 0 {
						time.AfterFunc(time.Duration(random.IntN(5000))*time.Millisecond, cancel)
					}
					_, err := s.settle().Run(ctx)
					if err != nil && !errors.Is(err, ledger.ErrLater) && !errors.Is(err, context.Canceled) && !errors.Is(err, ledger.ErrFailed) {
						t.Fatal(err)
					}
					cancel()
					time.Sleep(time.Duration(random.IntN(20)) * time.Minute)
				}
				s.books.Faults().Clear()
				for range 3 {
					time.Sleep(25 * time.Hour)
					s.rest()
				}
				parked := map[string]bool{} // an older store cannot know who deleted a payment, and asks
				rig.Check(t, s.db.View(context.Background(), func(tx store.Tx) error {
					links, err := tx.Links().List(store.LinkFilter{Pair: store.Pair{Source: s.settings.Host, Ledger: s.settings.Ledger}, Code: "payment_deleted_in_ledger"})
					for _, l := range links {
						parked[l.SourceID] = l.State == store.Parked && restored
					}
					return err
				}))
				live := map[string]int{}
				for _, p := range s.books.Live() {
					live[p.Invoice+" "+p.Amount]++
				}
				rows, err := s.host.Payments(context.Background(), ids)
				rig.Check(t, err)
				for _, p := range rows {
					n := live[invoice[p.ID]+" "+p.Amount.StringFixed(2)]
					switch {
					case p.Status == ledger.PaymentConfirmed && n != 1 && !(n == 0 && parked[p.ID]), n > 1, p.Status == ledger.PaymentFailed && n != 0:
						t.Errorf("%s is %s, and stands %d times in the books", p.ID, p.Status, n)
					}
				}
			})
		})
	}
}

func anyOf(r *rand.Rand) ledger.PaymentStatus {
	return []ledger.PaymentStatus{ledger.PaymentConfirmed, ledger.PaymentConfirmed, ledger.PaymentPending, ledger.PaymentFailed, ledger.PaymentRefunded}[r.IntN(5)]
}
