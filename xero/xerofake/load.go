package xerofake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// LoadDir loads the files Accounts.json, TaxRates.json, Items.json, Contacts.json, Invoices.json,
// CreditNotes.json and Payments.json of a folder, as far as they are there, each a saved answer of the
// API. Records are taken as they are, totals, statuses and UpdatedDateUTC included: nothing is checked.
func (b *Books) LoadDir(dir string) error {
	for _, name := range []string{"Accounts", "TaxRates", "Items", "Contacts", "Invoices", "CreditNotes", "Payments"} {
		file, err := os.Open(filepath.Join(dir, name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("xerofake: load: %w", err)
		}
		err = b.Load(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("xerofake: load %s.json: %w", name, err)
		}
	}
	return nil
}

// Load loads the collections of one saved answer. A contact that an invoice names and the books do not
// have is added with what the invoice tells of it; so is a payment within an invoice.
func (b *Books) Load(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("xerofake: load: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var top map[string]any
	if err := decoder.Decode(&top); err != nil {
		return fmt.Errorf("xerofake: load: %w", err)
	}
	return b.person(func(d *draft) error {
		all := object(top)
		seen := map[string]bool{}
		for _, in := range all.list("Accounts") {
			d.change.Accounts = append(d.change.Accounts, b.f.freshAccount(Account{
				AccountID: strings.ToLower(in.text("AccountID")), Code: in.text("Code"), Name: in.text("Name"), Type: in.text("Type"), Status: in.text("Status"),
				TaxType: in.text("TaxType"), Description: in.text("Description"), SystemAccount: in.text("SystemAccount"),
				EnablePaymentsToAccount: in.boolean("EnablePaymentsToAccount"), CurrencyCode: in.text("CurrencyCode"),
				BankAccountNumber: in.text("BankAccountNumber"), BankAccountType: in.text("BankAccountType"),
			}, b.org.BaseCurrency))
		}
		for _, in := range all.list("TaxRates") {
			t := TaxRate{
				Name: in.text("Name"), TaxType: in.text("TaxType"), ReportTaxType: in.text("ReportTaxType"), Status: in.text("Status"),
				EffectiveRate: in.number("EffectiveRate"), Assets: in.boolean("CanApplyToAssets"), Equity: in.boolean("CanApplyToEquity"),
				Expenses: in.boolean("CanApplyToExpenses"), Liabilities: in.boolean("CanApplyToLiabilities"), Revenue: in.boolean("CanApplyToRevenue"),
			}
			for _, p := range in.list("TaxComponents") {
				t.Components = append(t.Components, TaxComponent{p.text("Name"), p.number("Rate"), p.boolean("IsCompound")})
			}
			d.change.TaxRates = append(d.change.TaxRates, freshTaxRate(t))
		}
		for _, in := range all.list("Items") {
			details := func(o object) ItemDetails {
				i := ItemDetails{AccountCode: o.text("AccountCode"), TaxType: o.text("TaxType")}
				if o.has("UnitPrice") {
					i.UnitPrice = decimal.NewNullDecimal(o.number("UnitPrice"))
				}
				return i
			}
			d.change.Items = append(d.change.Items, &Item{
				ItemID: first(strings.ToLower(in.text("ItemID")), b.f.newID()), Code: in.text("Code"), Name: in.text("Name"), Description: in.text("Description"),
				PurchaseDescription: in.text("PurchaseDescription"), Sales: details(in.object("SalesDetails")), Purchase: details(in.object("PurchaseDetails")),
				IsSold: in.boolean("IsSold"), IsPurchased: in.boolean("IsPurchased"), Updated: loadedAt(in),
			})
		}
		for _, in := range all.list("Contacts") {
			d.loadContact(in, seen, true)
		}
		for _, in := range all.list("Invoices") {
			d.loadInvoice(in, seen)
		}
		for _, in := range all.list("CreditNotes") {
			n := &CreditNote{Document: d.loadDocument(in, "CreditNoteID", "CreditNoteNumber", seen), RemainingCredit: in.number("RemainingCredit")}
			for _, a := range in.list("Allocations") {
				n.Allocations = append(n.Allocations, Allocation{
					AllocationID: first(strings.ToLower(a.text("AllocationID")), b.f.newID()), InvoiceID: strings.ToLower(a.object("Invoice").text("InvoiceID")),
					Amount: a.number("Amount"), Date: a.date("Date"),
				})
			}
			d.change.CreditNotes = append(d.change.CreditNotes, n)
		}
		for _, in := range all.list("Payments") {
			d.loadPayment(in, in.object("Invoice"), loadedAt(in))
		}
		return nil
	})
}

func loadedAt(in object) time.Time {
	if t, ok := parseInstant(in.text("UpdatedDateUTC")); ok {
		return t
	}
	return now()
}

func (d *draft) loadContact(in object, seen map[string]bool, replace bool) string {
	id := first(strings.ToLower(in.text("ContactID")), d.b.f.newID())
	_, known := d.b.contacts.get(id)
	if !replace && (known || seen[id]) {
		return id
	}
	seen[id] = true
	c := &Contact{ContactID: id, Status: first(in.text("ContactStatus"), "ACTIVE"), Website: in.text("Website"), MergedToContactID: in.text("MergedToContactID"), Updated: loadedAt(in)}
	for name, field := range c.texts() {
		in.set(name, field)
	}
	d.contactLists(c, in)
	d.change.Contacts = append(d.change.Contacts, c)
	return id
}

func (d *draft) loadDocument(in object, id, number string, seen map[string]bool) Document {
	doc := Document{
		ID: first(strings.ToLower(in.text(id)), d.b.f.newID()), Type: in.text("Type"), Number: in.text(number), Reference: in.text("Reference"),
		Status: first(in.text("Status"), "DRAFT"), ContactID: d.loadContact(in.object("Contact"), seen, false),
		Date: in.date("Date"), DueDate: in.date("DueDate"), FullyPaidOn: in.date("FullyPaidOnDate"),
		LineAmountTypes: first(in.text("LineAmountTypes"), "Exclusive"), CurrencyCode: first(in.text("CurrencyCode"), d.b.org.BaseCurrency),
		CurrencyRate: in.number("CurrencyRate"), SubTotal: in.number("SubTotal"), TotalTax: in.number("TotalTax"), Total: in.number("Total"),
		TotalDiscount: in.number("TotalDiscount"), BrandingThemeID: in.text("BrandingThemeID"), SentToContact: in.boolean("SentToContact"), Updated: loadedAt(in),
	}
	if !doc.CurrencyRate.IsPositive() {
		doc.CurrencyRate = d.b.dayRate(doc.CurrencyCode)
	}
	for _, l := range in.list("LineItems") {
		line := Line{
			LineItemID: first(strings.ToLower(l.text("LineItemID")), d.b.f.newID()), Description: l.text("Description"), ItemCode: l.text("ItemCode"),
			AccountCode: l.text("AccountCode"), TaxType: l.text("TaxType"), Quantity: l.number("Quantity"), UnitAmount: l.number("UnitAmount"),
			DiscountRate: l.number("DiscountRate"), DiscountAmount: l.number("DiscountAmount"), LineAmount: l.number("LineAmount"), TaxAmount: l.number("TaxAmount"),
			DescriptionOnly: !l.has("Quantity") && !l.has("UnitAmount") && !l.has("LineAmount"), TaxOverridden: true,
		}
		for _, t := range l.list("Tracking") {
			line.Tracking = append(line.Tracking, Tracking{t.text("TrackingCategoryID"), t.text("TrackingOptionID"), t.text("Name"), t.text("Option")})
		}
		doc.Lines = append(doc.Lines, line)
	}
	return doc
}

func (d *draft) loadInvoice(in object, seen map[string]bool) {
	inv := &Invoice{
		Document: d.loadDocument(in, "InvoiceID", "InvoiceNumber", seen), URL: in.text("Url"), ExpectedPaymentDate: in.date("ExpectedPaymentDate"),
		PlannedPaymentDate: in.date("PlannedPaymentDate"), AmountDue: in.number("AmountDue"), AmountPaid: in.number("AmountPaid"), AmountCredited: in.number("AmountCredited"),
	}
	d.change.Invoices = append(d.change.Invoices, inv)
	for _, p := range in.list("Payments") {
		if _, known := d.b.payments.get(p.text("PaymentID")); !known {
			d.loadPayment(p, object{"InvoiceID": inv.ID, "Type": inv.Type}, inv.Updated)
		}
	}
}

func (d *draft) loadPayment(in, of object, at time.Time) {
	p := &Payment{
		PaymentID: first(strings.ToLower(in.text("PaymentID")), d.b.f.newID()), Date: in.date("Date"), Amount: in.number("Amount"), BankAmount: in.number("BankAmount"),
		CurrencyRate: in.number("CurrencyRate"), Reference: in.text("Reference"), Status: first(in.text("Status"), "AUTHORISED"),
		PaymentType: in.text("PaymentType"), IsReconciled: in.boolean("IsReconciled"), Batched: in.has("BatchPaymentID"), Updated: at,
	}
	if !p.CurrencyRate.IsPositive() {
		p.CurrencyRate = decimal.New(1, 0)
	}
	if !in.has("BankAmount") {
		p.BankAmount = p.Amount
	}
	account := in.object("Account")
	if a := find(d.b.accounts, func(a *Account) bool {
		return strings.EqualFold(a.AccountID, account.text("AccountID")) || account.text("Code") != "" && a.Code == account.text("Code")
	}); a != nil {
		p.AccountID = a.AccountID
	}
	id := strings.ToLower(of.text("InvoiceID"))
	switch of.text("Type") {
	case "ACCRECCREDIT", "ACCPAYCREDIT":
		p.CreditNoteID = id
		p.PaymentType = first(p.PaymentType, map[bool]string{true: "ARCREDITPAYMENT", false: "APCREDITPAYMENT"}[of.text("Type") == "ACCRECCREDIT"])
	default:
		p.InvoiceID = id
		p.PaymentType = first(p.PaymentType, map[bool]string{true: "ACCPAYPAYMENT", false: "ACCRECPAYMENT"}[of.text("Type") == "ACCPAY"])
	}
	d.change.Payments = append(d.change.Payments, p)
}
