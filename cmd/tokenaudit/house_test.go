package main

import (
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	repository = "../.."
	module     = "github.com/tokenaudit/tokenaudit/"
)

// mayImport says for each package which others of the project it may import.
// The house has one direction: cmd, report, policies, inventory, and besides it
// cmd, collectors, inventory. Nothing on a lower floor knows a higher one.
var mayImport = map[string][]string{
	"collectors/inventory":             {"collectors/redact"},
	"collectors/inventory/codec":       {"collectors/inventory", "collectors/redact"},
	"collectors/inventory/sample":      {"collectors/inventory"},
	"collectors/emulator":              {},
	"collectors/emulator/contentful":   {"collectors/emulator"},
	"collectors/emulator/contentstack": {"collectors/emulator"},
	"collectors/emulator/datocms":      {"collectors/emulator"},
	"collectors/emulator/demo":         {"collectors/emulator", "collectors/emulator/contentful", "collectors/emulator/contentstack", "collectors/emulator/datocms"},
	// It asks emulators in tests: what is not a test must not need it.
	"collectors/emulator/cmstest": {},
	"collectors/redact":           {},
	"collectors/userfile":         {},
	"collectors/exposure":         {"collectors/inventory", "collectors/redact", "collectors/strictjson"},
	"collectors/strictjson":       {},
	"collectors/suggest":          {},
	"collectors/interruptible":    {"collectors/userfile"},
	"collectors/usage":            {"collectors/inventory", "collectors/strictjson"},
	"collectors/history":          {"collectors/inventory", "collectors/inventory/codec"},
	"collectors/exposure/search":  {"collectors/exposure", "collectors/interruptible", "collectors/redact"},
	"collectors/cmsapi":           {"collectors/cmsapi/pacing", "collectors/exposure", "collectors/inventory", "collectors/redact", "collectors/strictjson"},
	"collectors/cmsapi/pacing":    {},
	"collectors/manifest":         {"collectors/cmsapi", "collectors/interruptible", "collectors/inventory", "collectors/redact", "collectors/suggest"},
	"collectors/labels":           {"collectors/suggest"},
	"collectors":                  {"collectors/cmsapi", "collectors/exposure", "collectors/inventory", "collectors/labels", "collectors/suggest"},
	"collectors/instance":         {"collectors", "collectors/cmsapi", "collectors/inventory"},
	// The suite is for tests: what is not a test must not need it.
	"collectors/conformance":          {"collectors", "collectors/cmsapi", "collectors/instance", "collectors/inventory", "collectors/inventory/codec"},
	"collectors/command":              {"collectors", "collectors/cmsapi", "collectors/inventory", "collectors/inventory/codec"},
	"collectors/contentful":           {"collectors", "collectors/cmsapi", "collectors/contentful/spacerole", "collectors/exposure", "collectors/inventory"},
	"collectors/contentful/spacerole": {"collectors/cmsapi", "collectors/inventory"},
	"collectors/terraform/tfaddress":  {},
	// A plan may hold a DatoCMS role, which means what it means in a project.
	"collectors/terraform/code":    {"collectors/inventory", "collectors/strictjson", "collectors/terraform/masking", "collectors/terraform/tfaddress", "collectors/userfile"},
	"collectors/terraform/masking": {},
	"collectors/terraform":         {"collectors", "collectors/cmsapi", "collectors/datocms", "collectors/interruptible", "collectors/inventory", "collectors/redact", "collectors/strictjson", "collectors/terraform/code", "collectors/terraform/masking", "collectors/terraform/tfaddress", "collectors/userfile"},
	"policies":                     {"collectors/inventory", "policies/input", "policies/selection", "policies/risk"},
	"policies/deadlines":           {"policies", "policies/owners"},
	"policies/compile":             {"collectors/suggest", "policies", "policies/input", "policies/metadata", "policies/output", "policies/reads", "policies/regofile", "policies/risk"},
	"policies/complexity":          {},
	"policies/engine":              {"policies/relaxation", "collectors/inventory", "collectors/suggest", "policies", "policies/compile", "policies/input", "policies/metadata", "policies/output", "policies/owners", "policies/reads", "policies/regofile", "policies/reviews", "policies/ruleid", "policies/selection", "policies/timelimit", "policies/risk"},
	"policies/input":               {"collectors/inventory"},
	"policies/inputcheck":          {"collectors/inventory", "collectors/suggest", "policies/input", "policies/risk"},
	"policies/metadata":            {"collectors/inventory", "collectors/suggest", "policies", "policies/output", "policies/reads", "policies/selection"},
	"policies/output":              {},
	"policies/owners":              {"collectors/inventory"},
	"policies/reviews":             {"collectors/inventory", "policies/input"},
	"policies/pages":               {"collectors/inventory", "policies", "policies/frameworks", "policies/output", "policies/reads", "policies/selection"},
	// It is for tests: what is not a test must not need it.
	"policies/policytest": {},
	"policies/reads":      {"collectors/inventory", "policies/input", "policies/output"},
	"policies/regofile":   {"collectors/redact", "collectors/userfile", "policies/complexity", "policies/output", "policies/ruleid", "policies/rules", "policies/timelimit"},
	"policies/risk":       {"policies/output"},
	"policies/ruleid":     {"collectors/suggest"},
	"policies/rules":      {},
	"policies/ruletest":   {"collectors/userfile", "policies/compile", "policies/frameworks", "policies/inputcheck", "policies/metadata", "policies/output", "policies/pages", "policies/regofile", "policies/rules", "policies/timelimit"},
	"policies/selection":  {"collectors/inventory", "collectors/suggest", "policies/input"},
	"policies/timelimit":  {},
	"policies/profiles":   {"collectors/suggest"},
	"policies/relaxation": {"collectors/inventory", "policies", "policies/output"},
	"policies/frameworks": {"collectors/suggest"},
	"report":              {"policies/deadlines", "policies/relaxation", "policies/frameworks", "policies", "policies/input", "policies/owners", "collectors/inventory", "collectors/labels", "collectors/redact", "collectors/strictjson", "collectors/suggest", "report/safetext", "policies/risk"},
	"report/acceptance":   {"policies", "policies/ruleid", "report"},
	"report/baseline":     {"policies", "policies/deadlines", "report"},
	"report/trend":        {"collectors/inventory", "policies", "report", "report/safetext"},
	"report/controls":     {"report", "policies/frameworks", "report/safetext"},
	"report/safetext":     {},
	"report/triage":       {"collectors/inventory", "policies", "policies/risk", "report", "report/safetext"},
	"report/plaintext":    {"report/safetext", "report/table"},
	"report/difference":   {"collectors/inventory", "collectors/inventory/codec", "policies", "policies/input", "report", "report/baseline", "report/safetext"},
	"report/format":       {"report/controls", "policies/frameworks", "collectors/inventory", "collectors/labels", "policies", "policies/input", "report", "report/difference", "report/safetext", "report/trend", "report/triage"},
	"report/parts":        {"report/controls", "policies/frameworks", "collectors/inventory", "collectors/labels", "collectors/suggest", "policies", "policies/input", "report", "report/safetext"},
	"report/output":       append(formats, "collectors/interruptible", "collectors/suggest", "report", "report/format", "report/parts", "report/safetext"),
	// The fixtures are for tests: what is not a test must not need them.
	"report/reporttest":          {"policies/deadlines", "report/baseline", "policies/frameworks", "policies/relaxation", "collectors/inventory", "policies", "policies/input", "policies/owners", "report", "report/difference", "report/safetext", "policies/risk"},
	"cmd/tokenaudit/ruleresult":  {"collectors/inventory", "policies", "policies/engine", "policies/ruletest", "policies/input", "report", "report/safetext"},
	"cmd/tokenaudit/explanation": {"collectors/inventory", "collectors/labels", "policies", "policies/engine", "policies/input", "report/safetext", "policies/risk"},
	// What people keep is changed by inserting text; how is known here alone.
	"cmd/tokenaudit/entries":           {"collectors/userfile", "report/output"},
	"cmd/tokenaudit/decisions":         {"cmd/tokenaudit/cli", "cmd/tokenaudit/config", "cmd/tokenaudit/entries", "cmd/tokenaudit/lookup", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "cmd/tokenaudit/program", "collectors/inventory", "collectors/suggest", "policies", "policies/input", "policies/owners", "policies/reviews", "policies/ruleid", "report", "report/acceptance", "report/safetext"},
	"cmd/tokenaudit/leaks":             {"cmd/tokenaudit/cli", "cmd/tokenaudit/collection", "cmd/tokenaudit/options", "cmd/tokenaudit/program", "collectors/exposure", "collectors/exposure/search", "collectors/inventory", "policies/input", "report", "report/format", "report/safetext", "report/table"},
	"cmd/tokenaudit/ownercheck":        {"cmd/tokenaudit/cli", "cmd/tokenaudit/config", "cmd/tokenaudit/console", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "cmd/tokenaudit/program", "collectors/inventory", "policies/owners", "report", "report/safetext", "report/table"},
	"cmd/tokenaudit/reviewtodo":        {"cmd/tokenaudit/cli", "cmd/tokenaudit/console", "cmd/tokenaudit/documents", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "cmd/tokenaudit/program", "collectors/inventory", "policies", "policies/engine", "policies/reviews", "report", "report/safetext", "report/table"},
	"cmd/tokenaudit/notify":            {"policies", "report", "report/format", "report/message", "report/parts", "report/safetext"},
	"cmd/tokenaudit/lookup":            {"collectors/inventory", "collectors/suggest", "report/safetext"},
	"cmd/tokenaudit/scaffold":          {"collectors/inventory", "policies", "policies/engine"},
	"cmd/tokenaudit/ruleinput":         {"collectors/inventory", "policies", "policies/engine", "report/safetext"},
	"cmd/tokenaudit/inputschema":       {"collectors", "collectors/inventory", "policies/input"},
	"cmd/tokenaudit/cli":               {"cmd/tokenaudit/console", "collectors/suggest", "report", "report/table"},
	"cmd/tokenaudit/console":           {"collectors", "collectors/interruptible", "report/format", "report/safetext"},
	"cmd/tokenaudit/documents":         {"cmd/tokenaudit/cli", "cmd/tokenaudit/options", "collectors", "collectors/interruptible", "collectors/inventory", "collectors/inventory/codec", "collectors/labels", "collectors/manifest", "collectors/terraform", "collectors/userfile", "report", "report/output", "report/parts", "report/safetext"},
	"cmd/tokenaudit/collection":        {"cmd/tokenaudit/cli", "cmd/tokenaudit/config", "cmd/tokenaudit/console", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "collectors", "collectors/cmsapi", "collectors/exposure", "collectors/interruptible", "collectors/inventory", "collectors/labels", "report", "report/safetext"},
	"cmd/tokenaudit/bundle":            {},
	"cmd/tokenaudit/sealed":            {"cmd/tokenaudit/config", "collectors/inventory", "collectors/redact", "policies", "policies/deadlines", "policies/input", "policies/owners", "policies/reviews", "report"},
	"cmd/tokenaudit/signature":         {},
	"cmd/tokenaudit/keyless":           {},
	"cmd/tokenaudit/verify":            {"cmd/tokenaudit/audit", "cmd/tokenaudit/bundle", "cmd/tokenaudit/cli", "cmd/tokenaudit/keyless", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "cmd/tokenaudit/program", "cmd/tokenaudit/sealed", "cmd/tokenaudit/signature", "cmd/tokenaudit/store", "collectors/interruptible", "collectors/inventory", "collectors/inventory/codec", "collectors/labels", "collectors/userfile", "policies/engine", "report", "report/output", "report/safetext"},
	"cmd/tokenaudit/store/database":    {"collectors/interruptible", "report/safetext"},
	"cmd/tokenaudit/store/observation": {"collectors/interruptible", "collectors/inventory", "policies", "report", "report/safetext"},
	"cmd/tokenaudit/store":             {"cmd/tokenaudit/store/database", "cmd/tokenaudit/store/observation", "collectors/history", "collectors/inventory", "policies", "policies/deadlines", "report", "report/safetext"},
	"cmd/tokenaudit/course":            {"cmd/tokenaudit/store", "collectors/inventory", "policies", "policies/deadlines", "report", "report/trend"},
	"cmd/tokenaudit/audit":             {"cmd/tokenaudit/course", "cmd/tokenaudit/store", "collectors/history", "collectors", "cmd/tokenaudit/bundle", "cmd/tokenaudit/cli", "cmd/tokenaudit/collection", "cmd/tokenaudit/config", "cmd/tokenaudit/console", "cmd/tokenaudit/deliver", "cmd/tokenaudit/documents", "cmd/tokenaudit/evidence", "cmd/tokenaudit/notify", "cmd/tokenaudit/options", "cmd/tokenaudit/program", "cmd/tokenaudit/sealed", "cmd/tokenaudit/signature", "collectors/interruptible", "collectors/inventory", "collectors/inventory/codec", "collectors/labels", "collectors/terraform", "policies", "policies/engine", "policies/regofile", "policies/ruleid", "report", "report/acceptance", "report/format", "report/output", "report/message", "report/parts", "report/safetext"},
	"cmd/tokenaudit/history":           {"cmd/tokenaudit/audit", "cmd/tokenaudit/cli", "cmd/tokenaudit/config", "cmd/tokenaudit/console", "cmd/tokenaudit/course", "cmd/tokenaudit/deliver", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "cmd/tokenaudit/program", "cmd/tokenaudit/store", "collectors/interruptible", "collectors/inventory", "policies", "report", "report/format", "report/output", "report/safetext", "report/table", "report/trend"},
	"cmd/tokenaudit/deliver":           {"cmd/tokenaudit/cli", "cmd/tokenaudit/config", "cmd/tokenaudit/console", "cmd/tokenaudit/documents", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "collectors/interruptible", "collectors/inventory", "collectors/inventory/codec", "policies", "report", "report/baseline", "report/format", "report/output", "report/safetext", "policies/risk", "report/triage"},
	"cmd/tokenaudit/evidence":          {"cmd/tokenaudit/config", "cmd/tokenaudit/documents", "cmd/tokenaudit/places", "collectors/history", "collectors/interruptible", "collectors/inventory", "collectors/usage", "report", "report/output", "report/safetext"},
	"cmd/tokenaudit/democompany":       {"cmd/tokenaudit/collection", "cmd/tokenaudit/config", "collectors/emulator", "collectors/emulator/demo", "collectors/inventory"},
	"cmd/tokenaudit/program":           {"cmd/tokenaudit/collection", "cmd/tokenaudit/config", "cmd/tokenaudit/console", "cmd/tokenaudit/documents", "cmd/tokenaudit/options", "cmd/tokenaudit/places", "collectors", "collectors/inventory", "policies/engine"},
	"cmd/tokenaudit/options":           {"policies/frameworks", "cmd/tokenaudit/cli", "cmd/tokenaudit/config", "cmd/tokenaudit/places", "collectors/labels", "collectors/redact", "collectors/terraform", "policies", "report", "report/output", "report/trend", "policies/risk", "report/format"},
	"cmd/tokenaudit/places":            {"cmd/tokenaudit/cli", "cmd/tokenaudit/config", "collectors/command", "collectors/terraform", "report/output"},
	"cmd/tokenaudit/config/template":   {"collectors"},
	"cmd/tokenaudit/config/targets":    {"collectors"},
	// It is for tests, which write the page: what is not a test need not have it.
	"cmd/tokenaudit/config/reference": {"cmd/tokenaudit/config", "cmd/tokenaudit/config/targets", "cmd/tokenaudit/config/template", "collectors"},
	"cmd/tokenaudit/config": {
		"cmd/tokenaudit/config/targets", "cmd/tokenaudit/config/template", "collectors", "collectors/cmsapi", "collectors/interruptible", "collectors/inventory", "collectors/redact", "collectors/suggest", "collectors/userfile", "policies", "policies/deadlines", "policies/input", "policies/owners", "policies/profiles", "policies/relaxation", "policies/reviews", "report",
	},
}

