package vendorhttp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"

	"github.com/invoicesync/invoicesync/ledger"
)

// Keys are the keys that a vendor may have signed its webhooks with, each the text itself and not what it would
// be in base64.
type Keys [][]byte

// NewKeys takes a key and further ones, which are accepted too while a new one takes over. ok is false where
// one is empty: it would accept anybody.
func NewKeys(key string, more ...string) (keys Keys, ok bool) {
	for _, k := range append([]string{key}, more...) {
		if k == "" {
			return nil, false
		}
		keys = append(keys, []byte(k))
	}
	return keys, true
}

// Signed reports whether signature is the HMAC-SHA256 of body under one of the keys, in base64. The body must be as
// it came: what a decoder has read and written again has another signature.
func (k Keys) Signed(body []byte, signature string) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	ok := false
	for _, key := range k {
		mac := hmac.New(sha256.New, key)
		mac.Write(body)
		ok = hmac.Equal(mac.Sum(nil), given) || ok
	}
	return ok
}

const maxWebhook = 4 << 20

// Receive is the handler of a vendor's webhooks. notices verifies and reads one; its error is answered with 401
// where it is forged, else with 400. receive gets what there is, and its error is answered with 500, so
// that the vendor sends the same again. A webhook without notices is not handed over and answered with 200.
func Receive(forged error, notices func(http.Header, []byte) ([]ledger.Notice, error), receive func(context.Context, []ledger.Notice) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		list, err := notices(r.Header, body)
		switch {
		case errors.Is(err, forged):
			w.WriteHeader(http.StatusUnauthorized)
			return
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if len(list) > 0 {
			if err := receive(r.Context(), list); err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
		}
		w.WriteHeader(http.StatusOK)
	})
}
