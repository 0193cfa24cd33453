package sqlstore

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync/store"
)

func sqliteDialect() Dialect {
	return Dialect{Name: "sqlite", Begin: "BEGIN IMMEDIATE", BeginView: "BEGIN", Schema: strings.NewReplacer(` COLLATE "C"`, ``, `BYTEA`, `BLOB`).Replace}
}

// A migration that stores bear is never edited: what changes is a new file. Its stores would say a number that means two
// things.
func TestMigrationsAreFrozen(t *testing.T) {
	t.Parallel()
	frozen := []string{
		"d89dd5cb6e31722bea7029285fe4c3ae9a2b2a65cb9394574fd31929b800e1f3", // 0001_start.sql
	}
	texts, err := readSteps(migrations)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		got = append(got, hex.EncodeToString(sum[:]))
	}
	if !slices.Equal(got, frozen) {
		t.Errorf("the migrations hash to\n%s\nand were frozen as\n%s\nLeave the old ones as they are and write the next one; then add its hash here.",
			strings.Join(got, "\n"), strings.Join(frozen, "\n"))
	}
}

// The list of tables is what the migrations make: each table, and no other.
func TestTablesAreListed(t *testing.T) {
	t.Parallel()
	db := openDB(t)
	if _, err := migrate(t.Context(), db, sqliteDialect(), migrations, schemaTables()); err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var made, listed []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		made = append(made, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, table := range schemaTables() {
		listed = append(listed, table.name)
	}
	slices.Sort(made)
	slices.Sort(listed)
	if !slices.Equal(made, listed) {
		t.Errorf("made are %v, listed %v", made, listed)
	}
}

// A store that bears the number of this schema over other tables is named when it is opened, not in the middle of a run.
func TestOtherTablesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spoil, says string }{
		"as before the column came": {`DROP INDEX invoicesync_links_attention; ALTER TABLE invoicesync_links DROP COLUMN reasons`, "table invoicesync_links has no column reasons"},
		"a column of somebody's":    {`ALTER TABLE invoicesync_batches ADD COLUMN note TEXT`, "table invoicesync_batches has a column note"},
		"a table is gone":           {`DROP TABLE invoicesync_runs`, "table invoicesync_runs is missing"},
	} {
		db := openDB(t)
		if _, err := migrate(t.Context(), db, sqliteDialect(), migrations, schemaTables()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), c.spoil); err != nil {
			t.Fatal(err)
		}
		_, err := New(t.Context(), db, sqliteDialect(), nil)
		if !errors.Is(err, store.ErrForeign) {
			t.Fatalf("%s: got %v", name, err)
		}
		for _, says := range []string{c.says, "schema 1", "Put it aside"} {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %q is not in %v", name, says, err)
			}
		}
	}
}
