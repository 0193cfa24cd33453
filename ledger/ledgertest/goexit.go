package ledgertest

import "runtime"

// goexit ends the goroutine of a case, its deferred calls included.
func goexit() { runtime.Goexit() }
