package infusionsoft

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func ids(p ledger.Page[ledger.Invoice]) string {
	var out []string
	for _, r := range p.Records {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

func TestScanThenChanges(t *testing.T) {
	t.Parallel()
	book := &orderBook{}
	for i := 1; i <= 5; i++ {
		book.orders = append(book.orders, bookOrder{id: i * 10, mod: at("2026-01-02T00:00:00Z").Add(time.Duration(i) * time.Hour)})
	}
	v := &vendor{reply: book.reply, clock: at("2026-03-01T12:00:00Z")}
	s := source(t, v, nil)

	book.between = func(call int) {
		if call == 2 {
			v.clock = at("2026-03-01T12:30:00Z") // the reading takes half an hour
		}
	}
	pages := collect(t, s.Invoices(t.Context(), ledger.Query{PageSize: 2}))
	assert.Equal(t, []string{"/orders?|id asc|2", "/orders?id>20|id asc|2", "/orders?id>40|id asc|2"}, v.asked())
	require.Len(t, pages, 3)
	assert.Equal(t, "10 20", ids(pages[0]))
	assert.Equal(t, "30 40", ids(pages[1]))
	assert.Equal(t, "50", ids(pages[2]))

	resumed := collect(t, s.Invoices(t.Context(), ledger.Query{Cursor: pages[0].Next, PageSize: 2}))
	assert.Equal(t, "30 40", ids(resumed[0]), "a scan goes on where it was left")
	assert.Equal(t, pages[2].Next, resumed[1].Next, "and its changes begin when it began, at its first answer")
	assert.Equal(t, orderCursor{changes: true, from: at("2026-03-01T11:55:00Z")}.encode(), pages[2].Next)

	v.calls = nil
	quiet := collect(t, s.Invoices(t.Context(), ledger.Query{Cursor: pages[2].Next}))
	assert.Equal(t, []string{"/orders?modified_since_time==2026-03-01T11:55:00.000Z|modification_time asc|1000"}, v.asked(), "nothing changed is one call")
	require.Len(t, quiet, 1)
	assert.Empty(t, quiet[0].Records)
	assert.Equal(t, pages[2].Next, quiet[0].Next)

	book.orders[0].mod = at("2026-03-01T12:20:00.5Z")
	changed := collect(t, s.Invoices(t.Context(), ledger.Query{Cursor: quiet[0].Next}))
	assert.Equal(t, "10", ids(changed[0]))
	assert.Equal(t, orderCursor{changes: true, from: at("2026-03-01T12:15:00.5Z")}.encode(), changed[0].Next, "the newest change less the overlap")

	again := collect(t, s.Invoices(t.Context(), ledger.Query{Cursor: changed[0].Next}))
	assert.Equal(t, "10", ids(again[0]), "read twice rather than missed")
	assert.Equal(t, changed[0].Next, again[0].Next)
}

func TestScanHonoursAfterIDAndSince(t *testing.T) {
	t.Parallel()
	book := &orderBook{orders: []bookOrder{{id: 1, mod: at("2026-02-01T00:00:00Z")}, {id: 2, mod: at("2026-01-01T00:00:00Z")}, {id: 3, mod: at("2026-02-01T00:00:00Z")}, {id: 4, mod: at("2026-02-01T00:00:00Z")}}}
	v := &vendor{reply: book.reply}
	s := source(t, v, nil)
	pages := collect(t, s.Invoices(t.Context(), ledger.Query{AfterID: "1", Since: at("2026-01-15T10:00:00.0019Z"), PageSize: 1}))
	require.Len(t, pages, 2)
	assert.Equal(t, "3", ids(pages[0]))
	assert.Equal(t, "4", ids(pages[1]))
	assert.Equal(t, []string{
		"/orders?id>1;modified_since_time==2026-01-15T10:00:00.001Z|id asc|1",
		"/orders?id>3;modified_since_time==2026-01-15T10:00:00.001Z|id asc|1",
	}, v.asked())
	require.ErrorIs(t, failure(t, s.Invoices(t.Context(), ledger.Query{AfterID: "1;paid==true"})), ledger.ErrRefused)
}

func TestScanWithoutTheVendorsClock(t *testing.T) {
	t.Parallel()
	book := &orderBook{}
	v := &vendor{reply: book.reply, noDate: true}
	s := source(t, v, nil)
	empty := collect(t, s.Invoices(t.Context(), ledger.Query{}))
	require.Len(t, empty, 1)
	assert.Equal(t, orderCursor{}.encode(), empty[0].Next, "no time is known that a reading of changes could begin at: scan again")

	book.orders = []bookOrder{{id: 1, mod: at("2026-02-01T00:00:00Z")}, {id: 2, mod: at("2026-01-01T00:00:00Z")}}
	pages := collect(t, s.Invoices(t.Context(), ledger.Query{Cursor: empty[0].Next}))
	assert.Equal(t, orderCursor{changes: true, from: at("2026-01-31T23:55:00Z")}.encode(), pages[0].Next)
}

func TestEndsOfLists(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"null":       `{"orders":[` + bookOrder{id: 1}.json() + `],"next_page_token":null}`,
		"empty text": `{"orders":[` + bookOrder{id: 1}.json() + `],"next_page_token":""}`,
		"missing":    `{"orders":[` + bookOrder{id: 1}.json() + `]}`,
		"no page":    `{"orders":[],"next_page_token":"more"}`,
		"no array":   `{"orders":null,"next_page_token":"more"}`,
		"nothing":    `{}`,
	} {
		v := says(body)
		pages := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{}))
		assert.Len(t, pages, 1, name)
		assert.Len(t, v.calls, 1, name)
	}
}

