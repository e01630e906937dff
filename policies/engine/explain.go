package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/reads"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
)

// Step names what decided a verdict. The steps are tried in this order, but a
// finding about a source is one whatever list of it was not read completely.
type Step string

// The steps of a verdict.
const (
	StepOff      Step = "off"      // the settings switch the rule off for the source
	StepKinds    Step = "kinds"    // the rule does not judge this kind of token
	StepPlanned  Step = "planned"  // the rule is about use, the token is not created yet
	StepGiven    Step = "given"    // what the rule needs was not given
	StepError    Step = "error"    // the rule could not run
	StepSelect   Step = "select"   // the rule does not select the token, or the source
	StepApplies  Step = "applies"  // the token is outside the rule's applies set
	StepUnits    Step = "units"    // a list that the rule needs was not read completely
	StepRequires Step = "requires" // a fact that the rule requires is unknown
	StepDeny     Step = "deny"     // the rule found something wrong
	StepUnknown  Step = "unknown"  // the rule itself says that it cannot decide
	StepAllow    Step = "allow"    // a pass that the rule explains
	StepPass     Step = "pass"     // nothing was found wrong
)

// Explanation is one verdict with all that it rests on.
type Explanation struct {
	// Rule has the severity and the parameters in force for the source.
	Rule policies.Rule
	// Source is the source without its tokens.
	Source inventory.Source
	// Token and Derived are nil for a rule about the source.
	Token   *inventory.Token
	Derived *input.Derived
	At      time.Time
	Status  policies.Status
	// DecidedBy is the step that decided.
	DecidedBy Step
	// Verdicts are the findings, the reason, or the explained pass; empty for a
	// plain pass and for not_applicable.
	Verdicts []policies.Verdict
	// Remediation says what to do about the first finding; empty without one.
	Remediation string
	// Facts are what the rule requires or reads of the token, sorted by fact.
	Facts []FactValue
	// Units are the lists that the verdict depends on.
	Units []inventory.Unit
}

// FactValue is what is known of a fact of a token.
type FactValue struct {
	Fact inventory.Fact
	// Required: named in the rule's METADATA.
	Required bool
	// Value is the part of the common schema that holds the fact, such as an
	// inventory.Expiry.
	Value any
	// Unknown is the reason why the rule does not know the fact; empty if it does.
	Unknown string
}

// Explain judges one source by one rule, named as ruleid.Find finds it, and tells why a token, or the source
// for a rule about sources, got its verdict. token is ignored for those.
func (e *Engine) Explain(ctx context.Context, source inventory.Source, ruleID, token string, at time.Time) (Explanation, error) {
	rule, err := e.named(ruleID)
	if err != nil {
		return Explanation{}, err
	}
	v := rule.variantFor(source.ID)
	x := Explanation{Rule: rule.Rule.Rule, At: at, Source: source}
	x.Source.Tokens = nil
	x.Rule.Severity, x.Rule.Values = v.severity, v.values
	b := prepare(&source, at, e.owners, e.reviews)
	i := -1
	if rule.Subject == policies.SubjectToken {
		var known bool
		if i, known = b.place[token]; !known && token == source.ID {
			return Explanation{}, fmt.Errorf("the rule %s judges tokens, and %s is a source: give the id of one of its tokens", rule.ID, source.ID)
		} else if !known {
			return Explanation{}, fmt.Errorf("source %s has no token %q%s", source.ID, token, suggest.DidYouMean(token, tokenIDs(source)))
		}
		x.Token, x.Derived = &source.Tokens[i], &b.derived[i]
		x.Facts = rule.factsOf(&source, x.Token, x.Derived)
	}
	for _, unit := range source.Units {
		if slices.ContainsFunc(unit.Kinds, rule.Select.HasKind) {
			x.Units = append(x.Units, unit)
		}
	}
	if v.off {
		x.Status, x.DecidedBy = policies.NotApplicable, StepOff
		return x, nil
	}
	steps := make([]Step, max(1, len(source.Tokens)))
	r := e.judge(ctx, b, rule, v, steps)
	if err := ctx.Err(); err != nil {
		return Explanation{}, fmt.Errorf("judge %s: %w", source.ID, err)
	}
	x.DecidedBy = steps[max(i, 0)]
	x.Status = statusOfStep(x.DecidedBy)
	for _, verdict := range r.verdicts {
		if rule.Subject == policies.SubjectToken && verdict.Token != token {
			continue
		}
		x.Verdicts = append(x.Verdicts, verdict)
	}
	if x.Status == policies.Fail {
		x.conclude(b)
	}
	return x, nil
}

// conclude says what to do, or that all findings are waived.
func (x *Explanation) conclude(b *preparedSource) {
	first := slices.IndexFunc(x.Verdicts, func(v policies.Verdict) bool { return v.Status == policies.Fail })
	if first < 0 {
		x.Status = policies.Waived
		return
	}
	var token *inventory.Token
	if i, named := b.place[x.Verdicts[first].Token]; named {
		token = &b.source.Tokens[i]
	}
	x.Remediation = x.Rule.RemediationOf(b.source.CMS, token)
}

func statusOfStep(step Step) policies.Status {
	switch step {
	case StepError, StepUnits, StepRequires, StepUnknown:
		return policies.NotEvaluated
	case StepDeny:
		return policies.Fail
	case StepAllow, StepPass:
		return policies.Pass
	}
	return policies.NotApplicable
}

// named returns the rule that a command line names.
func (e *Engine) named(name string) (*ruleInForce, error) {
	ids := idsOf(e.rules)
	id := ruleid.Find(name, ids)
	if id == "" {
		return nil, noSuchRule(name, policies.IDs(e.known))
	}
	return e.rules[slices.Index(ids, id)], nil
}

func idsOf(rules []*ruleInForce) []string {
	ids := make([]string, len(rules))
	for i, rule := range rules {
		ids[i] = rule.ID
	}
	return ids
}

func tokenIDs(source inventory.Source) []string {
	ids := make([]string, len(source.Tokens))
	for i := range source.Tokens {
		ids[i] = source.Tokens[i].ID
	}
	return ids
}

// factsOf returns the facts that a rule requires or reads, with what is known of them.
func (r *ruleInForce) factsOf(source *inventory.Source, token *inventory.Token, derived *input.Derived) []FactValue {
	var values []FactValue
	for _, fact := range reads.Facts() {
		required := slices.Contains(r.Requires, fact)
		read := reads.OfFact(fact) & r.Reads
		if fact == inventory.FactAccess {
			read |= reads.Write & r.Reads
		}
		if !required && read == 0 {
			continue
		}
		parts := reads.OfFact(fact) & r.Facts()
		values = append(values, FactValue{
			Fact: fact, Required: required, Value: factValue(token, fact),
			Unknown: parts.Unknown(source, token, derived),
		})
	}
	return values
}

func factValue(token *inventory.Token, fact inventory.Fact) any {
	switch fact {
	case inventory.FactAccess:
		return token.Access
	case inventory.FactEnvironments:
		return token.Environments
	case inventory.FactBranches:
		return token.Branches
	case inventory.FactCreatedAt:
		return token.CreatedAt
	case inventory.FactUpdatedAt:
		return token.UpdatedAt
	case inventory.FactRevokedAt:
		return token.RevokedAt
	case inventory.FactExpiry:
		return token.Expiry
	case inventory.FactLastUsed:
		return token.LastUsed
	case inventory.FactOwner:
		return token.Owner
	case inventory.FactDescription:
		return token.Description
	case inventory.FactTraits:
		return token.Traits
	}
	return nil
}
