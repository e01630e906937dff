package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxPackageLines bounds a package, test files left out: a reader has to hold it
// in their head.
const maxPackageLines = 3000

// room is one package of the module: what a reader of the map sees of it.
type room struct {
	path, synopsis string
	imports        []string
	lines          int
}

// The table of packages in ARCHITECTURE.md is made from the package comments and
// the imports. UPDATE_MAP=1 writes it.
func TestMapOfPackagesIsUpToDate(t *testing.T) {
	const (
		file       = repository + "/ARCHITECTURE.md"
		begin, end = "<!-- packages: begin -->\n", "<!-- packages: end -->"
	)
	page := textOf(t, file)
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the table of packages", file)
	}
	want := before + begin + mapOfPackages(rooms(t)) + end + after
	upToDate(t, file, want, "UPDATE_MAP")
}

func mapOfPackages(rooms []room) string {
	var b strings.Builder
	b.WriteString("\n| Package | Provides | Imports of this module |\n|---|---|---|\n")
	for _, r := range rooms {
		imports := make([]string, len(r.imports))
		for i, name := range r.imports {
			imports[i] = "`" + name + "`"
		}
		what := strings.TrimPrefix(r.synopsis, "Package "+path.Base(r.path)+" ")
		what = strings.TrimPrefix(what, "Command "+path.Base(r.path)+" ")
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.path, strings.ReplaceAll(what, "|", "\\|"), strings.Join(imports, ", "))
	}
	b.WriteString("\n")
	return b.String()
}

// rooms are the packages of the module that have code which is not a test, by path.
func rooms(t *testing.T) []room {
	t.Helper()
	byPath := map[string][]string{}
	for _, file := range goFiles(t) {
		if !strings.HasSuffix(file, "_test.go") {
			byPath[path.Dir(file)] = append(byPath[path.Dir(file)], file)
		}
	}
	var all []room
	for _, dir := range slices.Sorted(maps.Keys(byPath)) {
		all = append(all, roomOf(t, dir, byPath[dir]))
	}
	return all
}

func roomOf(t *testing.T, dir string, files []string) room {
	t.Helper()
	r := room{path: dir}
	fset := token.NewFileSet()
	var parsed []*ast.File
	imports := map[string]bool{}
	for _, file := range files {
		text := textOf(t, filepath.Join(repository, file))
		r.lines += strings.Count(text, "\n")
		for _, to := range projectImports(t, file) {
			imports[to] = true
		}
		if ok, err := build.Default.MatchFile(filepath.Join(repository, dir), path.Base(file)); err != nil || !ok {
			continue // for another platform
		}
		f, err := parser.ParseFile(fset, path.Base(file), text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	r.imports = slices.Sorted(maps.Keys(imports))
	p, err := doc.NewFromFiles(fset, parsed, module+dir)
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	r.synopsis = p.Synopsis(p.Doc)
	return r
}

func TestPackagesHaveWalls(t *testing.T) {
	for _, r := range rooms(t) {
		if r.lines > maxPackageLines {
			t.Errorf("package %s has %d lines, more than %d: give a part of it a package of its own", r.path, r.lines, maxPackageLines)
		}
		if r.synopsis == "" {
			t.Errorf("package %s has no package comment", r.path)
		}
	}
}

// Every target of the Makefile is in the output of make help.
func TestTargetsHaveHelp(t *testing.T) {
	for line := range strings.Lines(textOf(t, repository+"/Makefile")) {
		target, is := strings.CutPrefix(strings.TrimSpace(line), ".PHONY: ")
		if is && !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(target)+`:.*## \S`).MatchString(textOf(t, repository+"/Makefile")) {
			t.Errorf("target %s has no help", target)
		}
	}
}
