package invoicesync

import "github.com/invoicesync/invoicesync/ledger"

// Reason codes of the flows, beside those of package eligibility and the Refused codes of package ledger. They are
// stable: stores, consoles and people's filters refer to them. What each means, and what follows from it, is said
// once, in the table that [Codes] lists.
const (
	// Of what goes on by itself.
	CodeDeferred         = "deferred"
	CodeUncertain        = "uncertain"
	CodeChangeUncertain  = "change_uncertain"
	CodeContactUncertain = "contact_uncertain"
	CodeWaitsForDoubt    = "waits_for_uncertain"
	CodeBudget           = "budget"

	// Of a record that cannot be read.
	CodeUnreadable         = "unreadable"
	CodePaymentsUnreadable = "payments_unreadable"
	CodePaymentsNotFound   = "payments_not_found"
	CodePaymentUnclear     = "payment_unclear"
	CodePaymentWithoutID   = "payment_without_id"
	CodePaymentUndated     = "payment_undated"

	// Of what we have written ourselves, from the other side.
	CodeEcho        = "echo"
	CodeEchoUnknown = "echo_unknown"
	CodeEchoCopied  = "echo_copied"

	// Of clients.
	CodeContactNameTaken   = "contact_name_taken"
	CodeContactAmbiguous   = "contact_ambiguous"
	CodeContactArchived    = "contact_archived"
	CodeContactUnknown     = "contact_unknown"
	CodeContactNotCustomer = "contact_not_customer"
	CodeContactMergeCircle = "contact_merged_in_circle"
	CodeContactRefused     = "contact_refused"
	CodeContactDoubled     = "contact_doubled"

	// Of what the ledger may have already.
	CodeAdoptable    = "adoptable"
	CodeLooksTheSame = "looks_already_there"
	CodeMaybeBooked  = "maybe_already_booked"
	CodeDoubled      = "doubled"
	CodeMaybeDeleted = "maybe_deleted"

	// Of drafts that the ledger would not take as they are.
	CodeAdjustFailed      = "adjust_failed"
	CodeRoundingUnclear   = "rounding_unclear"
	CodeNotPredictable    = "not_predictable"
	CodeTotalDiffers      = "total_differs"
	CodeRateMissing       = "exchange_rate_missing"
	CodeNotEncodable      = "not_encodable"
	CodeTooLarge          = "too_large"
	CodeRequestRefused    = "request_refused"
	CodeTotalDiffersAfter = "total_differs_after_write"

	// Of an invoice or payment that is in the ledger, or was.
	CodeChangedAfterPush       = "changed_after_push"
	CodeChangedInLedger        = "changed_in_ledger"
	CodeVoidedInLedger         = "voided_in_ledger"
	CodeDeletedInSource        = "deleted_in_source"
	CodeBackInSource           = "back_in_source"
	CodeLockedByPayment        = ledger.RefusedLockedByMoney
	CodeReverseByHand          = "reverse_by_hand"
	CodePaymentDeletedInLedger = "payment_deleted_in_ledger"
	CodeReverted               = "reverted"
	CodeReplaced               = "replaced"
	CodeRefundOwed             = "refund_owed"
	CodeRefundBooked           = "refund_booked"

	// Of payments that are not booked because of what they are.
	CodePaymentPending  = "payment_pending"
	CodePaymentFailed   = "payment_failed"
	CodePaymentReversed = "payment_reversed"
	CodePaymentRefunded = "payment_refunded"
	CodePaymentZero     = "payment_zero"
	CodePaymentCurrency = "payment_currency"

	// Of payments whose account or invoice does not take them.
	CodePaymentAccountMissing  = "payment_account_missing"
	CodePaymentAccountArchived = "payment_account_archived"
	CodePaymentAccountRefuses  = "payment_account_refuses"
	CodeInvoiceGone            = "invoice_gone"
	CodeInvoiceNotApproved     = "invoice_not_approved"
	CodeInvoiceMissing         = "invoice_missing"
	CodeInvoiceUnknown         = "invoice_unknown"
	CodeInvoiceVoided          = "invoice_voided"
	CodeInvoiceNotWritten      = "invoice_not_written"
	CodeInvoicePaid            = "invoice_paid"
	CodeSeveralInvoices        = "several_invoices"
	CodeOtherOrigin            = "other_origin"
	CodeOverpays               = ledger.RefusedOverpays
	CodeOverpaysRest           = "overpays_rest"
)
