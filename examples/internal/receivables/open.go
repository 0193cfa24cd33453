package receivables

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/invoicesync/invoicesync/examples/internal/jsonfile"
	"github.com/invoicesync/invoicesync/examples/internal/side"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// A Wish says what books are wanted.
type Wish struct {
	File     string // beside which they lie
	Ledger   world.Ledger
	Invoices int
	Seed     uint64
	Given    bool // Invoices and Seed were asked for, and are not only defaults
	Again    bool // the books have been used before, so they must be there
}

// A Practice is a fake ledger with the books in it, that stay the same from run to run.
type Practice struct {
	Fake   side.Fake
	Route  string // Xero's tenant id, QuickBooks' realm id
	Expect Expectations
	Desk   Desk
	// Taxes are the tax codes that the host has a rate for.
	Taxes []string
}

// ErrWish is what every error is that a wish is to blame for.
var ErrWish = errors.New("books")

// ExpectedFile is where the expectations of the books beside file lie.
func ExpectedFile(file string) string { return file + ".import.expected.json" }

// BooksFile holds the books of the fake beside file.
func BooksFile(file string, l world.Ledger) string { return file + ".import." + string(l) + ".jsonl" }

// Open opens the books beside a file, and makes them when there are none.
func Open(w Wish) (*Practice, error) {
	p := &Practice{}
	complete, err := jsonfile.Read(ExpectedFile(w.File), &p.Expect)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read; it belongs to the books beside it: give another file with -db: %w", ExpectedFile(w.File), err)
	}
	var books *Books
	switch {
	case complete:
		err = w.same(&p.Expect)
	case w.Again:
		err = fmt.Errorf("the fake ledger no longer knows its invoices: %s is gone; put it back, or start afresh with another file with -db", ExpectedFile(w.File))
	default:
		// What a run that was cut off has left is not complete.
		if err = os.Remove(BooksFile(w.File, w.Ledger)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err == nil {
			books, err = Make(w.Invoices, w.Seed, time.Now(), w.Ledger)
		}
	}
	if err != nil {
		return nil, err
	}
	if books != nil {
		p.Expect = books.Expect
	}
	if err := p.open(w, books); err != nil {
		return nil, err
	}
	if books != nil {
		// It comes last, and at once: where the file is, the books are complete.
		if err := jsonfile.Write(ExpectedFile(w.File), p.Expect); err != nil {
			return nil, errors.Join(err, p.Fake.Close())
		}
	}
	return p, nil
}

// same refuses a wish for other books than those that are there.
func (w *Wish) same(e *Expectations) error {
	const other = "leave the flags out, or give another file with -db"
	switch {
	case w.Ledger != e.Ledger:
		return fmt.Errorf("%w: those beside %s were made for -ledger %s: choose that, or give another file with -db", ErrWish, w.File, e.Ledger)
	case w.Given && (w.Invoices != e.Asked || w.Seed != e.Seed):
		return fmt.Errorf("%w: those beside %s were made with -invoices %d -seed %d: %s", ErrWish, w.File, e.Asked, e.Seed, other)
	}
	return nil
}

// open opens the fake; books, where they are not nil, are put into it.
func (p *Practice) open(w Wish, books *Books) (err error) {
	held := 0
	_, p.Route = p.Expect.identity()
	switch w.Ledger {
	case Xero:
		f, err := xerofake.New(&xerofake.Options{BooksFile: BooksFile(w.File, w.Ledger), Seed: 1, Organisations: []xerofake.Organisation{xeroOrganisation(&p.Expect)}})
		if err != nil {
			return err
		}
		p.Fake, p.Desk, p.Taxes = f, xeroDesk{f.Books()}, []string{xeroTaxes(standard), xeroTaxes(zero)}
		if books != nil {
			err = books.loadXero(f.Books())
		} else {
			held = len(f.Books().Invoices())
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
	case QuickBooks:
		f, err := quickbooksfake.New(&quickbooksfake.Options{BooksFile: BooksFile(w.File, w.Ledger), Seed: 1, Companies: []quickbooksfake.Company{quickbooksCompany(&p.Expect)}})
		if err != nil {
			return err
		}
		p.Fake, p.Desk, p.Taxes = f, quickbooksDesk{f.Books()}, []string{quickbooksTaxes(standard).code, quickbooksTaxes(zero).code}
		if books != nil {
			err = books.loadQuickBooks(f.Books())
		} else {
			held = len(f.Books().Invoices())
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
	default:
		return fmt.Errorf("%w: there is no fake of %s", ErrWish, w.Ledger)
	}
	if least := len(p.Expect.Invoices) - deletable; books == nil && held < max(least, 1) {
		return errors.Join(fmt.Errorf("the fake ledger has only %d of its %d invoices: %s was deleted or shortened; put it back, or start afresh with another file with -db",
			held, len(p.Expect.Invoices), BooksFile(w.File, w.Ledger)), p.Fake.Close())
	}
	return nil
}

// deletable is how many invoices the example deletes without a trace, in all. Where more are missing they were lost.
const deletable = 5
