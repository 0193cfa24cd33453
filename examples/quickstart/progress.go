package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/xero"

	tell "github.com/invoicesync/invoicesync/examples/internal/progress"
)

// progress counts what a run tells, and tells it on.
type progress struct {
	*tell.Teller

	mu       sync.Mutex
	calls    int
	doing    string // what the latest call was for
	read     int
	invoices int
	payments int
}

func newProgress(out io.Writer, c *config) *progress {
	total := -1
	if _, err := os.Stat(c.db); c.load == "" && c.sourceURL == "" && c.syncID == "" && err != nil {
		total = c.orders // all of them, in a new shop
	}
	if c.json {
		out = nil
	}
	return &progress{Teller: tell.New(out, total)}
}

// event counts what the run tells.
func (p *progress) event(e invoicesync.Event) {
	if e.What == "waiting" {
		p.waiting(e.Message, e.Until)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.What == "read":
		p.read++
		p.Step()
	case e.What == "created" && e.Kind == ledger.KindInvoice:
		p.invoices++
	case e.What == "created" && e.Kind == ledger.KindPayment:
		p.payments++
	default:
		return
	}
	p.show("", false)
}

// called counts a call to either side. A page of orders is judged only when the payments of all of them
// are read, one call each: what is being done moves when nothing else does.
func (p *progress) called(doing string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	p.doing = doing
	p.show("", false)
}

// doingInfusionsoft puts a call into words.
func doingInfusionsoft(c infusionsoft.Call) string {
	switch {
	case strings.HasSuffix(c.Route, "/payments"):
		return "reading payments"
	case strings.HasPrefix(c.Route, "/orders"):
		return "reading orders"
	}
	return "asking Infusionsoft"
}

// doingXero puts a call into words.
func doingXero(c xero.Call) string {
	if c.Method == http.MethodGet {
		return "looking into Xero"
	}
	what, _, _ := strings.Cut(strings.Trim(c.Route, "/"), "/")
	return "writing " + strings.ToLower(what)
}

// doingQuickBooks puts a call into words. What a batch writes, its body says.
func doingQuickBooks(c quickbooks.Call) string {
	if c.Method == http.MethodGet {
		return "looking into QuickBooks"
	}
	return "writing into QuickBooks"
}

// waiting says what is waited for, unless it is over at once.
func (p *progress) waiting(what string, until time.Time) {
	if text, tell := p.Waiting(what, until); tell {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.show(text, true)
	}
}

// show writes a line, or the text beside the bar. A line is written when it is due, or at once.
func (p *progress) show(more string, atOnce bool) {
	text := fmt.Sprintf("%d invoices and %d payments created; ", p.invoices, p.payments)
	if p.doing != "" {
		text += p.doing + ", "
	}
	text += fmt.Sprintf("%d calls made", p.calls)
	if more != "" {
		text += "; " + more
	}
	of := ""
	if p.Total > 0 {
		of = fmt.Sprintf(" of %d", p.Total)
	}
	p.Show(fmt.Sprintf("%d%s orders judged", p.read, of), text, atOnce)
}
