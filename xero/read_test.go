package xero

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

// row is an invoice in books.
type row struct {
	id, status, mark string
	updated          time.Time
}

// books are as much of Xero's list of invoices as a reading can tell: order, pages, status filter and
// If-Modified-Since. before is called ahead of each answer, to edit rows while they are read.
type books struct {
	rows         []row
	now          time.Time
	noPagination bool
	before       func(call int)
	calls        int
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func uuid(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }

func (b *books) edit(id, status string, at time.Time) {
	for i := range b.rows {
		if b.rows[i].id == id {
			b.rows[i].status, b.rows[i].updated = status, at
		}
	}
}

func (b *books) answer(r seenRequest) reply {
	b.calls++
	if b.before != nil {
		b.before(b.calls)
	}
	q := r.URL.Query()
	var list []row
	for _, x := range b.rows {
		if s := q.Get("Statuses"); s != "" && !slices.Contains(strings.Split(s, ","), x.status) {
			continue
		}
		if s := r.Header.Get("If-Modified-Since"); s != "" {
			at, err := time.Parse("2006-01-02T15:04:05", s)
			if err != nil {
				return reply{status: 400, body: `{"Message":"If-Modified-Since"}`}
			}
			if !x.updated.After(at) { // the strict reading of an undocumented border
				continue
			}
		}
		list = append(list, x)
	}
	slices.SortFunc(list, func(x, y row) int {
		switch q.Get("order") {
		case "InvoiceID ASC":
			return strings.Compare(x.id, y.id)
		case "UpdatedDateUTC DESC":
			return y.updated.Compare(x.updated)
		}
		if c := x.updated.Compare(y.updated); c != 0 {
			return c
		}
		return strings.Compare(x.id, y.id)
	})
	page, _ := strconv.Atoi(q.Get("page"))
	size, _ := strconv.Atoi(q.Get("pageSize"))
	count := len(list)
	list = list[min((page-1)*size, count):min(page*size, count)]
	var elements []string
	for _, x := range list {
		elements = append(elements, strings.NewReplacer(
			"/Date(1772300000123+0000)/", fmt.Sprintf("/Date(%d+0000)/", x.updated.UnixMilli()), `"Status":"AUTHORISED"`, `"Status":"`+x.status+`"`,
		).Replace(element(x.id, ledger.Mark(x.mark), "100.00", "")))
	}
	pagination := fmt.Sprintf(`"pagination":{"page":%d,"pageSize":%d,"pageCount":%d,"itemCount":%d},`, page, size, (count+size-1)/size, count)
	if b.noPagination {
		pagination = ""
	}
	return reply{body: fmt.Sprintf(`{"DateTimeUTC":"/Date(%d)/",%s"Invoices":[%s]}`, b.now.UnixMilli(), pagination, strings.Join(elements, ","))}
}

// fill has n approved rows, spread over time.
func fill(n int, step time.Duration) *books {
	b := &books{now: noon}
	for i := range n {
		b.rows = append(b.rows, row{id: uuid(i + 1), status: "AUTHORISED", updated: noon.Add(-time.Hour + time.Duration(i)*step)})
	}
	return b
}

func ids(invoices []ledger.Invoice) []string {
	var out []string
	for _, i := range invoices {
		out = append(out, i.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func everyID(n int) []string {
	var out []string
	for i := range n {
		out = append(out, uuid(i+1))
	}
	return out
}

func TestScanThenChanges(t *testing.T) {
	t.Parallel()
	b := fill(25, time.Second)
	l, s := newLedger(t, &Options{PageSize: 10}, b.answer)
	b.before = func(call int) {
		if call == 2 { // an edit, a payment and a deletion of rows that were read, and a new one in front
			b.edit(uuid(1), "VOIDED", noon.Add(time.Second))
			b.edit(uuid(2), "PAID", noon.Add(time.Second))
			b.rows = append(b.rows, row{id: uuid(0) + "a", status: "DRAFT", updated: noon.Add(time.Second)})
		}
	}
	got, last := collect(t, l.Invoices(ctx, ledger.Query{}))
	assert.Equal(t, everyID(25), ids(got))
	assert.Equal(t, 3, b.calls, "one call a page, and none to find out that there is no more")

	b.before, b.now = nil, noon.Add(10*time.Minute)
	changed, last := collect(t, l.Invoices(ctx, ledger.Query{Cursor: last.Next}))
	assert.Equal(t, []string{uuid(0) + "a", uuid(1), uuid(2)}, ids(changed))
	assert.Equal(t, 4, b.calls)
	assert.Equal(t, "2026-03-01T11:58:00", s.last().Header.Get("If-Modified-Since"), "two minutes before the vendor's clock at the first answer")

	none, last := collect(t, l.Invoices(ctx, ledger.Query{Cursor: last.Next}))
	assert.Empty(t, none)
	assert.Equal(t, 5, b.calls, "nothing changed is one call")
	assert.NotEmpty(t, last.Next)
}

// What has changed is read by id: a second that is full costs no page more, and what is edited again while it
// is read stays in the list.
func TestManyChangesWithinOneSecond(t *testing.T) {
	t.Parallel()
	b := fill(5, time.Second)
	l, s := newLedger(t, &Options{PageSize: 10}, b.answer)
	_, last := collect(t, l.Invoices(ctx, ledger.Query{}))
	for i := range 35 {
		b.rows = append(b.rows, row{id: uuid(i + 100), status: "AUTHORISED", updated: noon.Add(time.Duration(i) * time.Millisecond)})
	}
	b.calls, b.before = 0, func(call int) {
		if call == 2 { // the first rows change again: by time they would go to the end, and ten others slide forward
			for i := range 10 {
				b.edit(uuid(i+100), "PAID", noon.Add(time.Minute))
			}
		}
	}
	changed, last := collect(t, l.Invoices(ctx, ledger.Query{Cursor: last.Next}))
	var want []string
	for i := range 35 {
		want = append(want, uuid(i+100))
	}
	assert.Equal(t, want, ids(changed))
	assert.Equal(t, 4, b.calls)
	assert.Equal(t, "InvoiceID ASC", s.last().URL.Query().Get("order"))

	b.before, b.now = nil, noon.Add(10*time.Minute)
	again, _ := collect(t, l.Invoices(ctx, ledger.Query{Cursor: last.Next}))
	assert.Subset(t, ids(again), want[:10], "what changed while the changes were read comes with the next")
}

func TestScanContinuesFromACursor(t *testing.T) {
	t.Parallel()
	b := fill(25, time.Second)
	l, _ := newLedger(t, &Options{PageSize: 10}, b.answer)
	var next ledger.Cursor
	var got []ledger.Invoice
	for page, err := range l.Invoices(ctx, ledger.Query{}) {
		require.NoError(t, err)
		got, next = page.Records, page.Next
		break
	}
	rest, _ := collect(t, l.Invoices(ctx, ledger.Query{Cursor: next, PageSize: 3}))
	assert.Equal(t, everyID(25), ids(append(got, rest...)))
	assert.Equal(t, 3, b.calls)
}

func TestAFilteredReadingLosesNoRow(t *testing.T) {
	t.Parallel()
	b := fill(30, time.Second)
	l, s := newLedger(t, &Options{PageSize: 10}, b.answer)
	b.before = func(call int) {
		if call == 2 { // rows of the first page leave the filter: with an offset three would slide out of sight
			for i := range 3 {
				b.edit(uuid(i+1), "PAID", noon)
			}
		}
	}
	got, _ := collect(t, l.Invoices(ctx, ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}}))
	assert.Equal(t, everyID(30), ids(got))
	for _, r := range s.requests {
		assert.Equal(t, "1", r.URL.Query().Get("page"), "always the first page of the window")
		assert.Equal(t, "AUTHORISED", r.URL.Query().Get("Statuses"))
	}
}

func TestWithinOneSecondPagesAreNumbered(t *testing.T) {
	t.Parallel()
	b := fill(35, 10*time.Millisecond) // 35 rows in 350 ms
	l, _ := newLedger(t, &Options{PageSize: 10}, b.answer)
	got, _ := collect(t, l.Invoices(ctx, ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}}))
	assert.Equal(t, everyID(35), ids(got))
	assert.Len(t, got, 35, "and none of them twice")
}

