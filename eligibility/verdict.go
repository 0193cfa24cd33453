package eligibility

import (
	"fmt"
	"slices"
	"strings"
)

// Disposition says what becomes of an invoice.
type Disposition string

// The dispositions.
const (
	Proceed Disposition = "proceed" // nothing speaks against it
	Skip    Disposition = "skip"    // kept out by a setting or its own state; judged again on a change
	Park    Disposition = "park"    // something is broken, and somebody must act
)

// Reason is one thing that speaks against an invoice.
type Reason struct {
	Code        string      `json:"code"`           // stable, for programs; see [Codes]
	Rule        string      `json:"rule,omitempty"` // name of the rule, or of the step that found it
	Message     string      `json:"message"`        // a sentence for a bookkeeper
	Got         string      `json:"got,omitempty"`  // the value that was found
	Want        string      `json:"want,omitempty"` // the value that would have passed
	Disposition Disposition `json:"disposition"`
	// Overridable says that a person who looks at the invoice may let it through all the same.
	Overridable bool `json:"overridable,omitempty"`
}

// String returns "code: message (got …, want …)".
func (r Reason) String() string {
	var b strings.Builder
	b.WriteString(r.Code)
	if r.Message != "" {
		b.WriteString(": " + r.Message)
	}
	switch {
	case r.Got != "" && r.Want != "":
		fmt.Fprintf(&b, " (got %s, want %s)", r.Got, r.Want)
	case r.Got != "":
		fmt.Fprintf(&b, " (got %s)", r.Got)
	case r.Want != "":
		fmt.Fprintf(&b, " (want %s)", r.Want)
	}
	return b.String()
}

// Verdict is a policy's answer about one invoice. Reasons holds everything that speaks against it, in
// the order of the policy's rules and at most once per code; an eligible invoice has none.
//
// The zero Verdict comes from no policy and is not eligible.
type Verdict struct {
	Policy  string   `json:"policy"`
	Reasons []Reason `json:"reasons,omitempty"`
}

// Eligible reports whether nothing speaks against the invoice.
func (v Verdict) Eligible() bool { return v.Policy != "" && len(v.Reasons) == 0 }

// Disposition returns what becomes of the invoice. One reason to skip outweighs all reasons to park:
// what is kept out on purpose need not be mended.
func (v Verdict) Disposition() Disposition {
	if v.Eligible() {
		return Proceed
	}
	for _, r := range v.Reasons {
		if r.Disposition == Skip {
			return Skip
		}
	}
	return Park
}

// First returns the reason that decides: the first one of the verdict's disposition. It is the zero
// Reason where there is none.
func (v Verdict) First() Reason {
	d := v.Disposition()
	for _, r := range v.Reasons {
		if r.Disposition == d {
			return r
		}
	}
	if len(v.Reasons) > 0 {
		return v.Reasons[0]
	}
	return Reason{}
}

// Codes returns the codes of the reasons, in their order.
func (v Verdict) Codes() []string {
	codes := make([]string, 0, len(v.Reasons))
	for _, r := range v.Reasons {
		codes = append(codes, r.Code)
	}
	return codes
}

// Overridable reports whether a person may let the invoice through: there are reasons, and each of them
// may be overridden.
func (v Verdict) Overridable() bool {
	if len(v.Reasons) == 0 {
		return false
	}
	for _, r := range v.Reasons {
		if !r.Overridable {
			return false
		}
	}
	return true
}

// Override returns the verdict without the reasons that have the given codes: a person's decision. A
// code that no person may override is an error, and nothing is overridden then. Codes that the verdict
// does not have are passed over, since what was shown to the person may have mended itself.
func (v Verdict) Override(codes ...string) (Verdict, error) {
	out := Verdict{Policy: v.Policy}
	for _, r := range v.Reasons {
		if !slices.Contains(codes, r.Code) {
			out.Reasons = append(out.Reasons, r)
			continue
		}
		if !r.Overridable {
			return v, fmt.Errorf("eligibility: %s cannot be overridden by a person; mend its cause", r.Code)
		}
	}
	return out, nil
}

// String returns "push: eligible", or the policy, the disposition and all reasons.
func (v Verdict) String() string {
	if v.Eligible() {
		return v.Policy + ": eligible"
	}
	if len(v.Reasons) == 0 {
		return "not judged"
	}
	parts := make([]string, 0, len(v.Reasons))
	for _, r := range v.Reasons {
		parts = append(parts, r.String())
	}
	return v.Policy + ": " + string(v.Disposition()) + ": " + strings.Join(parts, "; ")
}
