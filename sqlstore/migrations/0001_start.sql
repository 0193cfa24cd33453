-- The first schema. It is valid PostgreSQL as it stands. A dialect may rewrite three things and nothing
-- else: the collation "C" (byte order), the type BYTEA, and comments that begin with "sqlite:".
-- Keys are TEXT, instants are BIGINT (microseconds since 1970, of activity milliseconds), everything
-- that is never searched for lies in body (see codec.go).

-- Two organisations, once, so that links and rows need a number only.
CREATE TABLE invoicesync_pairs (
	id            BIGINT NOT NULL PRIMARY KEY,
	source_vendor TEXT NOT NULL,
	source_id     TEXT NOT NULL,
	ledger_vendor TEXT NOT NULL,
	ledger_id     TEXT NOT NULL,
	UNIQUE (source_vendor, source_id, ledger_vendor, ledger_id)
);

CREATE TABLE invoicesync_links (
	pair       BIGINT NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,
	source_id  TEXT COLLATE "C" NOT NULL,
	generation BIGINT NOT NULL,
	mark       TEXT NOT NULL,
	state      TEXT NOT NULL,
	ledger_id  TEXT NOT NULL,
	parent     TEXT NOT NULL,
	run        TEXT NOT NULL,
	batch      TEXT NOT NULL,
	reasons    BIGINT NOT NULL, -- how many
	body       BYTEA NOT NULL,
	PRIMARY KEY (pair, kind, source_id, generation)
) /* sqlite: WITHOUT ROWID */;

CREATE UNIQUE INDEX invoicesync_links_mark ON invoicesync_links (mark) WHERE mark <> '';
CREATE INDEX invoicesync_links_end ON invoicesync_links (ledger_id, kind) WHERE ledger_id <> '';
CREATE INDEX invoicesync_links_parent ON invoicesync_links (parent, pair) WHERE parent <> '';
-- Few links are open at a time, so this index stays small and costs a written link nothing.
CREATE INDEX invoicesync_links_open ON invoicesync_links (pair, state, kind, source_id)
	WHERE state IN ('deferred', 'intended', 'parked', 'refused', 'uncertain');
-- Written links that somebody must look at all the same, few among very many.
CREATE INDEX invoicesync_links_attention ON invoicesync_links (pair, kind, source_id)
	WHERE state = 'written' AND reasons > 0;

CREATE TABLE invoicesync_batches (
	id   TEXT NOT NULL PRIMARY KEY,
	seq  BIGINT NOT NULL,
	pair BIGINT NOT NULL,
	kind TEXT NOT NULL,
	body BYTEA NOT NULL
);

CREATE TABLE invoicesync_cursors (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE invoicesync_activity (
	seq       BIGINT NOT NULL PRIMARY KEY,
	at        BIGINT NOT NULL,
	pair      BIGINT NOT NULL,
	run       TEXT NOT NULL,
	event     TEXT NOT NULL,
	source_id TEXT NOT NULL,
	ledger_id TEXT NOT NULL,
	body      BYTEA NOT NULL
) /* sqlite: WITHOUT ROWID */;

CREATE INDEX invoicesync_activity_source ON invoicesync_activity (source_id) WHERE source_id <> '';
CREATE INDEX invoicesync_activity_ledger ON invoicesync_activity (ledger_id) WHERE ledger_id <> '';

-- Where a run's rows lie. The rows of a run lie close together, and one line here is much cheaper than
-- an entry of an index for each of them.
CREATE TABLE invoicesync_runs (
	run       TEXT NOT NULL PRIMARY KEY,
	first_seq BIGINT NOT NULL,
	last_seq  BIGINT NOT NULL
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE invoicesync_leases (
	name       TEXT NOT NULL PRIMARY KEY,
	owner      TEXT NOT NULL, -- '': given up
	token      BIGINT NOT NULL,
	held_until BIGINT NOT NULL
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE invoicesync_budgets (
	name TEXT NOT NULL,
	at   BIGINT NOT NULL,
	n    BIGINT NOT NULL,
	PRIMARY KEY (name, at)
) /* sqlite: WITHOUT ROWID */;

CREATE TABLE invoicesync_documents (
	room    TEXT NOT NULL,
	name    TEXT COLLATE "C" NOT NULL,
	version BIGINT NOT NULL,
	value   BYTEA NOT NULL,
	PRIMARY KEY (room, name)
) /* sqlite: WITHOUT ROWID */;
