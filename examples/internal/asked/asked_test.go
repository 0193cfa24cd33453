package asked_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/asked"
)

func TestOnce(t *testing.T) {
	t.Parallel()
	var o asked.Once[string]
	asks := 0
	down := errors.New("down")
	get := func() (string, error) {
		return o.Get(t.Context(), func(context.Context) (string, error) {
			if asks++; asks == 1 {
				return "", down
			}
			return "here", nil
		})
	}
	_, err := get()
	require.ErrorIs(t, err, down)
	for range 2 {
		answer, err := get()
		require.NoError(t, err)
		require.Equal(t, "here", answer)
	}
	require.Equal(t, 2, asks)
}
