package invoicesync

import (
	"slices"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// Standing is where a record stands that has a reason.
type Standing string

// The standings.
const (
	StandsAside   Standing = "left_out"  // not wanted in the ledger; nobody need do anything
	StandsHeld    Standing = "held_back" // wanted in the ledger, and not there: somebody must act first
	StandsWaiting Standing = "waiting"   // a later run goes on with it by itself
	StandsIn      Standing = "in_ledger" // in the ledger, and somebody must look at it there
	StandsNoted   Standing = "noted"     // in the ledger, and said for the record
)

// Mend is whose doing a reason asks for. Beside it, a change of the settings has everything judged again that is
// not in the ledger, and so has a change of the record where it comes from, unless the reason is sticky.
type Mend string

// Whose doing mends a reason.
const (
	MendItself   Mend = "by_itself" // nobody's: a later run looks again
	MendSource   Mend = "source"    // the record is put right where it comes from
	MendSettings Mend = "settings"  // the settings are changed
	MendChart    Mend = "chart"     // accounts, items, tax codes, currencies, lock dates or switches of the ledger; noticed by itself
	MendContacts Mend = "contacts"  // contacts of the ledger; noticed by itself
	MendLedger   Mend = "ledger"    // the record is put right in the ledger
	MendPerson   Mend = "person"    // a person says what is true: Adopt, Recreate, Rebook, or an agreed repair
	MendHost     Mend = "host"      // the host's own program
	MendNone     Mend = "none"      // there is nothing to mend
)

// CodeInfo says what a reason code means, and what follows from it.
type CodeInfo struct {
	Code   string
	Stands Standing
	// Owed says that the money of a record which is parked for it is not in the ledger: [Report.Owed] counts it.
	Owed bool
	// Sticky says that no change has the record judged again: only a person's word lets it go on.
	Sticky  bool
	Mends   Mend
	Meaning string // a sentence for a bookkeeper
}

// Codes lists all reason codes of this package, of package eligibility, and of a ledger's refusals, grouped by
// where a record with them stands. Codes of an adapter's own come on top, each documented there; [Explain] says
// what holds for all of them.
func Codes() []CodeInfo { return slices.Clone(codeTable[:]) }

// Explain returns what a reason code means. A code that is not in [Codes] is an adapter's own: the record is held
// back until it changes where it comes from, its money is owed, and the reason's message says more.
func Explain(code string) CodeInfo {
	if i, ok := codeIndex[code]; ok {
		return codeTable[i]
	}
	return CodeInfo{code, StandsHeld, owed, false, MendSource, "The adapter says in the message what it cannot understand, or what the ledger refuses."}
}

// codesThat are those for which is holds.
func codesThat(is func(CodeInfo) bool) []string {
	var codes []string
	for _, c := range codeTable {
		if is(c) {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

func mendedBy(by Mend) func(CodeInfo) bool { return func(c CodeInfo) bool { return c.Mends == by } }

const (
	owed   = true
	sticky = true
)

// codeTable is the one place that knows what a code means. Nothing changes it.
var codeTable = [...]CodeInfo{
	// Left out, by what it is or by what the settings want.
	{eligibility.CodeDraft, StandsAside, false, false, MendSource, eligibility.Meaning(eligibility.CodeDraft)},
	{eligibility.CodeSubmitted, StandsAside, false, false, MendSource, eligibility.Meaning(eligibility.CodeSubmitted)},
	{eligibility.CodeVoided, StandsAside, false, false, MendSource, eligibility.Meaning(eligibility.CodeVoided)},
	{eligibility.CodeDeleted, StandsAside, false, false, MendSource, "It was deleted where it comes from, or in the ledger that it was read from, before it was written."},
	{eligibility.CodeApprovedExcluded, StandsAside, false, false, MendSettings, eligibility.Meaning(eligibility.CodeApprovedExcluded)},
	{eligibility.CodeCreditNote, StandsAside, false, false, MendNone, eligibility.Meaning(eligibility.CodeCreditNote)},
	{eligibility.CodeAlreadyLinked, StandsAside, false, false, MendNone, eligibility.Meaning(eligibility.CodeAlreadyLinked)},
	{eligibility.CodeBeforeStart, StandsAside, false, false, MendSettings, "It lies before the start of the sync."},
	{eligibility.CodeNotPaidYet, StandsAside, false, false, MendSource, eligibility.Meaning(eligibility.CodeNotPaidYet)},
	{eligibility.CodeZeroDue, StandsAside, false, false, MendSettings, eligibility.Meaning(eligibility.CodeZeroDue)},
	{eligibility.CodeTooOld, StandsAside, false, false, MendSettings, eligibility.Meaning(eligibility.CodeTooOld)},
	{eligibility.CodeLongOverdue, StandsAside, false, false, MendSettings, eligibility.Meaning(eligibility.CodeLongOverdue)},
	{eligibility.CodePaid, StandsAside, false, false, MendNone, eligibility.Meaning(eligibility.CodePaid)},
	{eligibility.CodePartPaid, StandsAside, false, false, MendSettings, eligibility.Meaning(eligibility.CodePartPaid)},
	{eligibility.CodeBalanceBelowFloor, StandsAside, false, false, MendSettings, eligibility.Meaning(eligibility.CodeBalanceBelowFloor)},
	{eligibility.CodeOtherCurrency, StandsAside, false, false, MendSettings, eligibility.Meaning(eligibility.CodeOtherCurrency)},
	{eligibility.CodeNegativeLine, StandsAside, false, false, MendSource, eligibility.Meaning(eligibility.CodeNegativeLine)},
	{CodeEcho, StandsAside, false, false, MendNone, "It was written by this library, from the other side."},
	{CodeReplaced, StandsAside, false, false, MendItself, "The invoice was voided in the ledger, and a new one takes its place."},
	{CodeRefundBooked, StandsAside, false, false, MendNone, "The refund was booked in the ledger by hand."},
	{CodeReverted, StandsAside, false, sticky, MendPerson, "It was taken back in the ledger, with the run that had written it."},
	{CodePaymentPending, StandsAside, false, false, MendItself, "The payment is not confirmed yet."},
	{CodePaymentFailed, StandsAside, false, false, MendSource, "The payment failed; no money moved."},
	{CodePaymentReversed, StandsAside, false, false, MendSource, "The payment was reversed, and is not in the ledger, or not any more."},
	{CodePaymentRefunded, StandsAside, false, false, MendNone, "The payment was given back before it was booked."},
	{CodePaymentZero, StandsAside, false, false, MendNone, "The payment moves no money."},

	// Waiting.
	{CodeDeferred, StandsWaiting, owed, false, MendItself, "It was left for the next run, which begins with it."},
	{CodeUncertain, StandsWaiting, owed, false, MendItself, "The ledger's answer was lost; it is looked up before anything is sent again."},
	{CodeChangeUncertain, StandsWaiting, false, false, MendItself, "The ledger's answer to a change was lost; it is looked up before anything else."},
	{CodeContactUncertain, StandsWaiting, owed, false, MendItself, "Whether the invoice's client exists in the ledger is being looked up."},
	{CodeWaitsForDoubt, StandsWaiting, owed, false, MendItself, "Another payment of the invoice is being looked up first."},
	{CodeBudget, StandsWaiting, owed, false, MendItself, "It waits for the account's budget of the last 24 hours."},

	// Held back: the record is broken, or cannot be understood.
	{eligibility.CodeStatusUnknown, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeStatusUnknown)},
	{eligibility.CodeNoContact, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeNoContact)},
	{eligibility.CodeNoLines, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeNoLines)},
	{eligibility.CodeNoDate, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeNoDate)},
	{eligibility.CodeNoCurrency, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeNoCurrency)},
	{eligibility.CodeLinesDoNotSum, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeLinesDoNotSum)},
	{eligibility.CodeNegativeTotal, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeNegativeTotal)},
	{CodeUnreadable, StandsHeld, owed, false, MendSource, "The record cannot be read."},
	{CodePaymentsUnreadable, StandsHeld, owed, false, MendSource, "The invoice's payments cannot be read."},
	{CodePaymentsNotFound, StandsHeld, owed, false, MendSource, "The source names payments of the invoice, and does not show them."},
	{CodePaymentUnclear, StandsHeld, owed, false, MendSource, "The payment cannot be understood."},
	{CodePaymentWithoutID, StandsHeld, owed, false, MendHost, "The host tells of a payment that has no id."},
	{CodePaymentUndated, StandsHeld, owed, false, MendHost, "The payment has no date."},
	{CodePaymentCurrency, StandsHeld, owed, false, MendSource, "The payment is in another currency than its invoice, or than the host's account."},
	{CodeSeveralInvoices, StandsHeld, owed, false, MendHost, "The payment is for several invoices, and must be told of as one for each."},
	{CodeInvoiceMissing, StandsHeld, owed, false, MendHost, "The payment names no invoice."},
	{CodeEchoUnknown, StandsHeld, owed, false, MendHost, "The invoice carries a mark of this library that the store does not know; run the flow that wrote it, with this store."},
	{CodeEchoCopied, StandsHeld, owed, false, MendSource, "It carries the mark of another record that was written by us."},

	// Held back: by the settings, or by the host's own adjustment.
	{eligibility.CodeStartUnclear, StandsHeld, owed, false, MendSettings, eligibility.Meaning(eligibility.CodeStartUnclear)},
	{eligibility.CodeTaxNotMapped, StandsHeld, owed, false, MendSettings, eligibility.Meaning(eligibility.CodeTaxNotMapped)},
	{eligibility.CodeNoRules, StandsHeld, owed, false, MendSettings, eligibility.Meaning(eligibility.CodeNoRules)},
	{eligibility.CodeNoAsOf, StandsHeld, owed, false, MendHost, eligibility.Meaning(eligibility.CodeNoAsOf)},
	{eligibility.CodeTaxWithoutTaxableLine, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeTaxWithoutTaxableLine)},
	{eligibility.CodeTaxNotHandled, StandsHeld, owed, false, MendSettings, eligibility.Meaning(eligibility.CodeTaxNotHandled)},
	{eligibility.CodeTaxIncluded, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodeTaxIncluded)},
	{eligibility.CodeTaxNotPredictable, StandsHeld, owed, false, MendSettings, eligibility.Meaning(eligibility.CodeTaxNotPredictable)},
	{eligibility.CodePrecision, StandsHeld, owed, false, MendSource, eligibility.Meaning(eligibility.CodePrecision)},
	{CodeAdjustFailed, StandsHeld, owed, false, MendHost, "The host's own adjustment of the invoice failed."},
	{CodeRateMissing, StandsHeld, owed, false, MendHost, "It is in a foreign currency and states no exchange rate."},
	{CodeOtherOrigin, StandsHeld, owed, false, MendSettings, "The payments of this invoice are booked by the push that wrote it."},

	// Held back: by the ledger's accounts, items, tax codes, currencies, lock dates or switches.
	{eligibility.CodeCurrencyNotEnabled, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeCurrencyNotEnabled)},
	{eligibility.CodeLockedPeriod, StandsHeld, owed, false, MendChart, "Its date lies in a period that the ledger has locked."},
	{eligibility.CodeAccountMissing, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeAccountMissing)},
	{eligibility.CodeAccountArchived, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeAccountArchived)},
	{eligibility.CodeItemMissing, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeItemMissing)},
	{eligibility.CodeItemAmbiguous, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeItemAmbiguous)},
	{eligibility.CodeItemArchived, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeItemArchived)},
	{eligibility.CodeTaxRateMissing, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeTaxRateMissing)},
	{eligibility.CodeTaxRateArchived, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeTaxRateArchived)},
	{eligibility.CodeTaxRateNotForAccount, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeTaxRateNotForAccount)},
	{eligibility.CodeTaxRateDiffers, StandsHeld, owed, false, MendChart, eligibility.Meaning(eligibility.CodeTaxRateDiffers)},
	{ledger.RefusedAccount, StandsHeld, owed, false, MendChart, "The ledger refuses an account of the record."},
	{ledger.RefusedTaxRate, StandsHeld, owed, false, MendChart, "The ledger refuses a tax code of the record."},
	{ledger.RefusedSalesTaxOff, StandsHeld, owed, false, MendChart, "Sales tax is switched off in the ledger."},
	{ledger.RefusedSalesTaxNotSetUp, StandsHeld, owed, false, MendChart, "Sales tax is not set up in the ledger."},
	{ledger.RefusedDiscountsOff, StandsHeld, owed, false, MendChart, "Discounts are switched off in the ledger."},
	{CodePaymentAccountMissing, StandsHeld, owed, false, MendChart, "No account is set for the payment's method, or the ledger does not have it."},
	{CodePaymentAccountArchived, StandsHeld, owed, false, MendChart, "The account for payments is archived in the ledger."},
	{CodePaymentAccountRefuses, StandsHeld, owed, false, MendChart, "The ledger takes no payments on the account."},

	// Held back: by the ledger's contacts.
	{CodeContactNameTaken, StandsHeld, owed, false, MendContacts, "Another contact of the ledger has the client's name."},
	{CodeContactAmbiguous, StandsHeld, owed, false, MendContacts, "Several contacts of the ledger could be the client."},
	{CodeContactArchived, StandsHeld, owed, false, MendContacts, "The client's contact is archived in the ledger."},
	{CodeContactUnknown, StandsHeld, owed, false, MendContacts, "The client is not in the ledger, and is not created here."},
	{CodeContactNotCustomer, StandsHeld, owed, false, MendContacts, "The matching contact of the ledger cannot be invoiced."},
	{CodeContactMergeCircle, StandsHeld, owed, false, MendContacts, "The ledger's contacts are merged into each other."},
	{CodeContactRefused, StandsHeld, owed, false, MendContacts, "The ledger refuses the client as a contact."},
	{CodeContactDoubled, StandsHeld, owed, false, MendPerson, "The ledger holds several contacts with the client's mark; merge them by hand."},

	// Held back: the ledger would make something else of it, or refuses it.
	{CodeTotalDiffers, StandsHeld, owed, false, MendSettings, "The ledger would make another total of these lines than the source has."},
	{CodeRoundingUnclear, StandsHeld, owed, false, MendSource, "How the ledger rounds this invoice is not known for certain."},
	{CodeNotPredictable, StandsHeld, owed, false, MendSource, "The ledger's total cannot be worked out beforehand."},
	{CodeNotEncodable, StandsHeld, owed, false, MendSource, "The record cannot be put into the ledger's words."},
	{CodeTooLarge, StandsHeld, owed, false, MendSource, "The record is larger than a request to the ledger may be."},
	{CodeRequestRefused, StandsHeld, owed, false, MendSource, "The ledger refuses the request, and gives no reason for a single record."},
	{ledger.RefusedOther, StandsHeld, owed, false, MendSource, "The ledger refuses the record; the message is the ledger's own."},
	{ledger.RefusedNumberTaken, StandsHeld, owed, false, MendSettings, "Another invoice of the ledger has the number; free it there, or choose another prefix."},
	{ledger.RefusedNameTaken, StandsHeld, owed, false, MendContacts, "The ledger has another contact with the name."},
	{ledger.RefusedContact, StandsHeld, owed, false, MendSource, "The ledger refuses the client of the invoice."},
	{ledger.RefusedNotApproved, StandsHeld, owed, false, MendLedger, "The ledger takes payments on approved invoices only."},
	{CodeOverpays, StandsHeld, owed, false, MendSource, "The payment is more than what is still owed on the invoice."},
	{CodeInvoiceNotApproved, StandsHeld, owed, false, MendLedger, "Payments can only be booked on approved invoices."},
	{CodeInvoiceGone, StandsHeld, owed, false, MendLedger, "The ledger no longer has the invoice of this payment."},
	{CodeInvoiceUnknown, StandsHeld, owed, false, MendLedger, "The ledger has no such invoice: it was deleted, or never was."},
	{CodeInvoiceVoided, StandsHeld, owed, false, MendLedger, "The invoice of the payment is void in the ledger."},
	{CodeInvoiceNotWritten, StandsHeld, owed, false, MendItself, "The invoice of the payment is not in the ledger; the payment shares its fate."},
	{CodeInvoicePaid, StandsHeld, owed, false, MendLedger, "The invoice of the payment is paid in the ledger already."},

	// Held back: the ledger may have it already, and only a person can tell.
	{CodeAdoptable, StandsHeld, owed, false, MendPerson, "The ledger already has this invoice, entered by hand or by another product."},
	{CodeLooksTheSame, StandsHeld, owed, false, MendPerson, "The ledger has an invoice that looks like this one."},
	{CodeMaybeBooked, StandsHeld, owed, false, MendPerson, "The invoice already has a payment of this amount within five days, entered by somebody else."},
	{CodeDoubled, StandsHeld, owed, sticky, MendPerson, "The ledger holds it more than once; all but one must go by hand."},
	{CodeMaybeDeleted, StandsHeld, owed, sticky, MendPerson, "It was sent, is not in the ledger, and the ledger reports a deletion that may have been it."},
	{CodeBackInSource, StandsHeld, owed, sticky, MendPerson, "The invoice was voided because the source had let it go, and the source has it again."},
	{CodePaymentDeletedInLedger, StandsHeld, owed, sticky, MendPerson, "Somebody deleted the payment in the ledger; the invoice is open again there."},

	// In the ledger, and somebody must look at it there.
	{CodeVoidedInLedger, StandsIn, false, false, MendPerson, "Somebody voided or deleted the invoice in the ledger; it is not created again by itself."},
	{CodeChangedInLedger, StandsIn, false, false, MendLedger, "Somebody changed the record in the ledger after it was written."},
	{CodeChangedAfterPush, StandsIn, false, false, MendLedger, "The record was changed where it comes from after it was written."},
	{CodeDeletedInSource, StandsIn, false, false, MendLedger, "The record is gone where it comes from, and stands in the ledger."},
	{CodeLockedByPayment, StandsIn, false, false, MendLedger, "The ledger does not allow a change of the invoice: it has payments, or its period is locked."},
	{CodeReverseByHand, StandsIn, false, false, MendLedger, "The payment was reversed, and the ledger does not let it be deleted from here."},
	{CodeRefundOwed, StandsIn, owed, false, MendLedger, "Money was given back, and the ledger does not say so; the refund is booked there by hand."},

	// In the ledger as it should be.
	{CodeTotalDiffersAfter, StandsIn, false, false, MendLedger, "The ledger made another total of it than was worked out beforehand."},
	{CodeOverpaysRest, StandsNoted, owed, false, MendSource, "The payment was booked up to what was owed; this is what was left of it."},
}

var codeIndex = func() map[string]int {
	index := make(map[string]int, len(codeTable))
	for i, c := range codeTable {
		index[c.Code] = i
	}
	return index
}()
