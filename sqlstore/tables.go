package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/store"
)

// table is a table of the newest schema.
type table struct {
	name    string
	columns string // by spaces, in any order
}

// schemaTables are the tables as the migrations leave them; a test holds the list against a new store. A number alone
// does not say what lies in a database: before the first release a migration was edited in place, so that older
// stores bear the same number over other tables, and would fail in the middle of a run.
func schemaTables() []table {
	return []table{
		{"invoicesync_meta", "name value"},
		{"invoicesync_pairs", "id source_vendor source_id ledger_vendor ledger_id"},
		{"invoicesync_links", "pair kind source_id generation mark state ledger_id parent run batch reasons body"},
		{"invoicesync_batches", "id seq pair kind body"},
		{"invoicesync_cursors", "name value"},
		{"invoicesync_activity", "seq at pair run event source_id ledger_id body"},
		{"invoicesync_runs", "run first_seq last_seq"},
		{"invoicesync_leases", "name owner token held_until"},
		{"invoicesync_budgets", "name at n"},
		{"invoicesync_documents", "room name version value"},
	}
}

// checkTables refuses a store whose tables are not those of the schema that it says it has.
func (m *migrator) checkTables(ctx context.Context, schema int) error {
	for _, t := range m.tables {
		have, err := m.columns(ctx, t.name)
		if ctx.Err() != nil {
			return fmt.Errorf("sqlstore: open: %w", ctx.Err())
		}
		if err != nil {
			return otherTables(schema, "table "+t.name+" is missing or cannot be read", err)
		}
		want := strings.Fields(t.columns)
		for _, c := range want {
			if !slices.Contains(have, c) {
				return otherTables(schema, "table "+t.name+" has no column "+c, nil)
			}
		}
		for _, c := range have {
			if !slices.Contains(want, c) {
				return otherTables(schema, "table "+t.name+" has a column "+c+" that is unknown", nil)
			}
		}
	}
	return nil
}

// columns returns the names of a table's columns, in words that every database knows.
func (m *migrator) columns(ctx context.Context, name string) (columns []string, err error) {
	rows, err := m.conn.QueryContext(ctx, `SELECT * FROM `+name+` WHERE 1 = 0`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	return columns, rows.Err()
}

func otherTables(schema int, what string, cause error) error {
	err := fmt.Errorf("sqlstore: the store says that it has schema %d, and its tables are not those of it: %s. A version before the first "+
		"release made it, or somebody changed it. Put it aside and begin with an empty store: a flow's first run finds by its marks what was written: %w",
		schema, what, store.ErrForeign)
	if cause != nil {
		return fmt.Errorf("%w (%w)", err, cause)
	}
	return err
}
