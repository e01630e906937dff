package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/pages"
)

// policies/README.md is made from the rules and from what the collectors can
// report. UPDATE_CATALOGUE=1 writes it.
func TestCatalogueIsUpToDate(t *testing.T) {
	_, page := catalogue(t)
	upToDate(t, "../../policies/README.md", page, "UPDATE_CATALOGUE")
}

// upToDate compares a generated file with what it is generated from, or writes it where
// the environment variable is set.
func upToDate(t *testing.T, file, want, variable string) {
	t.Helper()
	if os.Getenv(variable) != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(textOf(t, file), want); diff != "" {
		t.Errorf("%s is not up to date; run %s=1 go test ./cmd/tokenaudit -run %s (-file +generated):\n%s", file, variable, t.Name(), diff)
	}
}

// catalogue returns the engine of the built-in rules and the page of its catalogue.
func catalogue(t *testing.T) (*engine.Engine, string) {
	t.Helper()
	known, err := engine.Load(t.Context(), engine.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	on := policies.Settings{Rules: map[string]policies.RuleSettings{}}
	for _, rule := range known.Known() {
		if rule.Off {
			on.Rules[rule.ID] = policies.RuleSettings{On: true}
		}
	}
	loaded, err := engine.Load(t.Context(), engine.LoadOptions{Settings: on})
	if err != nil {
		t.Fatal(err)
	}
	page, err := pages.Catalogue(loaded.Rules(), loaded.Reads(), systems())
	if err != nil {
		t.Fatal(err)
	}
	return loaded, page
}

func systems() []pages.System {
	var systems []pages.System
	for _, d := range builtin.Definitions() {
		if d.CMS == "command" {
			continue // what it reports is the program's affair
		}
		systems = append(systems, pages.System{CMS: d.CMS, Title: d.Title, Plan: d.CMS == "terraform", Facts: d.Facts, Parts: d.Parts})
	}
	return systems
}

// What the matrix of the catalogue says is what happens to the demo's tokens: a
// rule with a "no" decides nothing, one with a "yes" leaves nothing open, and one
// with a "–" applies to nothing.
func TestMatrixIsWhatHappens(t *testing.T) {
	loaded, page := catalogue(t)
	for cms, counts := range demoCounts(t, loaded) {
		column := columnOf(t, page, cms)
		for id, c := range counts {
			decided := c.Pass + c.Fail
			switch word, _, _ := strings.Cut(column[id], " "); word {
			case "yes":
				if c.NotEvaluated > 0 {
					t.Errorf("%s × %s is a yes, and %d are not evaluated", id, cms, c.NotEvaluated)
				}
			case "partly":
				if decided == 0 && c.NotEvaluated > 0 {
					t.Errorf("%s × %s is a partly, and nothing is decided", id, cms)
				}
			case "no":
				if decided > 0 {
					t.Errorf("%s × %s is a no, and %d are decided", id, cms, decided)
				}
			case "–":
				if decided+c.NotEvaluated > 0 {
					t.Errorf("%s × %s is a dash, and %d are judged", id, cms, decided+c.NotEvaluated)
				}
			default:
				t.Errorf("%s × %s is %q", id, cms, column[id])
			}
		}
	}
}

// compare states of tokens what a report of a leak scanner would: nothing of those whose
// secrets the CMS does not show, but for those of which it shows an end.
func compare(tokens []inventory.Token) {
	for i := range tokens {
		e := inventory.Exposure{State: inventory.ExposureNone}
		switch t := tokens[i]; {
		case t.Kind == inventory.Personal && t.Secret.Hint != "":
			e = inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{{Tool: "gitleaks", Match: inventory.MatchSuffix}}}
		case t.Secret.Readable != inventory.Yes:
			e = inventory.Exposure{State: inventory.ExposureUnknown, Reason: "hidden"}
		}
		tokens[i].Exposure = &e
	}
}

// demoCounts adds up what the rules say of the demo's sources that were read
// whole, by the title of their CMS and the rule.
func demoCounts(t *testing.T, loaded *engine.Engine) map[string]map[string]policies.Counts {
	t.Helper()
	saved := filepath.Join(t.TempDir(), "inventory.json")
	var out, errs bytes.Buffer
	a := newProgram(ioStreams{in: strings.NewReader(""), out: &out, err: &errs})
	if err := execute(t.Context(), a, []string{"demo", "--save-inventory", saved}); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	file, err := os.Open(saved)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	titles := map[string]string{}
	for _, s := range systems() {
		titles[s.CMS] = s.Title
	}
	all := map[string]map[string]policies.Counts{}
	err = codec.Read(t.Context(), file, codec.Limits{}, func(source inventory.Source) error {
		if slices.ContainsFunc(source.Units, func(u inventory.Unit) bool { return u.Status != inventory.UnitComplete }) {
			return nil
		}
		compare(source.Tokens)
		result, err := loaded.Evaluate(t.Context(), source, source.CollectedAt)
		if err != nil {
			return err
		}
		counts := all[titles[source.CMS]]
		if counts == nil {
			counts = map[string]policies.Counts{}
			all[titles[source.CMS]] = counts
		}
		for id, c := range result.Counts {
			sum := counts[id]
			sum.Pass, sum.Fail, sum.NotEvaluated = sum.Pass+c.Pass, sum.Fail+c.Fail, sum.NotEvaluated+c.NotEvaluated
			counts[id] = sum
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 {
		t.Fatalf("the demo has %d CMSes", len(all))
	}
	return all
}

// columnOf returns the words of one CMS in the matrix, by rule.
func columnOf(t *testing.T, page, cms string) map[string]string {
	t.Helper()
	place := -1
	column := map[string]string{}
	for line := range strings.SplitSeq(page, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if cells[0] == "Rule" {
			place = slices.Index(cells, cms)
		} else if place > 0 && place < len(cells) {
			column[strings.Trim(cells[0], "`")] = cells[place]
		}
	}
	if len(column) == 0 {
		t.Fatalf("the matrix has no column %s", cms)
	}
	return column
}
