package quickbooksfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	cdcObjects = 1000
	cdcDays    = 30
	// notInCDC are those of elsewhere that change data capture does not have in QuickBooks either.
	notInCDC = "journalcode timeactivity taxagency exchangerate"
)

// changes answers the change data capture: what changed since, of each entity, live records before deleted
// ones, each in the order of their last change. Call with the lock held.
func (b *Books) changes(entities, since string) (json.RawMessage, *fault) {
	if strings.TrimSpace(entities) == "" {
		return nil, missing("entities")
	}
	if since == "" {
		return nil, missing("changedSince")
	}
	from, ok := b.since(since)
	if !ok {
		return nil, unsupported("changedSince " + since)
	}
	if time.Since(from) > cdcDays*24*time.Hour && !b.f.opts.Switches.CDCBeyond30Days {
		return nil, unsupported(fmt.Sprintf("changedSince %s is more than %d days ago", since, cdcDays))
	}
	var kinds []*kind // nil: one of which there are none
	for name := range strings.SplitSeq(entities, ",") {
		k, ok := b.f.paths[fold(strings.TrimSpace(name))]
		if entity := strings.TrimSpace(name); !ok && isElsewhere(entity) && !slices.Contains(strings.Fields(notInCDC), fold(entity)) {
			kinds = append(kinds, nil)
			continue
		}
		if !ok || !k.cdc {
			return nil, unsupportedOperation("cdc of " + strings.TrimSpace(name))
		}
		kinds = append(kinds, k)
	}
	budget := cdcObjects
	out := []byte(`[{"QueryResponse":[`)
	for i, k := range kinds {
		if b.f.opts.Switches.CDCLimitPerEntity {
			budget = cdcObjects
		}
		if i > 0 {
			out = append(out, ',')
		}
		if k == nil {
			out = append(out, `{}`...)
			continue
		}
		out = append(out, b.changesOf(k, from, &budget)...)
	}
	return append(out, `]}]`...), nil
}

// since reads a time. A plus sign that was not escaped has become a space, and is no time any more.
func (b *Books) since(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, s, b.loc); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func (b *Books) changesOf(k *kind, from time.Time, budget *int) []byte {
	after := func(at time.Time) bool {
		return at.After(from) || at.Equal(from) && !b.f.opts.Switches.ChangedSinceExclusive
	}
	var all [][]byte
	t := b.tables[k.name]
	live := slices.DeleteFunc(t.all(), func(r record) bool { return !after(r.head().MetaData.LastUpdatedTime) })
	slices.SortStableFunc(live, func(x, y record) int {
		return x.head().MetaData.LastUpdatedTime.Compare(y.head().MetaData.LastUpdatedTime)
	})
	for _, r := range live {
		if len(all) == *budget {
			break
		}
		all = append(all, render(r, b.lookup))
	}
	for _, s := range t.gone {
		if len(all) == *budget {
			break
		}
		if !after(s.At) {
			continue
		}
		data, err := json.Marshal(struct {
			Domain   string `json:"domain"`
			Status   string `json:"status"`
			ID       string `json:"Id"`
			MetaData struct{ LastUpdatedTime time.Time }
		}{"QBO", "Deleted", s.ID, struct{ LastUpdatedTime time.Time }{s.At}})
		if err == nil {
			all = append(all, data)
		}
	}
	*budget -= len(all)
	if len(all) == 0 {
		return []byte(`{}`)
	}
	out := append([]byte(`{`), strconv.Quote(k.name)+`:[`...)
	for i, data := range all {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, data...)
	}
	return fmt.Appendf(out, `],"startPosition":1,"maxResults":%d}`, len(all))
}
