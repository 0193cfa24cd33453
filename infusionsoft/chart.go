package infusionsoft

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

const productsPath = "/v2/products"

type wireListed struct { // RestV2Product_List
	ID     text  `json:"id"`
	Name   text  `json:"name"`
	SKU    text  `json:"sku"`
	Active *bool `json:"active"`
}

var productShape = shape[wireListed]{
	key: "products",
	fast: func(b []byte) ([]wireListed, text, error) {
		var p struct {
			List []wireListed `json:"products"`
			Next text         `json:"next_page_token"`
		}
		err := json.Unmarshal(b, &p)
		return p.List, p.Next, err
	},
	id: func(w *wireListed) (text, instant) { return w.ID, instant{} },
}

// products are the products of the chart that was read last, by SKU; an empty id stands for several.
type products map[string]string

// Chart implements [ledger.Ledger]. An application has no chart of accounts and no tax codes. Its accounts
// are the manual payment types, which take payments and nothing else; its items are the products, with the
// SKU as their code. Two calls up to a thousand products, one of them not needed where Options name the
// payment types.
func (l *Ledger) Chart(ctx context.Context) (ledger.Chart, error) {
	var c ledger.Chart
	types, err := l.paymentTypes(ctx)
	if err != nil {
		return c, err
	}
	for _, t := range types {
		c.Accounts = append(c.Accounts, ledger.Account{ID: t, Code: t, Name: t, Active: true, TakesPayments: true})
	}
	rows, err := l.products(ctx)
	if err != nil {
		return c, err
	}
	bySKU := products{}
	for _, w := range rows {
		item := ledger.Item{ID: w.ID.trimmed(), Code: w.SKU.trimmed(), Name: w.Name.trimmed(), Active: w.Active == nil || *w.Active}
		c.Items = append(c.Items, item)
		if key := foldSKU(item.Code); key != "" && item.Active {
			if _, again := bySKU[key]; again {
				item.ID = ""
			}
			bySKU[key] = item.ID
		}
	}
	l.charted.Store(&bySKU)
	return c, nil
}

func foldSKU(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// paymentTypes are those of Options, or else of the settings, where commas stand between them: one that
// has a comma itself must be given in Options.
func (l *Ledger) paymentTypes(ctx context.Context) ([]string, error) {
	if l.o.PaymentTypes != nil {
		return l.o.PaymentTypes, nil
	}
	var config wireSettings
	if err := l.setting(ctx, "settings", "/v2/settings/applications:getConfiguration", url.Values{"fields": {"ECOMMERCE"}}, &config); err != nil {
		return nil, err
	}
	var types []string
	for t := range strings.SplitSeq(string(config.Ecommerce.PaymentTypes), ",") {
		if t = strings.TrimSpace(t); t != "" {
			types = append(types, t)
		}
	}
	return types, nil
}

// products reads all products. The list cannot be ordered by id, so that it is read by its own pages; a
// product that slides over the edge of one is missed until the chart is read again, and is a line without a
// product until then.
func (l *Ledger) products(ctx context.Context) ([]*wireListed, error) {
	var all []*wireListed
	seen, used := map[string]bool{}, map[string]bool{}
	for token := ""; ; {
		resp, err := l.c.get(ctx, "products", productsPath, listQuery(nil, "name asc", token, MaxPageSize))
		if err != nil {
			return nil, listError(err)
		}
		found, err := readList("products", resp, &productShape)
		if err != nil {
			return nil, err
		}
		for _, row := range found.rows {
			if row.value != nil && !seen[row.id] {
				seen[row.id] = true
				all = append(all, row.value)
			}
		}
		if len(found.rows) == 0 || found.token == "" {
			return all, nil
		}
		if token = found.token; used[token] {
			return nil, unreadable("products", resp, "the vendor hands out the same page again")
		}
		used[token] = true
	}
}

// productID is the product that a line names, by its id or by its SKU.
func (l *Ledger) productID(line ledger.Line) (string, error) {
	if line.ItemID != "" {
		if !isID(line.ItemID) {
			return "", refuse("", ledger.RefusedItemMissing, "a product's id is a number")
		}
		return line.ItemID, nil
	}
	known := l.charted.Load()
	if known == nil {
		return "", vendorbooks.NotSent(Vendor, "order", "a line names a product by its SKU, and the products are not known: call Chart first")
	}
	switch id, ok := (*known)[foldSKU(line.ItemCode)]; {
	case !ok:
		return "", refuse("", ledger.RefusedItemMissing, "there is no active product with the SKU of a line")
	case id == "":
		return "", refuse("", ledger.RefusedItemAmbiguous, "several products have the SKU of a line: name one by its id")
	default:
		return id, nil
	}
}
