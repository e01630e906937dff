package inventory_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// node is what the comparison needs of a JSON Schema.
type node struct {
	Ref        string          `json:"$ref"`
	Type       any             `json:"type"`
	Format     string          `json:"format"`
	Enum       []string        `json:"enum"`
	Const      string          `json:"const"`
	Required   []string        `json:"required"`
	Properties map[string]node `json:"properties"`
	Additional json.RawMessage `json:"additionalProperties"`
	Names      *node           `json:"propertyNames"`
	Items      *node           `json:"items"`
	Defs       map[string]node `json:"$defs"`
}

// TestSchemaMatchesStructs walks the Go structs and the JSON Schema side by
// side: every field, every word, what is required, and nothing else.
func TestSchemaMatchesStructs(t *testing.T) {
	var root node
	if err := json.Unmarshal(inv.SchemaJSON(), &root); err != nil {
		t.Fatal(err)
	}
	c := comparison{t, root, constants(t), map[string]bool{}}
	c.compare("inventory", reflect.TypeFor[inv.Inventory](), root)
	for name := range root.Defs {
		if !c.used[name] {
			t.Errorf("$defs/%s is not used", name)
		}
	}
}

type comparison struct {
	*testing.T
	root  node
	words map[string][]string
	used  map[string]bool
}

func (c comparison) compare(at string, goType reflect.Type, schema node) {
	for schema.Ref != "" {
		name := strings.TrimPrefix(schema.Ref, "#/$defs/")
		target, ok := c.root.Defs[name]
		if !ok {
			c.Fatalf("%s: %s does not exist", at, schema.Ref)
		}
		c.used[name] = true
		schema = target
	}
	if goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	if goType == reflect.TypeFor[inv.Role]() { // the one value that may be null
		if diff := cmp.Diff([]any{"object", "null"}, schema.Type); diff != "" {
			c.Errorf("%s: type (-want +schema):\n%s", at, diff)
		}
		schema.Type = "object"
	}
	switch {
	case goType == reflect.TypeFor[time.Time]():
		if schema.Type != "string" || schema.Format != "date-time" {
			c.Errorf("%s: a time has to be a date-time, is %v %q", at, schema.Type, schema.Format)
		}
	case goType.Kind() == reflect.Struct:
		c.object(at, goType, schema)
	case goType.Kind() == reflect.Slice:
		if schema.Type != "array" || schema.Items == nil {
			c.Fatalf("%s: a slice has to be an array", at)
		}
		c.compare(at+"[]", goType.Elem(), *schema.Items)
	case goType.Kind() == reflect.Map:
		c.mapping(at, goType, schema)
	case goType.Kind() == reflect.String:
		c.text(at, goType, schema)
	case goType.Kind() == reflect.Bool && schema.Type != "boolean", goType.Kind() == reflect.Int && schema.Type != "integer":
		c.Errorf("%s: is %v in Go and %v in the schema", at, goType, schema.Type)
	}
}

func (c comparison) object(at string, goType reflect.Type, schema node) {
	if schema.Type != "object" {
		c.Errorf("%s: a struct has to be an object, is %v", at, schema.Type)
	}
	var names, required []string
	for field := range goType.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
		if options == "" {
			required = append(required, name)
		}
		property, ok := schema.Properties[name]
		if !ok {
			c.Errorf("%s: the schema lacks %s", at, name)
			continue
		}
		c.compare(at+"."+name, field.Type, property)
	}
	for name := range schema.Properties {
		if !slices.Contains(names, name) {
			c.Errorf("%s: the struct lacks %s", at, name)
		}
	}
	if string(schema.Additional) != "false" {
		c.Errorf("%s: additionalProperties has to be false", at)
	}
	if diff := cmp.Diff(required, schema.Required); diff != "" {
		c.Errorf("%s: required (-struct +schema):\n%s", at, diff)
	}
}

// mapping compares a map: one with an enum as key lists its keys either as
// properties, all required, or as the names that are allowed.
func (c comparison) mapping(at string, goType reflect.Type, schema node) {
	if schema.Type != "object" {
		c.Errorf("%s: a map has to be an object, is %v", at, schema.Type)
	}
	words, closed := c.words[goType.Key().Name()]
	if closed && schema.Names == nil {
		for _, word := range words {
			c.compare(at+"."+word, goType.Elem(), schema.Properties[word])
		}
		if len(schema.Properties) != len(words) || string(schema.Additional) != "false" {
			c.Errorf("%s: has to have the keys %v and no others", at, words)
		}
		if diff := cmp.Diff(words, schema.Required); diff != "" {
			c.Errorf("%s: required (-words +schema):\n%s", at, diff)
		}
		return
	}
	if closed {
		if diff := cmp.Diff(words, schema.Names.Enum); diff != "" {
			c.Errorf("%s: keys (-words +schema):\n%s", at, diff)
		}
	}
	var element node
	if err := json.Unmarshal(schema.Additional, &element); err != nil {
		c.Fatalf("%s: additionalProperties has to describe the elements: %v", at, err)
	}
	c.compare(at+".*", goType.Elem(), element)
}

func (c comparison) text(at string, goType reflect.Type, schema node) {
	words, closed := c.words[goType.Name()]
	switch {
	case schema.Const != "":
		if schema.Const != inv.Schema {
			c.Errorf("%s: is %q, want %q", at, schema.Const, inv.Schema)
		}
	case schema.Type != "string":
		c.Errorf("%s: is a string in Go and %v in the schema", at, schema.Type)
	case closed:
		if diff := cmp.Diff(words, schema.Enum); diff != "" {
			c.Errorf("%s: words (-constants +schema):\n%s", at, diff)
		}
	case schema.Enum != nil:
		c.Errorf("%s: has words in the schema and none in Go", at)
	}
}

// constants reads the typed string constants of the package from its source,
// in their order: by type, all the words of an enumeration.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	words := map[string][]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Type == nil || len(spec.Values) != 1 {
				return true
			}
			typeName, isName := spec.Type.(*ast.Ident)
			literal, isLiteral := spec.Values[0].(*ast.BasicLit)
			if isName && isLiteral && literal.Kind == token.STRING {
				word, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				words[typeName.Name] = append(words[typeName.Name], word)
			}
			return true
		})
	}
	return words
}
