package sqlstore

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/invoicesync/invoicesync/store"
)

type documents struct {
	t    *tx
	room string
}

func (d documents) Get(key string) (store.Document, bool, error) {
	if err := d.t.reading(); err != nil {
		return store.Document{}, false, err
	}
	doc := store.Document{Key: key}
	found, err := d.t.one(`SELECT version, value FROM invoicesync_documents WHERE room = $1 AND name = $2`,
		[]any{d.room, key}, &doc.Version, &doc.Value)
	if err != nil {
		return store.Document{}, false, d.failed("get", key, err)
	}
	if !found {
		return store.Document{}, false, nil
	}
	return doc, true, nil
}

func (d documents) Put(key string, value []byte, version int64) error {
	if err := d.t.writing(); err != nil {
		return err
	}
	if d.room == "" || key == "" {
		return d.t.fail("document %q of room %q: a room and a key are needed", key, d.room)
	}
	if value == nil {
		value = []byte{} // nil would be NULL
	}
	if version == store.AnyVersion {
		_, err := d.t.exec(`INSERT INTO invoicesync_documents (room, name, version, value) VALUES ($1, $2, 1, $3)
			ON CONFLICT (room, name) DO UPDATE SET version = invoicesync_documents.version + 1, value = excluded.value`,
			d.room, key, value)
		if err != nil {
			return d.failed("put", key, err)
		}
		return nil
	}
	have, err := d.version(key)
	if err != nil {
		return err
	}
	if version != have {
		return d.conflict(key, version, have)
	}
	_, err = d.t.exec(`INSERT INTO invoicesync_documents (room, name, version, value) VALUES ($1, $2, $3, $4)
		ON CONFLICT (room, name) DO UPDATE SET version = excluded.version, value = excluded.value`,
		d.room, key, have+1, value)
	if err != nil {
		return d.failed("put", key, err)
	}
	return nil
}

func (d documents) Delete(key string, version int64) error {
	if err := d.t.writing(); err != nil {
		return err
	}
	if version != store.AnyVersion {
		have, err := d.version(key)
		if err != nil {
			return err
		}
		if version != have {
			return d.conflict(key, version, have)
		}
	}
	if _, err := d.t.exec(`DELETE FROM invoicesync_documents WHERE room = $1 AND name = $2`, d.room, key); err != nil {
		return d.failed("delete", key, err)
	}
	return nil
}

// The statements of Scan. They have one bound only: with two, a database may begin at the wrong one and
// read up to the other.
const (
	scanFrom  = `SELECT name, version, value FROM invoicesync_documents WHERE room = $1 AND name >= $2 ORDER BY name`
	scanAfter = `SELECT name, version, value FROM invoicesync_documents WHERE room = $1 AND name > $2 ORDER BY name`
)

// limited puts a limit of atMost behind one of them, mostly without building a text.
func limited(head string, limit int) string {
	switch {
	case head == scanFrom && limit == 1:
		return scanFrom + ` LIMIT 1`
	case head == scanFrom && limit == 20:
		return scanFrom + ` LIMIT 20`
	}
	return head + ` LIMIT ` + strconv.Itoa(limit)
}

func (d documents) Scan(prefix, after string, limit int) ([]store.Document, error) {
	if err := d.t.reading(); err != nil {
		return nil, err
	}
	// The end of the prefix is seen here and not asked for: the next text in byte order need not be
	// valid UTF-8, which PostgreSQL refuses. So that a database which sends all at once does not send
	// the rest of the room, it is asked in portions.
	const portion = 1000
	var found []store.Document
	head, from := scanFrom, prefix
	for {
		if after >= prefix && after != "" {
			head, from = scanAfter, after
		}
		size := portion
		if limit > 0 {
			size = atMost(min(portion, limit-len(found)))
		}
		n, ended := 0, false
		err := d.t.query(limited(head, size), []any{d.room, from},
			func(rows *sql.Rows) error {
				var doc store.Document
				if err := rows.Scan(&doc.Key, &doc.Version, &doc.Value); err != nil {
					return err
				}
				if !strings.HasPrefix(doc.Key, prefix) {
					ended = true
					return errEnough
				}
				found, after, n = append(found, doc), doc.Key, n+1
				if len(found) == limit {
					return errEnough
				}
				return nil
			})
		if err != nil {
			return nil, d.failed("scan", prefix, err)
		}
		if ended || n < size || limit > 0 && len(found) == limit {
			return found, nil
		}
	}
}

// version returns the document's version, 0 when there is none.
func (d documents) version(key string) (version int64, err error) {
	_, err = d.t.one(`SELECT version FROM invoicesync_documents WHERE room = $1 AND name = $2`, []any{d.room, key}, &version)
	if err != nil {
		return 0, d.failed("get", key, err)
	}
	return version, nil
}

func (d documents) failed(verb, key string, err error) error {
	return d.t.fail("%s document %q of room %q: %w", verb, key, d.room, err)
}

func (d documents) conflict(key string, want, have int64) error {
	return fmt.Errorf("sqlstore: document %q of room %q is at version %d, not %d: read it again: %w",
		key, d.room, have, want, store.ErrConflict)
}
