package userpain

import (
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// F69: invoices only.
func TestModeInvoicesOnly(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Mode, r.Settings.Payments = eligibility.InvoicesOnly, invoicesync.PaymentSettings{}
		paid, open := r.Order("110.00", true), r.Order("50.00", false)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 2})
		same(t, "payments read", rep.Payments.Read, 0)
		same(t, "the paid one", inXero(t, r, paid).Status, "AUTHORISED")
		same(t, "the open one", inXero(t, r, open).Status, "AUTHORISED")

		// Switched to payments later: those of what is pushed already are booked too.
		r.Settings.Mode, r.Settings.Payments.Account = eligibility.AsRaised, "090"
		time.Sleep(25 * time.Hour)
		r.Run()
		time.Sleep(25 * time.Hour)
		r.Run()
		same(t, "the paid one", inXero(t, r, paid).Status, "PAID")
		r.Expect(2, 2, 1)
	})
}

// F69: only once paid. A part payment is not enough, and a payment does not change its order's time.
func TestModeOncePaid(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Mode = eligibility.OncePaid
		paid, open := r.Order("110.00", true), r.Order("50.00", false)
		r.Pay(open.ID, "20.00")
		rep := r.Run()
		counted(t, "at first", rep.Invoices, tally{"created": 1, "skipped not_paid_yet": 1})
		same(t, "the paid one", inXero(t, r, paid).Status, "PAID")
		owed(t, rep, nil)
		time.Sleep(time.Hour)
		r.Pay(open.ID, "30.00")
		time.Sleep(time.Hour)
		rep = r.Run()
		counted(t, "paid up", rep.Invoices, tally{"created": 1})
		counted(t, "paid up", rep.Payments, tally{"created": 2})
		same(t, "the other", inXero(t, r, open).Status, "PAID")
		r.Expect(2, 2, 3)
	})
}

// F70: from an invoice's id, or from a date, the start itself included; an earlier start lets the others
// follow.
func TestStart(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		var orders []infusionsoftfake.Order
		for day := range 5 { // 1001 of 1 January 2025 to 1005 of the fifth
			o := infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("10.00")},
				OrderTime: time.Date(2025, 1, 1+day, 2, 0, 0, 0, time.UTC)}
			orders = append(orders, r.Add(o))
		}
		r.Settings.Start = eligibility.Start{ID: "1004"}
		counted(t, "from an id", r.Run().Invoices, tally{"created": 2, "skipped before_start": 3})
		same(t, "the start", inXero(t, r, orders[3]).Date, xerofake.Date("2025-01-04"))
		r.Settings.Start = eligibility.Start{Date: ledger.MustDate("2025-01-02")}
		counted(t, "from a date", r.Run().Invoices, tally{"created": 2, "skipped before_start": 1})
		r.Settings.Start = eligibility.Start{}
		counted(t, "from the first", r.Run().Invoices, tally{"created": 1})
		r.Expect(5, 5, 0)
	})
}

