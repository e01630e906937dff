package engine

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// saveDocument writes the inputs of all sources of the crowd as one JSON
// document, with the day counts that the engine derives, and the places of the tokens
// that each rule selects.
func saveDocument(t *testing.T, path string, c crowd, rules []*ruleInForce) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintf(w, `{"at": %q, "sources": [`, auditTime.Format("2006-01-02T15:04:05Z07:00"))
	first := true
	for s := range c.all() {
		if !first {
			fmt.Fprintln(w, ",")
		}
		first = false
		b := prepare(&s, auditTime, nil, nil)
		fmt.Fprint(w, `{"source": `)
		writeTerm(t, w, b.sourceTerm)
		fmt.Fprint(w, `, "tokens": [`)
		for i, term := range b.terms {
			if i > 0 {
				fmt.Fprintln(w, ",")
			}
			writeTerm(t, w, term)
		}
		selected, err := json.Marshal(places(b, rules))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, `], "selected": %s}`, selected)
	}
	fmt.Fprint(w, "]}\n")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// places returns those of the tokens that each rule selects, by the rules that are asked.
func places(b *preparedSource, rules []*ruleInForce) map[string][]int {
	selected := map[string][]int{}
	for _, rule := range rules {
		if rule.Subject == policies.SubjectSource && !rule.Select.HasSource(b.source) {
			continue
		}
		some := []int{}
		for i := range b.source.Tokens {
			if rule.Select.Has(b.source, &b.source.Tokens[i], &b.derived[i]) {
				some = append(some, i)
			}
		}
		if len(some) > 0 || rule.Subject == policies.SubjectSource {
			selected[rule.ID] = some
		}
	}
	return selected
}

func writeTerm(t *testing.T, w *bufio.Writer, term *ast.Term) {
	t.Helper()
	value, err := ast.JSON(term.Value)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
}

// savePolicies writes what opa and conftest are given: the rules as they are,
// what their METADATA says as data, and the driver.
func savePolicies(t *testing.T, dir string, e *Engine) {
	t.Helper()
	modules, err := regofile.BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	modules = slices.DeleteFunc(modules, regofile.Module.IsTest)
	for _, m := range modules {
		save(t, filepath.Join(dir, filepath.Base(m.Path)), m.Text)
	}
	for _, name := range []string{"driver.rego", "conftest.rego"} {
		text, err := os.ReadFile(filepath.Join("testdata", "benchrules", name))
		if err != nil {
			t.Fatal(err)
		}
		save(t, filepath.Join(dir, name), text)
	}
	save(t, filepath.Join(dir, "says.rego"), []byte(says(t, modules)))
	about := map[string]any{}
	for _, rule := range e.Rules() {
		about[rule.ID] = map[string]any{
			"requires": append([]inventory.Fact{}, rule.Requires...),
			"params":   orNone(rule.Values), "subject": rule.Subject,
		}
	}
	text, err := json.Marshal(map[string]any{"rules": about})
	if err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(dir, "data.json"), text)
}

func orNone(values map[string]any) map[string]any {
	if values == nil {
		return map[string]any{}
	}
	return values
}

func save(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// says asks each rule for the output sets that it has, and for nothing else.
func says(t *testing.T, modules []regofile.Module) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("package bench\n")
	for _, m := range modules {
		parsed, err := ast.ParseModule(m.Path, string(m.Text))
		if err != nil {
			t.Fatal(err)
		}
		name, _ := regofile.BuiltInNamespace.RuleOf(parsed.Package.Path)
		if name == "" {
			continue // what rules share
		}
		var asked []string
		for _, set := range output.Sets() {
			if slices.ContainsFunc(parsed.Rules, func(r *ast.Rule) bool { return r.Head.Name.String() == set }) {
				asked = append(asked, fmt.Sprintf("%q: %s.%s", set, parsed.Package.Path, set))
			}
		}
		fmt.Fprintf(&text, "\nsays[%q] := {%s}\n", regofile.BuiltInNamespace.ID(name), strings.Join(asked, ", "))
	}
	return text.String()
}

// asked is what the driver says of one finding.
type asked struct {
	Rule, Source string
	Finding      *struct{ Token string }
}

// failing counts the tokens, or sources, with a finding.
func failing(e *Engine, findings []asked) map[string]int {
	subjects := map[string]policies.Subject{}
	for _, rule := range e.rules {
		subjects[rule.ID] = rule.Subject
	}
	seen, fails := map[asked]bool{}, map[string]int{}
	for _, f := range findings {
		subject := asked{Rule: f.Rule, Source: f.Source}
		if subjects[f.Rule] == policies.SubjectToken {
			subject.Source = f.Finding.Token
		}
		if !seen[subject] {
			seen[subject] = true
			fails[f.Rule]++
		}
	}
	return fails
}
