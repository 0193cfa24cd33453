// Package asked remembers an answer. Flows ask for an organisation and its chart anew, as they must when they run for
// months; the programs here live for a minute, and run several flows in it.
package asked

import (
	"context"
	"sync"
)

// Once is an answer that is asked for until there is one. The zero value has none yet.
type Once[T any] struct {
	mu     sync.Mutex
	known  bool
	answer T
}

// Get returns the answer. An error is no answer.
func (o *Once[T]) Get(ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.known {
		answer, err := ask(ctx)
		if err != nil {
			return answer, err
		}
		o.answer, o.known = answer, true
	}
	return o.answer, nil
}
