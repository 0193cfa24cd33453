package sqlstore

import (
	"database/sql"
	"time"
)

// budgets keeps what was taken in slots of a 256th of the span, each under the time of its end: a key
// has at most 257 rows however many calls there are, and a slot never leaves the window too early.
type budgets struct{ t *tx }

const budgetSlots = 256

func (b budgets) Take(key string, now time.Time, span time.Duration, n, limit int) (time.Duration, error) {
	if err := b.t.writing(); err != nil {
		return 0, err
	}
	if key == "" || span <= 0 || n < 0 || n > limit {
		return 0, b.t.fail("budget %q: cannot take %d of %d in %s", key, n, limit, span)
	}
	wait, err := b.take(key, now, span, n, limit)
	if err != nil {
		return 0, b.t.fail("budget %q: %w", key, err)
	}
	return wait, nil
}

func (b budgets) take(key string, now time.Time, span time.Duration, n, limit int) (time.Duration, error) {
	used, err := b.used(key, now, span)
	if err != nil {
		return 0, err
	}
	if used+n > limit {
		return b.wait(key, now, span, used+n-limit)
	}
	if n == 0 {
		return 0, nil
	}
	if _, err := b.t.exec(`DELETE FROM invoicesync_budgets WHERE name = $1 AND at <= $2`, key, edge(now, span)); err != nil {
		return 0, err
	}
	slot := max(span.Microseconds()/budgetSlots, 1)
	at := now.UnixMicro()
	if over := at % slot; over > 0 {
		at += slot - over
	}
	_, err = b.t.exec(`INSERT INTO invoicesync_budgets (name, at, n) VALUES ($1, $2, $3)
		ON CONFLICT (name, at) DO UPDATE SET n = invoicesync_budgets.n + excluded.n`, key, at, int64(n))
	return 0, err
}

// wait says how long until excess of what was taken has left the window.
func (b budgets) wait(key string, now time.Time, span time.Duration, excess int) (time.Duration, error) {
	var free time.Time
	err := b.t.query(`SELECT at, n FROM invoicesync_budgets WHERE name = $1 AND at > $2 ORDER BY at`,
		[]any{key, edge(now, span)}, func(rows *sql.Rows) error {
			var at int64
			var n int
			if err := rows.Scan(&at, &n); err != nil {
				return err
			}
			free = time.UnixMicro(at).Add(span)
			if excess -= n; excess <= 0 {
				return errEnough
			}
			return nil
		})
	return free.Sub(now), err
}

func (b budgets) Used(key string, now time.Time, span time.Duration) (int, error) {
	if err := b.t.reading(); err != nil {
		return 0, err
	}
	used, err := b.used(key, now, span)
	if err != nil {
		return 0, b.t.fail("budget %q: %w", key, err)
	}
	return used, nil
}

func (b budgets) used(key string, now time.Time, span time.Duration) (used int, err error) {
	_, err = b.t.one(`SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM invoicesync_budgets WHERE name = $1 AND at > $2`,
		[]any{key, edge(now, span)}, &used)
	return used, err
}

// edge is the latest time that lies outside of the window.
func edge(now time.Time, span time.Duration) int64 { return now.Add(-span).UnixMicro() }
