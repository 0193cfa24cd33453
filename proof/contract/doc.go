// Package contract holds what our adapters send, and what our fakes answer, against the vendors' own
// OpenAPI documents. QuickBooks has none: [LoadQuickBooks] makes one of its XML schemas.
//
// A [Checker] is an [net/http.RoundTripper] that stands between an adapter and a fake. Every request and
// every 2xx and 400 answer that passes is validated against the operation that the document has for it,
// and searched for properties, query parameters and headers that the document does not have. What
// differs is a [Mismatch]; a mismatch that the live service is known to share is a [Deviation], in a list
// that has a reason for each entry and may hold none that is not used. Other statuses are not described
// usefully by the documents; a [Shape] written by hand describes them.
//
// The documents are not ours to publish. The tests find them in the folder that INVOICESYNC_SPECS
// names, and are skipped, saying so, where it is not set.
package contract
