package store

import "slices"

// Tamper changes or removes an activity row behind the store's back.
func (m *Memory) Tamper(seq int64, remove bool) {
	i := slices.IndexFunc(m.state.rows, func(r Row) bool { return r.Seq == seq })
	if remove {
		m.state.rows = slices.Delete(m.state.rows, i, i+1)
		return
	}
	m.state.rows[i].Event = "forged"
}
