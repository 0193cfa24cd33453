package vendorbooks

import "strings"

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
