package xerofake

import (
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A listing is how one collection is listed.
type listing[T record] struct {
	typeName string // in errors
	rows     *timeline[T]
	fields   fields[T]
	paged    bool // paging is forced by another parameter
	keep     []func(T) bool
}

// page runs the query and returns the rows of the page, pages being nil for an unpaged list. Call with
// the lock held.
func (l *listing[T]) page(c *call) (rows []T, pages *pagination, failed *answer) {
	fail := func(a answer) ([]T, *pagination, *answer) { return nil, nil, &a }
	limit := c.f.opts.Switches.HighVolumeRows
	many := len(l.rows.byID) > limit

	all := l.rows.sorted
	keep := l.keep
	if since, ok := c.since(); ok {
		if c.f.opts.Switches.ModifiedSinceExclusive {
			since = since.Add(time.Second)
		}
		all = l.rows.since(since)
	}
	if src := c.param("where"); src != "" {
		where, err := parseWhere(src, l.typeName, l.fields)
		if err != nil {
			return fail(queryFault(err.Error()))
		}
		if many && where.slow {
			return fail(highVolume("this filter is not optimised"))
		}
		keep = append(slices.Clip(keep), where.match)
	}
	var order func(a, b T) int
	if src := c.param("order"); src != "" {
		compare, slow, err := parseOrder(src, l.typeName, l.fields)
		if err != nil {
			return fail(queryFault(err.Error()))
		}
		if many && slow {
			return fail(highVolume("this order is not optimised"))
		}
		order = compare
	}

	paged := l.paged || c.param("page") != "" || c.param("pageSize") != ""
	number, size := 1, 100
	for _, p := range []struct {
		name string
		in   *int
	}{{"page", &number}, {"pageSize", &size}} {
		name, in := p.name, p.in
		if s := c.param(name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 || n > 1<<30 {
				return fail(fault(http.StatusBadRequest, 16, "QueryParseException", fmt.Sprintf("The parameter %s must be a whole number from 1, got '%s'", name, s)))
			}
			*in = n
		}
	}
	if size > c.f.opts.PageSizeMax {
		return fail(fault(http.StatusBadRequest, 16, "QueryParseException", fmt.Sprintf("The parameter pageSize must not exceed %d", c.f.opts.PageSizeMax)))
	}

	found := make([]T, 0, min(len(all), 1024))
rows:
	for _, r := range all {
		for _, k := range keep {
			if !k(r) {
				continue rows
			}
		}
		found = append(found, r)
	}
	if order != nil {
		slices.SortStableFunc(found, order)
	}
	if !paged {
		if len(found) > limit {
			return fail(highVolume("use paging"))
		}
		return found, nil, nil
	}
	pages = &pagination{Page: number, PageSize: size, PageCount: (len(found) + size - 1) / size, ItemCount: len(found)}
	if number > pages.PageCount {
		return nil, pages, nil // past the last page the list is empty
	}
	from := (number - 1) * size
	return found[from:min(from+size, len(found))], pages, nil
}

func highVolume(why string) answer {
	return fault(http.StatusBadRequest, 10, "HighVolumeException", "The request touches too many records: "+why)
}

// param returns the first value of a query parameter; names are not case-sensitive, and repeated
// parameters are ignored (XeroAPI/xero-node#339).
func (c *call) param(name string) string {
	if v, ok := c.query[name]; ok {
		return v[0]
	}
	for k, v := range c.query {
		if strings.EqualFold(k, name) {
			return v[0]
		}
	}
	return ""
}

func (c *call) flag(name string) bool { return strings.EqualFold(c.param(name), "true") }

// set returns a comma list as a set of folded values; nil when the parameter is not there.
func (c *call) set(name string) map[string]bool {
	s := c.param(name)
	if s == "" {
		return nil
	}
	all := map[string]bool{}
	for _, v := range strings.Split(s, ",") {
		if v = strings.Trim(strings.TrimSpace(v), `"`); v != "" {
			all[fold(v)] = true
		}
	}
	return all
}

// since reads If-Modified-Since: UTC with the precision of seconds, in ISO 8601 or as HTTP writes it.
func (c *call) since() (time.Time, bool) {
	s := textproto.TrimString(c.r.Header.Get("If-Modified-Since"))
	if s == "" {
		return time.Time{}, false
	}
	t, ok := parseInstant(s)
	if !ok {
		var err error
		if t, err = http.ParseTime(s); err != nil {
			return time.Time{}, false
		}
	}
	return t.UTC().Truncate(time.Second), true
}

// unitPlaces is the number of decimal places of unit amounts in this request.
func (c *call) unitPlaces() int32 {
	if c.param("unitdp") == "4" {
		return 4
	}
	return 2
}