func TestChangesWithinOneSecondAndAcross(t *testing.T) {
	t.Parallel()
	// Seven orders changed in one second, which is more than three pages of two, then two later.
	book := &orderBook{}
	for i := 1; i <= 7; i++ {
		book.orders = append(book.orders, bookOrder{id: i, mod: at("2026-03-01T12:00:00Z").Add(time.Duration(i) * time.Millisecond)})
	}
	book.orders = append(book.orders, bookOrder{id: 8, mod: at("2026-03-01T12:00:05Z")}, bookOrder{id: 9, mod: at("2026-03-01T12:00:06Z")})
	v := &vendor{reply: book.reply, clock: at("2026-03-01T13:00:00Z")}
	cursor := orderCursor{changes: true, from: at("2026-03-01T11:59:00Z")}.encode()
	pages := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{Cursor: cursor, PageSize: 2}))
	seen := map[string]int{}
	last := ledger.Cursor("")
	for _, p := range pages {
		for _, r := range p.Records {
			seen[r.ID]++
		}
		assert.GreaterOrEqual(t, string(p.Next), string(last), "never back")
		last = p.Next
	}
	assert.Len(t, seen, 9)
	for id, n := range seen {
		assert.Equal(t, 1, n, "order %s came %d times", id, n)
	}
	calls := v.asked()
	assert.Equal(t, "/orders?modified_since_time==2026-03-01T11:59:00.000Z|modification_time asc|2", calls[0])
	since := func(from string) string { return "/orders?modified_since_time==" + from + "|modification_time asc|2" }
	inside := "/orders?modified_since_time==2026-03-01T12:00:00.000Z;modified_until_time==2026-03-01T12:00:01.000Z"
	assert.Equal(t, []string{
		since("2026-03-01T11:59:59.002Z"), // the first page from a second before the last row
		since("2026-03-01T12:00:00.000Z"), // that got no further: from the beginning of its second
		inside + "|id asc|2", inside + ";id>2|id asc|2", inside + ";id>4|id asc|2", inside + ";id>6|id asc|2",
		since("2026-03-01T12:00:01.000Z"),
	}, calls[1:])
	// The book's newest is 12:00:06, five minutes before it 11:55:06, which is before where we began.
	assert.Equal(t, cursor, last)
}

func TestChangesLoseNothingWhileOrdersAreEdited(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		book := &orderBook{}
		v := &vendor{reply: book.reply, clock: at("2026-03-01T12:10:00Z")}
		for i := 1; i <= 40; i++ {
			book.orders = append(book.orders, bookOrder{id: i, mod: at("2026-03-01T12:00:00Z").Add(time.Duration(rnd.IntN(60_000)) * time.Millisecond)})
		}
		book.between = func(int) { // any order may be edited between two pages, and moves to the end
			if rnd.IntN(3) > 0 {
				v.clock = v.clock.Add(1500 * time.Millisecond)
				book.orders[rnd.IntN(len(book.orders))].mod = v.clock
			}
		}
		got := map[string]time.Time{}
		cursor := orderCursor{changes: true, from: at("2026-03-01T11:00:00Z")}.encode()
		s := source(t, v, nil)
		for range 2 {
			for _, p := range collect(t, s.Invoices(t.Context(), ledger.Query{Cursor: cursor, PageSize: 3})) {
				for _, r := range p.Records {
					got[r.ID] = r.UpdatedAt
				}
				cursor = p.Next
			}
			book.between = nil // the second reading is of books that stand still
		}
		for _, o := range book.orders {
			assert.True(t, got[fmt.Sprint(o.id)].Equal(o.mod), "seed %d: order %d was last seen at %s, its last change was at %s", seed, o.id, got[fmt.Sprint(o.id)], o.mod)
		}
	}
}

