package stranger

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Publish puts the module in folder dir into the file proxy at root, as version of path. What belongs to a
// module is what the go command takes: all files below dir but those of modules nested in it and those
// whose names begin with a dot.
func Publish(root, dir, modulePath, version string) error {
	at := filepath.Join(root, filepath.FromSlash(modulePath), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return fmt.Errorf("stranger: %w", err)
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return fmt.Errorf("stranger: %w", err)
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{version, time.Now().UTC()})
	if err != nil {
		return fmt.Errorf("stranger: %w", err)
	}
	for name, content := range map[string][]byte{"list": []byte(version + "\n"), version + ".info": info, version + ".mod": mod} {
		if err := os.WriteFile(filepath.Join(at, name), content, 0o644); err != nil {
			return fmt.Errorf("stranger: %w", err)
		}
	}
	out, err := os.Create(filepath.Join(at, version+".zip"))
	if err != nil {
		return fmt.Errorf("stranger: %w", err)
	}
	z := zip.NewWriter(out)
	err = pack(z, dir, modulePath+"@"+version)
	if closed := z.Close(); err == nil {
		err = closed
	}
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("stranger: %s: %w", modulePath, err)
	}
	return nil
}

func pack(z *zip.Writer, dir, prefix string) error {
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		if name == "." {
			return nil
		}
		if d.IsDir() {
			_, nested := os.Stat(filepath.Join(file, "go.mod"))
			if nested == nil || strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		w, err := z.Create(path.Join(prefix, filepath.ToSlash(name)))
		if err != nil {
			return err
		}
		in, err := os.Open(file)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(w, in)
		return err
	})
}
