package xerofake

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

type wireHistory struct {
	Changes          string
	DateUTCString    string
	DateUTC          string
	User             string
	Details          string
	ValidationErrors []message `json:",omitzero"`
}

func wireHistoryOf(h HistoryRecord) wireHistory {
	return wireHistory{Changes: h.Changes, DateUTCString: strings.TrimSuffix(wireInstantString(h.At), "Z"), DateUTC: wireInstant(h.At), User: h.User, Details: h.Details}
}

// history serves the history of the records that is finds; newest first.
func history(is func(*Books, string) string) func(*call) answer {
	return func(c *call) answer {
		c.f.mu.RLock()
		id := is(c.books, c.args[0])
		records := c.books.history[id]
		c.f.mu.RUnlock()
		if id == "" {
			return notFound()
		}
		all := make([]wireHistory, 0, len(records))
		for i := len(records) - 1; i >= 0; i-- {
			all = append(all, wireHistoryOf(records[i]))
		}
		return c.f.envelope("HistoryRecords", nil, all)
	}
}

// addNote serves PUT of notes. They can neither be changed nor deleted.
func addNote(is func(*Books, string) string) func(*call) answer {
	return func(c *call) answer {
		elements, err := c.f.elements(c.body, "HistoryRecords", "HistoryRecord")
		if err != nil {
			return bodyFault(err.Error())
		}
		c.f.mu.Lock()
		id := is(c.books, c.args[0])
		d := c.draft()
		var all []wireHistory
		for _, in := range elements {
			details := in.text("Details")
			if details == "" || len([]rune(details)) > 2500 {
				d.refuse("The details of a note must have between 1 and 2500 characters.")
				continue
			}
			d.note(id, "Note", details)
			w := wireHistoryOf(d.change.History[len(d.change.History)-1])
			w.ValidationErrors = []message{}
			all = append(all, w)
		}
		switch {
		case id == "":
			c.f.mu.Unlock()
			return notFound()
		case len(d.errs) > 0:
			c.f.mu.Unlock()
			return refusal(d.errs...)
		}
		err = c.f.commit(&d.change)
		if err == nil {
			c.f.created["HistoryRecords"] += len(all)
		}
		c.f.mu.Unlock()
		if err != nil {
			return problem500()
		}
		return c.f.envelope("HistoryRecords", nil, all)
	}
}

func getInvoicePDF(c *call) answer {
	if !c.f.opts.Switches.PDFRoute {
		return notFound()
	}
	return c.invoicePDF()
}

// wantsPDF reports a request for the printed document in place of the record.
func (c *call) wantsPDF() bool {
	return strings.Contains(strings.ToLower(c.r.Header.Get("Accept")), "application/pdf")
}

func (c *call) invoicePDF() answer {
	c.f.mu.RLock()
	defer c.f.mu.RUnlock()
	i := c.books.invoiceByPath(c.args[0])
	if i == nil {
		return notFound()
	}
	return printed(c.books.org.Name, &i.Document)
}

func (c *call) creditNotePDF() answer {
	c.f.mu.RLock()
	defer c.f.mu.RUnlock()
	n := c.books.creditByPath(c.args[0])
	if n == nil {
		return notFound()
	}
	return printed(c.books.org.Name, &n.Document)
}

// printed is a small but valid document of one page.
func printed(name string, doc *Document) answer {
	escape := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace
	stream := fmt.Sprintf("BT /F1 14 Tf 72 770 Td (%s) Tj 0 -24 Td (%s %s) Tj 0 -24 Td (Total %s %s) Tj ET",
		escape(name), doc.kind(), escape(doc.Number), doc.CurrencyCode, doc.Total.StringFixed(2))
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(stream), stream),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for n, o := range objects {
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return answer{http.StatusOK, "application/pdf", b.Bytes()}
}
