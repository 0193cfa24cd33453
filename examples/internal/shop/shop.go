// Package shop opens the fakes of the examples, with a shop in them that stays the same from run to run.
package shop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// A Wish says what shop is wanted.
type Wish struct {
	File   string // beside which the books lie
	Orders int
	Seed   uint64
	Given  bool   // Orders and Seed were asked for, and are not only defaults
	Load   string // a folder of vendor JSON instead of orders that are made up

	NoSource, NoLedger bool // leave one of the fakes out
}

// A Shop is the two fakes. Either may be nil.
type Shop struct {
	Infusionsoft *infusionsoftfake.Fake
	Xero         *xerofake.Fake
	Made         Made
}

// Made says how the books of a file came about. It is written when they are complete.
type Made struct {
	Load     string `json:"load,omitempty"` // from this folder
	Currency string `json:"currency"`
	world.Expectations
}

// ErrWish is what every error is that a wish is to blame for.
var ErrWish = errors.New("shop")

// ExpectedFile is where the expectations of the shop beside file lie.
func ExpectedFile(file string) string { return file + ".expected.json" }

func sourceFile(file string) string { return file + ".infusionsoft.jsonl" }
func ledgerFile(file string) string { return file + ".xero.jsonl" }

// Open opens the shop beside a file, and makes it when there is none.
func Open(w Wish) (*Shop, error) {
	if w.Load != "" {
		folder, err := filepath.Abs(w.Load)
		if err != nil {
			return nil, err
		}
		w.Load = folder
	}
	made, complete, err := readMade(w.File)
	if err != nil {
		return nil, err
	}
	if complete {
		if err := w.same(made); err != nil {
			return nil, err
		}
	} else if made, err = w.begin(); err != nil {
		return nil, err
	}
	s := &Shop{}
	if !w.NoSource {
		if s.Infusionsoft, err = openSource(w, &made, complete); err != nil {
			return nil, err
		}
	}
	if !w.NoLedger {
		s.Xero, err = xerofake.New(&xerofake.Options{BooksFile: ledgerFile(w.File), Seed: 1, Organisations: []xerofake.Organisation{{
			Name: "Spoke & Chain Bicycles", CountryCode: "US", BaseCurrency: made.Currency, Chart: world.Chart(),
		}}})
		if err != nil {
			return nil, err
		}
	}
	if !complete && !w.NoSource {
		if err := writeMade(w.File, made); err != nil {
			return nil, err
		}
	}
	s.Made = made
	return s, nil
}

// same refuses a wish for another shop than the one that is there.
func (w Wish) same(made Made) error {
	const other = "leave the flags out, or give another file with -db"
	switch {
	case w.NoSource:
		return nil
	case w.Load != "" && w.Load != made.Load:
		return fmt.Errorf("%w: the books beside %s were not loaded from %s: %s", ErrWish, w.File, w.Load, other)
	case w.Given && made.Load != "":
		return fmt.Errorf("%w: the books beside %s were loaded from %s, and not made up: %s", ErrWish, w.File, made.Load, other)
	case w.Given && (w.Orders != made.Asked || w.Seed != made.Seed):
		return fmt.Errorf("%w: the books beside %s were made with -orders %d -seed %d: %s", ErrWish, w.File, made.Asked, made.Seed, other)
	}
	return nil
}

// begin removes what a run that was cut off has left of the source's books, and says what to make.
func (w Wish) begin() (Made, error) {
	if err := os.Remove(sourceFile(w.File)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Made{}, err
	}
	made := Made{Load: w.Load, Currency: world.Currency}
	if w.Load == "" {
		return made, nil
	}
	var err error
	made.Currency, err = currencyIn(w.Load)
	return made, err
}

func openSource(w Wish, made *Made, complete bool) (*infusionsoftfake.Fake, error) {
	f, err := infusionsoftfake.New(&infusionsoftfake.Options{
		BooksFile: sourceFile(w.File),
		Tenants:   []infusionsoftfake.Tenant{{ID: world.Tenant, Name: "Spoke & Chain Bicycles", Currency: made.Currency, TimeZone: world.Zone}},
	})
	if err != nil || complete {
		return f, err
	}
	if w.Load != "" {
		if _, err = f.LoadDir(w.Load); err != nil {
			err = errors.Join(fmt.Errorf("%w: %w", ErrWish, err), f.Close())
		}
		return f, err
	}
	shop, err := world.Make(w.Orders, w.Seed, time.Now())
	if err != nil {
		return nil, err
	}
	made.Expectations = shop.Expect
	return f, shop.Load(f.Books)
}

func readMade(file string) (made Made, ok bool, err error) {
	raw, err := os.ReadFile(ExpectedFile(file))
	if errors.Is(err, fs.ErrNotExist) {
		return made, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &made)
	}
	if err != nil {
		return made, false, fmt.Errorf("%s cannot be read; it belongs to the books beside it: give another file with -db: %w", ExpectedFile(file), err)
	}
	return made, true, nil
}

// writeMade comes last, and at once: where the file is, the books are complete.
func writeMade(file string, made Made) error {
	raw, err := json.MarshalIndent(made, "", " ")
	if err != nil {
		return err
	}
	draft := ExpectedFile(file) + ".new"
	if err := os.WriteFile(draft, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(draft, ExpectedFile(file))
}

var currencyCode = regexp.MustCompile(`"currency_code"\s*:\s*"([A-Z]{3})"`)

// currencyIn returns the first currency that the files of a folder name. A tenant has only one.
func currencyIn(folder string) (string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return "", err
	}
	slices.Sort(files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%w: loading: %w", ErrWish, err)
		}
		if code := currencyCode.FindSubmatch(raw); code != nil {
			return string(code[1]), nil
		}
	}
	return world.Currency, nil
}
