package userpain

import (
	"os"
	"runtime/debug"
	"testing"
)

// The worlds of these tests are small and many: collecting their garbage at every few megabytes was a fifth of
// what they cost. GOGC, where somebody has set it, holds.
func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	m.Run()
}
