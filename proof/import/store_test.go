package imports

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/proof/internal/importrig"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
)

// The budget in a store that outlives the process, which may keep an event in its window a hundredth longer: each
// portion still comes within the interval after its day, and the store is opened anew for every run.
func TestBudgetInAFile(t *testing.T) {
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) {
		w := importrig.New(t, importrig.Xero(t))
		w.Settings.Budget = 20
		for range 50 {
			w.Ledger.Add("100.00")
		}
		file := filepath.Join(t.TempDir(), "import.db")
		got := map[int]int{}
		for hour := range 73 {
			db, err := sqlite.Open(context.Background(), file, nil)
			rig.Check(t, err)
			w.DB = db
			if n := w.Run().Invoices.Created; n > 0 {
				got[hour] = n
			}
			rig.Check(t, db.Close())
			time.Sleep(time.Hour)
		}
		same(t, "portions", len(got), 3)
		same(t, "at once", got[0], 20)
		same(t, "after a day", got[24]+got[25], 20)
		same(t, "after two days", got[48]+got[49]+got[50], 10)
		same(t, "held", len(w.Host.Invoices()), 50)
		same(t, "deliveries", w.Host.Calls(), 50)
	})
}
