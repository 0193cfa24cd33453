package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"

	tell "github.com/invoicesync/invoicesync/examples/internal/progress"
)

// progress counts what runs tell, and tells it on.
type progress struct {
	*tell.Teller

	mu       sync.Mutex
	calls    int
	doing    string // what the latest call was for
	judged   int
	imported int
}

func newProgress(out io.Writer, c *config, b *books) *progress {
	if c.json {
		out = nil
	}
	total := -1
	if b.practice != nil && b.fresh {
		total = b.practice.Expect.Tally(c.all).Examined
	}
	return &progress{Teller: tell.New(out, total)}
}

// event counts what a run tells.
func (p *progress) event(e invoicesync.Event) {
	switch {
	case e.What == "waiting":
		p.waiting(e.Message, e.Until)
		return
	case e.Kind != ledger.KindInvoice || e.SourceID == "":
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.What {
	case "created":
		p.imported++
	case "skipped", "parked", "deferred":
	default:
		return
	}
	p.judged++
	p.Step()
	p.show("", false)
}

// called counts a call to the ledger.
func (p *progress) called(invoices bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.doing = "asking the ledger"; invoices {
		p.doing = "reading invoices"
	}
	p.show("", false)
}

// waiting says what is waited for, unless it is over at once.
func (p *progress) waiting(what string, until time.Time) {
	if text, worth := p.Waiting(what, until); worth {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.show(text, true)
	}
}

func (p *progress) show(more string, atOnce bool) {
	text := fmt.Sprintf("%d imported; ", p.imported)
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
	p.Show(fmt.Sprintf("%d%s invoices judged", p.judged, of), text, atOnce)
}
