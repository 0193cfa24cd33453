package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/limit"
)

// Defaults of [Options].
const (
	DefaultReadTimeout  = 60 * time.Second
	DefaultWriteTimeout = 125 * time.Second // QuickBooks cuts a request off at 120 s; the lease's margin allows 125
	DefaultAttempts     = 4
	DefaultMaxRetryWait = 2 * time.Minute
	DefaultMaxBody      = 64 << 20
)

// Options of a [Client]. The zero value is a good default for all of them.
type Options struct {
	// Name begins every error: "xero". Default "vendorhttp".
	Name string
	// UserAgent is sent with every request.
	UserAgent string
	// Header is sent with every request, unless the request has the same header itself.
	Header http.Header

	// Budget paces every attempt by Windows and by the request's own windows. Windows of bytes are
	// charged with the size of the request's body. Default: a [limit.Local] of this client alone.
	Budget  limit.Budget
	Windows []limit.Window
	// Learn is called with the headers of every answer, so that the adapter can hand what the vendor
	// says about its limits to [limit.Budget.Learn]. It is called before the body is read and before
	// the units are released. It must be safe for concurrent use.
	Learn func(context.Context, Answer)

	// ReadTimeout and WriteTimeout bound one attempt, from sending to the last byte of the answer;
	// pacing and waiting between attempts are not part of it. [Request.Timeout] and the context may
	// make it shorter.
	ReadTimeout  time.Duration
	WriteTimeout time.Duration
	// Attempts is how often a read is tried in all. Writes are sent once, always.
	Attempts int
	// MaxRetryWait is the longest wait between two attempts. An answer whose Retry-After is longer is
	// handed to the caller as it is.
	MaxRetryWait time.Duration
	// MaxBody is the size beyond which an answer is refused.
	MaxBody int64

	// AuthError reports whether an error comes from the http.Client's own authorising transport, a
	// token that could not be had, and so from before the request: it is then [NotSent] and is not
	// retried. Without it such an error of a write without a body would have to be called
	// [NoAnswer].
	AuthError func(error) bool

	// Observe is told of every attempt that was handed to the http.Client, for metrics. It must be safe
	// for concurrent use.
	Observe func(context.Context, Attempt)
}

// A Client talks to one vendor's API under one base URL. It is safe for concurrent use.
type Client struct {
	http  *http.Client
	base  *url.URL
	o     Options
	calls atomic.Int64

	scratch sync.Pool // of *bytes.Buffer: bodies grow there, and leave in their own size
}

// New returns a client for base, an absolute http or https URL without query. httpClient authorises
// the requests; it is copied and its CheckRedirect is not used. nil is http.DefaultClient.
func New(httpClient *http.Client, base string, opts *Options) (*Client, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Name == "" {
		o.Name = "vendorhttp"
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%s: base URL must be absolute, http or https, without user, query and fragment", o.Name)
	}
	if o.ReadTimeout < 0 || o.WriteTimeout < 0 || o.Attempts < 0 || o.MaxRetryWait < 0 || o.MaxBody < 0 {
		return nil, fmt.Errorf("%s: timeouts, attempts and sizes must not be negative", o.Name)
	}
	setDefault(&o.ReadTimeout, DefaultReadTimeout)
	setDefault(&o.WriteTimeout, DefaultWriteTimeout)
	setDefault(&o.Attempts, DefaultAttempts)
	setDefault(&o.MaxRetryWait, DefaultMaxRetryWait)
	setDefault(&o.MaxBody, DefaultMaxBody)
	for _, w := range o.Windows {
		if err := w.Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
	}
	if o.Budget == nil {
		o.Budget = limit.New(nil)
	}
	o.Header = o.Header.Clone()
	c := &Client{base: u, o: o}
	if httpClient == nil {
		httpClient = http.DefaultClient
	}
	own := *httpClient
	// A redirect would be a request that was neither paced nor gated, and an authorising transport
	// would hand the token to wherever it leads.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own
	return c, nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Calls returns how many attempts have been handed to the wire so far, retries included.
func (c *Client) Calls() int64 { return c.calls.Load() }

// A Request is one call to the vendor.
type Request struct {
	Method string // GET when empty
	// Path is appended to the base URL's path and must begin with a slash. It is used as it stands:
	// escape what you put into it with url.PathEscape.
	Path  string
	Query url.Values
	// Route is Path with the variable parts named, "/Invoices/{id}", for errors and metrics. When
	// empty it is made from Path by masking what looks like an id.
	Route  string
	Header http.Header
	// Body is sent byte for byte. It must not be changed until Do has returned.
	Body []byte
	// ReadOnly marks a POST that changes nothing (a query): it is treated as a read.
	ReadOnly bool

	// Gate is called before each attempt, immediately before it is sent and after any pacing. Its
	// error stops the request: nothing was sent.
	Gate func(context.Context) error
	// Windows are taken in addition to those of the client.
	Windows []limit.Window
	// Timeout bounds one attempt in place of the client's, when it is shorter.
	Timeout time.Duration
}

func (r *Request) read() bool {
	return r.ReadOnly || r.Method == http.MethodGet || r.Method == http.MethodHead
}

// A Response is a complete answer, whatever its status.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// RetryAfter is the answer's Retry-After, 0 when absent or unreadable.
	RetryAfter time.Duration
	// Attempts is how often the request was sent.
	Attempts int
}

