package quickbooks

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

// PDF implements [ledger.Documents].
func (d documents) PDF(ctx context.Context, ref ledger.Ref) (io.ReadCloser, error) {
	id := ref.ID
	if id == "" {
		inv, err := d.l.invoiceByNumber(ctx, ref)
		if err != nil {
			return nil, err
		}
		id = inv.ID
	}
	thing := "PDF of invoice " + safeID(id)
	if err := d.l.right(thing); err != nil {
		return nil, err
	}
	if !isID(id) {
		return nil, notFound("invoice " + safeID(id))
	}
	s, err := d.l.http.Open(ctx, vendorhttp.Request{
		Path: "/invoice/" + id + "/pdf", Route: "/invoice/{id}/pdf", Query: url.Values{"minorversion": {minorVersion}},
		Header: http.Header{"Accept": {"application/pdf"}},
	})
	if err != nil {
		return nil, vendorhttp.ReadError(Vendor, thing, err)
	}
	if !s.OK() {
		_ = s.Close()
		e := d.l.answerError(ctx, thing, &s.Response, faultOf(&s.Response))
		if errors.Is(e, ledger.ErrNotFound) {
			return nil, notFound("invoice " + safeID(id))
		}
		return nil, e
	}
	if !s.PDF() {
		_ = s.Close()
		return nil, unreadable(thing, &s.Response, errors.New("it is not a PDF"))
	}
	return s, nil
}
