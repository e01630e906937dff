// Package regofile reads the Rego files of rules, the built-in ones and those of the user:
// it finds them, bounds them, parses them, and says which rule a file is of.
package regofile

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/policies/complexity"
	"github.com/tokenaudit/tokenaudit/policies/ruleid"
	"github.com/tokenaudit/tokenaudit/policies/rules"
)

// builtinFolder begins the paths of the built-in rules, as errors name them.
const builtinFolder = "policies/rules/"

// Module is one Rego file.
type Module struct {
	// Path is what errors name.
	Path string
	Text []byte
	// Parsed is nil if the file does not parse.
	Parsed *ast.Module
}

// IsTest reports whether the file holds tests of rules.
func (m Module) IsTest() bool { return strings.HasSuffix(m.Path, "_test.rego") }

// BuiltIn reads the embedded Rego files, tests included, sorted by path.
func BuiltIn() ([]Module, error) {
	var modules []Module
	err := fs.WalkDir(rules.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".rego" {
			return err
		}
		text, err := rules.Files.ReadFile(name)
		modules = append(modules, Module{Path: builtinFolder + name, Text: text})
		return err
	})
	return modules, err
}

// Parse parses the modules in place.
func Parse(modules []Module, capabilities *ast.Capabilities, now *Place, f *Faults) {
	options := ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: capabilities}
	wrong := make([]Faults, len(modules))
	Each(now, modules, func(i int, m *Module) {
		now.Is(m.Path)
		m.parse(options, &wrong[i])
	})
	f.Add(wrong...)
}

func (m *Module) parse(options ast.ParserOptions, f *Faults) {
	parsed, err := ast.ParseModuleWithOpts(m.Path, string(m.Text), options)
	switch {
	case err != nil && !startsWithPackage(m.Text):
		f.File(m.Path, "not a Rego file: expected a package at its beginning, for example package custom.rules.ours")
	case err != nil:
		f.OPA(err)
	case parsed == nil:
		f.File(m.Path, "the file is empty")
	default:
		m.Parsed = parsed
	}
}

// packageClause is how a Rego file begins: comments may come before its package.
var packageClause = regexp.MustCompile(`^(?:\x{feff})?(?:\s+|#[^\n]*\n)*package\s+[A-Za-z_]`)

// startsWithPackage reports whether a text is plainly meant to be Rego. OPA quotes
// the line that it cannot parse, and of any other file that may be a secret.
func startsWithPackage(text []byte) bool { return packageClause.Match(text) }

// Namespace is the part of the data document that rules of one origin live in.
type Namespace struct {
	// rules is the root of the rules' packages.
	rules ast.Ref
	// Lib is the root of the packages of shared helpers.
	Lib ast.Ref
	// Risk is the package of the risk model.
	Risk ast.Ref
	// Custom: it is that of the user's rules.
	Custom bool
	// Helpers are modules of another namespace that the rules may refer to.
	Helpers []Module
}

// The namespaces of the built-in rules and of the custom ones.
var (
	BuiltInNamespace = Namespace{
		rules: ast.MustParseRef("data.tokenaudit.rules"),
		Lib:   ast.MustParseRef("data.tokenaudit.lib"),
		Risk:  ast.MustParseRef("data.tokenaudit.risk"),
	}
	CustomNamespace = Namespace{
		rules:  ast.MustParseRef("data.custom.rules"),
		Lib:    ast.MustParseRef("data.custom.lib"),
		Risk:   ast.MustParseRef("data.custom.risk"),
		Custom: true,
	}
)

// sharedLib is the file of the helpers that custom rules may use too.
const sharedLib = "lib.rego"

// WithHelpers returns the namespace of the custom rules with the shared helpers.
func (ns Namespace) WithHelpers() (Namespace, error) {
	if !ns.Custom {
		return ns, nil
	}
	text, err := rules.Files.ReadFile(sharedLib)
	if err != nil {
		return ns, fmt.Errorf("read the shared helpers: %w", err)
	}
	ns.Helpers = []Module{{Path: "built-in " + builtinFolder + sharedLib, Text: text}}
	var f Faults
	Parse(ns.Helpers, Sandbox(), nil, &f)
	return ns, f.Err()
}

var ruleName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// RuleOf returns the name of the rule that a package belongs to; "" with ok for a library.
func (ns Namespace) RuleOf(pkg ast.Ref) (name string, ok bool) {
	if pkg.HasPrefix(ns.Lib) {
		return "", true
	}
	if !pkg.HasPrefix(ns.rules) || len(pkg) != len(ns.rules)+1 {
		return "", false
	}
	last, _ := pkg[len(pkg)-1].Value.(ast.String)
	return string(last), ruleName.MatchString(string(last)) && !strings.HasSuffix(string(last), "_test")
}

// IsRisk reports whether a package is the risk model.
func (ns Namespace) IsRisk(pkg ast.Ref) bool { return pkg.Equal(ns.Risk) }

// ID returns the rule id of a package's last name.
func (ns Namespace) ID(name string) string {
	id := strings.ReplaceAll(name, "_", "-")
	if ns.Custom {
		return ruleid.Custom + id
	}
	return id
}

// CheckComplexity refuses modules that the compiler would not get along with.
func CheckComplexity(modules []Module, f *Faults) {
	parsed := make([]*ast.Module, len(modules))
	for i, m := range modules {
		parsed[i] = m.Parsed
	}
	if errs := complexity.Check(parsed); len(errs) > 0 {
		f.OPA(errs)
	}
}

// PackageName returns the name of a package as a Rego file has it.
func PackageName(pkg ast.Ref) string { return strings.TrimPrefix(pkg.String(), "data.") }
