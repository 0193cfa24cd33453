package sqlstore

import (
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/store"
)

// leases keeps a lease that was given up with an empty owner, so that its token stays used.
type leases struct{ t *tx }

func (l leases) Get(name string) (store.Lease, bool, error) {
	if err := l.t.reading(); err != nil {
		return store.Lease{}, false, err
	}
	lease, err := l.read(name)
	if err != nil || lease.Owner == "" {
		return store.Lease{}, false, err
	}
	return lease, true, nil
}

func (l leases) Acquire(name, owner string, now time.Time, life time.Duration) (store.Lease, bool, error) {
	if err := l.t.writing(); err != nil {
		return store.Lease{}, false, err
	}
	if name == "" || owner == "" || life <= 0 {
		return store.Lease{}, false, l.t.fail("lease %q: a name, an owner and a life above zero are needed", name)
	}
	lease, err := l.read(name)
	if err != nil {
		return store.Lease{}, false, err
	}
	if lease.Owner != "" && lease.Owner != owner && micros(now).Before(lease.Until) {
		return lease, false, nil
	}
	lease = store.Lease{Name: name, Owner: owner, Token: lease.Token + 1, Until: micros(now.Add(life))}
	return lease, true, l.write(lease)
}

func (l leases) Renew(name string, token int64, now time.Time, life time.Duration) (store.Lease, error) {
	if err := l.t.writing(); err != nil {
		return store.Lease{}, err
	}
	lease, err := l.held(name, token)
	if err != nil {
		return store.Lease{}, err
	}
	if !micros(now).Before(lease.Until) {
		return store.Lease{}, fmt.Errorf("sqlstore: lease %q ran out: %w", name, store.ErrLeaseLost)
	}
	lease.Until = micros(now.Add(life))
	return lease, l.write(lease)
}

func (l leases) Check(name string, token int64) error {
	if err := l.t.reading(); err != nil {
		return err
	}
	_, err := l.held(name, token)
	return err
}

func (l leases) Release(name string, token int64) error {
	if err := l.t.writing(); err != nil {
		return err
	}
	if _, err := l.t.exec(`UPDATE invoicesync_leases SET owner = '' WHERE name = $1 AND token = $2`, name, token); err != nil {
		return l.t.fail("release lease %q: %w", name, err)
	}
	return nil
}

// held returns the lease if token is its current one.
func (l leases) held(name string, token int64) (store.Lease, error) {
	lease, err := l.read(name)
	if err != nil {
		return store.Lease{}, err
	}
	if lease.Owner == "" || lease.Token != token {
		return store.Lease{}, fmt.Errorf("sqlstore: lease %q with token %d: %w", name, token, store.ErrLeaseLost)
	}
	return lease, nil
}

func (l leases) read(name string) (store.Lease, error) {
	lease := store.Lease{Name: name}
	var until int64
	found, err := l.t.one(`SELECT owner, token, held_until FROM invoicesync_leases WHERE name = $1`, []any{name},
		&lease.Owner, &lease.Token, &until)
	if err != nil {
		return store.Lease{}, l.t.fail("lease %q: %w", name, err)
	}
	if found {
		lease.Until = time.UnixMicro(until).UTC()
	}
	return lease, nil
}

func (l leases) write(lease store.Lease) error {
	_, err := l.t.exec(`INSERT INTO invoicesync_leases (name, owner, token, held_until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = excluded.token, held_until = excluded.held_until`,
		lease.Name, lease.Owner, lease.Token, lease.Until.UnixMicro())
	if err != nil {
		return l.t.fail("lease %q: %w", lease.Name, err)
	}
	return nil
}

// micros is what the database keeps of an instant.
func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
