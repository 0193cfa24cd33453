package quickbooksfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A write is what one request, or one item of a batch, wants done.
type write struct {
	kind      *kind
	operation string // create, update, delete, void; "" is create or update, by whether there is an Id
	body      any
	allow     bool // duplicate numbers
}

// do carries a write out within o, without committing it. It returns the entity as the answer shows it.
func (o *op) do(w write) (inner []byte, created bool, bad *fault) {
	if o.b.company.ReadOnly && !o.byHand {
		return nil, false, readOnlyCompany()
	}
	o.allow = w.allow
	s, bad := o.b.f.read(w.kind, w.body)
	if bad != nil {
		return nil, false, bad
	}
	operation := w.operation
	switch {
	case operation == "" && s.id == "":
		operation = "create"
	case operation == "":
		operation = "update"
	}
	supported := w.kind.writable
	switch operation {
	case "delete":
		supported = w.kind.deletable
	case "void":
		supported = w.kind.voidable
	}
	if !supported {
		return nil, false, unsupportedOperation(operation + " " + w.kind.name)
	}
	if operation == "create" {
		if s.id != "" {
			return nil, false, unsupported("Id")
		}
		rec, bad := o.create(w.kind, s.rec, s.has)
		if bad != nil {
			return nil, false, bad
		}
		return o.inner(w.kind, rec), true, nil
	}

	old, bad := o.find(w.kind, s)
	if bad != nil {
		return nil, false, bad
	}
	switch operation {
	case "delete":
		if bad := o.remove(w.kind, old); bad != nil {
			return nil, false, bad
		}
		data, err := json.Marshal(map[string]any{w.kind.name: struct {
			Domain string `json:"domain"`
			Status string `json:"status"`
			ID     string `json:"Id"`
		}{"QBO", "Deleted", s.id}})
		if err != nil {
			return nil, false, systemFault()
		}
		return data[1 : len(data)-1], false, nil
	case "void":
		rec, bad := o.void(w.kind, old)
		if bad != nil {
			return nil, false, bad
		}
		return o.inner(w.kind, rec), false, nil
	case "update":
		rec, bad := o.update(w.kind, old, s)
		if bad != nil {
			return nil, false, bad
		}
		return o.inner(w.kind, rec), false, nil
	}
	return nil, false, unsupportedOperation(operation)
}

// find returns the record that a body names, at the version that it names.
func (o *op) find(k *kind, s *sent) (record, *fault) {
	if s.id == "" {
		return nil, missing("Id")
	}
	if !isNumber(s.id) {
		return nil, badID(s.id)
	}
	old, ok := o.get(k.name, s.id)
	if !ok {
		return nil, notFound()
	}
	switch s.tok {
	case "":
		return nil, missing("SyncToken")
	case old.head().SyncToken:
		return old, nil
	}
	return nil, stale()
}

func isNumber(id string) bool { return id != "" && strings.Trim(id, "0123456789") == "" }

func (o *op) create(k *kind, rec record, has map[string]bool) (record, *fault) {
	h := rec.head()
	h.Domain, h.Sparse, h.SyncToken = "QBO", false, "0"
	h.MetaData = MetaData{CreateTime: o.at, LastUpdatedTime: o.at}
	if bad := k.prepare(o, nil, rec, has); bad != nil {
		return nil, bad
	}
	h.ID = o.nextID(k.ids)
	o.put(k.name, rec)
	return rec, o.after(k, nil, rec)
}

func (o *op) update(k *kind, old record, s *sent) (record, *fault) {
	next := s.rec
	if s.part {
		next = o.b.f.merge(old, s)
	}
	return o.replace(k, old, next, s.has, s.part)
}

// replace puts next where old was, unless nothing changes: then the old record stays, its token and its
// time of change too (recorded for accounts and items).
func (o *op) replace(k *kind, old, next record, has map[string]bool, sparse bool) (record, *fault) {
	*next.head() = *old.head()
	if !sparse {
		has = nil // everything is as it was sent, or cleared
	}
	if bad := k.prepare(o, old, next, has); bad != nil {
		return nil, bad
	}
	if same(old, next) {
		return old, nil
	}
	o.bump(next)
	o.put(k.name, next)
	return next, o.after(k, old, next)
}

func same(a, b record) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// bump moves a record's token and its time of change, once in an operation.
func (o *op) bump(r record) {
	h := r.head()
	h.MetaData.LastUpdatedTime = o.at
	slot := fmt.Sprintf("%T %s", r, h.ID)
	if o.bumped[slot] {
		return
	}
	o.bumped[slot] = true
	n, err := strconv.Atoi(h.SyncToken)
	if err != nil {
		n = 0
	}
	h.SyncToken = strconv.Itoa(n + 1)
}

