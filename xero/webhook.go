package xero

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// SignatureHeader carries a webhook's signature.
const SignatureHeader = "X-Xero-Signature"

// ErrSignature is a webhook that was not signed with the app's key. It must be answered with 401.
var ErrSignature = errors.New("xero: webhook: the signature is wrong: answer with 401")

// Webhook receives what Xero says has changed: hints to look, never data. It is safe for concurrent use.
//
// Xero wants an answer within 5 seconds, 200 without a body; when a webhook is set up it sends several
// requests with wrong signatures on purpose and wants 401 for each of them. Events come at least once and in
// no order. There are none for payments.
type Webhook struct{ keys vendorhttp.Keys }

// NewWebhook takes the webhook key as the portal shows it; further keys are accepted too, while a
// new one takes over.
func NewWebhook(key string, more ...string) (*Webhook, error) {
	keys, ok := vendorhttp.NewKeys(key, more...)
	if !ok {
		return nil, errors.New("xero: webhook: the key must be given: an empty one would accept anybody")
	}
	return &Webhook{keys}, nil
}

// Verify reports whether signature, the value of [SignatureHeader], belongs to body. The body must be as it
// came: what a decoder has read and written again has another signature.
func (w *Webhook) Verify(body []byte, signature string) bool { return w.keys.Signed(body, signature) }

// Notices verifies a webhook and reads it. A handshake has no events and gives no notices. Notices name the
// tenant as Routing, because Xero does not say the organisation. What is neither an invoice, a contact nor a
// credit note of an organisation is passed over.
func (w *Webhook) Notices(header http.Header, body []byte) ([]ledger.Notice, error) {
	if !w.Verify(body, header.Get(SignatureHeader)) {
		return nil, ErrSignature
	}
	var message struct {
		Events []struct {
			ResourceID    string `json:"resourceId"`
			EventDateUTC  string `json:"eventDateUtc"`
			EventType     string `json:"eventType"`
			EventCategory string `json:"eventCategory"`
			TenantID      string `json:"tenantId"`
			TenantType    string `json:"tenantType"`
		} `json:"events"`
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return nil, errors.New("xero: webhook: signed, but not JSON of a webhook")
	}
	var notices []ledger.Notice
	for _, e := range message.Events {
		var kind ledger.RecordKind
		switch e.EventCategory {
		case "INVOICE":
			kind = ledger.KindInvoice
		case "CONTACT":
			kind = ledger.KindContact
		case "CREDITNOTE":
			kind = ledger.KindCreditNote
		default:
			continue
		}
		if e.TenantType != "ORGANISATION" || zeroID(e.ResourceID) || zeroID(e.TenantID) {
			continue
		}
		at, _ := parseInstant(e.EventDateUTC) // a hint with a strange time is still a hint
		notices = append(notices, ledger.Notice{Routing: e.TenantID, Kind: kind, ID: e.ResourceID, At: at})
	}
	return notices, nil
}

// Handler receives webhooks and hands their notices over. receive should only remember them: Xero
// waits 5 seconds. Its error is answered with 500, and Xero then sends the same again.
func (w *Webhook) Handler(receive func(context.Context, []ledger.Notice) error) http.Handler {
	return vendorhttp.Receive(ErrSignature, w.Notices, receive)
}
