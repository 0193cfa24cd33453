package sqlstore

import (
	"context"
	"database/sql"
)

// Dialect is what one kind of database does differently. The statements are the same for all; they are
// written for PostgreSQL in words that SQLite knows as well. Their placeholders are $1, $2, … in that
// order, each once, and "$" stands for nothing else. What one database alone understands stands in a
// comment: /* sqlite: WITHOUT ROWID */.
type Dialect struct {
	// Name is how errors speak of the database: "sqlite".
	Name string

	// Begin and BeginView are the statements that begin a transaction that writes and one that only
	// reads. Two transactions begun with Begin must be serializable against each other, and one begun
	// with BeginView must see one state.
	Begin     string
	BeginView string

	// Durable says that a commit survives the death of the machine.
	Durable bool

	// Schema rewrites the text of a migration for the database; nil: it is right as it stands.
	Schema func(text string) string

	// Statement rewrites a statement before it is prepared; nil: it is right as it stands.
	Statement func(text string) string

	// Duplicate reports whether err says that a unique index refused a row.
	Duplicate func(err error) bool

	// Again reports whether err says that a transaction lost against another and may be run once
	// more; nil: that does not happen.
	Again func(err error) bool

	// Backup keeps a copy of a store of schema from before it is migrated; nil: the operator of the
	// database does. An error stops the migration.
	Backup func(ctx context.Context, db *sql.DB, from int) error
}

func (d Dialect) schema(text string) string {
	if d.Schema == nil {
		return text
	}
	return d.Schema(text)
}

func (d Dialect) statement(text string) string {
	if d.Statement == nil {
		return text
	}
	return d.Statement(text)
}

func (d Dialect) again(err error) bool { return d.Again != nil && d.Again(err) }

func (d Dialect) duplicate(err error) bool { return d.Duplicate != nil && d.Duplicate(err) }
