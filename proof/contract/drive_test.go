package contract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// What the scenarios of all adapters share.

func amount(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func key(e ledger.Encoded, attempt string, longest int) string {
	sum := sha256.Sum256([]byte(e.Route + "\n" + string(e.Body) + "\n" + attempt))
	k := hex.EncodeToString(sum[:])
	return k[:min(len(k), longest)]
}

// create writes drafts as the engine does, and wants the states in order.
func create[T any](t *testing.T, w ledger.Writer[T], drafts []ledger.Draft[T], member func(ledger.Draft[T]) ledger.Member, want ...ledger.OutcomeState) []ledger.Outcome[T] {
	t.Helper()
	e, err := w.Encode(drafts)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	b := ledger.Batch{Encoded: e, Key: key(e, "1", w.Limits().KeyLength), Gate: func(context.Context) error { return nil }}
	for _, d := range drafts {
		b.Members = append(b.Members, member(d))
	}
	outcomes, err := w.Create(t.Context(), b)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if len(outcomes) != len(want) {
		t.Fatalf("%d outcomes, want %d", len(outcomes), len(want))
	}
	for i, o := range outcomes {
		if o.State != want[i] {
			t.Errorf("draft %d is %s, want %s: %+v", i, o.State, want[i], o.Refusal)
		}
	}
	return outcomes
}

// change carries a change out, and looks.
func change(t *testing.T, c ledger.Changer, wanted ledger.Change) ledger.ChangeOutcome {
	t.Helper()
	e, err := c.Encode(wanted)
	if err != nil {
		t.Fatalf("encode the change: %v", err)
	}
	wanted.Encoded, wanted.Key = e, key(e, "1", c.Limits().KeyLength)
	outcome, err := c.Apply(t.Context(), wanted)
	if err != nil {
		t.Fatalf("change: %v", err)
	}
	state, err := c.Look(t.Context(), wanted)
	if err != nil {
		t.Fatalf("look: %v", err)
	}
	if done := outcome.State == ledger.Created; done != state.Done {
		t.Errorf("the change is %s, and a look says done = %t: %+v", outcome.State, state.Done, outcome.Refusal)
	}
	return outcome
}

// read takes all pages and returns the last cursor.
func read[T any](t *testing.T, pages iter.Seq2[ledger.Page[T], error]) (records []T, next ledger.Cursor) {
	t.Helper()
	for page, err := range pages {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		for _, u := range page.Unread {
			t.Errorf("unread: %+v", u)
		}
		records, next = append(records, page.Records...), page.Next
	}
	return records, next
}

// call makes a request of its own and returns the answer's status and body.
func call(t *testing.T, client *http.Client, ctx context.Context, method, url, body string, header ...string) (int, string) {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return resp.StatusCode, string(b)
}
