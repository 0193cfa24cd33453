package vendorbooks_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func equal(t *testing.T, want string, got decimal.Decimal, what string) {
	t.Helper()
	assert.True(t, dec(want).Equal(got), "%s: got %s, want %s", what, got, want)
}

func TestCents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, d, want string
		sure       bool
	}{
		{"1", "3", "0.33", true},
		{"2", "3", "0.67", true},
		{"0.125", "1", "0.13", true},    // a half above zero goes up by either rule
		{"-0.125", "1", "-0.13", false}, // towards positive infinity it would be -0.12
		{"-0.126", "1", "-0.13", true},
		{"0", "7", "0", true},
		{"1.005", "1", "1.01", true}, // which a float takes for less than a half
	} {
		got, sure := vendorbooks.Cents(dec(c.n), dec(c.d))
		equal(t, c.want, got, c.n+" ÷ "+c.d)
		assert.Equal(t, c.sure, sure, "%s ÷ %s", c.n, c.d)
	}
}

func TestPrice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quantity, unit, amount string
		places                 int32
		q, u, note             string
	}{
		{"2", "10.5", "0", 4, "2", "10.5", ""},
		{"0", "0", "12.34", 4, "1", "12.34", ""},                               // an amount alone
		{"3", "0.33333", "0", 5, "3", "0.33333", ""},                           // fits
		{"3", "0.33333", "0", 4, "3", "0.3333", ""},                            // 1.00 either way
		{"1000", "0.123456", "0", 4, "1", "123.46", " (1000 × 0.123456)"},      // cut it would be 123.50
		{"1000", "0.123456", "123.45", 4, "1", "123.45", " (1000 × 0.123456)"}, // and what is stated wins
	} {
		p := vendorbooks.Price(ledger.Line{Quantity: dec(c.quantity), UnitPrice: dec(c.unit), Amount: dec(c.amount)}, c.places)
		what := c.quantity + " × " + c.unit
		equal(t, c.q, p.Quantity, what)
		equal(t, c.u, p.Unit, what)
		assert.Equal(t, c.note, p.Note, what)
		assert.False(t, p.Bare)
	}
	assert.True(t, vendorbooks.Price(ledger.Line{Description: "only words"}, 4).Bare)
}

const (
	one   = ledger.Mark("AAAAAAAAAABBBBBB")
	two   = ledger.Mark("AAAAAAAAAACCCCCC") // its first ten characters are those of one
	three = ledger.Mark("DDDDDDDDDDDDDDDD")
)

func TestChecks(t *testing.T) {
	t.Parallel()
	drafts := func(marks ...ledger.Mark) (list []ledger.Draft[ledger.Contact]) {
		for _, m := range marks {
			list = append(list, ledger.Draft[ledger.Contact]{Mark: m})
		}
		return list
	}
	require.NoError(t, vendorbooks.CheckMarks("acme", "batch", drafts(one, two, three), ledger.MarkLength))
	for _, bad := range []struct {
		drafts []ledger.Draft[ledger.Contact]
		length int
		says   string
	}{
		{nil, 16, "nothing to write"}, {drafts(one, three, one), 16, string(one)}, {drafts(one, two), 10, string(two)}, {drafts("x y"), 16, "(invalid)"},
	} {
		err := vendorbooks.CheckMarks("acme", "batch", bad.drafts, bad.length)
		require.ErrorIs(t, err, ledger.ErrRefused)
		assert.ErrorContains(t, err, bad.says)
	}

	good := ledger.Batch{Encoded: ledger.Encoded{Route: "POST /x", Body: []byte("[]")}, Key: "1234", Members: []ledger.Member{{Mark: one}}}
	require.NoError(t, vendorbooks.CheckBatch("acme", "x", good, "POST /x", 4))
	for name, spoil := range map[string]func(*ledger.Batch){
		"another route": func(b *ledger.Batch) { b.Encoded.Route = "POST /y" },
		"no body":       func(b *ledger.Batch) { b.Encoded.Body = nil },
		"no members":    func(b *ledger.Batch) { b.Members = nil },
		"long key":      func(b *ledger.Batch) { b.Key = "12345" },
		"no mark":       func(b *ledger.Batch) { b.Members = []ledger.Member{{}} },
	} {
		b := good
		spoil(&b)
		assert.ErrorIs(t, vendorbooks.CheckBatch("acme", "x", b, "POST /x", 4), ledger.ErrRequestRefused, name)
	}

	err := vendorbooks.OfDraft(one, &ledger.Error{Kind: ledger.ErrRefused, Room: "acme", Thing: "line 2"})
	assert.ErrorContains(t, err, "draft "+string(one)+": line 2")
	assert.NoError(t, vendorbooks.OfDraft(one, nil))
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	list := vendorbooks.AllUncertain[ledger.Contact]([]ledger.Member{{Mark: one}, {Mark: three}}, ledger.NoAnswer, "nothing came")
	require.Len(t, list, 2)
	for i, m := range []ledger.Mark{one, three} {
		assert.Equal(t, ledger.Uncertain, list[i].State)
		assert.Equal(t, m, list[i].Mark)
		assert.Equal(t, ledger.NoAnswer, list[i].Refusal.Code)
	}
	assert.Equal(t, ledger.Uncertain, vendorbooks.UncertainChange("x", "y").State)
}

