package lock

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "shop.db")
	first, err := Take(file)
	require.NoError(t, err)
	require.False(t, first.CutOff)

	_, err = Take(file)
	require.ErrorIs(t, err, ErrHeld)
	require.ErrorContains(t, err, file)
	require.ErrorContains(t, err, strconv.Itoa(os.Getpid()))

	require.NoError(t, first.Release())
	second, err := Take(file)
	require.NoError(t, err)
	require.False(t, second.CutOff, "the first has released it")

	// A process that dies takes its lock with it, and no leave.
	require.NoError(t, second.file.Close())
	third, err := Take(file)
	require.NoError(t, err)
	require.True(t, third.CutOff)
	require.NoError(t, third.Release())
}

func TestNoFolder(t *testing.T) {
	t.Parallel()
	_, err := Take(filepath.Join(t.TempDir(), "no", "shop.db"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NotErrorIs(t, err, ErrHeld)
}
