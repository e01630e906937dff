package pages

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/reads"
)

//go:embed catalogue.md.tmpl
var cataloguePage string

// System is a CMS and what it can report, for the catalogue.
type System struct {
	CMS, Title string
	// Plan: its sources are plans of tokens, not tokens that exist.
	Plan  bool
	Facts inventory.Facts
	// Parts are for parts of a fact, such as "owner.last_active", of which the CMS
	// can report another thing than of the fact as a whole.
	Parts map[string]inventory.FactSupport
}

// support tells what the CMS can report of a fact, or of a part of
// one, which may be "".
func (s System) support(fact inventory.Fact, part string) inventory.FactSupport {
	if support, ok := s.Parts[part]; ok {
		return support
	}
	return s.Facts[fact]
}

// Catalogue returns the page of rules as Markdown: what they judge, their parameters,
// and which of them each CMS lets decide, and why not. read is what each rule reads or
// requires of the facts, by its id.
func Catalogue(rules []policies.Rule, read map[string]reads.FactBits, systems []System) (string, error) {
	for _, system := range systems {
		for name := range system.Parts {
			if !slices.Contains(reads.PartNames(), name) {
				return "", fmt.Errorf("%s says what it reports of %q, which is not a part of a fact", system.Title, name)
			}
		}
	}
	page, err := template.New("catalogue").Parse(cataloguePage)
	if err != nil {
		return "", fmt.Errorf("read the template of the catalogue: %w", err)
	}
	matrix, notes := matrixOf(rules, read, systems)
	var b bytes.Buffer
	err = page.Execute(&b, map[string]string{"Rules": ruleTable(rules), "Matrix": matrix, "Notes": notes})
	if err != nil {
		return "", fmt.Errorf("write the catalogue: %w", err)
	}
	return b.String(), nil
}

func ruleTable(rules []policies.Rule) string {
	var b strings.Builder
	b.WriteString("| Rule | Severity | Goal | Parameters |\n|---|---|---|---|\n")
	for _, rule := range rules {
		name := "`" + rule.ID + "`"
		if !rule.Custom {
			name = fmt.Sprintf("[%s](rules/%s/README.md)", name, path.Base(path.Dir(rule.File)))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, severity(rule), rule.Goal, paramList(rule))
	}
	return b.String()
}

func paramList(rule policies.Rule) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(rule.Params)) {
		list = append(list, fmt.Sprintf("`%s`: %s", name, literal(rule.Params[name].Default)))
	}
	return strings.Join(list, ", ")
}

// matrixOf has a row a rule and a column a CMS, with numbered notes.
func matrixOf(rules []policies.Rule, read map[string]reads.FactBits, systems []System) (table, notes string) {
	var b strings.Builder
	b.WriteString("| Rule |")
	for _, system := range systems {
		fmt.Fprintf(&b, " %s |", system.Title)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(systems)) + "\n")
	var told []string
	for _, rule := range rules {
		fmt.Fprintf(&b, "| `%s` |", rule.ID)
		for _, system := range systems {
			word, reasons := decidedBy(&rule, read[rule.ID], system)
			var marks []string
			for _, reason := range reasons {
				note := system.Title + ": " + reason
				if !slices.Contains(told, note) {
					told = append(told, note)
				}
				marks = append(marks, fmt.Sprint(slices.Index(told, note)+1))
			}
			if len(marks) > 0 {
				word += " (" + strings.Join(marks, ", ") + ")"
			}
			fmt.Fprintf(&b, " %s |", word)
		}
		b.WriteString("\n")
	}
	var n strings.Builder
	for i, note := range told {
		fmt.Fprintf(&n, "%d. %s.\n", i+1, strings.TrimSuffix(note, "."))
	}
	return b.String(), n.String()
}

// decidedBy reports whether a CMS reports what a rule reads: "yes", "partly",
// "no", or "–" where the rule applies to nothing, and why.
func decidedBy(rule *policies.Rule, read reads.FactBits, system System) (word string, reasons []string) {
	switch {
	case !rule.Select.HasCMS(system.CMS, system.Plan), system.Plan && read.AboutUse():
		return "–", nil
	}
	word = "yes"
	for fact, part := range read.Parts() {
		support := system.support(fact, part)
		switch {
		case support.Reported == inventory.SupportYes:
			continue
		case support.Reported == inventory.SupportNo:
			word = "no"
		case word == "yes":
			word = "partly"
		}
		if support.Reason != "" && !slices.Contains(reasons, support.Reason) {
			reasons = append(reasons, support.Reason)
		}
	}
	return word, reasons
}
