package xerofake

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
)

// Options are the wishes for a fake; nil and the zero value are good defaults.
type Options struct {
	// Organisations are the connected organisations. None: one live Australian organisation.
	Organisations []Organisation
	// Tokens are the accepted bearer tokens. With none, every non-empty token that the fake did not
	// issue itself is accepted for every organisation and every scope.
	Tokens []Token
	// Apps are the clients known to the identity endpoints. None: every client id, without a secret.
	Apps []App
	// Faults go wrong in front of, and inside, the fake.
	Faults *faults.Plan
	// BooksFile keeps the books: an append-only journal of JSON lines, one for each committed
	// change, written before the answer is sent. What it holds wins over Organisations. A last line
	// that was torn by a crash is dropped. Only one process may have it open.
	BooksFile string
	Limits    Limits
	Switches  Switches
	// ProviderName is the app's name in envelopes ("Xero API Partner" when empty).
	ProviderName string
	// Latency is how long each accounting request is being worked on before anything is read or
	// written. It makes the limit on concurrent requests felt.
	Latency time.Duration
	// PageSizeMax is the largest pageSize (1000 when 0).
	PageSizeMax int
	// Seed makes identifiers reproducible: the same requests in the same order get the same ids. Two
	// fakes of one seed have the same ids, that of the organisation included.
	Seed uint64
}

// An Organisation is a Xero organisation as its settings describe it. Empty fields are filled in.
type Organisation struct {
	OrganisationID string // a GUID; never changes
	TenantID       string // a GUID; routing only: changes on reconnect
	Name           string
	LegalName      string
	ShortCode      string
	CountryCode    string // ISO 3166 alpha-2; "AU" when empty
	BaseCurrency   string // the country's when empty
	// Currencies are the enabled ones; the base currency always is.
	Currencies []string
	// DayRates are units of the currency per unit of base currency, used when a document in a foreign
	// currency names no rate (the real service asks XE.com). A missing one is 1.
	DayRates map[string]decimal.Decimal
	// Timezone is Xero's name, such as AUSEASTERNSTANDARDTIME; the country's when empty.
	Timezone string
	Version  string // AU, NZ, UK, US, GLOBAL; the country's when empty
	Class    string // PREMIUM when empty; DEMO when IsDemoCompany

	IsDemoCompany     bool
	PeriodLockDate    Date
	EndOfYearLockDate Date

	InvoicePrefix    string // "INV-" when empty
	CreditNotePrefix string // "CN-" when empty
	// Chart is what the organisation starts with; nil: the chart of a new one of that country.
	Chart *Chart `json:"-"`

	CreatedDateUTC time.Time
}

// A Token is an accepted bearer token.
type Token struct {
	Bearer string
	// AppID is the app it was issued to; it decides createdByMyApp and the scope of idempotency keys.
	AppID string
	// Tenants are organisation ids or tenant ids. Nil: every organisation.
	Tenants []string
	// Scopes are OAuth scopes, old or granular. Nil: every scope.
	Scopes []string
	// Expires is when it stops being accepted; zero: never.
	Expires time.Time
}

// An App is a client of the identity service.
type App struct {
	ClientID     string
	ClientSecret string // empty: a PKCE app
}

// Limits are Xero's; 0 means the real figure, a negative number switches the limit off.
type Limits struct {
	Minute     int // 60 per organisation
	Day        int // 5,000 per organisation (1,000 on the Starter tier)
	Concurrent int // 5 per organisation
	AppMinute  int // 10,000 per app
}

// NoLimits returns limits that are all switched off.
func NoLimits() Limits { return Limits{-1, -1, -1, -1} }

// Switches decide what is not documented, not certain, or stricter here than there. The zero value
// of each is the strict or the inconvenient answer.
type Switches struct {
	// AllowUnknownFields ignores fields in request bodies that the API does not have. The real
	// service is believed to ignore them; the fake answers 400.
	AllowUnknownFields bool
	// PaymentsKeepUpdatedDate: creating or deleting a payment does not move the invoice's
	// UpdatedDateUTC. (Believed to move it.)
	PaymentsKeepUpdatedDate bool
	// ModifiedSinceExclusive leaves out records of the very second of If-Modified-Since.
	ModifiedSinceExclusive bool
	// NegativeHalvesUp rounds −0.005 to 0.00; otherwise to −0.01, away from zero.
	NegativeHalvesUp bool
	// DeletedNumbersTaken keeps the invoice numbers of DELETED invoices taken.
	DeletedNumbersTaken bool
	// VoidedNumbersFree frees the invoice numbers of VOIDED invoices.
	VoidedNumbersFree bool
	// PaidBillsEditable allows on part- and fully-paid ACCPAY invoices what is allowed on ACCREC
	// ones (reported since March 2026; the documentation says nothing may be edited).
	PaidBillsEditable bool
	// ReconciledPaymentsDeletable allows deleting a reconciled payment.
	ReconciledPaymentsDeletable bool
	// UnavailableNotCached: a 503 is not remembered under an Idempotency-Key.
	UnavailableNotCached bool
	// CheckTotals refuses a sent SubTotal, TotalTax or Total that differs from the computed one;
	// otherwise they are ignored, as the specification says.
	CheckTotals bool
	// GraceReturnsSamePair answers a repeated refresh with the pair of the first answer; otherwise
	// with a fresh pair, and the first answer's refresh token is dead.
	GraceReturnsSamePair bool
	// ReconnectKeepsTenant keeps the tenant id when an organisation is connected again by a new
	// consent; otherwise it gets a new one.
	ReconnectKeepsTenant bool
	// PDFRoute answers /Invoices/{id}/pdf, which the specification has and the service may not.
	PDFRoute bool
	// HighVolumeRows is the number of rows above which unpaged lists, unoptimised filters and
	// unoptimised orders are refused (100,000 when 0).
	HighVolumeRows int
}
