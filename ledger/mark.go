package ledger

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// RecordKind says what a written record is.
type RecordKind string

// The kinds of record.
const (
	KindInvoice    RecordKind = "invoice"
	KindContact    RecordKind = "contact"
	KindPayment    RecordKind = "payment"
	KindCreditNote RecordKind = "credit_note"
)

// Mark ties a record in a ledger to the record that it came from: 16 characters of A–Z and 2–7. It is
// the same for ever, on every machine, and it is what makes a lost answer findable.
type Mark string

// MarkLength is the number of characters of a mark.
const MarkLength = 16

// NewMark hashes where a record comes from and where it goes. The generation is 0, and rises only
// when a record is created again on purpose.
func NewMark(into OrganisationID, kind RecordKind, from OrganisationID, id string, generation int) Mark {
	text := make([]byte, 0, 256)
	for _, s := range [...]string{into.Vendor, into.ID, string(kind), from.Vendor, from.ID, id} {
		// The length goes in front, so that no two lists of fields run together into one text.
		text = binary.BigEndian.AppendUint64(text, uint64(len(s)))
		text = append(text, s...)
	}
	text = binary.BigEndian.AppendUint64(text, uint64(generation))
	sum := sha256.Sum256(text)
	return Mark(base32.StdEncoding.EncodeToString(sum[:10]))
}

// Valid reports whether m has the form of a mark.
func (m Mark) Valid() bool {
	if len(m) != MarkLength {
		return false
	}
	for i := range len(m) {
		if c := m[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// MarkIn returns the last word of text that has the form of a mark, or "". Words end at spaces and at
// any of / # ? & = : ; ,
func MarkIn(text string) Mark {
	for {
		word := text[strings.LastIndexAny(text, " \t\r\n/#?&=:;,")+1:]
		if m := Mark(word); m.Valid() {
			return m
		}
		if len(word) == len(text) {
			return ""
		}
		text = text[:len(text)-len(word)-1]
	}
}
