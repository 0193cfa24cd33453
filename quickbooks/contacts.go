package quickbooks

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/invoicesync/invoicesync/ledger"
)

// Roles of contacts. Names are unique among all three; only customers can be invoiced.
const (
	RoleCustomer = "customer"
	RoleVendor   = "vendor"
	RoleEmployee = "employee"
)

var roles = [...]string{RoleCustomer, RoleVendor, RoleEmployee}

// Contacts implements [ledger.Ledger]: customers, vendors and employees, inactive ones included. An inactive
// name has " (deleted)" behind it and is free for others. Statuses, From and Summary have no meaning here.
func (l *Ledger) Contacts(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
	f := l.contactFeed()
	if len(q.Refs) > 0 {
		return byRefs(ctx, f, q)
	}
	q.From = ledger.Date{}
	return f.pages(ctx, q)
}

func (l *Ledger) contactFeed() feed[wireName, ledger.Contact] {
	return feed[wireName, ledger.Contact]{
		l: l, kind: "contacts", entities: []string{"Customer", "Vendor", "Employee"}, where: []string{everyState},
		rows:    func(w *wireLists) [][]wireName { return [][]wireName{w.Customer, w.Vendor, w.Employee} },
		raw:     func(w *rawLists) [][]json.RawMessage { return [][]json.RawMessage{w.Customer, w.Vendor, w.Employee} },
		entity:  func(w *wireName) *wireEntity { return &w.wireEntity },
		role:    func(w *wireName, part int) { w.role = roles[part] },
		convert: toContact,
	}
}
