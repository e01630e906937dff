// Package policies has the words in which sources are judged: rules, what users change
// about them, waivers, and verdicts. The packages below it load, test and describe rules,
// and engine judges by them.
package policies

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/policies/selection"
)

// Status is the outcome of a rule on a token or a source.
type Status string

// The five statuses. Only a fail can be waived; not_evaluated is never a pass.
const (
	Fail          Status = "fail"
	Pass          Status = "pass"
	NotEvaluated  Status = "not_evaluated"
	NotApplicable Status = "not_applicable"
	Waived        Status = "waived"
)

// Severity is how bad a failed rule is.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Severities are all of them, worst first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// Fix is the kind of step that removes a finding.
type Fix string

// The kinds of steps. All but FixDelete and FixOther are done at once where the token is
// replaced by a new one.
const (
	// FixDelete: the token goes.
	FixDelete Fix = "delete"
	// FixRights: it gets fewer rights.
	FixRights Fix = "rights"
	// FixEnvironments: it gets fewer environments.
	FixEnvironments Fix = "environments"
	// FixExpiry: it gets an expiry date.
	FixExpiry Fix = "expiry"
	// FixSecret: it gets a new secret.
	FixSecret Fix = "secret"
	// FixOwner: it gets another owner.
	FixOwner Fix = "owner"
	// FixOther: something else, as the remediation says.
	FixOther Fix = "other"
)

// AllFixes returns the kinds of steps.
func AllFixes() []Fix {
	return []Fix{FixDelete, FixRights, FixEnvironments, FixExpiry, FixSecret, FixOwner, FixOther}
}

// Subject is what a rule judges.
type Subject string

// The subjects.
const (
	SubjectToken  Subject = "token"
	SubjectSource Subject = "source"
)

// Given is something that a run may be given, and without which some rules have nothing to
// ask.
type Given string

// What may be given.
const (
	// GivenLeaks: the secret of the token was compared with reports of leak scanners.
	GivenLeaks Given = "leaks"
	// GivenOwners: the configuration assigns tokens to teams.
	GivenOwners Given = "owners"
	// GivenReviews: the configuration records reviews of tokens.
	GivenReviews Given = "reviews"
)

// AllGiven returns what may be given.
func AllGiven() []Given { return []Given{GivenLeaks, GivenOwners, GivenReviews} }

// Missing says that it was not given, and how to give it.
func (g Given) Missing() string {
	switch g {
	case GivenLeaks:
		return "no report of a leak scanner was given (--leaks)"
	case GivenOwners:
		return "the configuration assigns no tokens to teams (owners)"
	case GivenReviews:
		return "the configuration has no reviews of tokens (reviews)"
	}
	return ""
}

// Rule is the metadata of one rule.
type Rule struct {
	// ID is kebab-case; custom rules are "custom/<name>".
	ID      string
	Package string
	// Title states the problem, such as "Token has administrator rights".
	Title string
	// Goal states what is wanted, such as "No token is an administrator"; the title where
	// METADATA has none.
	Goal     string
	Severity Severity
	Subject  Subject
	// Description is Markdown.
	Description string
	// Select is which tokens it judges; for a rule about sources, which sources and which
	// of their tokens.
	Select selection.Selection
	// Requires are the facts without which the rule cannot decide.
	Requires []inventory.Fact
	// Controls maps a framework ("owasp_nhi") to its ids. Sorted.
	Controls map[string][]string
	// ControlNeeds are what single controls ask of the parameters, by framework and id of the
	// control; of a parameter that is not named there a control needs the default.
	ControlNeeds map[string]map[string]map[string]Need
	// Params are the declared parameters by name.
	Params map[string]Param
	// Values are the parameters in force where no source pattern overrides them.
	Values map[string]any
	// Remediation maps "default", CMS names, and "terraform" for tokens that a
	// plan declares, to what to do.
	Remediation map[string]string
	// Fix is the kind of step that removes a finding.
	Fix Fix
	// PartOf is the id of a rule whose finding on a token contains this one's, such as
	// "admin-token" for "token-manages-tokens"; empty for none.
	PartOf string
	// WaiverNeedsKey: a waiver covers a finding only if it names its key, because a later
	// finding on the same subject is another matter.
	WaiverNeedsKey bool
	// Off: the rule judges nothing unless the settings switch it on.
	Off bool
	// OnlyWith is what the rule judges with alone; empty for nothing.
	OnlyWith Given
	// Custom: loaded from the user's paths.
	Custom bool
	// File and Line say where the rule is defined; built-in rules have their embedded path.
	File string
	Line int
}