func TestARowThatSlidesWithinOneSecond(t *testing.T) {
	t.Parallel()
	for call := 2; call <= 9; call++ {
		t.Run(strconv.Itoa(call), func(t *testing.T) {
			t.Parallel()
			b := fill(35, 10*time.Millisecond)
			l, _ := newLedger(t, &Options{PageSize: 10}, b.answer)
			b.before = func(n int) {
				if n == call {
					b.edit(uuid(3), "PAID", noon) // leaves the list, and the eleventh slides onto the first page
				}
			}
			got, _ := collect(t, l.Invoices(ctx, ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}}))
			assert.Subset(t, ids(got), slices.DeleteFunc(everyID(35), func(id string) bool { return id == uuid(3) }))
		})
	}
}

func TestADenseSecondContinuesFromACursor(t *testing.T) {
	t.Parallel()
	b := fill(35, 10*time.Millisecond)
	l, _ := newLedger(t, &Options{PageSize: 10}, b.answer)
	q := ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}}
	seen := map[string]bool{}
	for turn := 0; ; turn++ { // one page at a time, as a run that is stopped after each
		require.Less(t, turn, 20, "it must come to an end")
		if turn == 2 {
			b.edit(uuid(3), "PAID", noon.Add(-time.Minute))
		}
		more := false
		for page, err := range l.Invoices(ctx, q) {
			require.NoError(t, err)
			for _, i := range page.Records {
				seen[i.ID] = true
			}
			more = q.Cursor != page.Next && len(page.Records) > 0
			q.Cursor = page.Next
			break
		}
		if !more {
			break
		}
	}
	for _, id := range everyID(35) {
		assert.True(t, seen[id], id)
	}
}

