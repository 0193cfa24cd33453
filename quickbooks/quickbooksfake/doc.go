// Package quickbooksfake is a QuickBooks Online that lives in memory: a stateful, strict fake of the
// Accounting API v3 at minor version 75 and of Intuit's token endpoint, as one [net/http.Handler].
//
//	fake, err := quickbooksfake.New(nil) // one US company with automated sales tax
//	client := fake.Client("any token")
//	resp, err := client.Get("https://quickbooks.api.intuit.com/v3/company/9341457021722200/query?query=…")
//
// Requests need what QuickBooks needs: a bearer token, the realm id in the path and an Accept header that
// asks for JSON (or format=json). There are no headers, paths or fields of its own, so any QuickBooks client
// can talk to it, in memory through [Fake.Transport] (which lets the virtual time of testing/synctest move)
// or over a socket through [Fake.Listen].
//
// # Harder than the real service
//
// The fake keeps the books: invoices, payments, credit memos and refund receipts; customers, vendors and
// employees in one name space; accounts, items, tax codes and rates, terms, payment methods; company info and
// preferences. Where a recorded answer shows what QuickBooks does, the fake does that; where its behaviour is
// not documented, a field of [Switches] decides, and its zero value is the less convenient answer. What it
// does badly is kept:
//
//   - Queries without ORDERBY come newest change first, so rows jump between pages; maxResults is the number
//     of rows; an empty answer has no entity at all.
//   - A payment moves the token of its invoice. An invoice moves its customer's LastUpdatedTime, and not the
//     token. An update that changes nothing moves neither.
//   - Line is replaced as a whole. A line without an item is text, and its amount is lost.
//   - Amount must be Qty × UnitPrice, half up. A rate that is not named is 1. A sent TotalTax stands.
//   - Void writes in front of PrivateNote. A deleted record leaves a stub in the change data capture, which
//     holds 1,000 objects and goes back 30 days.
//   - A batch is answered with 200 whatever became of its items, and not in their order.
//   - Throttling is answered in XML without Retry-After.
//
// # The user at the screen
//
// [Fake.Books] is the other door to the same books: tests read every record there as Go values, with exact
// decimals, and do what a person does in the application ([Books.VoidInvoice], [Books.CloseBooks],
// [Books.EditCompany] …). It obeys no lock date and no requirement of the API.
//
// # Faults
//
// Give [Options.Faults] a plan. Besides the faults of package faults, the fake knows these vendor answers by
// name ([github.com/invoicesync/invoicesync/faults.Vendor]):
//
//	401_expired                       the gateway's lower-case JSON, code 3200
//	401_general 401_user              AuthenticationFault 100 and 120
//	403                               the gateway's 3100: another company, app or environment
//	429 429_batch 429_quota           a limit's answer, in XML; nothing is read or written
//	429_json                          the same from the gateway in JSON
//	403_throttle                      throttled, as old stacks did it
//	500 500_gateway 500_xml           SystemFault 10000, the gateway's 3100, and XML; nothing is written
//	502_html 503_html                 an outage; nothing is written
//	500_after                         everything is written, then 500
//	200_fault 200_fault_after         a SystemFault under status 200; the second one after writing
//	400_stale 400_business 400_closed 400_read_only
//	                                  5010, 6000, 6210 and 6190; nothing is written
//	item_fault item_fault_after item_missing
//	                                  of the last item of a batch: not written and a SystemFault; written and a
//	                                  SystemFault; written and left out of the answer
//	invalid_grant                     of the token endpoint
//
// A batch asks [github.com/invoicesync/invoicesync/faults.Element] before it commits each item.
//
// # What it does not do
//
// It speaks JSON only (the real service also XML; the fake answers 406 and says so, and gives its faults in
// XML to those that do not ask for JSON). Estimates, sales receipts, bills and everything else on the buying
// side, journal entries, attachments, reports, bundles, inventory and webhooks are not there: to a query there are
// none of them, and their paths answer 501, which the real service does not; paths of unknown entities are an
// Unsupported Operation. Properties that the vendor's schema has and the fake does
// not model are kept and read again; those that would move money are refused. Addresses get no coordinates.
//
// # Concurrency and time
//
// A [Fake] and its [Books] are safe for concurrent use. Time is package time's. Records never change after
// they were committed, and what [Books] returns are copies.
package quickbooksfake
