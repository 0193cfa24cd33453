package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxAnswer = 64 << 20
	// patience is how long a call waits for a limit, in all. Past a minute's limit it need not wait
	// longer than a minute; a day's limit is not waited for.
	patience = 3 * time.Minute
)

// get reads a JSON answer into v and returns its headers. It waits out 429 and repeats, as long as
// Retry-After says, or longer each time where the vendor says nothing.
func get(ctx context.Context, client *http.Client, address string, query url.Values, header http.Header, v any) (http.Header, error) {
	if len(query) > 0 {
		// Infusionsoft takes a filter's semicolon only escaped, and a space only as %20.
		address += "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	}
	var waited time.Duration
	pause := time.Second
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		req.Header.Set("Accept", "application/json")
		for name, values := range header {
			req.Header[name] = values
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		err = errors.Join(err, resp.Body.Close())
		switch {
		case err != nil:
			return nil, fmt.Errorf("compare: reading %s: %w", req.URL.Path, err)
		case resp.StatusCode == http.StatusOK:
			if err := json.Unmarshal(body, v); err != nil {
				return nil, fmt.Errorf("compare: the answer of %s is not what it should be: %w", req.URL.Path, err)
			}
			return resp.Header, nil
		case resp.StatusCode != http.StatusTooManyRequests:
			return nil, fmt.Errorf("compare: %s answers %s", req.URL.Path, resp.Status)
		}
		wait := pause
		pause = min(2*pause, 30*time.Second)
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			wait = time.Duration(seconds)*time.Second + 50*time.Millisecond
		}
		if waited += wait; waited > patience {
			return nil, fmt.Errorf("compare: %s is still limited after %s: compare again later", req.URL.Path, patience)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("compare: %w", ctx.Err())
	case <-timer.C:
		return nil
	}
}
