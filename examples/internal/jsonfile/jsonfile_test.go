package jsonfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/jsonfile"
)

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.json")
	var got map[string]int
	there, err := jsonfile.Read(file, &got)
	require.NoError(t, err)
	require.False(t, there)

	require.NoError(t, jsonfile.Write(file, map[string]int{"a": 1}))
	require.NoError(t, jsonfile.Write(file, map[string]int{"b": 2}))
	there, err = jsonfile.Read(file, &got)
	require.NoError(t, err)
	require.True(t, there)
	require.Equal(t, map[string]int{"b": 2}, got)
	require.NoFileExists(t, file+".new")

	require.NoError(t, os.WriteFile(file, []byte(`{"b":`), 0o600))
	there, err = jsonfile.Read(file, &got)
	require.Error(t, err)
	require.True(t, there)
}