// edit copies a record of the books, lets change it, and bumps it.
func edit[T record](o *op, kind, id string, change func(T)) *fault {
	old, ok := o.get(kind, id)
	if !ok {
		return badReference(kind, id)
	}
	t, ok := deepCopy(old).(T)
	if !ok {
		return systemFault()
	}
	change(t)
	o.bump(t)
	o.put(kind, t)
	return nil
}

// after does to other records what follows from a record's change.
func (o *op) after(k *kind, old, rec record) *fault {
	switch rec := rec.(type) {
	case *Payment:
		previous, _ := old.(*Payment)
		return o.applyPayment(previous, rec)
	case interface{ sale() *Sale }:
		s := rec.sale()
		if k.name != "RefundReceipt" {
			by := s.Balance.Decimal
			if before, ok := old.(interface{ sale() *Sale }); ok {
				by = by.Sub(before.sale().Balance.Decimal)
			}
			if k.name == "CreditMemo" {
				by = by.Neg()
			}
			o.owe(s.CustomerRef.Value, by)
		}
		if k.name == "Invoice" && old == nil {
			return o.applyCredit(s)
		}
	}
	return nil
}

func (o *op) remove(k *kind, old record) *fault {
	if bad := o.mayTouch(dateOf(old)); bad != nil {
		return bad
	}
	switch rec := old.(type) {
	case *Payment:
		if bad := o.applyPayment(rec, nil); bad != nil {
			return bad
		}
	case interface{ sale() *Sale }:
		s := rec.sale()
		if paying := o.payments(k.name, s.ID); len(paying) > 0 {
			if !o.b.f.opts.Switches.DeleteUnlinks && !o.byHand {
				return business(fmt.Sprintf("%s %s is linked to %d payment(s). Unlink them before you delete it.", k.name, s.ID, len(paying)))
			}
			if bad := o.unlink(k.name, s.ID, paying); bad != nil {
				return bad
			}
			if fresh, ok := o.get(k.name, s.ID); ok {
				if again, ok := fresh.(interface{ sale() *Sale }); ok {
					s = again.sale()
				}
			}
		}
		switch k.name {
		case "Invoice":
			o.owe(s.CustomerRef.Value, s.Balance.Neg())
		case "CreditMemo":
			o.owe(s.CustomerRef.Value, s.Balance.Decimal)
		}
	}
	// An unlinked record was put a moment ago; what is deleted leaves no trace of that.
	slot := k.name + "\x00" + old.head().ID
	if i, ok := o.placed[slot]; ok {
		o.change.Put = append(o.change.Put[:i], o.change.Put[i+1:]...)
		delete(o.placed, slot)
		for s, j := range o.placed {
			if j > i {
				o.placed[s] = j - 1
			}
		}
	}
	o.change.Gone = append(o.change.Gone, stub{k.name, old.head().ID, o.at})
	return nil
}

func dateOf(r record) Date {
	switch r := r.(type) {
	case *Payment:
		return r.TxnDate
	case interface{ sale() *Sale }:
		return r.sale().TxnDate
	}
	return ""
}

// mayTouch refuses what is dated within closed books.
func (o *op) mayTouch(dates ...Date) *fault {
	closed := o.b.company.BookCloseDate
	if closed == "" || o.byHand || o.b.f.opts.Switches.ClosedBooksOpen {
		return nil
	}
	for _, d := range dates {
		if d != "" && d <= closed {
			return closedPeriod()
		}
	}
	return nil
}

// noteVoided writes in front of a private note. What does not fit any more is lost at the end.
func noteVoided(note string) string {
	if note == "" {
		return "Voided"
	}
	r := []rune("Voided - " + note)
	return string(r[:min(len(r), maxNote)])
}

const maxNote = 4000

// A length is a limit on a text.
type length struct {
	name, text string
	limit      int
}

func checkLengths(all ...length) *fault {
	for _, l := range all {
		if n := len([]rune(l.text)); n > l.limit {
			return tooLong(l.name, l.limit, n)
		}
	}
	return nil
}

// named finds what a reference names: it must exist and be active.
func named[T record](o *op, kind, id string) (T, *fault) {
	var none T
	rec, ok := o.get(kind, id)
	if !ok {
		return none, badReference(kind, id)
	}
	if on, has := active(rec); has && !on {
		return none, notFound()
	}
	t, ok := rec.(T)
	if !ok {
		return none, badReference(kind, id)
	}
	return t, nil
}
