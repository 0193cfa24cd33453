package quickbooksfake

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// LoadDir loads every *.json file of a folder, in the order of their names, see [Books.Load].
func (b *Books) LoadDir(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return fmt.Errorf("quickbooksfake: load %s: %w", dir, err)
	}
	if len(files) == 0 {
		return fmt.Errorf("quickbooksfake: load %s: it holds no *.json file", dir)
	}
	slices.Sort(files)
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("quickbooksfake: load: %w", err)
		}
		err = b.Load(file)
		if closing := file.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Load loads the records of one saved answer of the API: of a query, or of reading one record. Records are
// taken as they are, ids, tokens, totals and times included: nothing is checked or computed. Entities that
// the fake does not have are passed over.
func (b *Books) Load(r io.Reader) error {
	var top map[string]json.RawMessage
	if err := json.NewDecoder(r).Decode(&top); err != nil {
		return fmt.Errorf("quickbooksfake: load: %w", err)
	}
	if inside, ok := top["QueryResponse"]; ok {
		top = nil
		if err := json.Unmarshal(inside, &top); err != nil {
			return fmt.Errorf("quickbooksfake: load: %w", err)
		}
	}
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	c := &change{Realm: b.company.RealmID, IDs: map[string]int64{}}
	for _, name := range sortedKeys(top) {
		k, ok := b.f.kinds[name]
		if !ok {
			continue
		}
		list := []json.RawMessage{top[name]}
		if len(top[name]) > 0 && top[name][0] == '[' {
			if err := json.Unmarshal(top[name], &list); err != nil {
				return fmt.Errorf("quickbooksfake: load %s: %w", name, err)
			}
		}
		for i, data := range list {
			rec := k.make()
			if err := json.Unmarshal(data, rec); err != nil {
				return fmt.Errorf("quickbooksfake: load %s[%d]: %w", name, i, err)
			}
			id := rec.head().ID
			if id == "" {
				return fmt.Errorf("quickbooksfake: load %s[%d]: it has no Id", name, i)
			}
			// Ids of their own kind, like those of new accounts, do not lift the counter.
			if n, err := strconv.ParseInt(id, 10, 64); err == nil && (k.ids == "account" || n < 1_000_000_000) {
				c.IDs[k.ids] = max(c.IDs[k.ids], n)
			}
			if n, err := strconv.ParseInt(docNumber(rec), 10, 64); err == nil && n < 1_000_000_000 {
				c.Number = max(c.Number, n)
			}
			c.Put = append(c.Put, entry{name, rec})
		}
	}
	slices.SortStableFunc(c.Put, func(x, y entry) int {
		return x.Record.head().MetaData.LastUpdatedTime.Compare(y.Record.head().MetaData.LastUpdatedTime)
	})
	if err := b.f.commit(c); err != nil {
		return err
	}
	for _, t := range b.tables {
		t.byChange()
	}
	return nil
}
