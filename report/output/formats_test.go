package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// csvRecords reads a CSV report as maps from column to cell.
func csvRecords(t *testing.T, document []byte) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(document)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, cell := range row {
			record[rows[0][i]] = cell
		}
		records = append(records, record)
	}
	return records
}

// prints returns the fingerprints of findings with one of the statuses, sorted.
func prints(r *report.Report, statuses ...policies.Status) []string {
	list := []string{}
	for _, f := range r.Findings {
		if slices.Contains(statuses, f.Status) {
			list = append(list, f.Fingerprint)
		}
	}
	slices.Sort(list)
	return list
}

// shown are the fingerprints of the findings that a format shows, waived ones included.
var shown = map[string]func(t *testing.T, document []byte, r *report.Report) []string{
	"json": func(t *testing.T, document []byte, _ *report.Report) []string {
		r, err := report.Read(bytes.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		return prints(r, policies.Fail, policies.Waived)
	},
	"sarif": func(t *testing.T, document []byte, _ *report.Report) []string {
		var log struct {
			Runs []struct {
				Results []struct {
					Properties struct {
						Fingerprints []string `json:"fingerprints"`
					} `json:"properties"`
				} `json:"results"`
			} `json:"runs"`
		}
		if err := json.Unmarshal(document, &log); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, run := range log.Runs {
			for _, result := range run.Results {
				list = append(list, result.Properties.Fingerprints...)
			}
		}
		return list
	},
	"oscal": func(t *testing.T, document []byte, _ *report.Report) []string {
		var doc struct {
			Root struct {
				Results []struct {
					Risks []struct {
						Props []struct{ Name, Value string } `json:"props"`
					} `json:"risks"`
				} `json:"results"`
			} `json:"assessment-results"`
		}
		if err := json.Unmarshal(document, &doc); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, risk := range doc.Root.Results[0].Risks {
			for _, p := range risk.Props {
				if p.Name == "fingerprint" {
					list = append(list, p.Value)
				}
			}
		}
		return list
	},
	"csv": func(t *testing.T, document []byte, _ *report.Report) []string {
		var list []string
		for _, record := range csvRecords(t, document) {
			if record["record"] == "finding" {
				list = append(list, record["fingerprint"])
			}
		}
		return list
	},
	"junit": func(t *testing.T, document []byte, _ *report.Report) []string {
		var doc struct {
			Suites []struct {
				Cases []struct {
					Properties []struct {
						Value string `xml:"value,attr"`
					} `xml:"properties>property"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal(document, &doc); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, suite := range doc.Suites {
			for _, c := range suite.Cases {
				if len(c.Properties) > 0 {
					list = append(list, c.Properties[0].Value)
				}
			}
		}
		return list
	},
	"gitlab": func(t *testing.T, document []byte, r *report.Report) []string {
		var entries []struct {
			CheckName   string `json:"check_name"`
			Fingerprint string `json:"fingerprint"`
		}
		if err := json.Unmarshal(document, &entries); err != nil {
			t.Fatal(err)
		}
		list := prints(r, policies.Waived) // it has no way to show them
		for _, e := range entries {
			if !strings.HasPrefix(e.CheckName, "tokenaudit/") {
				list = append(list, e.Fingerprint)
			}
		}
		return list
	},
	"csv-inventory": func(t *testing.T, document []byte, r *report.Report) []string {
		var list []string
		failed, waived := map[[2]string]bool{}, map[[2]string]bool{}
		for _, record := range csvRecords(t, document) {
			for rule := range strings.FieldsSeq(record["failed_rules"]) {
				failed[[2]string{rule, record["id"]}] = true
			}
			for rule := range strings.FieldsSeq(record["waived_rules"]) {
				waived[[2]string{rule, record["id"]}] = true
			}
		}
		for _, f := range r.Findings {
			pair := [2]string{f.Rule, f.Token}
			if f.Token == "" || f.Status == policies.Fail && failed[pair] || f.Status == policies.Waived && waived[pair] {
				list = append(list, f.Fingerprint)
			}
		}
		return list
	},
	"slack": byTitleAndSubject,
	"teams": byTitleAndSubject,
	"jira":  byTitleAndSubject,
	"webhook": func(t *testing.T, document []byte, r *report.Report) []string {
		var doc struct {
			Items []struct {
				Fingerprint string `json:"fingerprint"`
			} `json:"items"`
		}
		if err := json.Unmarshal(document, &doc); err != nil {
			t.Fatal(err)
		}
		list := prints(r, policies.Waived) // they are no news
		for _, item := range doc.Items {
			list = append(list, item.Fingerprint)
		}
		return list
	},
	"html": func(t *testing.T, document []byte, _ *report.Report) []string {
		var list []string
		for _, row := range reporttest.PageData(t, document)["findings"].([]any) {
			list = append(list, row.([]any)[13].(string))
		}
		return list
	},
	"tsv":      byRuleAndSubject(func(s string) string { return s }),
	"table":    byRuleAndSubject(func(s string) string { return s }),
	"markdown": byRuleAndSubject(func(s string) string { return "`" + s + "`" }),
	"prometheus": func(_ *testing.T, document []byte, r *report.Report) []string {
		var list []string
		counts, told := map[[3]string]int{}, map[[3]string]int{}
		for _, f := range r.Findings {
			counts[[3]string{f.Rule, string(f.Severity), string(f.Status)}]++
		}
		// There is a series for each combination of labels.
		series := regexp.MustCompile(`tokenaudit_findings\{rule="([^"]*)",severity="([^"]*)",status="([^"]*)".*\} (\d+)\n`)
		for _, found := range series.FindAllStringSubmatch(string(document), -1) {
			n, _ := strconv.Atoi(found[4])
			told[[3]string(found[1:4])] += n
		}
		for _, f := range r.Findings {
			if key := [3]string{f.Rule, string(f.Severity), string(f.Status)}; told[key] == counts[key] {
				list = append(list, f.Fingerprint)
			}
		}
		return list
	},
}

// byTitleAndSubject finds findings in a message: a line has both. Waived ones are no news.
func byTitleAndSubject(_ *testing.T, document []byte, r *report.Report) []string {
	list := prints(r, policies.Waived)
	titles := map[string]string{}
	for _, rule := range r.Rules {
		titles[rule.ID] = rule.Title
	}
	for line := range strings.Lines(strings.ReplaceAll(string(document), `\n`, "\n")) {
		for _, f := range r.Findings {
			if strings.Contains(line, titles[f.Rule]) && strings.Contains(line, f.Subject()) {
				list = append(list, f.Fingerprint)
			}
		}
	}
	return list
}

// byRuleAndSubject finds findings in prose: a line that has the id of the token
// below a heading that has the rule, or in one line with it.
func byRuleAndSubject(quote func(string) string) func(*testing.T, []byte, *report.Report) []string {
	return func(_ *testing.T, document []byte, r *report.Report) []string {
		found := map[string]bool{}
		heading, blank := "", true
		for line := range strings.Lines(string(document)) {
			// A section begins behind a blank line; the rows of a Markdown table do so, too.
			if blank && strings.TrimSpace(line) != "" && !strings.ContainsAny(line, "\t|") {
				heading = line
			}
			blank = strings.TrimSpace(line) == ""
			for _, f := range r.Findings {
				if strings.Contains(line, quote(f.Subject())) && (strings.Contains(heading, f.Rule) || strings.Contains(line, quote(f.Rule)) || strings.Contains(line, f.Rule)) {
					found[f.Fingerprint] = true
				}
			}
		}
		return safetext.SortedKeys(found)
	}
}

// TestEveryFormatHasTheSameFindings: whatever a format looks like, all findings
// of the report are in it.
func TestEveryFormatHasTheSameFindings(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	want := prints(r, policies.Fail, policies.Waived)
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			extract, ok := shown[f.Name]
			if !ok {
				t.Fatalf("nobody knows how to find findings in %s", f.Name)
			}
			got := extract(t, rendered(t, f.Name, r, format.Options{Suppressed: true}), r)
			slices.Sort(got)
			if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
				t.Errorf("(-report +%s)\n%s", f.Name, diff)
			}
		})
	}
}

