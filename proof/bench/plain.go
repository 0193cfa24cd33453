package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What the plain client reads of an order, and no more.
type (
	plainOrders struct {
		Orders []plainOrder `json:"orders"`
		Next   string       `json:"next_page_token"`
	}
	plainOrder struct {
		ID      string `json:"id"`
		Ordered string `json:"order_time"`
		Contact struct {
			ID     string `json:"id"`
			Email  string `json:"email"`
			Given  string `json:"given_name"`
			Family string `json:"family_name"`
		} `json:"contact"`
		Items []struct {
			Name     string `json:"name"`
			Type     string `json:"item_type"`
			Quantity int64  `json:"quantity"`
			Price    struct {
				Amount int64 `json:"amount"` // cents
			} `json:"price_per_unit"`
			Description string `json:"description"`
			Product     struct {
				Taxable bool `json:"taxable"`
			} `json:"product"`
		} `json:"order_items"`
	}
	plainRows struct {
		Rows []struct {
			Amount json.Number `json:"amount"`
			Paid   string      `json:"pay_time"`
			Status string      `json:"pay_status"`
		} `json:"invoice_order_payments"`
	}
)

// What it sends to Xero, and the ids that it reads.
type (
	plainContact struct {
		ContactID    string `json:",omitempty"`
		Name         string `json:",omitempty"`
		FirstName    string `json:",omitempty"`
		LastName     string `json:",omitempty"`
		EmailAddress string `json:",omitempty"`
	}
	plainInvoice struct {
		Type            string
		Contact         plainContact
		Date, DueDate   string
		LineAmountTypes string
		Reference       string
		CurrencyCode    string
		Url             string
		Status          string
		LineItems       []plainLine
	}
	plainLine struct {
		Description string
		Quantity    json.Number
		UnitAmount  json.Number
		AccountCode string
		TaxType     string
	}
	plainPayment struct {
		Invoice   struct{ InvoiceID string }
		Account   struct{ Code string }
		Date      string
		Amount    json.Number
		Reference string
	}
	plainBatch struct {
		Contacts []plainContact `json:",omitempty"`
		Invoices []plainInvoice `json:",omitempty"`
		Payments []plainPayment `json:",omitempty"`
	}
	plainAnswer struct {
		Contacts []struct{ ContactID string }
		Invoices []struct{ InvoiceID string }
		Payments []struct{ PaymentID string }
	}
)

type plain struct {
	ctx     context.Context //nolint:containedctx // lives as long as the one run
	client  *http.Client
	task    task
	clients map[string]string // id there → id here
}

// runPlain pushes the world as the engine does, in the same pages and batches, with none of its care.
func runPlain(ctx context.Context, t task) (int, error) {
	p := &plain{ctx: ctx, client: authorised(), task: t, clients: map[string]string{}}
	pushed := 0
	for after := ""; ; {
		var page plainOrders
		q := url.Values{"page_size": {"1000"}, "order_by": {"id asc"}}
		if after != "" {
			q.Set("filter", "id>"+after)
		}
		if err := p.get("/v2/orders?"+q.Encode(), &page); err != nil {
			return pushed, err
		}
		if len(page.Orders) > 0 {
			after = page.Orders[len(page.Orders)-1].ID
		}
		if err := p.contacts(page.Orders); err != nil {
			return pushed, err
		}
		n, err := p.invoices(page.Orders)
		pushed += n
		if err != nil || page.Next == "" || len(page.Orders) == 0 {
			return pushed, err
		}
	}
}

const plainBatchSize = 50

