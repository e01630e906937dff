package report

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/policies"
)

// RecallLiterals adds the findings about literals that an earlier report has of plans that
// are in this one, too: a plan tells of the code after a change alone.
func (r *Report) RecallLiterals(earlier *Report) {
	for _, f := range earlier.Findings {
		if f.IsLiteral() && slices.ContainsFunc(r.Sources, func(s Source) bool { return s.ID == f.Source }) {
			r.Findings = append(r.Findings, new(*f))
		}
	}
}

// NewLiterals counts the findings about literals that no baseline has.
func (r *Report) NewLiterals() int {
	n := 0
	for _, f := range r.Findings {
		if f.IsLiteral() && f.Baseline.IsNew() && f.Status == policies.Fail {
			n++
		}
	}
	return n
}

// IsLiteral reports whether a finding is about a credential in the code: it has a place
// there, and no token.
func (f *Finding) IsLiteral() bool { return f.Token == "" && f.Address != "" }
