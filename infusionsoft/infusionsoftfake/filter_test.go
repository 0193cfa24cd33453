package infusionsoftfake_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

func filterFake(t *testing.T) *infusionsoftfake.Fake {
	f := newFake(t, &infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{{
		ID: "xx123.infusionsoft.com", OrderFields: []infusionsoftfake.CustomFieldDefinition{{ID: "7", Name: "_Mark0"}},
	}}})
	for i := 1; i <= 5; i++ {
		at := time.Date(2026, 1, 10-i, 12, 0, 0, 0, time.UTC) // modified in the reverse order of the ids
		mustOrder(t, f.Books, infusionsoftfake.Order{
			Title: "Order " + strconv.Itoa(i), ContactID: int64(10 + i%2), CreationTime: at, ModificationTime: at, OrderTime: at,
			Items: []infusionsoftfake.Item{{Price: dec("10"), Product: &infusionsoftfake.ItemProduct{ID: int64(30 + i)}}}, OrderType: []string{"ONLINE", "OFFLINE"}[i%2],
			CustomFields: []infusionsoftfake.CustomField{{ID: "7", Content: []byte(`"mark` + strconv.Itoa(i) + `"`)}},
			Shipping:     &infusionsoftfake.Shipping{Address: infusionsoftfake.Address{Locality: "Town" + strconv.Itoa(i%3)}},
		})
	}
	_, err := f.AddPayment(infusionsoftfake.Payment{OrderID: 1003, Amount: dec("10")})
	require.NoError(t, err)
	return f
}

func TestOrderFilters(t *testing.T) {
	t.Parallel()
	f := filterFake(t)
	for filter, want := range map[string][]string{
		"":                    {"1001", "1002", "1003", "1004", "1005"},
		"id==1002":            {"1002"},
		"id!=1002":            {"1001", "1003", "1004", "1005"},
		"id>1003":             {"1004", "1005"},
		"id>=1003;id<1005":    {"1003", "1004"},
		"id<=1001":            {"1001"},
		"id>1005":             nil,
		"ids==1005,1001,9":    {"1001", "1005"},
		"contact_id==11":      {"1001", "1003", "1005"},
		"invoice_id==910":     {"1002"},
		"product_id==34":      {"1004"},
		"paid==true":          {"1003"},
		"paid==false;id>1003": {"1004", "1005"},
		"title==order 3":      {"1003"},
		"title==ORD*;id<1003": {"1001", "1002"},
		"order_type==ONLINE":  {"1002", "1004"},
		"_mark0==mark4":       {"1004"},
		"_Mark0==MARK*":       {"1001", "1002", "1003", "1004", "1005"},
		"shipping_locality==town2;contact_id==11":                                                 {"1005"},
		"modified_since_time==2026-01-07T12:00:00Z":                                               {"1001", "1002", "1003"},
		"modified_since_time==2026-01-07T12:00:00.001Z":                                           {"1001", "1002"},
		"modified_until_time==2026-01-07T14:00:00%2B02:00":                                        {"1003", "1004", "1005"},
		"created_since_time==2026-01-06T00:00:00Z;created_until_time==2026-01-08T00:00:00Z":       {"1003", "1004"},
		"invoice_xid==00000000-0000-4000-8000-00000000038d":                                       {"1001"},
		"modified_since_time==2026-01-06T00:00:00Z;modified_until_time==2026-01-06T23:00:00.000Z": {"1004"},
	} {
		filter, err := url.QueryUnescape(filter)
		require.NoError(t, err)
		require.Equal(t, want, ids(t, get(t, f, "/v2/orders"+query("filter", filter, "order_by", "id asc")), "orders"), filter)
	}
}

func TestFilterRefusals(t *testing.T) {
	t.Parallel()
	f := filterFake(t)
	for _, filter := range []string{
		"zzz==1", "invoice_number==5", "ID==1", "id=1", "id", "id==", "==1", "id==1;", ";id==1", "id===1", "id=>1", "id~1", "id==1,2", "id==-1",
		"id==99999999999999999999", "ids>1", "ids==1,", "contact_id>5", "paid==yes", "paid!=true", "order_type==online",
		"modified_since_time==2026-01-01", "modified_since_time>2026-01-01T00:00:00Z", "title==*x*", "shipping_locality==T*",
		"title==a;nope==b", "product_id==1,2", "product_id==x", "id ==1", "id==1 OR id==2",
	} {
		status, body, _ := do(t, f, http.MethodGet, "/v2/orders"+query("filter", filter), nil)
		require.Equal(t, http.StatusBadRequest, status, "%q: %v", filter, body)
	}
	for _, by := range []string{"total asc", "id up", "id  asc", "id,asc", "modified_time asc"} {
		status, _, _ := do(t, f, http.MethodGet, "/v2/orders"+query("order_by", by), nil)
		require.Equal(t, http.StatusBadRequest, status, by)
	}
}