// formats are the packages that render a report, one each.
var formats = []string{
	"report/csv", "report/gitlab", "report/html", "report/junit", "report/markdown", "report/message", "report/oscal", "report/prometheus", "report/sarif", "report/table",
}

// ofFormat is what a format may import.
var ofFormat = []string{"report/controls", "policies/frameworks", "collectors/inventory", "collectors/labels", "policies", "policies/input", "policies/risk", "report", "report/difference", "report/format", "report/safetext", "report/trend", "report/triage"}

// forTests are packages that only tests may import.
var forTests = []string{"collectors/conformance", "collectors/emulator/cmstest", "collectors/inventory/sample", "policies/policytest", "report/reporttest"}

// ofCMS is for the collector of one CMS, which any other folder below
// collectors holds.
var ofCMS = []string{"collectors", "collectors/cmsapi", "collectors/exposure", "collectors/instance", "collectors/inventory", "collectors/redact"}

func TestImportsPointOneWay(t *testing.T) {
	packages := map[string]bool{}
	for _, file := range goFiles(t) {
		from := path.Dir(file)
		packages[from] = true
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, to := range projectImports(t, file) {
			if !allowed(from, to) {
				t.Errorf("%s imports %s, against the direction of the house", file, to)
			}
		}
	}
	for name := range mayImport {
		if !packages[name] {
			t.Errorf("there is no package %s", name)
		}
	}
}

