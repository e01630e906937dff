package builtin

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

func TestBuiltInDefinitionsAreValid(t *testing.T) {
	t.Parallel()
	if _, err := Registry(); err != nil {
		t.Error(err)
	}
}

// sendsNothing are the collectors without a CMS to ask: they read files or run
// a program, so there is no HTTP to fail.
var sendsNothing = map[string]bool{"terraform": true, "command": true}

// Whoever registers a CMS proves it against the conformance suite.
func TestEveryCMSHasAConformanceTarget(t *testing.T) {
	t.Parallel()
	for _, d := range Definitions() {
		if !sendsNothing[d.CMS] && !runsConformance(t, filepath.Join("..", d.CMS)) {
			t.Errorf("no test in collectors/%s calls conformance.Run", d.CMS)
		}
	}
	if runsConformance(t, ".") {
		t.Error("a package without a target seems to have one")
	}
	if !runsConformance(t, filepath.Join("..", "conformance")) {
		t.Error("the suite's own target is not found")
	}
}

// runsConformance reports whether a test of a package calls Run of the suite.
func runsConformance(t *testing.T, dir string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		inside := file.Name.Name == "conformance"
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				x, ok := f.X.(*ast.Ident)
				found = found || ok && x.Name == "conformance" && f.Sel.Name == "Run"
			case *ast.Ident:
				found = found || inside && f.Name == "Run"
			}
			return true
		})
	}
	return found
}
