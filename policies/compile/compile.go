// Package compile makes rules out of Rego files: it compiles each in the sandbox, and
// refuses what could judge wrongly.
package compile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/metadata"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/reads"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// Rule is a rule that is ready to judge.
type Rule struct {
	policies.Rule
	// query asks for all output sets at once.
	query rego.PreparedEvalQuery
	// txn is a read transaction on the rule's store, which is never written.
	txn storage.Transaction
	reads.Demands
	// sets are the output sets that the rule has.
	sets []string
}

// draft is a rule on its way to being compiled.
type draft struct {
	rule    policies.Rule
	pkg     *ast.Package
	modules []regofile.Module
}

// base is the base document that the modules of a namespace may read, in a store that is
// never written.
type base struct {
	data  map[string]any
	store storage.Store
	txn   storage.Transaction
}

// newBase puts data, nil for none, into a store.
func newBase(ctx context.Context, data map[string]any) (*base, error) {
	store := inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the store of the rules: %w", err)
	}
	return &base{data: data, store: store, txn: txn}, nil
}

// compile compiles modules of one namespace apart from all others, so that no module of
// another author can change a rule.
func compile(ctx context.Context, modules []regofile.Module, ns regofile.Namespace, base *base, makeCompiler compilerFor, now *regofile.Place, f *regofile.Faults) ([]*Rule, error) {
	if ns.Custom {
		refuseReplaced(modules, f)
		regofile.CheckComplexity(modules, f)
	}
	drafts := draftRules(modules, ns, f)
	if len(f.List) > 0 {
		return nil, nil
	}
	compiler, err := makeCompiler(drafts, nil)
	if err != nil {
		return nil, err
	}
	options := compiled(compiler, modules, ns, base, f)
	if options == nil {
		return nil, nil
	}
	rules, wrong, errs := make([]*Rule, len(drafts)), make([]regofile.Faults, len(drafts)), make([]error, len(drafts))
	regofile.Each(now, drafts, func(i int, d **draft) {
		rules[i], errs[i] = (*d).prepare(ctx, compiler, ns, base, options, &wrong[i])
	})
	f.Add(wrong...)
	return rules, errors.Join(errs...)
}

// prepare makes a rule of the draft, which is compiled.
func (d *draft) prepare(ctx context.Context, compiler *ast.Compiler, ns regofile.Namespace, base *base, options []func(*rego.Rego), f *regofile.Faults) (*Rule, error) {
	rule := checkRule(compiler, d, ns, f)
	if len(f.List) > 0 {
		return nil, nil
	}
	rule.txn = base.txn
	query := rego.ParsedQuery(outputQuery(d.pkg.Path, rule.sets))
	var err error
	if rule.query, err = rego.New(append(slices.Clone(options), query)...).PrepareForEval(ctx); err != nil {
		return nil, fmt.Errorf("prepare rule %s: %w", d.rule.ID, err)
	}
	return rule, nil
}

// compiled compiles the modules and returns the options of queries on them; nil if
// something is wrong with them.
func compiled(compiler *ast.Compiler, modules []regofile.Module, ns regofile.Namespace, base *base, f *regofile.Faults) []func(*rego.Rego) {
	guardCalls()
	parsed := map[string]*ast.Module{}
	for _, m := range slices.Concat(modules, ns.Helpers) {
		parsed[m.Path] = m.Parsed
	}
	if compiler.Compile(parsed); compiler.Failed() {
		f.OPA(compiler.Errors)
		return nil
	}
	checkData(compiler, ns, base.data, f)
	return []func(*rego.Rego){rego.Compiler(compiler), rego.Store(base.store), rego.Transaction(base.txn), rego.StrictBuiltinErrors(true)}
}

// outputQuery asks for output sets of a package, all in one query.
func outputQuery(pkg ast.Ref, sets []string) ast.Body {
	var body ast.Body
	for _, set := range sets {
		body = append(body, ast.Equality.Expr(ast.VarTerm(set), ast.NewTerm(pkg.Append(ast.StringTerm(set)))))
	}
	return body
}

// compilerFor makes a compiler for drafts of one namespace, whose input has more members than
// that of rules where there are any.
type compilerFor func(drafts []*draft, more map[string]any) (*ast.Compiler, error)

// builtInCompiler makes a compiler for the built-in rules as they come with the program. It
// leaves out what takes long and could only refuse them: that their types fit the input is
// known of each release, because the tests, and `rules test`, compile them by newCompiler.
func builtInCompiler([]*draft, map[string]any) (*ast.Compiler, error) {
	return ast.NewCompiler().
		WithCapabilities(regofile.Sandbox()).
		WithSkipStages(ast.StageCheckTypes, ast.StageCheckUndefinedFuncs, ast.StageCheckDeprecatedBuiltins), nil
}

