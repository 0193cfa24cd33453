// Package vendorbooks is what the adapters share of bookkeeping, as vendorhttp is what they share of HTTP: sums in
// cents, outcomes of writes, the pages of a list that is read by time, and what was not understood.
//
// It holds what is the same because it must be: the rules of package ledger, and arithmetic. What two vendors do
// alike by chance stays in their adapters.
package vendorbooks
