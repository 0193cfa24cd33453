package infusionsoftfake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

const maxBody = 4 << 20

// A kind checks one value of a request's body. Bodies are checked before they are decoded, because the
// vendor refuses unknown names and encoding/json would take a name in any case, and a wrong type late.
type kind func(name string, value any) error

func object(fields map[string]kind, required ...string) kind {
	return func(name string, value any) error {
		got, ok := value.(map[string]any)
		if !ok {
			return wrongType(name, "an object")
		}
		names := make([]string, 0, len(got))
		for n := range got {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			check, ok := fields[n]
			if !ok {
				return badRequest("Unrecognized property: %s", n)
			}
			if got[n] == nil {
				continue
			}
			if err := check(inside(name, n), got[n]); err != nil {
				return err
			}
		}
		for _, n := range required {
			if got[n] == nil {
				return badRequest("%s is required", inside(name, n))
			}
		}
		return nil
	}
}

func inside(name, child string) string {
	if name == "" {
		return child
	}
	return name + "." + child
}

func listOf(of kind) kind {
	return func(name string, value any) error {
		got, ok := value.([]any)
		if !ok {
			return wrongType(name, "an array")
		}
		for i, v := range got {
			if err := of(name+"["+strconv.Itoa(i)+"]", v); err != nil {
				return err
			}
		}
		return nil
	}
}

func wrongType(name, wanted string) error { return badRequest("%s must be %s", name, wanted) }

func text(name string, value any) error {
	if _, ok := value.(string); !ok {
		return wrongType(name, "a string")
	}
	return nil
}

func upTo(length int) kind {
	return func(name string, value any) error {
		s, ok := value.(string)
		if !ok {
			return wrongType(name, "a string")
		}
		if len([]rune(s)) > length {
			return badRequest("%s must not be longer than %d characters", name, length)
		}
		return nil
	}
}

func notBlank(name string, value any) error {
	if s, ok := value.(string); !ok || strings.TrimSpace(s) == "" {
		return badRequest("%s must not be blank", name)
	}
	return nil
}

func recordID(name string, value any) error {
	s, ok := value.(string)
	if !ok {
		return wrongType(name, "a string")
	}
	if _, ok := parseID(s); !ok {
		return badRequest("%s is not a valid id", name)
	}
	return nil
}

func oneOf(values ...string) kind {
	return func(name string, value any) error {
		if s, ok := value.(string); !ok || !slices.Contains(values, s) {
			return badRequest("%s must be one of %s", name, strings.Join(values, ", "))
		}
		return nil
	}
}

func boolean(name string, value any) error {
	if _, ok := value.(bool); !ok {
		return wrongType(name, "a boolean")
	}
	return nil
}

func numeric(name string, value any) error {
	n, ok := value.(json.Number)
	if !ok {
		return wrongType(name, "a number")
	}
	d, err := decimal.NewFromString(n.String())
	if err != nil || d.Exponent() > 30 || d.Exponent() < -30 || d.NumDigits() > 30 {
		return badRequest("%s is out of range", name)
	}
	return nil
}

func integer(name string, value any) error {
	n, ok := value.(json.Number)
	if !ok {
		return wrongType(name, "an integer")
	}
	if _, err := n.Int64(); err != nil {
		return wrongType(name, "an integer")
	}
	return nil
}

func integer32(name string, value any) error {
	if err := integer(name, value); err != nil {
		return err
	}
	n, _ := value.(json.Number)
	if i, _ := n.Int64(); i != int64(int32(i)) {
		return badRequest("%s is out of range", name)
	}
	return nil
}

func instant(name string, value any) error {
	s, ok := value.(string)
	if !ok {
		return wrongType(name, "a string")
	}
	if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
		return badRequest("%s must be an ISO-8601 date and time (e.g. 2024-05-21T23:00:00Z)", name)
	}
	return nil
}

func calendarDate(name string, value any) error {
	s, ok := value.(string)
	if !ok {
		return wrongType(name, "a string")
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return badRequest("%s must be an ISO-8601 date (e.g. 2024-05-21)", name)
	}
	return nil
}

func anything(string, any) error { return nil }

// readBody checks the request's body against shape and decodes it into to. It returns the names that
// the body has at its top, null ones too.
func readBody(r *http.Request, shape kind, to any) (map[string]json.RawMessage, error) {
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return nil, &apiError{status: http.StatusUnsupportedMediaType, message: "Content-Type must be application/json"}
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(raw) > maxBody {
		return nil, badRequest("Request body cannot be read")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, badRequest("Malformed JSON request")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, badRequest("Malformed JSON request")
	}
	if err := shape("", tree); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return nil, badRequest("Malformed JSON request")
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal(raw, &names); err != nil {
		return nil, badRequest("Malformed JSON request")
	}
	return names, nil
}
