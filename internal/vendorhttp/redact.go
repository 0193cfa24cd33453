package vendorhttp

import (
	"regexp"
	"strings"
	"unicode"
)

// maxRedacted is the length of what Redact returns, in characters: enough for a reason, too short for
// a page.
const maxRedacted = 500

// maxRead bounds the work: what is behind it would hardly be shown.
const maxRead = 64 << 10

// The patterns run in this order. They are generous: a word too many masked costs nothing.
var (
	urlQuery = regexp.MustCompile(`(?i)(\bhttps?://[^\s"'<>?#]+)[?#][^\s"'<>]*`)
	// The sign of an e-mail address, plain, full width, in a URL or in JSON, with all that touches it.
	mailSign = `(?:[@＠﹫]|%(?:25)*40|\\u0040|\\x40|&#64;|&#x40;|&commat;)`
	// A quoted local part may hold spaces: "jane doe"@example.com
	quotedMail = regexp.MustCompile(`(?i)"[^"\n]{0,64}"` + mailSign + `\S*`)
	mail       = regexp.MustCompile(`(?i)(?:[^\s<>()\[\]{},;:"'=|/]*` + mailSign + `[^\s<>()\[\]{},;:"'=|/]*)+`)
	jwt        = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){1,4}`)
	scheme     = regexp.MustCompile(`(?i)\b(bearer|basic)[ \t:]+[A-Za-z0-9._~+/=-]{8,}`)
	secret     = regexp.MustCompile(`(?i)\b((?:access|refresh|id|x-refresh)[_-]?token|client[_-]?secret|authorization|api[_-]?key|password|code_verifier|x-hook-secret)("?\s*[:=]\s*"?)[^\s"&,;}]+`)
)

// Redact makes a vendor's message fit to be shown and logged: e-mail addresses, bearer strings, JWTs,
// secrets by name and the queries of URLs are masked, control characters become spaces, and what is
// longer than 500 characters is cut. Names, which nobody can tell from other words, stay: where a
// message may quote a name, use the vendor's code instead.
func Redact(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxRead)], "�")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r): // invisible: it would hide an address from the patterns
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		}
		return r
	}, s)
	s = urlQuery.ReplaceAllString(s, "$1?…")
	s = quotedMail.ReplaceAllString(s, "[e-mail]")
	s = maskMail(s)
	s = jwt.ReplaceAllString(s, "[token]")
	s = scheme.ReplaceAllString(s, "$1 [secret]")
	s = secret.ReplaceAllString(s, "$1$2[secret]")
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxRedacted {
		s = string(runes[:maxRedacted]) + "…"
	}
	return s
}

// maskMail masks whatever touches the sign of an e-mail address. The sign alone, "3 @ 20.00", stays.
func maskMail(s string) string {
	var b strings.Builder
	rest := 0
	for _, m := range mail.FindAllStringIndex(s, -1) {
		from, to := m[0], m[1]
		alone := s[from:to] == "@" && (from == 0 || s[from-1] == ' ') && (to == len(s) || s[to] == ' ')
		if alone {
			continue
		}
		b.WriteString(s[rest:from])
		b.WriteString("[e-mail]")
		rest = to
	}
	b.WriteString(s[rest:])
	return b.String()
}

// RouteOf returns path with the segments masked that look like an id, a number or a name, for
// "/Invoices/INV-0042" "/Invoices/{}". What it keeps is letters only, with a version like v2 or a
// suffix like .json, and short.
func RouteOf(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "" && !plainSegment.MatchString(s) {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

var plainSegment = regexp.MustCompile(`^(?:v\d{1,2}|[A-Za-z_-]{1,32}(?:\.(?:api|json|xro|xml))?|\d\.\d)$`)
