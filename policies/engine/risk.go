package engine

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/compile"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
)

// riskInForce applies the settings to the risk model, and returns its bands; nil where it
// is off.
func riskInForce(l *compile.Library, settings policies.RuleSettings) (*ruleInForce, risk.Bands, error) {
	if settings.Severity != "" {
		return nil, risk.Bands{}, &SettingsError{Path: []string{compile.RiskID, "severity"}, Detail: "the risk model has no severity: remove it"}
	}
	if len(settings.Sources) > 0 {
		return nil, risk.Bands{}, &SettingsError{Path: []string{compile.RiskID, "sources"}, Detail: "the risk model is the same for all sources: remove them"}
	}
	rule := &ruleInForce{Rule: l.Risk, stuck: &atomic.Bool{}}
	var err error
	if rule.base, err = rule.variant(variant{values: l.Risk.Values}, settings.Off, "", settings.Params, nil); err != nil {
		return nil, risk.Bands{}, err
	}
	bands, err := risk.ReadBands(rule.base.values)
	if err != nil {
		return nil, bands, &SettingsError{Path: []string{compile.RiskID, "params"}, Detail: err.Error()}
	}
	if rule.base.off {
		rule = nil
	}
	return rule, bands, nil
}

// scores returns the risk of each token of the source, by the verdicts of the rules. The error
// says why the model could not run: then nothing is known of any risk.
func (e *Engine) scores(ctx context.Context, b *preparedSource, verdicts []policies.Verdict) ([]risk.Risk, error) {
	factors, err := e.factors(ctx, b, verdicts)
	scores := make([]risk.Risk, len(b.source.Tokens))
	for i := range scores {
		switch status := b.derived[i].Status; {
		case status != input.Active:
			scores[i] = risk.Inactive(string(status))
		case err != nil:
			scores[i] = risk.Unknown(e.bands, "the risk model could not run")
		default:
			scores[i] = risk.Sum(factors[i], e.bands)
		}
	}
	return scores, err
}

// factors asks the model about the active tokens.
func (e *Engine) factors(ctx context.Context, b *preparedSource, verdicts []policies.Verdict) (map[int][]risk.Factor, error) {
	var active []*ast.Term
	for i, term := range b.terms {
		if b.derived[i].Status == input.Active {
			active = append(active, term)
		}
	}
	if len(active) == 0 {
		return nil, nil
	}
	document := b.document(ast.ArrayTerm(active...), e.risk.base.params)
	document.Insert(ast.StringTerm(risk.Verdicts), ofCustomRules(verdicts))
	bindings, err := e.ask(ctx, e.risk, document)
	if err != nil {
		return nil, err
	}
	factors, err := risk.Read(bindings[risk.Factors], b.place)
	if err != nil {
		return nil, fmt.Errorf("the risk model: %w", err)
	}
	return factors, nil
}

// ofCustomRules returns the verdicts of custom rules by token, as the model reads them.
func ofCustomRules(verdicts []policies.Verdict) *ast.Term {
	byToken := map[string][]*ast.Term{}
	for _, v := range verdicts {
		if v.Token != "" && v.Status != policies.Pass && strings.HasPrefix(v.Rule, ruleid.Custom) {
			byToken[v.Token] = append(byToken[v.Token], ast.ObjectTerm(
				ast.Item(ast.StringTerm("rule"), ast.StringTerm(v.Rule)),
				ast.Item(ast.StringTerm("severity"), ast.StringTerm(string(v.Severity))),
				ast.Item(ast.StringTerm("status"), ast.StringTerm(string(v.Status)))))
		}
	}
	table := ast.NewObject()
	for token, list := range byToken {
		table.Insert(ast.StringTerm(token), ast.ArrayTerm(list...))
	}
	return ast.NewTerm(table)
}

// couldNotScore is the error of a model that could not run on a source.
func couldNotScore(source string, err error) policies.RuleError {
	return policies.RuleError{Rule: compile.RiskID, Source: source, Detail: output.Cut(output.OneLine(err.Error()), output.MaxMessage)}
}

// Risk returns the risk model with the parameters in force; false where it is off.
func (e *Engine) Risk() (policies.Rule, bool) {
	if e.risk == nil {
		return policies.Rule{}, false
	}
	model := e.risk.Rule.Rule
	model.Values = e.risk.base.values
	return model, true
}
