package quickbooksfake

import (
	"net/http"
	"slices"
	"strings"
)

// elsewhere are the entities that QuickBooks has and the fake has not. A company without any of them answers
// queries and change data capture as ours does; reading or writing one is refused with 501, which the real service
// never answers, so that nobody takes the fake's limits for QuickBooks'.
const elsewhere = "attachable bill billpayment budget class department deposit estimate exchangerate journalcode journalentry purchase " +
	"purchaseorder recurringtransaction reimbursecharge salesreceipt taxagency timeactivity transfer vendorcredit"

func isElsewhere(entity string) bool {
	return slices.Contains(strings.Fields(elsewhere), fold(entity))
}

// notHere reports a path of the accounting API that is not in the fake.
func notHere(path string) bool {
	first, _, _ := strings.Cut(fold(path), "/")
	return isElsewhere(first) || slices.Contains([]string{"reports", "taxservice", "upload", "download"}, first)
}

func notInFake() answer {
	return text(http.StatusNotImplemented, "quickbooksfake: this part of QuickBooks is not in the fake")
}
