package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A report that this version writes is one that it reads, and says in words why a finding is
// gone: every resolution is in the schema, and has a text.
func TestEveryResolutionIsInTheSchema(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "baseline.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, typed := spec.Type.(*ast.Ident); typed && of.Name == "Resolution" {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared = append(declared, word)
		}
		return true
	})
	finding := object(object(object(SchemaDocument(t), "$defs"), "finding"), "properties")
	var allowed []string
	for _, word := range object(finding, "resolution")["enum"].([]any) {
		allowed = append(allowed, word.(string))
	}
	slices.Sort(declared)
	slices.Sort(allowed)
	if diff := cmp.Diff(declared, allowed); diff != "" || len(declared) == 0 {
		t.Errorf("(-constants +schema):\n%s", diff)
	}
	for _, word := range declared {
		if text := Resolution(word).Text(); text == word {
			t.Errorf("%s has no text", word)
		}
	}
}
