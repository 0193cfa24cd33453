package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
)

// book is a small vendor: it commits the words of a body one by one and answers how many.
type book struct {
	mu      sync.Mutex
	entries []entry
}

type entry struct {
	word string
	at   time.Duration
}

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where a synctest bubble's clock begins

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f, ok := faults.Answer(r.Context()); ok {
		w.Header().Set("Retry-After", fmt.Sprint(int(f.RetryAfter.Seconds())))
		http.Error(w, f.Name, http.StatusTooManyRequests)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	n := 0
	for i, word := range strings.Fields(string(body)) {
		if !faults.Element(r.Context(), i) {
			break
		}
		b.mu.Lock()
		b.entries = append(b.entries, entry{word, time.Since(epoch)})
		b.mu.Unlock()
		n++
	}
	w.Header().Set("X-Count", fmt.Sprint(n))
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "%d words are in the book", n)
}

func (b *book) words() []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.entries)
}

func client(h http.Handler) *http.Client { return &http.Client{Transport: faults.Transport(h)} }

func post(ctx context.Context, c *http.Client, path, body string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://vendor.example"+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return resp, string(got), err
}

func TestKinds(t *testing.T) {
	s := time.Second
	all := "a b c"
	const answer = "3 words are in the book"
	for _, c := range []struct {
		name    string
		fault   faults.Fault
		status  int    // 0: the connection is lost
		body    string // what arrives
		readErr bool
		took    time.Duration
		atOnce  []entry // committed when the call returns
		late    []entry // and a minute later
	}{
		{name: "lose request", fault: faults.Fault{Kind: faults.LoseRequest}},
		{name: "lose answer", fault: faults.Fault{Kind: faults.LoseAnswer}, atOnce: []entry{{"a", 0}, {"b", 0}, {"c", 0}}},
		{name: "commit late", fault: faults.Fault{Kind: faults.CommitLate, Delay: 40 * s}, late: []entry{{"a", 40 * s}, {"b", 40 * s}, {"c", 40 * s}}},
		{name: "by element", fault: faults.Fault{Kind: faults.CommitByElement, Delay: 10 * s}, late: []entry{{"a", 10 * s}, {"b", 20 * s}, {"c", 30 * s}}},
		{name: "by element, two", fault: faults.Fault{Kind: faults.CommitByElement, Delay: 10 * s, Elements: 2}, late: []entry{{"a", 10 * s}, {"b", 20 * s}}},
		{name: "slow", fault: faults.Fault{Kind: faults.Slow, Delay: 5 * s}, status: 201, body: answer, took: 5 * s, atOnce: []entry{{"a", 5 * s}, {"b", 5 * s}, {"c", 5 * s}}},
		{name: "slow answer", fault: faults.Fault{Kind: faults.SlowAnswer, Delay: 5 * s}, status: 201, body: answer, took: 5 * s, atOnce: []entry{{"a", 0}, {"b", 0}, {"c", 0}}},
		{name: "truncate", fault: faults.Fault{Kind: faults.Truncate}, status: 201, body: answer[:len(answer)/2], readErr: true, atOnce: []entry{{"a", 0}, {"b", 0}, {"c", 0}}},
		{name: "HTML", fault: faults.Fault{Kind: faults.HTML}, status: 502, body: "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"},
		{name: "HTML with a status", fault: faults.Fault{Kind: faults.HTML, Status: 503}, status: 503, body: "<html><head><title>503 Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"},
		{name: "HTML after", fault: faults.Fault{Kind: faults.HTMLAfter}, status: 504, body: "<html><head><title>504 Gateway Timeout</title></head><body><h1>Gateway Timeout</h1></body></html>", atOnce: []entry{{"a", 0}, {"b", 0}, {"c", 0}}},
		{name: "garbage", fault: faults.Fault{Kind: faults.Garbage, Body: `{"a":`}, status: 200, body: `{"a":`},
		{name: "vendor", fault: faults.Fault{Kind: faults.Vendor, Name: "429_minute", RetryAfter: 17 * s}, status: 429, body: "429_minute\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &book{}
				plan := faults.New(1).Add(c.fault)
				resp, body, err := post(t.Context(), client(plan.Wrap(b)), "/words", all)
				switch {
				case c.status == 0:
					require.ErrorIs(t, err, faults.ErrConnectionLost)
				case c.readErr:
					require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				default:
					require.NoError(t, err)
				}
				if c.status != 0 {
					assert.Equal(t, c.status, resp.StatusCode)
					assert.Equal(t, c.body, body)
				}
				if c.fault.Kind == faults.SlowAnswer {
					assert.Equal(t, "3", resp.Header.Get("X-Count"))
				}
				if c.fault.Kind == faults.Vendor {
					assert.Equal(t, "17", resp.Header.Get("Retry-After"))
				}
				assert.Equal(t, c.took, time.Since(epoch))
				assert.Equal(t, c.atOnce, b.words())
				time.Sleep(time.Minute)
				want := c.late
				if want == nil {
					want = c.atOnce
				}
				assert.Equal(t, want, b.words())

				_, body, err = post(t.Context(), client(plan.Wrap(b)), "/words", "d")
				require.NoError(t, err, "a fault hits once unless told otherwise")
				assert.Equal(t, "1 words are in the book", body)
				require.Len(t, plan.Hits(), 1)
				assert.Equal(t, epoch, plan.Hits()[0].At)
				assert.Equal(t, "/words", plan.Hits()[0].Path)
			})
		})
	}
}

