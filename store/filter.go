package store

import (
	"errors"
	"fmt"
	"slices"
)

// Matches reports whether the filter selects l by its content. Limit, and which generation is the
// highest, are the store's part.
func (f LinkFilter) Matches(l Link) bool {
	return l.Pair == f.Pair &&
		(f.Kind == "" || l.Kind == f.Kind) &&
		(len(f.States) == 0 || slices.Contains(f.States, l.State)) &&
		(f.Parent == "" || l.Parent == f.Parent) &&
		(f.Run == "" || l.Run == f.Run) &&
		(f.Batch == "" || l.Batch == f.Batch) &&
		(f.Code == "" || slices.ContainsFunc(l.Reasons, func(r Reason) bool { return r.Code == f.Code })) &&
		l.SourceID > f.After
}

// Validate is what a store must ask before it lists.
func (f LinkFilter) Validate() error {
	if f.Pair == (Pair{}) {
		return errors.New("store: a filter of links needs the pair")
	}
	return nil
}

// Matches reports whether the filter selects r, Limit aside.
func (f ActivityFilter) Matches(r Row) bool {
	return (f.Pair == Pair{} || r.Pair == f.Pair) &&
		(f.Run == "" || r.Run == f.Run) &&
		(f.SourceID == "" || r.SourceID == f.SourceID) &&
		(f.LedgerID == "" || r.LedgerID == f.LedgerID) &&
		(f.Event == "" || r.Event == f.Event) &&
		(f.Code == "" || slices.Contains(r.Codes, f.Code)) &&
		r.Seq > f.After
}

// Validate is what a store must ask before it puts a link: an identity and a state that exists.
func (l Link) Validate() error {
	switch {
	case l.Pair.Source.IsZero() || l.Pair.Ledger.IsZero() || l.Kind == "" || l.SourceID == "":
		return fmt.Errorf("store: %s link %q: pair, kind and source id are needed", l.Kind, l.SourceID)
	case l.Generation < 0:
		return fmt.Errorf("store: %s link %q: generation %d is below zero", l.Kind, l.SourceID, l.Generation)
	}
	switch l.State {
	case Intended, Written, Refused, Uncertain, Parked, Skipped, Deferred:
		return nil
	}
	return fmt.Errorf("store: %s link %q: %q is no state of a link", l.Kind, l.SourceID, l.State)
}

// Validate is what a store must ask before it puts a batch.
func (b Batch) Validate() error {
	if b.ID == "" || b.Pair == (Pair{}) || b.Kind == "" {
		return fmt.Errorf("store: batch %q: id, pair and kind are needed", b.ID)
	}
	return nil
}