// F71 F79 F80: the rule that gave the due date is recorded, and stands in the preview.
func TestDueDates(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		at := time.Date(2025, 1, 3, 2, 0, 0, 0, time.UTC) // 13:00 in Sydney on the third
		plan := func(items ...infusionsoftfake.PlanItem) *infusionsoftfake.PaymentPlan {
			return &infusionsoftfake.PaymentPlan{StartDate: "2025-01-03", NumberOfPayments: int64(len(items)), Items: items}
		}
		part := func(due, amount string) infusionsoftfake.PlanItem {
			return infusionsoftfake.PlanItem{DueDate: due, AmountDue: dec(amount)}
		}
		cases := []struct {
			name, due, rule string
			plan            *infusionsoftfake.PaymentPlan
			pay             []infusionsoftfake.Payment
		}{
			{"nothing special", "2025-01-17", "days", nil, nil},
			{"paid on the day", "2025-01-03", "paid_at_creation", nil, []infusionsoftfake.Payment{{Amount: dec("90.00"), Status: "APPROVED", Time: at.Add(time.Hour)}}},
			{"paid the day after", "2025-01-17", "days", nil, []infusionsoftfake.Payment{{Amount: dec("90.00"), Status: "APPROVED", Time: at.Add(24 * time.Hour)}}},
			{"half paid on the day", "2025-01-17", "days", nil, []infusionsoftfake.Payment{{Amount: dec("45.00"), Status: "APPROVED", Time: at}}},
			{"a plan of one, as nearly all have", "2025-01-17", "days", plan(part("2025-01-03", "90.00")), nil},
			{"a plan of one, later", "2025-02-28", "payment_plan", plan(part("2025-02-28", "90.00")), nil},
			{"three instalments", "2025-04-03", "payment_plan", plan(part("2025-02-03", "30.00"), part("2025-04-03", "30.00"), part("2025-03-03", "30.00")), nil},
			{"instalments, and paid on the day", "2025-01-03", "paid_at_creation", plan(part("2025-02-03", "45.00"), part("2025-03-03", "45.00")),
				[]infusionsoftfake.Payment{{Amount: dec("90.00"), Status: "APPROVED", Time: at}}},
		}
		var orders []infusionsoftfake.Order
		for _, c := range cases {
			o := r.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("90.00")}, OrderTime: at, Plan: c.plan})
			for _, p := range c.pay {
				p.OrderID = o.ID
				r.PayAs(p)
			}
			orders = append(orders, o)
		}
		rules := map[string]string{}
		for p, err := range r.Push().Preview(t.Context()) {
			rig.Check(t, err)
			rules[p.Ref.ID] = p.DueRule + " " + p.Invoice.DueDate.String()
		}
		r.Run()
		for i, c := range cases {
			inv := inXero(t, r, orders[i])
			same(t, c.name+": date", inv.Date, xerofake.Date("2025-01-03"))
			same(t, c.name+": due", inv.DueDate, xerofake.Date(c.due))
			same(t, c.name+": rule", link(t, r, ledger.KindInvoice, idOf(orders[i])).Rule, c.rule)
			same(t, c.name+": preview", rules[idOf(orders[i])], c.rule+" "+c.due)
		}
	})
}

// F87: invoices over nothing are left out, or not.
func TestZeroTotals(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		free := r.Add(order(product("Sample", "SAMPLE", "25.00", 1, false), item("DISCOUNT_ORDER_TOTAL", "A gift", "-25.00")))
		counted(t, "left out", r.Run().Invoices, tally{"skipped zero_due": 1})
		r.Settings.SkipZero = false
		counted(t, "taken", r.Run().Invoices, tally{"created": 1})
		inv := inXero(t, r, free)
		money(t, "total", inv.Total, "0")
		same(t, "lines", len(inv.Lines), 2)
	})
}

// F60: finance charges are lines on their own account, or stay out; then the ledger's total is smaller on
// purpose, which is no difference.
func TestFinanceCharges(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		a := r.Add(order(rig.Thing("100.00"), item("FINANCE_CHARGE", "Interest", "7.50")))
		r.Run()
		inv := inXero(t, r, a)
		money(t, "total", inv.Total, "107.50")
		same(t, "account", inv.Lines[1].AccountCode, "265")

		r.Settings.FinanceCharges = invoicesync.FinanceChargesLeftOut
		b := r.Add(order(rig.Thing("100.00"), item("FINANCE_CHARGE", "Interest", "7.50")))
		rep := r.Run()
		counted(t, "left out", rep.Invoices, tally{"created": 1})
		money(t, "difference", rep.Difference, "0")
		money(t, "total", inXero(t, r, b).Total, "100.00")
	})
}

// F60: tax as the source has it, by the ledger, or as a line of its own to an account.
func TestTaxHandling(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		// 8 % of 50.00, which is not what OUTPUT stands for.
		odd := r.Add(order(product("Hat", "HAT", "50.00", 1, true), item("TAX", "Tax", "4.00")))
		rep := r.Run()
		counted(t, "by default", rep.Invoices, tally{"parked tax_rate_differs": 1})
		holds(t, "reason", reason(t, r, odd).Message, "8 %", "10")

		r.Settings.Tax.Difference, r.Settings.Tax.LiabilityAccount = invoicesync.TaxDifferenceLine, "825"
		rep = r.Run()
		// EXEMPTOUTPUT is for income; of a liability account Xero wants BASEXCLUDED or NONE.
		same(t, "created or parked with a reason", rep.Invoices.Created+rep.Invoices.Parked["tax_rate_not_for_account"], 1)

		r.Settings.Tax = invoicesync.TaxSettings{Handling: invoicesync.TaxNotHandled, LiabilityAccount: "825"}
		r.Settings.Tax.ZeroCode = "NONE"
		r.Run()
		inv := inXero(t, r, odd)
		money(t, "total", inv.Total, "54.00")
		money(t, "tax", inv.TotalTax, "0")
		last := inv.Lines[len(inv.Lines)-1]
		money(t, "tax line", last.LineAmount, "4.00")
		same(t, "tax account", last.AccountCode, "825")
	})
}