func TestScanLosesNothingWhileOrdersGo(t *testing.T) {
	t.Parallel()
	book := &orderBook{}
	for i := 1; i <= 9; i++ {
		book.orders = append(book.orders, bookOrder{id: i, mod: at("2026-01-01T00:00:00Z")})
	}
	book.between = func(call int) {
		if call > 1 {
			book.orders = book.orders[1:] // deletions in front shift every offset
		}
	}
	v := &vendor{reply: book.reply}
	var got []string
	for p, err := range source(t, v, nil).Invoices(t.Context(), ledger.Query{PageSize: 2}) {
		require.NoError(t, err)
		got = append(got, ids(p))
	}
	assert.Equal(t, []string{"1 2", "3 4", "5 6", "7 8", "9"}, got)
}

func TestFutureTimesDoNotCarryTheCursorAway(t *testing.T) {
	t.Parallel()
	book := &orderBook{orders: []bookOrder{{id: 1, mod: at("2099-01-01T00:00:00Z")}}}
	v := &vendor{reply: book.reply, clock: at("2026-03-01T12:00:00Z")}
	pages := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{Cursor: orderCursor{changes: true, from: at("2026-02-01T00:00:00Z")}.encode()}))
	assert.Equal(t, orderCursor{changes: true, from: at("2026-03-01T11:55:00Z")}.encode(), pages[0].Next)
}

func TestVendorsThatLeaveTheQueryAside(t *testing.T) {
	t.Parallel()
	two := func(a, b bookOrder) string {
		return `{"orders":[` + a.json() + `,` + b.json() + `],"next_page_token":"x"}`
	}
	t1, t2 := at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z")
	for name, c := range map[string]struct {
		q    ledger.Query
		body string
	}{
		"ids that fall":      {ledger.Query{}, two(bookOrder{id: 2, mod: t1}, bookOrder{id: 1, mod: t1})},
		"ids by their text":  {ledger.Query{}, two(bookOrder{id: 10, mod: t1}, bookOrder{id: 9, mod: t1})},
		"the same page":      {ledger.Query{}, two(bookOrder{id: 1, mod: t1}, bookOrder{id: 2, mod: t1})},
		"no usable id":       {ledger.Query{}, `{"orders":[{"id":null},{"title":"x"}],"next_page_token":"x"}`},
		"times that fall":    {ledger.Query{Cursor: "mod1:1"}, two(bookOrder{id: 1, mod: t2}, bookOrder{id: 2, mod: t1})},
		"one page for ever":  {ledger.Query{Cursor: orderCursor{changes: true, from: t2}.encode()}, two(bookOrder{id: 1, mod: t2}, bookOrder{id: 2, mod: t2})},
		"no times":           {ledger.Query{Cursor: "mod1:1"}, `{"orders":[{"id":"1"}],"next_page_token":"x"}`},
		"what nobody asked":  {ledger.Query{Refs: []ledger.Ref{{ID: "5"}}}, two(bookOrder{id: 5, mod: t1}, bookOrder{id: 6, mod: t1})},
		"an error with 200":  {ledger.Query{}, `{"code":500,"message":"sorry"}`},
		"an object of lists": {ledger.Query{}, `{"orders":{"1":{}}}`},
		"a list":             {ledger.Query{}, `[]`},
		"cut off":            {ledger.Query{}, `{"orders":[{"id":"1"`},
		"HTML":               {ledger.Query{}, `<html><body>Sign in</body></html>`},
		"nothing":            {ledger.Query{}, ``},
	} {
		err := failure(t, source(t, says(c.body), nil).Invoices(t.Context(), c.q))
		require.ErrorIs(t, err, ledger.ErrUnreadable, name)
		assert.True(t, strings.HasPrefix(err.Error(), "infusionsoft: "), name)
	}
}

