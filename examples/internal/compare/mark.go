package compare

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

type organisation struct{ vendor, id string }

// mark is what a ledger's record carries when it was made from the source's record id: the first ten
// bytes of a SHA-256 in base32. Each text is hashed behind its length; at the end stands the generation,
// which is 0 unless somebody has created a record again on purpose.
func mark(into organisation, kind string, from organisation, id string) string {
	h := sha256.New()
	length := func(n int) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	for _, text := range []string{into.vendor, into.id, kind, from.vendor, from.id, id} {
		length(len(text))
		h.Write([]byte(text))
	}
	length(0)
	return base32.StdEncoding.EncodeToString(h.Sum(nil)[:10])
}

// lastMark returns the last word of a text that looks like a mark. Xero takes no link that spells its
// name, so that a mark which does by chance has its X escaped.
func lastMark(text string) string {
	text = strings.ReplaceAll(text, "%58", "X")
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n/#?&=:;,", r) })
	for i := len(words) - 1; i >= 0; i-- {
		if len(words[i]) == 16 && strings.Trim(words[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "" {
			return words[i]
		}
	}
	return ""
}
