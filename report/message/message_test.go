package message_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/message"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// render writes a format and returns the text and what it means.
func render(t *testing.T, f format.Format, r *report.Report) (string, map[string]any) {
	t.Helper()
	var b bytes.Buffer
	if err := f.Render(&b, r, format.Options{Gate: report.DefaultGate()}); err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(b.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	return b.String(), document
}

func formats() []format.Format {
	return []format.Format{message.Slack(), message.Teams(), message.Jira(), message.Webhook()}
}

// large has so many findings and lists that were not read that no platform takes them all,
// each with the longest text there is.
func large(text string, findings int) *report.Report {
	r := reporttest.Sample()
	first := r.Findings[0]
	r.Findings = nil
	for i := range findings {
		f := new(*first)
		f.Status, f.TokenName, f.Message, f.Remediation, f.URL = policies.Fail, text, text, text, text
		f.Token = fmt.Sprintf("%s/access_tokens/%d%s", f.Source, i, text)
		r.Findings = append(r.Findings, f)
		if i < 200 {
			r.RuleErrors = append(r.RuleErrors, report.RuleError{Rule: f.Rule, Source: f.Source, Detail: text})
		}
	}
	return r
}

// Every platform takes the message, however much there is to tell, and the message says
// what it leaves out.
func TestLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	for _, text := range append([]string{"x"}, "<&>", strings.Repeat("<&>\"", 3_000), strings.Repeat("名", 3_000), strings.Repeat("👩", 3_000), strings.Repeat("\u202e", 3_000)) {
		findings := 300
		if text == "x" {
			findings = 10_000
		}
		r := large(text, findings)
		for _, f := range formats() {
			document, value := render(t, f, r)
			if f.Name != "webhook" && !strings.Contains(document, " more ") || f.Name == "webhook" && value["left_out"].(map[string]any)["items"] != float64(findings-200) {
				t.Errorf("%s with %.10q does not say that something is left out", f.Name, text)
			}
			if problem := beyond(f.Name, document, value); problem != "" {
				t.Errorf("%s with %.10q: %s", f.Name, text, problem)
			}
			if !strings.Contains(document, "incomplete") {
				t.Errorf("%s with %.10q does not say that it is incomplete", f.Name, text)
			}
		}
	}
}

// An issue about a token has all of its findings, as far as there is room.
func TestLimitsOfOneIssue(t *testing.T) {
	r := large(strings.Repeat("👩", 3_000), 300)
	for i := range r.Findings {
		r.Findings[i].Token = r.Findings[0].Token
	}
	document, value := render(t, message.Jira(), r)
	if problem := beyondJira(value); problem != "" || len(value["issueUpdates"].([]any)) != 1 || !strings.Contains(document, "and 288 more findings: see the report") {
		t.Errorf("%d issues: %s", len(value["issueUpdates"].([]any)), problem)
	}
}

// beyond says which limit of its platform a message exceeds, or what it obeys in it.
func beyond(name, document string, value map[string]any) string {
	switch name {
	case "slack":
		return beyondSlack(value)
	case "teams":
		if len(document) > 28_000 {
			return fmt.Sprintf("%d bytes", len(document))
		}
		for _, e := range value["attachments"].([]any)[0].(map[string]any)["content"].(map[string]any)["body"].([]any) {
			if e.(map[string]any)["type"] != "RichTextBlock" {
				return "a text that obeys Markdown"
			}
		}
	case "jira":
		return beyondJira(value)
	case "webhook":
		if len(document) > 3<<20 {
			return fmt.Sprintf("%d bytes", len(document))
		}
	}
	return ""
}

func beyondSlack(value map[string]any) string {
	blocks := value["blocks"].([]any)
	if len(blocks) > 50 {
		return fmt.Sprintf("%d blocks", len(blocks))
	}
	total := 0
	for _, b := range blocks {
		text := b.(map[string]any)["text"].(map[string]any)
		body := text["text"].(string)
		n := len(utf16.Encode([]rune(body)))
		total += n
		if n > 3_000 || n == 0 || b.(map[string]any)["type"] == "header" && n > 150 {
			return fmt.Sprintf("a text of %d characters", n)
		}
		if text["type"] != "plain_text" || text["emoji"] != false {
			return "a text in which markup has a meaning"
		}
		plain := strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(body)
		if strings.ContainsAny(plain, "<>&") {
			return "a character that Slack obeys in " + body
		}
	}
	if total > 13_000 {
		return fmt.Sprintf("%d characters", total)
	}
	return ""
}

