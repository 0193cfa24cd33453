// Package shop opens the fakes of the examples, with a shop in them that stays the same from run to run.
package shop

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/examples/internal/jsonfile"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// A Wish says what shop is wanted.
type Wish struct {
	File   string // beside which the books lie
	Orders int
	Seed   uint64
	Given  bool   // Orders and Seed were asked for, and are not only defaults
	Load   string // a folder of vendor JSON instead of orders that are made up
	Again  bool   // the shop has been used before, so its books must be there

	NoSource bool // leave the fake of Infusionsoft out
	// Ledgers are the fakes of ledgers that are opened.
	Ledgers []world.Ledger
	// For is the ledger that the expectations are of; "": whichever it is, and Xero for a new shop.
	For world.Ledger
}

// A Shop is the fakes. Any of them may be nil.
type Shop struct {
	Infusionsoft *infusionsoftfake.Fake
	Xero         *xerofake.Fake
	QuickBooks   *quickbooksfake.Fake
	Made         Made
}

// Made says how the books of a file came about. It is written when they are complete.
type Made struct {
	Load     string `json:"load,omitempty"` // from this folder
	Tenant   string `json:"tenant"`         // of Infusionsoft
	Currency string `json:"currency"`
	Held     int    `json:"held"` // orders in the books of Infusionsoft
	world.Expectations
}

// ErrWish is what every error is that a wish is to blame for.
var ErrWish = errors.New("shop")

// ExpectedFile is where the expectations of the shop beside file lie.
func ExpectedFile(file string) string { return file + ".expected.json" }

func sourceFile(file string) string { return file + ".infusionsoft.jsonl" }

// LedgerFile holds the books of the fake of a ledger beside file.
func LedgerFile(file string, l world.Ledger) string { return file + "." + string(l) + ".jsonl" }

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
	switch {
	case complete:
		err = w.same(made)
	case w.Again && !w.NoSource:
		err = fmt.Errorf("the fake Infusionsoft no longer knows its orders: %s is gone; put it back, or start afresh with another file with -db", ExpectedFile(w.File))
	default:
		made, err = w.begin()
	}
	if err != nil {
		return nil, err
	}
	s := &Shop{}
	if !w.NoSource {
		if s.Infusionsoft, err = openSource(w, &made, complete); err != nil {
			return nil, err
		}
	}
	for _, l := range w.Ledgers {
		if err := s.openLedger(w, l, made); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if !complete && !w.NoSource {
		// It comes last, and at once: where the file is, the books are complete.
		if err := jsonfile.Write(ExpectedFile(w.File), made); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	s.Made = made
	return s, nil
}

// Close closes the books of all fakes.
func (s *Shop) Close() error {
	var errs []error
	if s.Infusionsoft != nil {
		errs = append(errs, s.Infusionsoft.Close())
	}
	if s.Xero != nil {
		errs = append(errs, s.Xero.Close())
	}
	if s.QuickBooks != nil {
		errs = append(errs, s.QuickBooks.Close())
	}
	return errors.Join(errs...)
}

func (s *Shop) openLedger(w Wish, l world.Ledger, made Made) (err error) {
	id := identify(made)
	switch l {
	case world.Xero:
		s.Xero, err = xerofake.New(&xerofake.Options{BooksFile: LedgerFile(w.File, l), Seed: 1, Organisations: []xerofake.Organisation{{
			OrganisationID: id.organisation, TenantID: id.xeroTenant,
			Name: "Spoke & Chain Bicycles", CountryCode: "US", BaseCurrency: made.Currency, Chart: world.Chart(),
		}}})
	case world.QuickBooks:
		company := world.Company(id.realm)
		company.HomeCurrency = made.Currency
		s.QuickBooks, err = quickbooksfake.New(&quickbooksfake.Options{
			BooksFile: LedgerFile(w.File, l), Seed: 1, Companies: []quickbooksfake.Company{company},
		})
	default:
		err = fmt.Errorf("%w: there is no fake of %s", ErrWish, l)
	}
	return err
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
	case w.For != "" && w.For != cmp.Or(made.Ledger, world.Xero) && made.Load == "":
		return fmt.Errorf("%w: the books beside %s were made for -ledger %s: choose that, or give another file with -db",
			ErrWish, w.File, cmp.Or(made.Ledger, world.Xero))
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
	var err error
	if w.Load != "" {
		made.Currency, err = currencyIn(w.Load)
	} else if !w.NoSource {
		made.Expectations = world.Expectations{Asked: w.Orders, Seed: w.Seed}
	}
	made.Tenant = identify(made).tenant
	return made, err
}

func openSource(w Wish, made *Made, complete bool) (*infusionsoftfake.Fake, error) {
	f, err := infusionsoftfake.New(&infusionsoftfake.Options{
		BooksFile: sourceFile(w.File),
		Tenants:   []infusionsoftfake.Tenant{{ID: made.Tenant, Name: "Spoke & Chain Bicycles", Currency: made.Currency, TimeZone: world.Zone}},
	})
	if err != nil {
		return nil, err
	}
	if complete {
		if held := len(f.Orders()); held < made.Held {
			return nil, errors.Join(fmt.Errorf("the fake Infusionsoft no longer has %d of its %d orders: %s was deleted or shortened; put it back, or start afresh with another file with -db",
				made.Held-held, made.Held, sourceFile(w.File)), f.Close())
		}
		return f, nil
	}
	if err := fill(w, made, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// fill puts orders into empty books.
func fill(w Wish, made *Made, f *infusionsoftfake.Fake) error {
	if w.Load != "" {
		loaded, err := f.LoadDir(w.Load)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrWish, err)
		}
		made.Held = loaded.Orders
		return nil
	}
	shop, err := world.Make(w.Orders, w.Seed, time.Now(), cmp.Or(w.For, world.Xero))
	if err != nil {
		return err
	}
	made.Expectations, made.Held = shop.Expect, len(shop.Orders)
	return shop.Load(f.Books)
}

func readMade(file string) (made Made, ok bool, err error) {
	ok, err = jsonfile.Read(ExpectedFile(file), &made)
	if err != nil {
		return made, false, fmt.Errorf("%s cannot be read; it belongs to the books beside it: give another file with -db: %w", ExpectedFile(file), err)
	}
	return made, ok, nil
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
