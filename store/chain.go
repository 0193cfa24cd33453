package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// ChainHead is where a chain of activity rows ends: the number and hash of its last row, zero before
// the first. Stores use it to append rows and to verify them, so that all of them make the same chain.
//
// The chain shows accidents and careless hands: a row that was changed, removed, added or moved. It is
// no defence against somebody who may write the whole store and computes every hash anew.
type ChainHead struct {
	Seq  int64
	Hash string
}

// Add returns row as the next of the chain, numbered and hashed, and moves the head to it. At becomes
// UTC and loses what is below a millisecond, so that every store can give back what was hashed.
func (h *ChainHead) Add(row Row) Row {
	row.At = row.At.UTC().Truncate(time.Millisecond)
	row.Seq, row.Prev = h.Seq+1, h.Hash
	row.Hash = row.ChainHash()
	h.Seq, h.Hash = row.Seq, row.Hash
	return row
}

// Follow moves the head to row, or returns an error that names it when it is not the next of the chain
// or not what was once appended.
func (h *ChainHead) Follow(row Row) error {
	switch {
	case row.Seq != h.Seq+1:
		return fmt.Errorf("store: activity row %d: missing, row %d follows row %d", h.Seq+1, row.Seq, h.Seq)
	case row.Prev != h.Hash:
		return fmt.Errorf("store: activity row %d: it is not chained to the row before", row.Seq)
	case row.Hash != row.ChainHash():
		return fmt.Errorf("store: activity row %d: its content was changed after it was written", row.Seq)
	}
	h.Seq, h.Hash = row.Seq, row.Hash
	return nil
}

// Ends returns an error when the chain, walked to here, is not the one that the store says it appended
// last: rows are missing at its end.
func (h ChainHead) Ends(last ChainHead) error {
	if h != last {
		return fmt.Errorf("store: activity row %d: missing, the log must end with row %d", h.Seq+1, last.Seq)
	}
	return nil
}

// ChainHash returns what Hash must be: the SHA-256 in lower-case hex of these texts in this order, each
// with its length as eight bytes big-endian in front, so that no two rows run together into one text:
//
//	"activity 1", Prev, Seq, At as Unix milliseconds, the pair's source vendor, source id, ledger
//	vendor, ledger id, Run, Event, Kind, SourceID, LedgerID, the number of Codes, each code, Amount,
//	Currency, Detail
//
// Numbers are decimal; Amount is without trailing zeros ("12.3"), so that 12.30 and 12.3 are one amount.
func (r Row) ChainHash() string {
	buf := make([]byte, 0, 512)
	add := func(s string) {
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(s)))
		buf = append(buf, s...)
	}
	add("activity 1")
	add(r.Prev)
	var room [20]byte
	number := func(n int64) {
		digits := strconv.AppendInt(room[:0], n, 10)
		buf = binary.BigEndian.AppendUint64(buf, uint64(len(digits)))
		buf = append(buf, digits...)
	}
	number(r.Seq)
	number(r.At.UnixMilli())
	add(r.Pair.Source.Vendor)
	add(r.Pair.Source.ID)
	add(r.Pair.Ledger.Vendor)
	add(r.Pair.Ledger.ID)
	add(r.Run)
	add(r.Event)
	add(string(r.Kind))
	add(r.SourceID)
	add(r.LedgerID)
	number(int64(len(r.Codes)))
	for _, code := range r.Codes {
		add(code)
	}
	add(r.Amount.String())
	add(string(r.Currency))
	add(r.Detail)
	sum := sha256.Sum256(buf)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:])
}
