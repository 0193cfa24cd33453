// Package infusionsoftfake is a stateful fake of the Infusionsoft (Keap) API: REST v2 for orders,
// payments, contacts and products, the hooks of REST v1, and POST /token. It keeps books, so that what a
// client writes is what it reads, and it is strict: where the vendor's documents leave a choice, the
// fake takes the harder one, and [Switches] name the others.
//
//	fake, err := infusionsoftfake.New(nil)
//	order, err := fake.AddOrder(infusionsoftfake.Order{Items: …})
//	client := fake.Client("any token") // https://api.infusionsoft.com/crm/rest/v2/orders
//
// # What is harder than it looks
//
//   - Order ids, invoice ids and invoice numbers are three different things.
//   - Totals and prices are integers in the smallest unit; payments are decimals in major units.
//   - total_due is not the balance. Nearly every order has a payment plan, of one payment.
//   - A payment does not bump its order. Manual payments are stamped midnight of the tenant's zone.
//   - Failed charges leave FAILED rows, which are no money.
//   - A fraction of a cent in a line can never be paid off, though the wire shows whole cents.
//   - Page tokens are offsets: rows that leave a list during a scan make the next page skip rows.
//   - An unknown property, filter field, operator or query parameter is refused with 400.
//   - Refresh tokens work once. All tenants share the quota of one client.
//   - Without an order_by, orders and payments come newest first; a page that nobody sized has ten rows.
//
// # Rules
//
// A Fake is safe for concurrent use. It runs on package time: inside testing/synctest, with
// [Fake.Transport], a day passes at once. Money is decimal in records, in major units. A payment by
// payment_method_id, which would charge a card, is always refused and counted, see [Books.CardCharges].
//
// Faults of kind faults.Vendor have these names: 429 (and 429_spike, 429_tenant, 429_quota_day, whose
// headers differ, 429_apigee, whose body does), 401_expired, 401_permission, 403, 404, 500, 503.
//
// # What it does not do
//
// It bills no subscriptions, computes no tax (:applyTax answers 501), knows no promotions and keeps no
// files. REST v1 has orders (read), hooks and userinfo only. XML-RPC ended in 2026 and is not here.
package infusionsoftfake
