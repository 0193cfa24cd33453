package xerofake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// The fields that request bodies may have. A field is name:kind: s text, n number (JSON number or
// text), b boolean, d date, r read-only (accepted and ignored, because clients send back what they
// read), {X} an object, [X] a list of objects.
const fieldsOfBodies = `
Invoice Type:s Contact:{Contact} LineItems:[LineItem] Date:d DueDate:d DateString:r DueDateString:r LineAmountTypes:s InvoiceNumber:s
	Reference:s BrandingThemeID:s Url:s CurrencyCode:s CurrencyRate:n Status:s SentToContact:b ExpectedPaymentDate:d PlannedPaymentDate:d
	ExpectedPaymentDateString:r PlannedPaymentDateString:r CISDeduction:r CISRate:r SubTotal:n TotalTax:n Total:n TotalDiscount:r InvoiceID:s
	RepeatingInvoiceID:r HasAttachments:r IsDiscounted:r Payments:r Prepayments:r Overpayments:r AmountDue:r AmountPaid:r FullyPaidOnDate:r
	AmountCredited:r UpdatedDateUTC:r UpdatedDateUTCString:r CreditNotes:r Attachments:r HasErrors:r StatusAttributeString:r
	ValidationErrors:r Warnings:r InvoiceAddresses:r
CreditNote Type:s Contact:{Contact} LineItems:[LineItem] Date:d DueDate:d DateString:r DueDateString:r LineAmountTypes:s CreditNoteNumber:s
	Reference:s BrandingThemeID:s CurrencyCode:s CurrencyRate:n Status:s SentToContact:b CISDeduction:r CISRate:r SubTotal:n TotalTax:n Total:n
	CreditNoteID:s ID:r FullyPaidOnDate:r RemainingCredit:r Allocations:r AppliedAmount:r Payments:r HasAttachments:r HasErrors:r
	StatusAttributeString:r ValidationErrors:r Warnings:r InvoiceAddresses:r UpdatedDateUTC:r UpdatedDateUTCString:r
LineItem LineItemID:s Description:s Quantity:n UnitAmount:n ItemCode:s AccountCode:s AccountID:s AccountId:s TaxType:s TaxAmount:n LineAmount:n
	Item:r Tracking:[Tracking] DiscountRate:n DiscountAmount:n RepeatingInvoiceID:r Taxability:r SalesTaxCodeId:r TaxBreakdown:r ValidationErrors:r
Tracking TrackingCategoryID:s TrackingOptionID:s Name:s Option:s
Contact ContactID:s MergedToContactID:r ContactNumber:s AccountNumber:s ContactStatus:s Name:s FirstName:s LastName:s CompanyNumber:s
	EmailAddress:s ContactPersons:[ContactPerson] BankAccountDetails:s TaxNumber:s TaxNumberType:r AccountsReceivableTaxType:s
	AccountsPayableTaxType:s Addresses:[Address] Phones:[Phone] IsSupplier:r IsCustomer:r SalesDefaultLineAmountType:s
	PurchasesDefaultLineAmountType:s DefaultCurrency:s XeroNetworkKey:r SalesDefaultAccountCode:s PurchasesDefaultAccountCode:s
	SalesTrackingCategories:r PurchasesTrackingCategories:r TrackingCategoryName:r TrackingCategoryOption:r PaymentTerms:r UpdatedDateUTC:r
	ContactGroups:r Website:r BrandingTheme:r BatchPayments:r Discount:r Balances:r Attachments:r HasAttachments:r ValidationErrors:r
	HasValidationErrors:r StatusAttributeString:r
ContactPerson FirstName:s LastName:s EmailAddress:s IncludeInEmails:b
Address AddressType:s AddressLine1:s AddressLine2:s AddressLine3:s AddressLine4:s City:s Region:s PostalCode:s Country:s AttentionTo:s
Phone PhoneType:s PhoneNumber:s PhoneAreaCode:s PhoneCountryCode:s
Payment Invoice:{InvoiceRef} CreditNote:{CreditNoteRef} Prepayment:{Anything} Overpayment:{Anything} InvoiceNumber:s CreditNoteNumber:s
	BatchPayment:r Account:{AccountRef} Code:s Date:d CurrencyRate:n Amount:n BankAmount:r Reference:s IsReconciled:b Status:s PaymentType:r
	UpdatedDateUTC:r UpdatedDateUTCString:r PaymentID:s BatchPaymentID:r BankAccountNumber:r Particulars:r Details:r HasAccount:r
	HasValidationErrors:r StatusAttributeString:r ValidationErrors:r Warnings:r DateString:r
Allocation AllocationID:r Invoice:{InvoiceRef} Overpayment:r Prepayment:r CreditNote:r Amount:n Date:d IsDeleted:r StatusAttributeString:r
	ValidationErrors:r
HistoryRecord Details:s Changes:r User:r DateUTC:r DateUTCString:r
Currency Code:s Description:s
Envelope Id:r Status:r ProviderName:r DateTimeUTC:r Warnings:r pagination:r`

type bodySchemas map[string]map[string]string

