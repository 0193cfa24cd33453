package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// lines is a writer that another goroutine may read.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestServesAll(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	var out lines
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-xero", "127.0.0.1:0", "-quickbooks", "127.0.0.1:0", "-infusionsoft", "127.0.0.1:0", "-orders", "7"}, &out)
	}()
	address := regexp.MustCompile(`http://[0-9.:]+/\S+`)
	var found []string
	require.Eventually(t, func() bool { found = address.FindAllString(out.String(), -1); return len(found) == 3 }, 10*time.Second, 10*time.Millisecond)

	get := func(url, tenant string) string {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer any")
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Xero-Tenant-Id", tenant)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(body)
	}
	tenant := regexp.MustCompile(`XERO_TENANT_ID=(\S+)`).FindStringSubmatch(out.String())[1]
	require.Contains(t, get(found[0]+"/Organisation", tenant), "Spoke")
	require.Contains(t, found[1], regexp.MustCompile(`QUICKBOOKS_REALM_ID=(\S+)`).FindStringSubmatch(out.String())[1])
	require.Contains(t, get(found[1]+"/query?query=select%20*%20from%20Item", ""), "Road bikes")
	require.Equal(t, 7, strings.Count(get(found[2]+"/orders?page_size=100", ""), `"order_items"`))
	stop()
	require.NoError(t, <-done)
}

// Each fake alone: the others' addresses may be left out.
func TestServesQuickBooksAlone(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	var out lines
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-quickbooks", "127.0.0.1:0"}, &out) }()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "QUICKBOOKS_REALM_ID=") }, 10*time.Second, 10*time.Millisecond)
	require.NotContains(t, out.String(), "Xero")
	require.NotContains(t, out.String(), "Infusionsoft")
	stop()
	require.NoError(t, <-done)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "-xero 127.0.0.1:0 -orders 0", "-nonsense", "-xero 127.0.0.1:0 -load ."} {
		require.ErrorIs(t, run(t.Context(), strings.Fields(args), io.Discard), errUsage, args)
	}
	require.Error(t, run(t.Context(), []string{"-quickbooks", "nowhere:port"}, io.Discard))
	require.Error(t, run(t.Context(), []string{"-xero", "nowhere:port"}, io.Discard))
}

// A client without pacing of its own, as those in other languages are, makes one call after the other. On a loopback
// that would be thousands a second.
func TestOneCallAfterTheOtherIsNotThrottled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		latency time.Duration
		refused int
	}{{usualLatency, 0}, {0, 20}} {
		synctest.Test(t, func(t *testing.T) {
			fake, err := quickbooksfake.New(nil)
			require.NoError(t, err)
			transport := faults.Transport(slow(fake, test.latency))
			refused := 0
			for range 30 {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/v3/company/"+fake.Books().Company().RealmID+"/preferences", nil)
				require.NoError(t, err)
				req.Header.Set("Authorization", "Bearer any")
				req.Header.Set("Accept", "application/json")
				resp, err := transport.RoundTrip(req)
				require.NoError(t, err)
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusTooManyRequests {
					refused++
				}
			}
			require.Equal(t, test.refused, refused, "with answers after %s; ten a second are allowed", test.latency)
		})
	}
}