// Every format says that something could not be read, that a gap is accepted,
// that a rule erred, and that a waiver has expired.
func TestEveryFormatShowsGaps(t *testing.T) {
	r := reporttest.Sample()
	r.RuleErrors = []report.RuleError{{Rule: "unused-token", Source: "datocms/projects/77", Detail: "ran out of time"}}
	for _, f := range Formats() {
		document := string(rendered(t, f.Name, r, format.Options{Gate: report.DefaultGate()}))
		for what, words := range map[string][]string{
			"an unread list":  {"management_tokens", "management&#95;tokens", `cms="contentstack",error="permission_denied",label_env="",label_team="web"} 1`},
			"an accepted gap": {"access_tokens could not be read", "accepted", "ACCEPTED", "Accepted", "access_tokens\n"},
			"a rule error":    {"ran out of time", `tokenaudit_rule_errors{rule="unused-token"} 1`},
			"a waiver":        {"2026-03-01", `tokenaudit_waivers{state="expired"} 1`},
		} {
			if f.News && what == "a waiver" {
				continue // it is no news
			}
			if f.Name == "csv-inventory" && (what == "a rule error" || what == "a waiver") {
				continue // one row a token: its verdicts are there, as not evaluated
			}
			if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(document, word) }) {
				t.Errorf("%s does not show %s", f.Name, what)
			}
		}
	}
}

