package main

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/examples/internal/command"
)

// A store of a version before the first release is named, with what to do, before anything else is touched.
func TestOldStore(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "shop.db")
	start(t, "-db", file, "-orders", "2").mustSucceed(t)
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	for _, text := range []string{`DROP INDEX invoicesync_links_attention`, `ALTER TABLE invoicesync_links DROP COLUMN reasons`} {
		_, err = db.ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	r := start(t, "-db", file)
	require.NotEqual(t, command.Done, r.code)
	for _, says := range []string{file, "has no column reasons", "Put it aside", "name another file with -db"} {
		require.Contains(t, r.err, says)
	}
}

// A message that is a sentence ends once.
func TestProblemEndsOnce(t *testing.T) {
	t.Parallel()
	problemLine := func(message string) string {
		var out bytes.Buffer
		(&printer{people: &out}).problem(invoicesync.Problem{Setting: "Items.Other", Message: message})
		return out.String()
	}
	require.Equal(t, "Setting Items.Other: it is inactive; choose another one. Orders that need it will be parked.\n", problemLine("it is inactive; choose another one."))
	require.Equal(t, "Setting Items.Other: no such item. Orders that need it will be parked.\n", problemLine("no such item"))
}
