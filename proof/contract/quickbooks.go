package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// QuickBooks has no OpenAPI document. One is made here: its schemas of the vendor's XML schemas, made stricter for
// requests by the table of constraints that was scraped from the vendor's reference (what is required, and how long
// texts may be), and its few paths of the fact sheet, §1. A batch is an operation for each entity in it, and so is
// a query: the live service has one path for all.

// LoadQuickBooks makes the document of the files in folder, which has xsd/ and field-constraints.json.
func LoadQuickBooks(name, folder string) (*Spec, error) {
	x, err := ReadXSD(filepath.Join(folder, "xsd"))
	if err != nil {
		return nil, err
	}
	q := &quickbooksDocument{paths: map[string]any{}}
	if q.schemas, err = x.Schemas(); err != nil {
		return nil, err
	}
	table, err := os.ReadFile(filepath.Join(folder, "field-constraints.json"))
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	var constraints struct{ Types map[string]constrained }
	if err := json.Unmarshal(table, &constraints); err != nil {
		return nil, fmt.Errorf("contract: field-constraints.json: %w", err)
	}
	q.constraints = constraints.Types
	q.describe()
	document, err := json.Marshal(map[string]any{
		"openapi": "3.0.0", "info": map[string]any{"title": "QuickBooks Online", "version": "3"},
		"paths": q.paths, "components": map[string]any{"schemas": q.schemas},
	})
	if err != nil {
		return nil, fmt.Errorf("contract: %w", err)
	}
	if q.err != nil {
		return nil, q.err
	}
	s, err := Parse(name, "/v3/company", document)
	if err != nil {
		return nil, err
	}
	s.Aliases = quickbooksAliases()
	return s, nil
}

// constrained is a type of the table. A field's type can be several, one of which a list's element has.
type constrained struct {
	Fields []struct{ Name, Type, Required, MaxChars string }
}

type quickbooksDocument struct {
	schemas     map[string]any
	constraints map[string]constrained
	paths       map[string]any
	err         error
}

// What a request is for decides what must be in it.
const (
	toCreate = "always"
	toChange = "update"
)

type object = map[string]any

// describe lists the paths.
func (q *quickbooksDocument) describe() {
	const value, number = `('(\\.|[^'\\])*'|true|false)`, `([1-9]\d{0,2}|1000)`
	const condition = `[A-Za-z.]+ ((=|<|>|<=|>=|LIKE) ` + value + `|IN \(` + value + `(, ` + value + `)*\))`
	for _, entity := range strings.Fields(quickbooksQueries) {
		statement := `^SELECT \* FROM ` + entity + `( WHERE ` + condition + `( AND ` + condition + `)*)?( ORDERBY [A-Za-z.]+( ASC| DESC)?)?( STARTPOSITION [1-9]\d*)?( MAXRESULTS ` + number + `)?$`
		rows := object{"type": "array", "items": reference(entity)}
		q.get("/query/"+entity, envelope("QueryResponse", object{"type": "object", "properties": object{
			entity: rows, "startPosition": q.attribute("startPosition"), "maxResults": q.attribute("maxResults"), "totalCount": q.attribute("totalCount"),
		}}), query("query", true, object{"type": "string", "pattern": statement}))
	}
	q.get("/cdc", envelope("CDCResponse", object{"type": "array", "items": reference("CDCResponse")}),
		query("entities", true, object{"type": "string", "pattern": `^[A-Z][A-Za-z]+(,[A-Z][A-Za-z]+)*$`}),
		query("changedSince", true, object{"type": "string", "format": "date-time"}))
	q.get("/companyinfo/{id}", envelope("CompanyInfo", reference("CompanyInfo")))
	q.get("/preferences", envelope("Preferences", reference("Preferences")))
	for _, entity := range []string{"Invoice", "Payment"} {
		q.get("/"+strings.ToLower(entity)+"/{id}", envelope(entity, reference(entity)))
	}
	q.get("/invoice/{id}/pdf", nil)

	for _, entity := range []string{"Invoice", "Payment", "Customer"} {
		item := object{"type": "object", "required": []string{"bId", "operation", entity}, "properties": object{
			"bId": object{"type": "string", "maxLength": 10}, "operation": object{"type": "string", "enum": []string{"create"}}, entity: q.strict(entity, entity, toCreate),
		}}
		q.post("/batch/"+entity, object{"type": "object", "required": []string{"BatchItemRequest"}, "properties": object{
			"BatchItemRequest": object{"type": "array", "minItems": 1, "maxItems": 30, "items": item},
		}}, envelope("BatchItemResponse", object{"type": "array", "items": object{
			"allOf": []any{reference("BatchItemResponse"), object{"type": "object", "required": []string{"bId"}}},
		}}), 36)
	}
	q.post("/invoice", q.strict("Invoice", "Invoice", toChange), envelope("Invoice", reference("Invoice")), 50)
	version := object{"type": "object", "required": []string{"Id", "SyncToken"}, "properties": object{"Id": reference("id"), "SyncToken": object{"type": "string"}}}
	q.post("/invoice/void", version, envelope("Invoice", reference("Invoice")), 50, query("operation", true, object{"type": "string", "enum": []string{"void"}}))
	// What the adapter does not do, and others do with the fake.
	for _, entity := range strings.Fields("CreditMemo RefundReceipt Customer Vendor Item Account Term PaymentMethod") {
		path := "/" + strings.ToLower(entity)
		q.get(path+"/{id}", envelope(entity, reference(entity)))
		q.post(path, q.strict(entity, entity, toCreate), envelope(entity, reference(entity)), 50)
	}
	q.post("/invoice/create", q.strict("Invoice", "Invoice", toCreate), envelope("Invoice", reference("Invoice")), 50, query("operation", true, object{"type": "string", "enum": []string{"create"}}))
	q.post("/payment", q.strict("Payment", "Payment", toCreate), envelope("Payment", reference("Payment")), 50)
	q.post("/invoice/{id}/send", nil, envelope("Invoice", reference("Invoice")), 50, query("sendTo", false, object{"type": "string"}))
	q.post("/payment/delete", version, envelope("Payment", reference("Payment")), 50, query("operation", true, object{"type": "string", "enum": []string{"delete"}}))
}

