package storetest

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/store"
)

func (s *suite) scan(prefix, after string, limit int) (keys []string) {
	s.Helper()
	s.view(func(tx store.Tx) error {
		docs, err := tx.Documents("r").Scan(prefix, after, limit)
		for _, d := range docs {
			keys = append(keys, d.Key)
		}
		return err
	})
	return keys
}

func documentCases() []Case {
	return []Case{
		{
			Name: "documents/compare and swap",
			Rule: "Put writes value if the document's version is version (0: it must not exist yet; AnyVersion: whatever), else ErrConflict; Version: from 1, rises with every Put",
			Why:  "two refreshers of one token must not both store theirs: the loser's is dead",
			run: func(s *suite) {
				put := func(version int64, value string) (err error) {
					s.update(func(tx store.Tx) error {
						err = tx.Documents("r").Put("k", []byte(value), version)
						return nil
					})
					return err
				}
				is := func(value string, version int64) {
					s.Helper()
					doc, ok := s.document("r", "k")
					same(s, ok, true, "the document is there")
					same(s, doc.Key, "k", "key")
					same(s, string(doc.Value), value, "value")
					same(s, doc.Version, version, "version")
				}
				s.is(put(1, "x"), store.ErrConflict, "put version 1 of a document that is not there")
				_, ok := s.document("r", "k")
				same(s, ok, false, "the document is there")
				s.must(put(0, "one"), "put a new document")
				is("one", 1)
				s.is(put(0, "x"), store.ErrConflict, "put a new document over one that is there")
				s.is(put(2, "x"), store.ErrConflict, "put over a version that is not there yet")
				is("one", 1)
				s.must(put(1, "two"), "put over version 1")
				is("two", 2)
				s.is(put(1, "x"), store.ErrConflict, "put over a version that is gone")
				s.must(put(store.AnyVersion, "three"), "put over any version")
				is("three", 3)
			},
		},
		{
			Name: "documents/delete",
			Rule: "Delete removes it under the same rule; removing what is not there is no error with AnyVersion. A key that comes back starts at version 1 again",
			Why:  "a step that runs twice deletes twice, and must not delete what has changed meanwhile",
			run: func(s *suite) {
				remove := func(version int64) (err error) {
					s.update(func(tx store.Tx) error {
						err = tx.Documents("r").Delete("k", version)
						return nil
					})
					return err
				}
				s.must(remove(store.AnyVersion), "delete what was never there")
				s.is(remove(1), store.ErrConflict, "delete version 1 of what was never there")
				s.putDocument("r", "k", "1")
				s.putDocument("r", "k", "2")
				s.is(remove(1), store.ErrConflict, "delete a version that is gone")
				s.is(remove(0), store.ErrConflict, "delete as if it were not there")
				s.must(remove(2), "delete")
				_, ok := s.document("r", "k")
				same(s, ok, false, "the document is there")
				s.must(remove(store.AnyVersion), "delete twice")
				s.putDocument("r", "k", "3")
				doc, _ := s.document("r", "k")
				same(s, doc.Version, int64(1), "version of a document that came back")
			},
		},
		{
			Name: "documents/rooms apart",
			Rule: "Documents returns the drawer of a room",
			Why:  "one room's key must not open another's token",
			run: func(s *suite) {
				for _, room := range []string{"r", "R", "r2"} {
					s.putDocument(room, "k", room)
				}
				for _, room := range []string{"r", "R", "r2"} {
					doc, _ := s.document(room, "k")
					same(s, string(doc.Value), room, "document of room %q", room)
				}
				same(s, len(s.scan("", "", 0)), 1, "documents of one room")
				s.update(func(tx store.Tx) error { return tx.Documents("r").Delete("k", store.AnyVersion) })
				_, ok := s.document("R", "k")
				same(s, ok, true, "the document of another room is still there")
			},
		},
		{
			Name: "documents/byte order",
			Rule: "Scan returns documents … in byte order of keys",
			Why:  "keys hold times and numbers; an outbox that follows another order starves what sorts last",
			run: func(s *suite) {
				for _, key := range shuffled(bytewise) {
					s.putDocument("r", key, "v "+key)
				}
				if got := s.scan("", "", 0); !slices.Equal(got, bytewise) {
					s.bad("got %q, want %q", got, bytewise)
				}
				// New keys between old ones, and after some were removed.
				s.putDocument("r", "aaa", "")
				s.update(func(tx store.Tx) error { return tx.Documents("r").Delete("aa", store.AnyVersion) })
				want := slices.Clone(bytewise)
				want[slices.Index(want, "aa")] = "aaa"
				if got := s.scan("", "", 0); !slices.Equal(got, want) {
					s.bad("after changes: got %q, want %q", got, want)
				}
			},
		},
		{
			Name: "documents/scan",
			Rule: "Scan returns documents whose key starts with prefix and lies after the key after (\"\": from the start), at most limit (0: all)",
			Why:  "a page that begins one too late loses one; a prefix that is a pattern finds what belongs to others",
			run: func(s *suite) {
				keys := []string{"a", "a%", "a%b", "a_", "a_b", "ab", "aé", "aéb", "b", "é", "éa"}
				slices.Sort(keys)
				for _, key := range keys {
					s.putDocument("r", key, key)
				}
				for _, prefix := range []string{"", "a", "a%", "a_", "aé", "é", "A", "ab", "c", "a_b_"} {
					for _, after := range append([]string{"", "0", "zz", "aa"}, keys...) {
						for _, limit := range []int{0, 1, 2, 100} {
							var want []string
							for _, key := range keys {
								if strings.HasPrefix(key, prefix) && key > after && (limit == 0 || len(want) < limit) {
									want = append(want, key)
								}
							}
							if got := s.scan(prefix, after, limit); !slices.Equal(got, want) {
								s.bad("prefix %q after %q limit %d: got %q, want %q", prefix, after, limit, got, want)
							}
						}
					}
				}
			},
		},
		{
			Name: "documents/values",
			Rule: "Documents is a drawer of one room: small values",
			Why:  "a sealed value is any bytes; one that changes on the way does not open",
			run: func(s *suite) {
				every := make([]byte, 256)
				for i := range every {
					every[i] = byte(i)
				}
				for name, value := range map[string][]byte{
					"nil": nil, "empty": {}, "zero": {0}, "every byte": every, "text": []byte("12.30"), "large": bytes.Repeat(every, 4096),
				} {
					s.putDocument("r", name, string(value))
					doc, ok := s.document("r", name)
					same(s, ok, true, "the document %s is there", name)
					if !bytes.Equal(doc.Value, value) {
						s.bad("value %s of %d bytes came back with %d and different", name, len(value), len(doc.Value))
					}
				}
				s.update(func(tx store.Tx) error { return tx.Documents("r").Put("nil", nil, store.AnyVersion) })
				doc, ok := s.document("r", "nil")
				same(s, ok && len(doc.Value) == 0, true, "a value that is nil comes back as nothing")
			},
		},
		{
			Name: "documents/copied",
			Rule: "What goes in and out is copied",
			Why:  "a caller that reuses its slices would rewrite what is remembered, outside of any transaction",
			run: func(s *suite) {
				value := []byte("value")
				s.update(func(tx store.Tx) error {
					err := tx.Documents("r").Put("k", value, 0)
					value[0] = 'X'
					return err
				})
				value[1] = 'X'
				doc, _ := s.document("r", "k")
				same(s, string(doc.Value), "value", "value after the caller changed what it had put")
				doc.Value[0] = 'Y'
				s.view(func(tx store.Tx) error {
					docs, err := tx.Documents("r").Scan("", "", 0)
					s.must(err, "scan")
					same(s, string(docs[0].Value), "value", "value after the caller changed what it had got")
					docs[0].Value[0] = 'Z'
					return nil
				})
				doc, _ = s.document("r", "k")
				same(s, string(doc.Value), "value", "value after the caller changed what it had scanned")
			},
		},
		{
			Name: "documents/rolled back",
			Rule: "An error of f rolls back",
			Why:  "a document that is back in part, at another version or place, is a conflict that nobody caused",
			run: func(s *suite) {
				s.putDocument("r", "b", "old")
				s.putDocument("r", "c", "kept")
				no := errors.New("no")
				err := s.store.Update(s.Context(), func(tx store.Tx) error {
					drawer := tx.Documents("r")
					s.must(drawer.Put("a", nil, 0), "put")
					s.must(drawer.Put("b", []byte("new"), 1), "put")
					s.must(drawer.Put("b", []byte("newer"), 2), "put")
					s.must(drawer.Delete("c", 1), "delete")
					s.must(drawer.Put("c", []byte("again"), 0), "put")
					s.must(drawer.Delete("b", 3), "delete")
					docs, err := drawer.Scan("", "", 0)
					s.must(err, "scan")
					same(s, len(docs), 2, "documents seen in the transaction")
					return no
				})
				s.is(err, no, "update")
				if got := s.scan("", "", 0); !slices.Equal(got, []string{"b", "c"}) {
					s.bad("keys: got %q, want b and c", got)
				}
				for key, want := range map[string]string{"b": "old", "c": "kept"} {
					doc, _ := s.document("r", key)
					same(s, string(doc.Value), want, "value of %s", key)
					same(s, doc.Version, int64(1), "version of %s", key)
				}
			},
		},
	}
}
