package protocol

import (
	"time"

	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// shortMemory is a QuickBooks that remembers a requestid no longer than the adapter trusts it to: 5 minutes.
var shortMemory = quickbooksfake.Switches{RequestIDLife: 5 * time.Minute}

// quietCalls are how many calls to the ledger a run with nothing to do may make.
var quietCalls = map[rig.Vendor]int{rig.OnXero: 3, rig.OnQuickBooks: 5}
