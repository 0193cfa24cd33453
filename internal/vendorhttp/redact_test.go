package vendorhttp

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "Invoice # must be unique.", "Invoice # must be unique."},
		{"an amount stays", "3 @ 20.00 is 60.00", "3 @ 20.00 is 60.00"},
		{"address", "Contact jane.doe+x@example.co.uk exists", "Contact [e-mail] exists"},
		{"address in JSON", `{"EmailAddress":"jane@example.com"}`, `{"EmailAddress":"[e-mail]"}`},
		{"address in angle brackets", "Jane <jane@example.com>, again", "Jane <[e-mail]>, again"},
		{"address without a dot", "user jane@localhost", "user [e-mail]"},
		{"quoted local part", `to "jane doe"@example.com now`, "to [e-mail] now"},
		{"escaped address", "where email=jane%40example.com", "where email=[e-mail]"},
		{"doubly escaped address", "jane%2540example.com", "[e-mail]"},
		{"JSON escape", `jane\u0040example.com`, "[e-mail]"},
		{"HTML entity", "jane&#64;example.com", "[e-mail]"},
		{"full width", "jane＠example.com", "[e-mail]"},
		{"hidden by a zero width space", "jane\u200b@\u200bexample.com", "[e-mail]"},
		{"two addresses", "a@b.c,d@e.f", "[e-mail],[e-mail]"},
		{"bearer", "Authorization: Bearer abc.def-123_x", "Authorization: [secret] [secret]"},
		{"bearer alone", "sent Bearer abc.def-123_x to us", "sent Bearer [secret] to us"},
		{"basic", "basic dXNlcjpwYXNz", "basic [secret]"},
		{"JWT", "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln is old", "token [token] is old"},
		{"secrets by name", `{"refresh_token":"r1","client_secret": "s2"}`, `{"refresh_token":"[secret]","client_secret": "[secret]"}`},
		{"form", "grant_type=refresh_token&refresh_token=r1&x=1", "grant_type=refresh_token&refresh_token=[secret]&x=1"},
		{"query of a URL", `Get "https://api.xero.com/Contacts?where=Name%3D%22Jane%22": EOF`, `Get "https://api.xero.com/Contacts?…": EOF`},
		{"control characters", "a\r\nb\x00c\td", "a b c d"},
		{"invalid UTF-8", "a\xffb", "a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, Redact(c.in))
		})
	}
	long := Redact(strings.Repeat("é", 501))
	assert.Equal(t, strings.Repeat("é", 500)+"…", long)
}

func TestRouteOf(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/Invoices":                      "/Invoices",
		"/Invoices/INV-0042":             "/Invoices/{}",
		"/v1/orders/17/payments":         "/v1/orders/{}/payments",
		"/v3/company/9130357/query":      "/v3/company/{}/query",
		"/Contacts/jane@example.com":     "/Contacts/{}",
		"/Invoices/7a/Attachments/J%20D": "/Invoices/{}/Attachments/{}",
		"/api.xro/2.0/Invoices":          "/api.xro/2.0/Invoices",
		"/crm/rest/v2/contacts/":         "/crm/rest/v2/contacts/",
		"/x/eyJhbGciOiJSUzI1NiJ9":        "/x/{}",
		"":                               "",
	} {
		assert.Equal(t, want, RouteOf(in), in)
	}
}

var mailLike = regexp.MustCompile(`[^\s@]@[^\s@]`)

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"jane@example.com", "a @ b", `"x y"@z`, "%40", "Bearer x", "(@)", "a\u00ad@b", "https://a?b@c", "@@", "@", "a@ @b", "&commat;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Redact(s)
		if mailLike.MatchString(out) {
			t.Errorf("an e-mail address survives in %q", out)
		}
		if !utf8.ValidString(out) || utf8.RuneCountInString(out) > maxRedacted+1 || strings.ContainsAny(out, "\r\n\x00") {
			t.Errorf("not fit to be logged: %q", out)
		}
		if strings.Contains(s, "jane") {
			return
		}
		if again := Redact("x jane.doe@example.com " + s); strings.Contains(again, "jane") {
			t.Errorf("what follows an address saves it: %q", again)
		}
		if again := Redact(s + " jane.doe@example.com"); strings.Contains(again, "jane") {
			t.Errorf("what precedes an address saves it: %q", again)
		}
	})
}