// Every format says that there was nothing to audit, which nobody may take for a clean
// audit, and what a waiver of a keyed finding is restricted to.
func TestEveryFormatSaysNoSourceAndKeys(t *testing.T) {
	options := reporttest.SampleOptions()
	options.Waivers = options.Waivers[2:3]
	options.Waivers[0].Key = "headers.Authorization"
	r := reporttest.Build(options, nil)
	for _, f := range Formats() {
		document := strings.ToLower(string(rendered(t, f.Name, r, format.Options{Gate: report.DefaultGate()})))
		none := []string{"no source was found", "tokenaudit_complete 0"}
		if f.Name != "csv-inventory" && f.Name != "json" && !slices.ContainsFunc(none, func(word string) bool { return strings.Contains(document, word) }) {
			t.Errorf("%s does not say that no source was found", f.Name)
		}
		if !f.News && f.Name != "csv-inventory" && f.Name != "prometheus" && !strings.Contains(document, "headers.authorization") {
			t.Errorf("%s does not show the key of the waiver", f.Name)
		}
	}
}

// Two runs over the same inputs give the same bytes; see also
// TestBuilderIgnoresOrderAndConcurrency.
func TestFormatsAreDeterministic(t *testing.T) {
	one, two := reporttest.Hostile(), reporttest.Hostile()
	o := format.Options{Gate: report.DefaultGate(), Suppressed: true}
	for _, f := range Formats() {
		if !bytes.Equal(rendered(t, f.Name, one, o), rendered(t, f.Name, two, o)) {
			t.Errorf("%s differs from run to run", f.Name)
		}
	}
}

func TestFormatsDoNotChangeTheReport(t *testing.T) {
	r := reporttest.Sample()
	want := rendered(t, "json", r, format.Options{})
	for _, f := range Formats() {
		rendered(t, f.Name, r, format.Options{Gate: report.DefaultGate(), MinSeverity: policies.High, Suppressed: true, Width: 80})
		if got := rendered(t, "json", r, format.Options{}); !bytes.Equal(want, got) {
			t.Errorf("%s changed the report: %s", f.Name, cmp.Diff(string(want), string(got)))
		}
	}
}

func TestMinSeverityHidesAndCounts(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	for _, tt := range []struct{ format, hidden, note string }{
		{"table", "MEDIUM  unused-token", "Not shown: 3 findings below high"},
		{"markdown", "<b>medium</b>", "3 findings below high"},
		{"sarif", "has not been used", "3 findings below high left out"},
	} {
		if document := string(rendered(t, tt.format, r, format.Options{MinSeverity: policies.High})); strings.Contains(document, tt.hidden) || !strings.Contains(document, tt.note) {
			t.Errorf("%s hides %v, says so %v", tt.format, !strings.Contains(document, tt.hidden), strings.Contains(document, tt.note))
		}
	}
	if !bytes.Equal(rendered(t, "json", r, format.Options{}), rendered(t, "json", r, format.Options{MinSeverity: policies.High})) {
		t.Error("json hides findings")
	}
}

func TestFormatsWithoutTheInventory(t *testing.T) {
	r := reporttest.Sample()
	r.Tokens = nil
	for _, f := range Formats() {
		var b bytes.Buffer
		err := f.Render(&b, r, format.Options{})
		if f.NeedsTokens != errors.Is(err, difference.ErrNoTokens) || !f.NeedsTokens && err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if (f.Name == "html" || f.Name == "prometheus") && !strings.Contains(b.String(), "without its inventory") {
			t.Errorf("%s does not name what it cannot show", f.Name)
		}
		if f.NeedsTokens && b.Len() > 0 {
			t.Errorf("%s wrote %q before it failed", f.Name, &b)
		}
	}
}

