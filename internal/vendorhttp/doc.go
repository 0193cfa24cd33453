// Package vendorhttp is what the adapters' HTTP clients share.
//
//	client, err := vendorhttp.New(authorised, "https://api.xero.com/api.xro/2.0", &vendorhttp.Options{
//		Name: "xero", Windows: windows, Learn: learn,
//	})
//	resp, err := client.Do(ctx, vendorhttp.Request{Path: "/Organisation"})
//
// # Reads and writes
//
// GET, HEAD and what is marked ReadOnly are reads: repeated, with jittered backoff, when the vendor is
// busy or the connection breaks. Everything else is a write and is sent once. A write's request has no
// GetBody, so that net/http cannot repeat it either when a reused connection dies, which it otherwise
// does with a request that carries an Idempotency-Key. (A write without a body and without such a key it
// repeats only when it has written nothing, or when an HTTP/2 server says that it has not looked at it.)
// Redirects are never followed: they would be neither paced nor gated, and would carry the token away.
//
// # Sent or not
//
// A call has a complete answer, returned as a [Response] whatever its status, or an [*Error] whose
// Outcome tells [NotSent], [NoAnswer] and [BrokenAnswer] apart. NotSent is only said when it is
// certain. The proof for a write is its body: it is handed to the transport through a valve that is
// shut when the call ends, so that a body of which nothing has been drawn then never leaves.
// A request without a body is not sent when no connection was found for it.
//
// # What is never shown
//
// Errors name method, route and cause. Queries, headers and bodies are not in them; [Redact] masks
// what a vendor's own message may contain.
package vendorhttp
