package fakehouse_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/internal/fakehouse"
)

func TestJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "books.jsonl")
	open := func() (*fakehouse.Journal, []string, error) {
		var seen []string
		j, err := fakehouse.OpenJournal(path, func(line []byte) error {
			var s string
			err := json.Unmarshal(line, &s)
			seen = append(seen, s)
			return err
		})
		return j, seen, err
	}
	j, seen, err := open()
	require.NoError(t, err)
	assert.Empty(t, seen)
	require.NoError(t, j.Write("one"))
	require.NoError(t, j.Write("two"))
	_, seen, err = open() // nothing was closed, as after kill -9
	require.NoError(t, err)
	assert.Equal(t, []string{"one", "two"}, seen)
	require.NoError(t, j.Close())
	require.NoError(t, j.Close(), "twice is fine")
	require.ErrorIs(t, j.Write("late"), fakehouse.ErrClosed)

	whole := "\"one\"\n\"two\"\n"
	for name, c := range map[string]struct {
		file string
		want []string
		bad  string
	}{
		"torn last line":                {whole + `"thr`, []string{"one", "two"}, ""},
		"torn last line with a newline": {whole + "\"thr\n", []string{"one", "two"}, ""},
		"damage in the middle":          {"\"one\"\n\"tw\n\"three\"\n", nil, "line 2"},
		"a line that is not understood": {whole + "3\n", nil, "line 3"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(c.file), 0o600))
		j, seen, err := open()
		if c.bad != "" {
			assert.ErrorContains(t, err, c.bad, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, c.want, seen, name)
		require.NoError(t, j.Write("four"))
		require.NoError(t, j.Close())
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, whole+"\"four\"\n", string(got), name)
	}
	var none *fakehouse.Journal
	require.NoError(t, errors.Join(none.Write("x"), none.Close()))
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	missed := 0
	serve := func(h http.HandlerFunc) {
		fakehouse.Arrive(h, httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), func(*http.Request) { missed++ })
	}
	serve(func(_ http.ResponseWriter, r *http.Request) { fakehouse.Arrived(r) })
	assert.Equal(t, 0, missed)
	serve(func(http.ResponseWriter, *http.Request) {})
	assert.Equal(t, 1, missed)
	assert.Panics(t, func() { serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }) })
	assert.Equal(t, 1, missed, "it never arrived")
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	s, err := fakehouse.Listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Saw", r.Header.Get("Authorization")) }))
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL, nil)
	require.NoError(t, err)
	resp, err := fakehouse.Bearer("secret", http.DefaultTransport).Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "Bearer secret", resp.Header.Get("Saw"))
	assert.Empty(t, r.Header.Get("Authorization"), "the caller's request is left alone")
	require.NoError(t, s.Close())
}
