package policies

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/policies/ruleid"
)

// builtinFiles are the rules that come with the program: one folder a rule.
//
//go:embed rules
var builtinFiles embed.FS

// A module is one Rego file.
type module struct {
	// path is what errors name.
	path string
	text []byte
	// parsed is nil if the file does not parse.
	parsed *ast.Module
}

func (m module) isTest() bool { return strings.HasSuffix(m.path, "_test.rego") }

// builtinModules reads the embedded Rego files, tests included, sorted by path.
func builtinModules() ([]module, error) {
	var modules []module
	err := fs.WalkDir(builtinFiles, "rules", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".rego" {
			return err
		}
		text, err := builtinFiles.ReadFile(name)
		modules = append(modules, module{path: "policies/" + name, text: text})
		return err
	})
	return modules, err
}

// parse parses the modules in place.
func parse(modules []module, capabilities *ast.Capabilities, now *place, f *faults) {
	options := ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: capabilities}
	for i := range modules {
		now.is(modules[i].path)
		parsed, err := ast.ParseModuleWithOpts(modules[i].path, string(modules[i].text), options)
		if err != nil && !startsWithPackage(modules[i].text) {
			f.file(modules[i].path, "not a Rego file: expected a package at its beginning, for example package custom.rules.ours")
			continue
		}
		if err != nil {
			f.opa(err)
			continue
		}
		if parsed == nil {
			f.file(modules[i].path, "the file is empty")
			continue
		}
		modules[i].parsed = parsed
	}
}

// packageClause is how a Rego file begins: comments may come before its package.
var packageClause = regexp.MustCompile(`^(?:\x{feff})?(?:\s+|#[^\n]*\n)*package\s+[A-Za-z_]`)

// startsWithPackage reports whether a text is plainly meant to be Rego. OPA quotes
// the line that it cannot parse, and of any other file that may be a secret.
func startsWithPackage(text []byte) bool { return packageClause.Match(text) }

// A namespace is the part of the data document that rules of one origin live in.
type namespace struct {
	// rules is the root of the rules' packages, lib the one of shared helpers;
	// lib is nil where there are none.
	rules, lib ast.Ref
	custom     bool
	// helpers are modules of another namespace that the rules may refer to.
	helpers []module
}

var (
	builtinNamespace = namespace{
		rules: ast.MustParseRef("data.tokenaudit.rules"),
		lib:   ast.MustParseRef("data.tokenaudit.lib"),
	}
	customNamespace = namespace{
		rules:  ast.MustParseRef("data.custom.rules"),
		lib:    ast.MustParseRef("data.custom.lib"),
		custom: true,
	}
)

// sharedLib is the file of the helpers that custom rules may use too.
const sharedLib = "policies/rules/lib.rego"

// withHelpers returns the namespace of the custom rules with the shared helpers.
func withHelpers(ns namespace) (namespace, error) {
	if !ns.custom {
		return ns, nil
	}
	text, err := builtinFiles.ReadFile(strings.TrimPrefix(sharedLib, "policies/"))
	if err != nil {
		return ns, fmt.Errorf("read the shared helpers: %w", err)
	}
	ns.helpers = []module{{path: "built-in " + sharedLib, text: text}}
	var f faults
	parse(ns.helpers, sandbox(), &place{}, &f)
	return ns, f.err()
}

var ruleName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// place tells which rule a package belongs to; "" with ok for a library.
func (ns namespace) place(pkg ast.Ref) (name string, ok bool) {
	if ns.lib != nil && pkg.HasPrefix(ns.lib) {
		return "", true
	}
	if !pkg.HasPrefix(ns.rules) || len(pkg) != len(ns.rules)+1 {
		return "", false
	}
	last, _ := pkg[len(pkg)-1].Value.(ast.String)
	return string(last), ruleName.MatchString(string(last)) && !strings.HasSuffix(string(last), "_test")
}

// id returns the rule id of a package's last name.
func (ns namespace) id(name string) string {
	id := strings.ReplaceAll(name, "_", "-")
	if ns.custom {
		return ruleid.Custom + id
	}
	return id
}

// sortModules puts the modules in one order whatever order they were given in.
func sortModules(modules []module) {
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.path, b.path) })
}
