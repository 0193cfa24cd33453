package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

func chainRow() store.Row {
	return store.Row{
		At:   time.Date(1970, 1, 1, 10, 0, 1, 2_900_000, time.FixedZone("east", 10*3600)),
		Pair: store.Pair{Source: ledger.OrganisationID{Vendor: "a", ID: "b"}, Ledger: ledger.OrganisationID{Vendor: "c", ID: "d"}},
		Run:  "r", Event: "e", Kind: "k", SourceID: "s", LedgerID: "", Codes: []string{"x", "yz"},
		Amount: decimal.RequireFromString("12.30"), Currency: "AUD", Detail: "why",
	}
}

// The canonical text, written out by hand from the doc comment.
func TestChainHashIsAsDocumented(t *testing.T) {
	t.Parallel()
	var head store.ChainHead
	got := head.Add(chainRow())
	var text strings.Builder
	for _, s := range []string{"activity 1", "", "1", "1002", "a", "b", "c", "d", "r", "e", "k", "s", "", "2", "x", "yz", "12.3", "AUD", "why"} {
		text.Write([]byte{0, 0, 0, 0, 0, 0, 0, byte(len(s))})
		text.WriteString(s)
	}
	sum := sha256.Sum256([]byte(text.String()))
	if want := hex.EncodeToString(sum[:]); got.Hash != want || got.Prev != "" || got.Seq != 1 {
		t.Errorf("got seq %d, prev %q, hash %s; want hash %s", got.Seq, got.Prev, got.Hash, want)
	}
	if want := time.UnixMilli(1002).UTC(); got.At != want {
		t.Errorf("at %v, want %v", got.At, want)
	}
	if head.Seq != 1 || head.Hash != got.Hash {
		t.Errorf("head %+v", head)
	}
}

// Every field is part of the hash, and no two fields can exchange a character.
func TestChainHashCoversEverything(t *testing.T) {
	t.Parallel()
	var head store.ChainHead
	first := head.Add(chainRow())
	row := head.Add(chainRow())
	if row.Prev != first.Hash || row.Hash == first.Hash {
		t.Error("the second row is not chained to the first")
	}
	for name, change := range map[string]func(*store.Row){
		"seq":            func(r *store.Row) { r.Seq++ },
		"prev":           func(r *store.Row) { r.Prev = "" },
		"at":             func(r *store.Row) { r.At = r.At.Add(time.Millisecond) },
		"source vendor":  func(r *store.Row) { r.Pair.Source.Vendor = "A" },
		"source org":     func(r *store.Row) { r.Pair.Source.ID = "" },
		"ledger vendor":  func(r *store.Row) { r.Pair.Ledger.Vendor = "" },
		"ledger org":     func(r *store.Row) { r.Pair.Ledger.ID = "dd" },
		"run":            func(r *store.Row) { r.Run = "" },
		"event":          func(r *store.Row) { r.Event = "E" },
		"kind":           func(r *store.Row) { r.Kind = "kk" },
		"source id":      func(r *store.Row) { r.SourceID, r.LedgerID = "", "s" },
		"codes joined":   func(r *store.Row) { r.Codes = []string{"xyz"} },
		"codes shifted":  func(r *store.Row) { r.Codes = []string{"xy", "z"} },
		"a code moved":   func(r *store.Row) { r.Codes = []string{"yz", "x"} },
		"amount":         func(r *store.Row) { r.Amount = r.Amount.Add(decimal.New(1, -2)) },
		"currency":       func(r *store.Row) { r.Currency = "NZD" },
		"detail":         func(r *store.Row) { r.Detail = "" },
		"hash":           func(r *store.Row) { r.Hash = strings.ToUpper(r.Hash) },
		"codes to texts": func(r *store.Row) { r.Codes, r.Detail = nil, "x" },
	} {
		changed := row
		change(&changed)
		at := store.ChainHead{Seq: first.Seq, Hash: first.Hash}
		if err := at.Follow(changed); err == nil {
			t.Errorf("%s: the change is not seen", name)
		}
	}
	same := row
	same.Amount = decimal.RequireFromString("12.300")
	at := store.ChainHead{Seq: first.Seq, Hash: first.Hash}
	if err := at.Follow(same); err != nil {
		t.Errorf("12.300 for 12.30: %v", err)
	}
	if err := at.Ends(head); err != nil {
		t.Error(err)
	}
	if err := at.Ends(store.ChainHead{Seq: 3, Hash: "x"}); err == nil {
		t.Error("a missing end is not seen")
	}
}