func TestBadRecordsDoNotEndThePage(t *testing.T) {
	t.Parallel()
	good := bookOrder{id: 4, mod: at("2026-01-01T00:00:00Z")}.json()
	v := says(`{"orders":[
		{"id":"1","order_items":[{"id":"1","quantity":"two of jane@example.com"}]},
		{"id":"2","total":100},
		{"id":"3","order_time":"yesterday","modification_time":"2026-01-01T00:00:00Z"},` + good + `,null,"text"]}`)
	pages := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{}))
	require.Len(t, pages, 1)
	assert.Equal(t, "4", ids(pages[0]))
	assert.Equal(t, []ledger.Unread{
		{Ref: ledger.Ref{ID: "1"}, Code: "unreadable", Detail: "orders: order_items.quantity: string where a number is wanted"},
		{Ref: ledger.Ref{ID: "2"}, Code: "unreadable", Detail: "orders: total: number where an object is wanted"},
		{Ref: ledger.Ref{ID: "3"}, Code: "unreadable", Detail: "orders: order_time: string that is no instant with a zone where an instant is wanted"},
		{Code: "unreadable", Detail: "orders: a record without a usable id"},
		{Code: "unreadable", Detail: "orders: the record: string where an object is wanted"},
	}, pages[0].Unread)
}

func TestRefs(t *testing.T) {
	t.Parallel()
	book := &orderBook{}
	for i := 1; i <= 5; i++ {
		book.orders = append(book.orders, bookOrder{id: i, mod: at("2026-01-01T00:00:00Z")})
	}
	v := &vendor{reply: book.reply}
	pages := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{
		Refs:   []ledger.Ref{{ID: "3"}, {ID: "1"}, {ID: "3"}, {ID: "99"}, {ID: "4,5"}, {}},
		Cursor: "is left aside",
	}))
	require.Len(t, pages, 2)
	assert.Equal(t, []ledger.Unread{
		{Ref: ledger.Ref{ID: "4,5"}, Code: "bad_ref", Detail: "an id of this vendor is a number"},
		{Code: "bad_ref", Detail: "an id of this vendor is a number"},
	}, pages[0].Unread)
	assert.Equal(t, "1 3", ids(pages[1]))
	assert.Equal(t, []string{"/orders?ids==3,1,99|id asc|3"}, v.asked())

	v.calls = nil
	none := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{Refs: []ledger.Ref{}}))
	assert.Empty(t, none)
	assert.Empty(t, v.calls, "no refs are none, not all")
}

func TestStatusesAreFiltered(t *testing.T) {
	t.Parallel()
	paid := order(totals(1000, 1000), item("1", "PRODUCT", 1, 1000, ""))
	open := strings.Replace(order(totals(1000, 0), item("1", "PRODUCT", 1, 1000, "")), `"100"`, `"101"`, 1)
	v := says(`{"orders":[` + paid + `,` + open + `]}`)
	pages := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{Statuses: []ledger.Status{ledger.StatusPaid}}))
	assert.Equal(t, "100", ids(pages[0]))
}

func TestPagesDoNotShareMemory(t *testing.T) {
	t.Parallel()
	book := &orderBook{}
	for i := 1; i <= 4; i++ {
		book.orders = append(book.orders, bookOrder{id: i, mod: at("2026-01-01T00:00:00Z")})
	}
	pages := collect(t, source(t, &vendor{reply: book.reply}, nil).Invoices(t.Context(), ledger.Query{PageSize: 2}))
	require.Len(t, pages, 2)
	for i := range pages[0].Records {
		pages[0].Records[i].Lines[0].ID = "overwritten"
	}
	assert.Equal(t, "1", pages[1].Records[0].Lines[0].ID)
}

func TestStopsWhenYouStop(t *testing.T) {
	t.Parallel()
	book := &orderBook{orders: []bookOrder{{id: 1}, {id: 2}, {id: 3}}}
	v := &vendor{reply: book.reply}
	for range source(t, v, nil).Invoices(t.Context(), ledger.Query{PageSize: 1}) {
		break
	}
	assert.Len(t, v.calls, 1)
}