// quickbooksQueries are the entities that a query can be for.
const quickbooksQueries = "Invoice Payment Customer Vendor Employee Account Item TaxCode TaxRate Term CompanyCurrency"

func reference(name string) object { return object{"$ref": "#/components/schemas/" + name} }

func envelope(name string, inside object) object {
	return object{"type": "object", "required": []string{name, "time"}, "properties": object{name: inside, "time": object{"type": "string", "format": "date-time"}}}
}

func query(name string, required bool, schema object) object {
	return object{"in": "query", "name": name, "required": required, "schema": schema}
}

func (q *quickbooksDocument) attribute(name string) any {
	response, _ := q.schemas["QueryResponse"].(object)
	properties, _ := response["properties"].(object)
	if properties[name] == nil {
		q.err = fmt.Errorf("contract: the schemas' QueryResponse has no %s", name)
	}
	return properties[name]
}

func (q *quickbooksDocument) get(path string, answer object, parameters ...object) {
	q.operation("get", path, nil, answer, parameters)
}

func (q *quickbooksDocument) post(path string, body, answer object, idLength int, parameters ...object) {
	// Without a requestid a write that is sent twice is done twice: §3, requestid.
	q.operation("post", path, body, answer, append(parameters, query("requestid", true, object{"type": "string", "minLength": 1, "maxLength": idLength})))
}

// operation adds one. An answer of nil is a PDF.
func (q *quickbooksDocument) operation(method, path string, body, answer object, parameters []object) {
	digits := object{"type": "string", "pattern": `^[0-9]+$`}
	parameters = append(parameters, object{"in": "path", "name": "realm", "required": true, "schema": digits},
		query("minorversion", true, object{"type": "integer", "enum": []int{75}}))
	if strings.Contains(path, "{id}") {
		parameters = append(parameters, object{"in": "path", "name": "id", "required": true, "schema": digits})
	}
	content := object{"application/pdf": object{}}
	if answer != nil {
		content = object{"application/json": object{"schema": answer}}
	}
	fault := object{"type": "object", "required": []string{"Fault"}, "properties": object{
		"Fault": object{"allOf": []any{reference("Fault"), object{"type": "object", "required": []string{"Error", "type"}}}},
		"time":  object{"type": "string", "format": "date-time"},
	}}
	op := object{"parameters": parameters, "responses": object{
		"200": object{"description": "", "content": content},
		"400": object{"description": "", "content": object{"application/json": object{"schema": fault}}},
	}}
	if body != nil {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": body}}}
	}
	item, _ := q.paths["/{realm}"+path].(object)
	if item == nil {
		item = object{}
		q.paths["/{realm}"+path] = item
	}
	item[method] = op
}

var maxCharacters = regexp.MustCompile(`(?i)(\d+) char`)

