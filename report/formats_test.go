package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
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

// prints gives the fingerprints of findings with one of the statuses, sorted.
func prints(r *Report, statuses ...policies.Status) []string {
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
var shown = map[string]func(t *testing.T, document []byte, r *Report) []string{
	"json": func(t *testing.T, document []byte, _ *Report) []string {
		r, err := Read(bytes.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		return prints(r, policies.Fail, policies.Waived)
	},
	"sarif": func(t *testing.T, document []byte, _ *Report) []string {
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
	"csv": func(t *testing.T, document []byte, _ *Report) []string {
		var list []string
		for _, record := range csvRecords(t, document) {
			if record["record"] == "finding" {
				list = append(list, record["fingerprint"])
			}
		}
		return list
	},
	"junit": func(t *testing.T, document []byte, _ *Report) []string {
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
	"gitlab": func(t *testing.T, document []byte, r *Report) []string {
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
	"csv-inventory": func(t *testing.T, document []byte, r *Report) []string {
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
	"html": func(t *testing.T, document []byte, _ *Report) []string {
		var list []string
		for _, row := range pageData(t, document)["findings"].([]any) {
			list = append(list, row.([]any)[13].(string))
		}
		return list
	},
	"table":    byRuleAndSubject(func(s string) string { return s }),
	"markdown": byRuleAndSubject(func(s string) string { return "`" + s + "`" }),
	"prometheus": func(_ *testing.T, document []byte, r *Report) []string {
		var list []string
		counts := map[[3]string]int{}
		for _, f := range r.Findings {
			counts[[3]string{f.Rule, string(f.Severity), string(f.Status)}]++
		}
		for _, f := range r.Findings {
			count := counts[[3]string{f.Rule, string(f.Severity), string(f.Status)}]
			if strings.Contains(string(document), fmt.Sprintf("tokenaudit_findings{rule=%q,severity=%q,status=%q} %d\n", f.Rule, f.Severity, f.Status, count)) {
				list = append(list, f.Fingerprint)
			}
		}
		return list
	},
}

// byRuleAndSubject finds findings in prose: a line that has the id of the token
// below a heading that has the rule, or in one line with it.
func byRuleAndSubject(quote func(string) string) func(*testing.T, []byte, *Report) []string {
	return func(_ *testing.T, document []byte, r *Report) []string {
		found := map[string]bool{}
		heading := ""
		for line := range strings.Lines(string(document)) {
			if strings.TrimSpace(line) != "" && !strings.ContainsAny(line, "\t|") {
				heading = line
			}
			for _, f := range r.Findings {
				if strings.Contains(line, quote(f.Subject())) && (strings.Contains(heading, f.Rule) || strings.Contains(line, quote(f.Rule)) || strings.Contains(line, f.Rule)) {
					found[f.Fingerprint] = true
				}
			}
		}
		return sortedKeys(found)
	}
}

// TestEveryFormatHasTheSameFindings: whatever a format looks like, all findings
// of the report are in it.
func TestEveryFormatHasTheSameFindings(t *testing.T) {
	r := readable(sampleReport())
	want := prints(r, policies.Fail, policies.Waived)
	for _, format := range Formats() {
		t.Run(format.Name, func(t *testing.T) {
			extract, ok := shown[format.Name]
			if !ok {
				t.Fatalf("nobody knows how to find findings in %s", format.Name)
			}
			got := extract(t, rendered(t, format.Name, r, RenderOptions{Suppressed: true}), r)
			slices.Sort(got)
			if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
				t.Errorf("(-report +%s)\n%s", format.Name, diff)
			}
		})
	}
}

// Every format says that something could not be read, that a gap is accepted,
// that a rule erred, and that a waiver has expired.
func TestEveryFormatShowsGaps(t *testing.T) {
	r := sampleReport()
	r.RuleErrors = []RuleError{{Rule: "unused-token", Source: "datocms/projects/77", Detail: "ran out of time"}}
	for _, format := range Formats() {
		document := string(rendered(t, format.Name, r, RenderOptions{Gate: DefaultGate()}))
		for what, words := range map[string][]string{
			"an unread list":  {"management_tokens", "management&#95;tokens", `cms="contentstack",error="permission_denied"} 1`},
			"an accepted gap": {"access_tokens could not be read", "accepted", "ACCEPTED", "Accepted", "access_tokens\n"},
			"a rule error":    {"ran out of time", `tokenaudit_rule_errors{rule="unused-token"} 1`},
			"a waiver":        {"2026-03-01", `tokenaudit_waivers{state="expired"} 1`},
		} {
			if format.Name == "csv-inventory" && (what == "a rule error" || what == "a waiver") {
				continue // one row a token: its verdicts are there, as not evaluated
			}
			if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(document, word) }) {
				t.Errorf("%s does not show %s", format.Name, what)
			}
		}
	}
}

// Two runs over the same inputs give the same bytes; see also
// TestBuilderIgnoresOrderAndConcurrency.
func TestFormatsAreDeterministic(t *testing.T) {
	one, two := hostileReport(), hostileReport()
	o := RenderOptions{Gate: DefaultGate(), Suppressed: true}
	for _, format := range Formats() {
		if !bytes.Equal(rendered(t, format.Name, one, o), rendered(t, format.Name, two, o)) {
			t.Errorf("%s differs from run to run", format.Name)
		}
	}
}

func TestFormatsDoNotChangeTheReport(t *testing.T) {
	r := sampleReport()
	want := rendered(t, "json", r, RenderOptions{})
	for _, format := range Formats() {
		rendered(t, format.Name, r, RenderOptions{Gate: DefaultGate(), MinSeverity: policies.High, Suppressed: true, Terminal: true})
		if got := rendered(t, "json", r, RenderOptions{}); !bytes.Equal(want, got) {
			t.Errorf("%s changed the report: %s", format.Name, cmp.Diff(string(want), string(got)))
		}
	}
}

func TestMinSeverityHidesAndCounts(t *testing.T) {
	r := readable(sampleReport())
	for _, tt := range []struct{ format, hidden, note string }{
		{"table", "unused-token  ", "Not shown: 3 findings below high"},
		{"markdown", "<b>medium</b>", "3 findings below high"},
		{"sarif", "has not been used", "3 findings below high left out"},
	} {
		if document := string(rendered(t, tt.format, r, RenderOptions{MinSeverity: policies.High})); strings.Contains(document, tt.hidden) || !strings.Contains(document, tt.note) {
			t.Errorf("%s hides %v, says so %v", tt.format, !strings.Contains(document, tt.hidden), strings.Contains(document, tt.note))
		}
	}
	if !bytes.Equal(rendered(t, "json", r, RenderOptions{}), rendered(t, "json", r, RenderOptions{MinSeverity: policies.High})) {
		t.Error("json hides findings")
	}
}

func TestFormatsWithoutTheInventory(t *testing.T) {
	r := sampleReport()
	r.Tokens = nil
	for _, format := range Formats() {
		var b bytes.Buffer
		err := format.Render(&b, r, RenderOptions{})
		if format.NeedsTokens != errors.Is(err, errNoTokens) || !format.NeedsTokens && err != nil {
			t.Errorf("%s: %v", format.Name, err)
		}
		if (format.Name == "html" || format.Name == "prometheus") && !strings.Contains(b.String(), "without its inventory") {
			t.Errorf("%s does not name what it cannot show", format.Name)
		}
		if format.NeedsTokens && b.Len() > 0 {
			t.Errorf("%s wrote %q before it failed", format.Name, &b)
		}
	}
}

// A format that does not use the evidence of findings renders the same without it.
func TestUsesEvidence(t *testing.T) {
	for _, format := range Formats() {
		with, without := sampleReport(), sampleReport()
		for i := range without.Findings {
			without.Findings[i].Evidence = nil
		}
		same := bytes.Equal(rendered(t, format.Name, with, RenderOptions{Gate: DefaultGate()}), rendered(t, format.Name, without, RenderOptions{Gate: DefaultGate()}))
		if same == format.UsesEvidence {
			t.Errorf("%s: UsesEvidence is %v, and its output is the same without the evidence: %v", format.Name, format.UsesEvidence, same)
		}
	}
}

// A format that does not use the inventory renders the same without it.
func TestUsesTokens(t *testing.T) {
	for _, format := range Formats() {
		with, without := sampleReport(), sampleReport()
		without.Tokens = nil
		if format.NeedsTokens {
			continue
		}
		same := bytes.Equal(rendered(t, format.Name, with, RenderOptions{Gate: DefaultGate()}), rendered(t, format.Name, without, RenderOptions{Gate: DefaultGate()}))
		if same == format.UsesTokens {
			t.Errorf("%s: UsesTokens is %v, and its output is the same without the inventory: %v", format.Name, format.UsesTokens, same)
		}
	}
}

func TestFormatsShowControls(t *testing.T) {
	o := RenderOptions{Gate: DefaultGate(), Framework: framework(t, "owasp-nhi")}
	for _, name := range []string{"table", "markdown", "html", "csv", "json"} {
		document := rendered(t, name, sampleReport(), o)
		if !bytes.Contains(document, []byte("Improper Offboarding")) || !bytes.Contains(document, []byte("NHI10")) {
			t.Errorf("%s does not show the controls", name)
		}
		if bytes.Contains(rendered(t, name, sampleReport(), RenderOptions{}), []byte("NHI10")) {
			t.Errorf("%s shows controls that nobody asked for", name)
		}
	}
	saved, err := Read(bytes.NewReader(rendered(t, "json", sampleReport(), o)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(rendered(t, "table", saved, RenderOptions{}), []byte("CONTROLS of OWASP NHI Top 10 2025")) {
		t.Error("a saved view is lost")
	}
	golden(t, *update, "table-framework.txt", rendered(t, "table", sampleReport(), RenderOptions{Gate: DefaultGate(), Framework: o.Framework, Terminal: true, Width: 140}))
}

// What is not shown still counts: the verdict is that of the exit code.
func TestHiddenFindingsStillCount(t *testing.T) {
	whole := sampleReport()
	whole.Findings = slices.DeleteFunc(whole.Findings, func(f Finding) bool { return f.Severity == policies.Critical })
	want := DefaultGate().Decide(whole)
	for format, verdict := range map[string]string{
		"table": "FAIL (exit code 1): " + want.Reason, "markdown": "audit: failed", "html": `class="verdict fail"`, "prometheus": "tokenaudit_exit_code 1\n",
	} {
		out := string(rendered(t, format, whole, RenderOptions{Gate: DefaultGate(), MinSeverity: policies.Critical}))
		if want.Code != ExitFindings || !strings.Contains(out, verdict) {
			t.Errorf("%s lacks %q", format, verdict)
		}
	}
}

// What people read says that a report is about a part.
func TestFormatsSayWhatWasLeftOut(t *testing.T) {
	r := sampleReport()
	r.Scope = &Scope{Sources: []string{"contentful/x"}, Rules: []string{"unused-token"}, Shard: "1/3"}
	for _, format := range []string{"table", "markdown", "html"} {
		text := string(rendered(t, format, r, RenderOptions{}))
		if !strings.Contains(text, "Of a part only, as asked: sources contentful/x; rules unused-token; shard 1/3") {
			t.Errorf("%s does not say that it is about a part", format)
		}
	}
	r.Scope = nil
	for _, format := range []string{"table", "markdown", "html"} {
		if strings.Contains(string(rendered(t, format, r, RenderOptions{})), "Of a part only") {
			t.Errorf("%s calls a whole a part", format)
		}
	}
}
