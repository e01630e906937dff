package policies

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
)

// pageName is the page that stands beside a rule.
const pageName = "README.md"

// conventions gives what the rules do not keep: each rule has tests in a package
// of its own name with _test, a page beside it, words about what it finds and
// how to fix that, and stands formatted.
func (s *suite) conventions() LoadErrors {
	var f faults
	tested := map[string]bool{}
	for _, m := range s.modules {
		checkFormat(m, &f)
		if m.isTest() && hasTest(m.parsed) {
			tested[m.parsed.Package.Path.String()] = true
		}
	}
	for _, m := range s.modules {
		name, ok := s.house.place(m.parsed.Package.Path)
		if m.isTest() || !ok || name == "" {
			continue
		}
		if pkg := m.parsed.Package.Path.String() + "_test"; !tested[pkg] {
			f.file(m.path, "rule %s has no test in a package %s, in a file named *_test.rego", s.house.id(name), strings.TrimPrefix(pkg, "data."))
		}
		checkWords(m, s.house.id(name), &f)
		if !s.hasPage(m.path) {
			f.file(m.path, "rule %s has no page: %s beside it", s.house.id(name), pageName)
		}
	}
	broken, _ := f.err().(LoadErrors) //nolint:errorlint // err gives this type and never wraps it
	return broken
}

// hasPage looks for a page beside a rule. A bundle has no pages: it is what was
// built from a folder that has them.
func (s *suite) hasPage(module string) bool {
	var err error
	switch {
	case !s.house.custom:
		_, err = fs.Stat(builtinFiles, strings.TrimPrefix(path.Dir(module), "policies/")+"/"+pageName)
	case strings.Contains(module, ".tar.gz/") || strings.Contains(module, ".tgz/"):
		return true
	default:
		_, err = os.Stat(filepath.Join(filepath.Dir(filepath.FromSlash(module)), pageName))
	}
	return err == nil
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
		f.file(m.path, "it is not formatted; run opa fmt")
	}
}

func hasTest(m *ast.Module) bool {
	for _, rule := range m.Rules {
		if strings.HasPrefix(rule.Head.Ref()[0].String(), "test_") {
			return true
		}
	}
	return false
}
