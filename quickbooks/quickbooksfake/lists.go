package quickbooksfake

import (
	"strings"

	"github.com/shopspring/decimal"
)

// nameFree refuses a second record of a name list with the same name; inactive ones have theirs suffixed.
func (o *op) nameFree(kind, full string, old record) *fault {
	for _, r := range o.b.tables[kind].all() {
		if old != nil && r.head().ID == old.head().ID {
			continue
		}
		if o.b.fold(listName(r)) == o.b.fold(full) {
			return duplicateName(kind, kind)
		}
	}
	return nil
}

func listName(r record) string {
	switch r := r.(type) {
	case *Item:
		return r.FullyQualifiedName
	case *Account:
		return r.FullyQualifiedName
	case *Term:
		return r.Name
	case *PaymentMethod:
		return r.Name
	}
	return ""
}

// suffixed keeps a name and its Active in step.
func suffixed(name string, flag **bool) string {
	if *flag == nil {
		*flag = pointer(true)
	}
	name = strings.TrimSuffix(strings.TrimSpace(name), deletedSuffix)
	if !**flag {
		name += deletedSuffix
	}
	return name
}

func prepareItem(o *op, old, in record, has map[string]bool) *fault {
	i, ok := in.(*Item)
	if !ok {
		return systemFault()
	}
	if i.Name == "" {
		return missing("Name")
	}
	if bad := checkLengths(length{"Name", i.Name, 100}, length{"Sku", i.Sku, 100}, length{"Description", i.Description, 4000}); bad != nil {
		return bad
	}
	i.Name = suffixed(i.Name, &i.Active)
	i.FullyQualifiedName = i.Name
	if i.ParentRef != nil {
		parent, bad := named[*Item](o, "Item", i.ParentRef.Value)
		if bad != nil {
			return bad
		}
		i.SubItem, i.FullyQualifiedName = true, parent.FullyQualifiedName+":"+i.Name
	}
	switch i.Type {
	case "Service", "NonInventory":
	case "Inventory":
		for _, need := range []struct {
			name  string
			there bool
		}{
			{"AssetAccountRef", i.AssetAccountRef != nil}, {"ExpenseAccountRef", i.ExpenseAccountRef != nil}, {"InvStartDate", i.InvStartDate != ""},
			{"QtyOnHand", i.QtyOnHand != nil}, {"TrackQtyOnHand", i.TrackQtyOnHand},
		} {
			if !need.there {
				return missing(need.name)
			}
		}
	case "":
		return missing("Type")
	default:
		return unsupported("Type " + i.Type)
	}
	if i.IncomeAccountRef == nil {
		return missing("IncomeAccountRef")
	}
	for _, r := range []*Ref{i.IncomeAccountRef, i.ExpenseAccountRef, i.AssetAccountRef} {
		if r == nil {
			continue
		}
		a, bad := named[*Account](o, "Account", r.Value)
		if bad != nil {
			return bad
		}
		r.Name = a.FullyQualifiedName
	}
	if i.UnitPrice == nil {
		i.UnitPrice = NewNumber(decimal.Zero)
	}
	if i.PurchaseCost == nil {
		i.PurchaseCost = NewNumber(decimal.Zero)
	}
	return o.nameFree("Item", i.FullyQualifiedName, old)
}

// classes are the classifications of account types and the sub type that each starts with.
func classes(accountType string) (class, sub string) {
	pair, ok := map[string][2]string{
		"Bank": {"Asset", "CashOnHand"}, "Accounts Receivable": {"Asset", "AccountsReceivable"}, "Other Current Asset": {"Asset", "OtherCurrentAssets"},
		"Fixed Asset": {"Asset", "OtherFixedAssets"}, "Other Asset": {"Asset", "OtherLongTermAssets"}, "Accounts Payable": {"Liability", "AccountsPayable"},
		"Credit Card": {"Liability", "CreditCard"}, "Other Current Liability": {"Liability", "OtherCurrentLiabilities"},
		"Long Term Liability": {"Liability", "OtherLongTermLiabilities"}, "Equity": {"Equity", "OpeningBalanceEquity"},
		"Income": {"Revenue", "ServiceFeeIncome"}, "Other Income": {"Revenue", "OtherMiscellaneousIncome"},
		"Expense": {"Expense", "OtherMiscellaneousServiceCost"}, "Other Expense": {"Expense", "OtherMiscellaneousExpense"}, "Cost of Goods Sold": {"Expense", "SuppliesMaterialsCogs"},
	}[accountType]
	if !ok {
		return "", ""
	}
	return pair[0], pair[1]
}

func prepareAccount(o *op, old, in record, has map[string]bool) *fault {
	a, ok := in.(*Account)
	if !ok {
		return systemFault()
	}
	if a.Name == "" {
		return missing("Name")
	}
	limit := 20
	if c := o.b.company.Country; c == "US" || c == "GB" || c == "IN" {
		limit = 7
	}
	if bad := checkLengths(length{"Name", a.Name, 100}, length{"AcctNum", a.AcctNum, limit}); bad != nil {
		return bad
	}
	if a.AccountType == "" {
		return missing("AccountType")
	}
	class, sub := classes(a.AccountType)
	if class == "" {
		return unsupported("AccountType " + a.AccountType)
	}
	a.Classification, a.AccountSubType = class, first(a.AccountSubType, sub)
	a.CurrentBalance, a.CurrentBalanceWithSubAccounts = Amount{}, Amount{}
	if before, ok := old.(*Account); ok {
		a.CurrentBalance, a.CurrentBalanceWithSubAccounts = before.CurrentBalance, before.CurrentBalanceWithSubAccounts
	}
	a.CurrencyRef = o.currency(firstRef(a.CurrencyRef, &Ref{Value: o.b.company.HomeCurrency}).Value)
	a.Name = suffixed(a.Name, &a.Active)
	a.FullyQualifiedName, a.SubAccount = a.Name, false
	if a.ParentRef != nil {
		parent, bad := named[*Account](o, "Account", a.ParentRef.Value)
		if bad != nil {
			return bad
		}
		a.SubAccount, a.FullyQualifiedName = true, parent.FullyQualifiedName+":"+a.Name
	}
	return o.nameFree("Account", a.FullyQualifiedName, old)
}

func prepareTerm(o *op, old, in record, has map[string]bool) *fault {
	t, ok := in.(*Term)
	if !ok {
		return systemFault()
	}
	if t.Name == "" {
		return missing("Name")
	}
	if bad := checkLengths(length{"Name", t.Name, 31}); bad != nil {
		return bad
	}
	switch {
	case t.DayOfMonthDue != nil && t.DueDays == nil:
		t.Type = "DATE_DRIVEN"
	case t.DueDays != nil && t.DayOfMonthDue == nil:
		t.Type = "STANDARD"
	default:
		return missing("DueDays")
	}
	t.Name = suffixed(t.Name, &t.Active)
	return o.nameFree("Term", t.Name, old)
}

func preparePaymentMethod(o *op, old, in record, has map[string]bool) *fault {
	m, ok := in.(*PaymentMethod)
	if !ok {
		return systemFault()
	}
	if m.Name == "" {
		return missing("Name")
	}
	if bad := checkLengths(length{"Name", m.Name, 31}); bad != nil {
		return bad
	}
	m.Type = first(m.Type, "NON_CREDIT_CARD")
	m.Name = suffixed(m.Name, &m.Active)
	return o.nameFree("PaymentMethod", m.Name, old)
}
