// Package sqlite opens a [sqlstore.Store] in an SQLite file: the store for one machine, or for several
// processes on it. It brings SQLite along in Go (modernc.org/sqlite), so nothing has to be installed
// and cgo is not needed.
//
//	s, err := sqlite.Open(ctx, "/var/lib/shop/invoicesync.db", nil)
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//
// # Promises
//
// What was committed survives the death of the process and of the machine, as far as the disk tells the
// truth (write-ahead log, synchronous=FULL). Any number of processes of one machine may have the file
// open; they write one after the other. Do not put the file on a network drive: the write-ahead log
// needs memory that the processes share.
//
// Beside the file lie two more while it is open, with "-wal" and "-shm" after its name. All three belong
// together: back up with VACUUM INTO, or while no process has the file open.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/invoicesync/invoicesync/sqlstore"
)

// Options change how [Open] works. The zero value, and nil, are good.
type Options struct {
	// Busy is how long a transaction waits for one of another process; 0: 10 seconds. Transactions of
	// this process wait as long as their context allows.
	Busy time.Duration
	// Views is how many transactions of View run at once; 0: 4.
	Views int
	// SkipCheck leaves out the check of the whole file for damage, which reads every page: about a
	// second for a gigabyte from a warm disk.
	SkipCheck bool
	// NoBackup leaves out the copy before a migration, for files whose backups are made elsewhere.
	NoBackup bool
}

// Open opens the store in the file, which it makes, readable for its owner only, if there is none. The
// folder must exist. It returns errors that are:
//
//   - [store.ErrForeign] for a file that is no SQLite database, or another program's, or damaged, or a store whose
//     tables are not those of its schema. Open has then changed nothing in it.
//   - [store.ErrNewerSchema] for one that a newer version of this library wrote.
//
// A file of an older version is migrated, after a copy of it was made beside it; the copy's name is
// that of the file with the schema and the time behind it.
func Open(ctx context.Context, file string, options *Options) (*sqlstore.Store, error) {
	var o Options
	if options != nil {
		o = *options
	}
	if o.Busy <= 0 {
		o.Busy = 10 * time.Second
	}
	if o.Views <= 0 {
		o.Views = 4
	}
	path, err := find(file)
	if err != nil {
		return nil, err
	}
	if err := prepare(ctx, path, o); err != nil {
		return nil, err
	}

	writer, err := pool(path, o.Busy, 1)
	if err != nil {
		return nil, err
	}
	readers, err := pool(path, o.Busy, o.Views, "query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	release := func() error { return errors.Join(readers.Close(), writer.Close()) }
	s, err := sqlstore.New(ctx, writer, dialect(path, o), &sqlstore.Options{Readers: readers, Views: o.Views, Release: release})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open %s: %w", file, err), release())
	}
	return s, nil
}

// dialect says what SQLite does differently. BEGIN IMMEDIATE takes the one lock for writing at once, so
// transactions that write are serial, and none of them fails half way because another came first.
func dialect(path string, o Options) sqlstore.Dialect {
	var (
		comment     = regexp.MustCompile(`/\* sqlite: (.*?) \*/`)
		placeholder = regexp.MustCompile(`\$[0-9]+`)
		insert      = regexp.MustCompile(`^INSERT INTO `)
	)
	d := sqlstore.Dialect{
		Name:      "sqlite",
		Begin:     "BEGIN IMMEDIATE",
		BeginView: "BEGIN",
		Durable:   true,
		Schema: func(text string) string {
			// SQLite compares text byte by byte by itself. A table WITHOUT ROWID lies in the order of its
			// primary key, where SQLite would otherwise keep the key a second time.
			text = strings.NewReplacer(` COLLATE "C"`, ``, `BYTEA`, `BLOB`).Replace(text)
			return comment.ReplaceAllString(text, "$1")
		},
		Statement: func(text string) string {
			text = comment.ReplaceAllString(text, "$1")
			// To SQLite $1 is a name, and the driver looks through all names for each value that it binds.
			text = placeholder.ReplaceAllLiteralString(text, "?")
			// So that a statement which is refused half way leaves nothing behind, SQLite copies every page
			// that it changes. Here the whole transaction is given up then, so the copies are for nothing.
			return insert.ReplaceAllLiteralString(text, "INSERT OR FAIL INTO ")
		},
		Duplicate: func(err error) bool { return code(err) == sqlite3.SQLITE_CONSTRAINT_UNIQUE },
	}
	if !o.NoBackup {
		d.Backup = func(ctx context.Context, db *sql.DB, from int) error { return backup(ctx, db, path, from) }
	}
	return d
}

// backup copies the store beside its file. VACUUM INTO sees one state, whoever writes meanwhile, and
// takes an empty file as its target, which is how the copy gets its mode before it gets its content.
func backup(ctx context.Context, db *sql.DB, path string, from int) error {
	name := fmt.Sprintf("%s.schema%d-%s", path, from, time.Now().UTC().Format("20060102T150405.000Z"))
	copied, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := copied.Close(); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, name); err != nil {
		return errors.Join(fmt.Errorf("copy to %s: %w", name, err), os.Remove(name))
	}
	return nil
}

// pool opens connections that are set up as the store needs them, apart from the journal mode, which
// lies in the file.
func pool(path string, busy time.Duration, size int, pragmas ...string) (*sql.DB, error) {
	pragmas = append([]string{
		// KiB of pages that a connection keeps. SQLite's own 2,000 fill up slowly as the file grows, in each
		// connection, and memory would grow with the number of links.
		"cache_size(-1024)",
		"busy_timeout(" + strconv.FormatInt(max(busy.Milliseconds(), 1), 10) + ")",
		"synchronous(FULL)",
		"foreign_keys(1)",
		"temp_store(MEMORY)",
	}, pragmas...)
	connector, err := sqlite.NewConnector(name(path, pragmas))
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

// name writes the path as a URI, so that a "?" or "%" in it stays part of the path. The file exists by
// now, and mode=rw keeps SQLite from making another when it was taken away meanwhile.
func name(path string, pragmas []string) string {
	slashes := filepath.ToSlash(path)
	if !strings.HasPrefix(slashes, "/") {
		slashes = "/" + slashes // a drive letter
	}
	uri := url.URL{Scheme: "file", Path: slashes}
	query := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_dqs": {"0"}, "_pragma": pragmas}
	return "file://" + uri.EscapedPath() + "?" + query.Encode()
}

// code returns SQLite's extended result code, or 0.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}
