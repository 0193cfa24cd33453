package xero

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

type documents struct{ l *Ledger }

// PDF implements [ledger.Documents]. It asks by the Accept header: the specification's path …/pdf is for
// generated clients, and whether the live service knows it is not documented.
func (d documents) PDF(ctx context.Context, ref ledger.Ref) (io.ReadCloser, error) {
	id := ref.ID
	if id == "" {
		inv, err := d.l.Invoice(ctx, ref)
		if err != nil {
			return nil, err
		}
		id = inv.ID
	}
	thing := "PDF of invoice " + safeID(id)
	s, err := d.l.http.Open(ctx, vendorhttp.Request{
		Path: "/Invoices/" + url.PathEscape(id), Route: "/Invoices/{id}", Header: http.Header{"Accept": {"application/pdf"}},
	})
	if err != nil {
		return nil, vendorhttp.ReadError(Vendor, thing, err)
	}
	if s.Status == http.StatusNotFound {
		_ = s.Close()
		return nil, notFound("invoice " + safeID(id))
	}
	if !s.OK() {
		_ = s.Close()
		return nil, answerError(thing, &s.Response)
	}
	if !s.PDF() {
		_ = s.Close()
		return nil, unreadable(thing, &s.Response, errors.New("it is not a PDF"))
	}
	return s, nil
}
