// Package eligibility decides whether an invoice goes on: into a ledger, or into the host's app.
//
// A [Policy] is a named, ordered list of rules. It is asked about one invoice at a time, and its answer
// holds every reason that speaks against the invoice, not only the first:
//
//	policy, err := eligibility.Push(eligibility.PushOptions{
//		Start: eligibility.Start{Date: ledger.MustDate("2026-01-01")},
//		Mode:  eligibility.OncePaid,
//	})
//	…
//	verdict := policy.Judge(invoice, eligibility.LedgerFacts(organisation, today))
//	if !verdict.Eligible() {
//		fmt.Println(verdict.First().Message) // "The invoice is dated before the start of the sync."
//	}
//
// There are three policies: [Push] for invoices that go into a ledger, [UnpaidImport] for unpaid ledger
// invoices that come into the host's app, and [Literal], which is UnpaidImport as a widely published
// list has it, to the letter. [Policy.With] adds the host's own rules to any of them.
//
// # The same answer for ever
//
// Nothing here reads a clock, a setting or a store. Today's date, the currencies that a ledger holds and
// whether the invoice is linked already are [Facts], values that the caller passes in. The same invoice,
// facts and policy give the same verdict on every machine and in every year, which is what makes a
// verdict worth storing.
//
// # Skip and park
//
// Each [Reason] has a [Disposition]. [Skip] means that a setting or the invoice's own state keeps it out
// and nobody has to do anything: it is judged again when the invoice, its payments, the settings or the
// facts change. [Park] means that something is broken, and the invoice waits until somebody acts. A
// verdict with both is a skip: nobody should be asked to mend an invoice from before the start. The
// rules that look at amounts ([CodeNotPaidYet], [CodeZeroDue]) therefore stay silent about a record that
// its adapter marked as not understood, so that doubtful amounts cannot hide it.
//
// # Money and dates
//
// Amounts are compared exactly, in the invoice's currency; the smallest unit is that currency's minor
// unit. Ages are counted in days of the calendar, and a limit of 90 days includes the ninetieth.
//
// # What it does not do
//
// It judges what can be seen on the invoice and in the facts. Accounts, tax and payments of an eligible
// invoice may still park it later; package invoicesync then uses the same [Reason], and [Codes] lists
// those codes too.
//
// Messages are written for a bookkeeper. They never contain a name or an e-mail address.
//
// Policies and verdicts are values that do not change; they are safe for concurrent use.
package eligibility
