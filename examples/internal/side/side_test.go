package side_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/side"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// A call that was not made by our adapter, or not counted by it, does not pass.
func TestMiscounted(t *testing.T) {
	t.Parallel()
	for _, direct := range []bool{true, false} {
		fake, err := xerofake.New(nil)
		require.NoError(t, err)
		s := side.New("xero", "", "", "")
		require.NoError(t, s.Serve(fake, direct))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api.xro/2.0/Organisation", nil)
		require.NoError(t, err)
		req.Header.Set("Xero-Tenant-Id", fake.Books().Organisation().TenantID)
		req.Header.Set("Accept", "application/json")
		resp, err := s.Client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, 1, s.Calls())
		require.ErrorContains(t, s.Miscounted(), "1 calls, and 0 were made")
		s.Called()
		require.NoError(t, s.Miscounted())
		s.Close()
	}
}
