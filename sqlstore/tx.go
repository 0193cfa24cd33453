package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/invoicesync/invoicesync/store"
)

// tx is one transaction.
type tx struct {
	ctx      context.Context // asked between statements; a statement that has begun runs to its end
	store    *Store
	session  *session
	writes   bool
	ended    bool
	failed   error
	newPairs map[store.Pair]int64
}

func (t *tx) Links() store.Links       { return links{t} }
func (t *tx) Batches() store.Batches   { return batches{t} }
func (t *tx) Cursors() store.Cursors   { return cursors{t} }
func (t *tx) Activity() store.Activity { return activity{t} }
func (t *tx) Leases() store.Leases     { return leases{t} }
func (t *tx) Budgets() store.Budgets   { return budgets{t} }
func (t *tx) Documents(room string) store.Documents {
	return documents{t, room}
}

// fail makes sure that nothing is committed even if the caller passes over err.
func (t *tx) fail(format string, args ...any) error {
	err := fmt.Errorf("sqlstore: "+format, args...)
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// reading and writing must be asked before anything else.
func (t *tx) reading() error {
	if t.ended {
		return errEnded
	}
	if err := t.ctx.Err(); err != nil {
		return t.fail("transaction given up: %w", err)
	}
	return nil
}

func (t *tx) writing() error {
	if err := t.reading(); err != nil {
		return err
	}
	if !t.writes {
		t.failed = errView
		return errView
	}
	return nil
}

// exec runs a statement. It does not use the transaction's context: a driver watches a context that can
// end with a goroutine for each statement, which costs more than the statement.
func (t *tx) exec(query string, args ...any) (int64, error) {
	stmt, err := t.session.statement(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query calls scan for every row; scan may return errEnough to stop.
func (t *tx) query(query string, args []any, scan func(*sql.Rows) error) (err error) {
	stmt, err := t.session.statement(query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans the only row of the answer and reports whether there is one.
func (t *tx) one(query string, args []any, to ...any) (found bool, err error) {
	err = t.query(query, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(to...)
	})
	return found, err
}

var errEnough = errors.New("sqlstore: enough rows")

// boxed makes texts into arguments. One that comes again and again, row by row, is made into one once.
type boxed struct {
	text  string
	value any
}

func (b *boxed) of(s string) any {
	if b.value == nil || b.text != s {
		b.text, b.value = s, s
	}
	return b.value
}

// groups are the numbers of rows that one statement writes. A few sizes, so that few statements have to
// be prepared; 50 and 30 records are what ledgers take at once.
var groups = [...]int{50, 10, 1}

// insert writes n rows with as few statements as the groups allow: head, then a parenthesis with
// columns placeholders for each row, then tail. row appends the values of row i.
func (t *tx) insert(head string, columns int, tail string, n int, row func(i int, args []any) []any) (affected int64, err error) {
	args := make([]any, 0, columns*min(n, groups[0]))
	for i := 0; i < n; {
		size := 1
		for _, g := range groups {
			if n-i >= g {
				size = g
				break
			}
		}
		args = args[:0]
		for range size {
			args = row(i, args)
			i++
		}
		done, err := t.exec(t.store.texts.get(textKey{head, columns, size, tail}), args...)
		if err != nil {
			return affected, err
		}
		affected += done
	}
	return affected, nil
}

// lookUp asks head + "($k, …)" + tail for all of the ids. Lists are filled up with the last id to one of
// a few lengths, for the same reason.
func (t *tx) lookUp(head string, fixed []any, ids []string, scan func(*sql.Rows) error) error {
	const most = 100
	args := make([]any, 0, len(fixed)+min(len(ids), most))
	for len(ids) > 0 {
		size := most
		for _, fewer := range [...]int{1, 10, 50} {
			if len(ids) <= fewer {
				size = fewer
				break
			}
		}
		args = append(args[:0], fixed...)
		for i := range size {
			args = append(args, ids[min(i, len(ids)-1)])
		}
		if err := t.query(t.store.texts.get(textKey{head, -len(fixed), size, ""}), args, scan); err != nil {
			return err
		}
		ids = ids[min(size, len(ids)):]
	}
	return nil
}

// where collects conditions and their arguments.
type where struct {
	text strings.Builder
	args []any
}

// and adds a condition; each ? in it becomes the placeholder of the next argument.
func (w *where) and(condition string, args ...any) {
	if w.text.Len() > 0 {
		w.text.WriteString(" AND ")
	}
	w.add(condition, args...)
}

func (w *where) add(text string, args ...any) {
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		w.args = append(w.args, arg)
		w.text.WriteString(before + "$" + strconv.Itoa(len(w.args)))
		text = after
	}
	w.text.WriteString(text)
}