// strict is the schema of a type with what the table says of it. Of a request that changes a record only the table's
// own fields for that are required, and inside of them what always is.
func (q *quickbooksDocument) strict(name, table, to string) object {
	plain, _ := q.schemas[name].(object)
	from, _ := plain["properties"].(object)
	properties, required := object{}, []string{}
	for field, schema := range from {
		properties[field] = schema
	}
	for _, f := range q.constraints[table].Fields {
		schema, there := from[f.Name].(object)
		if f.Required == to {
			required = append(required, f.Name)
			if !there {
				q.err = fmt.Errorf("contract: %s.%s is required and not in the schemas", name, f.Name)
			}
		}
		if !there {
			continue
		}
		inner, list := schema, schema["type"] == "array"
		if list {
			inner, _ = schema["items"].(object)
		}
		target, isReference := inner["$ref"].(string)
		target = strings.TrimPrefix(target, "#/components/schemas/")
		var made object
		switch {
		case isReference && strings.Contains(f.Type, " | "):
			made = q.kinds(target, strings.Split(f.Type, " | "))
		case isReference && q.constraints[f.Type].Fields != nil && q.schemas[target].(object)["properties"] != nil: //nolint:forcetypeassert // made so by Schemas
			made = q.strict(target, f.Type, toCreate)
		case inner["type"] == "string" && maxCharacters.MatchString(f.MaxChars):
			made = object{"type": "string", "maxLength": json.Number(maxCharacters.FindStringSubmatch(f.MaxChars)[1])}
		case inner["type"] == "number" && strings.Contains(f.MaxChars, "10.5 format"):
			made = object{"type": "number", "maximum": json.Number("9999999999.99999")}
		default:
			continue
		}
		if list {
			made = object{"type": "array", "items": made}
		}
		properties[f.Name] = made
	}
	strict := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		strict["required"] = required
	}
	return strict
}

// kinds is a line, which is one of several kinds; DetailType says which.
func (q *quickbooksDocument) kinds(name string, tables []string) object {
	var alternatives []any
	for _, table := range tables {
		detail := ""
		for _, f := range q.constraints[table].Fields {
			if strings.HasSuffix(f.Name, "LineDetail") {
				detail = f.Name
			}
		}
		switch detail {
		case "":
			q.err = fmt.Errorf("contract: %s has no detail", table)
		case "SubtotalLineDetail": // written by QuickBooks alone, and spelt otherwise there
			continue
		case "DescriptionLineDetail":
			detail = "DescriptionOnly"
		}
		strict := q.strict(name, table, toCreate)
		properties, _ := strict["properties"].(object)
		properties["DetailType"] = object{"type": "string", "enum": []string{detail}}
		alternatives = append(alternatives, strict)
	}
	return object{"oneOf": alternatives}
}

var entityOf = regexp.MustCompile(`(?i)\bFROM (\w+)`)

func quickbooksAliases() []*Alias {
	operation := func(path, operation string) func(*http.Request, string) (string, bool) {
		return func(r *http.Request, at string) (string, bool) {
			return at + "/" + operation, r.Method == http.MethodPost && strings.HasSuffix(at, path) && r.URL.Query().Get("operation") == operation
		}
	}
	return []*Alias{
		{Name: "a statement's entity", Reason: "one path for all queries", Rewrite: func(r *http.Request, path string) (string, bool) {
			from := entityOf.FindStringSubmatch(r.URL.Query().Get("query"))
			if from == nil || !strings.HasSuffix(path, "/query") {
				return "", false
			}
			return path + "/" + from[1], true
		}},
		{Name: "a batch's entity", Reason: "one path for all batches", Rewrite: func(r *http.Request, path string) (string, bool) {
			if !strings.HasSuffix(path, "/batch") || r.Body == nil {
				return "", false
			}
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			var batch struct {
				BatchItemRequest []map[string]json.RawMessage
			}
			if err != nil || json.Unmarshal(body, &batch) != nil || len(batch.BatchItemRequest) == 0 {
				return "", false
			}
			for _, entity := range []string{"Invoice", "Payment", "Customer"} {
				if slices.ContainsFunc(batch.BatchItemRequest, func(item map[string]json.RawMessage) bool { return item[entity] != nil }) {
					return path + "/" + entity, true
				}
			}
			return "", false
		}},
		{Name: "operation=void", Reason: "§1: Void invoice POST /invoice?operation=void", Rewrite: operation("/invoice", "void")},
		{Name: "operation=create", Reason: "§1: create and update are the same POST; here creations say so, to be told apart", Rewrite: operation("/invoice", "create")},
		{Name: "operation=delete", Reason: "§1: Delete POST /{entity}?operation=delete", Rewrite: operation("/payment", "delete")},
	}
}
