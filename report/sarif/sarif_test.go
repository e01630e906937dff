package sarif

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

var (
	sarifDir  = flag.String("sarif-dir", "", "write SARIF files of every kind into this folder, for a validator")
	sarifJSON = flag.String("sarif-schema", "", "the JSON Schema of SARIF to check these files against")
)

// sarifReports are reports of every kind that a validator should see.
func sarifReports(t *testing.T) map[string]struct {
	report  *report.Report
	options format.Options
} {
	complete := reporttest.Readable(reporttest.Sample())
	devel := *complete
	devel.Tool.Version = "devel"
	type file = struct {
		report  *report.Report
		options format.Options
	}
	return map[string]file{
		"sample":     {reporttest.Sample(), format.Options{}},
		"complete":   {complete, format.Options{}},
		"suppressed": {complete, format.Options{Suppressed: true}},
		"empty":      {reporttest.Empty(), format.Options{}},
		"devel":      {&devel, format.Options{}},
		"compared":   {reporttest.Compared(t), format.Options{Suppressed: true}},
		"nothing":    {reporttest.Build(reporttest.SampleOptions(), nil), format.Options{}},
		"hostile":    {reporttest.Readable(reporttest.Hostile()), format.Options{Suppressed: true}},
		"large":      {reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(3, 500)), format.Options{}},
	}
}

