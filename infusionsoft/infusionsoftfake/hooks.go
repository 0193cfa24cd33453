package infusionsoftfake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The schedule of hook deliveries (developer.keap.com, REST hook documentation): batched, the first try
// 30 to 60 seconds after the change, then again after 30 to 60 seconds, 5 minutes and 30 minutes.
const (
	hookBatchDelay = 45 * time.Second
	hookTimeout    = 30 * time.Second
	hookBatchSize  = 1000
)

func hookRetries() []time.Duration {
	return []time.Duration{45 * time.Second, 5 * time.Minute, 30 * time.Minute}
}

// A hook is a subscription to one event.
type hook struct {
	Key      string
	EventKey string
	HookURL  string
	Status   string // Unverified, Verified, Inactive
	Secret   string
}

type wireHook struct {
	EventKey string `json:"eventKey"`
	HookURL  string `json:"hookUrl"`
	Key      string `json:"key"`
	Status   string `json:"status"`
}

func (h *hook) wire() wireHook { return wireHook{h.EventKey, h.HookURL, h.Key, h.Status} }

type objectKey struct {
	ID        int64  `json:"id"`
	APIURL    string `json:"apiUrl"`
	Timestamp string `json:"timestamp"`
}

type delivery struct {
	EventKey   string      `json:"event_key"`
	ObjectType string      `json:"object_type"`
	ObjectKeys []objectKey `json:"object_keys"`
}

// A hookQueue holds what waits for its batch, by tenant and hook. It is not in the journal: a fake that
// is closed loses what it has not delivered, as a client may lose any hook.
type hookQueue struct {
	waiting map[string][]objectKey
	timers  map[*time.Timer]bool
	stopped bool
}

func (q *hookQueue) stop() {
	q.stopped = true
	for t := range q.timers {
		t.Stop()
	}
}

// after runs do, without the lock, unless the fake is closed first. The lock must be held.
func (f *Fake) after(delay time.Duration, do func()) {
	q := &f.hooks
	if q.stopped {
		return
	}
	if q.timers == nil {
		q.timers = make(map[*time.Timer]bool)
	}
	var t *time.Timer
	t = time.AfterFunc(delay, func() {
		f.mu.Lock()
		delete(q.timers, t)
		stopped := q.stopped
		f.mu.Unlock()
		if !stopped {
			do()
		}
	})
	q.timers[t] = true
}

func eventKeys() []string {
	var keys []string
	for _, object := range []string{"company", "contact", "invoice", "invoice.payment", "order", "product", "subscription"} {
		for _, verb := range []string{"add", "delete", "edit"} {
			keys = append(keys, object+"."+verb)
		}
	}
	return keys
}

func (b *Books) raiseOrder(verb string, r *orderRecord) {
	b.raise("order."+verb, r.ID)
	b.raise("invoice."+verb, r.InvoiceID)
}

func (b *Books) raisePayment(verb string, p *Payment) {
	for _, share := range p.Shares {
		switch b.fake.options.Switches.PaymentHookID {
		case HookRowID:
			b.raise("invoice.payment."+verb, share.RowID)
		case HookOrderID:
			b.raise("invoice.payment."+verb, share.OrderID)
		default:
			b.raise("invoice.payment."+verb, p.ID)
		}
	}
}

// raise notes an event for whoever subscribed to it. The lock must be held.
func (b *Books) raise(event string, id int64) {
	for _, h := range b.subscribers {
		if h.EventKey != event || h.Status != "Verified" {
			continue
		}
		q := &b.fake.hooks
		if q.waiting == nil {
			q.waiting = make(map[string][]objectKey)
		}
		place := b.tenant.ID + " " + h.Key
		if len(q.waiting[place]) == 0 {
			key := h.Key
			b.fake.after(hookBatchDelay, func() { b.flush(key, place) })
		}
		q.waiting[place] = append(q.waiting[place], objectKey{
			ID: id, APIURL: hookURL(event, id), Timestamp: timeText(b.fake.clock()),
		})
	}
}

// hookURL points at REST v1, and is empty where v1 has no such resource.
func hookURL(event string, id int64) string {
	path := ""
	switch {
	case strings.HasPrefix(event, "order."):
		path = "orders/"
	case strings.HasPrefix(event, "contact."):
		path = "contacts/"
	case strings.HasPrefix(event, "product."):
		path = "products/"
	default:
		return ""
	}
	return "https://api.infusionsoft.com/crm/rest/v1/" + path + strconv.FormatInt(id, 10)
}

// flush sends what waits for a hook, in batches, oldest first.
func (b *Books) flush(key, place string) {
	b.fake.mu.Lock()
	keys := b.fake.hooks.waiting[place]
	delete(b.fake.hooks.waiting, place)
	b.fake.mu.Unlock()
	for batch := range slices.Chunk(keys, hookBatchSize) {
		b.deliver(key, batch, 0)
	}
}

