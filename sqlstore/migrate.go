package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/invoicesync/invoicesync/store"
)

// migrations are numbered from 1 without gaps; the number is the schema that a file leads to. A file
// that was released is never changed.
//
//go:embed migrations/*.sql
var migrations embed.FS

// The rows of invoicesync_meta.
const (
	metaSchema = "schema"
	metaEpoch  = "epoch"
	metaHead   = "activity_head" // number and hash of the last row that was appended
	metaBase   = "activity_base" // number and hash of the last row that was trimmed
)

// migrate brings the store in db to the newest schema that this version knows, and says what it is. Its tables must then
// have the columns of tables; nil: nobody looks.
func migrate(ctx context.Context, db *sql.DB, dialect Dialect, files fs.FS, tables []table) (store.Info, error) {
	steps, err := readSteps(files)
	if err != nil {
		return store.Info{}, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return store.Info{}, fmt.Errorf("sqlstore: open: %w", err)
	}
	m := &migrator{conn: conn, dialect: dialect, steps: steps, tables: tables}
	before, err := m.inTransaction(ctx, false)
	// The connection goes back first: Backup wants one, and there may be no other.
	if closeErr := conn.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("sqlstore: open: %w", closeErr)
	}
	if err != nil {
		return store.Info{}, err
	}
	if before == len(steps) {
		return m.info, nil
	}

	if before > 0 && dialect.Backup != nil {
		if err := dialect.Backup(ctx, db, before); err != nil {
			return store.Info{}, fmt.Errorf("sqlstore: not migrated from schema %d to %d, because the copy before it failed: %w",
				before, len(steps), err)
		}
	}
	if m.conn, err = db.Conn(ctx); err != nil {
		return store.Info{}, fmt.Errorf("sqlstore: open: %w", err)
	}
	_, err = m.inTransaction(ctx, true)
	if closeErr := m.conn.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("sqlstore: open: %w", closeErr)
	}
	return m.info, err
}

// readSteps returns the texts of the migrations; the one to schema n is at n-1.
func readSteps(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("sqlstore: migrations: %w", err)
	}
	slices.Sort(names)
	var steps []string
	for i, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("sqlstore: migration %s: its number must be %d", name, i+1)
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: migration %s: %w", name, err)
		}
		steps = append(steps, string(text))
	}
	if len(steps) == 0 {
		return nil, errors.New("sqlstore: there are no migrations")
	}
	return steps, nil
}

type migrator struct {
	conn    *sql.Conn
	dialect Dialect
	steps   []string
	tables  []table
	info    store.Info
}

// inTransaction looks which schema the store has and, if apply is true or the store is empty, brings it
// to the newest. It returns the schema that it leaves. Everything happens in one transaction, so that
// two processes which start together do it once, and so that a migration is done whole or not at all.
func (m *migrator) inTransaction(ctx context.Context, apply bool) (schema int, err error) {
	if err := m.exec(ctx, m.dialect.Begin); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_, _ = m.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	err = m.exec(ctx, `CREATE TABLE IF NOT EXISTS invoicesync_meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)`)
	if err != nil {
		return 0, err
	}
	if schema, err = m.schema(ctx); err != nil {
		return 0, err
	}
	if schema > len(m.steps) {
		return 0, fmt.Errorf("sqlstore: the store has schema %d, this version knows up to %d: use the version that wrote it, or a later one: %w",
			schema, len(m.steps), store.ErrNewerSchema)
	}
	if schema == 0 {
		if err := m.set(ctx, metaEpoch, rand.Text()); err != nil {
			return 0, err
		}
	}
	if schema == 0 || apply {
		for ; schema < len(m.steps); schema++ {
			if err := m.exec(ctx, m.dialect.schema(m.steps[schema])); err != nil {
				return 0, fmt.Errorf("sqlstore: migration to schema %d: %w", schema+1, err)
			}
		}
		if err := m.set(ctx, metaSchema, strconv.Itoa(schema)); err != nil {
			return 0, err
		}
	}
	if schema == len(m.steps) {
		if err := m.checkTables(ctx, schema); err != nil {
			return 0, err
		}
	}
	m.info = store.Info{Durable: m.dialect.Durable, Schema: schema}
	if m.info.Epoch, err = m.get(ctx, metaEpoch); err != nil {
		return 0, err
	}
	if m.info.Epoch == "" {
		return 0, fmt.Errorf("sqlstore: the store has no epoch: %w", store.ErrForeign)
	}
	if _, err := m.conn.ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return 0, fmt.Errorf("sqlstore: open: %w", err)
	}
	return schema, nil
}

func (m *migrator) schema(ctx context.Context) (int, error) {
	text, err := m.get(ctx, metaSchema)
	if err != nil || text == "" {
		return 0, err
	}
	schema, err := strconv.Atoi(text)
	if err != nil || schema < 1 {
		return 0, fmt.Errorf("sqlstore: the store says that its schema is %q: %w", text, store.ErrForeign)
	}
	return schema, nil
}

func (m *migrator) exec(ctx context.Context, text string) error {
	if _, err := m.conn.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("sqlstore: open: %w", err)
	}
	return nil
}

func (m *migrator) get(ctx context.Context, name string) (string, error) {
	var value string
	err := m.conn.QueryRowContext(ctx, `SELECT value FROM invoicesync_meta WHERE name = $1`, name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("sqlstore: open: %w", err)
	}
	return value, nil
}

func (m *migrator) set(ctx context.Context, name, value string) error {
	if _, err := m.conn.ExecContext(ctx, putMeta, name, value); err != nil {
		return fmt.Errorf("sqlstore: open: %w", err)
	}
	return nil
}

const putMeta = `INSERT INTO invoicesync_meta (name, value) VALUES ($1, $2)
	ON CONFLICT (name) DO UPDATE SET value = excluded.value`
