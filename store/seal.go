package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Sealer keeps secrets unreadable at rest: request bodies with people's names, tokens. The context says
// what the secret belongs to ("batch 17", "tokens of tenant 9"); what was sealed under one context must
// not open under another, so that nobody can move a secret to where it does not belong.
//
// Implementations must be safe for concurrent use and must not keep the slices. [Keyring] is one.
type Sealer interface {
	// Seal encrypts plain and ties it to context.
	Seal(plain, context []byte) ([]byte, error)
	// Open returns what was sealed, or an error: wrong context, unknown key, or not as it was sealed.
	Open(sealed, context []byte) ([]byte, error)
}

// ErrUnsealed says that a sealed value does not open: it was sealed with a key that the keyring does not have,
// under another context, or has been changed.
var ErrUnsealed = errors.New("store: sealed value does not open")

// Key is a secret key of 256 bits with a name that may be public. The zero Key is invalid. Printing a
// Key shows its id only.
type Key struct {
	id     string
	secret [keyBytes]byte
}

const (
	keyBytes   = 32
	keyIDLimit = 32
)

// NewKey makes a random key. The id tells the keys of a ring apart and is written in clear in front of
// what is sealed: 1 to 32 characters of a–z, 0–9, "-", "_". The date of making is a good one.
func NewKey(id string) (Key, error) {
	if err := checkKeyID(id); err != nil {
		return Key{}, err
	}
	k := Key{id: id}
	// Since Go 1.24 crypto/rand.Read never returns an error.
	_, _ = rand.Read(k.secret[:])
	return k, nil
}

// ParseKey reads what [Key.Secret] gave: "id:" and 32 bytes in standard base64. Keep it where the
// service keeps its other secrets, never in the database that the ring seals for.
func ParseKey(text string) (Key, error) {
	id, encoded, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok {
		// The text is not shown: it may be a key that only lacks its id.
		return Key{}, errors.New(`store: a key must read "id:base64 of 32 bytes"; there is no colon`)
	}
	if err := checkKeyID(id); err != nil {
		return Key{}, err
	}
	secret, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Key{}, fmt.Errorf("store: key %q: the part after the colon is not standard base64", id)
	}
	if len(secret) != keyBytes {
		return Key{}, fmt.Errorf("store: key %q: %d bytes, must be %d", id, len(secret), keyBytes)
	}
	k := Key{id: id}
	copy(k.secret[:], secret)
	return k, nil
}

func checkKeyID(id string) error {
	fits := func(c rune) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' }
	if id == "" || len(id) > keyIDLimit || strings.ContainsFunc(id, func(c rune) bool { return !fits(c) }) {
		return fmt.Errorf("store: a key's id must be 1 to %d characters of a-z, 0-9, - and _", keyIDLimit)
	}
	return nil
}

// ID returns the name of the key.
func (k Key) ID() string { return k.id }

// Secret returns the text that [ParseKey] reads. It is the secret itself.
func (k Key) Secret() string { return k.id + ":" + base64.StdEncoding.EncodeToString(k.secret[:]) }

// String returns the id, so that a key which is logged by mistake tells nothing.
func (k Key) String() string { return "key " + k.id }

// GoString as [Key.String].
func (k Key) GoString() string { return k.String() }

// Keyring seals with AES-256-GCM under its primary key and opens what any of its keys sealed. To
// change keys, make the new one primary and pass the old one as one of the others until everything
// that it sealed has been sealed anew or removed.
//
// A sealed value is: the byte 1 (format), the length of the key id in one byte, the key id, a random
// nonce of 12 bytes, the encrypted text, 16 bytes of authentication. Everything in front of the nonce is
// authenticated together with the context. With random nonces a key is good for 2^32 values
// (NIST SP 800-38D §8.3).
//
// A Keyring is safe for concurrent use.
type Keyring struct {
	primary string
	keys    map[string]cipher.AEAD
}

const sealFormat = 1

// NewKeyring returns a ring that seals with primary.
func NewKeyring(primary Key, others ...Key) (*Keyring, error) {
	ring := &Keyring{primary: primary.id, keys: make(map[string]cipher.AEAD, 1+len(others))}
	for _, key := range append([]Key{primary}, others...) {
		if key.id == "" {
			return nil, errors.New("store: keyring: a key is empty; make it with NewKey or ParseKey")
		}
		if _, twice := ring.keys[key.id]; twice {
			return nil, fmt.Errorf("store: keyring: two keys have the id %q", key.id)
		}
		block, err := aes.NewCipher(key.secret[:])
		if err != nil {
			return nil, fmt.Errorf("store: keyring: key %q: %w", key.id, err)
		}
		if ring.keys[key.id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("store: keyring: key %q: %w", key.id, err)
		}
	}
	return ring, nil
}

// Seal implements [Sealer].
func (r *Keyring) Seal(plain, context []byte) ([]byte, error) {
	aead := r.keys[r.primary]
	head := make([]byte, 0, 2+len(r.primary)+len(plain)+aead.Overhead())
	head = append(head, sealFormat, byte(len(r.primary)))
	head = append(head, r.primary...)
	return aead.Seal(head, nil, plain, bind(head, context)), nil
}

// Open implements [Sealer]. What does not open is [ErrUnsealed].
func (r *Keyring) Open(sealed, context []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != sealFormat || len(sealed) < 2+int(sealed[1]) {
		return nil, fmt.Errorf("%w: it is not a value that a keyring sealed", ErrUnsealed)
	}
	head, rest := sealed[:2+int(sealed[1])], sealed[2+int(sealed[1]):]
	aead, ok := r.keys[string(head[2:])]
	if !ok {
		return nil, fmt.Errorf("%w: the ring has no key %q; pass the key that sealed it as one of the others", ErrUnsealed, head[2:])
	}
	plain, err := aead.Open(nil, nil, rest, bind(head, context))
	if err != nil {
		return nil, fmt.Errorf("%w: it was changed, or belongs to something else", ErrUnsealed)
	}
	return plain, nil
}

// KeyID says which key sealed a value, so that old values can be found and sealed anew.
func (r *Keyring) KeyID(sealed []byte) (string, bool) {
	if len(sealed) < 2 || sealed[0] != sealFormat || len(sealed) < 2+int(sealed[1]) {
		return "", false
	}
	return string(sealed[2 : 2+int(sealed[1])]), true
}

// bind joins the clear head and the context. The head says its own length, so the two cannot run
// together.
func bind(head, context []byte) []byte {
	bound := make([]byte, 0, len(head)+len(context))
	return append(append(bound, head...), context...)
}
