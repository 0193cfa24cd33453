package main

import (
	"context"
	"sync"

	"github.com/invoicesync/invoicesync/ledger"
)

// onceAsked is a ledger that is asked for its organisation and its chart only once. Each flow reads them
// anew, as it must when it runs for months; this program lives for a minute, and checks, previews and
// pushes in it.
type onceAsked struct {
	ledger.Ledger

	mu    sync.Mutex
	org   *ledger.Organisation
	chart *ledger.Chart
}

func (l *onceAsked) Organisation(ctx context.Context) (ledger.Organisation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.org == nil {
		org, err := l.Ledger.Organisation(ctx)
		if err != nil {
			return org, err
		}
		l.org = &org
	}
	return *l.org, nil
}

func (l *onceAsked) Chart(ctx context.Context) (ledger.Chart, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.chart == nil {
		chart, err := l.Ledger.Chart(ctx)
		if err != nil {
			return chart, err
		}
		l.chart = &chart
	}
	return *l.chart, nil
}

// saidToBe is a source that is taken for an organisation without being asked: files of orders need not
// come with settings that make sense.
type saidToBe struct {
	ledger.Source
	org ledger.Organisation
}

func (s saidToBe) Organisation(context.Context) (ledger.Organisation, error) { return s.org, nil }
