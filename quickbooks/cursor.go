package quickbooks

import (
	"encoding/json"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// mode is a way of reading.
type mode string

const (
	// modeScan goes over everything by CreateTime, which no edit, payment or void changes, kind by kind. Always the first
	// page from Since on is read, and Since then moves to the last record, so that no offset can lose a row.
	modeScan mode = "scan"
	// modeChanges is one call of change data capture for what changed since, deletions included.
	modeChanges mode = ""
	// modeDeep is for what change data capture does not reach: changes by LastUpdatedTime, kind by kind, read as a scan.
	modeDeep mode = "deep"
)

// position is where a reading stands.
//
// Page numbers are needed only where more records than fit into a page have one and the same second. Then they
// are checked: Seen is a hash of the ids on the pages before Page, and a second reading of those pages must
// give the same.
type position struct {
	V     int    `json:"v"`
	Kind  string `json:"k"` // "invoices", "contacts", "payments"
	Mode  mode   `json:"m,omitempty"`
	Part  int    `json:"e,omitempty"` // which of a feed's entities
	Page  int    `json:"p,omitempty"` // from 1; 0 is 1
	Size  int    `json:"n,omitempty"` // page size, on which page numbers depend
	Since int64  `json:"s,omitempty"` // s since 1970; 0: from the beginning
	Again int64  `json:"a,omitempty"` // where Since began, for the next entity
	Start int64  `json:"c,omitempty"` // the vendor's clock when the reading began, s
	From  string `json:"f,omitempty"` // only documents dated on or after it
	Seen  uint64 `json:"h,omitempty,string"`
}

const positionVersion = 1

func (p position) cursor() ledger.Cursor {
	p.V = positionVersion
	b, _ := json.Marshal(p) // of integers and strings
	return ledger.Cursor(b)
}

func parseCursor(kind string, parts int, c ledger.Cursor) (position, error) {
	var p position
	err := json.Unmarshal([]byte(c), &p)
	if err != nil || p.V != positionVersion || p.Kind != kind || p.Page < 0 || p.Size < 0 || p.Size > 1000 || p.Part < 0 || p.Part >= parts ||
		p.Mode != modeScan && p.Mode != modeChanges && p.Mode != modeDeep {
		return position{}, &ledger.Error{
			Kind: ledger.ErrUnsupported, Room: Vendor, Thing: kind,
			Message: "the cursor is not one of this adapter for " + kind + ": start without a cursor",
		}
	}
	return p, nil
}

func (p position) since() time.Time { return time.Unix(p.Since, 0).UTC() }
