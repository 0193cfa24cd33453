package xerofake_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func payment(invoice, amount, more string) string {
	return fmt.Sprintf(`{"Invoice":{"InvoiceID":%q},"Account":{"Code":"090"},"Date":"2026-03-10","Amount":%s%s}`, invoice, amount, more)
}

func (a *api) approved(contact, amount string) string {
	a.t.Helper()
	return a.ok("PUT", "/Invoices", invoice(contact, "AUTHORISED", "", line("1", amount, `,"TaxType":"NONE"`))).list("Invoices")[0].text("InvoiceID")
}

func TestPaidBySystem(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	id := a.approved(a.contact("Ada"), "100")

	part := a.ok("PUT", "/Payments", payment(id, "40", `,"Reference":"one"`)).list("Payments")[0]
	assert.Equal(t, "60.00", part.text("Invoice.AmountDue"))
	assert.Equal(t, "AUTHORISED", part.text("Invoice.Status"))
	assert.Equal(t, "ACCRECPAYMENT", part.text("PaymentType"))
	rest := a.ok("PUT", "/Payments", payment(id, "60", "")).list("Payments")[0]
	assert.Equal(t, "PAID", rest.text("Invoice.Status"))
	inv := a.ok("GET", "/Invoices/"+id, "").list("Invoices")[0]
	assert.Equal(t, "0.00", inv.text("AmountDue"))
	assert.Equal(t, "/Date(1773100800000+0000)/", inv.text("FullyPaidOnDate")) // 10 March 2026
	assert.Len(t, inv.list("Payments"), 2)

	assert.Equal(t, []string{"Payments can only be made against authorised documents"}, a.refused("PUT", "/Payments", payment(id, "1", "")))

	a.ok("POST", "/Payments/"+rest.text("PaymentID"), `{"Payments":[{"Status":"DELETED"}]}`)
	inv = a.ok("GET", "/Invoices/"+id, "").list("Invoices")[0]
	assert.Equal(t, "AUTHORISED", inv.text("Status"))
	assert.Equal(t, "60.00", inv.text("AmountDue"))
	assert.Empty(t, inv.text("FullyPaidOnDate"))
	assert.Len(t, inv.list("Payments"), 1)
	assert.Equal(t, []string{"The payment has already been deleted."}, a.refused("POST", "/Payments/"+rest.text("PaymentID"), `{"Status":"DELETED"}`))
	assert.Len(t, a.ok("GET", "/Payments", "").list("Payments"), 2, "a deleted payment is still listed")
}

func TestRefusedPayments(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.contact("Ada")
	id := a.approved(ada, "100")
	draft := a.ok("PUT", "/Invoices", invoice(ada, "DRAFT", "", line("1", "10", ""))).list("Invoices")[0].text("InvoiceID")
	for _, c := range []struct{ name, body, want string }{
		{"more than is due", payment(id, "100.01", ""), "Payment amount exceeds the amount outstanding on this document"},
		{"a draft", payment(draft, "1", ""), "Payments can only be made against authorised documents"},
		{"nothing", payment(id, "0", ""), "The payment amount must be greater than zero."},
		{"half a cent", payment(id, "0.005", ""), "The payment amount must not have more than two decimal places."},
		{"an account without payments", payment(id, "1", `,"Account":{"Code":"200"}`), "The account of the payment must be a bank account or have payments enabled."},
		{"two documents", payment(id, "1", `,"CreditNote":{"CreditNoteNumber":"CN-1"}`), "A payment must name exactly one of Invoice, CreditNote, Prepayment or Overpayment."},
		{"a stranger", payment("11111111-1111-4111-8111-111111111111", "1", ""), "The invoice of the payment could not be found."},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, []string{c.want}, a.refused("PUT", "/Payments", c.body))
		})
	}
	assert.Empty(t, a.fake.Books().Payments())
	a.ok("PUT", "/Payments", payment(id, "1", `,"Account":{"Code":"970"}`)) // payments are enabled there
}

