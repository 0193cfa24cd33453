package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
)

// pool hands out sessions, each to one transaction at a time. Package database/sql pools connections
// too, but a statement of its pool is looked up, locked and closed again for each use in a
// transaction, which costs more than most statements of ours.
type pool struct {
	db     *sql.DB
	text   func(string) string // as the dialect writes statements
	free   chan struct{}       // holds one for each idle session
	closed chan struct{}

	mu sync.Mutex
	// idle ends with the one that was used last. It is taken first: its statements are prepared and its
	// cache is warm, and sessions that are not needed are never connected.
	idle []*session
}

func newPool(db *sql.DB, text func(string) string, size int) *pool {
	p := &pool{db: db, text: text, free: make(chan struct{}, size), closed: make(chan struct{})}
	for range size {
		p.put(&session{})
	}
	return p
}

func (p *pool) put(s *session) {
	p.mu.Lock()
	p.idle = append(p.idle, s)
	p.mu.Unlock()
	p.free <- struct{}{}
}

// pop returns an idle session, for which the caller has received from free.
func (p *pool) pop() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	s := p.idle[last]
	p.idle = p.idle[:last]
	return s
}

// take waits for a session that no transaction uses and sees to it that it is connected.
func (p *pool) take(ctx context.Context) (*session, error) {
	select {
	case <-p.closed:
		return nil, errClosed
	default:
	}
	select {
	case <-p.free:
		s := p.pop()
		if s.conn == nil {
			// The session keeps the connection beyond ctx; ctx bounds only the wait for it.
			conn, err := p.db.Conn(ctx)
			if err != nil {
				p.put(s)
				return nil, err
			}
			*s = session{conn: conn, text: p.text, prepared: map[string]*sql.Stmt{}}
		}
		return s, nil
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// give takes a session back. A broken one is disconnected and connects again when it is needed.
func (p *pool) give(s *session) {
	if s.broken {
		_ = s.close()
		*s = session{}
	}
	p.put(s)
}

// close refuses new transactions, waits for those that run and disconnects.
func (p *pool) close() error {
	close(p.closed)
	var errs []error
	for range cap(p.free) {
		<-p.free
		errs = append(errs, p.pop().close())
	}
	return errors.Join(errs...)
}

// session is one connection and the statements that are prepared on it.
type session struct {
	conn     *sql.Conn
	text     func(string) string
	prepared map[string]*sql.Stmt
	broken   bool
}

func (s *session) statement(query string) (*sql.Stmt, error) {
	if stmt, ok := s.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), s.text(query))
	if err != nil {
		return nil, err
	}
	s.prepared[query] = stmt
	return stmt, nil
}

// exec runs a statement that is not part of a transaction: BEGIN, COMMIT.
func (s *session) exec(ctx context.Context, query string) error {
	stmt, err := s.statement(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx)
	return err
}

// begin gives the session up when it fails: whether the transaction runs is then unknown, because a
// driver may report a context that ended together with a BEGIN that took effect.
func (s *session) begin(ctx context.Context, query string) error {
	err := s.exec(ctx, query)
	s.broken = s.broken || err != nil
	return err
}

func (s *session) rollBack() {
	err := s.exec(context.Background(), "ROLLBACK")
	s.broken = s.broken || err != nil
}

func (s *session) close() error {
	if s.conn == nil {
		return nil
	}
	for _, stmt := range s.prepared {
		_ = stmt.Close()
	}
	if s.broken {
		// The pool beneath must not hand the connection to anybody else: whatever still runs on it
		// ends with it.
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	err := s.conn.Close()
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
