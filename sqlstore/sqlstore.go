// Package sqlstore is a [store.Store] in an SQL database.
//
// It names no database driver. Package sqlite beneath it opens a file, which is what most programs want:
//
//	s, err := sqlite.Open(ctx, "/var/lib/shop/invoicesync.db", nil)
//
// [New] is for whoever brings another database and writes the [Dialect] for it.
//
// # Costs
//
// A transaction costs one write to disk that is waited for, whatever it holds, so a caller puts a whole
// batch of links, its activity and its cursor into one Update. Statements are prepared once for each
// connection. Rows are written many at a time.
//
// # What it does not do
//
// It keeps no secrets: seal them with a [store.Sealer] first. It makes no backups except the one
// before a migration; copy an SQLite file with VACUUM INTO or with the tools of your platform, and never
// the file alone while a program has it open.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/store"
)

// Options change how [New] works. The zero value, and nil, are good.
type Options struct {
	// Readers is a second pool on the same database for View, so that reading does not wait for
	// writing; nil: the first one.
	Readers *sql.DB
	// Writes is how many transactions of Update run at once; 0: 1. SQLite can do no more than 1.
	Writes int
	// Views is how many transactions of View run at once; 0: 4.
	Views int
	// Release is called by Close once no transaction runs any more: close the pools there. Nil: the
	// pools stay open, they are the caller's.
	Release func() error
}

// Store is a [store.Store]. It is safe for concurrent use, of other processes too.
type Store struct {
	dialect Dialect
	info    store.Info
	writers *pool
	readers *pool
	release func() error
	pairs   pairs
	texts   texts

	closing sync.Once
	closed  error
}

var _ store.Store = (*Store)(nil)

// New returns a store in db, whose tables (all begin with "invoicesync_") it makes or migrates first.
// A store of a newer version is [store.ErrNewerSchema], and one whose tables are not those of its schema is
// [store.ErrForeign]; neither is changed. The pools must be able to give Options.Writes
// and Options.Views connections at the same time, both together where they are one pool.
func New(ctx context.Context, db *sql.DB, dialect Dialect, options *Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: a database is needed")
	}
	if dialect.Name == "" || dialect.Begin == "" || dialect.BeginView == "" {
		return nil, errors.New("sqlstore: a dialect needs Name, Begin and BeginView")
	}
	var o Options
	if options != nil {
		o = *options
	}
	if o.Readers == nil {
		o.Readers = db
	}
	info, err := migrate(ctx, db, dialect, migrations, schemaTables())
	if err != nil {
		return nil, err
	}
	return &Store{
		dialect: dialect,
		info:    info,
		writers: newPool(db, dialect.statement, max(o.Writes, 1)),
		readers: newPool(o.Readers, dialect.statement, cmpOr(o.Views, 4)),
		release: o.Release,
		pairs:   newPairs(),
	}, nil
}

// Info implements [store.Store].
func (s *Store) Info() store.Info { return s.info }

// Update implements [store.Store]. Where the database asks for it, f runs again, at most ten times.
func (s *Store) Update(ctx context.Context, f func(store.Tx) error) error {
	const attempts = 10
	for attempt := 1; ; attempt++ {
		err := s.run(ctx, s.writers, s.dialect.Begin, true, f)
		if err == nil || attempt == attempts || !s.dialect.again(err) {
			return err
		}
		// Those that lost against each other must not meet again at once.
		wait := time.Duration(rand.Int64N(int64(time.Millisecond) << attempt))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// View implements [store.Store].
func (s *Store) View(ctx context.Context, f func(store.Tx) error) error {
	return s.run(ctx, s.readers, s.dialect.BeginView, false, f)
}

// Close implements [store.Store]. It waits for the transactions that run.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.closed = errors.Join(s.writers.close(), s.readers.close())
		if s.release != nil {
			s.closed = errors.Join(s.closed, s.release())
		}
		if s.closed != nil {
			s.closed = fmt.Errorf("sqlstore: close: %w", s.closed)
		}
	})
	return s.closed
}

func (s *Store) run(ctx context.Context, from *pool, begin string, writes bool, f func(store.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlstore: transaction not begun: %w", err)
	}
	session, err := from.take(ctx)
	if err != nil {
		return fmt.Errorf("sqlstore: transaction not begun: %w", err)
	}
	defer from.give(session)
	if err := session.begin(ctx, begin); err != nil {
		return fmt.Errorf("sqlstore: transaction not begun: %w", err)
	}

	t := &tx{ctx: ctx, store: s, session: session, writes: writes}
	committed := false
	// A panic and runtime.Goexit (a test's FailNow) must roll back too, hence the defer.
	defer func() {
		t.ended = true
		if !committed {
			session.rollBack()
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if t.failed != nil {
		return fmt.Errorf("sqlstore: not committed, because an error in the transaction was passed over: %w", t.failed)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlstore: not committed: %w", err)
	}
	// From here on nobody may end it half way.
	if err := session.exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return fmt.Errorf("sqlstore: commit: %w", err)
	}
	committed = true
	s.pairs.learn(t.newPairs)
	return nil
}

var (
	errClosed = fmt.Errorf("sqlstore: the store is closed: %w", fs.ErrClosed)
	errEnded  = errors.New("sqlstore: the transaction has ended; a Tx must not be kept after its function")
	errView   = errors.New("sqlstore: a view cannot write; use Update")
)

func cmpOr(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}
