package vendorhttp

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		contentType, body string
		want              Kind
	}{
		{"application/json", "", KindEmpty},
		{"application/json", " \r\n ", KindEmpty},
		{"application/json; charset=utf-8", `{"a":1}`, KindJSON},
		{"text/html", `{"a":1}`, KindJSON},
		{"", "\xef\xbb\xbf [1]", KindJSON},
		{"application/problem+json", `null`, KindJSON},
		{"text/plain", `null`, KindText},
		{"application/json", "<html><body>502</body></html>", KindHTML},
		{"application/json", "\n<!DOCTYPE html><title>x</title>", KindHTML},
		{"text/html", "<center>502</center>", KindHTML},
		{"application/json", `<?xml version="1.0"?><IntuitResponse/>`, KindXML},
		{"text/html", `<?xml version="1.0"?><IntuitResponse/>`, KindXML},
		{"application/json", "<Fault/>", KindXML},
		{"text/html;;;", "Service Unavailable", KindText},
		{"application/json", "upstream connect error", KindText},
		{"application/pdf", "%PDF-1.7", KindBinary},
		{"application/json", "a\x00b", KindBinary},
		{"image/png", "\x89PNG", KindBinary},
	} {
		assert.Equal(t, c.want, Classify(c.contentType, []byte(c.body)), "%s %q", c.contentType, c.body)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	response := func(body string) *Response { return &Response{Status: 200, Body: []byte(body)} }

	var v map[string]any
	require.NoError(t, response("\xef\xbb\xbf"+`{"amount":0.1000000000000000055511151231257827}`+"\n").Decode(&v))
	assert.Equal(t, json.Number("0.1000000000000000055511151231257827"), v["amount"], "an amount keeps all its digits")

	require.ErrorIs(t, response("<html>x</html>").Decode(&v), ErrNotJSON)
	require.ErrorIs(t, response("").Decode(&v), ErrNotJSON)
	require.ErrorIs(t, response(`{"a":[1,`).Decode(&v), io.ErrUnexpectedEOF)
	require.ErrorContains(t, response(`{"a":1} {"b":2}`).Decode(&v), "something after")

	var typed struct{ Count int }
	err := response(`{"Count":"jane@example.com"}`).Decode(&typed)
	require.ErrorContains(t, err, `"Count"`)
	assert.NotContains(t, err.Error(), "jane")
	err = response(`{"Count": jane}`).Decode(&typed)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "jane")
}
