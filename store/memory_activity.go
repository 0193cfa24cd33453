package store

import (
	"slices"
	"time"
)

type memoryActivity struct{ t *memoryTx }

func (a memoryActivity) Append(rows ...Row) error {
	if err := a.t.writing(); err != nil {
		return err
	}
	s := a.t.state
	length, head := len(s.rows), s.head
	a.t.undo = append(a.t.undo, func() {
		clear(s.rows[length:])
		s.rows, s.head = s.rows[:length], head
	})
	for _, row := range rows {
		row.Codes = slices.Clone(row.Codes)
		s.rows = append(s.rows, s.head.Add(row))
	}
	return nil
}

func (a memoryActivity) List(f ActivityFilter) ([]Row, error) {
	if err := a.t.reading(); err != nil {
		return nil, err
	}
	rows := a.t.state.rows
	if skip := f.After - a.t.state.base.Seq; skip > 0 {
		rows = rows[min(skip, int64(len(rows))):]
	}
	var found []Row
	for _, row := range rows {
		if !f.Matches(row) {
			continue
		}
		row.Codes = slices.Clone(row.Codes)
		found = append(found, row)
		if f.Limit > 0 && len(found) == f.Limit {
			break
		}
	}
	return found, nil
}

func (a memoryActivity) Verify() error {
	if err := a.t.reading(); err != nil {
		return err
	}
	at := a.t.state.base
	for _, row := range a.t.state.rows {
		if err := at.Follow(row); err != nil {
			return err
		}
	}
	return at.Ends(a.t.state.head)
}

func (a memoryActivity) Trim(before time.Time) (int, error) {
	if err := a.t.writing(); err != nil {
		return 0, err
	}
	s := a.t.state
	n := 0
	for n < len(s.rows) && s.rows[n].At.Before(before) {
		n++
	}
	if n == 0 {
		return 0, nil
	}
	rows, base := s.rows, s.base
	a.t.undo = append(a.t.undo, func() { s.rows, s.base = rows, base })
	last := s.rows[n-1]
	// A new slice, so that the memory of the removed rows comes free.
	s.rows, s.base = slices.Clone(s.rows[n:]), ChainHead{Seq: last.Seq, Hash: last.Hash}
	return n, nil
}
