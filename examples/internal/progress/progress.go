// Package progress tells a person how far an example is, and why it seems to stand still: on a terminal a bar, in a
// file a line now and then.
package progress

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A Teller tells. Its methods may be called from several goroutines.
type Teller struct {
	// Every is how long a line that is not urgent is held back after the last one.
	Every time.Duration
	Total int // what there is to do; -1: not known

	out      io.Writer
	terminal bool

	mu    sync.Mutex
	bar   *progressbar.ProgressBar // nil: lines
	told  time.Time                // when the last line was written
	until time.Time                // of the last wait that was told
}

// New returns a Teller; out may be nil: then nobody listens.
func New(out io.Writer, total int) *Teller {
	return &Teller{Every: 2 * time.Second, Total: total, out: out, terminal: isTerminal(out), told: time.Now()}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Start shows the bar: a run begins, and nobody else writes until [Teller.Close].
func (t *Teller) Start() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.terminal {
		t.bar = progressbar.NewOptions(t.Total, progressbar.OptionSetWriter(t.out), progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
}

// Step moves the bar by one.
func (t *Teller) Step() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		_ = t.bar.Add(1)
	}
}

// Show writes a line that begins with lead when it is due, or at once; beside a bar stands only the text.
func (t *Teller) Show(lead, text string, atOnce bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.out == nil:
	case t.bar != nil:
		t.bar.Describe(text)
	case atOnce || time.Since(t.told) >= t.Every:
		t.told = time.Now()
		fmt.Fprintf(t.out, "%s, %s\n", lead, text)
	}
}

// Waiting puts a wait into words, and reports whether it is worth telling: it is not over at once, and was not told.
func (t *Teller) Waiting(what string, until time.Time) (text string, tell bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := time.Until(until).Round(time.Second)
	if wait < 2*time.Second || until.Sub(t.until).Abs() < time.Second {
		return "", false
	}
	t.until = until
	return fmt.Sprintf("waiting %s for %s", wait, waitName(what)), true
}

// waitName puts the key of a limit, like "xero/tenant/…/minute", into words.
func waitName(key string) string {
	parts := strings.Split(key, "/")
	if len(parts) < 3 || strings.ContainsRune(key, ' ') {
		return key
	}
	limit := Whose(VendorName(parts[0])) + " limit of "
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

// Whose is a name in the genitive.
func Whose(name string) string {
	if strings.HasSuffix(name, "s") {
		return name + "'"
	}
	return name + "'s"
}

// VendorName is a vendor as people write it.
func VendorName(vendor string) string {
	switch vendor {
	case "":
		return ""
	case "quickbooks":
		return "QuickBooks"
	}
	return strings.ToUpper(vendor[:1]) + vendor[1:]
}

// Say writes a line of its own.
func (t *Teller) Say(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.out != nil {
		fmt.Fprintln(t.out, text)
	}
}

// Close takes the bar away.
func (t *Teller) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bar != nil {
		_ = t.bar.Clear()
		t.bar = nil
	}
}
