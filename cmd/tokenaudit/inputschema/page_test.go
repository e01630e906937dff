package inputschema

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

var update = flag.Bool("update", false, "write policies/input.md")

// policies/input.md is made from what `schema input` prints.
func TestPageIsUpToDate(t *testing.T) {
	const file = "../../../policies/input.md"
	page, err := Page(builtin.Definitions())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), page); diff != "" {
		t.Errorf("policies/input.md is not up to date; run go test ./cmd/tokenaudit/inputschema -update (-file +generated):\n%s", diff)
	}
}

// Every field of the schema has a row, with its meaning, or is said to be like one that has.
func TestPageHasEveryField(t *testing.T) {
	page, err := Page(builtin.Definitions())
	if err != nil {
		t.Fatal(err)
	}
	var root node
	if err := json.Unmarshal(input.Schema, &root); err != nil {
		t.Fatal(err)
	}
	fields := 0
	var look func(section, path string, n *node)
	look = func(section, path string, n *node) {
		fields++
		_, text, _ := strings.Cut(page, "\n## `"+section+"`\n")
		text, _, _ = strings.Cut(text, "\n## ")
		_, row, found := strings.Cut(text, "\n| `"+path+"` | ")
		row, _, _ = strings.Cut(row, "\n")
		if !found || n.Description == "" || !strings.Contains(row, n.Description) {
			t.Errorf("%s: the row of %s is %q", section, path, row)
		}
		if strings.Contains(row, "Members as of") {
			return
		}
		for name, member := range n.members() {
			look(section, path+brackets(n)+"."+name, member)
		}
	}
	for name, n := range root.Properties {
		if n.members() == nil {
			look("input", name, n)
			continue
		}
		for member, below := range n.members() {
			look("input."+name+brackets(n), member, below)
		}
	}
	if fields < 100 {
		t.Errorf("only %d fields were found", fields)
	}
}

// Each fact says which CMSes report it, and so do the parts that they report otherwise.
func TestPageSaysWhoReports(t *testing.T) {
	page, err := Page(builtin.Definitions())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range builtin.Definitions() {
		for fact := range d.Facts {
			if row := rowOf(page, string(fact)); !strings.Contains(row, d.Title) {
				t.Errorf("the row of %s does not say what %s reports: %q", fact, d.Title, row)
			}
		}
		for part := range d.Parts {
			if row := rowOf(page, part); !strings.Contains(row, d.Title) {
				t.Errorf("the row of %s does not say what %s reports: %q", part, d.Title, row)
			}
		}
	}
}

func rowOf(page, field string) string {
	_, tokens, _ := strings.Cut(page, "\n## `input.tokens[]`\n")
	_, row, _ := strings.Cut(tokens, "\n| `"+field+"` | ")
	row, _, _ = strings.Cut(row, "\n")
	return row
}
