package progress_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/progress"
)

func TestLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := progress.New(&out, 10)
		p.Start() // no terminal: no bar
		p.Step()
		p.Show("1 of 10", "one", false)
		require.Empty(t, out.String(), "not due yet")
		time.Sleep(2 * time.Second)
		p.Show("2 of 10", "two", false)
		p.Show("3 of 10", "three", true)
		require.Equal(t, "2 of 10, two\n3 of 10, three\n", out.String())
		progress.New(nil, -1).Show("", "nobody listens", true)
	})
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := progress.New(nil, -1)
		for key, want := range map[string]string{
			"xero/tenant/8a2b/minute":     "waiting 30s for Xero's limit of calls a minute",
			"quickbooks/realm/12/slots":   "waiting 1m0s for QuickBooks' limit of calls at a time",
			"the run before this one, ok": "waiting 1m30s for the run before this one, ok",
		} {
			wait := map[byte]time.Duration{'x': 30 * time.Second, 'q': time.Minute, 't': 90 * time.Second}[key[0]]
			text, tell := p.Waiting(key, time.Now().Add(wait))
			require.True(t, tell)
			require.Equal(t, want, text)
			_, tell = p.Waiting(key, time.Now().Add(wait))
			require.False(t, tell, "told already")
		}
		_, tell := p.Waiting("xero/tenant/8a2b/minute", time.Now().Add(time.Second))
		require.False(t, tell, "over at once")
	})
}
