package quickbooksfake

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// A kind is a sort of record: what may be done with it, and how it is found.
type kind struct {
	name string
	make func() record
	ids  string // the counter of its ids
	// writable, deletable, voidable are what the API may do. Name lists cannot be deleted.
	writable, deletable, voidable bool
	cdc                           bool
	// order is the default order: "newest" (recorded for transactions), or the property of an ascending one.
	order string
	// totals: its queries have a totalCount (recorded for Invoice only).
	totals bool
	// filters are the properties that WHERE and ORDERBY take; a trailing - filters only, a trailing + sorts
	// only. Others that the class has are known and "not queryable".
	filters string
	prepare func(o *op, old, in record, has map[string]bool) *fault
}

func kinds() []*kind {
	const (
		always = "Id MetaData.CreateTime MetaData.LastUpdatedTime "
		form   = always + "DocNumber TxnDate CustomerRef CurrencyRef TotalAmt Balance "
		party  = always + "DisplayName GivenName MiddleName FamilyName CompanyName PrintOnCheckName PrimaryEmailAddr- Active "
		list   = always + "Name Active "
	)
	return []*kind{
		{name: "Invoice", make: func() record { return &Invoice{} }, ids: "txn", writable: true, deletable: true, voidable: true, cdc: true, order: "newest", totals: true, filters: form + "DueDate SalesTermRef", prepare: prepareSale},
		{name: "CreditMemo", make: func() record { return &CreditMemo{} }, ids: "txn", writable: true, deletable: true, cdc: true, order: "newest", filters: form, prepare: prepareSale},
		{name: "RefundReceipt", make: func() record { return &RefundReceipt{} }, ids: "txn", writable: true, deletable: true, cdc: true, order: "newest", filters: form, prepare: prepareSale},
		{name: "Payment", make: func() record { return &Payment{} }, ids: "txn", writable: true, deletable: true, voidable: true, cdc: true, order: "newest", filters: always + "CustomerRef PaymentRefNum TxnDate TotalAmt CurrencyRef PaymentMethodRef", prepare: preparePayment},
		{name: "Customer", make: func() record { return &Customer{} }, ids: "name", writable: true, cdc: true, order: "FullyQualifiedName", filters: party + "FullyQualifiedName Balance BalanceWithJobs+ Job", prepare: prepareParty},
		{name: "Vendor", make: func() record { return &Vendor{} }, ids: "name", writable: true, cdc: true, order: "DisplayName", filters: party + "Balance", prepare: prepareParty},
		{name: "Employee", make: func() record { return &Employee{} }, ids: "name", writable: true, cdc: true, order: "DisplayName", filters: party, prepare: prepareParty},
		{name: "Item", make: func() record { return &Item{} }, ids: "item", writable: true, cdc: true, order: "FullyQualifiedName", filters: list + "Type FullyQualifiedName Sku UnitPrice", prepare: prepareItem},
		{name: "Account", make: func() record { return &Account{} }, ids: "account", writable: true, cdc: true, order: "Name", filters: list + "AccountType AccountSubType Classification FullyQualifiedName AcctNum SubAccount CurrentBalance", prepare: prepareAccount},
		{name: "Term", make: func() record { return &Term{} }, ids: "term", writable: true, cdc: true, order: "Name", filters: list + "Type DueDays", prepare: prepareTerm},
		{name: "PaymentMethod", make: func() record { return &PaymentMethod{} }, ids: "method", writable: true, cdc: true, order: "Name", filters: list + "Type", prepare: preparePaymentMethod},
		{name: "TaxCode", make: func() record { return &TaxCode{} }, ids: "taxcode", order: "Id", filters: list + "Description"},
		{name: "TaxRate", make: func() record { return &TaxRate{} }, ids: "taxrate", order: "Id", filters: list + "Description RateValue"},
		{name: "CompanyCurrency", make: func() record { return &CompanyCurrency{} }, ids: "currency", order: "Code", filters: always + "Code Name Active"},
	}
}

