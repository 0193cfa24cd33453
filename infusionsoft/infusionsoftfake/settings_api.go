package infusionsoftfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// getConfiguration always has the application module, and those that fields names.
func getConfiguration(c *call) (answer, error) {
	if err := onlyParameters(c.URL.Query(), "fields"); err != nil {
		return answer{}, err
	}
	all := c.books.configuration()
	picked := map[string]json.RawMessage{"application": all["application"]}
	for _, name := range lists(c.URL.Query(), "fields") {
		if !slices.Contains([]string{
			"AFFILIATE", "APPOINTMENT", "CONTACT", "ECOMMERCE", "EMAIL", "FORMS", "FULFILLMENT", "INVOICE", "NOTE",
			"OPPORTUNITY", "TASK", "TEMPLATE",
		}, name) {
			return answer{}, badRequest("fields: unknown field %q", name)
		}
		if module, ok := all[strings.ToLower(name)]; ok {
			picked[strings.ToLower(name)] = module
		}
	}
	return answer{http.StatusOK, picked}, nil
}

func (b *Books) configuration() map[string]json.RawMessage {
	var loaded map[string]json.RawMessage
	if json.Unmarshal(b.settings, &loaded) == nil && loaded["application"] != nil {
		return loaded
	}
	t := b.tenant
	label := t.TaxLabel
	orElse(&label, "Tax")
	own := fieldsOf(map[string]any{
		"application": map[string]any{
			"company": map[string]any{"name": t.Name, "country": t.Country}, "time_zone": t.TimeZone, "default_view_locale": "en_US",
		},
		"ecommerce": map[string]any{
			"currency": t.Currency, "default_country": t.Country, "payment_types": strings.Join(t.ManualPaymentTypes, ","),
			"default_to_auto_charge": false, "track_cost_per_unit": false, "track_inventory": false,
		},
		"invoice": map[string]any{"tax_label": label},
	})
	for name, module := range loaded {
		own[name] = module
	}
	return own
}

func getBusinessProfile(c *call) (answer, error) {
	b := c.books
	if b.profile != nil {
		return answer{http.StatusOK, b.profile}, nil
	}
	return answer{http.StatusOK, map[string]any{
		"name": b.tenant.Name, "time_zone": b.tenant.TimeZone, "currency_code": b.tenant.Currency, "language_tag": "en-US",
		"address": map[string]any{"country_code": b.tenant.Country},
	}}, nil
}

func getUserInfo(c *call) (answer, error) {
	return answer{http.StatusOK, map[string]any{
		"email": "admin@example.com", "sub": "1", "id": "100001", "keap_id": "admin@example.com",
		"given_name": "Ada", "family_name": "Admin", "is_admin": true, "tenant_id": c.books.tenant.ID,
	}}, nil
}

func getUserInfoV1(*call) (answer, error) {
	return answer{http.StatusOK, map[string]any{
		"email": "admin@example.com", "sub": "1", "global_user_id": 100001, "infusionsoft_id": "admin@example.com",
		"given_name": "Ada", "family_name": "Admin", "is_admin": true,
	}}, nil
}
