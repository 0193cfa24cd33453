package quickbooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// The token endpoint's answers, through the client that reads them, and the discovery document, which has no reader: the
// addresses stand in the code.
func TestWireTruthTokens(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(specsFolder(t), "oauth-json")
	assert.Len(t, filesIn(t, folder), 6, "files in oauth-json")
	c := &truth{}
	leave := func(because string, paths ...string) {
		for _, p := range paths {
			c.ignored = append(c.ignored, &ignored{path: p, because: because})
		}
	}
	leave("who the user is, is not asked for: only the accounting scope is", "token/id_token", "discovery/userinfo_endpoint")
	leave("of identity tokens, which are not asked for", "discovery/issuer", "discovery/jwks_uri", "discovery/id_token_signing_alg_values_supported",
		"discovery/subject_types_supported", "discovery/claims_supported", "discovery/scopes_supported")
	leave("revoked is what was answered with 200", "revoked/statuscode")
	leave("the recorder's own objects around the body", "refused/token", "refused/response", "refused/body", "refused/intuit_tid")
	compare := func(kind string, body []byte, printed any) {
		c.compare(kind, body, printed)
		assert.Empty(t, c.lies, kind)
		c.lies = nil
	}
	exchange := func(status int, body []byte) (*oauth2.Token, error) {
		client := &http.Client{Transport: &stub{answer: func(seenRequest) reply { return reply{status: status, body: string(body)} }}}
		config := &oauth2.Config{ClientID: "id", ClientSecret: "secret", Endpoint: oauth2.Endpoint{TokenURL: TokenURL, AuthStyle: oauth2.AuthStyleInHeader}}
		return config.Exchange(context.WithValue(context.Background(), oauth2.HTTPClient, client), "a code")
	}
	for _, name := range []string{"oauth-jsclient.tokenResponse.json", "oauth-jsclient.refreshResponse.json", "success_token_response.json"} {
		body := readFile(t, folder, name)
		synctest.Test(t, func(t *testing.T) {
			now := time.Now()
			token, err := exchange(200, body)
			require.NoError(t, err, name)
			compare("token", body, map[string]any{
				"access_token": token.AccessToken, "refresh_token": token.RefreshToken, "token_type": token.TokenType,
				"expires_in":                 int64(token.Expiry.Sub(now) / time.Second),
				"x_refresh_token_expires_in": int64(IdleExpiry(token, now).Sub(now) / time.Second),
			})
			assert.True(t, HardExpiry(token, now).IsZero(), "%s does not say when the authorisation ends", name)
		})
	}
	var refused struct{ JSON json.RawMessage }
	body := readFile(t, folder, "oauth-jsclient.errorResponse.json")
	require.NoError(t, json.Unmarshal(body, &refused))
	_, err := exchange(400, refused.JSON)
	var e *oauth2.RetrieveError
	require.True(t, errors.As(err, &e), "%v", err)
	compare("refused", body, map[string]any{"json": map[string]any{"error": e.ErrorCode, "error_description": e.ErrorDescription}})
	compare("revoked", readFile(t, folder, "success_revoketoken_response.json"), map[string]any{})
	compare("discovery", readFile(t, folder, "discovery.json"), map[string]any{
		"authorization_endpoint": AuthURL, "token_endpoint": TokenURL, "revocation_endpoint": RevocationURL,
		"response_types_supported": []string{"code"}, "token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
	})
	c.settle(t)
}