// newCompiler makes a compiler that knows the input, with more members than those of rules
// where there are any, and each rule's parameters.
func newCompiler(drafts []*draft, more map[string]any) (*ast.Compiler, error) {
	var schema map[string]any
	if err := util.Unmarshal(input.Schema, &schema); err != nil {
		return nil, fmt.Errorf("read the schema of the input: %w", err)
	}
	if members, ok := schema["properties"].(map[string]any); ok {
		maps.Copy(members, more)
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, schema)
	for _, d := range drafts {
		typeParams(d, schemas)
	}
	return ast.NewCompiler().
		WithCapabilities(regofile.Sandbox()).
		WithStrict(true).
		WithSchemas(schemas).
		WithUseTypeCheckAnnotations(true).
		SetErrorLimit(0), nil
}

// CompilerForTests returns a compiler for rules together with their tests, which may feed
// whatever they like, and print.
func CompilerForTests() (*ast.Compiler, error) {
	compiler, err := newCompiler(nil, risk.InputMembers())
	if err != nil {
		return nil, err
	}
	return compiler.WithCapabilities(regofile.SandboxForTests()).WithEnablePrintStatements(true).WithUseTypeCheckAnnotations(false), nil
}

// typeParams makes the compiler see input.params of a rule with the types that
// its METADATA declares.
func typeParams(d *draft, schemas *ast.SchemaSet) {
	if len(d.rule.Params) == 0 {
		return
	}
	name := ast.SchemaRootRef.Append(ast.StringTerm("params")).Append(ast.StringTerm(d.rule.ID))
	schemas.Put(name, metadata.ParamsSchema(d.rule.Params))
	for _, m := range d.modules {
		for _, annotations := range m.Parsed.Annotations {
			if annotations.Scope == "package" {
				annotations.Schemas = []*ast.SchemaAnnotation{{Path: ast.MustParseRef("input.params"), Schema: name}}
			}
		}
	}
}

// draftRules sorts modules into rules and reads their METADATA.
func draftRules(modules []regofile.Module, ns regofile.Namespace, f *regofile.Faults) []*draft {
	byName := map[string]*draft{}
	for _, m := range modules {
		pkg := m.Parsed.Package
		name, ok := ns.RuleOf(pkg.Path)
		if !ok {
			f.At(pkg.Location, "package %s is out of place: %s", regofile.PackageName(pkg.Path), places(ns))
			continue
		}
		if name == "" {
			refuseSchemas(m, f)
			continue
		}
		d := byName[name]
		if d == nil {
			d = &draft{pkg: pkg}
			byName[name] = d
		}
		d.modules = append(d.modules, m)
	}
	var drafts []*draft
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		d := byName[name]
		d.read(ns, name, f)
		drafts = append(drafts, d)
	}
	return drafts
}

func places(ns regofile.Namespace) string {
	if ns.Custom {
		return "a custom rule is a package custom.rules.<name> in lower_snake_case (tests are in files named *_test.rego), shared helpers are in custom.lib, and a risk model of your own is custom.risk"
	}
	return "a rule is a package tokenaudit.rules.<name> in lower_snake_case"
}

// read reads the METADATA of a rule.
func (d *draft) read(ns regofile.Namespace, name string, f *regofile.Faults) {
	if found := d.metadata("rule "+ns.ID(name), f); found != nil {
		rule, problems := metadata.Read(found)
		d.take(rule, problems, ns.ID(name), found, ns, f)
	}
}

// metadata finds the one METADATA block of a rule, or of the risk model, on the package of
// one of its modules; nil where there is none, which is a fault.
func (d *draft) metadata(of string, f *regofile.Faults) *ast.Annotations {
	var found *ast.Annotations
	for _, m := range d.modules {
		for _, annotations := range m.Parsed.Annotations {
			if annotations.Scope != "package" {
				continue
			}
			if found != nil {
				f.At(annotations.Location, "%s has a second METADATA block; the first is at %s:%d", of, found.Location.File, found.Location.Row)
				continue
			}
			found = annotations
			d.pkg = m.Parsed.Package
		}
		refuseSchemas(m, f)
	}
	if found == nil {
		f.At(d.pkg.Location, "%s has no METADATA above its package", of)
	}
	return found
}

// take makes what METADATA says the draft's own.
func (d *draft) take(rule policies.Rule, problems []string, id string, found *ast.Annotations, ns regofile.Namespace, f *regofile.Faults) {
	for _, problem := range problems {
		f.At(found.Location, "METADATA of rule %s: %s", id, problem)
	}
	rule.ID = id
	rule.Package = regofile.PackageName(d.pkg.Path)
	rule.Custom = ns.Custom
	rule.File, rule.Line = d.pkg.Location.File, d.pkg.Location.Row
	d.rule = rule
}

// refuseSchemas keeps a module from replacing the schema of the input by one
// that lets everything pass.
func refuseSchemas(m regofile.Module, f *regofile.Faults) {
	for _, annotations := range m.Parsed.Annotations {
		if len(annotations.Schemas) > 0 {
			f.At(annotations.Location, "METADATA may not have schemas: the schema of the input is fixed")
		}
	}
}

