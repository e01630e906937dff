package input_test

import (
	"cmp"
	"encoding/json"
	goast "go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/reads"
)

// The schema that rules are checked against has exactly the fields of the Go
// structs: a field that is added there must reach the rules.
func TestInputSchemaMatchesStructs(t *testing.T) {
	item := merge(schemaOf(reflect.TypeFor[inventory.Token]()), schemaOf(reflect.TypeFor[input.Derived]()))
	source := schemaOf(reflect.TypeFor[inventory.Source]())
	properties := source["properties"].(map[string]any)
	delete(properties, "tokens")
	// Which parts of a list are missing is for a run that goes on with it.
	delete(properties["units"].(map[string]any)["items"].(map[string]any)["properties"].(map[string]any), "missing")
	properties["facts"] = withText(object(factsSchema()), "What the CMS can report, by the name of the fact.")
	item["properties"].(map[string]any)["last_used_by_api"] = withText(object(map[string]any{
		string(inventory.ContentDelivery):   withText(schemaOf(reflect.TypeFor[inventory.LastUsed]()), "The last use of the content delivery API."),
		string(inventory.ContentPreview):    withText(schemaOf(reflect.TypeFor[inventory.LastUsed]()), "The last use of the content preview API."),
		string(inventory.ContentManagement): withText(schemaOf(reflect.TypeFor[inventory.LastUsed]()), "The last use of the content management API."),
	}), "The last use of each API where the CMS tells them apart; last_used is the most recent of them. Absent elsewhere.")
	schema := object(map[string]any{
		"source":        withText(source, "The source of the tokens, such as a space or a stack."),
		"tokens":        map[string]any{"type": "array", "items": item, "description": "The tokens that the rule judges, as select in its METADATA declares; all tokens of the source without it."},
		"source_tokens": map[string]any{"type": "array", "items": map[string]any{"$ref": "#/properties/tokens/items"}, "description": "All tokens of the source, for rules that compare a token with others."},
		"at":            map[string]any{"type": "string", "description": "The audit time, RFC 3339 in UTC."},
		"params":        map[string]any{"type": "object", "description": "The parameters in force, as the METADATA of the rule declares them."},
	})
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "What a rule of tokenaudit sees as input"
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	policytest.Golden(t, "input.schema.json", append(out, '\n'))
}

func factsSchema() map[string]any {
	support := schemaOf(reflect.TypeFor[inventory.FactSupport]())
	properties := map[string]any{}
	for _, fact := range reads.Facts() {
		properties[string(fact)] = withText(maps.Clone(support), "Whether the CMS reports the fact, and if not, why.")
	}
	return properties
}

func withText(schema map[string]any, description string) map[string]any {
	schema["description"] = description
	return schema
}

func object(properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": properties}
}

func merge(a, b map[string]any) map[string]any {
	maps.Copy(a["properties"].(map[string]any), b["properties"].(map[string]any))
	return a
}

func schemaOf(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string"}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	}
	switch t.Kind() {
	case reflect.String:
		schema := map[string]any{"type": "string"}
		if values := declared().values[t.Name()]; len(values) > 0 {
			schema["enum"] = values
		}
		return schema
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object"}
	case reflect.Struct:
		properties := map[string]any{}
		for field := range t.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			properties[name] = withComment(schemaOf(field.Type), t, field)
		}
		return object(properties)
	}
	panic("no schema for " + t.String())
}

// withComment adds what the comments say of a field, or else of its type.
func withComment(schema map[string]any, of reflect.Type, field reflect.StructField) map[string]any {
	typ := field.Type
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	_, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	text := withoutSubject(declared().comments[typ.Name()], typ.Name())
	if own := declared().comments[of.Name()+"."+field.Name]; own != "" {
		text = withoutSubject(own, field.Name)
	}
	schema["description"] = inWordsOfInput(text, of, field)
	if values, ok := schema["enum"].([]string); ok && options != "" {
		// What is left out of an inventory is an empty text in the input.
		schema["enum"] = append(slices.Clone(values), "")
	}
	return schema
}

// withoutSubject leaves out the name that a comment in Go begins with: "Level is what a
// token can do" becomes "What a token can do".
func withoutSubject(comment, name string) string {
	rest, ok := strings.CutPrefix(comment, name)
	if !ok || rest == "" || strings.HasPrefix(rest, " and ") {
		return comment
	}
	for _, verb := range []string{": ", " is ", " are ", " says ", " tells ", " "} {
		if text, ok := strings.CutPrefix(rest, verb); ok && text != "" {
			return strings.ToUpper(text[:1]) + text[1:]
		}
	}
	return comment
}

