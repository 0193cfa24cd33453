package eligibility

import "slices"

// Reason codes. They are stable: stores, consoles and people's filters refer to them.
const (
	// Of an invoice's own state.
	CodeDraft            = "draft"
	CodeSubmitted        = "submitted"
	CodeVoided           = "voided"
	CodeDeleted          = "deleted"
	CodeApprovedExcluded = "approved_excluded"
	CodeStatusUnknown    = "status_unknown"
	CodeCreditNote       = "credit_note"

	// Of what is wanted.
	CodeAlreadyLinked     = "already_linked"
	CodeBeforeStart       = "before_start"
	CodeStartUnclear      = "start_not_comparable"
	CodeNotPaidYet        = "not_paid_yet"
	CodeZeroDue           = "zero_due"
	CodeTooOld            = "too_old"
	CodeLongOverdue       = "long_overdue"
	CodePaid              = "paid"
	CodePartPaid          = "part_paid"
	CodeBalanceBelowFloor = "balance_below_floor"
	CodeOtherCurrency     = "other_currency"
	CodeNegativeLine      = "negative_line"

	// Of a record that is broken, or that the books cannot take.
	CodeNoContact          = "no_contact"
	CodeNoLines            = "no_lines"
	CodeNoDate             = "no_date"
	CodeNoCurrency         = "no_currency"
	CodeLinesDoNotSum      = "lines_do_not_sum"
	CodeNegativeTotal      = "negative_total"
	CodeCurrencyNotEnabled = "currency_not_enabled"
	CodeLockedPeriod       = "locked_period"
	CodeTaxNotMapped       = "tax_not_mapped"

	// Of the judging itself.
	CodeNoRules = "no_rules"
	CodeNoAsOf  = "no_as_of"

	// Of accounts and tax, found while an eligible invoice is shaped.
	CodeAccountMissing        = "account_missing"
	CodeAccountArchived       = "account_archived"
	CodeItemMissing           = "item_missing"
	CodeItemAmbiguous         = "item_ambiguous"
	CodeItemArchived          = "item_archived"
	CodeTaxRateMissing        = "tax_rate_missing"
	CodeTaxRateArchived       = "tax_rate_archived"
	CodeTaxRateNotForAccount  = "tax_rate_not_for_account"
	CodeTaxRateDiffers        = "tax_rate_differs"
	CodeTaxWithoutTaxableLine = "tax_without_taxable_line"
	CodeTaxNotHandled         = "tax_not_handled"
	CodeTaxIncluded           = "tax_included"
	CodeTaxNotPredictable     = "tax_not_predictable"
	CodePrecision             = "precision"
)

// CodeInfo says what a reason code means.
type CodeInfo struct {
	Code        string
	Disposition Disposition
	Meaning     string // one sentence
}

// Codes lists the reason codes that the rules of this package and the shaping of accounts and tax give,
// each with a sentence. Codes of records that an adapter could not understand ([ledger.Invoice.Unclear])
// come on top; each adapter documents its own, and all of them park.
func Codes() []CodeInfo { return slices.Clone(codes[:]) }

// Meaning returns the sentence for a code, or "" for one that is not in [Codes].
func Meaning(code string) string {
	for _, c := range codes {
		if c.Code == code {
			return c.Meaning
		}
	}
	return ""
}

var codes = [...]CodeInfo{
	{CodeDraft, Skip, "The invoice is a draft."},
	{CodeSubmitted, Skip, "The invoice waits for approval."},
	{CodeVoided, Skip, "The invoice was voided."},
	{CodeDeleted, Skip, "The invoice was deleted."},
	{CodeApprovedExcluded, Skip, "The rules as they are set up leave approved invoices out."},
	{CodeStatusUnknown, Park, "The invoice has a status that is not known here."},
	{CodeCreditNote, Skip, "The document is a credit note, not an invoice."},

	{CodeAlreadyLinked, Skip, "The invoice has been transferred before."},
	{CodeBeforeStart, Skip, "The invoice lies before the start of the sync."},
	{CodeStartUnclear, Park, "The invoice's number cannot be compared with the start of the sync; choose a start date."},
	{CodeNotPaidYet, Skip, "Invoices are transferred once they are paid, and this one is not."},
	{CodeZeroDue, Skip, "The invoice's total is zero, and such invoices are left out."},
	{CodeTooOld, Skip, "The invoice was issued too long ago."},
	{CodeLongOverdue, Skip, "The invoice is too long past its due date."},
	{CodePaid, Skip, "The invoice is paid."},
	{CodePartPaid, Skip, "The invoice is paid in part, or a credit note was used on it."},
	{CodeBalanceBelowFloor, Skip, "What is left to pay is less than the smallest amount that is taken."},
	{CodeOtherCurrency, Skip, "The invoice is in another currency than the account."},
	{CodeNegativeLine, Skip, "A line of the invoice has a negative amount."},

	{CodeNoContact, Park, "The invoice names no customer."},
	{CodeNoLines, Park, "The invoice has no lines."},
	{CodeNoDate, Park, "The invoice has no date."},
	{CodeNoCurrency, Park, "The invoice has no currency."},
	{CodeLinesDoNotSum, Park, "The lines do not add up to the invoice's total."},
	{CodeNegativeTotal, Park, "The invoice's total is negative; it should be a credit note."},
	{CodeCurrencyNotEnabled, Park, "The ledger is not set up for the invoice's currency."},
	{CodeLockedPeriod, Park, "The invoice's date lies in a period that the ledger has locked."},
	{CodeTaxNotMapped, Park, "A line bears a tax rate that is not mapped to a rate of the account."},

	{CodeNoRules, Park, "No rules are set up to judge invoices by."},
	{CodeNoAsOf, Park, "The day of judging was not given."},

	{CodeAccountMissing, Park, "A line needs an account that the ledger does not have."},
	{CodeAccountArchived, Park, "A line needs an account that is archived in the ledger."},
	{CodeItemMissing, Park, "A line needs an item, and none is chosen for it, or the ledger does not have it."},
	{CodeItemAmbiguous, Park, "Several items of the ledger answer to the line's SKU, or to the name of the one that is chosen, and do not agree."},
	{CodeItemArchived, Park, "The ledger's item for a line is inactive."},
	{CodeTaxRateMissing, Park, "The invoice needs a tax code that the ledger does not have."},
	{CodeTaxRateArchived, Park, "The invoice needs a tax code that is archived in the ledger."},
	{CodeTaxRateNotForAccount, Park, "The ledger does not allow a tax code on a line's account."},
	{CodeTaxRateDiffers, Park, "The tax of the invoice is not what the chosen tax code gives."},
	{CodeTaxWithoutTaxableLine, Park, "The invoice has tax, and no line that it could be for."},
	{CodeTaxNotHandled, Park, "The invoice has tax, and the settings say nothing of where to book it."},
	{CodeTaxIncluded, Park, "The invoice's prices include tax, and only prices before tax can be transferred."},
	{CodeTaxNotPredictable, Park, "What the ledger would make of the invoice's tax cannot be worked out beforehand."},
	{CodePrecision, Park, "An amount has more decimal places than the ledger can hold."},
}
