package output

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// A rule that was not asked is named with what it lacks in every format that has room for it,
// once and not for each source, and is no passed case of a test report.
func TestNotAskedIsSaid(t *testing.T) {
	const rule, reason = "write-token-never-expires", "no report was given"
	r := reporttest.Sample()
	for i := range r.Sources {
		r.Sources[i].NotAsked = []policies.NotAsked{{Rule: rule, Reason: reason}, {Rule: "token-limit-near", Reason: reason}}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f *report.Finding) bool { return f.Rule == rule })
	for name, want := range map[string]struct {
		text  string
		times int
	}{
		"table":    {"token-limit-near, write-token-never-expires in 5 sources: " + reason + "\n", 1},
		"tsv":      {"token-limit-near, write-token-never-expires in 5 sources: " + reason + "\n", 1},
		"markdown": {"token-limit-near, write-token-never-expires in 5 sources: " + reason, 1},
		"html":     {"<li>token-limit-near, write-token-never-expires in 5 sources: " + reason + "</li>", 1},
		"csv":      {"not_asked,", 2},
		"junit":    {`<skipped message="not asked in 5 sources: ` + reason + `" type="not_asked">`, 2},
		"gitlab":   {rule + " was not asked in 5 sources: " + reason, 1},
		"sarif":    {rule + " was not asked in ", 3}, // one a CMS, of which one could not be read
		"oscal":    {rule + " was not asked in 5 sources: " + reason, 1},
		"json":     {`"reason": "` + reason + `"`, 2 * len(r.Sources)},
	} {
		if got := strings.Count(string(rendered(t, name, r, format.Options{})), want.text); got != want.times {
			t.Errorf("%s has %q %d times, want %d", name, want.text, got, want.times)
		}
	}
	document := string(rendered(t, "junit", r, format.Options{}))
	if strings.Contains(document, `classname="`+rule+`"></testcase>`) {
		t.Errorf("the test report has a passed case of the rule:\n%s", document)
	}
	r.Sources[0].NotAsked = nil
	r.Sources[1].NotAsked[1].Reason = "something else"
	if text := string(rendered(t, "table", r, format.Options{})); !strings.Contains(text, "write-token-never-expires in 4 sources: "+reason+"\n  token-limit-near in 1 source: something else\n") {
		t.Errorf("not one line for each reason:\n%s", text)
	}
}
