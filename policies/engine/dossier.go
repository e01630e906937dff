package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/reads"
	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// Dossier is everything about one token: its facts, its risk, and the verdicts of all rules.
type Dossier struct {
	// Source is the source without its tokens.
	Source  inventory.Source
	Token   inventory.Token
	Derived input.Derived
	At      time.Time
	// Risk is nil where the risk model is off.
	Risk *risk.Risk
	// Verdicts are those of the rules about tokens, sorted by rule.
	Verdicts []RuleVerdict
	// Facts are all facts with what is known of them.
	Facts []FactValue
}

// RuleVerdict is what a rule made of a token.
type RuleVerdict struct {
	Rule      policies.Rule
	Status    policies.Status
	DecidedBy Step
	// Verdicts are the findings, the reason, or the explained pass; empty for a plain pass
	// and for not_applicable.
	Verdicts []policies.Verdict
	// Remediation says what to do; empty without a finding.
	Remediation string
}

// Dossier judges one token of a source by all rules. The error is for a token that the
// source does not have, or for a context that ended.
func (e *Engine) Dossier(ctx context.Context, source inventory.Source, token string, at time.Time) (Dossier, error) {
	b := prepare(&source, at, e.owners, e.reviews)
	i, known := b.place[token]
	if !known {
		return Dossier{}, fmt.Errorf("source %s has no token %q%s", source.ID, token, suggest.DidYouMean(token, tokenIDs(source)))
	}
	d := Dossier{Source: source, Token: source.Tokens[i], Derived: b.derived[i], At: at}
	d.Source.Tokens = nil
	var all []policies.Verdict
	for _, rule := range e.rules {
		if rule.Subject != policies.SubjectToken {
			continue
		}
		v, verdicts := e.ofToken(ctx, b, rule, i)
		d.Verdicts = append(d.Verdicts, v)
		all = append(all, verdicts...)
	}
	if e.risk != nil {
		scores, err := e.scores(ctx, b, all)
		if err == nil || len(scores) > i {
			d.Risk = &scores[i]
		}
	}
	for _, fact := range reads.Facts() {
		d.Facts = append(d.Facts, FactValue{Fact: fact, Value: factValue(&d.Token, fact), Unknown: reads.Shown(fact).Unknown(&source, &d.Token, &d.Derived)})
	}
	if err := ctx.Err(); err != nil {
		return Dossier{}, fmt.Errorf("judge %s: %w", source.ID, err)
	}
	return d, nil
}

// ofToken returns what a rule makes of one token, and its verdicts on all of them.
func (e *Engine) ofToken(ctx context.Context, b *preparedSource, rule *ruleInForce, i int) (RuleVerdict, []policies.Verdict) {
	v := rule.variantFor(b.source.ID)
	r := RuleVerdict{Rule: rule.Rule.Rule, Status: policies.NotApplicable, DecidedBy: StepOff}
	r.Rule.Severity, r.Rule.Values = v.severity, v.values
	if v.off {
		return r, nil
	}
	steps := make([]Step, len(b.source.Tokens))
	result := e.judge(ctx, b, rule, v, steps)
	r.DecidedBy = steps[i]
	r.Status = statusOfStep(r.DecidedBy)
	token := &b.source.Tokens[i]
	open := false
	for _, verdict := range result.verdicts {
		if verdict.Token == token.ID {
			r.Verdicts = append(r.Verdicts, verdict)
			open = open || verdict.Status == policies.Fail
		}
	}
	if r.Status == policies.Fail {
		r.Remediation = r.Rule.RemediationOf(b.source.CMS, token)
		if !open {
			r.Status = policies.Waived
		}
	}
	return r, result.verdicts
}