// form reports a document for customers: it can be printed and sent.
func (k *kind) form() bool {
	_, ok := k.make().(interface{ sale() *Sale })
	return ok
}

// active is a record's Active, for those that can be made inactive.
func active(r record) (flag, has bool) {
	f := reflect.ValueOf(r).Elem().FieldByName("Active")
	if !f.IsValid() {
		return true, false
	}
	p, ok := f.Interface().(*bool)
	return !ok || p == nil || *p, true
}

// A column is a property that queries can name.
type column struct {
	name         string // as the vendor spells it
	filter, sort bool
	path         []int // of the field
	kind         columnKind
}

type columnKind int

const (
	textColumn columnKind = iota
	idColumn
	numberColumn
	dateColumn
	timeColumn
	boolColumn
)

// columns are the queryable properties of a kind, by folded name; others are the ones that it has besides.
func (f *Fake) columns(k *kind) (queryable map[string]column, others map[string]bool) {
	t := reflect.TypeOf(k.make()).Elem()
	fields := f.fields(t)
	queryable, others = map[string]column{}, map[string]bool{}
	for name := range fields {
		others[strings.ToLower(name)] = true
	}
	for name := range f.known[k.name] {
		others[strings.ToLower(name)] = true
	}
	for _, word := range strings.Fields(k.filters) {
		name := strings.TrimRight(word, "+-")
		c := column{name: name, filter: !strings.HasSuffix(word, "+"), sort: !strings.HasSuffix(word, "-")}
		base, rest, _ := strings.Cut(name, ".")
		field, ok := fields[base]
		if !ok {
			continue
		}
		c.path = field.Index
		ft := field.Type
		if rest != "" {
			sub := f.fields(ft)[rest]
			c.path, ft = append(slices.Clone(c.path), sub.Index...), sub.Type
		}
		for ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		switch {
		case name == "Id":
			c.kind = idColumn
		case ft == reflect.TypeFor[Amount](), ft == reflect.TypeFor[Number](), ft.Kind() == reflect.Int:
			c.kind = numberColumn
		case ft == reflect.TypeFor[Date]():
			c.kind = dateColumn
		case ft == reflect.TypeFor[time.Time]():
			c.kind = timeColumn
		case ft.Kind() == reflect.Bool:
			c.kind = boolColumn
		}
		queryable[strings.ToLower(name)] = c
	}
	return queryable, others
}

// A cell is the value of a column in one record, in the form that it is compared in.
type cell struct {
	there bool
	text  string // folded
	num   decimal.Decimal
	at    time.Time
	yes   bool
}

func (c column) of(r record) cell {
	v := reflect.ValueOf(r).Elem().FieldByIndex(c.path)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return cell{there: c.kind == boolColumn && c.name == "Active", yes: true}
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case Amount:
		return cell{there: true, num: x.Decimal}
	case Number:
		return cell{there: true, num: x.Decimal}
	case time.Time:
		return cell{there: !x.IsZero(), at: x}
	case Ref:
		return cell{there: x.Value != "", text: strings.ToLower(x.Value)}
	case Email:
		return cell{there: x.Address != "", text: strings.ToLower(x.Address)}
	case bool:
		return cell{there: true, yes: x}
	case int:
		return cell{there: true, num: decimal.NewFromInt(int64(x))}
	}
	s := strings.ToLower(v.String())
	return cell{there: s != "", text: s}
}

func (c column) compare(a, b cell, numericID bool) int {
	switch {
	case c.kind == numberColumn:
		return a.num.Cmp(b.num)
	case c.kind == timeColumn:
		return a.at.Compare(b.at)
	case c.kind == boolColumn:
		switch {
		case a.yes == b.yes:
			return 0
		case b.yes:
			return -1
		}
		return 1
	case c.kind == idColumn && numericID && len(a.text) != len(b.text):
		return len(a.text) - len(b.text)
	}
	return strings.Compare(a.text, b.text)
}
