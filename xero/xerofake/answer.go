package xerofake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/shopspring/decimal"
)

const (
	jsonType  = "application/json; charset=utf-8"
	textPlain = "text/plain; charset=utf-8"
)

// An answer that has not been sent yet.
type answer struct {
	status      int
	contentType string
	body        []byte
}

func text(status int, body string) answer { return answer{status, textPlain, []byte(body)} }

func asJSON(status int, v any) answer {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return text(http.StatusInternalServerError, "xerofake: encode answer: "+err.Error())
	}
	return answer{status, jsonType, bytes.TrimRight(b.Bytes(), "\n")}
}

// fault is Xero's error about a request.
func fault(status, number int, kind, message string) answer {
	return asJSON(status, struct {
		ErrorNumber   int
		Type, Message string
	}{number, kind, message})
}

func queryFault(message string) answer {
	return fault(http.StatusBadRequest, 16, "QueryParseException", message)
}

func bodyFault(message string) answer {
	return fault(http.StatusBadRequest, 17, "PostDataInvalidException", message)
}

// invalid is the summarised validation error. Elements holds the failed elements only, although the
// others were written (XeroAPI/xero-ruby#247).
func invalid(elements ...any) answer {
	return asJSON(http.StatusBadRequest, struct {
		ErrorNumber   int
		Type, Message string
		Elements      []any
	}{10, "ValidationException", "A validation exception occurred", elements})
}

// refusal is a validation error about a request that echoes no element.
func refusal(messages ...string) answer {
	return invalid(struct{ ValidationErrors []message }{messagesOf(messages)})
}

type message struct{ Message string }

func messagesOf(texts []string) []message {
	all := make([]message, len(texts))
	for i, t := range texts {
		all[i] = message{t}
	}
	return all
}

// gate is the error of the gateway in front of the API: who you are, where you may go.
func (f *Fake) gate(status int, title, detail string) answer {
	f.mu.Lock()
	id := f.newID()
	f.mu.Unlock()
	return asJSON(status, struct {
		Type       *string
		Title      string
		Status     int
		Detail     string
		Instance   string
		Extensions struct{}
	}{nil, title, status, detail, id, struct{}{}})
}

func problem500() answer {
	return fault(http.StatusInternalServerError, 500, "InternalServerError", "An error occurred in Xero. Check the API Status page for current service status.")
}

func notFound() answer {
	return text(http.StatusNotFound, "The resource you're looking for cannot be found")
}

// pagination is the paging object of lists.
type pagination struct {
	Page      int `json:"page"`
	PageSize  int `json:"pageSize"`
	PageCount int `json:"pageCount"`
	ItemCount int `json:"itemCount"`
}

// envelope wraps a collection the way every answer of the accounting API is wrapped.
func (f *Fake) envelope(collection string, pages *pagination, records any) answer {
	f.mu.Lock()
	id := f.newID()
	f.mu.Unlock()
	inner := asJSON(http.StatusOK, records)
	if inner.status != http.StatusOK {
		return inner
	}
	head, err := json.Marshal(struct {
		ID           string `json:"Id"`
		Status       string
		ProviderName string
		DateTimeUTC  string
		Pagination   *pagination `json:"pagination,omitempty"`
	}{id, "OK", f.opts.ProviderName, "/Date(" + strconv.FormatInt(now().UnixMilli(), 10) + ")/", pages})
	if err != nil {
		return problem500()
	}
	var b bytes.Buffer
	b.Grow(len(head) + len(inner.body) + 32)
	b.Write(head[:len(head)-1])
	b.WriteString(`,"` + collection + `":`)
	b.Write(inner.body)
	b.WriteByte('}')
	return answer{http.StatusOK, jsonType, b.Bytes()}
}

// A number is written with its places kept, 40.00 and not 40: exact, and never through a float.
type number struct {
	value  decimal.Decimal
	places int32
}

func (n number) MarshalJSON() ([]byte, error) { return []byte(n.value.StringFixed(n.places)), nil }

func money(d decimal.Decimal) *number { return &number{d, 2} }

func places(d decimal.Decimal, n int32) *number { return &number{d, n} }