// deliver makes one try and plans the next.
func (b *Books) deliver(key string, keys []objectKey, tries int) {
	f := b.fake
	f.mu.Lock()
	h := b.subscribers[key]
	f.mu.Unlock()
	if h == nil || h.Status != "Verified" {
		return
	}
	object := h.EventKey[:strings.LastIndexByte(h.EventKey, '.')]
	body, err := json.Marshal(delivery{h.EventKey, object, keys})
	if err != nil {
		return
	}
	status, _ := f.post(h.HookURL, body, "")
	if status >= 200 && status < 400 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	retries := hookRetries()
	if status == http.StatusGone || tries >= len(retries) {
		b.setHookStatus(key, "Inactive")
		return
	}
	f.after(retries[tries], func() { b.deliver(key, keys, tries+1) })
}

// setHookStatus commits a hook's new status. The lock must be held.
func (b *Books) setHookStatus(key, status string) {
	h := b.subscribers[key]
	if h == nil {
		return
	}
	changed := *h
	changed.Status = status
	c := b.change()
	c.Hooks = []*hook{&changed}
	// A journal that cannot be written has broken the fake already.
	_ = b.commit(c)
}

// post sends body to a subscriber, or the secret of the handshake. Status 0 is no answer.
func (f *Fake) post(to string, body []byte, secret string) (status int, echoed string) {
	ctx, cancel := context.WithTimeout(context.Background(), hookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/json")
	if secret != "" {
		req.Header.Set("X-Hook-Secret", secret)
	}
	res, err := f.options.HookTransport.RoundTrip(req)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody))
	return res.StatusCode, res.Header.Get("X-Hook-Secret")
}

func listEventKeys(*call) (answer, error) { return answer{http.StatusOK, eventKeys()}, nil }

func listHooks(c *call) (answer, error) {
	hooks := make([]wireHook, 0, len(c.books.subscribers))
	for _, h := range c.books.subscribers {
		hooks = append(hooks, h.wire())
	}
	slices.SortFunc(hooks, func(a, b wireHook) int { return cmp.Compare(a.Key, b.Key) })
	return answer{http.StatusOK, hooks}, nil
}

func (c *call) hook() (*hook, error) {
	h := c.books.subscribers[c.id]
	if h == nil {
		return nil, notFound("Hook not found: %s", c.id)
	}
	return h, nil
}

func getHook(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, h.wire()}, nil
}

func deleteHook(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	ch := c.books.change()
	ch.DeletedHooks = []string{h.Key}
	if err := c.books.commit(ch); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func createHook(c *call) (answer, error) {
	var req struct {
		EventKey string `json:"eventKey"`
		HookURL  string `json:"hookUrl"`
	}
	if _, err := readBody(c.Request, object(map[string]kind{"eventKey": notBlank, "hookUrl": notBlank}, "eventKey", "hookUrl"), &req); err != nil {
		return answer{}, err
	}
	if !slices.Contains(eventKeys(), req.EventKey) {
		return answer{}, badRequest("Unknown event key: %s", req.EventKey)
	}
	if u, err := url.Parse(req.HookURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return answer{}, badRequest("hookUrl must be an absolute URL")
	}
	b := c.books
	unlock := b.fake.locked()
	h := &hook{EventKey: req.EventKey, HookURL: req.HookURL, Status: "Unverified"}
	ch := b.change()
	var id int64
	b.takeID(ch, "hook", &id)
	h.Key = strconv.FormatInt(id, 10)
	ch.Hooks = []*hook{h}
	err := b.commit(ch)
	unlock()
	if err != nil {
		return answer{}, err
	}
	return c.handshake(h.Key)
}

func verifyHook(c *call) (answer, error) { return c.handshake(c.id) }

// handshake offers a new secret to the subscriber and verifies the hook when it is echoed. The lock is
// not held while the subscriber thinks: it may well call the API.
func (c *call) handshake(key string) (answer, error) {
	b := c.books
	unlock := b.fake.locked()
	old := b.subscribers[key]
	if old == nil {
		unlock()
		return answer{}, notFound("Hook not found: %s", key)
	}
	h := *old
	h.Secret = rand.Text()
	ch := b.change()
	ch.Hooks = []*hook{&h}
	err := b.commit(ch)
	unlock()
	if err != nil {
		return answer{}, err
	}
	status, echoed := b.fake.post(h.HookURL, nil, h.Secret)
	defer b.fake.locked()()
	if status == http.StatusOK && echoed == h.Secret {
		b.setHookStatus(key, "Verified")
	}
	if now := b.subscribers[key]; now != nil {
		h = *now
	}
	return answer{http.StatusOK, h.wire()}, nil
}

func delayedVerifyHook(c *call) (answer, error) {
	h, err := c.hook()
	if err != nil {
		return answer{}, err
	}
	if secret := c.Header.Get("X-Hook-Secret"); secret == "" || secret != h.Secret {
		return answer{}, &apiError{status: http.StatusForbidden, message: "X-Hook-Secret does not match"}
	}
	c.books.setHookStatus(h.Key, "Verified")
	return answer{http.StatusOK, c.books.subscribers[h.Key].wire()}, nil
}