func TestInvoiceByIDAndByNumber(t *testing.T) {
	t.Parallel()
	plain := func(id, invoice, number string) string {
		return fmt.Sprintf(`{"id":%q,"invoice_id":%q,"invoice_number":%q,"contact":{"id":"7"},"order_time":"2026-01-05T15:00:00Z",%s,"order_items":[]}`, id, invoice, number, totals(0, 0))
	}
	// Orders 100 and 192 have drifted: the invoice of order 192 has the id 100.
	books := map[string]string{"100": plain("100", "8", ""), "192": plain("192", "100", ""), "300": plain("300", "300", ""), "400": plain("400", "250", "41"), "41": plain("41", "41", "9")}
	v := &vendor{reply: func(r *http.Request) answer {
		if id, ok := strings.CutPrefix(r.URL.Path, "/crm/rest/v2/orders/"); ok {
			if body, ok := books[id]; ok {
				return answer{body: body}
			}
			return answer{status: 404, body: `{"code":404,"message":"no such order"}`}
		}
		want := strings.TrimPrefix(r.URL.Query().Get("filter"), "invoice_id==")
		var hits []string
		for _, b := range books {
			if strings.Contains(b, `"invoice_id":"`+want+`"`) {
				hits = append(hits, b)
			}
		}
		return answer{body: `{"orders":[` + strings.Join(hits, ",") + `]}`}
	}}
	s := source(t, v, nil)

	inv, err := s.Invoice(t.Context(), ledger.Ref{ID: "100"})
	require.NoError(t, err)
	assert.Equal(t, "100", inv.ID)
	assert.Len(t, v.calls, 1, "an id is the order's, whatever else has it as its invoice id")

	_, err = s.Invoice(t.Context(), ledger.Ref{ID: "8"})
	require.ErrorIs(t, err, ledger.ErrNotFound, "an invoice id is no order id")
	assert.Equal(t, "infusionsoft: order 8: no such order: there is none (status 404)", err.Error())

	inv, err = s.Invoice(t.Context(), ledger.Ref{Number: " 8 "})
	require.NoError(t, err)
	assert.Equal(t, "100", inv.ID, "by its invoice id")
	inv, err = s.Invoice(t.Context(), ledger.Ref{Number: "192"})
	require.NoError(t, err)
	assert.Equal(t, "192", inv.ID, "by its order id")
	inv, err = s.Invoice(t.Context(), ledger.Ref{Number: "300"})
	require.NoError(t, err)
	assert.Equal(t, "300", inv.ID, "one order, hit twice")

	_, err = s.Invoice(t.Context(), ledger.Ref{Number: "100"})
	require.ErrorIs(t, err, ledger.ErrAmbiguous)
	assert.Contains(t, err.Error(), "orders 100 and 192")

	for _, number := range []string{"555", "INV-9", "100;paid==true", "../contacts/1"} {
		_, err = s.Invoice(t.Context(), ledger.Ref{Number: number})
		require.ErrorIs(t, err, ledger.ErrNotFound, number)
	}
	_, err = s.Invoice(t.Context(), ledger.Ref{ID: "../contacts/1"})
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestAnotherOrderIsNotTheOneAskedFor(t *testing.T) {
	t.Parallel()
	_, err := source(t, says(bookOrder{id: 2}.json()), nil).Invoice(t.Context(), ledger.Ref{ID: "1"})
	require.ErrorIs(t, err, ledger.ErrUnreadable)
	_, err = source(t, says(`{"id":"1","order_items":{}}`), nil).Invoice(t.Context(), ledger.Ref{ID: "1"})
	require.ErrorIs(t, err, ledger.ErrUnreadable)
	assert.Contains(t, err.Error(), "order_items: object where an array is wanted")
}

func TestCursors(t *testing.T) {
	t.Parallel()
	for _, bad := range []ledger.Cursor{"", "x", "mod1:", "mod1:0", "mod1:-1", "mod1:1:2", "mod1:01", "scan1:1:2", "scan1:0:0:0", "scan1:1;x:0:0", "scan1:1:x:0", "pay1:1:0", "mod2:1", "mod1:999999999999999"} {
		_, err := parseOrderCursor(bad)
		require.ErrorIs(t, err, ledger.ErrRefused, "%q", bad)
	}
	require.ErrorIs(t, failure(t, source(t, says(`{}`), nil).Invoices(t.Context(), ledger.Query{Cursor: "pay1:1:0"})), ledger.ErrRefused)
	require.ErrorIs(t, failure(t, source(t, says(`{}`), nil).Payments(t.Context(), ledger.Query{Cursor: "mod1:1"})), ledger.ErrRefused)
}

func FuzzCursor(f *testing.F) {
	for _, s := range []string{"mod1:1772366400000", "scan1:12:1772366400000:0", "scan1::0:0", "pay1:9:0", "pay1::1772366400000", "mod1:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseOrderCursor(ledger.Cursor(s)); err == nil && string(c.encode()) != s {
			t.Errorf("%q is printed as %q", s, c.encode())
		}
		if c, err := parsePaymentCursor(ledger.Cursor(s)); err == nil && string(c.encode()) != s {
			t.Errorf("%q is printed as %q", s, c.encode())
		}
	})
}
