package infusionsoft

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
)

const (
	headerHookSecret = "X-Hook-Secret"
	maxHookBody      = 1 << 20 // a delivery has up to 1,000 ids
)

// HookEvents are the event keys to subscribe to, by POST /crm/rest/v1/hooks, one subscription each.
func HookEvents() []string {
	return []string{
		"order.add", "order.edit", "order.delete",
		"invoice.add", "invoice.edit", "invoice.delete",
		"invoice.payment.add", "invoice.payment.edit", "invoice.payment.delete",
	}
}

// A Verifier understands the REST hooks of one application. Deliveries are not signed: what proves them
// is that the sender knows the URL. It ends with a key that nobody can guess, one for each application.
// A Verifier is safe for concurrent use.
type Verifier struct {
	org ledger.OrganisationID
	key string
}

// NewVerifier returns a verifier for an application. The key is the last segment of the path of its hook
// URL: at least 20 letters, digits, - or _, from a cryptographic source of chance.
func NewVerifier(tenant, key string) (*Verifier, error) {
	t, err := cleanTenant(tenant)
	if err != nil {
		return nil, errors.New("infusionsoft: " + err.Error())
	}
	if len(key) < 20 || strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return nil, errors.New("infusionsoft: a hook key has at least 20 letters, digits, - or _")
	}
	return &Verifier{org: ledger.OrganisationID{Vendor: Vendor, ID: t}, key: key}, nil
}

// Verify checks a request and returns what it says, and the headers that the answer, of status 200, must
// have: when a subscription is made the vendor sends a secret and wants it back.
//
// A notice is a hint to look. The object of an invoice event is the invoice and not the order, and what
// the id of a payment event means is not certain: those name no record, unless the vendor gives the
// order's address with it, and mean "read the changes now". Equal notices of a delivery are one.
//
// An error of kind [ledger.ErrRefused] is to be answered with 404: who sent it does not know the key.
// One of kind [ledger.ErrUnreadable] is best answered with 200 and read as "look at everything": the
// vendor gives a subscription up after four failures.
func (v *Verifier) Verify(r *http.Request, body []byte) ([]ledger.Notice, http.Header, error) {
	last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if subtle.ConstantTimeCompare([]byte(last), []byte(v.key)) != 1 || r.Method != http.MethodPost {
		return nil, nil, hookError(ledger.ErrRefused, "it was not sent to the application's own hook URL")
	}
	reply := http.Header{}
	secret := r.Header.Get(headerHookSecret)
	if secret != "" {
		reply.Set(headerHookSecret, secret)
	}
	notices, err := v.parse(body)
	if err != nil && secret != "" {
		err = nil // what comes with a handshake is not documented
	}
	return notices, reply, err
}

func hookError(kind error, message string) error {
	return &ledger.Error{Kind: kind, Room: Vendor, Thing: "hook", Message: message}
}

type wireHook struct {
	Event   text `json:"event_key"`
	Objects []struct {
		ID   text `json:"id"`
		URL  text `json:"apiUrl"`
		Time text `json:"timestamp"`
	} `json:"object_keys"`
}

func (v *Verifier) parse(body []byte) ([]ledger.Notice, error) {
	if len(body) > maxHookBody {
		return nil, hookError(ledger.ErrUnreadable, "the body is too large")
	}
	var w wireHook
	if err := json.Unmarshal(withoutBOM(body), &w); err != nil {
		return nil, hookError(ledger.ErrUnreadable, describe(err))
	}
	noun, verb := w.Event.trimmed(), ""
	if i := strings.LastIndexByte(noun, '.'); i >= 0 {
		noun, verb = noun[:i], noun[i+1:]
	}
	n := ledger.Notice{Organisation: v.org}
	direct := false // the object's id is that of the record
	switch noun {
	case "order":
		n.Kind, direct = ledger.KindInvoice, true
	case "invoice":
		n.Kind = ledger.KindInvoice
	case "invoice.payment":
		n.Kind = ledger.KindPayment
	case "contact":
		n.Kind, direct = ledger.KindContact, true
	case "":
		return nil, hookError(ledger.ErrUnreadable, "it has no event_key")
	default:
		return nil, nil // of something that is not read here
	}
	var out []ledger.Notice
	index := map[[2]string]int{} // kind and id
	for _, o := range w.Objects {
		one := n
		if id := o.ID.trimmed(); direct && isID(id) {
			one.ID, one.Deleted = id, verb == "delete"
		} else if id := orderOf(string(o.URL)); !direct && id != "" {
			one.Kind, one.ID = ledger.KindInvoice, id
		}
		var at instant
		if b, err := json.Marshal(o.Time); err == nil && at.UnmarshalJSON(b) == nil {
			one.At = at.Time
		}
		key := [2]string{string(one.Kind), one.ID}
		if i, again := index[key]; again {
			if one.At.After(out[i].At) {
				out[i].At = one.At
			}
			continue
		}
		index[key] = len(out)
		out = append(out, one)
	}
	if len(out) == 0 {
		out = append(out, n)
	}
	return out, nil
}

// orderOf returns the order that an object's address leads to. Only its path is looked at; it is never
// called.
func orderOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, p := range parts {
		if p == "orders" && i+1 < len(parts) && isID(parts[i+1]) {
			return parts[i+1]
		}
	}
	return ""
}