// Param declares a parameter: a fragment of JSON Schema.
type Param struct {
	Type        string   `json:"type"`
	Description string   `json:"description"`
	Default     any      `json:"default"`
	Minimum     *float64 `json:"minimum,omitempty"`
	Maximum     *float64 `json:"maximum,omitempty"`
	Enum        []any    `json:"enum,omitempty"`
	// Stricter says which values are stricter; empty where that was not declared, and any
	// value but the default may be weaker.
	Stricter Stricter `json:"stricter,omitempty"`
}

// Stricter says which values of a parameter are stricter: with a stricter one a rule
// never has fewer findings.
type Stricter string

// The directions.
const (
	StricterLower  Stricter = "lower"
	StricterHigher Stricter = "higher"
	// StricterFirst: the values of enum are in order, the strictest first.
	StricterFirst Stricter = "first"
)

// Need is the weakest value of a parameter with which a rule speaks for a control. One
// of its members is set.
type Need struct {
	Max *float64 `json:"max,omitempty"`
	Min *float64 `json:"min,omitempty"`
	// OneOf are the values that are strict enough.
	OneOf []any `json:"one_of,omitempty"`
}

// Verdict is the outcome of one rule on one token, or on one source.
type Verdict struct {
	Rule   string
	Source string
	// Token is empty for a verdict about a source.
	Token  string
	Status Status
	// Severity is the one in force for this source.
	Severity Severity
	// Message says what is wrong (fail, waived) or why it passes (an explained pass).
	Message string
	// Reason says why a verdict is not_evaluated or not_applicable.
	Reason string
	// Key tells several findings of one rule on one subject apart; usually empty.
	Key string
	// Evidence are the facts that the verdict rests on; nil for none.
	Evidence map[string]any
	// Waiver is set for Waived.
	Waiver *Waiver
}

// Uncertain counts tokens for which another team may answer, because its pattern asks for the
// owner, who is unknown.
type Uncertain struct {
	// Team answers for them as far as is known; empty for none.
	Team string `json:"team,omitempty"`
	// MayBe is the other team. A token of which several may be the team counts for each.
	MayBe  string `json:"may_be"`
	Tokens int    `json:"tokens"`
}

// Result is the judgement of one source.
type Result struct {
	// Source is the judged source without its tokens.
	Source inventory.Source
	// Verdicts are all but the plain passes and the not applicable ones, which
	// are only counted: fail, waived, not_evaluated, and passes with an
	// explanation. Sorted by rule, token, key.
	Verdicts []Verdict
	// Counts has every loaded rule, counted by pair.
	Counts map[string]Counts
	// Teams has of Counts the pairs with the tokens of each team and, of rules about
	// sources, with a source that a team answers for; nil for none.
	Teams map[string]map[string]Counts
	// Team answers for the source itself; empty for none.
	Team string
	// Uncertain are the tokens for which another team may answer, counted; nil for none.
	Uncertain []Uncertain
	// Derived runs parallel to the tokens of the source as they were given.
	Derived []input.Derived
	// Risks runs parallel to the tokens, too; nil where nobody asked for them.
	Risks []risk.Risk
	// NotAsked are the rules that judged no token, or not all, because what they judge with
	// was not given. These pairs are not_applicable.
	NotAsked []NotAsked
	// Errors are rules that erred or ran out of time here; their pairs are not_evaluated.
	Errors []RuleError
}

// Counts counts the verdicts of a rule by status.
type Counts struct {
	Fail          int `json:"fail"`
	Pass          int `json:"pass"`
	NotEvaluated  int `json:"not_evaluated"`
	NotApplicable int `json:"not_applicable"`
	Waived        int `json:"waived"`
}

// Plus adds up two counts.
func (c Counts) Plus(o Counts) Counts {
	return Counts{c.Fail + o.Fail, c.Pass + o.Pass, c.NotEvaluated + o.NotEvaluated, c.NotApplicable + o.NotApplicable, c.Waived + o.Waived}
}

