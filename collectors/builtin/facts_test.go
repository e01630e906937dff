package builtin

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

var update = flag.Bool("update", false, "write the table of facts into collectors/README.md")

// Between these lines of collectors/README.md stands what the code says.
const (
	factsBegin = "<!-- facts: begin -->\n"
	factsEnd   = "<!-- facts: end -->\n"
)

// What each CMS can report stands in its definition; the page shows just that.
func TestTableOfFactsIsUpToDate(t *testing.T) {
	const file = "../README.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), factsBegin)
	have, after, ended := strings.Cut(rest, factsEnd)
	if !ok || !ended {
		t.Fatalf("%s lacks the lines %q and %q", file, factsBegin, factsEnd)
	}
	want := factsTable(Definitions())
	if *update {
		if err := os.WriteFile(file, []byte(before+factsBegin+want+factsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(have, want); diff != "" {
		t.Errorf("collectors/README.md is not up to date; run go test ./collectors/builtin -update (-file +generated):\n%s", diff)
	}
}

// factsTable returns the table of facts and CMSes, and below it the reasons for
// everything that is not reported in full.
func factsTable(definitions []collectors.Definition) string {
	var table, reasons strings.Builder
	table.WriteString("\n| CMS |")
	facts := inventory.AllFacts()
	for _, fact := range facts {
		fmt.Fprintf(&table, " %s |", strings.ReplaceAll(string(fact), "_", " "))
	}
	table.WriteString("\n|---|" + strings.Repeat(":-:|", len(facts)) + "\n")
	for _, d := range definitions {
		fmt.Fprintf(&table, "| %s |", d.Title)
		fmt.Fprintf(&reasons, "\n%s:\n\n", d.Title)
		told := map[string][]string{}
		var order []string
		for _, fact := range facts {
			support := d.Facts[fact]
			fmt.Fprintf(&table, " %s |", support.Reported)
			if support.Reported == inventory.SupportYes {
				continue
			}
			if _, seen := told[support.Reason]; !seen {
				order = append(order, support.Reason)
			}
			told[support.Reason] = append(told[support.Reason], strings.ReplaceAll(string(fact), "_", " "))
		}
		table.WriteString("\n")
		for _, reason := range order {
			which := strings.Join(told[reason], ", ")
			if len(told[reason]) == len(facts) {
				which = "all"
			}
			fmt.Fprintf(&reasons, "* %s: %s\n", which, reason)
		}
	}
	return table.String() + reasons.String() + "\n"
}
