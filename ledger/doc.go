// Package ledger holds the words of invoicesync: what an invoice, a payment and a contact are, what a
// [Source] can be read for, and what a [Ledger] can be asked to write.
//
// Adapters (packages xero, infusionsoft, …) translate a vendor's wire into these words and back; the
// flows of the root package speak nothing else. The smallest use reads what a source holds:
//
//	for invoice, err := range ledger.All(source.Invoices(ctx, ledger.Query{})) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(invoice.Number, invoice.Totals.Total, invoice.Currency)
//	}
//
// # Money
//
// Amounts are [github.com/shopspring/decimal.Decimal] in major units (12.34 is twelve dollars and
// thirty-four cents), and the record that holds them names one [Currency]. There are no floats: a JSON
// number of a vendor must be decoded into a decimal directly. A currency knows its minor unit (JPY has
// none, KWD has three places), and an amount that a ledger cannot hold is refused with the code
// "precision", never rounded in silence.
//
// # Dates and instants
//
// A [Date] is a day in the calendar of the organisation: invoice dates, due dates, payment dates. It
// has no time zone and must never be made by converting an instant in the zone of this machine. An
// instant is a [time.Time] in UTC. Adapters convert at the wire.
//
// # Identity
//
// An organisation is an [OrganisationID]: the vendor's lasting identity of the company, not a token,
// a connection or a routing id. A record is identified by (organisation, record kind, id). Numbers
// that people see are attributes and never identity. What invoicesync writes carries a [Mark], a
// stable hash of where it came from, so that a write whose answer was lost can be found again.
//
// # Writing, and who repeats what
//
// An adapter repeats reads by itself. It must never repeat a write: [Writer.Create] sends its bytes
// once, and only the flows send again, by the write protocol. Every draft of a batch gets an
// [Outcome]: created, already there, refused or uncertain. Create returns an error only if nothing was
// written for certain; when a byte left and no clear answer came, every outcome is [Uncertain].
//
// # Concurrency
//
// A Source and a Ledger must be safe for concurrent use. Records are plain values: the memory of a
// page belongs to whoever received it, and an adapter must not keep or reuse it.
//
// # Errors
//
// Errors are for what a caller does next; see [Error] and the sentinels beside it. They name the
// thing that failed and contain no token, no name and no e-mail address.
package ledger
