package receivables

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	fake "github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// The books as saved answers of QuickBooks, which its fake loads as they are.

// quickbooksTax is a tax code of the fake's chart for the United Kingdom, and its rate.
type quickbooksTax struct {
	code, rate, percent string
}

func quickbooksTaxes(r rating) quickbooksTax {
	return map[rating]quickbooksTax{standard: {"2", "3", "20"}, reduced: {"3", "5", "5"}, zero: {"4", "7", "0"}}[r]
}

func quickbooksCompany(e *Expectations) fake.Company {
	realm, _ := e.identity()
	c := fake.DefaultCompany(Country)
	c.RealmID, c.Name, c.HomeCurrency, c.TimeZone, c.Chart = realm, Name, Currency, Zone, fake.DefaultChart(Country)
	c.Multicurrency, c.Currencies = true, []string{"EUR", "JPY", "KWD"}
	return c
}

type quickbooksAnswer struct {
	QueryResponse struct {
		Customer   []fake.Customer   `json:",omitempty"`
		Invoice    []fake.Invoice    `json:",omitempty"`
		CreditMemo []fake.CreditMemo `json:",omitempty"`
		Payment    []fake.Payment    `json:",omitempty"`
	}
}

// loadQuickBooks puts the books into an empty fake.
func (b *Books) loadQuickBooks(into *fake.Books) error {
	begin := b.documents[0].entered
	first := true
	for chunk := range slices.Chunk(b.documents, 1000) {
		var answer quickbooksAnswer
		q := &answer.QueryResponse
		if first {
			for _, c := range b.clients {
				one := fake.Customer{CurrencyRef: &fake.Ref{Value: c.currency}}
				one.Head = b.head(c.id, begin)
				one.DisplayName, one.FullyQualifiedName, one.Active = c.name, c.name, new(bool)
				*one.Active = true
				one.PrimaryEmailAddr = &fake.Email{Address: c.email}
				q.Customer = append(q.Customer, one)
			}
			first = false
		}
		for i := range chunk {
			d := &chunk[i]
			q.Invoice = append(q.Invoice, b.quickbooks(d))
			for _, p := range d.payments {
				q.Payment = append(q.Payment, b.quickbooksPayment(d, p.id, p.amount, fake.LinkedTxn{TxnID: d.id, TxnType: "Invoice"}))
			}
			if d.credit.id != "" {
				q.CreditMemo = append(q.CreditMemo, b.quickbooksCredit(d))
				link := b.quickbooksPayment(d, d.link, d.credit.amount, fake.LinkedTxn{TxnID: d.id, TxnType: "Invoice"}, fake.LinkedTxn{TxnID: d.credit.id, TxnType: "CreditMemo"})
				link.TotalAmt = amount(decimal.Zero)
				q.Payment = append(q.Payment, link)
			}
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		if err := into.Load(bytes.NewReader(raw)); err != nil {
			return err
		}
	}
	return nil
}

func (b *Books) head(id string, at time.Time) fake.Head {
	at = at.In(b.zone)
	return fake.Head{Domain: "QBO", ID: id, SyncToken: "0", MetaData: fake.MetaData{CreateTime: at, LastUpdatedTime: at}}
}

func amount(d decimal.Decimal) *fake.Amount { a := fake.NewAmount(d); return &a }

func (b *Books) quickbooks(d *document) fake.Invoice {
	void := d.status == voided
	inv := fake.Invoice{Sale: b.sale(d, d.id, d.number)}
	inv.DueDate, inv.GlobalTaxCalculation = fake.Date(d.due), "TaxExcluded"
	if !d.withoutLines {
		inv.Line, inv.TxnTaxDetail = quickbooksLines(d.lines, void)
	}
	inv.TotalAmt, inv.Balance = fake.NewAmount(d.total), fake.NewAmount(d.balance())
	if void {
		inv.PrivateNote, inv.TotalAmt = "Voided", fake.Amount{}
	}
	for _, p := range d.payments {
		inv.LinkedTxn = append(inv.LinkedTxn, fake.LinkedTxn{TxnID: p.id, TxnType: "Payment"})
	}
	if d.link != "" {
		inv.LinkedTxn = append(inv.LinkedTxn, fake.LinkedTxn{TxnID: d.link, TxnType: "Payment"})
	}
	return inv
}

// sale is what an invoice and its credit memo have in common.
func (b *Books) sale(d *document, id, number string) fake.Sale {
	s := fake.Sale{
		Head: b.head(id, d.entered), CustomField: []fake.CustomField{}, DocNumber: number, TxnDate: fake.Date(d.date),
		CurrencyRef: &fake.Ref{Value: d.currency}, ExchangeRate: fake.NewNumber(decimal.NewFromInt(1)),
		EmailStatus: "NotSet", PrintStatus: "NeedToPrint", LinkedTxn: []fake.LinkedTxn{}, Line: []fake.Line{},
	}
	if d.client != nil {
		s.CustomerRef = fake.Ref{Value: d.client.id, Name: d.client.name}
	}
	return s
}

// quickbooksLines are the lines and the tax of a document. A void leaves nothing of the amounts.
func quickbooksLines(lines []line, void bool) ([]fake.Line, *fake.TxnTaxDetail) {
	var out []fake.Line
	var sum, taxes decimal.Decimal
	net, tax := map[rating]decimal.Decimal{}, map[rating]decimal.Decimal{}
	for i, l := range lines {
		if void {
			l.net, l.tax = decimal.Zero, decimal.Zero
		}
		out = append(out, fake.Line{
			ID: strconv.Itoa(i + 1), LineNum: i + 1, Description: l.text, Amount: amount(l.net), DetailType: "SalesItemLineDetail",
			SalesItemLineDetail: &fake.SalesItemLineDetail{
				ItemRef: &fake.Ref{Value: "1", Name: "Services"}, Qty: fake.NewNumber(decimal.NewFromInt(1)), UnitPrice: fake.NewNumber(l.net),
				TaxCodeRef: &fake.Ref{Value: quickbooksTaxes(l.rating).code},
			},
		})
		sum, taxes = sum.Add(l.net), taxes.Add(l.tax)
		net[l.rating], tax[l.rating] = net[l.rating].Add(l.net), tax[l.rating].Add(l.tax)
	}
	out = append(out, fake.Line{Amount: amount(sum), DetailType: "SubTotalLineDetail", SubTotalLineDetail: &struct{}{}})
	detail := &fake.TxnTaxDetail{TotalTax: amount(taxes)}
	for _, r := range []rating{standard, zero, reduced} {
		if n, there := net[r]; there {
			q := quickbooksTaxes(r)
			detail.TaxLine = append(detail.TaxLine, fake.TaxLine{
				Amount: fake.NewAmount(tax[r]), DetailType: "TaxLineDetail", TaxLineDetail: &fake.TaxLineDetail{
					TaxRateRef: &fake.Ref{Value: q.rate}, PercentBased: true, TaxPercent: fake.NewNumber(decimal.RequireFromString(q.percent)), NetAmountTaxable: amount(n),
				},
			})
		}
	}
	return out, detail
}

func (b *Books) quickbooksPayment(d *document, id string, each decimal.Decimal, links ...fake.LinkedTxn) fake.Payment {
	p := fake.Payment{
		CustomerRef: fake.Ref{Value: d.client.id, Name: d.client.name}, TotalAmt: amount(each), Head: b.head(id, d.entered),
		TxnDate: fake.Date(d.date), CurrencyRef: &fake.Ref{Value: d.currency}, ExchangeRate: fake.NewNumber(decimal.NewFromInt(1)),
	}
	for _, l := range links {
		p.Line = append(p.Line, fake.Line{Amount: amount(each), LinkedTxn: []fake.LinkedTxn{l}})
	}
	return p
}

func (b *Books) quickbooksCredit(d *document) fake.CreditMemo {
	memo := fake.CreditMemo{Sale: b.sale(d, d.credit.id, "C"+d.number)}
	memo.Line, memo.TxnTaxDetail = quickbooksLines([]line{{text: "Credit", net: d.credit.amount, rating: zero}}, false)
	memo.TotalAmt = fake.NewAmount(d.credit.amount)
	return memo
}
