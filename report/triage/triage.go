// Package triage turns the findings of a report into tokens to fix, the worst first: a
// person fixes tokens, not findings.
package triage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// A Token is a token to fix. The finding that it embeds is one of its own, and says what the
// token is.
type Token struct {
	*report.Finding
	// Findings are those that failed, worst first, without those that are part of another.
	Findings []Finding
	// OverdueDays is how long the one is overdue that is so longest; 0 for none.
	OverdueDays int
	// Step is what removes most of them.
	Step Step
}

// A Finding is a finding with those that it contains.
type Finding struct {
	*report.Finding
	// Contains are the findings of the same token that are a part of this one.
	Contains []*report.Finding
}

// A Step is something to do about a token.
type Step struct {
	// Text says what to do, in a few words.
	Text string
	// Removes is how many of the findings it removes, of Of.
	Removes, Of int
}

func (s Step) String() string {
	if s.Removes == s.Of && s.Of == 1 {
		return s.Text
	}
	return fmt.Sprintf("%s (removes %d of %d findings)", s.Text, s.Removes, s.Of)
}

// First is how many tokens the formats for people list: what a person does in a day.
const First = 10

// Score returns the score for people, "unknown" where the report does not have it.
func (t *Token) Score() string {
	if t.Risk == nil {
		return "unknown"
	}
	return t.Risk.String()
}

// Tokens returns the tokens of a report that have findings, worst first: those that have one
// that is overdue, and of both by the risk that is certain, by the risk that could be, by the severities of their findings, and by id.
func Tokens(r *report.Report) []Token {
	rules := make(map[string]*report.Rule, len(r.Rules))
	for i := range r.Rules {
		rules[r.Rules[i].ID] = &r.Rules[i]
	}
	var failing []*report.Finding
	for _, f := range r.Findings { // sorted by severity
		if f.Status == policies.Fail && f.Token != "" {
			failing = append(failing, f)
		}
	}
	// A report may have a million: what a token has are neighbours in one list.
	slices.SortStableFunc(failing, func(a, b *report.Finding) int { return strings.Compare(a.Token, b.Token) })
	var tokens []Token
	for len(failing) > 0 {
		n := 1
		for n < len(failing) && failing[n].Token == failing[0].Token {
			n++
		}
		findings := failing[:n]
		failing = failing[n:]
		token := Token{Finding: findings[0], Findings: Join(findings, rules), Step: step(findings, rules)}
		for _, f := range findings {
			token.OverdueDays = max(token.OverdueDays, f.OverdueDays)
		}
		tokens = append(tokens, token)
	}
	slices.SortStableFunc(tokens, compare)
	return tokens
}

// Overdue counts the tokens that have an overdue finding; they come first.
func Overdue(tokens []Token) int {
	n := 0
	for n < len(tokens) && tokens[n].OverdueDays > 0 {
		n++
	}
	return n
}

func compare(a, b Token) int {
	if late := b.OverdueDays > 0; late != (a.OverdueDays > 0) {
		if late {
			return 1
		}
		return -1
	}
	if a.Risk != nil && b.Risk != nil {
		if c := risk.Compare(*a.Risk, *b.Risk); c != 0 {
			return c
		}
	}
	return cmp.Or(compareSeverities(a.Findings, b.Findings), strings.Compare(a.Token, b.Token))
}

// compareSeverities puts the list first that has the worse finding at the first place where
// they differ.
func compareSeverities(a, b []Finding) int {
	for i := range min(len(a), len(b)) {
		if c := report.SeverityRank(a[i].Severity) - report.SeverityRank(b[i].Severity); c != 0 {
			return c
		}
	}
	return len(b) - len(a)
}

// Join returns the findings of one token with those that are part of another put below that,
// as the rules declare it.
func Join(findings []*report.Finding, rules map[string]*report.Rule) []Finding {
	var joined []Finding
	whole := map[string]int{}
	for _, f := range findings {
		if !isPart(f, findings, rules) {
			whole[f.Rule] = len(joined)
			joined = append(joined, Finding{Finding: f})
		}
	}
	for _, f := range findings {
		if isPart(f, findings, rules) {
			at := whole[rules[f.Rule].PartOf]
			joined[at].Contains = append(joined[at].Contains, f)
		}
	}
	return joined
}

// isPart reports whether the token has a finding of the rule of which this one's is a part.
// What is a part has no parts itself.
func isPart(f *report.Finding, findings []*report.Finding, rules map[string]*report.Rule) bool {
	rule := rules[f.Rule]
	return rule != nil && rule.PartOf != "" && slices.ContainsFunc(findings, func(other *report.Finding) bool { return other.Rule == rule.PartOf })
}

// IsPart reports whether a finding is shown as part of another one of its token.
func (t *Token) IsPart(f *report.Finding) bool {
	return slices.ContainsFunc(t.Findings, func(whole Finding) bool { return slices.Contains(whole.Contains, f) })
}

// steps are what to do about findings of one kind, and what a new token has instead.
var steps = map[policies.Fix]struct{ alone, replaced string }{
	policies.FixDelete:       {"Delete it", ""},
	policies.FixRights:       {"Take rights away", "fewer rights"},
	policies.FixEnvironments: {"Restrict it to the environments it needs", "fewer environments"},
	policies.FixExpiry:       {"Set an expiry date", "an expiry date"},
	policies.FixSecret:       {"Replace its secret", "a new secret"},
	policies.FixOwner:        {"Replace it with a token of a current user", "a current owner"},
}

// step returns what removes most of the findings of a token. Deleting it removes all, and
// so does it where one of them asks for that; what asks for different changes asks for a
// new token, because that makes all of them at once.
func step(findings []*report.Finding, rules map[string]*report.Rule) Step {
	count := map[policies.Fix]int{}
	for _, f := range findings {
		if rule := rules[f.Rule]; rule != nil {
			count[rule.Fix]++
		}
	}
	s := Step{Of: len(findings)}
	if count[policies.FixDelete] > 0 {
		s.Text, s.Removes = steps[policies.FixDelete].alone, s.Of
		return s
	}
	var asked []policies.Fix
	for _, fix := range policies.AllFixes() {
		if steps[fix].replaced != "" && count[fix] > 0 {
			asked = append(asked, fix)
			s.Removes += count[fix]
		}
	}
	switch len(asked) {
	case 0:
		return Step{Text: findings[0].Remediation, Removes: sameRule(findings), Of: len(findings)}
	case 1:
		s.Text = steps[asked[0]].alone
		return s
	}
	words := make([]string, len(asked))
	for i, fix := range asked {
		words[i] = steps[fix].replaced
	}
	s.Text = "Replace it with a token with " + safetext.And(words)
	return s
}

// sameRule counts the findings of the rule of the first one.
func sameRule(findings []*report.Finding) int {
	n := 0
	for _, f := range findings {
		if f.Rule == findings[0].Rule {
			n++
		}
	}
	return n
}
