package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"

	"github.com/invoicesync/invoicesync/store"
)

func openDB(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // whoever holds a connection while asking for another is found out
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func steps(texts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i, text := range texts {
		files["migrations/000"+string(rune('1'+i))+"_x.sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	db, ctx := openDB(t), t.Context()
	var copies []int
	dialect := Dialect{Name: "sqlite", Begin: "BEGIN IMMEDIATE", BeginView: "BEGIN", Durable: true,
		Backup: func(_ context.Context, db *sql.DB, from int) error {
			copies = append(copies, from)
			_, err := db.Exec(`SELECT 1`) // it can use the database
			return err
		}}
	one, two := `CREATE TABLE a (x TEXT)`, `CREATE TABLE b (x TEXT); INSERT INTO b SELECT x FROM a`

	first, err := migrate(ctx, db, dialect, steps(one), nil)
	if err != nil || first.Schema != 1 || first.Epoch == "" || !first.Durable || len(copies) != 0 {
		t.Fatalf("new store: %+v, copies %v, %v", first, copies, err)
	}
	if _, err := db.Exec(`INSERT INTO a VALUES ('kept')`); err != nil {
		t.Fatal(err)
	}
	again, err := migrate(ctx, db, dialect, steps(one), nil)
	if err != nil || again != first || len(copies) != 0 {
		t.Fatalf("same schema: %+v, want %+v; copies %v, %v", again, first, copies, err)
	}

	// A copy that fails stops the migration; so does a step that fails, with nothing of it left.
	failing := dialect
	failing.Backup = func(context.Context, *sql.DB, int) error { return errors.New("disk full") }
	if _, err := migrate(ctx, db, failing, steps(one, two), nil); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("migration without its copy: %v", err)
	}
	if _, err := migrate(ctx, db, dialect, steps(one, `CREATE TABLE b (x TEXT); nonsense`), nil); err == nil {
		t.Error("a step that fails gave no error")
	}
	if again, err := migrate(ctx, db, dialect, steps(one), nil); err != nil || again != first {
		t.Errorf("after failures: %+v, %v", again, err)
	}

	copies = nil
	second, err := migrate(ctx, db, dialect, steps(one, two), nil)
	if err != nil || second.Schema != 2 || second.Epoch != first.Epoch {
		t.Fatalf("migrated: %+v, %v", second, err)
	}
	if len(copies) != 1 || copies[0] != 1 {
		t.Errorf("copies %v, want one of schema 1", copies)
	}
	var kept string
	if err := db.QueryRow(`SELECT x FROM b`).Scan(&kept); err != nil || kept != "kept" {
		t.Errorf("got %q, %v", kept, err)
	}

	_, err = migrate(ctx, db, dialect, steps(one), nil)
	if !errors.Is(err, store.ErrNewerSchema) || !strings.Contains(err.Error(), "schema 2") {
		t.Errorf("older version: %v", err)
	}
	if _, err := db.Exec(`UPDATE invoicesync_meta SET value = 'many' WHERE name = 'schema'`); err != nil {
		t.Fatal(err)
	}
	if _, err := migrate(ctx, db, dialect, steps(one), nil); !errors.Is(err, store.ErrForeign) {
		t.Errorf("schema that is no number: %v", err)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	if _, err := New(t.Context(), nil, Dialect{Name: "sqlite", Begin: "BEGIN", BeginView: "BEGIN"}, nil); err == nil {
		t.Error("no database: no error")
	}
	if _, err := New(t.Context(), openDB(t), Dialect{Name: "sqlite"}, nil); err == nil {
		t.Error("no Begin: no error")
	}
}

// Again lets the function run twice; what the first attempt wrote must be gone.
func TestUpdateRunsAgain(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost against another")
	dialect := Dialect{Name: "sqlite", Begin: "BEGIN IMMEDIATE", BeginView: "BEGIN",
		Schema: strings.NewReplacer(` COLLATE "C"`, ``, `BYTEA`, `BLOB`).Replace,
		Again:  func(err error) bool { return errors.Is(err, lost) }}
	s, err := New(t.Context(), openDB(t), dialect, &Options{Views: 1})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.readers.close() // one connection is all there is
	runs := 0
	err = s.Update(t.Context(), func(tx store.Tx) error {
		runs++
		if err := tx.Activity().Append(store.Row{Event: "tried"}); err != nil {
			return err
		}
		if runs < 3 {
			return lost
		}
		rows, err := tx.Activity().List(store.ActivityFilter{})
		if len(rows) != 1 {
			t.Errorf("%d rows, want 1", len(rows))
		}
		return err
	})
	if err != nil || runs != 3 {
		t.Errorf("%d runs and error %v, want 3 and none", runs, err)
	}
	runs = 0
	err = s.Update(t.Context(), func(store.Tx) error { runs++; return lost })
	if !errors.Is(err, lost) || runs != 10 {
		t.Errorf("%d runs and error %v, want 10 and %v", runs, err, lost)
	}
}

func TestReadSteps(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	steps, err := readSteps(fstest.MapFS{"migrations/0002_b.sql": file("b"), "migrations/0001_a.sql": file("a")})
	if err != nil || strings.Join(steps, "") != "ab" {
		t.Errorf("got %q, %v", steps, err)
	}
	for name, files := range map[string]fstest.MapFS{
		"none":         {},
		"gap":          {"migrations/0001_a.sql": file("a"), "migrations/0003_c.sql": file("c")},
		"not a number": {"migrations/first.sql": file("a")},
	} {
		if _, err := readSteps(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := readSteps(migrations); err != nil {
		t.Error(err)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	var texts texts
	for _, c := range []struct {
		key  textKey
		want string
	}{
		{textKey{"INSERT ", 2, 3, " END"}, "INSERT ($1,$2),($3,$4),($5,$6) END"},
		{textKey{"IN ", -2, 3, ""}, "IN ($3,$4,$5)"},
		{textKey{"IN ", 0, 1, ""}, "IN ($1)"},
	} {
		if got := texts.get(c.key); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
