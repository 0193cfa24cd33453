package xero

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/ledger"
)

func TestTenantsPutsTheChosenOneFirst(t *testing.T) {
	t.Parallel()
	s := &stub{answer: func(seenRequest) reply {
		return reply{body: `[
			{"id":"c1","authEventId":"old","tenantId":"` + idA + `","tenantType":"ORGANISATION","tenantName":"First","createdDateUtc":"2019-12-07T18:46:19.5165400","updatedDateUtc":"2019-12-07T18:46:19.5187840"},
			{"id":"c2","authEventId":"new","tenantId":"` + idB + `","tenantType":"PRACTICE","tenantName":"Practice"},
			{"id":"c3","authEventId":"new","tenantId":"` + idC + `","tenantType":"ORGANISATION","tenantName":"Meant"}]`}
	}}
	p, err := NewProvider("client", "secret", nil)
	require.NoError(t, err)
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"authentication_event_id":"new"}`))
	tenants, err := p.Tenants(ctx, &http.Client{Transport: s}, &oauth2.Token{AccessToken: "h." + claims + ".s"})
	require.NoError(t, err)
	require.Len(t, tenants, 2)
	assert.Equal(t, Tenant{ID: idC, ConnectionID: "c3", Name: "Meant", Chosen: true}, tenants[0])
	assert.Equal(t, "First", tenants[1].Name)
	assert.False(t, tenants[1].Chosen)
	assert.Equal(t, 2019, tenants[1].ConnectedAt.Year())
	assert.Equal(t, "https://api.xero.com/connections", s.last().URL.String())
}

func TestProviderConfig(t *testing.T) {
	t.Parallel()
	p, err := NewProvider("client", "secret", nil)
	require.NoError(t, err)
	u, err := url.Parse(p.Config("http://localhost/cb").AuthCodeURL("state"))
	require.NoError(t, err)
	assert.Equal(t, "login.xero.com", u.Host)
	scopes := strings.Fields(u.Query().Get("scope"))
	assert.Contains(t, scopes, "offline_access")
	assert.Contains(t, scopes, "accounting.invoices")
	assert.NotContains(t, u.Query().Get("scope"), "accounting.transactions", "broad scopes are closed to new apps")
	assert.Equal(t, oauth2.AuthStyleInHeader, p.Config("").Endpoint.AuthStyle)
	pkce, err := NewProvider("client", "", nil)
	require.NoError(t, err)
	assert.Equal(t, oauth2.AuthStyleInParams, pkce.Config("").Endpoint.AuthStyle)
	_, err = NewProvider("", "", nil)
	assert.Error(t, err)
}

func TestRevokeAndDisconnect(t *testing.T) {
	t.Parallel()
	s := &stub{answer: func(r seenRequest) reply {
		if r.Method == http.MethodDelete {
			return reply{status: 404}
		}
		return reply{}
	}}
	p, err := NewProvider("client", "secret", nil)
	require.NoError(t, err)
	c := &http.Client{Transport: s}
	require.NoError(t, p.Revoke(ctx, c, &oauth2.Token{RefreshToken: "r+1"}))
	assert.Equal(t, RevocationURL, s.last().URL.String())
	assert.Equal(t, "token=r%2B1", s.last().body)
	user, password, _ := s.last().BasicAuth()
	assert.Equal(t, "client:secret", user+":"+password)
	require.NoError(t, p.Disconnect(ctx, c, "c 1"), "gone already is fine")
	assert.Equal(t, "/connections/c%201", s.last().URL.EscapedPath())
	require.Error(t, p.Revoke(ctx, c, &oauth2.Token{}))
}

func TestAnEndedConnection(t *testing.T) {
	t.Parallel()
	failing := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, &oauth2.RetrieveError{Response: &http.Response{StatusCode: 400}, Body: []byte(`{"error":"invalid_grant","secret":"jane@example.com"}`), ErrorCode: "invalid_grant"}
	})
	l, err := New(&http.Client{Transport: failing}, tenant, nil)
	require.NoError(t, err)
	_, err = l.Organisation(ctx)
	require.ErrorIs(t, err, ledger.ErrReconnect)
	assert.NotContains(t, err.Error(), "jane")
	w := l.Powers().Invoices
	e, err := w.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: draftInvoice()}})
	require.NoError(t, err)
	_, err = w.Create(ctx, ledger.Batch{Members: []ledger.Member{{Mark: markA}}, Encoded: e})
	assert.ErrorIs(t, err, ledger.ErrReconnect, "nothing was sent")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The signature is HMAC-SHA256 of the raw body with the key's text, computed with
// printf … | openssl dgst -sha256 -hmac whk-test -binary | base64.
const (
	webhookKey = "whk-test"

	signatureOfHandshake = "LSj9olqlD6G+bUua2PWCAPBj4bouKfa60RtZ+RjZ6Ss="
	signatureOfBody      = "TIVdqIIjd9lSpKZDACIvmen9LUhJRBgQWHKhT8Z93QU="

	handshake   = `{"events":[],"firstEventSequence": 0,"lastEventSequence": 0, "entropy": "S0m3r4Nd0mt3xt"}`
	webhookBody = `{"events":[{"resourceUrl":"https://api.xero.com/api.xro/2.0/Invoices/11111111-1111-4111-8111-111111111111","resourceId":"11111111-1111-4111-8111-111111111111","tenantId":"70784a63-d24b-46a9-a4db-0e70a274b056","tenantType":"ORGANISATION","eventCategory":"INVOICE","eventType":"UPDATE","eventDateUtc":"2026-03-01T12:00:00.923"},{"resourceId":"22222222-1111-4111-8111-111111111111","tenantId":"70784a63-d24b-46a9-a4db-0e70a274b056","tenantType":"APPLICATION","eventCategory":"SUBSCRIPTION","eventType":"CREATE","eventDateUtc":"2026-03-01T12:00:00"}],"firstEventSequence": 1,"lastEventSequence": 2, "entropy": "X"}`
)

func TestWebhook(t *testing.T) {
	t.Parallel()
	w, err := NewWebhook("old", webhookKey)
	require.NoError(t, err)
	notices, err := w.Notices(http.Header{SignatureHeader: {signatureOfBody}}, []byte(webhookBody))
	require.NoError(t, err)
	require.Len(t, notices, 1)
	assert.Equal(t, ledger.KindInvoice, notices[0].Kind)
	assert.Equal(t, idA, notices[0].ID)
	assert.Equal(t, tenant, notices[0].Routing)
	assert.Equal(t, "2026-03-01T12:00:00.923Z", notices[0].At.Format("2006-01-02T15:04:05.000Z07:00"))
	assert.False(t, w.Verify([]byte(strings.ReplaceAll(webhookBody, ": ", ":")), signatureOfBody), "written again it is another text")
	_, err = NewWebhook("")
	require.Error(t, err)
}

func TestWebhookHandler(t *testing.T) {
	t.Parallel()
	w, err := NewWebhook(webhookKey)
	require.NoError(t, err)
	var got []ledger.Notice
	var fail error
	h := w.Handler(func(_ context.Context, n []ledger.Notice) error {
		got = append(got, n...)
		return fail
	})
	post := func(body, signature string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
		r.Header.Set("x-xero-signature", signature)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	for _, c := range []struct {
		name, body, signature string
		fail                  error
		want                  int
	}{
		{"handshake", handshake, signatureOfHandshake, nil, 200},
		{"wrong on purpose", handshake, signatureOfBody, nil, 401},
		{"no signature", handshake, "", nil, 401},
		{"not base64", handshake, "!", nil, 401},
		{"an event", webhookBody, signatureOfBody, nil, 200},
		{"not remembered", webhookBody, signatureOfBody, errors.New("disk full"), 500},
	} {
		fail = c.fail
		rec := post(c.body, c.signature)
		assert.Equal(t, c.want, rec.Code, c.name)
		assert.Empty(t, rec.Body.String(), c.name)
	}
	assert.Len(t, got, 2)
}