func TestASecondThatNeverStandsStill(t *testing.T) {
	t.Parallel()
	b := fill(35, 10*time.Millisecond)
	l, _ := newLedger(t, &Options{PageSize: 10}, b.answer)
	b.before = func(n int) { // every call another row leaves and comes back
		b.edit(uuid(n%9+1), "PAID", noon.Add(-time.Hour))
		b.edit(uuid((n+1)%9+1), "AUTHORISED", noon.Add(-time.Hour))
	}
	var err error
	for _, e := range l.Invoices(ctx, ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}}) {
		err = e
	}
	require.ErrorIs(t, err, ledger.ErrLater)
	assert.Less(t, b.calls, 100)
}

func TestWithoutPagination(t *testing.T) {
	t.Parallel()
	for n, calls := range map[int]int{25: 3, 30: 4, 0: 1} {
		b := fill(n, time.Second)
		b.noPagination = true
		l, _ := newLedger(t, &Options{PageSize: 10}, b.answer)
		got, _ := collect(t, l.Invoices(ctx, ledger.Query{}))
		assert.Len(t, got, n)
		assert.Equal(t, calls, b.calls)
	}
}

func TestSinceAndFrom(t *testing.T) {
	t.Parallel()
	b := fill(25, time.Minute)
	l, s := newLedger(t, nil, b.answer)
	since := noon.Add(-time.Hour + 20*time.Minute)
	got, _ := collect(t, l.Invoices(ctx, ledger.Query{Since: since}))
	assert.Equal(t, everyID(25)[20:], ids(got), "at or after it, and not what the second before it shows")
	assert.Equal(t, "2026-03-01T11:19:59", s.last().Header.Get("If-Modified-Since"))

	_, last := collect(t, l.Invoices(ctx, ledger.Query{From: ledger.MustDate("2026-01-05"), Summary: true}))
	q := s.last().URL.Query()
	assert.Equal(t, `Type=="ACCREC" AND Date>=DateTime(2026,1,5)`, q.Get("where"))
	assert.Equal(t, "true", q.Get("summaryOnly"))
	_, _ = collect(t, l.Invoices(ctx, ledger.Query{Cursor: last.Next}))
	assert.Empty(t, s.last().URL.Query().Get("where"), "changes are not narrowed by date")
	assert.Equal(t, "2026-03-01T11:58:00", s.last().Header.Get("If-Modified-Since"))
}