func allowed(from, to string) bool {
	if slices.Contains(forTests, to) || strings.HasPrefix(to, "cmd/") && !strings.HasPrefix(from, "cmd/") {
		return false
	}
	switch list, named := mayImport[from]; {
	case named:
		return slices.Contains(list, to)
	case from == "cmd/tokenaudit":
		return true
	case from == "collectors/builtin": // it lists the collectors
		return to == "collectors" || strings.HasPrefix(to, "collectors/")
	case slices.Contains(formats, from):
		return slices.Contains(ofFormat, to)
	case path.Dir(from) == "collectors":
		return slices.Contains(ofCMS, to)
	default:
		return false
	}
}

// A file behind a tag that the linter does not know is never looked at.
func TestLinterKnowsEveryBuildTag(t *testing.T) {
	tags := map[string]string{}
	for _, file := range goFiles(t) {
		for line := range strings.Lines(textOf(t, filepath.Join(repository, file))) {
			if strings.HasPrefix(line, "package ") {
				break
			}
			if e, err := constraint.Parse(strings.TrimSpace(line)); err == nil {
				e.Eval(func(tag string) bool {
					tags[tag] = file
					return false
				})
			}
		}
	}
	for _, system := range []string{"unix", "linux", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "windows"} {
		delete(tags, system) // Go sets these
	}
	for _, place := range []struct{ file, before, after string }{
		{".golangci.yml", "build-tags: [", "]"}, {"Makefile", "\nTAGS = ", "\n"},
	} {
		_, list, found := strings.Cut(textOf(t, filepath.Join(repository, place.file)), place.before)
		list, _, ended := strings.Cut(list, place.after)
		if !found || !ended {
			t.Fatalf("%s has no list of tags", place.file)
		}
		known := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		for tag, file := range tags {
			if !slices.Contains(known, tag) {
				t.Errorf("%s does not name the tag %s of %s", place.file, tag, file)
			}
		}
	}
}

// goFiles are the Go files of the module, by their paths in the repository.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, top := range []string{"cmd", "collectors", "policies", "report", "examples"} {
		err := fs.WalkDir(os.DirFS(repository), top, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || file == "examples/check"):
				return fs.SkipDir
			case path.Ext(file) == ".go":
				files = append(files, file)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func projectImports(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(repository, file), nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, i := range parsed.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if inside, ok := strings.CutPrefix(name, module); ok {
			found = append(found, inside)
		}
	}
	return found
}

func textOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
