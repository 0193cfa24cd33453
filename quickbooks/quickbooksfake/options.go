package quickbooksfake

import (
	"time"

	"github.com/invoicesync/invoicesync/faults"
)

// Options are the wishes for a fake; nil and the zero value are good defaults.
type Options struct {
	// Companies are the companies that keep their books here. None: [DefaultCompany] of the US.
	Companies []Company
	// Tokens are the accepted bearer tokens. With none, every non-empty token that the fake did not
	// issue itself is accepted for every company.
	Tokens []Token
	// Apps are the clients known to the token endpoint. None: every client id, with any secret.
	Apps []App
	// Faults go wrong in front of, and inside, the fake.
	Faults *faults.Plan
	// BooksFile keeps the books: an append-only journal of JSON lines, one for each committed change,
	// written before the answer is sent. What it holds wins over Companies. A last line that was torn by
	// a crash is dropped. Only one process may have it open.
	BooksFile string
	Limits    Limits
	Switches  Switches
	// Latency is how long each request is being worked on before anything is read or written. It makes
	// the limit on concurrent requests felt.
	Latency time.Duration
	// Seed makes tokens and request ids reproducible.
	Seed uint64
}

// A Token is an accepted bearer token.
type Token struct {
	Bearer string
	AppID  string // the app it was issued to: limits are counted per company and app
	// Realms are the companies it opens. Nil: every one. A real token opens exactly one.
	Realms []string
	// Expires is when it stops being accepted; zero: never.
	Expires time.Time
}

// An App is a client of the token endpoint.
type App struct {
	ClientID     string
	ClientSecret string
}

// Limits are QuickBooks'; 0 means the real figure, a negative number switches the limit off. All windows
// slide, so that no span of their length ever holds more.
type Limits struct {
	Minute       int // 500 per company
	Second       int // 10 per company and app
	Concurrent   int // 10 per company and app
	BatchMinute  int // 40 batches per company and app
	BatchCompany int // 120 batches a minute per company
	// MonthlyReads is the CorePlus quota of an app over all companies in a calendar month (UTC): every GET,
	// query, CDC call, and batch with a query. 500,000 on the free tier.
	MonthlyReads int
}

// NoLimits returns limits that are all switched off.
func NoLimits() Limits { return Limits{-1, -1, -1, -1, -1, -1} }

// Switches decide what is not documented, not certain, or stricter here than there. The zero value of each
// is the strict or the inconvenient answer.
type Switches struct {
	// AllowUnknownFields ignores properties that the vendor's classes do not have; recorded is a 2010.
	AllowUnknownFields bool
	// UnicodePunctuation lets curly quotes and dashes into queries; reported (in old threads) is a 4000.
	UnicodePunctuation bool
	// NumericIDOrder makes ORDERBY Id sort ids as numbers; otherwise as texts, "10" before "9".
	NumericIDOrder bool
	// CaseSensitiveNames lets names that differ in case live side by side.
	CaseSensitiveNames bool
	// InactiveNamesFree frees the name of an inactive record, whose own name has " (deleted)" appended.
	InactiveNamesFree bool
	// TaxPerDocument rounds a tax rate once per document, as a reader would expect; otherwise each line is
	// rounded (448.40 where 448.39 was expected, quickbooks-ruby#547).
	TaxPerDocument bool
	// PaidInvoicesKept refuses to void an invoice that has payments (6000); otherwise its payments become
	// unapplied, as documented.
	PaidInvoicesKept bool
	// DeleteUnlinks deletes an invoice or credit memo that payments are linked to, and unapplies them;
	// otherwise it is refused.
	DeleteUnlinks bool
	// OverpayingLines takes a payment line above the invoice's balance, and leaves what is too much
	// unapplied; otherwise it is refused (6000).
	OverpayingLines bool
	// ClosedBooksOpen lets the API write into a closed period; otherwise it is refused (6210).
	ClosedBooksOpen bool
	// ShippingTaxed makes a shipping line taxable where it says TAX; otherwise shipping is not taxed, for it
	// needs a tax code of its own.
	ShippingTaxed bool

	// RequestIDLife is how long a requestid is remembered; 0 is an hour. The vendor does not say.
	RequestIDLife time.Duration
	// RequestIDChecksBody refuses a requestid that comes back with another request; otherwise the first
	// answer is given, and nothing done: documented is only that a repeat gets the original answer.
	RequestIDChecksBody bool
	// RequestIDForgetsFaults remembers only what was done; otherwise a 400 is an answer too, and comes again.
	RequestIDForgetsFaults bool
	// BatchInOrder answers the items of a batch in their order; otherwise in the reverse one: the order must
	// not be assumed.
	BatchInOrder bool

	// CDCBeyond30Days answers a changedSince of more than 30 days ago, as recorded in 2020; otherwise it is
	// refused.
	CDCBeyond30Days bool
	// CDCLimitPerEntity counts the 1,000 objects of a CDC answer for each entity apart; otherwise over all of
	// them, in the order of the request: the last may come out empty.
	CDCLimitPerEntity bool
	// ChangedSinceExclusive leaves out records of the very second of changedSince.
	ChangedSinceExclusive bool

	// ThrottleJSON makes the 429 of the limits a gateway fault in JSON; otherwise it is XML, whatever the
	// client accepts.
	ThrottleJSON bool
	// HyphenTid names the header Intuit-Tid, as one recorder saw it; otherwise intuit_tid.
	HyphenTid bool
	// OldRefreshTokenGrace is how long a refresh token goes on working after a new value was issued (some
	// sources say 24 h); 0: it is dead at once.
	OldRefreshTokenGrace time.Duration
}
