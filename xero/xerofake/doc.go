// Package xerofake is a Xero that lives in memory: a stateful, strict fake of the Accounting API 2.0
// and of the identity service behind it, as one [net/http.Handler].
//
//	fake, err := xerofake.New(nil) // one live Australian organisation with the chart of a new one
//	client := fake.Client("any token")
//	resp, err := client.Get("https://api.xero.com/api.xro/2.0/Invoices?page=1")
//
// Requests need what Xero needs: a bearer token, the header xero-tenant-id and an Accept header that
// asks for JSON. There are no headers, paths or fields of its own, so any Xero client can talk to it,
// in memory through [Fake.Transport] (which lets the virtual time of testing/synctest move) or over a
// socket through [Fake.Listen].
//
// # Harder than the real service
//
// The fake keeps the books: statuses and what may be edited in each, arithmetic and rounding, unique
// numbers and names, the chart, lock dates, payments and credit, history, idempotency keys, limits,
// rotating refresh tokens. Where Xero is lenient by accident (unknown fields, odd amounts) the fake
// refuses; where Xero's behaviour is not documented, a field of [Switches] decides, and its zero value
// is the less convenient answer. What Xero does badly is kept: a summarised 400 hides elements that
// were created, POST overwrites a stranger's invoice of the same number, a list without page has no
// line items, a due date edited on a part-paid invoice does not move UpdatedDateUTC.
//
// # The user at the screen
//
// [Fake.Books] is the other door to the same books: tests read every record there as Go values, with
// exact decimals, and do what a person does in the web application ([Books.VoidInvoice],
// [Books.SetLockDates], [Books.MergeContacts], [Books.Reconnect] …).
//
// # Faults
//
// Give [Options.Faults] a plan. Besides the faults of package faults, the fake knows these vendor
// answers by name ([github.com/invoicesync/invoicesync/faults.Vendor]):
//
//	429_minute 429_day 429_concurrent 429_app   the limit's answer; nothing is read or written
//	401_expired 401_scope 403_tenant            refused at the door
//	503_offline 503_unavailable 503_organisation_offline
//	500                                         nothing is written
//	500_after                                   everything is written, then 500
//	400_key_reused                              the idempotency text, nothing is written
//	400_elements                                all but the last element are written; summarised 400
//	400_elements_all                            all elements are written; summarised 400 all the same
//	404 412                                     refused at the door
//	invalid_grant                               of the token endpoint
//
// A batch asks [github.com/invoicesync/invoicesync/faults.Element] before it commits each element.
//
// # What it does not do
//
// It speaks JSON only (the real default is XML; the fake answers 406 and says so). Bank transactions,
// quotes, purchase orders, prepayments, overpayments, batch payments, attachments and reports answer
// 501. Writing the chart through the API answers 501 too: use the methods of [Books]. The
// identity service knows one user, Ada Example, who consents to everything; the key that signs her identity tokens is
// another one after a restart.
//
// # Concurrency and time
//
// A [Fake] and its [Books] are safe for concurrent use. Time is package time's. Records never change
// after they were committed; a change replaces them, so a value read from [Books] stays as it was.
package xerofake