// TestSARIFFiles does nothing unless it is asked to: make sarif-check runs it
// and hands the files to the validator of the platforms.
func TestSARIFFiles(t *testing.T) {
	if *sarifDir == "" {
		t.Skip("no -sarif-dir")
	}
	schema, err := jsonschema.Compile(*sarifJSON)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range sarifReports(t) {
		document := renderedSARIF(t, file.report, file.options)
		if err := os.WriteFile(filepath.Join(*sarifDir, name+".sarif"), document, 0o644); err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(document, &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

func sarifOf(t *testing.T, r *report.Report, o format.Options) sarifLog {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(renderedSARIF(t, r, o), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestSARIFHasOneRunForEachCMS(t *testing.T) {
	log := sarifOf(t, reporttest.Readable(reporttest.Sample()), format.Options{})
	var ids []string
	results := 0
	for _, run := range log.Runs {
		ids = append(ids, run.AutomationDetails.ID)
		results += len(run.Results)
		if run.Results == nil {
			t.Errorf("%s has null results", run.AutomationDetails.ID)
		}
	}
	want := []string{"tokenaudit/contentful/", "tokenaudit/contentstack/", "tokenaudit/datocms/", "tokenaudit/terraform/"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
	if results != 5 {
		t.Errorf("%d results, want the 5 findings that are not waived", results)
	}
}

// An incomplete run without a baseline would close alerts: it is left out.
func TestSARIFLeavesIncompleteRunsOut(t *testing.T) {
	log := sarifOf(t, reporttest.Sample(), format.Options{})
	ids := map[string]sarifRun{}
	for _, run := range log.Runs {
		ids[run.AutomationDetails.ID] = run
	}
	if _, ok := ids["tokenaudit/contentstack/"]; ok {
		t.Error("the run of contentstack, whose management tokens were not read, is there")
	}
	if _, ok := ids["tokenaudit/contentful/"]; !ok {
		t.Error("the run of contentful, whose gap is accepted, is not there")
	}
	notices, ok := ids["tokenaudit/notices/"]
	if !ok || len(notices.Results) != 0 || notices.Invocations[0].ExecutionSuccessful {
		t.Fatalf("notices: %v, %+v", ok, notices.Invocations)
	}
	text := notices.Invocations[0].Notifications[0].Message.Text
	if !strings.Contains(text, "run of contentstack is left out") {
		t.Errorf("the first notice is %q", text)
	}
}

// With a baseline the findings of what was not read stay open.
func TestSARIFCarriesStaleFindingsOver(t *testing.T) {
	r := reporttest.Sample()
	r.Baseline = &report.BaselineRef{At: reporttest.DaysAgo(1), Complete: true}
	for i := range r.Findings {
		r.Findings[i].Baseline = report.BaselineUnchanged
	}
	r.Findings[0].Baseline = report.BaselineNew
	r.Stale = []*report.Finding{{Fingerprint: "f1", Rule: "old-rule", Severity: policies.High, Status: policies.Fail, Resolution: report.StaleUnread, CMS: "contentstack", Source: "contentstack/stacks/blt9f", Token: "contentstack/stacks/blt9f/management_tokens/m", Message: "was bad"}}
	log := sarifOf(t, r, format.Options{})
	states := map[string]int{}
	for _, run := range log.Runs {
		for _, result := range run.Results {
			states[result.BaselineState]++
			if result.PartialFingerprints["primaryLocationLineHash"] == "f1" {
				states["stale"]++
				if run.AutomationDetails.ID != "tokenaudit/contentstack/" || !strings.Contains(result.Message.Text, "not checked again") || run.Tool.Driver.Rules[result.RuleIndex].ID != "old-rule" {
					t.Errorf("stale result: %+v", result)
				}
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"new": 1, "unchanged": 5, "stale": 1}, states); diff != "" {
		t.Error(diff)
	}
}

func TestSARIFRestrictedRunHasItsOwnCategory(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	r.Scope = &report.Scope{Sources: []string{"contentful/*"}}
	one := sarifOf(t, r, format.Options{}).Runs[0].AutomationDetails.ID
	r.Scope = &report.Scope{Sources: []string{"datocms/*"}}
	two := sarifOf(t, r, format.Options{}).Runs[0].AutomationDetails.ID
	if !strings.HasPrefix(one, "tokenaudit/contentful/partial-") || one == two {
		t.Errorf("categories %s and %s", one, two)
	}
}

func TestSARIFSuppressionsAreOnAllResultsOrNone(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	for _, suppressed := range []bool{false, true} {
		document := string(renderedSARIF(t, r, format.Options{Suppressed: suppressed}))
		results, members := strings.Count(document, `"ruleIndex"`), strings.Count(document, `"suppressions"`)
		if suppressed && (members != results || results != 6) || !suppressed && (members != 0 || results != 5) {
			t.Errorf("suppressed %v: %d results, %d of them with suppressions", suppressed, results, members)
		}
	}
}

// The waiver of a finding that nobody could check again may have ended since.
func TestSARIFStaleFindingIsWaivedUntilItsWaiverEnds(t *testing.T) {
	for days, results := range map[int]int{0: 0, -1: 1} {
		r := reporttest.Readable(reporttest.Sample())
		r.Baseline = &report.BaselineRef{At: reporttest.DaysAgo(9), Complete: true}
		waiver := &policies.Waiver{Rule: "old-rule", Token: "*", Expires: reporttest.DaysAgo(-days).Format(time.DateOnly), Reason: "until then"}
		r.Stale = []*report.Finding{{Fingerprint: "f1", Rule: "old-rule", Severity: policies.High, Status: policies.Waived, Waiver: waiver, Resolution: report.StaleUnread, CMS: "contentstack", Source: "contentstack/stacks/blt9f", Message: "was bad"}}
		if got := strings.Count(string(renderedSARIF(t, r, format.Options{})), `"tokenFinding/v1": "f1"`); got != results {
			t.Errorf("a waiver until %s: %d results, want %d", waiver.Expires, got, results)
		}
		if got := strings.Count(string(renderedSARIF(t, r, format.Options{Suppressed: true})), "until then"); got != 1-results {
			t.Errorf("a waiver until %s: %d suppressions, want %d", waiver.Expires, got, 1-results)
		}
	}
}

// Whatever text a CMS has, every member keeps to what the platforms take.
func TestSARIFIsHarmless(t *testing.T) {
	for _, run := range sarifOf(t, reporttest.Readable(reporttest.Hostile()), format.Options{Suppressed: true}).Runs {
		places := map[string]bool{}
		for _, result := range run.Results {
			uri := result.Locations[0].Physical.Artifact.URI
			if u, err := url.Parse(uri); err != nil || u.Scheme != "" || u.Host != "" || strings.ContainsAny(uri, ": \\") || strings.HasPrefix(uri, ".") || strings.HasPrefix(uri, "/") || strings.Contains(uri, "/../") {
				t.Errorf("uri %q: %v", uri, err)
			}
			if places[result.RuleID+" "+uri] {
				t.Errorf("two results of %s at %s", result.RuleID, uri)
			}
			places[result.RuleID+" "+uri] = true
			if n := utf8.RuneCountInString(result.Message.Text); n == 0 || n > sarifMaxText {
				t.Errorf("a message of %d characters", n)
			}
			if strings.Contains(result.Message.Text, "](") && !strings.Contains(result.Message.Text, `\](`) {
				t.Errorf("a link in %q", result.Message.Text)
			}
			if v := result.HostedViewerURI; v != "" && !strings.HasPrefix(v, "https://") {
				t.Errorf("hostedViewerUri %q", v)
			}
			if strings.ContainsFunc(result.Message.Text, func(r rune) bool { return !safetext.IsVisible(r) }) {
				t.Errorf("control characters in %q", result.Message.Text)
			}
		}
	}
}

// A for_each declares many tokens on one line: they are one result there.
func TestSARIFMergesInstancesOfOneDeclaration(t *testing.T) {
	plan := reporttest.SampleSource("terraform", "terraform/web", inventory.KindPlan, "web")
	var verdicts []policies.Verdict
	for _, key := range []string{"a", "b", "c"} {
		token := reporttest.SampleToken(plan, inventory.Management, "t.ci%5B%22"+key+"%22%5D", "CI "+key)
		token.Planned, token.Address = inventory.PlannedCreate, `module.m[0].t.ci["`+key+`"]`
		token.Origin = inventory.Origin{File: "./infra/tokens.tf", Line: 12}
		if key == "c" {
			token.Origin.Line = 0 // the line is not known
		}
		plan.Tokens = append(plan.Tokens, token)
		verdicts = append(verdicts, policies.Verdict{Rule: "unused-token", Status: policies.Fail, Token: token.ID, Message: "bad"})
	}
	results := sarifOf(t, reporttest.Build(reporttest.SampleOptions(), []reporttest.Judged{reporttest.Judge(plan, reporttest.SampleRules(), verdicts...)}), format.Options{}).Runs[0].Results
	if len(results) != 2 {
		t.Fatalf("%d results, want one for the line and one for the token without a line", len(results))
	}
	merged := results[0]
	if got := merged.Locations[0].Physical; got.Artifact.URI != "infra/tokens.tf" || got.Region.StartLine != 12 {
		t.Errorf("at %+v", got)
	}
	if !strings.Contains(merged.Message.Text, `each of 2 tokens: module.m[0].t.ci["a"], module.m[0].t.ci["b"]`) {
		t.Errorf("message %q", merged.Message.Text)
	}
	if got, want := merged.PartialFingerprints["primaryLocationLineHash"], report.Fingerprint("unused-token", "terraform/web", "module.m.t.ci", ""); got != want {
		t.Errorf("fingerprint %s, want that of the declaration %s", got, want)
	}
	if !strings.HasPrefix(results[1].Locations[0].Physical.Artifact.URI, "terraform/web/t.ci%255B") {
		t.Errorf("without a line: %q", results[1].Locations[0].Physical.Artifact.URI)
	}
}

// Every notification points to the descriptor that describes it.
func TestSARIFDescribesEveryNotification(t *testing.T) {
	seen := map[string]bool{}
	for name, file := range sarifReports(t) {
		for _, run := range sarifOf(t, file.report, file.options).Runs {
			for _, note := range run.Invocations[0].Notifications {
				seen[note.Descriptor.ID] = true
				if all := run.Tool.Driver.Notifications; note.Descriptor.Index >= len(all) || all[note.Descriptor.Index].ID != note.Descriptor.ID {
					t.Errorf("%s: descriptor %d is not %s", name, note.Descriptor.Index, note.Descriptor.ID)
				}
			}
		}
	}
	if !seen[noteRelaxed] || len(seen) < 8 {
		t.Errorf("these notifications alone: %v", safetext.SortedKeys(seen))
	}
}

func TestSARIFVersion(t *testing.T) {
	for version, want := range map[string]string{"1.2.3": "1.2.3", "v1.2.3": "1.2.3", "devel": "0.0.0-devel", "": "0.0.0", "v": "0.0.0"} {
		if got := sarifVersion(version); got != want {
			t.Errorf("sarifVersion(%q) = %q, want %q", version, got, want)
		}
	}
}

func TestNameOf(t *testing.T) {
	for id, want := range map[string]string{"unused-token": "UnusedToken", "custom/naming": "CustomNaming", "naming": "", "": "", "日本": ""} {
		if got := nameOf(id); got != want {
			t.Errorf("nameOf(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestDeclaration(t *testing.T) {
	for address, want := range map[string]string{
		"a.b": "a.b", "a.b[0]": "a.b", `a.b["x"]`: "a.b", `module.m["a]\"["].a.b[1]`: "module.m.a.b", "": "", `a.b["`: "a.b",
	} {
		if got := declaration(address); got != want {
			t.Errorf("declaration(%q) = %q, want %q", address, got, want)
		}
	}
}

func renderedSARIF(t *testing.T, r *report.Report, o format.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
