package quickbooks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// SignatureHeader carries a webhook's signature.
const SignatureHeader = "intuit-signature"

// ErrSignature is a webhook that was not signed with the app's verifier token. It must be answered with 401.
var ErrSignature = errors.New("quickbooks: webhook: the signature is wrong: answer with 401")

// Webhook receives what QuickBooks says has changed: hints to look, never data. It is safe for concurrent use.
//
// QuickBooks wants an answer of 200 within 3 seconds. Events can be missed: change data capture once a day
// finds them. Both forms of delivery are read: the older eventNotifications, and the array of CloudEvents that takes
// its place in 2026. One delivery can speak of several companies.
type Webhook struct{ keys vendorhttp.Keys }

// NewWebhook takes the verifier token as the portal shows it, one per app and environment; further tokens
// are accepted too, while a new one takes over.
func NewWebhook(token string, more ...string) (*Webhook, error) {
	keys, ok := vendorhttp.NewKeys(token, more...)
	if !ok {
		return nil, errors.New("quickbooks: webhook: the verifier token must be given: an empty one would accept anybody")
	}
	return &Webhook{keys}, nil
}

// Verify reports whether signature, the value of [SignatureHeader], belongs to body. The body must be as it
// came: what a decoder has read and written again has another signature.
func (w *Webhook) Verify(body []byte, signature string) bool { return w.keys.Signed(body, signature) }

// Notices verifies a webhook and reads it. What is neither an invoice, a customer, vendor or employee, a payment
// nor a credit memo is passed over.
func (w *Webhook) Notices(header http.Header, body []byte) ([]ledger.Notice, error) {
	if !w.Verify(body, header.Get(SignatureHeader)) {
		return nil, ErrSignature
	}
	notices, err := readNotices(bytes.TrimSpace(body))
	if err != nil {
		return nil, errors.New("quickbooks: webhook: signed, but not JSON of a webhook")
	}
	return notices, nil
}

func readNotices(body []byte) ([]ledger.Notice, error) {
	var notices []ledger.Notice
	if bytes.HasPrefix(body, []byte("[")) {
		var events []struct {
			Type    string `json:"type"` // "qbo.invoice.created.v1"
			Time    string `json:"time"`
			Entity  string `json:"intuitentityid"`
			Account string `json:"intuitaccountid"`
		}
		if err := json.Unmarshal(body, &events); err != nil {
			return nil, err
		}
		for _, e := range events {
			part := strings.Split(strings.ToLower(e.Type), ".")
			if len(part) >= 3 && part[0] == "qbo" {
				notices = notice(notices, e.Account, part[1], e.Entity, part[2], e.Time)
			}
		}
		return notices, nil
	}
	var message struct {
		EventNotifications []struct {
			RealmID         string `json:"realmId"`
			DataChangeEvent struct {
				Entities []struct {
					Name        string `json:"name"`
					ID          string `json:"id"`
					Operation   string `json:"operation"`
					LastUpdated string `json:"lastUpdated"`
					DeletedID   string `json:"deletedId"` // of a merge: who is no more
				} `json:"entities"`
			} `json:"dataChangeEvent"`
		} `json:"eventNotifications"`
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return nil, err
	}
	for _, n := range message.EventNotifications {
		for _, e := range n.DataChangeEvent.Entities {
			notices = notice(notices, n.RealmID, e.Name, e.ID, e.Operation, e.LastUpdated)
			if e.DeletedID != "" {
				notices = notice(notices, n.RealmID, e.Name, e.DeletedID, "delete", e.LastUpdated)
			}
		}
	}
	return notices, nil
}

// notice adds one event. The verbs of the newer form are those of the older in the past tense.
func notice(notices []ledger.Notice, realm, entity, id, verb, at string) []ledger.Notice {
	var kind ledger.RecordKind
	switch strings.ToLower(entity) {
	case "invoice":
		kind = ledger.KindInvoice
	case "customer", "vendor", "employee":
		kind = ledger.KindContact
	case "payment":
		kind = ledger.KindPayment
	case "creditmemo":
		kind = ledger.KindCreditNote
	default:
		return notices
	}
	if !isID(realm) || !isID(id) {
		return notices
	}
	when, _ := parseInstant(at) // a hint with a strange time is still a hint
	return append(notices, ledger.Notice{
		Organisation: ledger.OrganisationID{Vendor: Vendor, ID: realm}, Routing: realm, Kind: kind, ID: id,
		Deleted: strings.HasPrefix(strings.ToLower(verb), "delete"), At: when,
	})
}

// Handler receives webhooks and hands their notices over. receive should only remember them: QuickBooks
// waits 3 seconds. Its error is answered with 500, and QuickBooks then sends the same again.
func (w *Webhook) Handler(receive func(context.Context, []ledger.Notice) error) http.Handler {
	return vendorhttp.Receive(ErrSignature, w.Notices, receive)
}
