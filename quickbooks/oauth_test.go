package quickbooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/ledger"
)

func TestProvider(t *testing.T) {
	t.Parallel()
	p, err := NewProvider("id", "secret", &ProviderOptions{Sandbox: true})
	require.NoError(t, err)
	c := p.Config("https://app.example/callback")
	assert.Equal(t, "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", c.Endpoint.TokenURL)
	link, err := url.Parse(c.AuthCodeURL("state-1"))
	require.NoError(t, err)
	assert.Equal(t, "com.intuit.quickbooks.accounting", link.Query().Get("scope"))
	assert.Equal(t, "state-1", link.Query().Get("state"))
	assert.Equal(t, SandboxBaseURL, p.o.BaseURL)
	_, err = NewProvider("id", "", nil)
	assert.Error(t, err)

	got, err := Realm(url.Values{"realmId": {realm}, "code": {"x"}, "state": {"y"}})
	require.NoError(t, err)
	assert.Equal(t, realm, got)
	_, err = Realm(url.Values{"code": {"x"}})
	assert.ErrorIs(t, err, ledger.ErrUnreadable)
	_, err = Realm(url.Values{"error": {"access_denied"}})
	assert.ErrorIs(t, err, ledger.ErrReconnect)
}

func TestRefreshAndExpiry(t *testing.T) {
	t.Parallel()
	s := &stub{answer: func(seenRequest) reply {
		return reply{body: `{"access_token":"a","refresh_token":"r2","token_type":"bearer","expires_in":3600,"x_refresh_token_expires_in":8726400,"x_refresh_token_hard_expires_in":157680000}`}
	}}
	p, err := NewProvider("id", "secret", nil)
	require.NoError(t, err)
	token, err := p.Config("https://app.example/cb").TokenSource(p.Context(ctx, &http.Client{Transport: s}), &oauth2.Token{RefreshToken: "r1"}).Token()
	require.NoError(t, err)
	assert.Equal(t, "true", s.last().Header.Get("X-Include-Refresh-Token-Hard-Expires-In"))
	assert.Contains(t, s.last().body, "grant_type=refresh_token")
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	assert.Equal(t, now.Add(101*24*time.Hour), IdleExpiry(token, now)) // 8,726,400 s
	assert.Equal(t, now.Add(5*365*24*time.Hour), HardExpiry(token, now))
	assert.True(t, HardExpiry(&oauth2.Token{}, now).IsZero())
	assert.Equal(t, now.Add(RefreshLife), IdleExpiry(&oauth2.Token{}, now))
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	s := &stub{answer: func(seenRequest) reply { return reply{} }}
	p, err := NewProvider("id", "secret", nil)
	require.NoError(t, err)
	require.NoError(t, p.Revoke(ctx, &http.Client{Transport: s}, &oauth2.Token{RefreshToken: "r1"}))
	r := s.last()
	assert.Equal(t, "https://developer.api.intuit.com/v2/oauth2/tokens/revoke", r.URL.String())
	assert.Equal(t, `{"token":"r1"}`, r.body)
	id, secret, ok := r.BasicAuth()
	assert.True(t, ok && id == "id" && secret == "secret")
	s.answer = func(seenRequest) reply { return reply{status: 400} }
	err = p.Revoke(ctx, &http.Client{Transport: s}, &oauth2.Token{RefreshToken: "r1"})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "r1")
}

// A grant that has ended is a reason to connect again, from whatever call it shows.
func TestGrantEnded(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, func(seenRequest) reply {
		return reply{err: &oauth2.RetrieveError{Response: &http.Response{StatusCode: 400}, ErrorCode: "invalid_grant"}}
	})
	_, err := l.Organisation(ctx)
	require.ErrorIs(t, err, ledger.ErrReconnect)
	assert.Equal(t, "invalid_grant", ledger.Code(err))
}

func sign(token, body string) http.Header {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte(body))
	h := http.Header{}
	h.Set(SignatureHeader, base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h
}

func TestWebhookFormats(t *testing.T) {
	t.Parallel()
	w, err := NewWebhook("verifier", "next")
	require.NoError(t, err)
	_, err = NewWebhook("")
	assert.Error(t, err)

	old := `{"eventNotifications":[{"realmId":"1269959970","dataChangeEvent":{"entities":[` +
		`{"name":"Vendor","id":"40","operation":"Update","lastUpdated":"2016-10-05T03:09:04.000Z"},` +
		`{"name":"Invoice","id":"7","operation":"Delete","lastUpdated":"2016-10-05T03:09:04.000Z"},` +
		`{"name":"Customer","id":"43","operation":"Merge","deletedId":"44"},{"name":"Class","id":"1","operation":"Create"}]}}]}`
	notices, err := w.Notices(sign("verifier", old), []byte(old))
	require.NoError(t, err)
	require.Len(t, notices, 4)
	org := ledger.OrganisationID{Vendor: Vendor, ID: "1269959970"}
	assert.Equal(t, ledger.Notice{Organisation: org, Routing: org.ID, Kind: ledger.KindContact, ID: "40", At: time.Date(2016, 10, 5, 3, 9, 4, 0, time.UTC)}, notices[0])
	assert.True(t, notices[1].Deleted)
	assert.Equal(t, "44", notices[3].ID)
	assert.True(t, notices[3].Deleted)

	// One delivery of the newer form mixes companies.
	events := `[{"specversion":"1.0","id":"d1","source":"intuit.x","type":"qbo.invoice.created.v1","time":"2025-10-07T19:59:07.034359333Z","intuitentityid":"1234","intuitaccountid":"310687","data":{}},` +
		`{"specversion":"1.0","id":"d2","source":"intuit.x","type":"qbo.payment.deleted.v1","time":"2025-10-07T19:59:08Z","intuitentityid":"9","intuitaccountid":"310688"},` +
		`{"specversion":"1.0","id":"d3","source":"intuit.x","type":"qbo.class.created.v1","time":"x","intuitentityid":"1","intuitaccountid":"310687"}]`
	notices, err = w.Notices(sign("next", events), []byte(events))
	require.NoError(t, err)
	require.Len(t, notices, 2)
	assert.Equal(t, "310687", notices[0].Organisation.ID)
	assert.Equal(t, ledger.KindInvoice, notices[0].Kind)
	assert.Equal(t, "310688", notices[1].Organisation.ID)
	assert.True(t, notices[1].Deleted)

	_, err = w.Notices(sign("verifier", old), []byte(old+" "))
	assert.ErrorIs(t, err, ErrSignature)
	_, err = w.Notices(sign("verifier", "x"), []byte("x"))
	assert.Error(t, err)
}

func TestWebhookHandler(t *testing.T) {
	t.Parallel()
	w, err := NewWebhook("verifier")
	require.NoError(t, err)
	var got []ledger.Notice
	var fail error
	h := w.Handler(func(_ context.Context, n []ledger.Notice) error { got = append(got, n...); return fail })
	body := `[{"type":"qbo.invoice.voided.v1","time":"2025-10-07T19:59:07Z","intuitentityid":"1","intuitaccountid":"2"}]`
	send := func(method, signature string) int {
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.Header.Set(SignatureHeader, signature)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
	good := sign("verifier", body).Get(SignatureHeader)
	assert.Equal(t, 200, send("POST", good))
	assert.Len(t, got, 1)
	assert.Equal(t, 401, send("POST", "AAAA"))
	assert.Equal(t, 405, send("GET", good))
	fail = errors.New("full")
	assert.Equal(t, 500, send("POST", good))
}
