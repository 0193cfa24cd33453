package infusionsoft

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
)

const headerTenant = "X-Keap-Tenant-Id"

// client makes the calls, and sees to it that one application answers all of them.
type client struct {
	http  *vendorhttp.Client
	quota *quota

	tenant   atomic.Pointer[string] // pinned by the options or by the first answer
	stranger atomic.Pointer[string] // who answered last, when it was not the tenant
	answered atomic.Bool            // the tenant has
}

func newClient(httpClient *http.Client, o *Options) (*client, error) {
	c := &client{quota: newQuota(o.Budget, o.App)}
	if o.Tenant != "" {
		c.tenant.Store(&o.Tenant)
	}
	opts := &vendorhttp.Options{
		Name:      "infusionsoft",
		UserAgent: o.UserAgent,
		Header:    http.Header{"Accept": {"application/json"}},
		Budget:    o.Budget,
		Learn:     func(ctx context.Context, a vendorhttp.Answer) { c.quota.learn(ctx, c.tenantID(), a) },
		AuthError: vendorhttp.FromAuthoriser,
	}
	if o.Observe != nil {
		opts.Observe = func(ctx context.Context, a vendorhttp.Attempt) {
			o.Observe(ctx, Call{
				Method: a.Method, Route: a.Route, Number: a.Number, Status: a.Status,
				Waited: a.Waited, Took: a.Took, BytesIn: a.BytesIn,
			})
		}
	}
	var err error
	c.http, err = vendorhttp.New(httpClient, strings.TrimSuffix(o.BaseURL, "/")+"/crm/rest", opts)
	return c, err
}

// tenantID returns the tenant, or "" while it is not known.
func (c *client) tenantID() string {
	if t := c.tenant.Load(); t != nil {
		return *t
	}
	return ""
}

// get makes one call. A 2xx answer is JSON of the tenant; everything else is a [*ledger.Error] about
// thing.
func (c *client) get(ctx context.Context, thing, path string, q url.Values) (*vendorhttp.Response, error) {
	resp, err := c.http.Do(ctx, vendorhttp.Request{Path: path, Query: q, Windows: c.quota.windows(c.tenantID())})
	if err != nil {
		return nil, noAnswer(thing, err)
	}
	if err := c.sameTenant(thing, resp); err != nil {
		return nil, err
	}
	if !resp.OK() {
		return nil, c.refusal(thing, resp)
	}
	if kind := resp.Kind(); kind != vendorhttp.KindJSON {
		return nil, unreadable(thing, resp, fmt.Sprintf("the answer to GET %s is %s and not JSON, %d bytes", vendorhttp.RouteOf(path), kind, len(resp.Body)))
	}
	return resp, nil
}

// sameTenant compares the tenant that answered with the one pinned, and pins the first.
func (c *client) sameTenant(thing string, resp *vendorhttp.Response) error {
	said := resp.Header.Get(headerTenant)
	if said == "" {
		return nil
	}
	got, err := cleanTenant(said)
	if err != nil {
		return unreadable(thing, resp, "the header x-keap-tenant-id is no tenant")
	}
	if c.tenant.CompareAndSwap(nil, &got) {
		c.answered.Store(true)
		return nil
	}
	if want := c.tenantID(); got != want {
		c.stranger.Store(&got)
		return strangerError(thing, want, got, requestID(resp))
	}
	c.stranger.Store(nil)
	c.answered.Store(true)
	return nil
}
