package ledgertest

import "github.com/invoicesync/invoicesync/ledger"

// Cases returns all cases in the order of the contract.
func Cases() []Case {
	var all []Case
	for _, part := range [][]Case{
		organisationCases(), readingCases(), recordCases(), feedCases(), powerCases(), predictCases(),
		writerCases(contactKind()), writerCases(invoiceKind()), writerCases(paymentKind()),
		findCases(contactKind()), findCases(invoiceKind()), findCases(paymentKind()), numberCases(),
		changerCases(voidKind()), changerCases(updateKind()), changerCases(paymentVoidKind()),
		discreetCases(), concurrencyCases(),
	} {
		all = append(all, part...)
	}
	return all
}

// ledger returns the adapter as a ledger, and skips the case where it is a source only.
func (s *suite) ledger() ledger.Ledger {
	s.Helper()
	if s.w.Ledger == nil {
		s.Skipf("the adapter is a source and writes nothing")
	}
	return s.w.Ledger
}