// A format that does not use the evidence of findings renders the same without it.
func TestUsesEvidence(t *testing.T) {
	for _, f := range Formats() {
		with, without := reporttest.Sample(), reporttest.Sample()
		for i := range without.Findings {
			without.Findings[i].Evidence = nil
		}
		same := bytes.Equal(rendered(t, f.Name, with, format.Options{Gate: report.DefaultGate()}), rendered(t, f.Name, without, format.Options{Gate: report.DefaultGate()}))
		if same == f.UsesEvidence {
			t.Errorf("%s: UsesEvidence is %v, and its output is the same without the evidence: %v", f.Name, f.UsesEvidence, same)
		}
	}
}

// A format that does not use the inventory renders the same without it.
func TestUsesTokens(t *testing.T) {
	for _, f := range Formats() {
		with, without := reporttest.Sample(), reporttest.Sample()
		without.Tokens = nil
		if f.NeedsTokens {
			continue
		}
		same := bytes.Equal(rendered(t, f.Name, with, format.Options{Gate: report.DefaultGate()}), rendered(t, f.Name, without, format.Options{Gate: report.DefaultGate()}))
		if same == f.UsesTokens {
			t.Errorf("%s: UsesTokens is %v, and its output is the same without the inventory: %v", f.Name, f.UsesTokens, same)
		}
	}
}

func TestFormatsShowControls(t *testing.T) {
	o := format.Options{Gate: report.DefaultGate(), Framework: reporttest.Framework(t, "owasp-nhi")}
	for _, name := range []string{"table", "markdown", "html", "csv", "json"} {
		document := rendered(t, name, reporttest.Sample(), o)
		if !bytes.Contains(document, []byte("Improper Offboarding")) || !bytes.Contains(document, []byte("NHI10")) {
			t.Errorf("%s does not show the controls", name)
		}
		if bytes.Contains(rendered(t, name, reporttest.Sample(), format.Options{}), []byte("NHI10")) {
			t.Errorf("%s shows controls that nobody asked for", name)
		}
	}
	saved, err := report.Read(bytes.NewReader(rendered(t, "json", reporttest.Sample(), o)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(rendered(t, "table", saved, format.Options{}), []byte("CONTROLS of OWASP NHI Top 10 2025")) {
		t.Error("a saved view is lost")
	}
	reporttest.Golden(t, *update, "table-framework.txt", rendered(t, "table", reporttest.Sample(), format.Options{Gate: report.DefaultGate(), Framework: o.Framework, Width: 140, GroupBy: format.ByRule}))
}

// What is not shown still counts: the verdict is that of the exit code.
func TestHiddenFindingsStillCount(t *testing.T) {
	whole := reporttest.Sample()
	whole.Findings = slices.DeleteFunc(whole.Findings, func(f *report.Finding) bool { return f.Severity == policies.Critical })
	want := report.DefaultGate().Decide(whole)
	for name, verdict := range map[string]string{
		"table": "FAIL (exit code 1): " + want.Reason, "markdown": "audit: failed", "html": `class="verdict fail"`, "prometheus": "tokenaudit_exit_code 1\n",
	} {
		out := string(rendered(t, name, whole, format.Options{Gate: report.DefaultGate(), MinSeverity: policies.Critical}))
		if want.Code != report.ExitFindings || !strings.Contains(out, verdict) {
			t.Errorf("%s lacks %q", name, verdict)
		}
	}
}

// What people read says that a report is about a part.
func TestFormatsSayWhatWasLeftOut(t *testing.T) {
	r := reporttest.Sample()
	r.Scope = &report.Scope{Sources: []string{"contentful/x"}, Labels: []string{"team=web"}, Rules: []string{"unused-token"}, Shard: "1/3"}
	for _, name := range []string{"table", "markdown", "html"} {
		text := string(rendered(t, name, r, format.Options{}))
		if !strings.Contains(text, "Restricted to: sources contentful/x; labels team=web; rules unused-token; shard 1/3") {
			t.Errorf("%s does not say that it is about a part", name)
		}
	}
	r.Scope = nil
	for _, name := range []string{"table", "markdown", "html"} {
		if strings.Contains(string(rendered(t, name, r, format.Options{})), "Restricted to") {
			t.Errorf("%s calls a whole a part", name)
		}
	}
}