// OK reports a status of 200 to 299.
func (r *Response) OK() bool { return r.Status >= 200 && r.Status <= 299 }

// Kind says what the body is, before anybody tries to parse it.
func (r *Response) Kind() Kind { return Classify(r.Header.Get("Content-Type"), r.Body) }

// PDF reports whether the body says that it is one, or only that it is bytes.
func (r *Response) PDF() bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media == "application/pdf" || media == "application/octet-stream"
}

// Date is the vendor's clock as the header says it, in UTC; the zero time where it does not.
func Date(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// Decode decodes a JSON body into v. A body that is not JSON, is cut off, or has something after its
// value is an error that names the kind of body and never its text.
func (r *Response) Decode(v any) error { return decode(r.Kind(), r.Body, v) }

// Do sends the request and returns the complete answer, of whatever status. Reads are repeated after
// 429, 502, 503, 504, connection errors and broken bodies, up to [Options.Attempts]; the last answer
// is returned as it is. Writes are sent at most once.
//
// Every error is an [*Error], whose Outcome says whether a byte may have left.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	s, err := c.open(ctx, &req, false)
	if err != nil {
		return nil, err
	}
	return &s.Response, nil
}

// Open is Do for reads of big pages: the body of a 2xx answer is not read, and the caller reads it
// from the Stream and must close it. Until then the slot of the call is taken and its timeout runs.
// Other answers are complete, as from Do, and may be closed too. A write is refused.
func (c *Client) Open(ctx context.Context, req Request) (*Stream, error) {
	return c.open(ctx, &req, true)
}

// An Answer is what [Options.Learn] is told.
type Answer struct {
	Method     string
	Route      string
	Status     int
	Header     http.Header
	RetryAfter time.Duration // 0 when absent or unreadable
	At         time.Time     // when the headers arrived, UTC
}

// An Attempt is what [Options.Observe] is told, after the attempt is over.
type Attempt struct {
	Method   string
	Route    string
	Number   int // from 1
	Outcome  Outcome
	Status   int           // 0 without an answer
	Waited   time.Duration // in pacing, before it was sent
	Took     time.Duration // from sending to the last byte read
	BytesOut int64         // of the body
	BytesIn  int64
}

// Outcome says how far a request has come. The zero Outcome is invalid.
type Outcome int

const (
	// NotSent is certain: the vendor cannot have acted on the request. No connection, refused by gate,
	// budget or context, or not one byte of its body was handed to the transport.
	NotSent Outcome = iota + 1
	// NoAnswer means that bytes may have left and no answer came: nobody knows what happened.
	NoAnswer
	// BrokenAnswer means that status and headers came, and the body was cut off, too large or too late.
	BrokenAnswer
	// Answered means a complete answer. It is never the outcome of an [*Error].
	Answered
)

func (o Outcome) String() string {
	switch o {
	case NotSent:
		return "not sent"
	case NoAnswer:
		return "sent, no answer"
	case BrokenAnswer:
		return "answer broken off"
	case Answered:
		return "answered"
	}
	return fmt.Sprintf("invalid outcome %d", int(o))
}

// Error is a request that has no complete answer. Its text holds no query, header or body, and is
// masked by [Redact]; the errors that it unwraps are the originals, for errors.Is and errors.As, and
// their own text must not be shown.
type Error struct {
	Name    string
	Method  string
	Route   string
	Outcome Outcome
	// Status and Header are those of a BrokenAnswer.
	Status   int
	Header   http.Header
	Attempts int
	Err      error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s: %s", e.Name, e.Method, e.Route, e.Outcome)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(Redact(e.Err.Error()))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// NothingSent reports whether err is an [*Error] that is certain that nothing left.
func NothingSent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Outcome == NotSent
}