var (
	goName = regexp.MustCompile(`\b(?:inventory\.)?([A-Z][A-Za-z]+)\b`)
	goNil  = regexp.MustCompile(`\b[Nn]il\b`)
	goZero = regexp.MustCompile(`\b[Zz]ero\b`)
)

// inWordsOfInput says in the words of the input what a comment says in those of Go.
func inWordsOfInput(text string, of reflect.Type, field reflect.StructField) string {
	capital := func(match, word string) string {
		if unicode.IsUpper(rune(match[0])) {
			return strings.ToUpper(word[:1]) + word[1:]
		}
		return word
	}
	members := map[string]string{}
	for _, t := range []reflect.Type{of, reflect.TypeFor[inventory.Token](), reflect.TypeFor[inventory.Source]()} {
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if inside := strings.Contains(name, "_"); inside || t == of && f.Name != field.Name && f.Name != "CMS" {
				members[f.Name] = name
			}
		}
	}
	first := true
	text = goName.ReplaceAllStringFunc(text, func(match string) string {
		begins := first && strings.HasPrefix(text, match)
		first = false
		name := strings.TrimPrefix(match, "inventory.")
		if value, ok := declared().constants[name]; ok && !begins {
			return strconv.Quote(value)
		}
		if member, ok := members[name]; ok && !begins {
			return member
		}
		return match
	})
	absent := "absent"
	switch {
	case field.Type == reflect.TypeFor[*inventory.Role]():
		absent = "null"
	case field.Type.Kind() == reflect.Slice && !strings.Contains(field.Tag.Get("json"), "omitempty"), field.Name == "Literals":
		absent = "empty"
	}
	text = goNil.ReplaceAllStringFunc(text, func(match string) string { return capital(match, absent) })
	if field.Type == reflect.TypeFor[time.Time]() {
		text = goZero.ReplaceAllStringFunc(text, func(match string) string { return capital(match, absent) })
	}
	return text
}

// Every field is described, for those who write rules.
func TestInputSchemaDescribesEveryField(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(input.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	fields := 0
	var look func(path string, node map[string]any)
	look = func(path string, node map[string]any) {
		if items, ok := node["items"].(map[string]any); ok {
			look(path+"[]", items)
		}
		properties, _ := node["properties"].(map[string]any)
		for name, value := range properties {
			child := value.(map[string]any)
			fields++
			if text, _ := child["description"].(string); text == "" {
				t.Errorf("%s.%s has no description: its Go field needs a comment", path, name)
			}
			look(path+"."+name, child)
		}
	}
	look("input", schema)
	if fields < 200 {
		t.Errorf("only %d fields were found", fields)
	}
}

// declarations are the comments of types and fields ("Token", "Token.Kind") and the
// values of constants by their type, as the source code has them.
type declarations struct {
	comments map[string]string
	values   map[string][]string
	// constants are the values by the names of the constants.
	constants map[string]string
}

var declared = sync.OnceValue(func() declarations {
	d := declarations{comments: map[string]string{}, values: map[string][]string{}, constants: map[string]string{}}
	for _, pattern := range []string{"../../collectors/inventory/*.go", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			panic("no source code at " + pattern)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				panic(err)
			}
			goast.Inspect(parsed, d.take)
		}
	}
	return d
})

func (d declarations) take(node goast.Node) bool {
	decl, ok := node.(*goast.GenDecl)
	if !ok {
		return true
	}
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *goast.TypeSpec:
			name := spec.Name.Name
			d.comments[name] = sentence(decl.Doc)
			if fields, ok := spec.Type.(*goast.StructType); ok {
				for _, field := range fields.Fields.List {
					for _, n := range field.Names {
						d.comments[name+"."+n.Name] = cmp.Or(sentence(field.Doc), sentence(field.Comment))
					}
				}
			}
		case *goast.ValueSpec:
			typ, ok := spec.Type.(*goast.Ident)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for i, value := range spec.Values {
				if text, ok := value.(*goast.BasicLit); ok && text.Kind == token.STRING {
					d.constants[spec.Names[i].Name] = strings.Trim(text.Value, "\"")
					d.values[typ.Name] = append(d.values[typ.Name], strings.Trim(text.Value, "\""))
				}
			}
		}
	}
	return true
}

// sentence is a comment in one line.
func sentence(doc *goast.CommentGroup) string { return strings.Join(strings.Fields(doc.Text()), " ") }
