package store

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
)

type linkID struct {
	shelf      linkShelf
	sourceID   string
	generation int
}

// linkShelf holds the links of one pair and kind.
type linkShelf struct {
	pair Pair
	kind ledger.RecordKind
}

type memoryLinks struct {
	links   map[linkID]Link
	newest  map[linkShelf]*ordered[int] // highest generation by source id
	byMark  map[ledger.Mark]linkID
	byEnd   map[endOf][]linkID
	ofPairs map[Pair][]ledger.RecordKind
}

func newMemoryLinks() memoryLinks {
	return memoryLinks{
		links:   map[linkID]Link{},
		newest:  map[linkShelf]*ordered[int]{},
		byMark:  map[ledger.Mark]linkID{},
		byEnd:   map[endOf][]linkID{},
		ofPairs: map[Pair][]ledger.RecordKind{},
	}
}

type memoryLinksTx struct{ t *memoryTx }

func (l memoryLinksTx) Get(pair Pair, kind ledger.RecordKind, sourceID string) (Link, bool, error) {
	if err := l.t.reading(); err != nil {
		return Link{}, false, err
	}
	link, ok := l.get(linkShelf{pair, kind}, sourceID)
	return link, ok, nil
}

func (l memoryLinksTx) get(shelf linkShelf, sourceID string) (Link, bool) {
	generation, ok := l.t.state.links.newest[shelf].get(sourceID)
	if !ok {
		return Link{}, false
	}
	return cloneLink(l.t.state.links.links[linkID{shelf, sourceID, generation}]), true
}

func (l memoryLinksTx) GetMany(pair Pair, kind ledger.RecordKind, sourceIDs []string) (map[string]Link, error) {
	if err := l.t.reading(); err != nil {
		return nil, err
	}
	found := make(map[string]Link, len(sourceIDs))
	for _, id := range sourceIDs {
		if link, ok := l.get(linkShelf{pair, kind}, id); ok {
			found[id] = link
		}
	}
	return found, nil
}

func (l memoryLinksTx) ByMark(mark ledger.Mark) (Link, bool, error) {
	if err := l.t.reading(); err != nil {
		return Link{}, false, err
	}
	id, ok := l.t.state.links.byMark[mark]
	if !ok {
		return Link{}, false, nil
	}
	return cloneLink(l.t.state.links.links[id]), true, nil
}

func (l memoryLinksTx) ByMarks(marks []ledger.Mark) (map[ledger.Mark]Link, error) {
	found := make(map[ledger.Mark]Link, len(marks))
	for _, mark := range marks {
		link, ok, err := l.ByMark(mark)
		if err != nil {
			return nil, err
		}
		if ok {
			found[mark] = link
		}
	}
	return found, nil
}

func (l memoryLinksTx) ByLedgerID(org ledger.OrganisationID, kind ledger.RecordKind, id string) (Link, bool, error) {
	if err := l.t.reading(); err != nil {
		return Link{}, false, err
	}
	ids := l.t.state.links.byEnd[endOf{org, kind, id}]
	if len(ids) == 0 {
		return Link{}, false, nil
	}
	first := slices.MinFunc(ids, func(a, b linkID) int {
		return cmp.Or(
			cmp.Compare(a.shelf.pair.String(), b.shelf.pair.String()),
			cmp.Compare(a.sourceID, b.sourceID),
			cmp.Compare(b.generation, a.generation),
		)
	})
	return cloneLink(l.t.state.links.links[first]), true, nil
}

func (l memoryLinksTx) ByLedgerIDs(org ledger.OrganisationID, kind ledger.RecordKind, ids []string) (map[string]Link, error) {
	found := make(map[string]Link, len(ids))
	for _, id := range ids {
		link, ok, err := l.ByLedgerID(org, kind, id)
		if err != nil {
			return nil, err
		}
		if ok {
			found[id] = link
		}
	}
	return found, nil
}

func (l memoryLinksTx) Put(links ...Link) error {
	if err := l.t.writing(); err != nil {
		return err
	}
	for _, link := range links {
		if err := link.Validate(); err != nil {
			return l.t.fail(err)
		}
		if err := l.put(cloneLink(link)); err != nil {
			return l.t.fail(err)
		}
	}
	return nil
}