// Minus takes away a part of the counts.
func (c Counts) Minus(o Counts) Counts {
	return Counts{c.Fail - o.Fail, c.Pass - o.Pass, c.NotEvaluated - o.NotEvaluated, c.NotApplicable - o.NotApplicable, c.Waived - o.Waived}
}

// NotAsked is a rule that had nothing to ask, because something was not given.
type NotAsked struct {
	Rule string `json:"rule"`
	// Reason says what was not given.
	Reason string `json:"reason"`
}

// RuleError is a rule that could not judge a source.
type RuleError struct {
	Rule   string
	Source string
	// Detail is one line.
	Detail string
}

// Waiver lets a finding pass the gate for a while, for a reason somebody
// signed. All fields but Name and Key are required.
type Waiver struct {
	// Rule and Token are globs; only * is special, and it crosses /.
	Rule  string `json:"rule" yaml:"rule"`
	Token string `json:"token" yaml:"token"`
	// Name is a glob on the name of the token, which is untrusted text; empty for every
	// name. A planned token and the one that it becomes share it, and not their id.
	Name string `json:"name,omitempty" yaml:"name"`
	// Key is that of the one finding that is covered; empty for every finding of the
	// rule on the token.
	Key        string `json:"key,omitempty" yaml:"key"`
	Reason     string `json:"reason" yaml:"reason"`
	Owner      string `json:"owner" yaml:"owner"`
	ApprovedBy string `json:"approved_by" yaml:"approved_by"`
	// Expires is a date, YYYY-MM-DD; the waiver holds to its end, UTC.
	Expires string           `json:"expires" yaml:"expires"`
	Origin  inventory.Origin `json:"origin,omitzero" yaml:"-"`
}

// Settings are the user's changes to the rules.
type Settings struct {
	// Rules by id.
	Rules map[string]RuleSettings
}

// With returns the settings with others put over them, rule by rule and parameter by
// parameter. What others set of a rule that is off switches it on.
func (s Settings) With(over Settings) Settings {
	rules := maps.Clone(s.Rules)
	if rules == nil {
		rules = map[string]RuleSettings{}
	}
	for id, o := range over.Rules {
		r := rules[id]
		set := o.On || o.Severity != "" || len(o.Params) > 0
		r.Off, r.On = o.Off || r.Off && !set, !o.Off && (r.On || o.On)
		r.Severity = cmp.Or(o.Severity, r.Severity)
		r.Params = maps.Clone(r.Params)
		if r.Params == nil {
			r.Params = o.Params
		} else {
			maps.Copy(r.Params, o.Params)
		}
		r.Sources = append(slices.Clone(r.Sources), o.Sources...)
		r.Origin = o.Origin
		rules[id] = r
	}
	return Settings{Rules: rules}
}

// RuleSettings change one rule.
type RuleSettings struct {
	Off bool
	// On switches on a rule that is off by default. A severity and parameters do so, too.
	On bool
	// Severity is empty to leave it.
	Severity Severity
	Params   map[string]any
	// Sources override further for sources whose id matches a glob; the last match wins.
	Sources []SourceSettings
	Origin  inventory.Origin
}

// TurnsOff reports whether a rule, which may be off by default, is off where no pattern of
// sources says otherwise. Who sets its severity or parameters wants it to judge.
func (s RuleSettings) TurnsOff(byDefault bool) bool {
	return s.Off || byDefault && !s.On && s.Severity == "" && len(s.Params) == 0
}

// OnIn returns the patterns of the sources for which the settings do not switch it off.
func (s RuleSettings) OnIn() []string {
	var patterns []string
	for _, o := range s.Sources {
		if !o.Off {
			patterns = append(patterns, o.Pattern)
		}
	}
	return patterns
}

// SourceSettings change one rule for some sources.
type SourceSettings struct {
	Pattern  string
	Off      bool
	Severity Severity
	Params   map[string]any
}

// Join lists words: "a, b, c".
func Join[T ~string](words []T) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = string(word)
	}
	return strings.Join(list, ", ")
}

// IDs are the ids of rules, in their order.
func IDs(rules []Rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}
