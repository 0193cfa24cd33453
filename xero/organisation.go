package xero

import (
	"context"
	"errors"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
)

type wireOrganisation struct {
	OrganisationID    string
	Name              string
	CountryCode       string
	BaseCurrency      string
	Timezone          string
	Class             string
	IsDemoCompany     flag
	PeriodLockDate    string
	EndOfYearLockDate string
}

// Organisation implements [ledger.Source]. It costs two calls, for the company and its currencies. An
// organisation whose time zone is not known to this package or this machine is in UTC.
func (l *Ledger) Organisation(ctx context.Context) (ledger.Organisation, error) {
	var answer struct{ Organisations []wireOrganisation }
	resp, err := l.getInto(ctx, "/Organisation", "/Organisation", nil, &answer)
	if err != nil {
		return ledger.Organisation{}, err
	}
	if len(answer.Organisations) != 1 || zeroID(answer.Organisations[0].OrganisationID) {
		return ledger.Organisation{}, unreadable("GET /Organisation", resp, errOneOrganisation)
	}
	w := answer.Organisations[0]
	id := ledger.OrganisationID{Vendor: Vendor, ID: strings.ToLower(w.OrganisationID)}
	if err := l.pin(id); err != nil {
		return ledger.Organisation{}, err
	}
	base, err := ledger.ParseCurrency(w.BaseCurrency)
	if err != nil {
		return ledger.Organisation{}, unreadable("GET /Organisation", resp, err)
	}
	var d doubt
	o := ledger.Organisation{
		ID: id, Name: w.Name, Country: w.CountryCode, BaseCurrency: base,
		Live:     !bool(w.IsDemoCompany) && w.Class != "DEMO",
		TimeZone: location(w.Timezone),
	}
	for _, s := range []string{w.PeriodLockDate, w.EndOfYearLockDate} {
		if lock := d.date("lock date", momentOf([]byte(s))); !lock.IsZero() {
			o.LockDates = append(o.LockDates, lock)
		}
	}
	if d.code != "" { // a lock that cannot be read must not look like no lock
		return ledger.Organisation{}, unreadable("GET /Organisation", resp, errDate)
	}
	if o.Currencies, err = l.currencies(ctx, base); err != nil {
		return ledger.Organisation{}, err
	}
	l.latest.Store(&o)
	return o, nil
}

var errOneOrganisation = errors.New("not exactly one organisation with an id")

// pin holds the Ledger to one company: the expected one, or else the first that answers.
func (l *Ledger) pin(id ledger.OrganisationID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pinned.IsZero() {
		l.pinned = id
	}
	if l.pinned == id {
		return nil
	}
	return &ledger.Error{
		Kind: ledger.ErrReconnect, Room: Vendor, Thing: "GET /Organisation", Code: "other_organisation",
		Message: "the connection leads to organisation " + id.ID + ", expected is " + l.pinned.ID + ": connect the right one",
	}
}

func (l *Ledger) currencies(ctx context.Context, base ledger.Currency) ([]ledger.Currency, error) {
	var answer struct{ Currencies []struct{ Code string } }
	if _, err := l.getInto(ctx, "/Currencies", "/Currencies", nil, &answer); err != nil {
		return nil, err
	}
	list := []ledger.Currency{base}
	for _, w := range answer.Currencies {
		if c, err := ledger.ParseCurrency(w.Code); err == nil && c != base {
			list = append(list, c)
		}
	}
	return list, nil
}
