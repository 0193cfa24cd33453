package sqlstore

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// The golden rule of the codec: what is written reads back equal, and what reads at all writes back and
// reads again as the same.

func FuzzLinkBody(f *testing.F) {
	full := store.Link{
		Adopted: true, LedgerNumber: "INV-1", LedgerVersion: "v", LedgerParent: "p", SourceVersion: "sv", SourceHash: "sh", Settings: "set",
		Currency: "AUD", Amount: decimal.RequireFromString("12.30"), Predicted: decimal.RequireFromString("-1234567890123456789012.5"),
		Reasons: []store.Reason{{Code: "a", Message: "b"}, {Code: "c"}}, Rule: "plan",
		FirstSent: time.Unix(0, 0), Updated: time.UnixMicro(-1),
	}
	f.Add(appendLink(nil, &full))
	f.Add(appendLink(nil, &store.Link{}))
	f.Add([]byte{})
	f.Add([]byte{bodyLayout})
	f.Add([]byte{bodyLayout, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		var link store.Link
		if readLink(&link, string(body)) != nil {
			return
		}
		written := appendLink(nil, &link)
		var again store.Link
		if err := readLink(&again, string(written)); err != nil {
			t.Fatalf("%x, written as %x, does not read: %v", body, written, err)
		}
		if twice := appendLink(nil, &again); string(twice) != string(written) {
			t.Fatalf("%x writes as %x and then as %x", body, written, twice)
		}
	})
}

func FuzzBatchBody(f *testing.F) {
	batch := store.Batch{Verb: "create", Route: "PUT /x", Body: []byte{0, 1}, Attempt: -1, Lease: 1 << 60, Answered: true, SendBy: time.UnixMicro(1),
		Members: []ledger.Member{{Mark: "M", Amount: decimal.New(1, 5), Parent: "p"}}}
	f.Add(appendBatch(nil, &batch))
	f.Fuzz(func(t *testing.T, body []byte) {
		var b store.Batch
		if readBatch(&b, string(body)) != nil {
			return
		}
		written := appendBatch(nil, &b)
		var again store.Batch
		if err := readBatch(&again, string(written)); err != nil || string(appendBatch(nil, &again)) != string(written) {
			t.Fatalf("%x writes as %x and reads differently: %v", body, written, err)
		}
	})
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "0.00", "12.30", "-0.01", "999999999999999999", "1000000000000000000", "-99999999999999999999.99", "1e20", "1e-20"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := decimal.NewFromString(text)
		if err != nil {
			return
		}
		var e encoder
		e.decimal(want)
		d := decoder{rest: string(e.buf)}
		got := d.decimal()
		if d.end() != nil || got.Exponent() != want.Exponent() || got.Coefficient().Cmp(want.Coefficient()) != 0 {
			t.Fatalf("%q reads back as %de%d: %v", text, got.Coefficient(), got.Exponent(), d.err)
		}
	})
}

// A body of a link as it is laid out, byte by byte, so that a change of the layout does not go unseen:
// files that are in use hold it.
func TestLinkBodyLayout(t *testing.T) {
	t.Parallel()
	link := store.Link{
		Adopted: true, LedgerNumber: "N", SourceHash: "h", Currency: "AUD", Amount: decimal.RequireFromString("-1.5"),
		Rule: "r", Updated: time.UnixMicro(2), Reasons: []store.Reason{{Code: "c"}}, Bucket: "b/", UpdatedBy: "u", OnPurpose: true, Revision: 3,
	}
	start := "\x01" + // layout
		"\x01" + // adopted
		"\x01N" + "\x00" + "\x00" + // ledger number, version, parent
		"\x00" + "\x01h" + "\x00" + // source version, source hash, settings
		"\x03AUD" +
		"\x01\x01\x1d" + "\x00" + "\x00" + // amount: tag, exponent -1, coefficient -15; predicted, actual
		"\x01r" + // rule
		"\x00" + "\x01\x04" // first sent, updated: tag, 2 microseconds
	want := start +
		"\x01" + "\x01c" + "\x00" + // one reason
		"\x02b/" + "\x00" + "\x01u" + // bucket, created by, updated by
		"\x00" + "\x01" + "\x06" // taken back, on purpose, revision
	if got := string(appendLink(nil, &link)); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	// Fields that a later version adds read as zero from a body that was written before them.
	var got store.Link
	if err := readLink(&got, start); err != nil || got.Rule != "r" || got.Reasons != nil {
		t.Errorf("a shorter body: got rule %q, reasons %v, error %v", got.Rule, got.Reasons, err)
	}
	for name, body := range map[string]string{
		"empty": "", "unknown layout": "\x02" + want[1:], "too long": want + "\x00", "cut inside a text": want[:12],
		"flag that is none": "\x01\x07", "count beyond the end": start + "\xff\xff\x03",
	} {
		if err := readLink(&store.Link{}, body); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
