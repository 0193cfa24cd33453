package store

import (
	"context"
	"maps"
	"slices"
)

// Clone returns a copy as a backup is one: with the same epoch and everything that m holds now. Neither
// sees what the other does afterwards.
func (m *Memory) Clone() *Memory {
	<-m.turn
	defer func() { m.turn <- struct{}{} }()
	c := NewMemory()
	c.info = m.info
	from, to := &m.state, &c.state
	to.batches, to.batchSeq = maps.Clone(from.batches), from.batchSeq
	for id, b := range to.batches {
		b.Batch = cloneBatch(b.Batch)
		to.batches[id] = b
	}
	to.cursors, to.leases = maps.Clone(from.cursors), maps.Clone(from.leases)
	to.rows, to.base, to.head = slices.Clone(from.rows), from.base, from.head
	to.budgets = maps.Clone(from.budgets)
	for key, spends := range to.budgets {
		to.budgets[key] = slices.Clone(spends)
	}
	links := slices.Collect(maps.Values(from.links.links))
	slices.SortFunc(links, func(a, b Link) int { return a.Generation - b.Generation })
	below := &memoryTx{state: from}
	err := c.Update(context.Background(), func(tx Tx) error {
		for room := range from.documents {
			docs, err := below.Documents(room).Scan("", "", 0)
			if err != nil {
				return err
			}
			for _, d := range docs {
				if err := tx.Documents(room).Put(d.Key, d.Value, AnyVersion); err != nil {
					return err
				}
			}
		}
		return tx.Links().Put(links...)
	})
	if err != nil {
		panic("store: a memory store cannot be copied into an empty one: " + err.Error())
	}
	return c
}
