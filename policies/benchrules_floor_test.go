//go:build benchrules

package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The floor is the library in plain Go: what judging costs where nothing is
// policy as code. It says what the rules say, with their messages and without
// their evidence, and takes from a rule only what its METADATA says.

// floorRule is one rule in plain Go. A nil function says nothing of any subject.
type floorRule struct {
	// applies tells whether the rule is about the token; nil for all tokens.
	applies func(*floorToken) bool
	// deny and unknown give what is wrong, or not known; empty for nothing.
	deny, unknown func(*floorToken) string
	// source judges a source as a whole.
	source func(*inventory.Source, []Derived) floorVerdict
}

// floorVerdict is what a rule says of a source.
type floorVerdict struct {
	applies       bool
	deny, unknown string
}

// floorToken is what a rule sees of a token.
type floorToken struct {
	*inventory.Token
	*Derived
	source *inventory.Source
	// place finds the tokens of the source.
	place map[string]*inventory.Token
}

func (t *floorToken) active() bool { return t.Status == Active }

func (t *floorToken) reaches(apis ...inventory.API) bool {
	return slices.ContainsFunc(t.APIs, func(api inventory.API) bool { return slices.Contains(apis, api) })
}

func (t *floorToken) delivers() bool {
	return t.reaches(inventory.ContentDelivery, inventory.ContentPreview)
}

func (t *floorToken) writesCMA() bool {
	return t.active() && t.Access.Write && t.reaches(inventory.ContentManagement) && len(t.APIs) > 1
}

// said is the message of a finding about a token; empty if it is none.
func (t *floorToken) said(wrong bool, format string, args ...any) string {
	if !wrong {
		return ""
	}
	return fmt.Sprintf("%s token %q ", t.Kind, t.Name) + fmt.Sprintf(format, args...)
}

// floor judges one source by the plain rules and gives how many subjects have
// which status, by rule.
func floor(e *Engine, source *inventory.Source, at time.Time) map[string]Counts {
	derived := make([]Derived, len(source.Tokens))
	place := make(map[string]*inventory.Token, len(source.Tokens))
	for i := range source.Tokens {
		derived[i] = derive(&source.Tokens[i], at)
		place[source.Tokens[i].ID] = &source.Tokens[i]
	}
	counts := make(map[string]Counts, len(e.rules))
	for _, rule := range e.rules {
		plain, c := floorRules[rule.ID], Counts{}
		if plain.source != nil {
			c.sourceVerdict(plain.source(source, derived))
			counts[rule.ID] = c
			continue
		}
		for i := range source.Tokens {
			t := &floorToken{Token: &source.Tokens[i], Derived: &derived[i], source: source, place: place}
			c.tokenVerdict(rule.compiledRule, plain, t)
		}
		counts[rule.ID] = c
	}
	return counts
}

func (c *Counts) tokenVerdict(rule *compiledRule, plain floorRule, t *floorToken) {
	switch {
	case !rule.judges(t.Kind), plain.applies != nil && !plain.applies(t):
		c.NotApplicable++
	case unknownReason(t.source, t.Token, t.Derived, rule.needs) != "":
		c.NotEvaluated++
	case plain.deny(t) != "":
		c.Fail++
	case plain.unknown != nil && plain.unknown(t) != "":
		c.NotEvaluated++
	default:
		c.Pass++
	}
}

func (c *Counts) sourceVerdict(v floorVerdict) {
	switch {
	case !v.applies:
		c.NotApplicable++
	case v.deny != "":
		c.Fail++
	case v.unknown != "":
		c.NotEvaluated++
	default:
		c.Pass++
	}
}

func credentialTooStrong(s *inventory.Source, _ []Derived) floorVerdict {
	v := floorVerdict{applies: s.Kind != inventory.KindPlan}
	a := s.Auditor
	strong := a.ReadsSecrets == inventory.Yes || a.Writes == inventory.Yes
	weak := a.ReadsSecrets == inventory.No && a.Writes == inventory.No
	switch {
	case strong && a.Necessary == inventory.No:
		v.deny = fmt.Sprintf("the credential of this scan is too strong at %q", s.Name)
	case strong && a.Necessary != inventory.Yes, !strong && !weak:
		v.unknown = "what the credential of this scan may do here is not known"
	}
	return v
}

func duplicateNames(s *inventory.Source, derived []Derived) floorVerdict {
	kinds := []inventory.Kind{inventory.Delivery, inventory.Preview, inventory.Management, inventory.App}
	v := floorVerdict{applies: slices.ContainsFunc(s.Units, func(u inventory.Unit) bool {
		return slices.ContainsFunc(u.Kinds, func(k inventory.Kind) bool { return slices.Contains(kinds, k) })
	})}
	names := map[string]int{}
	for i := range s.Tokens {
		t := &s.Tokens[i]
		v.applies = v.applies || slices.Contains(kinds, t.Kind)
		name := strings.TrimSpace(t.Name)
		if t.Twin != "" || derived[i].Status != Active || name == "" || !slices.Contains(kinds, t.Kind) {
			continue
		}
		if names[name]++; names[name] > 1 {
			v.deny = fmt.Sprintf("%d tokens of %q are called %q", names[name], s.Name, name)
		}
	}
	return v
}

func tokenLimitNear(s *inventory.Source, derived []Derived) floorVerdict {
	const limit = 10
	valid, certain, oldest := 0, 0, -1
	for i := range s.Tokens {
		t := &s.Tokens[i]
		if t.Kind != inventory.Management || derived[i].Status != Active {
			continue
		}
		valid++
		if t.Expiry.State != inventory.ExpiryUnknown {
			certain++
		}
		if oldest < 0 || t.CreatedAt.At.Before(s.Tokens[oldest].CreatedAt.At) {
			oldest = i
		}
	}
	v := floorVerdict{applies: s.CMS == "contentstack"}
	switch {
	case certain >= limit-1:
		next := "the next one"
		if certain < limit {
			next = "the next one but one"
		}
		v.deny = fmt.Sprintf("%q has %d valid management tokens and may have %d: %s ends the oldest, %q", s.Name, certain, limit, next, s.Tokens[oldest].Name)
	case valid >= limit-1:
		v.unknown = fmt.Sprintf("of %d management tokens it is not known whether they have expired", valid-certain)
	}
	return v
}

func literalInCode(s *inventory.Source, _ []Derived) floorVerdict {
	v := floorVerdict{applies: s.Kind == inventory.KindPlan}
	if len(s.Literals) > 0 {
		v.deny = "a credential stands as a constant in " + s.Literals[0].Address
	}
	return v
}
