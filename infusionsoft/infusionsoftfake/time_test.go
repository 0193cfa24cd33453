package infusionsoftfake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

func refresh(t *testing.T, f *infusionsoftfake.Fake, id, secret string, form url.Values) (int, object) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "https://api.infusionsoft.com/token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		req.SetBasicAuth(id, secret)
	}
	res, err := f.Transport().RoundTrip(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var body object
	decoder := json.NewDecoder(res.Body)
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&body))
	return res.StatusCode, body
}

func TestTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, &infusionsoftfake.Options{
			Tokens: []infusionsoftfake.Token{}, Clients: []infusionsoftfake.OAuthClient{{ID: "app", Secret: "s"}},
		})
		code, err := f.AuthorizationCode("xx123.infusionsoft.com", "app", "https://host/cb")
		require.NoError(t, err)
		exchange := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"https://host/cb"}, "client_id": {"app"}, "client_secret": {"s"}}
		status, first := refresh(t, f, "", "", exchange)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, []any{"full|xx123.infusionsoft.com", "bearer", num("86400")}, []any{first["scope"], first["token_type"], first["expires_in"]})
		status, _ = refresh(t, f, "", "", exchange)
		require.Equal(t, http.StatusUnauthorized, status, "a code works once")

		access := first["access_token"].(string)
		try := func(token string) int {
			status, _, _ := doAs(t, f, token, http.MethodGet, "/v2/orders", nil)
			return status
		}
		require.Equal(t, http.StatusOK, try(access))
		require.Equal(t, http.StatusUnauthorized, try(first["refresh_token"].(string)), "a refresh token is no access token")
		time.Sleep(24*time.Hour - time.Millisecond)
		require.Equal(t, http.StatusOK, try(access))
		time.Sleep(time.Millisecond)
		require.Equal(t, http.StatusUnauthorized, try(access), "24 hours are over")

		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}}
		inBody := url.Values{"grant_type": {"refresh_token"}, "refresh_token": form["refresh_token"], "client_id": {"app"}, "client_secret": {"s"}}
		status, _ = refresh(t, f, "", "", inBody)
		require.Equal(t, http.StatusUnauthorized, status, "a refresh wants the Basic header")
		status, _ = refresh(t, f, "app", "wrong", form)
		require.Equal(t, http.StatusUnauthorized, status)
		status, second := refresh(t, f, "app", "s", form)
		require.Equal(t, http.StatusOK, status)
		require.NotEqual(t, first["refresh_token"], second["refresh_token"])
		status, body := refresh(t, f, "app", "s", form)
		require.Equal(t, http.StatusBadRequest, status, "a refresh token works once")
		require.Equal(t, object{"error": "invalid_grant", "error_description": "Invalid refresh token"}, body)

		time.Sleep(45 * 24 * time.Hour)
		form.Set("refresh_token", second["refresh_token"].(string))
		status, _ = refresh(t, f, "app", "s", form)
		require.Equal(t, http.StatusBadRequest, status, "45 days are over")

		pair, err := f.Grant("xx123.infusionsoft.com", "app")
		require.NoError(t, err)
		require.NoError(t, f.Revoke("xx123.infusionsoft.com"))
		require.Equal(t, http.StatusUnauthorized, try(pair.Access))
	})
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, err := infusionsoftfake.New(&infusionsoftfake.Options{
			Tenants: []infusionsoftfake.Tenant{{ID: "a"}, {ID: "b"}},
			Tokens:  []infusionsoftfake.Token{{Value: "a", Tenant: "a"}, {Value: "b", Tenant: "b"}, {Value: "key", Tenant: "a", Key: true}},
			Limits:  infusionsoftfake.Limits{ClientPerMinute: 30, ClientPerDay: 50},
		})
		require.NoError(t, err)
		try := func(token string) (int, http.Header) {
			status, _, header := doAs(t, f, token, http.MethodGet, "/v2/orders", nil)
			return status, header
		}
		for i := range 25 {
			status, header := try([]string{"a", "b"}[i%2])
			require.Equal(t, http.StatusOK, status)
			if i == 24 {
				require.Equal(t, []string{"30", "5", "25", "minute", "25ps", "a", "10000", "9987"}, []string{
					header.Get("x-keap-product-throttle-limit"), header.Get("x-keap-product-throttle-available"), header.Get("x-keap-product-throttle-used"),
					header.Get("x-keap-product-throttle-time-unit"), header.Get("x-keap-product-spike-limit"), header.Get("x-keap-tenant-id"),
					header.Get("x-keap-tenant-throttle-limit"), header.Get("x-keap-tenant-throttle-available"),
				}, "all tenants share the client's quota; tenant a had 13 of 25")
				// synctest starts at 2000-01-01T00:00:00Z, so the day ends 86,400 seconds after 946,684,800.
				require.Equal(t, "946771200000", header.Get("x-keap-product-quota-expiry-time"))
			}
		}
		status, header := try("a")
		require.Equal(t, http.StatusTooManyRequests, status, "the 26th in a second")
		require.Empty(t, header.Get("Retry-After"))
		status, _ = try("key")
		require.Equal(t, http.StatusOK, status, "a key has a quota of its own")
		time.Sleep(time.Second)
		for range 5 {
			status, _ = try("b")
			require.Equal(t, http.StatusOK, status)
		}
		status, header = try("a")
		require.Equal(t, http.StatusTooManyRequests, status, "30 in the minute")
		require.Equal(t, "0", header.Get("x-keap-product-throttle-available"))
		time.Sleep(59 * time.Second)
		for i := range 20 {
			status, _ = try("a")
			require.Equal(t, http.StatusOK, status, i)
		}
		time.Sleep(time.Minute)
		status, header = try("b")
		require.Equal(t, http.StatusTooManyRequests, status, "50 in the day")
		require.Equal(t, "0", header.Get("x-keap-product-quota-available"))
		time.Sleep(24*time.Hour - 2*time.Minute)
		status, _ = try("b")
		require.Equal(t, http.StatusOK, status, "a new day")
	})
}

func TestIndexLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{OrderLag: time.Minute, PaymentLag: time.Minute}})
		mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("1")})
		_, err := f.AddPayment(infusionsoftfake.Payment{OrderID: 1001, Amount: dec("1")})
		require.NoError(t, err)
		for _, want := range []int{0, 1} {
			require.Len(t, get(t, f, "/v2/orders")["orders"], want)
			require.Len(t, get(t, f, "/v2/sales/payments")["payments"], want)
			require.Len(t, get(t, f, "/v2/orders/1001/payments")["invoice_order_payments"], want)
			require.Equal(t, "100", minor(t, get(t, f, "/v2/orders/1001"), "total_paid"), "by id it is there at once")
			time.Sleep(time.Minute)
		}
	})
}

func TestTotalDueSoFar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // 2000-01-01T00:00Z is still 1999-12-31 in New York
		f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{TotalDueSoFar: true}})
		mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("90"), Plan: &infusionsoftfake.PaymentPlan{StartDate: "2000-01-01", NumberOfPayments: 3, DaysBetweenPayments: 10}})
		due := func() string { return minor(t, get(t, f, "/v2/orders/1001"), "total_due") }
		require.Equal(t, "0", due())
		time.Sleep(5 * time.Hour)
		require.Equal(t, "3000", due())
		time.Sleep(10 * 24 * time.Hour)
		require.Equal(t, "6000", due())
	})
}

// A subscriber answers hooks and keeps what it got.
type subscriber struct {
	mu     sync.Mutex
	start  time.Time
	status []int // for each delivery in turn; the last one for all that follow
	echo   bool
	got    []string
	at     []time.Duration
	secret string
}

func (s *subscriber) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
	if secret := r.Header.Get("X-Hook-Secret"); secret != "" {
		s.secret = secret
		if s.echo {
			res.Header.Set("X-Hook-Secret", secret)
		}
		return res, nil
	}
	s.got, s.at = append(s.got, string(body)), append(s.at, time.Since(s.start))
	res.StatusCode = s.status[min(len(s.got), len(s.status))-1]
	return res, nil
}

// seen waits until all deliveries that are due are over, and returns them.
func (s *subscriber) seen() (bodies []string, at []time.Duration) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got, s.at
}

// restart forgets what was seen.
func (s *subscriber) restart(echo bool, status ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start, s.echo, s.status, s.got, s.at = time.Now(), echo, status, nil, nil
}

func hookStatus(t *testing.T, f *infusionsoftfake.Fake) string {
	t.Helper()
	return get(t, f, "/v1/hooks/1")["status"].(string)
}

func TestHookScheduleAndHandshake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &subscriber{start: time.Now(), status: []int{500}}
		f := newFake(t, &infusionsoftfake.Options{HookTransport: s})
		status, got, _ := do(t, f, http.MethodPost, "/v1/hooks", object{"eventKey": "order.add", "hookUrl": "https://host/hook"})
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, "Unverified", got["status"])
		mustOrder(t, f.Books, infusionsoftfake.Order{})
		time.Sleep(time.Hour)
		early, _ := s.seen()
		require.Empty(t, early, "not verified")

		req, err := http.NewRequest(http.MethodPost, base+"/v1/hooks/1/delayedVerify", nil)
		require.NoError(t, err)
		req.Header.Set("X-Hook-Secret", s.secret)
		res, err := f.Client("t").Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "Verified", hookStatus(t, f))

		s.restart(false, http.StatusInternalServerError)
		mustOrder(t, f.Books, infusionsoftfake.Order{})
		time.Sleep(time.Second)
		mustOrder(t, f.Books, infusionsoftfake.Order{})
		time.Sleep(2 * time.Hour)
		bodies, at := s.seen()
		// 45 s; + 45 s; + 5 min; + 30 min.
		require.Equal(t, []time.Duration{45 * time.Second, 90 * time.Second, 390 * time.Second, 2190 * time.Second}, at)
		require.JSONEq(t, `{"event_key":"order.add","object_type":"order","object_keys":[
			{"id":1002,"apiUrl":"https://api.infusionsoft.com/crm/rest/v1/orders/1002","timestamp":"2000-01-01T01:00:00Z"},
			{"id":1003,"apiUrl":"https://api.infusionsoft.com/crm/rest/v1/orders/1003","timestamp":"2000-01-01T01:00:01Z"}]}`, bodies[0])
		require.Equal(t, "Inactive", hookStatus(t, f), "after four tries")

		s.restart(true, http.StatusGone)
		_, got, _ = do(t, f, http.MethodPost, "/v1/hooks/1/verify", object{})
		require.Equal(t, "Verified", got["status"])
		mustOrder(t, f.Books, infusionsoftfake.Order{})
		time.Sleep(time.Hour)
		bodies, _ = s.seen()
		require.Len(t, bodies, 1)
		require.Equal(t, "Inactive", hookStatus(t, f), "410 ends it at once")

		status, _, _ = do(t, f, http.MethodDelete, "/v1/hooks/1", nil)
		require.Equal(t, http.StatusNoContent, status)
		status, _, _ = do(t, f, http.MethodGet, "/v1/hooks/1", nil)
		require.Equal(t, http.StatusNotFound, status)
	})
}
