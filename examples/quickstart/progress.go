package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/xero"

	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// progress tells a person how far a run is, and why it seems to stand still: on a terminal a bar, in a
// file a line now and then, with -json nothing.
type progress struct {
	out      io.Writer // nil: nobody listens
	terminal bool
	every    time.Duration

	mu       sync.Mutex
	bar      *progressbar.ProgressBar // nil: lines
	total    int                      // -1: not known
	calls    int
	doing    string // what the latest call was for
	read     int
	invoices int
	payments int
	told     time.Time // when the last line was written
	until    time.Time // of the last wait that was told
}

func newProgress(out io.Writer, c *config) *progress {
	p := &progress{out: out, every: 2 * time.Second, total: -1, told: time.Now()}
	if c.json {
		p.out = nil
		return p
	}
	if _, err := os.Stat(c.db); c.load == "" && c.sourceURL == "" && c.syncID == "" && err != nil {
		p.total = c.orders // all of them, in a new shop
	}
	p.terminal = isTerminal(out)
	return p
}

// start shows the bar: a run begins, and nobody else writes until it ends.
func (p *progress) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		p.bar = progressbar.NewOptions(p.total, progressbar.OptionSetWriter(p.out), progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
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
		if p.bar != nil {
			_ = p.bar.Add(1)
		}
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
	p.mu.Lock()
	defer p.mu.Unlock()
	wait := time.Until(until).Round(time.Second)
	if wait < 2*time.Second || until.Sub(p.until).Abs() < time.Second {
		return
	}
	p.until = until
	p.show(fmt.Sprintf("waiting %s for %s", wait, waitName(what)), true)
}

// waitName puts the key of a limit, like "xero/tenant/…/minute", into words.
func waitName(key string) string {
	parts := strings.Split(key, "/")
	if len(parts) < 3 || strings.ContainsRune(key, ' ') {
		return key
	}
	vendor := strings.ToUpper(parts[0][:1]) + parts[0][1:]
	if v := vendors()[world.Ledger(parts[0])]; v != nil {
		vendor = v.name
	}
	limit := whose(vendor) + " limit of "
	switch last := parts[len(parts)-1]; {
	case last == "slots":
		return limit + "calls at a time"
	case slices.Contains(parts, "batch"):
		return limit + "batches a minute"
	case last == "reads":
		return limit + "reads a month"
	default:
		return limit + "calls a " + last
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
	switch {
	case p.out == nil:
	case p.bar != nil:
		p.bar.Describe(text)
	case atOnce || time.Since(p.told) >= p.every:
		p.told = time.Now()
		of := ""
		if p.total > 0 {
			of = fmt.Sprintf(" of %d", p.total)
		}
		fmt.Fprintf(p.out, "%d%s orders judged, %s\n", p.read, of, text)
	}
}

// say writes a line of its own.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		fmt.Fprintln(p.out, text)
	}
}

// close takes the bar away.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
