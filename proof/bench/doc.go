// Command bench measures what the push costs, beside a client that does no more than it must.
//
//	go run ./proof/bench            # processor time and allocations, then memory
//	go run ./proof/bench -memory    # memory alone; exits with 1 above the goal, as .ci/run wants it
//
// It runs in processes of its own: it starts itself again as the servers and as each of the clients, so
// that nobody's garbage is measured with anybody else's.
//
// # Processor time and allocations
//
// A world of orders, one client to five of them, is served by the fakes of both vendors on loopback, with
// their limits switched off; Xero takes 50 ms over a request (-latency). Each client finds a new world, reads all
// orders, creates the contacts that they name, 50 in a request, and then the invoices, 50 in a request; with -payments it also reads each
// order's payments, and books them, 50 in a request.
//
//   - plain: net/http and encoding/json, typed structs with the fields that are needed, ids read from the
//     answers. No store, no matching, no checks, nothing that would survive a lost answer.
//   - engine: invoicesync.NewPush over both real adapters, an SQLite file and a sealer. It does what it
//     always does, among it reading the contacts that are there, the ledger's books before the first
//     write, and its own writes after the last.
//
// Both are measured inside of their process, from before the first call (and, of the engine, from before
// its file is opened and made) to after the last: processor time by getrusage, user and system;
// allocations by runtime.MemStats.Mallocs. Runs alternate, figures are medians.
//
// # Memory
//
// The peak of the resident memory (VmHWM) of an engine's process that reads 200,000 orders, against one
// that reads 20,000; ten times as many orders also means ten times as many contacts and links. In place of the
// fakes, which keep every record they have ever seen, a light server makes orders, contacts and invoices
// from their numbers; it answers only what these runs ask, and what it is asked about settings it lets
// the fakes answer. There are three ways to read, each in a process of its own:
//
//   - judged: every order is read and judged; 1 of 50 is pushed, the others are left out by the
//     settings, and remembered as such. Nine of ten clients are in the ledger already.
//   - linked: every order is read, compared with its link, and nothing is written: the run after one that
//     has pushed them all, with its cursor set back. The orders are alike, so that the link of the first,
//     which the engine has pushed, could be copied for the others; pushing them all would take minutes.
//   - pushed: every order is read and pushed; 30,000 against 10,000, for the same reason.
//
// go run ./proof/bench -import-memory measures an import (invoicesync.NewImport) instead: the first run over
// 1,000,000 invoices of Xero against one over 20,000, every status, no budget, 1 of 50 eligible and given
// to a host that keeps nothing, the verdicts kept in an SQLite file. It takes some ten minutes.
//
// Of the small size, the highest peak of three runs counts.
package main