// contacts creates those that are met for the first time.
func (p *plain) contacts(orders []plainOrder) error {
	var batch []plainContact
	var ids []string
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		answer, err := p.put("/Contacts?summarizeErrors=false", plainBatch{Contacts: batch})
		if err != nil || len(answer.Contacts) != len(batch) {
			return fmt.Errorf("%d of %d contacts: %w", len(answer.Contacts), len(batch), err)
		}
		for i, c := range answer.Contacts {
			p.clients[ids[i]] = c.ContactID
		}
		batch, ids = batch[:0], ids[:0]
		return nil
	}
	for i := range orders {
		c := &orders[i].Contact
		if _, ok := p.clients[c.ID]; ok {
			continue
		}
		p.clients[c.ID] = ""
		batch = append(batch, plainContact{Name: c.Given + " " + c.Family, FirstName: c.Given, LastName: c.Family, EmailAddress: c.Email})
		ids = append(ids, c.ID)
		if len(batch) == plainBatchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (p *plain) invoices(orders []plainOrder) (int, error) {
	pushed := 0
	for len(orders) > 0 {
		n := min(plainBatchSize, len(orders))
		batch := make([]plainInvoice, 0, n)
		for i := range orders[:n] {
			inv, err := p.invoice(&orders[i])
			if err != nil {
				return pushed, err
			}
			batch = append(batch, inv)
		}
		answer, err := p.put("/Invoices?summarizeErrors=false&unitdp=4", plainBatch{Invoices: batch})
		if err != nil || len(answer.Invoices) != n {
			return pushed, fmt.Errorf("%d of %d invoices: %w", len(answer.Invoices), n, err)
		}
		if p.task.Payments {
			if err := p.payments(orders[:n], answer); err != nil {
				return pushed, err
			}
		}
		pushed += n
		orders = orders[n:]
	}
	return pushed, nil
}

func (p *plain) invoice(o *plainOrder) (plainInvoice, error) {
	at, err := time.Parse(time.RFC3339, o.Ordered)
	if err != nil {
		return plainInvoice{}, err
	}
	inv := plainInvoice{Type: "ACCREC", Contact: plainContact{ContactID: p.clients[o.Contact.ID]}, Date: at.Format(time.DateOnly),
		DueDate: at.AddDate(0, 0, 14).Format(time.DateOnly), LineAmountTypes: "Exclusive", Reference: o.ID, CurrencyCode: currency,
		Url: "https://example.com/orders/" + o.ID, Status: "AUTHORISED", LineItems: make([]plainLine, 0, len(o.Items))}
	for i := range o.Items {
		item := &o.Items[i]
		line := plainLine{Description: item.Description, Quantity: json.Number(strconv.FormatInt(item.Quantity, 10)),
			UnitAmount: decimalOf(item.Price.Amount), AccountCode: "200", TaxType: "EXEMPTOUTPUT"}
		if line.Description == "" {
			line.Description = item.Name
		}
		switch {
		case item.Type == "TAX":
			continue // Xero computes it
		case item.Type == "SHIPPING":
			line.AccountCode = "210"
		case item.Product.Taxable:
			line.TaxType = "OUTPUT"
		}
		inv.LineItems = append(inv.LineItems, line)
	}
	return inv, nil
}

// payments books what was paid on orders whose invoices are in the answer, in the same order.
func (p *plain) payments(orders []plainOrder, invoices plainAnswer) error {
	var batch []plainPayment
	for i := range orders {
		var rows plainRows
		if err := p.get("/v2/orders/"+orders[i].ID+"/payments?page_size=1000", &rows); err != nil {
			return err
		}
		for _, r := range rows.Rows {
			b := plainPayment{Date: r.Paid[:len(time.DateOnly)], Amount: r.Amount, Reference: orders[i].ID}
			b.Invoice.InvoiceID, b.Account.Code = invoices.Invoices[i].InvoiceID, "090"
			batch = append(batch, b)
		}
	}
	if len(batch) == 0 {
		return nil
	}
	answer, err := p.put("/Payments?summarizeErrors=false", plainBatch{Payments: batch})
	if err != nil || len(answer.Payments) != len(batch) {
		return fmt.Errorf("%d of %d payments: %w", len(answer.Payments), len(batch), err)
	}
	return nil
}

func decimalOf(cents int64) json.Number {
	s := strconv.FormatInt(cents, 10)
	if len(s) < 3 {
		s = strings.Repeat("0", 3-len(s)) + s
	}
	return json.Number(s[:len(s)-2] + "." + s[len(s)-2:])
}

func (p *plain) get(path string, into any) error {
	r, err := http.NewRequestWithContext(p.ctx, http.MethodGet, p.task.Servers.Keap+"/crm/rest"+path, nil)
	if err != nil {
		return err
	}
	return p.do(r, into)
}

func (p *plain) put(path string, batch plainBatch) (answer plainAnswer, err error) {
	body, err := json.Marshal(batch)
	if err != nil {
		return answer, err
	}
	r, err := http.NewRequestWithContext(p.ctx, http.MethodPut, p.task.Servers.Xero+"/api.xro/2.0"+path, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Xero-Tenant-Id", p.task.Servers.Tenant)
	return answer, p.do(r, &answer)
}

func (p *plain) do(r *http.Request, into any) error {
	r.Header.Set("Accept", "application/json")
	resp, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %.300s", r.Method, r.URL.Path, resp.Status, body)
	}
	return json.Unmarshal(body, into)
}
