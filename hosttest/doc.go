// Package hosttest holds a host's own [invoicesync.Host] against the rules that it must keep, and has a host
// in memory for tests and first steps.
//
//	func TestHost(t *testing.T) {
//		hosttest.Run(t, func(t *testing.T) hosttest.Harness { return open(t) })
//	}
//
// Each case gets a harness of its own, over an app that holds nothing of the pair yet. A case that fails
// quotes the rule. The suite writes into the app: give it a database of a test.
//
// It is built from the standard library, decimal and the words.
package hosttest
