package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync/store"
)

func mustKey(t *testing.T, id string) store.Key {
	t.Helper()
	key, err := store.NewKey(id)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func mustRing(t *testing.T, primary store.Key, others ...store.Key) *store.Keyring {
	t.Helper()
	ring, err := store.NewKeyring(primary, others...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func TestKeyringOpensWhatItSealed(t *testing.T) {
	t.Parallel()
	var sealer store.Sealer = mustRing(t, mustKey(t, "2026-03"))
	for _, plain := range []string{"", "x", strings.Repeat("body", 10_000)} {
		for _, context := range []string{"", "batch 17"} {
			sealed, err := sealer.Seal([]byte(plain), []byte(context))
			if err != nil {
				t.Fatal(err)
			}
			if plain != "" && len(plain) > 1 && bytes.Contains(sealed, []byte(plain)) {
				t.Error("the sealed value holds the plain one")
			}
			// The form: format, length of the id, id, nonce of 12 bytes, text, tag of 16 bytes.
			if want := 2 + len("2026-03") + 12 + len(plain) + 16; len(sealed) != want {
				t.Errorf("%d bytes, want %d", len(sealed), want)
			}
			if !bytes.HasPrefix(sealed, []byte("\x01\x072026-03")) {
				t.Errorf("begins with %q", sealed[:9])
			}
			got, err := sealer.Open(sealed, []byte(context))
			if err != nil || string(got) != plain {
				t.Errorf("opened %d bytes, %v; want %d", len(got), err, len(plain))
			}
		}
	}
	a, _ := sealer.Seal([]byte("same"), nil)
	b, _ := sealer.Seal([]byte("same"), nil)
	if bytes.Equal(a, b) {
		t.Error("the same value was sealed to the same bytes twice: the nonce is not random")
	}
}

func TestKeyringRefuses(t *testing.T) {
	t.Parallel()
	key := mustKey(t, "k")
	ring := mustRing(t, key)
	sealed, err := ring.Seal([]byte("secret"), []byte("tenant 1"))
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, ring *store.Keyring, sealed []byte, context string) {
		t.Helper()
		plain, err := ring.Open(sealed, []byte(context))
		if !errors.Is(err, store.ErrUnsealed) || plain != nil {
			t.Errorf("%s: got %q and error %v", name, plain, err)
		}
	}
	refused("another context", ring, sealed, "tenant 2")
	refused("no context", ring, sealed, "")
	refused("another ring", mustRing(t, mustKey(t, "other")), sealed, "tenant 1")
	refused("another key of the same id", mustRing(t, mustKey(t, "k")), sealed, "tenant 1")
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		refused(fmt.Sprintf("byte %d changed", i), ring, changed, "tenant 1")
		refused(fmt.Sprintf("cut to %d bytes", i), ring, sealed[:i], "tenant 1")
	}
	// The border between the head and the context belongs to neither.
	refused("context that begins with the head", ring, sealed, "\x01\x01ktenant 1")
}

func TestKeyringRotation(t *testing.T) {
	t.Parallel()
	old, fresh := mustKey(t, "2025"), mustKey(t, "2026")
	sealed, err := mustRing(t, old).Seal([]byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	ring := mustRing(t, fresh, old)
	if plain, err := ring.Open(sealed, nil); err != nil || string(plain) != "secret" {
		t.Errorf("opened %q, %v", plain, err)
	}
	again, err := ring.Seal([]byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := ring.KeyID(again); !ok || id != "2026" {
		t.Errorf("sealed with %q", id)
	}
	if id, ok := ring.KeyID(sealed); !ok || id != "2025" {
		t.Errorf("the old value says %q", id)
	}
	if _, err := mustRing(t, old).Open(again, nil); !errors.Is(err, store.ErrUnsealed) {
		t.Errorf("the old key opens what the new one sealed: %v", err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	key := mustKey(t, "2026-03_a")
	parsed, err := store.ParseKey(" " + key.Secret() + "\n")
	if err != nil || parsed != key {
		t.Errorf("parsed %v, %v", parsed, err)
	}
	secret := strings.TrimPrefix(key.Secret(), "2026-03_a:")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if said := fmt.Sprintf(format, key); strings.Contains(said, secret) || said != "key 2026-03_a" {
			t.Errorf("%s prints %s", format, said)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "no colon": secret, "no id": ":" + secret, "bad id": "A b:" + secret, "long id": strings.Repeat("a", 33) + ":" + secret,
		"not base64": "k:" + secret[:len(secret)-2] + "!!", "short": "k:AAAA", "long": "k:" + strings.Repeat("A", 48),
	} {
		_, err := store.ParseKey(text)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), secret[:10]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
	if _, err := store.NewKey(""); err == nil {
		t.Error("a key without an id was made")
	}
	if _, err := store.NewKeyring(store.Key{}); err == nil {
		t.Error("a ring with the zero key was made")
	}
	if _, err := store.NewKeyring(key, mustKey(t, "2026-03_a")); err == nil {
		t.Error("a ring with two keys of one id was made")
	}
}

func ExampleKeyring() {
	key, err := store.NewKey("2026-03")
	if err != nil {
		fmt.Println(err)
		return
	}
	ring, err := store.NewKeyring(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := ring.Seal([]byte("refresh token"), []byte("tenant 9"))
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, err := ring.Open(sealed, []byte("tenant 9"))
	fmt.Printf("%s %v\n", plain, err)
	_, err = ring.Open(sealed, []byte("tenant 10"))
	fmt.Println(err)
	// Output:
	// refresh token <nil>
	// store: sealed value does not open: it was changed, or belongs to something else
}
