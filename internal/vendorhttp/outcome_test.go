package vendorhttp_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// What oauth2 says of a refused refresh holds the endpoint's whole answer.
func TestTokenEndpointIsNotQuoted(t *testing.T) {
	t.Parallel()
	for code, kind := range map[string]error{"invalid_grant": ledger.ErrReconnect, "temporarily_unavailable": ledger.ErrFailed, "": ledger.ErrFailed} {
		refused := &oauth2.RetrieveError{
			Response: &http.Response{Status: "400 Bad Request", StatusCode: 400}, ErrorCode: code,
			ErrorDescription: "rt-9f31c0de of Jane is spent", Body: []byte("rt-9f31c0de of Jane is spent"),
		}
		sent := &vendorhttp.Error{Name: "acme", Method: "GET", Route: "/x", Outcome: vendorhttp.NotSent, Err: fmt.Errorf("wrapped: %w", refused)}
		_, written := vendorhttp.WriteError("acme", "PUT /x", sent, nil)
		for _, err := range []error{vendorhttp.ReadError("acme", "GET /x", sent), written} {
			require.ErrorIs(t, err, kind)
			assert.NotContains(t, err.Error(), "rt-9f31c0de")
			assert.NotContains(t, err.Error(), "Jane")
			var cause *oauth2.RetrieveError
			require.ErrorAs(t, err, &cause, "who handles tokens can still ask")
		}
	}
}
