// Package engine judges sources by Rego rules: it loads the rules once, evaluates one
// source at a time, and returns a verdict for every pair of rule and token, or rule and
// source.
package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/version"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/compile"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/policies/reads"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
	"github.com/tokenaudit/tokenaudit/policies/reviews"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
)

// OPAVersion is the version of the policy engine that is built in.
func OPAVersion() string { return version.Version }

// Engine judges sources by the rules it was loaded with. Nothing of it changes but
// which custom rules had to be left behind because they did not stop, so
// it may be used concurrently.
type Engine struct {
	rules []*ruleInForce
	// risk is the risk model, and bands are its bands; nil where it is off.
	risk    *ruleInForce
	bands   risk.Bands
	known   []policies.Rule
	relaxed []relaxation.Relaxation
	waivers []policies.Waiver
	owners  owners.Patterns
	reviews *reviews.Reviews
	timeout time.Duration
	grace   time.Duration
	digest  string
	// definitions identify single rules with their settings, by id.
	definitions map[string]string
	custom      *regofile.CustomFiles
}

// ruleInForce is a compiled rule with the user's settings.
type ruleInForce struct {
	*compile.Rule
	base variant
	// overrides are for some sources; the last one that matches wins.
	overrides []override
	// stuck is set once the rule had to be left behind.
	stuck *atomic.Bool
}

// A variant is how a rule judges: whether, how severely and with which parameters.
type variant struct {
	off      bool
	severity policies.Severity
	values   map[string]any
	params   *ast.Term
}

type override struct {
	pattern string
	variant variant
}

// variantFor returns the variant in force for a source.
func (r *ruleInForce) variantFor(source string) *variant {
	for i := len(r.overrides) - 1; i >= 0; i-- {
		if policies.Glob(r.overrides[i].pattern, source) {
			return &r.overrides[i].variant
		}
	}
	return &r.base
}

// LoadOptions say which rules to load.
type LoadOptions struct {
	// Paths are files or folders of custom rules, or bundles (.tar.gz).
	Paths []string
	// Files are custom rules that were read already, in place of Paths; nil for none.
	Files *regofile.CustomFiles
	// Only restricts the rules to these ids; empty for all.
	Only     []string
	Settings policies.Settings
	Waivers  []policies.Waiver
	// Owners assign the tokens to teams; nil for none.
	Owners owners.Patterns
	// Reviews are those of tokens; nil where none were given, which is not the same as an
	// empty list.
	Reviews *reviews.Reviews
	// RuleTimeout bounds one rule on one source; 0 means DefaultRuleTimeout.
	RuleTimeout time.Duration
	// LoadTimeout bounds the loading of custom rules; 0 means DefaultLoadTimeout.
	LoadTimeout time.Duration
}

// DefaultRuleTimeout is the time limit of a rule where LoadOptions have none: enough for
// each built-in rule on a source of 300,000 tokens.
const DefaultRuleTimeout = 30 * time.Second

// Load reads, checks and compiles the built-in rules and the custom ones. The
// error is LoadErrors if rules are wrong, or SettingsErrors.
func Load(ctx context.Context, options LoadOptions) (*Engine, error) {
	library, err := loadLibrary(ctx, options)
	if err != nil {
		return nil, err
	}
	var wrong SettingsErrors
	rules, err := inForce(library, options.Settings, &wrong)
	if err != nil {
		return nil, err
	}
	model, bands, err := riskInForce(library, options.Settings.Rules[compile.RiskID])
	if wrong.add(err) != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	rules, err = only(rules, options.Only, library.IDs())
	if err != nil {
		return nil, err
	}
	e := &Engine{rules: rules, relaxed: relaxation.Find(defined(library), options.Settings), risk: model, bands: bands, known: defined(library), owners: options.Owners, reviews: options.Reviews, waivers: slices.Clone(options.Waivers), timeout: cmp.Or(options.RuleTimeout, DefaultRuleTimeout), grace: defaultGrace, custom: library.Custom}
	if model != nil {
		rules = append(slices.Clone(rules), model)
	}
	if e.digest, err = digest(library, rules); err != nil {
		return nil, err
	}
	e.definitions, err = definitions(library, e.rules)
	return e, err
}

func loadLibrary(ctx context.Context, options LoadOptions) (*compile.Library, error) {
	if options.Files != nil {
		return compile.LoadFiles(ctx, options.Files, options.LoadTimeout)
	}
	return compile.Load(ctx, options.Paths, options.LoadTimeout)
}

// only keeps the rules that were named, as ruleid.Find finds them; no names mean all. all
// are the ids of the rules that there are, whether they are in force or not.
func only(rules []*ruleInForce, names, all []string) ([]*ruleInForce, error) {
	if len(names) == 0 {
		return rules, nil
	}
	known := idsOf(rules)
	wanted := map[string]bool{}
	for _, name := range names {
		id := ruleid.Find(name, known)
		if id == "" {
			return nil, noSuchRule(name, all)
		}
		wanted[id] = true
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r *ruleInForce) bool { return !wanted[r.ID] }), nil
}

// noSuchRule says that a rule of this name is not in force, and why. all are the ids of the
// rules that there are.
func noSuchRule(name string, all []string) error {
	if id := ruleid.Find(name, all); id != "" {
		return fmt.Errorf("the rule %s is off: %s: on, below policies.rules in the configuration, switches it on", id, id)
	}
	return fmt.Errorf("unknown rule %q%s", name, cmp.Or(ruleid.DidYouMean(name, all), "; `tokenaudit rules list` lists all"))
}

// Rules returns the loaded rules, sorted by id, with the severity and the
// parameters in force.
func (e *Engine) Rules() []policies.Rule {
	rules := make([]policies.Rule, len(e.rules))
	for i, rule := range e.rules {
		rules[i] = rule.Rule.Rule
		rules[i].Severity = rule.base.severity
		rules[i].Values = rule.base.values
	}
	return rules
}

// Relaxed returns the settings by which rules ask less than their controls need, of all
// rules, whether they were named in Only or not. It is not nil; the origins are not set.
func (e *Engine) Relaxed() []relaxation.Relaxation { return e.relaxed }

// Reads returns what each rule reads or requires of the facts, by the id of the rule.
func (e *Engine) Reads() map[string]reads.FactBits {
	bits := make(map[string]reads.FactBits, len(e.rules))
	for _, rule := range e.rules {
		bits[rule.ID] = rule.Facts()
	}
	return bits
}

// Known returns all rules as they are defined, whether they are in force or not, by id.
func (e *Engine) Known() []policies.Rule { return e.known }

func defined(l *compile.Library) []policies.Rule {
	rules := make([]policies.Rule, len(l.Rules))
	for i, rule := range l.Rules {
		rules[i] = rule.Rule
	}
	return rules
}

// Custom are the files of the custom rules that were loaded; nil without any.
func (e *Engine) Custom() *regofile.CustomFiles { return e.custom }

// waiverFor returns the first valid waiver that covers a finding, or nil.
func (e *Engine) waiverFor(rule *policies.Rule, f policies.Waivable, at time.Time) *policies.Waiver {
	for i := range e.waivers {
		w := &e.waivers[i]
		if w.Key == "" && rule.WaiverNeedsKey {
			continue
		}
		if w.Covers(f) && !w.Expired(at) {
			return w
		}
	}
	return nil
}