func TestOrderBy(t *testing.T) {
	t.Parallel()
	f := filterFake(t)
	for by, want := range map[string]string{
		"": "1005", "id asc": "1001", "id desc": "1005", "id": "1001",
		"modification_time asc": "1005", "modification_time desc": "1001", "order_time asc": "1005",
	} {
		require.Equal(t, want, ids(t, get(t, f, "/v2/orders"+query("order_by", by)), "orders")[0], by)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	for shape, end := range map[infusionsoftfake.LastPageToken]func(object){
		infusionsoftfake.LastPageEmpty:   func(o object) { require.Equal(t, "", o["next_page_token"]) },
		infusionsoftfake.LastPageMissing: func(o object) { require.NotContains(t, o, "next_page_token") },
		infusionsoftfake.LastPageNull: func(o object) {
			require.Contains(t, o, "next_page_token")
			require.Nil(t, o["next_page_token"])
		},
	} {
		for _, knows := range []bool{false, true} {
			f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{LastPageToken: shape, DefaultPageSize: 2, KnowsTheEnd: knows}})
			for range 4 {
				mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("1")})
			}
			for _, filter := range []string{"id>0", "paid==false"} {
				list := func(token string) object {
					return get(t, f, "/v2/orders"+query("filter", filter, "order_by", "id asc", "page_token", token, "page_size", "0"))
				}
				first := list("")
				require.Equal(t, []string{"1001", "1002"}, ids(t, first, "orders"))
				second := list(first["next_page_token"].(string))
				require.Equal(t, []string{"1003", "1004"}, ids(t, second, "orders"))
				if !knows {
					second = list(second["next_page_token"].(string))
					require.Empty(t, second["orders"], "the page behind a full last page")
				}
				end(second)
			}
		}
	}
}

func TestPageTokenBelongsToItsQuestion(t *testing.T) {
	t.Parallel()
	f := filterFake(t)
	token := get(t, f, "/v2/orders"+query("order_by", "id asc", "page_size", "2"))["next_page_token"].(string)
	status, _, _ := do(t, f, http.MethodGet, "/v2/orders"+query("order_by", "id desc", "page_token", token), nil)
	require.Equal(t, http.StatusBadRequest, status)
	status, _, _ = do(t, f, http.MethodGet, "/v2/sales/payments"+query("order_by", "id asc", "page_token", token), nil)
	require.Equal(t, http.StatusBadRequest, status)

	// The row that slides over the page's edge is lost: 1001 goes, and 1003 is never seen.
	require.NoError(t, f.DeleteOrder(1001))
	rest := get(t, f, "/v2/orders"+query("order_by", "id asc", "page_size", "2", "page_token", token))
	require.Equal(t, []string{"1004", "1005"}, ids(t, rest, "orders"))
}

func TestEditMovesInTheIndexes(t *testing.T) {
	t.Parallel()
	f := filterFake(t)
	require.NoError(t, f.EditOrder(1002, func(o *infusionsoftfake.Order) { o.Notes = "touched" }))
	got := get(t, f, "/v2/orders"+query("filter", "modified_since_time==2026-01-09T13:00:00Z", "order_by", "modification_time asc"))
	require.Equal(t, []string{"1002"}, ids(t, got, "orders"))
	all := get(t, f, "/v2/orders"+query("order_by", "modification_time asc"))
	require.Equal(t, []string{"1005", "1004", "1003", "1001", "1002"}, ids(t, all, "orders"))
	require.Error(t, f.EditOrder(1002, func(o *infusionsoftfake.Order) { o.ID = 5 }))
	require.Error(t, f.EditOrder(77, func(*infusionsoftfake.Order) {}))
}

func TestManyOrdersAreListedByIndex(t *testing.T) {
	t.Parallel()
	const n = 20_000
	f := newFake(t, nil)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		// 7919 is prime to n: a permutation, so that the index by time gets its rows out of order.
		at := start.Add(time.Duration(i*7919%n) * time.Second)
		mustOrder(t, f.Books, infusionsoftfake.Order{CreationTime: at, Items: line("1")})
	}
	last, seen := "0", 0
	for {
		page := ids(t, get(t, f, "/v2/orders"+query("filter", "id>"+last, "order_by", "id asc", "page_size", "1000")), "orders")
		if len(page) == 0 {
			break
		}
		last, seen = page[len(page)-1], seen+len(page)
	}
	require.Equal(t, n, seen)
	since := start.Add((n - 10) * time.Second).Format(time.RFC3339)
	require.Len(t, ids(t, get(t, f, "/v2/orders"+query("filter", "modified_since_time=="+since, "order_by", "modification_time asc", "page_size", "1000")), "orders"), 10)
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"id>1;id<=9", "title==a*", "paid==true", "ids==1,2", "modified_since_time==2026-01-01T00:00:00Z", "id=1", ";;", "amount==1e9"} {
		f.Add(seed)
	}
	fake, err := infusionsoftfake.New(&infusionsoftfake.Options{Limits: infusionsoftfake.NoLimits()})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := fake.AddOrder(infusionsoftfake.Order{Title: "a"}); err != nil {
		f.Fatal(err)
	}
	client := fake.Client("t")
	f.Fuzz(func(t *testing.T, filter string) {
		for _, list := range []string{"/v2/orders", "/v2/sales/payments", "/v2/contacts", "/v2/products"} {
			res, err := client.Get(base + list + query("filter", filter))
			require.NoError(t, err)
			require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, res.StatusCode, "%s %q", list, filter)
			require.NoError(t, res.Body.Close())
		}
	})
}