func beyondJira(value map[string]any) string {
	issues := value["issueUpdates"].([]any)
	if len(issues) > 50 {
		return fmt.Sprintf("%d issues", len(issues))
	}
	for _, i := range issues {
		fields := i.(map[string]any)["fields"].(map[string]any)
		if summary := fields["summary"].(string); len([]rune(summary)) > 255 || summary == "" || strings.ContainsAny(summary, "\r\n") {
			return "the summary " + summary
		}
		for _, label := range fields["labels"].([]any) {
			if text := label.(string); len(text) > 255 || text == "" || strings.ContainsAny(text, " \t") {
				return "the label " + text
			}
		}
		if n, problem := adf(fields["description"].(map[string]any)); n > 32_767 || problem != "" {
			return fmt.Sprintf("a description of %d characters; %s", n, problem)
		}
	}
	return ""
}

// adf counts the characters of a node of the Atlassian Document Format, and says what is not
// allowed in it.
func adf(node map[string]any) (int, string) {
	inside := map[string][]string{"doc": {"paragraph", "bulletList"}, "bulletList": {"listItem"}, "listItem": {"paragraph"}, "paragraph": {"text"}}
	kind := node["type"].(string)
	if kind == "text" {
		text, _ := node["text"].(string)
		if text == "" || node["content"] != nil || node["marks"] != nil {
			return 0, "an empty text"
		}
		return len(utf16.Encode([]rune(text))), ""
	}
	total := 0
	content, _ := node["content"].([]any)
	if len(content) == 0 || (kind == "doc") != (node["version"] == 1.0) {
		return 0, "an empty " + kind
	}
	for _, c := range content {
		if !slices.Contains(inside[kind], c.(map[string]any)["type"].(string)) {
			return 0, fmt.Sprintf("%v in %s", c.(map[string]any)["type"], kind)
		}
		n, problem := adf(c.(map[string]any))
		if problem != "" {
			return 0, problem
		}
		total += n
	}
	return total, ""
}

// No name has a meaning on any platform, wherever it stands.
func TestHostileNames(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	names := append(reporttest.HostileNames(), "<!channel>", "<!here|x>", "<@U012ABCDEF>", "<#C1>", "<https://evil.example|fine>", "&lt;!channel&gt;", "@here", "<at>Ed</at>", "[~accountid:1]", "{color:red}x{color}", "{{DATE(2017-02-14T06:00:00Z, SHORT)}}", "${x}")
	for i, name := range names {
		r := reporttest.Sample()
		for _, f := range r.Findings {
			f.TokenName, f.Message, f.Remediation, f.URL, f.Team = name, name, name, name, name
			f.Token += name
		}
		for k := range r.Rules {
			r.Rules[k].Title = name
		}
		for k := range r.Sources {
			for u := range r.Sources[k].Units {
				r.Sources[k].Units[u].Detail = name
			}
		}
		r.Scope = &report.Scope{Owners: []string{name}}
		for _, f := range formats() {
			document, value := render(t, f, r)
			if problem := beyond(f.Name, document, value); problem != "" {
				t.Errorf("%s, name %d: %s", f.Name, i, problem)
			}
			if problem := reporttest.Harm(document); problem != "" {
				t.Errorf("%s, name %d: %s", f.Name, i, problem)
			}
		}
	}
}

// FuzzNames holds the same for names that nobody has thought of.
func FuzzNames(f *testing.F) {
	for _, name := range reporttest.HostileNames() {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		r := reporttest.Sample()
		for k := range r.Findings {
			r.Findings[k].TokenName, r.Findings[k].Message, r.Findings[k].Token = name, name, r.Findings[k].Token+name
		}
		for _, f := range formats() {
			document, value := render(t, f, r)
			if problem := beyond(f.Name, document, value); problem != "" {
				t.Errorf("%s: %s", f.Name, problem)
			}
		}
	})
}