// The loopback server of programs must show the same faults as the transport of tests.
func TestKindsOnASocket(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind      faults.Kind
		status    int // 0: lost
		readErr   bool
		committed int
	}{
		{faults.LoseRequest, 0, false, 0},
		{faults.LoseAnswer, 0, false, 3},
		{faults.CommitLate, 0, false, 3},
		{faults.CommitByElement, 0, false, 3},
		{faults.SlowAnswer, 201, false, 3},
		{faults.Truncate, 201, true, 3},
		{faults.HTML, 502, false, 0},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			b := &book{}
			s := httptest.NewServer(faults.New(1).Add(faults.Fault{Kind: c.kind}).Wrap(b))
			defer s.Close()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/words", strings.NewReader("a b c"))
			require.NoError(t, err)
			resp, err := s.Client().Do(req)
			if c.status == 0 {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				defer resp.Body.Close()
				assert.Equal(t, c.status, resp.StatusCode)
				_, err = io.ReadAll(resp.Body)
				assert.Equal(t, c.readErr, errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
			}
			assert.Eventually(t, func() bool { return len(b.words()) == c.committed }, 5*time.Second, time.Millisecond)
		})
	}
}

func TestMatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hits := func(f faults.Fault, paths ...string) []int {
			f.Kind = faults.LoseRequest
			plan := faults.New(1).Add(f)
			c := client(plan.Wrap(&book{}))
			var lost []int
			for i, p := range paths {
				if _, _, err := post(t.Context(), c, p, "x"); err != nil {
					lost = append(lost, i)
				}
			}
			assert.Len(t, plan.Hits(), len(lost))
			return lost
		}
		five := []string{"/a", "/a", "/a", "/a", "/a"}
		assert.Equal(t, []int{0}, hits(faults.Fault{}, five...))
		assert.Equal(t, []int{2}, hits(faults.Fault{Skip: 2}, five...))
		assert.Equal(t, []int{1, 2}, hits(faults.Fault{Skip: 1, Times: 2}, five...))
		assert.Equal(t, []int{0, 1, 2, 3, 4}, hits(faults.Fault{Times: -1}, five...))
		assert.Equal(t, []int{3, 4}, hits(faults.Fault{Skip: 3, Times: -1}, five...))
		assert.Equal(t, []int{1, 3}, hits(faults.Fault{Path: "/b", Times: 2}, "/a", "/b", "/a", "/x/b", "/b"))
		assert.Empty(t, hits(faults.Fault{Method: "PUT"}, five...))
		assert.Equal(t, []int{0}, hits(faults.Fault{Method: "POST"}, five...))
		assert.Equal(t, []int{1}, hits(faults.Fault{Match: func(r *http.Request) bool { return r.URL.Query().Get("n") == "2" }}, "/a?n=1", "/a?n=2"))
	})
}

// A fault may look into the body; the vendor must still get all of it.
func TestMatchMayReadTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		plan := faults.New(1).Add(faults.Fault{Kind: faults.LoseAnswer, Match: func(r *http.Request) bool {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			return strings.Contains(string(body), "b")
		}})
		c := client(plan.Wrap(b))
		_, _, err := post(t.Context(), c, "/x", "a")
		require.NoError(t, err)
		_, _, err = post(t.Context(), c, "/x", "b c")
		require.ErrorIs(t, err, faults.ErrConnectionLost)
		assert.Equal(t, []entry{{"a", 0}, {"b", 0}, {"c", 0}}, b.words())
	})
}