func parseSchemas() bodySchemas {
	all := bodySchemas{}
	var current map[string]string
	for _, line := range strings.Split(strings.TrimSpace(fieldsOfBodies), "\n") {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "\t") {
			current = map[string]string{}
			all[words[0]] = current
			words = words[1:]
		}
		for _, w := range words {
			name, kind, _ := strings.Cut(w, ":")
			current[name] = kind
		}
	}
	// What names another document may carry any of its fields: only the id or number is read.
	for ref, of := range map[string]string{"InvoiceRef": "Invoice", "CreditNoteRef": "CreditNote"} {
		all[ref] = map[string]string{}
		for name := range all[of] {
			all[ref][name] = "r"
		}
	}
	all["InvoiceRef"]["InvoiceID"], all["InvoiceRef"]["InvoiceNumber"] = "s", "s"
	all["CreditNoteRef"]["CreditNoteID"], all["CreditNoteRef"]["CreditNoteNumber"] = "s", "s"
	all["AccountRef"] = map[string]string{"AccountID": "s", "Code": "s"}
	for _, name := range strings.Fields("Name Type BankAccountNumber Status Description BankAccountType CurrencyCode TaxType EnablePaymentsToAccount ShowInExpenseClaims Class SystemAccount ReportingCode ReportingCodeName HasAttachments UpdatedDateUTC AddToWatchlist ValidationErrors") {
		all["AccountRef"][name] = "r"
	}
	return all
}

// elements reads a body: one bare object or {"<collection>": [objects]}.
func (f *Fake) elements(body []byte, collection, schema string) ([]object, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var top map[string]any
	if err := d.Decode(&top); err != nil {
		return nil, fmt.Errorf("the body is not a JSON object: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("the body goes on after its JSON object")
	}
	list, wrapped := top[collection]
	if !wrapped {
		if err := f.check(top, schema, schema); err != nil {
			return nil, err
		}
		return []object{top}, nil
	}
	for name := range top {
		if _, known := f.schemas["Envelope"][name]; !known && name != collection && !f.opts.Switches.AllowUnknownFields {
			return nil, fmt.Errorf("the field '%s' is unknown beside '%s'", name, collection)
		}
	}
	items, ok := list.([]any)
	if !ok || len(items) == 0 {
		return nil, fmt.Errorf("'%s' must be a list of at least one object", collection)
	}
	all := make([]object, len(items))
	for i, item := range items {
		if err := f.check(item, schema, fmt.Sprintf("%s[%d]", collection, i)); err != nil {
			return nil, err
		}
		all[i], _ = item.(map[string]any) // checked above
	}
	return all, nil
}

func (f *Fake) check(v any, schema, at string) error {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s must be an object", at)
	}
	if schema == "Anything" {
		return nil
	}
	for _, name := range sortedKeys(m) {
		v := m[name]
		kind, known := f.schemas[schema][name]
		where := at + "." + name
		if !known {
			if f.opts.Switches.AllowUnknownFields {
				continue
			}
			return fmt.Errorf("the field '%s' is unknown", where)
		}
		if kind == "r" || v == nil {
			continue
		}
		switch kind[0] {
		case 's':
			if _, ok := v.(string); !ok {
				return fmt.Errorf("'%s' must be text", where)
			}
		case 'n':
			if _, ok := asDecimal(v); !ok {
				return fmt.Errorf("'%s' must be a number", where)
			}
		case 'b':
			if _, ok := asBool(v); !ok {
				return fmt.Errorf("'%s' must be true or false", where)
			}
		case 'd':
			s, ok := v.(string)
			if ok && s != "" {
				_, ok = parseDate(s)
			}
			if !ok {
				return fmt.Errorf("'%s' must be a date such as 2026-03-31", where)
			}
		case '{':
			if err := f.check(v, strings.Trim(kind, "{}"), where); err != nil {
				return err
			}
		case '[':
			items, ok := v.([]any)
			if !ok {
				return fmt.Errorf("'%s' must be a list", where)
			}
			for i, item := range items {
				if err := f.check(item, strings.Trim(kind, "[]"), fmt.Sprintf("%s[%d]", where, i)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// An object is a checked part of a body. A null field counts as absent.
type object map[string]any

func (o object) has(name string) bool { return o[name] != nil }

func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

// set stores the text in place if it was sent.
func (o object) set(name string, in *string) {
	if o.has(name) {
		*in = o.text(name)
	}
}

func (o object) number(name string) decimal.Decimal {
	d, _ := asDecimal(o[name])
	return d
}

func (o object) boolean(name string) bool {
	b, _ := asBool(o[name])
	return b
}

func (o object) date(name string) Date {
	d, _ := parseDate(o.text(name))
	return d
}

func (o object) object(name string) object {
	m, _ := o[name].(map[string]any)
	return m
}

func (o object) list(name string) []object {
	items, _ := o[name].([]any)
	all := make([]object, 0, len(items))
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}

// asDecimal reads a number exactly, written as a JSON number or as text. Absurd exponents are refused
// before they cost memory.
func asDecimal(v any) (decimal.Decimal, bool) {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = v.String()
	case string:
		s = strings.TrimSpace(v)
	default:
		return decimal.Decimal{}, false
	}
	if len(s) > 60 {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > 30 || d.Exponent() < -60 {
		return decimal.Decimal{}, false
	}
	return d, true
}

func asBool(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		return strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}
	return false, false
}
