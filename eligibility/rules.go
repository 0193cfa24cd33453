package eligibility

import (
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

// What the policies share.

func kindRule() Rule {
	return Rule{
		Name: "kind", Codes: []string{CodeCreditNote}, Doc: "Credit notes are not invoices.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if inv.Kind != ledger.CreditNote {
				return nil
			}
			return &Reason{Code: CodeCreditNote, Disposition: Skip, Got: string(inv.Kind),
				Want: string(ledger.SalesInvoice), Message: "The document is a credit note, not an invoice."}
		},
	}
}

// unclearRule turns what an adapter could not understand into a reason of that code.
func unclearRule() Rule {
	return Rule{
		Name: "unclear", Doc: "A record that was not fully understood is never transferred.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if inv.Unclear == "" {
				return nil
			}
			msg := Meaning(inv.Unclear)
			if msg == "" {
				msg = "Something on the invoice was not understood, so it is left for a person to look at."
			}
			return &Reason{Code: inv.Unclear, Disposition: Park, Got: inv.UnclearDetail, Message: msg}
		},
	}
}

func statusKnownRule() Rule {
	return Rule{
		Name: "status_known", Codes: []string{CodeStatusUnknown},
		Doc: "An invoice whose status is not known here is never transferred.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			switch inv.Status {
			case ledger.StatusDraft, ledger.StatusSubmitted, ledger.StatusApproved, ledger.StatusPaid,
				ledger.StatusVoided, ledger.StatusDeleted:
				return nil
			}
			return &Reason{Code: CodeStatusUnknown, Disposition: Park, Got: string(inv.Status),
				Message: "The invoice has a status that is not known here, so it is left for a person to look at."}
		},
	}
}

func noCurrency() *Reason {
	return &Reason{Code: CodeNoCurrency, Disposition: Park, Message: "The invoice does not say its currency."}
}

// stateReason says that an invoice is kept out because of where it stands.
func stateReason(s ledger.Status) *Reason {
	r := &Reason{Disposition: Skip, Got: string(s), Want: string(ledger.StatusApproved)}
	switch s {
	case ledger.StatusDraft:
		r.Code, r.Message = CodeDraft, "The invoice is still a draft."
	case ledger.StatusSubmitted:
		r.Code, r.Message = CodeSubmitted, "The invoice is waiting for approval."
	case ledger.StatusVoided:
		r.Code, r.Message = CodeVoided, "The invoice was voided."
	case ledger.StatusDeleted:
		r.Code, r.Message = CodeDeleted, "The invoice was deleted."
	case ledger.StatusPaid:
		r.Code, r.Message = CodePaid, "The invoice is paid."
	default:
		r.Code, r.Want = CodeApprovedExcluded, ""
		r.Message = "The rules as they are set up leave approved invoices out."
	}
	return r
}

// amount prints d in the invoice's currency, with every place that matters: 1.50 and 1.500 are one
// amount and must read as one in a verdict.
func amount(inv *ledger.Invoice, d decimal.Decimal) string {
	if short, err := decimal.NewFromString(d.String()); err == nil {
		d = short
	}
	return strings.TrimSpace(ledger.Money{Amount: d, Currency: inv.Currency}.String())
}

func currencyList(list []ledger.Currency) string {
	if len(list) == 0 {
		return "a currency that the ledger holds"
	}
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = string(c)
	}
	return strings.Join(names, ", ")
}
