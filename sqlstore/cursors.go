package sqlstore

type cursors struct{ t *tx }

func (c cursors) Get(name string) (string, error) {
	if err := c.t.reading(); err != nil {
		return "", err
	}
	var value string
	if _, err := c.t.one(`SELECT value FROM invoicesync_cursors WHERE name = $1`, []any{name}, &value); err != nil {
		return "", c.t.fail("get cursor %q: %w", name, err)
	}
	return value, nil
}

func (c cursors) Set(name, value string) error {
	if err := c.t.writing(); err != nil {
		return err
	}
	_, err := c.t.exec(`INSERT INTO invoicesync_cursors (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return c.t.fail("set cursor %q: %w", name, err)
	}
	return nil
}
