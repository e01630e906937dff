package junit

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// names returns the names of the cases of one class, or of all for "".
func names(t *testing.T, r *report.Report, class string) []string {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, format.Options{}); err != nil {
		t.Fatal(err)
	}
	var doc junitSuites
	if err := xml.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, suite := range doc.Suites {
		for _, c := range suite.Cases {
			switch class {
			case "":
				list = append(list, c.Class+"\x00"+c.Name)
			case c.Class:
				list = append(list, c.Name)
			}
		}
	}
	return list
}

// manyAlike has what a rule and an id do not tell apart.
func manyAlike() *report.Report {
	project := reporttest.SampleSource("datocms", "datocms/projects/77", inventory.KindProject, "Blog")
	token := reporttest.SampleToken(project, inventory.Delivery, "access_tokens/1", "One")
	other := reporttest.SampleToken(project, inventory.Delivery, "access_tokens/2", "Shop 2")
	project.Tokens = []inventory.Token{token, other}
	rules := reporttest.SampleRules()
	judged := reporttest.Judge(project, rules,
		policies.Verdict{Rule: "token-limit-near", Status: policies.Fail, Message: "two of a name", Key: "A"},
		policies.Verdict{Rule: "token-limit-near", Status: policies.Fail, Message: "two of a name", Key: "B"},
		policies.Verdict{Rule: "unused-token", Status: policies.NotEvaluated, Token: token.ID, Reason: "no record"},
		policies.Verdict{Rule: "unused-token", Status: policies.NotEvaluated, Token: other.ID, Reason: "no record"},
		policies.Verdict{Rule: "unused-token", Status: policies.NotEvaluated, Token: token.ID, Reason: "no time"})
	judged.Result.Derived[1].Team = "shop"
	judged.Result.Errors = []policies.RuleError{{Rule: "unused-token", Source: project.ID, Detail: "ran out of time"}}
	options := reporttest.SampleOptions()
	waiver := options.Waivers[2]
	keyed, named := waiver, waiver
	keyed.Key, named.Name = "A", "CI *"
	options.Waivers = []policies.Waiver{waiver, keyed, named, named}
	r := reporttest.Build(options, []reporttest.Judged{judged})
	r.Sources[0].NotAsked = []policies.NotAsked{{Rule: "unused-token", Reason: "no report"}, {Rule: "unused-token", Reason: "no reviews"}}
	return r
}

// Readers keep one of several cases with one class and name.
func TestEveryCaseHasANameOfItsOwn(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"sample": reporttest.Sample(), "compared": reporttest.Compared(t), "hostile": reporttest.Hostile(), "alike": manyAlike(),
	} {
		all := names(t, r, "")
		slices.Sort(all)
		for i := 1; i < len(all); i++ {
			if all[i] == all[i-1] {
				t.Errorf("%s: %q is there twice", name, strings.ReplaceAll(all[i], "\x00", " "))
			}
		}
	}
	r := manyAlike()
	for class, want := range map[string][]string{
		"token-limit-near": {"datocms/projects/77 (Blog): A", "datocms/projects/77 (Blog): B"},
		"unused-token": {
			"not asked: no report", "not asked: no reviews", "datocms/projects/77",
			"datocms/projects/77: no record", "datocms/projects/77: team shop: no record", "datocms/projects/77: no time",
		},
		"waivers": {`unused-token strapi/*`, `unused-token strapi/*, key "A"`, `unused-token strapi/*, name "CI *"`, `unused-token strapi/*, name "CI *" #2`},
	} {
		if diff := cmp.Diff(want, names(t, r, class)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", class, diff)
		}
	}
}
