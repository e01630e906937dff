package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

var (
	oldWords = regexp.MustCompile(`\btells whether\b`)
	isNo     = regexp.MustCompile(`\bis no [a-z]`)
	// What there is none of, comparisons and idioms.
	isNoMore = regexp.MustCompile(`[Tt]here is no |\bis no (?:longer|more|older|such|better|weaker|less|other|need|way|matter|different)\b`)
)

// Comments and messages are written as the Go project writes them: a function returns,
// and reports whether; a thing is not a time.
func TestWords(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	for _, file := range goFiles(t) {
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, filepath.Join(repository, file), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		refuse := func(at token.Pos, text string, words *regexp.Regexp, instead string) {
			if found := words.FindString(text); found != "" && !isNoMore.MatchString(text) {
				t.Errorf("%s:%d: %q: write %s", file, fset.Position(at).Line, found, instead)
			}
		}
		for _, group := range parsed.Comments {
			refuse(group.Pos(), group.Text(), oldWords, `"reports whether"`)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				if node.Doc != nil && node.Type.Results != nil {
					refuse(node.Pos(), node.Doc.Text(), regexp.MustCompile(`^`+node.Name.Name+` gives\b|^[^.]* and gives\b`), `"returns"`)
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(node.Value); err == nil && node.Kind == token.STRING && file != "cmd/tokenaudit/language_test.go" {
					refuse(node.Pos(), text, isNo, `"is not a"`)
				}
			}
			return true
		})
	}
}
