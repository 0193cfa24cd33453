package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/ledger"
)

// CheckAddresses finds addresses of a provider that are not absolute URLs.
func CheckAddresses(room string, addresses ...string) error {
	for _, s := range addresses {
		if u, err := url.Parse(s); err != nil || u.Host == "" {
			return errors.New(room + ": an address of the provider is not an absolute URL")
		}
	}
	return nil
}

// Revocation is the call that ends a refresh token (RFC 7009, and its dialects).
type Revocation struct {
	Room      string // whose errors these are
	Vendor    string // as people know it: "Xero"
	Address   string // of the revocation
	UserAgent string
	Header    http.Header
	Body      func(refreshToken string) ([]byte, error)
}

// Revoke sends it, with a client that does not authorise; nil is http.DefaultClient.
func (r Revocation) Revoke(ctx context.Context, client *http.Client, token *oauth2.Token) error {
	if token == nil || token.RefreshToken == "" {
		return errors.New(r.Room + ": there is no refresh token to revoke")
	}
	u, err := url.Parse(r.Address)
	if err != nil {
		return errors.New(r.Room + ": the revocation address is not a URL")
	}
	path := u.EscapedPath()
	u.Path, u.RawPath = "", ""
	c, err := New(client, u.String(), &Options{
		Name: r.Room, UserAgent: r.UserAgent, Header: http.Header{"Accept": {"application/json"}}, AuthError: FromAuthoriser,
	})
	if err != nil {
		return fmt.Errorf("%s: provider: %w", r.Room, err)
	}
	body, err := r.Body(token.RefreshToken)
	if err != nil {
		return fmt.Errorf("%s: provider: %w", r.Room, err)
	}
	resp, err := c.Do(ctx, Request{Method: http.MethodPost, Path: path, Header: r.Header, Body: body})
	switch {
	case err != nil:
		return ReadError(r.Room, "POST "+path, err)
	case !resp.OK():
		return &ledger.Error{
			Kind: ledger.ErrFailed, Room: r.Room, Thing: "POST " + path, Status: resp.Status,
			Message: "the token was not revoked: try again, or disconnect in " + r.Vendor,
		}
	}
	return nil
}
