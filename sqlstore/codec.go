package sqlstore

import (
	"encoding/binary"
	"errors"
	"math/big"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// The body of a row holds, one after the other and without names, the fields that are never searched
// for. It begins with the number of its layout. A layout may gain fields at its end, which read as zero
// from bodies that were written before; anything else needs a new number or a migration.
//
//	number  varint (zigzag), as encoding/binary
//	text    its length as uvarint, its bytes
//	flag    one byte, 0 or 1
//	instant 0; or 1 and a number: microseconds since 1970
//	decimal 0; or 1, exponent, coefficient; or 2, exponent, coefficient as text (beyond 18 digits)
//
// JSON would say what it is by itself, but reading it costs fifteen times as much, and links are read
// by the thousand.
const bodyLayout = 1

var errBody = errors.New("the row is damaged: its body cannot be read")

type encoder struct{ buf []byte }

// newEncoder starts a body. The memory of room is used as far as it goes.
func newEncoder(room []byte) encoder { return encoder{append(room, bodyLayout)} }

func (e *encoder) number(n int64) { e.buf = binary.AppendVarint(e.buf, n) }

func (e *encoder) length(n int) { e.buf = binary.AppendUvarint(e.buf, uint64(n)) }

func (e *encoder) text(s string) {
	e.length(len(s))
	e.buf = append(e.buf, s...)
}

func (e *encoder) bytes(b []byte) {
	e.length(len(b))
	e.buf = append(e.buf, b...)
}

func (e *encoder) flag(b bool) {
	if b {
		e.buf = append(e.buf, 1)
		return
	}
	e.buf = append(e.buf, 0)
}

func (e *encoder) instant(t time.Time) {
	if t.IsZero() {
		e.buf = append(e.buf, 0)
		return
	}
	e.buf = append(e.buf, 1)
	e.number(t.UnixMicro())
}

func (e *encoder) decimal(d decimal.Decimal) {
	exponent := d.Exponent()
	switch {
	case exponent == 0 && d.IsZero():
		e.buf = append(e.buf, 0)
	case d.NumDigits() <= 18:
		e.buf = append(e.buf, 1)
		e.number(int64(exponent))
		e.number(d.CoefficientInt64())
	default:
		e.buf = append(e.buf, 2)
		e.number(int64(exponent))
		e.text(d.Coefficient().String())
	}
}

// decoder reads a body. The texts that it returns are parts of the one string that it was made from.
// After the end it returns zero values; what cannot be read is remembered in err.
type decoder struct {
	rest string
	err  error
}

func newDecoder(body string) decoder {
	if len(body) == 0 || body[0] != bodyLayout {
		return decoder{err: errBody}
	}
	return decoder{rest: body[1:]}
}

func (d *decoder) fail() {
	d.rest, d.err = "", errBody
}

func (d *decoder) number() int64 {
	u := d.length()
	n := int64(u >> 1)
	if u&1 != 0 {
		n = ^n
	}
	return n
}

// length reads a uvarint.
func (d *decoder) length() uint64 {
	if d.rest == "" {
		return 0
	}
	var n uint64
	for i := range len(d.rest) {
		b := d.rest[i]
		if i == binary.MaxVarintLen64-1 && b > 1 || i == binary.MaxVarintLen64 {
			break
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			d.rest = d.rest[i+1:]
			return n
		}
	}
	d.fail()
	return 0
}

func (d *decoder) text() string {
	n := d.length()
	if n > uint64(len(d.rest)) {
		d.fail()
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// tag reads a byte that must be at most most.
func (d *decoder) tag(most byte) byte {
	if d.rest == "" {
		return 0
	}
	b := d.rest[0]
	if b > most {
		d.fail()
		return 0
	}
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) flag() bool { return d.tag(1) == 1 }

func (d *decoder) instant() time.Time {
	if d.tag(1) == 0 {
		return time.Time{}
	}
	return time.UnixMicro(d.number()).UTC()
}

func (d *decoder) decimal() decimal.Decimal {
	tag := d.tag(2)
	if tag == 0 {
		return decimal.Decimal{}
	}
	exponent := d.number()
	if int64(int32(exponent)) != exponent {
		d.fail()
		return decimal.Decimal{}
	}
	if tag == 1 {
		return decimal.New(d.number(), int32(exponent))
	}
	coefficient, ok := new(big.Int).SetString(d.text(), 10)
	if !ok {
		d.fail()
		return decimal.Decimal{}
	}
	return decimal.NewFromBigInt(coefficient, int32(exponent))
}

// count reads how many elements follow. Each takes a byte at least, so a damaged count cannot make
// anybody reserve memory for more than there can be.
func (d *decoder) count() int {
	n := d.length()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n)
}

// end returns an error unless everything was read and could be.
func (d *decoder) end() error {
	if d.err == nil && d.rest != "" {
		d.err = errors.New(errBody.Error() + ": " + strconv.Itoa(len(d.rest)) + " bytes too many")
	}
	return d.err
}
