package compile

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/tokenaudit/tokenaudit/policies/metadata"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// RiskID is the id of the risk model, for settings and errors. No rule has it.
const RiskID = "risk"

// compileRisk compiles the risk model, with the helpers that it may use. The model reads
// what rules read, and the verdicts of custom rules.
func compileRisk(ctx context.Context, modules []regofile.Module, ns regofile.Namespace, base *base, makeCompiler compilerFor, f *regofile.Faults) (*Rule, error) {
	if ns.Custom {
		refuseReplaced(modules, f)
		regofile.CheckComplexity(modules, f)
	}
	d := draftRisk(modules, ns, f)
	if len(f.List) > 0 {
		return nil, nil
	}
	compiler, err := makeCompiler([]*draft{d}, risk.InputMembers())
	if err != nil {
		return nil, err
	}
	options := compiled(compiler, modules, ns, base, f)
	factors := compiler.GetRulesExact(ns.Risk.Append(ast.StringTerm(risk.Factors)))
	if options != nil && len(factors) == 0 {
		f.At(d.pkg.Location, "the risk model has no set %s", risk.Factors)
	}
	for _, r := range factors {
		if r.Head.RuleKind() != ast.MultiValue || r.Default {
			f.At(r.Location, "%s must be a set: %s contains … if { … }", risk.Factors, risk.Factors)
		}
	}
	if len(f.List) > 0 {
		return nil, nil
	}
	rule := &Rule{Rule: d.rule, txn: base.txn, sets: []string{risk.Factors}}
	query := rego.ParsedQuery(outputQuery(ns.Risk, rule.sets))
	if rule.query, err = rego.New(append(options, query)...).PrepareForEval(ctx); err != nil {
		return nil, fmt.Errorf("prepare the risk model: %w", err)
	}
	return rule, nil
}

// draftRisk reads the METADATA of the risk model.
func draftRisk(modules []regofile.Module, ns regofile.Namespace, f *regofile.Faults) *draft {
	d := &draft{}
	for _, m := range modules {
		if ns.IsRisk(m.Parsed.Package.Path) {
			d.modules = append(d.modules, m)
		}
	}
	d.pkg = d.modules[0].Parsed.Package
	found := d.metadata("the risk model", f)
	if found == nil {
		return d
	}
	rule, problems := metadata.ReadRisk(found)
	if len(problems) == 0 {
		if _, err := risk.ReadBands(rule.Values); err != nil {
			problems = append(problems, err.Error())
		}
	}
	d.take(rule, problems, RiskID, found, ns, f)
	return d
}
