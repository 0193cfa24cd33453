package xerofake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func form(t *testing.T, f *xerofake.Fake, path string, values url.Values) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "https://identity.xero.com"+path, strings.NewReader(values.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("client", "secret")
	resp, err := f.Transport().RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var got map[string]any
	if len(body) > 0 {
		require.NoError(t, json.Unmarshal(body, &got))
	}
	return resp.StatusCode, got
}

func refresh(t *testing.T, f *xerofake.Fake, token string) (int, map[string]any) {
	t.Helper()
	return form(t, f, "/connect/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	for _, same := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a := free(t, &xerofake.Options{Apps: []xerofake.App{{ClientID: "client", ClientSecret: "secret"}}, Switches: xerofake.Switches{GraceReturnsSamePair: same}})
			g, err := a.fake.Authorise("client")
			require.NoError(t, err)
			status, one := refresh(t, a.fake, g.RefreshToken)
			require.Equal(t, 200, status)
			assert.NotEqual(t, g.RefreshToken, one["refresh_token"])
			assert.InDelta(t, 1800, one["expires_in"], 0)

			// The answer was lost: the old token works once more, for thirty minutes.
			time.Sleep(29 * time.Minute)
			status, two := refresh(t, a.fake, g.RefreshToken)
			require.Equal(t, 200, status)
			assert.Equal(t, same, one["refresh_token"] == two["refresh_token"])
			if !same {
				status, _ = refresh(t, a.fake, one["refresh_token"].(string))
				assert.Equal(t, 400, status, "the lost pair is dead")
			}
			time.Sleep(time.Minute)
			status, refused := refresh(t, a.fake, g.RefreshToken)
			assert.Equal(t, 400, status)
			assert.Equal(t, "invalid_grant", refused["error"])

			// An unused token lives for sixty days.
			time.Sleep(60*24*time.Hour - 2*time.Minute)
			status, _ = refresh(t, a.fake, two["refresh_token"].(string))
			assert.Equal(t, map[bool]int{false: 200, true: 400}[same], status, "the pair of the first answer is older")
		})
	}
}

func TestAccessTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, nil)
		g, err := a.fake.Authorise("client")
		require.NoError(t, err)
		a.client = a.fake.Client(g.AccessToken)
		assert.Equal(t, 200, a.send("GET", "/Organisation", "").status)
		time.Sleep(30 * time.Minute)
		r := a.send("GET", "/Organisation", "")
		assert.Equal(t, 401, r.status)
		assert.Contains(t, r.body, "TokenExpired: token expired at ")
	})
}

func TestNoOfflineAccessNoRefreshToken(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	g, err := a.fake.Authorise("client", "accounting.invoices")
	require.NoError(t, err)
	assert.Empty(t, g.RefreshToken)
	assert.NotEmpty(t, g.AccessToken)
}

func TestConnections(t *testing.T) {
	t.Parallel()
	a := free(t, &xerofake.Options{Organisations: []xerofake.Organisation{{Name: "One"}, {Name: "Two"}}})
	g, err := a.fake.Authorise("client")
	require.NoError(t, err)
	client := a.fake.Client(g.AccessToken)
	list := func(query string) []map[string]string {
		resp, err := client.Get("https://api.xero.com/connections" + query)
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Empty(t, resp.Header.Get("X-MinLimit-Remaining"))
		var got []map[string]string
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
		return got
	}
	all := list("?authEventId=" + g.AuthEventID)
	require.Len(t, all, 2)
	assert.Equal(t, "ORGANISATION", all[0]["tenantType"])
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}$`, all[0]["createdDateUtc"])
	assert.Empty(t, list("?authEventId=11111111-1111-4111-8111-111111111111"))

	drop, err := http.NewRequestWithContext(t.Context(), "DELETE", "https://api.xero.com/connections/"+all[0]["id"], nil)
	require.NoError(t, err)
	for _, want := range []int{204, 404} {
		resp, err := client.Do(drop)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, want, resp.StatusCode)
	}
	assert.Len(t, list(""), 1)
	assert.Equal(t, 403, a.send("GET", "/Organisation", "").status)

	// A new consent connects it again, under another tenant id.
	_, err = a.fake.Authorise("client")
	require.NoError(t, err)
	assert.NotEqual(t, a.tenant, a.fake.Books().Organisation().TenantID)

	// Revoking drops every connection of the user.
	status, _ := form(t, a.fake, "/connect/revocation", url.Values{"token": {g.RefreshToken}})
	assert.Equal(t, 200, status)
	assert.Empty(t, list(""))
	status, _ = refresh(t, a.fake, g.RefreshToken)
	assert.Equal(t, 400, status)
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	// Verifier and challenge of RFC 7636, appendix B.
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	ask := func() string {
		r, err := http.NewRequestWithContext(t.Context(), "GET", "https://login.xero.com/identity/connect/authorize?response_type=code&client_id=client&state=s&redirect_uri="+
			url.QueryEscape("http://localhost/back")+"&scope="+url.QueryEscape("offline_access accounting.invoices")+"&code_challenge_method=S256&code_challenge="+challenge, nil)
		require.NoError(t, err)
		resp, err := a.fake.Transport().RoundTrip(r)
		require.NoError(t, err)
		resp.Body.Close()
		back, err := resp.Location()
		require.NoError(t, err)
		assert.Equal(t, "s", back.Query().Get("state"))
		return back.Query().Get("code")
	}
	values := url.Values{"grant_type": {"authorization_code"}, "code": {ask()}, "redirect_uri": {"http://localhost/back"}, "code_verifier": {verifier}}
	status, got := form(t, a.fake, "/connect/token", values)
	assert.Equal(t, 200, status)
	assert.NotEmpty(t, got["refresh_token"])
	status, _ = form(t, a.fake, "/connect/token", values)
	assert.Equal(t, 400, status, "a code is used once")
	values.Set("code", ask())
	values.Set("code_verifier", "wrong")
	status, _ = form(t, a.fake, "/connect/token", values)
	assert.Equal(t, 400, status)
}