// A setting that was wrong is corrected: everything it kept out is judged again by itself.
func TestSettingsChangeJudgesAgain(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Accounts.Default = "999"
		for range 3 {
			r.Order("110.00", true)
		}
		counted(t, "wrong", r.Run().Invoices, tally{"parked account_missing": 3})
		time.Sleep(time.Hour)
		r.Settings.Accounts.Default = "200"
		rep := r.Run()
		counted(t, "right", rep.Invoices, tally{"created": 3})
		counted(t, "right", rep.Payments, tally{"created": 3})
		owed(t, rep, nil)
	})
}

// F65 F66 and the rest of what is refused when settings are saved, without a call.
func TestSettingsAreCheckedWhenSaved(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		for _, c := range []struct {
			change func(*invoicesync.Settings)
			says   string
		}{
			{func(s *invoicesync.Settings) { s.Status = ledger.StatusDraft }, "payments can only be booked on approved"},
			{func(s *invoicesync.Settings) { s.Status = ledger.StatusSubmitted }, "payments can only be booked on approved"},
			{func(s *invoicesync.Settings) { s.Status = ledger.StatusPaid }, "draft, submitted or approved"},
			{func(s *invoicesync.Settings) { s.Accounts.Default = "" }, "Default"},
			{func(s *invoicesync.Settings) { s.Tax.TaxableCode = "" }, "TaxableCode"},
			{func(s *invoicesync.Settings) { s.Payments.Account = "" }, "Payments.Account"},
			{func(s *invoicesync.Settings) { s.Currency = "AUX" }, "Currency"},
			{func(s *invoicesync.Settings) { s.Due.Days = -1 }, "days"},
			{func(s *invoicesync.Settings) { s.Mode = "sometimes" }, "sometimes"},
			{func(s *invoicesync.Settings) {
				s.Start = eligibility.Start{ID: "5", Date: ledger.MustDate("2025-01-01")}
			}, "choose one"},
			{func(s *invoicesync.Settings) { s.OnVariance = invoicesync.VarianceRoundingLine }, "RoundingAccount"},
			{func(s *invoicesync.Settings) { s.OnEdit = "perhaps" }, "perhaps"},
			{func(s *invoicesync.Settings) { s.Ledger = s.Source }, "same organisation"},
		} {
			s := r.Settings
			c.change(&s)
			_, err := invoicesync.NewPush(r.DB, r.SourceSide(), r.LedgerSide(), s, &r.Opts)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("want an error that says %q: %v", c.says, err)
			}
		}
		same(t, "calls", r.Xero.Calls()+r.Keap.Calls(), 0)
		holds(t, "warnings", strings.Join(r.Settings.Warnings(), " "), "void")
		// Drafts without payments are fine.
		s := r.Settings
		s.Status, s.Mode = ledger.StatusDraft, eligibility.InvoicesOnly
		rig.Check(t, s.Validate())
	})
}

// Theme and tracking are compared with the live ledger where its adapter reads them.
func TestPresentationIsChecked(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Theme = "00000000-0000-4000-8000-000000000000"
		r.Settings.Tracking = []ledger.Tracking{{Category: "Region", Option: "Atlantis"}, {Category: "Planet", Option: "North"}}
		checked := func() []string {
			problems, err := r.Push().Check(t.Context())
			rig.Check(t, err)
			var got []string
			for _, p := range problems {
				got = append(got, p.Setting+" "+p.Code)
			}
			return got
		}
		same(t, "read without presentation", strings.Join(checked(), ", "), "")
		r.Books.Presentation = true
		same(t, "what is not there", strings.Join(checked(), ", "), "Theme theme_missing, Tracking[0] tracking_missing, Tracking[1] tracking_missing")
		chart, err := r.LedgerSide().Chart(t.Context())
		rig.Check(t, err)
		r.Settings.Theme = strings.ToUpper(chart.Themes[0].ID)
		r.Settings.Tracking = []ledger.Tracking{{Category: "Region", Option: "North"}}
		same(t, "what is there", strings.Join(checked(), ", "), "")
	})
}
