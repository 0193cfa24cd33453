// Package conformance runs the kit of ledger/ledgertest over every adapter, each on its fake, and over the
// decorators that a host puts in front of one. The command
//
//	go test ./proof/conformance -run Table -v
//
// prints the table of cases × adapters, and why what was skipped was skipped.
package conformance