// What has not changed is no news, what could not be checked again is not gone, and what
// could not be read is always in the message.
func TestOnlyNews(t *testing.T) {
	r := reporttest.Compared(t)
	var old string
	for _, f := range r.Findings {
		if f.Baseline == report.BaselineUnchanged && f.OverdueDays == 0 && f.Status == policies.Fail && !strings.Contains(old, f.Fingerprint) {
			old += f.Fingerprint + " "
		}
	}
	document, value := render(t, message.Webhook(), r)
	kinds := map[string]int{}
	for _, item := range value["items"].([]any) {
		i := item.(map[string]any)
		kinds[i["kind"].(string)]++
		if strings.Contains(old, i["fingerprint"].(string)) {
			t.Errorf("%s has not changed", i["fingerprint"])
		}
	}
	if kinds["new"] == 0 || kinds["gone"] == 0 || old == "" || len(r.Stale) == 0 {
		t.Errorf("%v, unchanged %q, stale %d", kinds, old, len(r.Stale))
	}
	for _, s := range r.Stale {
		if strings.Contains(document, s.Fingerprint) {
			t.Errorf("%s is called gone", s.Fingerprint)
		}
	}
	r.Findings, r.Resolved = nil, nil
	for _, f := range formats() {
		document, _ := render(t, f, r)
		if !strings.Contains(document, "nothing new; the measurement is incomplete") || !strings.Contains(document, "management_tokens") {
			t.Errorf("%s does not say what could not be read:\n%s", f.Name, document)
		}
	}
}

// A gate may want more than that everything was read.
func TestUndecidedIsTold(t *testing.T) {
	r := reporttest.Compared(t)
	r.Findings, r.Resolved, r.Stale, r.RuleErrors, r.Complete = nil, nil, nil, nil, true
	for i := range r.Sources {
		for k := range r.Sources[i].Units {
			r.Sources[i].Units[k].Status = "complete"
		}
	}
	if len(r.Gaps) == 0 {
		t.Fatal("nothing is undecided")
	}
	gate := report.DefaultGate()
	for _, wanted := range []bool{false, true} {
		if wanted {
			gate.NotEvaluated = policies.Info
		}
		m := message.Of(r, format.Options{Gate: gate, Decision: gate.Decide(r)})
		if m.Empty() == wanted || m.Incomplete() != wanted || strings.Contains(m.Summary(), "incomplete") != wanted {
			t.Errorf("wanted %v: %q, empty %v", wanted, m.Summary(), m.Empty())
		}
	}
}

// What is overdue comes first, and what came back is told.
func TestOverdueAndReopened(t *testing.T) {
	r := reporttest.Compared(t)
	for _, f := range r.Findings {
		if f.Status == policies.Fail && f.Baseline == report.BaselineUnchanged {
			f.OverdueDays, f.Due = 3, "2026-03-11"
		} else if f.Baseline == report.BaselineNew {
			f.Baseline = report.BaselineReopened
		}
	}
	for _, f := range formats() {
		document, value := render(t, f, r)
		if f.Name == "webhook" && value["items"].([]any)[0].(map[string]any)["kind"] != "overdue" || f.Name != "webhook" && !strings.Contains(document, "3 days overdue: ") {
			t.Errorf("%s does not begin with what is overdue:\n%s", f.Name, document)
		}
		if !strings.Contains(document, "eopened") {
			t.Errorf("%s does not tell what came back", f.Name)
		}
	}
}

func TestMessageFitsItsSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat = true
	if err := compiler.AddResource("message.json", bytes.NewReader(message.SchemaJSON())); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("message.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*report.Report{reporttest.Sample(), reporttest.Empty(), reporttest.Compared(t), reporttest.Hostile(), large("x", 300)} {
		if _, value := render(t, message.Webhook(), r); schema.Validate(value) != nil {
			t.Error(schema.Validate(value))
		}
	}
}
