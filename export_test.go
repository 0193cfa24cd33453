package invoicesync

// SetSteps lets a test see, and end, an import at each of its steps.
func (i *Import) SetSteps(f func(string)) { i.steps = f }
