package vendorbooks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
)

// Printable shows an enum that is not known: letters only, so that nothing personal passes.
func Printable(s string) string {
	if s == "" {
		return "nothing"
	}
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' {
			return "something else than a word"
		}
	}
	return s[:min(len(s), 32)]
}

// Fit cuts s to n characters.
func Fit(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return strings.TrimRight(string(runes[:max(n, 0)]), " ")
}

// Mask takes texts of a record, its name or its address, out of what a vendor says of it.
func Mask(text string, personal []string) string {
	for _, p := range personal {
		if len(p) > 1 {
			text = regexp.MustCompile(`(?i)`+regexp.QuoteMeta(p)).ReplaceAllString(text, "[…]")
		}
	}
	return text
}

// Said is one of a vendor's reasons: the code that we know it by, and a text that may be shown.
type Said struct{ Code, Text string }

// Refusal makes one of a vendor's reasons: the first code that says something, and every text once.
func Refusal(vendorCode string, reasons []Said) *ledger.Refusal {
	r := &ledger.Refusal{Code: ledger.RefusedOther, Vendor: vendorCode}
	var texts []string
	for _, said := range reasons {
		if r.Code == ledger.RefusedOther {
			r.Code = said.Code
		}
		if said.Text != "" && !slices.Contains(texts, said.Text) {
			texts = append(texts, said.Text)
		}
	}
	r.Message = strings.Join(texts, "; ")
	return r
}
