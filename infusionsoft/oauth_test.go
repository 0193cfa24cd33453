package infusionsoft

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func provider(t *testing.T, rt http.RoundTripper) *Provider {
	t.Helper()
	p, err := NewProvider("client", "s3cret", "https://host.example/back", &ProviderOptions{HTTPClient: &http.Client{Transport: rt}})
	require.NoError(t, err)
	return p
}

func TestProviderMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"", "s", "https://x/"}, {"c", "", "https://x/"}, {"c", "s", "http://x/"}} {
		_, err := NewProvider(c[0], c[1], c[2], nil)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "s3cret")
	}
}

func TestAuthCodeURL(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(provider(t, says("")).AuthCodeURL("st"))
	require.NoError(t, err)
	assert.Equal(t, "https://accounts.infusionsoft.com/app/oauth/authorize", u.Scheme+"://"+u.Host+u.Path)
	assert.Equal(t, url.Values{"client_id": {"client"}, "redirect_uri": {"https://host.example/back"}, "response_type": {"code"}, "scope": {"full"}, "state": {"st"}}, u.Query())
}

func TestExchangeAndRefreshAsTheVendorWantsThem(t *testing.T) {
	t.Parallel()
	var form url.Values
	var basic string
	v := &vendor{reply: func(r *http.Request) answer {
		b, _ := io.ReadAll(r.Body)
		form, _ = url.ParseQuery(string(b))
		id, secret, _ := r.BasicAuth()
		basic = id + ":" + secret
		return answer{body: `{"access_token":"a","refresh_token":"r2","expires_in":86400,"token_type":"bearer","scope":"full|xx123.infusionsoft.com"}`}
	}}
	p := provider(t, v)
	tok, err := p.Exchange(t.Context(), "code")
	require.NoError(t, err)
	assert.Equal(t, url.Values{"client_id": {"client"}, "client_secret": {"s3cret"}, "code": {"code"}, "grant_type": {"authorization_code"}, "redirect_uri": {"https://host.example/back"}}, form)
	assert.Equal(t, ":", basic)
	assert.Equal(t, "https://api.infusionsoft.com/token", v.calls[0].URL.String(), "nothing in the query")
	orgs, err := p.Organisations(t.Context(), tok)
	require.NoError(t, err)
	assert.Equal(t, []ledger.Organisation{{ID: ledger.OrganisationID{Vendor: "infusionsoft", ID: testTenant}, Name: testTenant, Live: true}}, orgs)

	tok, err = p.Refresh(t.Context(), "r1")
	require.NoError(t, err)
	assert.Equal(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"r1"}}, form)
	assert.Equal(t, "client:s3cret", basic)
	assert.Equal(t, "r2", tok.RefreshToken)
	assert.Len(t, v.calls, 2)
	require.ErrorIs(t, p.Revoke(t.Context(), tok), ledger.ErrUnsupported)
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		kind   error
		code   string
	}{
		{400, `{"error":"invalid_grant","error_description":"Invalid refresh token"}`, ledger.ErrReconnect, "invalid_grant"},
		{400, `{"error":"invalid_request","error_description":"Invalid Refresh Token"}`, ledger.ErrReconnect, "invalid_request"},
		{401, `{"error":"invalid_grant","error_description":"Unable to authenticate username and password"}`, ledger.ErrReconnect, "invalid_grant"},
		{429, `{"code":"429"}`, ledger.ErrLater, ""},
		{502, `<html>r1</html>`, ledger.ErrUncertain, ""},
		{200, `{"refresh_token":"r9"}`, ledger.ErrUncertain, ""},
		{200, `{"refresh_token":"r9`, ledger.ErrUncertain, ""},
	} {
		_, err := provider(t, refuses(c.status, c.body, nil)).Refresh(t.Context(), "r1")
		require.ErrorIs(t, err, c.kind, c.body)
		assert.Equal(t, c.code, ledger.Code(err))
		assert.NotContains(t, err.Error(), "r1")
		assert.NotContains(t, err.Error(), "r9")
		assert.NotContains(t, err.Error(), "s3cret")
	}
	_, err := provider(t, failing{errors.New("connection reset")}).Refresh(t.Context(), "r1")
	require.ErrorIs(t, err, ledger.ErrUncertain, "it may have been spent")
	_, err = provider(t, says("")).Refresh(t.Context(), "")
	require.ErrorIs(t, err, ledger.ErrReconnect)
}

func TestTenantOfScope(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"full|xx123.infusionsoft.com": "xx123.infusionsoft.com", "full|XX123": "xx123.infusionsoft.com", "openid full|a-b.infusionsoft.com": "a-b.infusionsoft.com",
		"full": "", "": "", "full|": "", "full|evil.com/path": "",
	} {
		got, err := TenantOfScope(in)
		assert.Equal(t, want, got, in)
		assert.Equal(t, want == "", err != nil, in)
	}
	_, err := Tenant(nil)
	require.Error(t, err)
}