func TestReconciledPayment(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		a := free(t, &xerofake.Options{Switches: xerofake.Switches{ReconciledPaymentsDeletable: allowed}})
		p := a.ok("PUT", "/Payments", payment(a.approved(a.contact("Ada"), "100"), "40", "")).list("Payments")[0].text("PaymentID")
		require.NoError(t, a.fake.Books().ReconcilePayment(p))
		if allowed {
			a.ok("POST", "/Payments/"+p, `{"Status":"DELETED"}`)
		} else {
			assert.Len(t, a.refused("POST", "/Payments/"+p, `{"Status":"DELETED"}`), 1)
		}
	}
}

func TestWhatMovesUpdatedDate(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a := free(t, &xerofake.Options{Switches: xerofake.Switches{PaymentsKeepUpdatedDate: keep}})
			id := a.approved(a.contact("Ada"), "100")
			updated := func() time.Time { i, _ := a.fake.Books().Invoice(id); return i.Updated }
			start := updated()
			time.Sleep(time.Second)
			a.ok("PUT", "/Payments", payment(id, "40", ""))
			assert.Equal(t, !keep, updated().After(start))
			before := updated()
			time.Sleep(time.Second)
			a.ok("POST", "/Invoices/"+id, `{"DueDate":"2026-06-01"}`)
			assert.Equal(t, before, updated(), "the due date of a part-paid invoice is not announced")
			a.ok("POST", "/Invoices/"+id, `{"DueDate":"2026-06-02","Reference":"r"}`)
			assert.True(t, updated().After(before))
		})
	}
}

func TestCreditNotes(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.contact("Ada")
	id := a.approved(ada, "100")
	credit := a.ok("PUT", "/CreditNotes", fmt.Sprintf(`{"Type":"ACCRECCREDIT","Status":"AUTHORISED","Contact":{"ContactID":%q},"Date":"2026-03-05","LineItems":[%s]}`, ada, line("1", "30", `,"TaxType":"NONE"`))).list("CreditNotes")[0]
	assert.Equal(t, "CN-0001", credit.text("CreditNoteNumber"))
	assert.Equal(t, "30.00", credit.text("RemainingCredit"))
	allocate := func(amount string) string {
		return fmt.Sprintf(`{"Allocations":[{"Invoice":{"InvoiceID":%q},"Amount":%s,"Date":"2026-03-06"}]}`, id, amount)
	}
	path := "/CreditNotes/" + credit.text("CreditNoteID") + "/Allocations"
	assert.Equal(t, []string{"The amount of the allocation exceeds the remaining credit."}, a.refused("PUT", path, allocate("30.01")))
	a.ok("PUT", path, allocate("20"))
	inv := a.ok("GET", "/Invoices/"+id, "").list("Invoices")[0]
	assert.Equal(t, "80.00", inv.text("AmountDue"))
	assert.Equal(t, "20.00", inv.text("AmountCredited"))
	assert.Equal(t, "20.00", inv.list("CreditNotes")[0].text("AppliedAmount"))
	a.refused("POST", "/Invoices/"+id, `{"Status":"VOIDED"}`)

	// The rest is refunded, which pays the credit note.
	refund := a.ok("PUT", "/Payments", fmt.Sprintf(`{"CreditNote":{"CreditNoteID":%q},"Account":{"Code":"090"},"Date":"2026-03-07","Amount":10}`, credit.text("CreditNoteID"))).list("Payments")[0]
	assert.Equal(t, "ARCREDITPAYMENT", refund.text("PaymentType"))
	assert.Equal(t, "ACCRECCREDIT", refund.text("Invoice.Type"))
	n, _ := a.fake.Books().CreditNote(credit.text("CreditNoteID"))
	assert.Equal(t, "PAID", n.Status)

	r := a.send("DELETE", path+"/"+n.Allocations[0].AllocationID, "")
	assert.Equal(t, 200, r.status, r.body)
	assert.Contains(t, r.body, `"IsDeleted":true`)
	n, _ = a.fake.Books().CreditNote("CN-0001")
	assert.Equal(t, "AUTHORISED", n.Status)
	assert.Equal(t, "20", n.RemainingCredit.String())
}
