package policies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/policies/complexity"
	"github.com/tokenaudit/tokenaudit/policies/timelimit"
)

// A library is all rules that exist, before settings.
type library struct {
	// rules are sorted by id.
	rules []*compiledRule
	// modules are what the rules were made of, without tests.
	modules []module
}

// builtinLibrary is the library of the built-in rules alone. They are compiled once a
// process, because no engine changes them: nobody may change what is returned.
var builtinLibrary = sync.OnceValues(func() (*library, error) {
	modules, err := builtinModules()
	if err != nil {
		return nil, fmt.Errorf("read the built-in rules: %w", err)
	}
	return compileLibrary(context.Background(), builtinNamespace, modules, nil, &place{})
})

// loadLibrary reads and compiles the built-in rules and those in the paths, the
// latter within the time limit, 0 for the default.
func loadLibrary(ctx context.Context, paths []string, limit time.Duration) (*library, error) {
	builtin, err := builtinLibrary()
	if err != nil || len(paths) == 0 {
		return builtin, err
	}
	custom, err := loading(ctx, limit, func(ctx context.Context, now *place) (*library, error) {
		files, err := readCustom(paths, now)
		if err != nil {
			return nil, asLoadErrors(err)
		}
		return compileLibrary(ctx, customNamespace, files.modules, files.document(), now)
	})
	if err != nil {
		return nil, err
	}
	l := &library{rules: slices.Concat(builtin.rules, custom.rules), modules: slices.Concat(builtin.modules, custom.modules)}
	slices.SortFunc(l.rules, func(a, b *compiledRule) int { return strings.Compare(a.ID, b.ID) })
	return l, nil
}

// A place is the file that is being loaded, for those who wait for that.
type place struct{ file atomic.Pointer[string] }

func (p *place) is(file string) { p.file.Store(&file) }

// loading runs f within the time limit, 0 for the default. OPA's parser and compiler
// obey no context: what does not return is left behind, and the file named.
func loading[T any](ctx context.Context, limit time.Duration, f func(context.Context, *place) (T, error)) (T, error) {
	limit = cmp.Or(limit, DefaultLoadTimeout)
	now := &place{}
	value, err := timelimit.Run(ctx, limit, 0, func(ctx context.Context) (T, error) { return f(ctx, now) })
	failed := &LoadError{}
	if file := now.file.Load(); file != nil {
		failed.File = *file
	}
	switch {
	case ctx.Err() != nil:
		return value, fmt.Errorf("load the custom rules: %w", context.Cause(ctx))
	case errors.Is(err, timelimit.ErrDoesNotStop):
		failed.Detail = fmt.Sprintf("loading the custom rules took longer than %s: simplify what is nested or repeated here, or raise limits.load_timeout", limit)
	case errors.Is(err, timelimit.ErrPanicked):
		failed.Detail = err.Error()
	default:
		return value, err
	}
	return value, LoadErrors{failed}
}

// compileLibrary compiles the modules of a namespace, tests left out. The error is
// LoadErrors if rules are wrong.
func compileLibrary(ctx context.Context, ns namespace, modules []module, data map[string]any, now *place) (*library, error) {
	l := &library{modules: slices.DeleteFunc(slices.Clone(modules), module.isTest)}
	sortModules(l.modules)
	ns, err := withHelpers(ns)
	if err != nil {
		return nil, err
	}
	var f faults
	parse(l.modules, sandbox(), now, &f)
	base, err := newBase(ctx, data)
	if err != nil {
		return nil, err
	}
	if len(f.list) > 0 {
		return nil, f.err()
	}
	for _, unit := range ns.units(l.modules) {
		now.is(unit[len(unit)-1].path)
		var wrong faults
		rules, err := compile(ctx, unit, ns, base, &wrong)
		if err != nil {
			return nil, err
		}
		f.list = append(f.list, wrong.list...)
		l.rules = append(l.rules, rules...)
	}
	return l, f.err()
}

// units are what is compiled at once. Custom rules are compiled one by one, each with
// the modules that they share, so that one on which the compiler fails can be named;
// they may not refer to each other anyway. What is out of place is with the
// shared modules, and refused later.
func (ns namespace) units(modules []module) [][]module {
	if len(modules) == 0 || !ns.custom {
		return [][]module{modules}
	}
	var shared []module
	byRule := map[string][]module{}
	for _, m := range modules {
		if name, ok := ns.place(m.parsed.Package.Path); ok && name != "" {
			byRule[name] = append(byRule[name], m)
		} else {
			shared = append(shared, m)
		}
	}
	if len(byRule) == 0 {
		return [][]module{shared}
	}
	var units [][]module
	for _, name := range slices.Sorted(maps.Keys(byRule)) {
		units = append(units, slices.Concat(shared, byRule[name]))
	}
	return units
}

// checkComplexity refuses modules that the compiler would not get along with.
func checkComplexity(modules []module, f *faults) {
	parsed := make([]*ast.Module, len(modules))
	for i, m := range modules {
		parsed[i] = m.parsed
	}
	if errs := complexity.Check(parsed); len(errs) > 0 {
		f.opa(errs)
	}
}

func (l *library) ids() []string {
	ids := make([]string, len(l.rules))
	for i, rule := range l.rules {
		ids[i] = rule.ID
	}
	return ids
}
