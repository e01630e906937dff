package ruletest

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/tokenaudit/tokenaudit/collectors/userfile"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/inputcheck"
	"github.com/tokenaudit/tokenaudit/policies/metadata"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/pages"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/policies/rules"
)

// pageName is the page that stands next to a rule.
const pageName = "README.md"

// conventions returns what the rules do not keep: each rule has tests in a package
// of its own name with _test, a page next to it, words about what it finds and
// how to fix that, and stands formatted. A test feeds what a rule may see.
func (s *suite) conventions(shape *inputcheck.Shape, inputs []inputcheck.Problem, titles pages.Titles) regofile.LoadErrors {
	var f regofile.Faults
	for _, p := range inputs {
		f.At(p.Test.Location, "the input of %s.%s cannot occur: %s", regofile.PackageName(p.Test.Module.Package.Path), p.Test.Head.Name, output.OneLine(p.Detail))
	}
	tested := map[string]bool{}
	for _, m := range s.modules {
		checkFormat(m, &f)
		for _, wrong := range shape.WrongWords(m.Parsed) {
			f.At(wrong.Location, "%s", output.OneLine(wrong.Detail))
		}
		if m.IsTest() && hasTest(m.Parsed) {
			tested[m.Parsed.Package.Path.String()] = true
		}
	}
	for _, m := range s.modules {
		name, ok := s.namespace.RuleOf(m.Parsed.Package.Path)
		if m.IsTest() || !ok || name == "" {
			continue
		}
		if pkg := m.Parsed.Package.Path.String() + "_test"; !tested[pkg] {
			f.File(m.Path, "rule %s has no test in a package %s, in a file named *_test.rego", s.namespace.ID(name), strings.TrimPrefix(pkg, "data."))
		}
		checkWords(m, s.namespace.ID(name), &f)
		s.checkPage(m, s.namespace.ID(name), titles, &f)
	}
	broken, _ := f.Err().(regofile.LoadErrors) //nolint:errorlint // err gives this type and never wraps it
	return broken
}

// checkPage asks for a page next to a rule that says what its METADATA does; more may
// stand around that. A bundle has no pages: it is what was built from a folder that
// has them.
func (s *suite) checkPage(m regofile.Module, id string, titles pages.Titles, f *regofile.Faults) {
	var page []byte
	var err error
	file := path.Join(path.Dir(m.Path), pageName)
	switch {
	case !s.namespace.Custom:
		page, err = fs.ReadFile(rules.Files, strings.TrimPrefix(file, "policies/rules/"))
	case strings.Contains(m.Path, ".tar.gz/") || strings.Contains(m.Path, ".tgz/"):
		return
	default:
		file = filepath.Join(filepath.Dir(filepath.FromSlash(m.Path)), pageName)
		page, err = userfile.Read(file, maxPage)
	}
	if errors.Is(err, fs.ErrNotExist) {
		f.File(m.Path, "rule %s has no page: %s next to it", id, pageName)
		return
	}
	if err != nil {
		f.File(file, "the page of rule %s cannot be read: %s", id, userfile.Reason(err))
		return
	}
	for _, annotations := range m.Parsed.Annotations {
		if annotations.Scope != "package" {
			continue
		}
		rule, problems := metadata.Read(annotations)
		if len(problems) > 0 {
			return
		}
		rule.ID = id
		if line := missingLine(string(page), pages.Page(rule, titles)); line != "" {
			f.File(file, "the page of rule %s lacks %q, which its METADATA says; the page begins with what `tokenaudit rules show %s` prints",
				id, output.Cut(line, 200), id)
		}
	}
}

// maxPage bounds a page, in bytes.
const maxPage = 1 << 20

// missingLine returns the first line of a page that a file does not have in its place;
// empty for none.
func missingLine(file, page string) string {
	file = strings.ReplaceAll(file, "\r\n", "\n")
	if strings.Contains(file, strings.TrimSpace(page)) {
		return ""
	}
	at := 0
	for line := range strings.Lines(page) {
		if line = strings.TrimRight(line, "\n"); line == "" {
			continue
		}
		i := strings.Index(file[at:], line)
		if i < 0 {
			return line
		}
		at += i + len(line)
	}
	return strings.TrimSpace(page)
}

// checkWords asks for the words that readers of a report need.
func checkWords(m regofile.Module, id string, f *regofile.Faults) {
	for _, annotations := range m.Parsed.Annotations {
		if annotations.Scope != "package" {
			continue
		}
		if strings.TrimSpace(annotations.Description) == "" {
			f.At(annotations.Location, "METADATA of rule %s has no description", id)
		}
		rule, _ := metadata.Read(annotations)
		if rule.Remediation["default"] == metadata.NoRemediation {
			f.At(annotations.Location, "METADATA of rule %s has no custom.remediation.default", id)
		}
		for _, name := range slices.Sorted(maps.Keys(rule.Params)) {
			if rule.Params[name].Stricter == "" && len(rule.Controls) > 0 {
				f.At(annotations.Location, "METADATA of rule %s does not say which values of %s are stricter: without custom.params.%s.stricter (lower, higher or first), no control passes with another value than the default", id, name, name)
			}
		}
		for _, framework := range slices.Sorted(maps.Keys(rule.Controls)) {
			if _, known := frameworks.ByKey(framework); !known {
				f.At(annotations.Location, "METADATA of rule %s names controls of %s, which no report shows: the frameworks are %s",
					id, framework, strings.Join(frameworks.Keys(), ", "))
			}
		}
	}
}

func checkFormat(m regofile.Module, f *regofile.Faults) {
	formatted, err := format.SourceWithOpts(m.Path, m.Text, format.Opts{RegoVersion: ast.RegoV1})
	if err != nil {
		f.File(m.Path, "format: %s", output.OneLine(err.Error()))
		return
	}
	if string(formatted) != string(m.Text) {
		line, want := firstDifference(string(m.Text), string(formatted))
		f.At(&ast.Location{File: m.Path, Row: line}, "it is not formatted: expected %q here; `opa fmt --write` formats a file", output.Cut(want, 100))
	}
}

// firstDifference returns the number of the first line in which a text is not what is
// wanted, and what is wanted there.
func firstDifference(text, wanted string) (line int, want string) {
	have := strings.Split(text, "\n")
	for i, want := range strings.Split(wanted, "\n") {
		if i >= len(have) || have[i] != want {
			return i + 1, want
		}
	}
	return strings.Count(wanted, "\n") + 1, ""
}

func hasTest(m *ast.Module) bool {
	for _, rule := range m.Rules {
		if strings.HasPrefix(rule.Head.Ref()[0].String(), "test_") {
			return true
		}
	}
	return false
}
