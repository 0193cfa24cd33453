package infusionsoft

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

const hookKey = "abcdefghijABCDEFGHIJ-_09"

func verify(t *testing.T, body string, change func(*http.Request)) ([]ledger.Notice, http.Header, error) {
	t.Helper()
	v, err := NewVerifier("xx123", hookKey)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/hooks/keap/"+hookKey, strings.NewReader(body))
	if change != nil {
		change(r)
	}
	return v.Verify(r, []byte(body))
}

func TestHookHandshake(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{}", `{"event_key":"order.add"}`} {
		_, reply, err := verify(t, body, func(r *http.Request) { r.Header.Set("X-Hook-Secret", "s") })
		require.NoError(t, err)
		assert.Equal(t, http.Header{"X-Hook-Secret": {"s"}}, reply)
	}
	for name, change := range map[string]func(*http.Request){
		"another key": func(r *http.Request) { r.URL.Path = "/hooks/keap/" + hookKey[1:] },
		"no key":      func(r *http.Request) { r.URL.Path = "/hooks/keap/" },
		"a GET":       func(r *http.Request) { r.Method = http.MethodGet },
	} {
		notices, reply, err := verify(t, `{"event_key":"order.add","object_keys":[{"id":1}]}`, func(r *http.Request) {
			r.Header.Set("X-Hook-Secret", "s")
			change(r)
		})
		require.ErrorIs(t, err, ledger.ErrRefused, name)
		assert.Empty(t, notices)
		assert.Empty(t, reply, "nothing is handed back to a stranger")
	}
}

func TestHookNotices(t *testing.T) {
	t.Parallel()
	org := ledger.OrganisationID{Vendor: "infusionsoft", ID: testTenant}
	when := at("2026-03-01T12:00:00Z")
	for _, c := range []struct {
		name, body string
		want       []ledger.Notice
	}{
		{
			"orders", `{"event_key":"order.edit","object_type":"order","object_keys":[{"id":12,"apiUrl":"","timestamp":"2026-03-01T12:00:00Z"},{"id":"13","timestamp":"soon"},{"id":12,"timestamp":"2026-03-01T11:00:00Z"}]}`,
			[]ledger.Notice{{Organisation: org, Kind: ledger.KindInvoice, ID: "12", At: when}, {Organisation: org, Kind: ledger.KindInvoice, ID: "13"}},
		},
		{
			"a deleted order", `{"event_key":"order.delete","object_keys":[{"id":12}]}`,
			[]ledger.Notice{{Organisation: org, Kind: ledger.KindInvoice, ID: "12", Deleted: true}},
		},
		{
			"an invoice's id is no order's", `{"event_key":"invoice.edit","object_keys":[{"id":12},{"id":13}]}`,
			[]ledger.Notice{{Organisation: org, Kind: ledger.KindInvoice}},
		},
		{
			"unless its address leads to an order", `{"event_key":"invoice.add","object_keys":[{"id":12,"apiUrl":"https://api.infusionsoft.com/crm/rest/v1/orders/99"}]}`,
			[]ledger.Notice{{Organisation: org, Kind: ledger.KindInvoice, ID: "99"}},
		},
		{
			"a deleted invoice says nothing of its order", `{"event_key":"invoice.delete","object_keys":[{"id":12}]}`,
			[]ledger.Notice{{Organisation: org, Kind: ledger.KindInvoice}},
		},
		{
			"payments", `{"event_key":"invoice.payment.add","object_keys":[{"id":5,"timestamp":"2026-03-01T12:00:00Z"},{"id":6}]}`,
			[]ledger.Notice{{Organisation: org, Kind: ledger.KindPayment, At: when}},
		},
		{"nothing named", `{"event_key":"order.add","object_keys":[]}`, []ledger.Notice{{Organisation: org, Kind: ledger.KindInvoice}}},
		{"something else", `{"event_key":"task.add","object_keys":[{"id":5}]}`, nil},
	} {
		notices, reply, err := verify(t, c.body, nil)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, notices, c.name)
		assert.Empty(t, reply)
	}
	for _, body := range []string{"", "x", "[]", `{"object_keys":[{"id":1}]}`, `{"event_key":"order.add","object_keys":7}`, strings.Repeat(" ", maxHookBody+1)} {
		_, _, err := verify(t, body, nil)
		require.ErrorIs(t, err, ledger.ErrUnreadable)
	}
}

func TestHookKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"", "short", strings.Repeat("a", 19), strings.Repeat("a/", 20)} {
		_, err := NewVerifier("xx123", key)
		require.Error(t, err, key)
	}
	_, err := NewVerifier("", hookKey)
	require.Error(t, err)
	assert.Len(t, HookEvents(), 9)
}

func FuzzHook(f *testing.F) {
	f.Add(`{"event_key":"order.edit","object_keys":[{"id":12,"apiUrl":"https://x/orders/1","timestamp":"2026-03-01T12:00:00Z"}]}`)
	f.Add(`{"event_key":"invoice.payment.add","object_keys":[null]}`)
	v, err := NewVerifier("xx123", hookKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		notices, err := v.parse([]byte(body))
		for _, n := range notices {
			if err != nil || n.Organisation.ID != testTenant || n.ID != "" && !isID(n.ID) {
				t.Errorf("%v of %q", n, body)
			}
		}
	})
}
