package xero

import (
	"encoding/json"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// position is where a reading stands. There are two ways of reading.
//
// A scan goes over everything, or everything that was modified at or after Since, in pages ordered by
// id. Ids never change and nothing ever leaves either list (voided and deleted records stay in it, and
// what is modified again was modified after Since all the more), so that no page edge can swallow a
// record; what enters lands anywhere, and comes with the changes that are read afterwards, from Start.
//
// A filter by status or date is read by time, and so are the changes of contacts, whose order by id Xero
// does not list as optimised: records leave such a list while it is read, and an offset
// would lose the row that slides over the page edge. It is always the first page of what was modified at
// or after Since, oldest first, and Since then moves to the last record.
// Page numbers are needed only where more records than fit into a page changed within one second.
// Then they are checked: Seen is a hash of the ids on the pages before Page, and a second
// reading of those pages must give the same.
type position struct {
	V     int    `json:"v"`
	Kind  string `json:"k"` // "invoices", "contacts", "payments"
	Scan  bool   `json:"scan,omitempty"`
	Page  int    `json:"p,omitempty"` // from 1; 0 is 1
	Size  int    `json:"n,omitempty"` // page size, on which page numbers depend
	Since int64  `json:"s,omitempty"` // ms since 1970; 0: from the beginning
	Start int64  `json:"c,omitempty"` // the vendor's clock when the reading began, ms
	From  string `json:"f,omitempty"` // only documents dated on or after it
	Seen  uint64 `json:"h,omitempty,string"`
}

const positionVersion = 1

func (p position) cursor() ledger.Cursor {
	p.V = positionVersion
	b, _ := json.Marshal(p) // of integers and strings
	return ledger.Cursor(b)
}

func parseCursor(kind string, c ledger.Cursor) (position, error) {
	var p position
	err := json.Unmarshal([]byte(c), &p)
	if err != nil || p.V != positionVersion || p.Kind != kind || p.Page < 0 || p.Size < 0 || p.Size > 1000 {
		return position{}, &ledger.Error{
			Kind: ledger.ErrUnsupported, Room: Vendor, Thing: kind,
			Message: "the cursor is not one of this adapter for " + kind + ": start without a cursor",
		}
	}
	return p, nil
}

func (p position) since() time.Time {
	if p.Since == 0 {
		return time.Time{}
	}
	return time.UnixMilli(p.Since).UTC()
}
