package compile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// Library is all rules that exist, before settings.
type Library struct {
	// Rules are sorted by id.
	Rules []*Rule
	// Risk is the risk model; nil where custom rules have none of their own.
	Risk *Rule
	// Modules are what the rules were made of, without tests.
	Modules []regofile.Module
	// Custom are the files of the custom rules; nil without any.
	Custom *regofile.CustomFiles
}

// builtinLibrary is the library of the built-in rules alone. They are compiled once a
// process, because no engine changes them: nobody may change what is returned.
var builtinLibrary = sync.OnceValues(func() (*Library, error) {
	modules, err := regofile.BuiltIn()
	if err != nil {
		return nil, fmt.Errorf("read the built-in rules: %w", err)
	}
	return compileAll(context.Background(), regofile.BuiltInNamespace, modules, nil, nil, builtInCompiler)
})

// Load reads and compiles the built-in rules and those in the paths, the
// latter within the time limit, 0 for the default.
func Load(ctx context.Context, paths []string, limit time.Duration) (*Library, error) {
	if len(paths) == 0 {
		return builtinLibrary()
	}
	return load(ctx, limit, func(now *regofile.Place) (*regofile.CustomFiles, error) { return regofile.ReadCustom(paths, now) })
}

// LoadFiles is Load with custom rules that were read already; nil for none.
func LoadFiles(ctx context.Context, files *regofile.CustomFiles, limit time.Duration) (*Library, error) {
	if files == nil {
		return builtinLibrary()
	}
	return load(ctx, limit, func(*regofile.Place) (*regofile.CustomFiles, error) { return files, nil })
}

func load(ctx context.Context, limit time.Duration, read func(*regofile.Place) (*regofile.CustomFiles, error)) (*Library, error) {
	builtin, err := builtinLibrary()
	if err != nil {
		return nil, err
	}
	custom, err := regofile.Within(ctx, limit, func(ctx context.Context, now *regofile.Place) (*Library, error) {
		files, err := read(now)
		if err != nil {
			return nil, err
		}
		l, err := Modules(ctx, regofile.CustomNamespace, files.Modules, files.Document(), now)
		if err != nil {
			return nil, err
		}
		l.Custom = files
		return l, nil
	})
	if err != nil {
		return nil, err
	}
	l := &Library{
		Rules: slices.Concat(builtin.Rules, custom.Rules), Risk: cmp.Or(custom.Risk, builtin.Risk),
		Modules: slices.Concat(builtin.Modules, custom.Modules), Custom: custom.Custom,
	}
	slices.SortFunc(l.Rules, func(a, b *Rule) int { return strings.Compare(a.ID, b.ID) })
	return l, nil
}

// Modules compiles the modules of a namespace, sorted by path, tests left out. The error is
// LoadErrors if rules are wrong.
func Modules(ctx context.Context, ns regofile.Namespace, modules []regofile.Module, data map[string]any, now *regofile.Place) (*Library, error) {
	return compileAll(ctx, ns, modules, data, now, newCompiler)
}

func compileAll(ctx context.Context, ns regofile.Namespace, modules []regofile.Module, data map[string]any, now *regofile.Place, compiler compilerFor) (*Library, error) {
	l := &Library{Modules: slices.DeleteFunc(slices.Clone(modules), regofile.Module.IsTest)}
	ns, err := ns.WithHelpers()
	if err != nil {
		return nil, err
	}
	var f regofile.Faults
	regofile.Parse(l.Modules, regofile.Sandbox(), now, &f)
	base, err := newBase(ctx, data)
	if err != nil {
		return nil, err
	}
	if len(f.List) > 0 {
		return nil, f.Err()
	}
	units := units(ns, l.Modules)
	rules, wrong, errs := make([][]*Rule, len(units)), make([]regofile.Faults, len(units)), make([]error, len(units))
	regofile.Each(now, units, func(i int, unit *[]regofile.Module) {
		last := (*unit)[len(*unit)-1]
		now.Is(last.Path)
		if ns.IsRisk(last.Parsed.Package.Path) {
			l.Risk, errs[i] = compileRisk(ctx, *unit, ns, base, compiler, &wrong[i])
		} else {
			rules[i], errs[i] = compile(ctx, *unit, ns, base, compiler, now, &wrong[i])
		}
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	l.Rules = slices.Concat(rules...)
	f.Add(wrong...)
	return l, f.Err()
}

// units are what is compiled at once: the risk model, and the rules, each with the modules
// that all share. Custom rules are compiled one by one, so that one on which the compiler
// fails can be named; they may not refer to each other anyway. What is out of place is with
// the shared modules, and refused later.
func units(ns regofile.Namespace, modules []regofile.Module) [][]regofile.Module {
	var shared, model []regofile.Module
	byName := map[string][]regofile.Module{}
	for _, m := range modules {
		name, ok := ns.RuleOf(m.Parsed.Package.Path)
		switch {
		case ns.IsRisk(m.Parsed.Package.Path):
			model = append(model, m)
		case !ok || name == "":
			shared = append(shared, m)
		case ns.Custom:
			byName[name] = append(byName[name], m)
		default:
			byName["all"] = append(byName["all"], m)
		}
	}
	var units [][]regofile.Module
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		units = append(units, slices.Concat(shared, byName[name]))
	}
	if len(units) == 0 && len(shared) > 0 {
		units = append(units, shared)
	}
	if len(model) > 0 {
		units = append(units, slices.Concat(shared, model))
	}
	return units
}

// IDs are the ids of the rules, sorted.
func (l *Library) IDs() []string {
	ids := make([]string, len(l.Rules))
	for i, rule := range l.Rules {
		ids[i] = rule.ID
	}
	return ids
}