// refuseReplaced keeps rules from putting a built-in function in the place of something
// else, or something else in its place: what is read could not be told. Tests may.
func refuseReplaced(modules []regofile.Module, f *regofile.Faults) {
	for _, m := range modules {
		ast.WalkWiths(m.Parsed, func(with *ast.With) bool {
			for _, term := range []*ast.Term{with.Target, with.Value} {
				if name := term.String(); regofile.Allowed(name) {
					f.At(with.Location, "a rule may not use %s in a with: built-in functions cannot be replaced", name)
				}
			}
			return false
		})
	}
}

// checkRule checks what the compiler does not: the shape of the output sets, the
// names of parameters, and that no fact is read that could be unknown unnoticed.
func checkRule(compiler *ast.Compiler, d *draft, ns regofile.Namespace, f *regofile.Faults) *Rule {
	rule := &Rule{Rule: d.rule}
	has := map[string]bool{}
	for _, set := range output.Sets() {
		rules := compiler.GetRulesExact(d.pkg.Path.Append(ast.StringTerm(set)))
		has[set] = len(rules) > 0
		for _, r := range rules {
			if r.Head.RuleKind() != ast.MultiValue || r.Default {
				f.At(r.Location, "%s must be a set: %s contains … if { … }", set, set)
			}
		}
	}
	if !has[output.Deny] {
		f.At(d.pkg.Location, "rule %s has no deny set, so it could never fail", d.rule.ID)
	}
	usage := reads.Of(compiler, reads.Rule{
		Package: d.pkg.Path, OfSource: d.rule.Subject == policies.SubjectSource, Custom: ns.Custom, Requires: d.rule.Requires,
		SelectsWrite: d.rule.Select.Write != nil, HasUnknown: has[output.Unknown],
	})
	for _, p := range usage.Params {
		if _, ok := d.rule.Params[p.Name]; !ok {
			f.At(p.Location, "parameter %s is not declared in the METADATA of rule %s%s", p.Name, d.rule.ID,
				suggest.DidYouMean(p.Name, slices.Collect(maps.Keys(d.rule.Params))))
		}
	}
	rule.sets = slices.DeleteFunc(slices.Clone(output.Sets()), func(set string) bool { return !has[set] })
	rule.Demands = usage.Demands
	if len(usage.Unnamed) > 0 {
		f.At(cmp.Or(usage.Location, d.pkg.Location), "rule %s reads %s, which a CMS may not report: name it in custom.requires, or say in an unknown set when the rule cannot decide", d.rule.ID, policies.Join(usage.Unnamed))
	}
	return rule
}

// checkData refuses references to data that does not exist: OPA takes them for
// undefined, so that a misspelt helper would silently find nothing.
func checkData(compiler *ast.Compiler, ns regofile.Namespace, data map[string]any, f *regofile.Faults) {
	for _, name := range slices.Sorted(maps.Keys(compiler.Modules)) {
		m := compiler.Modules[name]
		own := m.Package.Path
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			if !ref.HasPrefix(ast.DefaultRootRef) || len(ref) < 2 {
				return false
			}
			static := ref.ConstantPrefix()
			inside := static.HasPrefix(own) || static.HasPrefix(ns.Lib) || static.HasPrefix(regofile.BuiltInNamespace.Lib)
			switch {
			case !inside && !inData(data, static):
				f.At(ref[0].Location, "%s is not part of this rule: it may read input and its own package%s", ref, orLib(ns))
			case inside && len(compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{})) == 0 && !inData(data, static):
				f.At(ref[0].Location, "%s is not defined", ref)
			}
			return false
		})
	}
}

func orLib(ns regofile.Namespace) string {
	if !ns.Custom {
		return ""
	}
	return ", tokenaudit.lib, custom.lib, and data of its bundle"
}

// inData reports whether a constant reference leads into the base document.
func inData(data map[string]any, ref ast.Ref) bool {
	var node any = data
	for _, term := range ref[1:] {
		table, ok := node.(map[string]any)
		if !ok {
			return true
		}
		key, ok := term.Value.(ast.String)
		if !ok {
			return false
		}
		if node, ok = table[string(key)]; !ok {
			return false
		}
	}
	return len(ref) > 1
}

// Evaluate returns the output sets of the rule for one input.
func (r *Rule) Evaluate(ctx context.Context, document ast.Value) (map[string]*ast.Term, error) {
	results, err := r.query.Eval(ctx,
		rego.EvalParsedInput(document),
		rego.EvalTransaction(r.txn),
		rego.EvalMetrics(metrics.NoOp()),
		rego.EvalSortSets(false),
		rego.EvalGenerateJSON(func(term *ast.Term, _ *rego.EvalContext) (any, error) { return term, nil }),
	)
	switch {
	case err != nil:
		return nil, err
	case len(results) != 1:
		return nil, errors.New("the output sets are undefined")
	}
	bindings := make(map[string]*ast.Term, len(r.sets))
	for name, value := range results[0].Bindings {
		if term, ok := value.(*ast.Term); ok {
			bindings[name] = term
		}
	}
	return bindings, nil
}
