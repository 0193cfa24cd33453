// Package jsonfile keeps a value in a file, whole or not at all.
package jsonfile

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// Write puts v into the file at once: a file that was half written would have to be moved away by hand.
func Write(file string, v any) error {
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	draft := file + ".new"
	if err := os.WriteFile(draft, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(draft, file)
}

// Read reads the file into v; false: there is none.
func Read(file string, v any) (bool, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(raw, v)
}
