package invoicesync

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

// A host that forgets the status is told so.
func TestPaymentStatusThatIsNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		payment ledger.Payment
		says    string
	}{
		{ledger.Payment{}, "The payment cannot be understood: its Status is not set"},
		{ledger.Payment{Status: "paid"}, "The payment cannot be understood: its Status is none of pending, confirmed, failed, refunded and reversed"},
		{ledger.Payment{Unclear: "odd", UnclearDetail: "pay_status is 9"}, "The payment cannot be understood: pay_status is 9"},
	} {
		reason := (&judging{payment: c.payment, booking: &booking{}}).unbookable()
		require.NotNil(t, reason)
		assert.Equal(t, c.says, reason.Message)
	}
}

// Who names an account by its name is told what to write.
func TestNoAccountSaysHowAccountsAreNamed(t *testing.T) {
	t.Parallel()
	chart := ledger.Chart{Accounts: []ledger.Account{
		{ID: "4", Name: "Undeposited Funds", Active: true}, {ID: "35", Code: "1000", Name: "Checking", Active: true},
		{ID: "36", Name: "Till", Active: true}, {ID: "37", Name: "Till", Active: true}, {ID: "38", Name: "Old", Active: false},
	}}
	for code, says := range map[string]string{
		"undeposited funds": `the one of that name is "4"`,
		"Checking":          `the one of that name is "1000"`,
		"Till":              "name it by its number or its id",
		"Old":               "name it by its number or its id",
		"999":               `the ledger has no account "999"; name it by its number or its id`,
	} {
		assert.Contains(t, noAccount(chart, code), says, code)
	}
	assert.Contains(t, payableAccount(chart, "Till").Message, "name it by its number or its id")
}
