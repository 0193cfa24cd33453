package limit

// Known returns how many windows b has in memory.
func Known(b *Local) int { return len(b.states) }