// Both forms of webhook, signed as Intuit signs them.
func TestWireTruthWebhooks(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(specsFolder(t), "webhooks-json")
	assert.Len(t, filesIn(t, folder), 2, "files in webhooks-json")
	hook, err := NewWebhook("a verifier token")
	require.NoError(t, err)
	notices := func(body []byte) []ledger.Notice {
		mac := hmac.New(sha256.New, []byte("a verifier token"))
		mac.Write(body)
		n, err := hook.Notices(http.Header{http.CanonicalHeaderKey(SignatureHeader): {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}, body)
		require.NoError(t, err)
		return n
	}
	note := func(realm string, kind ledger.RecordKind, id string, at time.Time) ledger.Notice {
		return ledger.Notice{Organisation: ledger.OrganisationID{Vendor: "quickbooks", ID: realm}, Routing: realm, Kind: kind, ID: id, At: at}
	}
	legacy := readFile(t, folder, "legacy-1.json")
	got := notices(legacy)
	assert.Equal(t, []ledger.Notice{
		note("1269959970", ledger.KindContact, "40", time.Date(2016, 10, 5, 3, 9, 4, 0, time.UTC)), // a vendor was updated
		note("1269959970", ledger.KindContact, "43", time.Date(2016, 10, 5, 3, 7, 4, 0, time.UTC)), // a customer was created
	}, got)
	// What the notices say, in the delivery's own shape; name and verb are told by kind and Deleted, see above.
	var events []any
	for _, n := range got {
		events = append(events, map[string]any{"id": n.ID, "lastUpdated": n.At.Format("2006-01-02T15:04:05.000Z07:00")})
	}
	c := &truth{ignored: []*ignored{
		{path: "webhook/eventNotifications/dataChangeEvent/entities/name", because: "compared by hand: a kind of ours stands for it"},
		{path: "webhook/eventNotifications/dataChangeEvent/entities/operation", because: "compared by hand: created and updated are one to a reader"},
		{path: "webhook/specversion", because: "another version has another shape"},
		{path: "webhook/id", because: "a hint that comes twice is looked at twice"},
		{path: "webhook/source", because: "which app of Intuit's has sent it"},
		{path: "webhook/data", because: "no data is taken from a hint, and alternative ids are no ids of the API"},
	}}
	c.compare("webhook", legacy, map[string]any{"eventNotifications": []any{
		map[string]any{"realmId": got[0].Routing, "dataChangeEvent": map[string]any{"entities": events}},
	}})

	// The one CloudEvent speaks of a class, which is nothing to us; as an invoice it is read whole.
	cloud := readFile(t, folder, "cloudevents-1.json")
	assert.Empty(t, notices(cloud))
	ours := bytes.Replace(cloud, []byte("qbo.class.created.v1"), []byte("qbo.invoice.created.v1"), 1)
	require.NotEqual(t, cloud, ours)
	got = notices(ours)
	require.Equal(t, []ledger.Notice{note("310687", ledger.KindInvoice, "1234", time.Date(2025, 10, 7, 19, 59, 7, 34359333, time.UTC))}, got)
	c.compare("webhook", ours, []any{map[string]any{
		"type": "qbo." + string(got[0].Kind) + ".created.v1", "time": got[0].At.Format(time.RFC3339Nano),
		"intuitentityid": got[0].ID, "intuitaccountid": got[0].Routing,
	}})
	assert.Empty(t, c.lies)
	c.settle(t)
}

// Faults and throttles in XML, which come whatever was accepted.
func TestWireTruthXMLFaults(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(specsFolder(t), "ruckus-quickbooks-ruby-xml")
	ours := map[string]func(*wireFault) bool{
		"fault.xml":                    func(f *wireFault) bool { return f.kind("validation") && f.has("2050") && f.has("2080") },
		"generic_error.xml":            (*wireFault).system,
		"query_validation_error.xml":   func(f *wireFault) bool { return f.kind("validation") && f.has("4001") },
		"throttle_exceeded_error.xml":  (*wireFault).throttle,
		"too_many_requests_error.xml":  (*wireFault).throttle,
		"customer_duplicate_error.xml": func(f *wireFault) bool { return f.kind("validation") && f.has("6240") },
	}
	seen := 0
	for _, file := range filesIn(t, folder) {
		body, name := readFile(t, file), filepath.Base(file)
		if !bytes.Contains(body, []byte("<Fault")) || name == "batch_response.xml" { // batches are asked for in JSON
			continue
		}
		seen++
		f := faultOf(&vendorhttp.Response{Status: 400, Header: http.Header{"Content-Type": {"text/xml"}}, Body: body})
		if !assert.NotNil(t, f, name) || !assert.Contains(t, ours, name) {
			continue
		}
		assert.True(t, ours[name](f), "%s is taken for something else: %+v", name, f)
		printed := "type " + f.Type
		for _, e := range f.Error {
			printed += "|code " + string(e.Code) + "|element " + e.Element + "|" + e.Message + "|" + e.Detail
		}
		assert.Equal(t, xmlFault(t, body), printed, name)
	}
	assert.Equal(t, len(ours), seen, "XML files with a fault") // by grep -l '<Fault', without the batch
}

// xmlFault prints a fault by its tokens.
func xmlFault(t *testing.T, body []byte) string {
	t.Helper()
	var b strings.Builder
	inside := ""
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			attribute := map[string]string{}
			for _, a := range e.Attr {
				attribute[a.Name.Local] = a.Value
			}
			inside = e.Name.Local
			switch inside {
			case "Fault":
				b.WriteString("type " + attribute["type"])
			case "Error":
				b.WriteString("|code " + attribute["code"] + "|element " + attribute["element"])
			case "Message", "Detail":
				b.WriteString("|")
			case "IntuitResponse":
			default:
				t.Errorf("<%s> is not read", inside)
			}
		case xml.CharData:
			if inside == "Message" || inside == "Detail" {
				b.Write(e)
			}
		case xml.EndElement:
			inside = ""
		}
	}
}
