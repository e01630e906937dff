package policies

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
	"github.com/tokenaudit/tokenaudit/policies/inputcheck"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// pageName is the page that stands beside a rule.
const pageName = "README.md"

// conventions returns what the rules do not keep: each rule has tests in a package
// of its own name with _test, a page beside it, words about what it finds and
// how to fix that, and stands formatted. A test feeds what a rule may see.
func (s *suite) conventions(shape *inputcheck.Shape, inputs []inputcheck.Problem) LoadErrors {
	var f faults
	for _, p := range inputs {
		f.at(p.Test.Location, "the input of %s.%s cannot occur: %s", pkgName(p.Test.Module.Package.Path), p.Test.Head.Name, oneLine(p.Detail))
	}
	tested := map[string]bool{}
	for _, m := range s.modules {
		checkFormat(m, &f)
		for _, wrong := range shape.WrongWords(m.parsed) {
			f.at(wrong.Location, "%s", oneLine(wrong.Detail))
		}
		if m.isTest() && hasTest(m.parsed) {
			tested[m.parsed.Package.Path.String()] = true
		}
	}
	for _, m := range s.modules {
		name, ok := s.namespace.place(m.parsed.Package.Path)
		if m.isTest() || !ok || name == "" {
			continue
		}
		if pkg := m.parsed.Package.Path.String() + "_test"; !tested[pkg] {
			f.file(m.path, "rule %s has no test in a package %s, in a file named *_test.rego", s.namespace.id(name), strings.TrimPrefix(pkg, "data."))
		}
		checkWords(m, s.namespace.id(name), &f)
		s.checkPage(m, s.namespace.id(name), &f)
	}
	broken, _ := f.err().(LoadErrors) //nolint:errorlint // err gives this type and never wraps it
	return broken
}

// checkPage asks for a page next to a rule that says what its METADATA does; more may
// stand around that. A bundle has no pages: it is what was built from a folder that
// has them.
func (s *suite) checkPage(m module, id string, f *faults) {
	var page []byte
	var err error
	file := path.Join(path.Dir(m.path), pageName)
	switch {
	case !s.namespace.custom:
		page, err = fs.ReadFile(builtinFiles, strings.TrimPrefix(file, "policies/"))
	case strings.Contains(m.path, ".tar.gz/") || strings.Contains(m.path, ".tgz/"):
		return
	default:
		file = filepath.Join(filepath.Dir(filepath.FromSlash(m.path)), pageName)
		page, err = userfile.Read(file, maxPage)
	}
	if errors.Is(err, fs.ErrNotExist) {
		f.file(m.path, "rule %s has no page: %s beside it", id, pageName)
		return
	}
	if err != nil {
		f.file(file, "the page of rule %s cannot be read: %s", id, reasonOf(err))
		return
	}
	for _, annotations := range m.parsed.Annotations {
		if annotations.Scope != "package" {
			continue
		}
		rule, problems := readMetadata(annotations)
		if len(problems) > 0 {
			return
		}
		rule.ID = id
		if line := missingLine(string(page), Page(rule)); line != "" {
			f.file(file, "the page of rule %s lacks %q, which its METADATA says; the beginning of what `tokenaudit rules show %s` prints is the page",
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
func checkWords(m module, id string, f *faults) {
	for _, annotations := range m.parsed.Annotations {
		if annotations.Scope != "package" {
			continue
		}
		if strings.TrimSpace(annotations.Description) == "" {
			f.at(annotations.Location, "METADATA of rule %s has no description", id)
		}
		rule, _ := readMetadata(annotations)
		if rule.Remediation["default"] == noRemediation {
			f.at(annotations.Location, "METADATA of rule %s has no custom.remediation.default", id)
		}
		for _, framework := range slices.Sorted(maps.Keys(rule.Controls)) {
			if !slices.Contains(frameworkKeys(), framework) {
				f.at(annotations.Location, "METADATA of rule %s names controls of %s, which no report shows: the frameworks are %s",
					id, framework, strings.Join(frameworkKeys(), ", "))
			}
		}
	}
}

func checkFormat(m module, f *faults) {
	formatted, err := format.SourceWithOpts(m.path, m.text, format.Opts{RegoVersion: ast.RegoV1})
	if err != nil {
		f.file(m.path, "format: %s", oneLine(err.Error()))
		return
	}
	if string(formatted) != string(m.text) {
		line, want := firstDifference(string(m.text), string(formatted))
		f.at(&ast.Location{File: m.path, Row: line}, "it is not formatted: expected %q here; `opa fmt --write` formats a file", output.Cut(want, 100))
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