func TestTheFirstFaultThatMatchesHits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := faults.New(1).Add(faults.Fault{Kind: faults.HTML}, faults.Fault{Kind: faults.LoseRequest})
		c := client(plan.Wrap(&book{}))
		resp, _, err := post(t.Context(), c, "/x", "a")
		require.NoError(t, err)
		assert.Equal(t, 502, resp.StatusCode)
		_, _, err = post(t.Context(), c, "/x", "a")
		require.ErrorIs(t, err, faults.ErrConnectionLost)
		plan.Add(faults.Fault{Kind: faults.LoseRequest}).Clear()
		_, _, err = post(t.Context(), c, "/x", "a")
		require.NoError(t, err)
		assert.Len(t, plan.Hits(), 2)
	})
}

func TestRandomFaultsReplayFromTheirSeed(t *testing.T) {
	run := func(seed uint64) (pattern string) {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.New(seed).Random(func(r *rand.Rand, _ *http.Request) *faults.Fault {
				if r.IntN(2) == 0 {
					return &faults.Fault{Kind: faults.LoseRequest}
				}
				return nil
			})
			assert.Equal(t, seed, plan.Seed())
			c := client(plan.Wrap(&book{}))
			for range 64 {
				if _, _, err := post(t.Context(), c, "/x", "a"); err != nil {
					pattern += "x"
				} else {
					pattern += "."
				}
			}
			assert.Len(t, plan.Hits(), strings.Count(pattern, "x"))
		})
		return pattern
	}
	first := run(7)
	assert.Equal(t, first, run(7))
	assert.NotEqual(t, first, run(8))
}

func TestANilPlanAndUnknownKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var none *faults.Plan
		_, body, err := post(t.Context(), client(none.Wrap(&book{})), "/x", "a")
		require.NoError(t, err)
		assert.Equal(t, "1 words are in the book", body)
		assert.True(t, faults.Element(t.Context(), 99))
		_, ok := faults.Answer(t.Context())
		assert.False(t, ok)
	})
	assert.Panics(t, func() {
		faults.New(1).Add(faults.Fault{Kind: "typo"}).Wrap(&book{}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	})
}

// As with a real server: who gives up does not stop what is being served.
func TestTheVendorGoesOnWhenItsClientHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		c := client(faults.New(1).Add(faults.Fault{Kind: faults.Slow, Delay: 30 * time.Second}).Wrap(b))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, _, err := post(ctx, c, "/x", "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, b.words())
		time.Sleep(time.Minute)
		assert.Equal(t, []entry{{"a", 30 * time.Second}}, b.words())
	})
}

func TestTransportIsLikeAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "vendor.example", r.Host)
			assert.Equal(t, "/a%2Fb?x=1", r.RequestURI)
			assert.NotEmpty(t, r.RemoteAddr)
			assert.Equal(t, "k", r.Header.Get("Idempotency-Key"), "headers are canonical on the server's side")
			assert.False(t, r.URL.IsAbs(), "a server sees path and query only")
			assert.EqualValues(t, 1, r.ContentLength)
			w.Header().Set("X-Before", "1")
			w.WriteHeader(http.StatusTeapot)
			w.Header().Set("X-After", "1")
			w.WriteHeader(http.StatusOK)
			io.WriteString(w, "hello")
		}))
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://vendor.example/a%2Fb?x=1", strings.NewReader("x"))
		require.NoError(t, err)
		req.Header["idempotency-key"] = []string{"k"} //nolint:canonicalheader // as somebody may write it
		resp, err := c.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(body))
		assert.Equal(t, http.StatusTeapot, resp.StatusCode, "the first status counts")
		assert.Equal(t, "418 I'm a teapot", resp.Status)
		assert.Equal(t, "1", resp.Header.Get("X-Before"))
		assert.Empty(t, resp.Header.Get("X-After"), "a header after the status is not sent")
		assert.Same(t, req, resp.Request)
	})
}

func TestTransportRefusesABodyThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := false
		c := client(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
		broken := errors.New("broken")
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://vendor.example/", io.MultiReader(strings.NewReader("half"), failing{broken}))
		require.NoError(t, err)
		_, err = c.Do(req)
		require.ErrorIs(t, err, broken)
		synctest.Wait()
		assert.False(t, served, "half a request must not be committed")
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
