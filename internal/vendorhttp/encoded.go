package vendorhttp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// Encode makes the request of a write that is not sent yet, its body in JSON.
func Encode(room, route string, v any) (ledger.Encoded, error) {
	body, err := Marshal(v)
	if err != nil {
		return ledger.Encoded{}, fmt.Errorf("%s: encode: %w", room, err)
	}
	return ledger.Encoded{Route: route, Body: body}, nil
}

// Write is the request of an encoded write, which is asked of gate and has so much time.
func Write(room, thing string, e ledger.Encoded, gate func(context.Context) error, timeout time.Duration) (Request, error) {
	method, target, _ := strings.Cut(e.Route, " ")
	path, rawQuery, _ := strings.Cut(target, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil || method == "" || path == "" {
		return Request{}, &ledger.Error{
			Kind: ledger.ErrRequestRefused, Room: room, Thing: thing, Code: "not_sent",
			Message: "the stored route cannot be read: encode the drafts again",
		}
	}
	return Request{
		Method: method, Path: path, Query: query, Body: e.Body, Gate: gate, Timeout: timeout,
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}