func TestReadingRefusesWhatItCannotTrust(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"another list": `{"DateTimeUTC":"/Date(1)/","Contacts":[]}`,
		"no list":      `{"DateTimeUTC":"/Date(1)/"}`,
		"no clock":     `{"Invoices":[]}`,
		"not in order": `{"DateTimeUTC":"/Date(1)/","Invoices":[` + strings.Replace(element(idA, "", "1", ""), "1772300000123", "1772300009999", 1) + "," + element(idB, "", "1", "") + `]}`,
		"HTML":         `<html></html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := newLedger(t, nil, func(seenRequest) reply { return reply{body: body} })
			var err error
			for _, e := range l.Invoices(ctx, ledger.Query{Since: noon}) {
				err = e
			}
			assert.ErrorIs(t, err, ledger.ErrUnreadable)
		})
	}
	l, s := newLedger(t, nil, nil)
	for _, q := range []ledger.Query{{Cursor: "nonsense"}, {Cursor: `{"v":9,"k":"invoices"}`}, {Cursor: `{"v":1,"k":"payments"}`}, {AfterID: "7"}} {
		for _, err := range l.Invoices(ctx, q) {
			assert.ErrorIs(t, err, ledger.ErrUnsupported)
		}
	}
	assert.Empty(t, s.requests)
}

func TestRefsAreReadInBulk(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(r seenRequest) reply {
		var elements []string
		for _, id := range strings.Split(r.URL.Query().Get("IDs"), ",") {
			elements = append(elements, element(id, "", "1", ""))
		}
		return answer(elements...)
	})
	var refs []ledger.Ref
	for i := range 95 {
		refs = append(refs, ledger.Ref{ID: uuid(i + 1)})
	}
	got, last := collect(t, l.Invoices(ctx, ledger.Query{Refs: refs, Cursor: "kept"}))
	assert.Len(t, got, 95)
	assert.Len(t, s.requests, 3, "forty a call")
	assert.Equal(t, ledger.Cursor("kept"), last.Next)
}

func TestInvoiceByIDAndNumber(t *testing.T) {
	t.Parallel()
	numbered := func(id, number, kind string) string {
		return strings.Replace(element(id, "", "1", ""), `"Type":"ACCREC"`, `"InvoiceNumber":"`+number+`","Type":"`+kind+`"`, 1)
	}
	l, s := newLedger(t, nil, func(r seenRequest) reply {
		switch {
		case strings.HasSuffix(r.URL.Path, "/Invoices/"+idA):
			return answer(element(idA, "", "1", ""))
		case strings.HasSuffix(r.URL.Path, "/Invoices/"+idB):
			return answer(numbered(idB, "B-1", "ACCPAY"))
		case r.URL.Query().Get("InvoiceNumbers") == "INV-1": // a bill has the same number
			return answer(numbered(idA, "INV-1", "ACCREC"), numbered(idB, "INV-1", "ACCPAY"))
		case r.URL.Query().Get("InvoiceNumbers") == "INV-2":
			return answer(numbered(idA, "INV-2", "ACCREC"), numbered(idC, "INV-2", "ACCREC"))
		case r.URL.Query().Get("InvoiceNumbers") != "":
			return answer()
		}
		return reply{status: 404, header: map[string]string{"Content-Type": "text/plain"}, body: "The resource you're looking for cannot be found"}
	})
	inv, err := l.Invoice(ctx, ledger.Ref{ID: idA})
	require.NoError(t, err)
	assert.Equal(t, idA, inv.ID)
	inv, err = l.Invoice(ctx, ledger.Ref{Number: "INV-1"})
	require.NoError(t, err)
	assert.Equal(t, idA, inv.ID)
	_, err = l.Invoice(ctx, ledger.Ref{Number: "INV-2"})
	require.ErrorIs(t, err, ledger.ErrAmbiguous)
	for _, ref := range []ledger.Ref{{ID: idB}, {ID: idC}, {Number: "INV-3"}, {}} {
		_, err = l.Invoice(ctx, ref)
		assert.ErrorIs(t, err, ledger.ErrNotFound)
	}
	assert.Equal(t, "4", s.requests[0].URL.Query().Get("unitdp"))
}

func TestFind(t *testing.T) {
	t.Parallel()
	b := fill(25, time.Minute)
	b.rows[20].mark, b.rows[20].status = string(markA), "VOIDED"
	b.rows[22].mark = string(markA)
	b.rows[24].mark, b.rows[24].status = string(markB), "DELETED"
	l, s := newLedger(t, &Options{PageSize: 10, CreatedByMyApp: true}, b.answer)
	w := l.Powers().Invoices
	found, err := w.Find(ctx, ledger.Sought{Marks: []ledger.Mark{markA, markB, markC}, Since: noon.Add(-50 * time.Minute)})
	require.NoError(t, err)
	assert.Len(t, found.Hits[markA], 2, "every hit, the voided one too")
	assert.Len(t, found.Hits[markB], 1)
	assert.Equal(t, ledger.StatusDeleted, found.Hits[markB][0].Status)
	assert.NotContains(t, found.Hits, markC)
	assert.Equal(t, "2026-03-01T11:04:59", s.requests[0].Header.Get("If-Modified-Since"), "five minutes before the first sending, and a second for the border")
	assert.Equal(t, "true", s.requests[0].URL.Query().Get("createdByMyApp"))
	assert.Less(t, b.calls, 4)

	calls := b.calls
	found, err = w.Find(ctx, ledger.Sought{Newest: 2})
	require.NoError(t, err)
	assert.Len(t, found.Hits[markA], 1)
	assert.Equal(t, uuid(23), found.Hits[markA][0].ID)
	assert.Len(t, found.Hits[markB], 1)
	assert.Equal(t, calls+1, b.calls)
	assert.Equal(t, "UpdatedDateUTC DESC", s.last().URL.Query().Get("order"))
}

func TestFindDoesNotCallAnythingAbsentThatItCouldNotRead(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, func(seenRequest) reply { return reply{body: golden(t, "invoices.json")} })
	_, err := l.Powers().Invoices.Find(ctx, ledger.Sought{Marks: []ledger.Mark{markB}})
	assert.ErrorIs(t, err, ledger.ErrUnreadable)
}

func TestFindByNumber(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(r seenRequest) reply {
		if r.URL.Query().Get("InvoiceNumbers") == "" {
			return answer()
		}
		return answer(strings.Replace(element(idA, markA, "1", ""), `"Type"`, `"InvoiceNumber":"inv-7","Type"`, 1))
	})
	found, err := l.Powers().Invoices.Find(ctx, ledger.Sought{Marks: []ledger.Mark{markA}, Numbers: []string{"INV-7", "INV-8"}, Since: noon})
	require.NoError(t, err)
	assert.Len(t, found.ByNumber["INV-7"], 1)
	assert.Empty(t, found.ByNumber["INV-8"])
	assert.Len(t, found.Hits[markA], 1, "older than the window, and ours all the same")
	assert.Equal(t, "INV-7,INV-8", s.last().URL.Query().Get("InvoiceNumbers"))
}

func TestPaymentsFeed(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(seenRequest) reply {
		return reply{body: `{"DateTimeUTC":"/Date(1772366400000)/","Payments":[
			{"PaymentID":"` + idA + `","Date":"/Date(1772236800000+0000)/","Amount":46.00,"Reference":"card 9 ` + string(markA) + `","CurrencyRate":1.0,"PaymentType":"ACCRECPAYMENT","Status":"DELETED","UpdatedDateUTC":"/Date(1772300000000+0000)/","IsReconciled":false,"BatchPayment":{"BatchPaymentID":"` + idC + `","IsReconciled":"false","TotalAmount":"50.00"},"Account":{"AccountID":"` + idB + `","Code":"970"},"Invoice":{"Type":"ACCREC","InvoiceID":"` + idB + `","CurrencyCode":"NZD"}},
			{"PaymentID":"` + idB + `","Amount":2.00,"PaymentType":"ARCREDITPAYMENT","Status":"AUTHORISED","UpdatedDateUTC":"/Date(1772300001000+0000)/","Invoice":{"Type":"ACCRECCREDIT","InvoiceID":"` + idC + `","CurrencyCode":"NZD"}}]}`}
	})
	got, _ := collect(t, l.Payments(ctx, ledger.Query{Since: noon.Add(-24 * time.Hour)}))
	require.Len(t, got, 1, "money given back on a credit note is another thing")
	p := got[0]
	assert.Equal(t, ledger.PaymentReversed, p.Status)
	assert.Equal(t, markA, p.Mark)
	assert.Equal(t, "46", p.Amount.String())
	assert.Equal(t, "970", p.Account)
	assert.True(t, p.Batched)
	assert.False(t, p.Reconciled)
	assert.Equal(t, ledger.Currency("NZD"), p.Currency)
	assert.Equal(t, "2026-02-28T11:59:59", s.last().Header.Get("If-Modified-Since"))
}

func TestContacts(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(seenRequest) reply {
		return reply{body: `{"DateTimeUTC":"/Date(1772366400000)/","Contacts":[
			{"ContactID":"` + idA + `","ContactNumber":"` + string(markA) + `","ContactStatus":"ARCHIVED","Name":"A","FirstName":"F","EmailAddress":"a@example.com","UpdatedDateUTC":"/Date(1772300000000+0000)/","MergedToContactID":"` + idB + `"},
			{"ContactID":"` + idB + `","ContactStatus":"GDPRREQUEST","Name":"B","UpdatedDateUTC":"/Date(1772300000000+0000)/","MergedToContactID":"` + noID + `"}]}`}
	})
	got, _ := collect(t, l.Contacts(ctx, ledger.Query{}))
	require.Len(t, got, 2)
	assert.Equal(t, ledger.ContactArchived, got[0].Status)
	assert.Equal(t, idB, got[0].MergedInto)
	assert.Equal(t, markA, got[0].Mark)
	assert.Equal(t, ledger.ContactErased, got[1].Status)
	assert.Empty(t, got[1].MergedInto)
	assert.Equal(t, "true", s.last().URL.Query().Get("includeArchived"))
	assert.Equal(t, "ContactID ASC", s.last().URL.Query().Get("order"))
}

func TestOrganisation(t *testing.T) {
	t.Parallel()
	id := idA
	l, s := newLedger(t, nil, func(r seenRequest) reply {
		if strings.HasSuffix(r.URL.Path, "/Currencies") {
			return reply{body: `{"Currencies":[{"Code":"AUD","Description":"x"},{"Code":"USD"}]}`}
		}
		return reply{body: `{"Organisations":[{"OrganisationID":"` + strings.ToUpper(id) + `","Name":"Demo","BaseCurrency":"AUD","CountryCode":"AU","Timezone":"AUSEASTERNSTANDARDTIME","IsDemoCompany":true,"ShortCode":"!x","PeriodLockDate":"/Date(1767139200000+0000)/"}]}`}
	})
	o, err := l.Organisation(ctx)
	require.NoError(t, err)
	assert.Equal(t, ledger.OrganisationID{Vendor: "xero", ID: idA}, o.ID)
	assert.False(t, o.Live)
	assert.Equal(t, "Australia/Sydney", o.TimeZone.String())
	assert.Equal(t, []ledger.Currency{"AUD", "USD"}, o.Currencies)
	assert.Equal(t, "2025-12-31", o.Locked(ledger.MustDate("2025-12-31")).String())
	assert.Len(t, s.requests, 2)

	id = idB
	_, err = l.Organisation(ctx)
	require.ErrorIs(t, err, ledger.ErrReconnect)
	assert.Contains(t, err.Error(), idA)
	assert.Contains(t, err.Error(), idB)

	_, err = New(http.DefaultClient, tenant, &Options{Organisation: ledger.OrganisationID{Vendor: "quickbooks", ID: "1"}})
	require.Error(t, err)
	assert.Equal(t, time.UTC, location("NOSUCHPLACE"))
	for name := range zones {
		loc, err := time.LoadLocation(zones[name])
		require.NoError(t, err, name)
		assert.NotNil(t, loc)
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, &Options{Presentation: true}, func(r seenRequest) reply {
		return reply{body: map[string]string{
			"Accounts":           `{"Accounts":[{"AccountID":"` + idA + `","Code":"200","Name":"Sales","Type":"REVENUE","Status":"ACTIVE","Class":"REVENUE","TaxType":"OUTPUT","EnablePaymentsToAccount":false},{"AccountID":"` + idB + `","Name":"Bank","Type":"BANK","Status":"ARCHIVED","Class":"ASSET","CurrencyCode":"USD"}]}`,
			"TaxRates":           `{"TaxRates":[{"Name":"GST","TaxType":"OUTPUT","Status":"ACTIVE","EffectiveRate":12.5000,"CanApplyToAssets":false,"CanApplyToEquity":false,"CanApplyToExpenses":false,"CanApplyToLiabilities":false,"CanApplyToRevenue":true},{"Name":"None","TaxType":"NONE","Status":"ACTIVE","EffectiveRate":0.0}]}`,
			"Items":              `{"Items":[{"ItemID":"` + idC + `","Code":"W1","Name":"Widget","IsSold":true,"SalesDetails":{"UnitPrice":5.00,"AccountCode":"200","TaxType":"OUTPUT"}}]}`,
			"BrandingThemes":     `{"BrandingThemes":[{"BrandingThemeID":"` + idC + `","Name":"Standard"}]}`,
			"TrackingCategories": `{"TrackingCategories":[{"Name":"Region","Status":"ACTIVE","Options":[{"Name":"North","Status":"ACTIVE"},{"Name":"Old","Status":"ARCHIVED"}]},{"Name":"Gone","Status":"ARCHIVED"}]}`,
		}[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]}
	})
	c, err := l.Chart(ctx)
	require.NoError(t, err)
	assert.Len(t, s.requests, 5)
	assert.Equal(t, "revenue", c.Accounts[0].Class)
	assert.False(t, c.Accounts[0].TakesPayments)
	assert.True(t, c.Accounts[1].TakesPayments)
	assert.False(t, c.Accounts[1].Active)
	assert.Equal(t, "12.5", c.TaxRates[0].Percent.String())
	assert.Equal(t, []string{"revenue"}, c.TaxRates[0].Classes)
	assert.Nil(t, c.TaxRates[1].Classes)
	assert.Equal(t, ledger.Item{ID: idC, Code: "W1", Name: "Widget", SalesAccount: "200", SalesTaxCode: "OUTPUT", Active: true}, c.Items[0])
	assert.Equal(t, []ledger.TrackingCategory{{Name: "Region", Options: []string{"North"}}}, c.Tracking)
}
