package xero

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScalarsReadWhatStringsRead(t *testing.T) {
	t.Parallel()
	var in struct {
		Known, Unknown, Escaped, None, Absent word
		A, B, C, D, E, F                      digits
		Day, Zoned, Escape, Empty, Null       moment
	}
	require.NoError(t, json.Unmarshal([]byte(`{"Known":"AUTHORISED","Unknown":"W\u00c4RE","Escaped":"\u0041UD","None":null,
		"A":12.50,"B":"12.50","C":1e2,"D":null,"E":"","F":123456789012345678901.5,
		"Day":"/Date(1539993600000+1300)/","Zoned":"2019-12-07T18:46:19.5165400","Escape":"\/Date(1539993600000+0000)\/","Empty":"","Null":null}`), &in))
	assert.Equal(t, []word{"AUTHORISED", "WÄRE", "AUD", "", ""}, []word{in.Known, in.Unknown, in.Escaped, in.None, in.Absent})
	for want, d := range map[string]digits{"12.5": in.A, "100": in.C, "123456789012345678901.5": in.F} {
		got, err := d.decimal()
		require.NoError(t, err)
		assert.Equal(t, want, got.String())
	}
	assert.Equal(t, in.A, in.B, "a number in a string is that number")
	assert.False(t, in.D.known || in.E.known)
	for _, m := range []moment{in.Day, in.Escape} {
		at, err := m.instant()
		require.NoError(t, err)
		assert.Equal(t, "2018-10-20T00:00:00Z", at.Format("2006-01-02T15:04:05Z07:00"))
	}
	at, err := in.Zoned.instant()
	require.NoError(t, err)
	assert.Equal(t, "2019-12-07T18:46:19.51654Z", at.Format("2006-01-02T15:04:05.999999999Z07:00"), "what is below a millisecond is kept")
	assert.False(t, in.Empty.set || in.Null.set)
	_, err = momentOf([]byte("yesterday")).instant()
	assert.Error(t, err)
}

func TestScalarsOfAnotherTypeNameTheirField(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`{"Status":1}`: "Status", `{"Status":{}}`: "Status", `{"Total":true}`: "Total", `{"Total":"abc"}`: "Total", `{"Total":[1]}`: "Total",
		`{"Date":5}`: "Date", `{"LineItems":[{"Quantity":{}}]}`: "LineItems.Quantity",
	} {
		var w wireInvoice
		err := json.Unmarshal([]byte(body), &w)
		var wrong *json.UnmarshalTypeError
		require.ErrorAs(t, err, &wrong, body)
		assert.Equal(t, field, wrong.Field, body)
	}
}

func TestDigitsAreOne(t *testing.T) {
	t.Parallel()
	assert.True(t, sent(t, "1.000000").is(1))
	assert.True(t, sent(t, "1").is(1))
	assert.False(t, sent(t, "1.000001").is(1))
	assert.False(t, sent(t, "1e0").is(1), "it is for the decimals to say")
	assert.False(t, digits{}.is(0))
}

func TestSameDigits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{{"5.0000", "5.00", true}, {"5.00", "5.0000", true}, {"5", "5", true}, {"0.00", "0", true}, {"-1.50", "-1.5", true},
		{"5.0001", "5.00", false}, {"50", "5.0", false}, {"1e1", "10", false}} {
		assert.Equal(t, c.same, sent(t, c.a).same(sent(t, c.b)), "%s and %s", c.a, c.b)
	}
	assert.False(t, digits{}.same(digits{}), "what is absent is like nothing")
}