func TestProof(t *testing.T) {
	t.Parallel()
	m := ledger.Member{Mark: one, Amount: dec("10.00")}
	whole := vendorbooks.Shown[ledger.Invoice]{Record: ledger.Invoice{ID: "1"}, Marked: true, Amount: dec("10"), SameParent: true}
	o := vendorbooks.Proved(m, whole)
	assert.Equal(t, ledger.Created, o.State)
	assert.Equal(t, "1", o.Record.ID)
	assert.Equal(t, one, o.Mark)
	before := whole
	before.Before = true
	assert.Equal(t, ledger.AlreadyThere, vendorbooks.Proved(m, before).State)
	for code, spoil := range map[string]func(*vendorbooks.Shown[ledger.Invoice]){
		"mark_differs":   func(s *vendorbooks.Shown[ledger.Invoice]) { s.Marked = false },
		"no_total":       func(s *vendorbooks.Shown[ledger.Invoice]) { s.Unclear = "no_total" },
		"amount_differs": func(s *vendorbooks.Shown[ledger.Invoice]) { s.Amount = dec("10.01") },
		"parent_differs": func(s *vendorbooks.Shown[ledger.Invoice]) { s.SameParent = false },
	} {
		for _, shown := range []vendorbooks.Shown[ledger.Invoice]{whole, before} {
			spoil(&shown)
			o := vendorbooks.Proved(m, shown)
			assert.Equal(t, ledger.Uncertain, o.State, code)
			assert.Equal(t, code, o.Refusal.Code)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	before := &ledger.Invoice{Version: "7"}
	paid := func(inv *ledger.Invoice) bool { return inv.Status == ledger.StatusPaid }
	for _, c := range []struct {
		now             ledger.Invoice
		done, untouched bool
	}{
		{ledger.Invoice{Version: "7"}, false, true},
		{ledger.Invoice{Version: "8", Status: ledger.StatusPaid}, true, false},
		{ledger.Invoice{Version: "7", Status: ledger.StatusPaid}, true, false}, // a change that did not move the version
		{ledger.Invoice{Version: "8"}, false, false},                           // somebody else was there
	} {
		s := vendorbooks.Looked(ledger.Change{Invoice: before}, c.now, paid)
		assert.Equal(t, c.done, s.Done)
		assert.Equal(t, c.untouched, s.Untouched)
	}

	for _, settled := range []ledger.Invoice{
		{Totals: ledger.Totals{Paid: dec("0.01")}}, {Totals: ledger.Totals{Credited: dec("1")}}, {Payments: []ledger.Payment{{}}},
		{PaymentsElsewhere: true}, {Status: ledger.StatusPaid},
	} {
		assert.True(t, vendorbooks.Settled(&settled))
	}
	assert.False(t, vendorbooks.Settled(before))

	org := &ledger.Organisation{LockDates: []ledger.Date{ledger.MustDate("2025-06-30")}}
	require.NoError(t, vendorbooks.Unlocked("acme", "x", nil, ledger.MustDate("2025-01-01")), "nothing is known")
	require.NoError(t, vendorbooks.Unlocked("acme", "x", org, ledger.MustDate("2025-07-01"), ledger.Date{}))
	require.ErrorIs(t, vendorbooks.Unlocked("acme", "x", org, ledger.MustDate("2025-07-01"), ledger.MustDate("2025-06-30")), ledger.ErrLocked)
}

func TestPairs(t *testing.T) {
	t.Parallel()
	line := func(id, item, text string) ledger.Line { return ledger.Line{ID: id, ItemCode: item, Description: text} }
	before := []ledger.Line{line("1", "A", "x"), line("2", "B", "y"), line("", "C", "z"), line("4", "D", "w")}
	want := []ledger.Line{line("", "D", "new"), line("2", "A", "moved"), line("", "C", "z"), line("", "E", "more"), line("", "F", "most")}
	any := func(_, _ ledger.Line) bool { return true }
	got := vendorbooks.Pairs(before, want, any,
		func(b, w ledger.Line) bool { return w.ID != "" && b.ID == w.ID },
		func(b, w ledger.Line) bool { return b.ItemCode == w.ItemCode },
		any,
	)
	// By id: 2. By item: D; C has no id to keep. In order: the first that is left goes to the third, and no more is left.
	assert.Equal(t, []int{3, 1, 0, -1, -1}, got)
	none := func(_, _ ledger.Line) bool { return false }
	assert.Equal(t, []int{-1, -1, -1, -1, -1}, vendorbooks.Pairs(before, want, none, any))
}

func TestReading(t *testing.T) {
	t.Parallel()
	type row struct {
		ID string
		N  int
	}
	raw := []json.RawMessage{[]byte(`{"ID":"a","N":1}`), []byte(`{"ID":"b","N":"one"}`), []byte(`[]`), []byte(`{"ID":"d","N":4}`)}
	rows, unread := vendorbooks.OneByOne(raw, func(r *row) string { return r.ID })
	assert.Equal(t, []row{{"a", 1}, {"d", 4}}, rows)
	require.Len(t, unread, 2)
	assert.Equal(t, "b", unread[0].Ref.ID)
	assert.Contains(t, unread[0].Detail, "field N")
	rows, unread = vendorbooks.OneByOne(nil, func(r *row) string { return r.ID })
	assert.True(t, rows == nil && unread == nil, "an absent list is not an empty one")

	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	last, err := vendorbooks.Latest("acme", "x", []time.Time{at(1), at(1), {}, at(3)})
	require.NoError(t, err)
	assert.Equal(t, at(3), last)
	_, err = vendorbooks.Latest("acme", "x", []time.Time{at(3), {}, at(2)})
	require.ErrorIs(t, err, ledger.ErrUnreadable)
	require.ErrorIs(t, vendorbooks.TooDense("acme", "x"), ledger.ErrLater)

	told := vendorbooks.Told{}
	told.Remember([]string{"a", "b", "c"}, []time.Time{at(1), at(2), {}}, true, at(2))
	assert.False(t, told.Before("a", at(1)), "it is behind what is read again")
	assert.True(t, told.Before("b", at(2)))
	assert.False(t, told.Before("b", at(3)), "it has changed since")
	assert.False(t, told.Before("c", time.Time{}), "whether it has changed cannot be seen")
	told.Remember([]string{"d"}, []time.Time{at(2)}, false, at(2))
	assert.True(t, told.Before("b", at(2)), "the same moment goes on")
	told.Remember(nil, nil, true, at(9))
	assert.Empty(t, told)
}

func TestStill(t *testing.T) {
	t.Parallel()
	pages := [][]string{{"a", "b"}, {"c"}, {"d"}}
	seen := vendorbooks.Chain(vendorbooks.Chain(0, pages[0]), pages[1])
	read := func(n int) ([]string, error) { return pages[n-1], nil }
	still, err := vendorbooks.Still(3, seen, read)
	require.NoError(t, err)
	assert.True(t, still)
	pages[0], pages[1] = []string{"a", "c"}, []string{"d"} // b has left, and c slid over the edge
	still, err = vendorbooks.Still(3, seen, read)
	require.NoError(t, err)
	assert.False(t, still)
	assert.NotEqual(t, vendorbooks.Chain(0, []string{"ab"}), vendorbooks.Chain(0, []string{"a", "b"}))
	broken := errors.New("no answer")
	_, err = vendorbooks.Still(3, seen, func(int) ([]string, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	ids, numbers := vendorbooks.SplitRefs([]ledger.Ref{{ID: "1", Number: "A"}, {Number: "B"}, {}, {ID: "2"}})
	assert.Equal(t, []string{"1", "2"}, ids)
	assert.Equal(t, []string{"B"}, numbers)
	a, b := ledger.Invoice{ID: "a"}, ledger.Invoice{ID: "b"}
	page := vendorbooks.Numbered([]string{"X", "Y", "X"}, map[string][]ledger.Invoice{"X": {a}, "Y": {b}}, "here")
	assert.Equal(t, []ledger.Invoice{a, b}, page.Records)
	assert.Equal(t, ledger.Cursor("here"), page.Next)
	_, err := vendorbooks.Only("acme", "invoice X", nil)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	_, err = vendorbooks.Only("acme", "invoice X", []ledger.Invoice{a, b})
	require.ErrorIs(t, err, ledger.ErrAmbiguous)
	got, err := vendorbooks.Only("acme", "invoice X", []ledger.Invoice{b})
	require.NoError(t, err)
	assert.Equal(t, b, got)
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	r := vendorbooks.Refusal("E1", []vendorbooks.Said{{ledger.RefusedOther, "no"}, {ledger.RefusedLocked, "closed"}, {ledger.RefusedCurrency, "no"}, {ledger.RefusedCurrency, ""}})
	assert.Equal(t, &ledger.Refusal{Code: ledger.RefusedLocked, Vendor: "E1", Message: "no; closed"}, r)
	assert.Equal(t, "[…] has no e-mail, X neither", vendorbooks.Mask("JANE DOE has no e-mail, X neither", []string{"Jane Doe", "X", ""}))
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "nothing", "AUTHORISED": "AUTHORISED", "Jane Doe": "something else than a word", "a@b": "something else than a word",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJ": "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF",
	} {
		assert.Equal(t, want, vendorbooks.Printable(in), in)
	}
	assert.Equal(t, "ünï", vendorbooks.Fit("ünï ver", 4))
	assert.Equal(t, "whole", vendorbooks.Fit("whole", 5))
	assert.Empty(t, vendorbooks.Fit("x", -1))
}