func (l memoryLinksTx) put(link Link) error {
	m := &l.t.state.links
	shelf := linkShelf{link.Pair, link.Kind}
	id := linkID{shelf, link.SourceID, link.Generation}

	if holder, taken := m.byMark[link.Mark]; taken && holder != id {
		return fmt.Errorf("store: %s link %q: its mark %s belongs to link %q already: %w",
			link.Kind, link.SourceID, link.Mark, holder.sourceID, ErrConflict)
	}
	if old, had := m.links[id]; had {
		if old.Mark != link.Mark && old.Mark != "" {
			unset(l.t, m.byMark, old.Mark)
		}
		if old.LedgerID != link.LedgerID {
			l.leave(old, id)
		}
	}
	if link.Mark != "" {
		set(l.t, m.byMark, link.Mark, id)
	}
	if link.LedgerID != "" {
		l.arrive(link, id)
	}
	set(l.t, m.links, id, link)

	newest := m.newest[shelf]
	if newest == nil {
		newest = newOrdered[int]()
		// An empty shelf that a rollback leaves behind does no harm.
		m.newest[shelf] = newest
		m.ofPairs[link.Pair] = append(m.ofPairs[link.Pair], link.Kind)
	}
	if generation, ok := newest.get(link.SourceID); !ok || generation < link.Generation {
		newest.set(l.t, link.SourceID, link.Generation)
	}
	return nil
}

// arrive and leave keep the index of ledger ids. The lists are copied, never changed in place, so that
// rolling back only has to put the old list back.
func (l memoryLinksTx) arrive(link Link, id linkID) {
	m, end := &l.t.state.links, endOf{link.Pair.Ledger, link.Kind, link.LedgerID}
	if !slices.Contains(m.byEnd[end], id) {
		set(l.t, m.byEnd, end, append(slices.Clone(m.byEnd[end]), id))
	}
}

func (l memoryLinksTx) leave(link Link, id linkID) {
	m, end := &l.t.state.links, endOf{link.Pair.Ledger, link.Kind, link.LedgerID}
	rest := slices.DeleteFunc(slices.Clone(m.byEnd[end]), func(have linkID) bool { return have == id })
	if len(rest) == 0 {
		unset(l.t, m.byEnd, end)
		return
	}
	set(l.t, m.byEnd, end, rest)
}

func (l memoryLinksTx) List(f LinkFilter) ([]Link, error) {
	if err := l.t.reading(); err != nil {
		return nil, err
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	kinds := []ledger.RecordKind{f.Kind}
	if f.Kind == "" {
		kinds = l.t.state.links.ofPairs[f.Pair]
	}
	var found []Link
	for _, kind := range kinds {
		shelf := linkShelf{f.Pair, kind}
		n := 0
		for sourceID, generation := range l.t.state.links.newest[shelf].after(f.After) {
			link := l.t.state.links.links[linkID{shelf, sourceID, generation}]
			if !f.Matches(link) {
				continue
			}
			found = append(found, cloneLink(link))
			// One kind alone never needs more than the limit; the merge below cuts the rest.
			if n++; f.Limit > 0 && n == f.Limit {
				break
			}
		}
	}
	if f.Kind == "" {
		slices.SortFunc(found, func(a, b Link) int {
			return cmp.Or(cmp.Compare(a.SourceID, b.SourceID), cmp.Compare(a.Kind, b.Kind))
		})
	}
	if f.Limit > 0 && len(found) > f.Limit {
		end := f.Limit
		for end < len(found) && found[end].SourceID == found[f.Limit-1].SourceID {
			end++
		}
		found = found[:end]
	}
	return found, nil
}

func (l memoryLinksTx) Count(f LinkFilter) (map[LinkState]int, error) {
	links, err := l.List(f)
	if err != nil {
		return nil, err
	}
	count := map[LinkState]int{}
	for _, link := range links {
		count[link.State]++
	}
	return count, nil
}

func cloneLink(l Link) Link {
	l.Reasons = slices.Clone(l.Reasons)
	l.FirstSent, l.Updated = instant(l.FirstSent), instant(l.Updated)
	return l
}
