package html

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// The page allows its own style and script, by their hashes, and nothing else.
func TestHTMLStandsAlone(t *testing.T) {
	for name, r := range map[string]*report.Report{"sample": reporttest.Sample(), "hostile": reporttest.Hostile(), "nothing": reporttest.Build(reporttest.SampleOptions(), nil), "trend": reporttest.Sample()} {
		o := format.Options{Gate: report.DefaultGate()}
		if name == "trend" {
			o = withTrend()
		}
		page := string(renderedPage(t, r, o))
		policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(page)
		if policy == nil {
			t.Fatalf("%s: no policy", name)
		}
		for _, word := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(policy[1], word) {
				t.Errorf("%s: the policy lacks %s", name, word)
			}
		}
		if strings.Contains(policy[1], "unsafe") {
			t.Errorf("%s: policy %s", name, policy[1])
		}
		for _, element := range []string{"style", "script"} {
			blocks := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
			if len(blocks) != 1 || !strings.Contains(policy[1], element+"-src '"+sourceHash(blocks[0][1])+"'") {
				t.Errorf("%s: %d %s elements, or a hash that is not theirs", name, len(blocks), element)
			}
		}
		markup := regexp.MustCompile(`(?s)<script.*?</script>|<style>.*?</style>`).ReplaceAllString(page, "")
		for _, pattern := range []string{`\son[a-z]+=`, `\sstyle=`, `\ssrc=`, `(?i)<(img|iframe|link|object|embed|form|input|a [^>]*href="[^#])`, `javascript:[^a]`} {
			if found := regexp.MustCompile(`<[^>]*` + pattern).FindString(markup); found != "" {
				t.Errorf("%s: %q in the markup", name, found)
			}
		}
		if extra := regexp.MustCompile(`<script`).FindAllString(page, -1); len(extra) != 2 {
			t.Errorf("%s: %d script elements, want the block of JSON and the script", name, len(extra))
		}
		reporttest.PageData(t, []byte(page))
	}
}

// The page begins with the verdict, what was not read, and the tokens to fix first; it ends
// with its method. Lists that failed alike are one row.
func TestHTMLBeginsWithWhatMatters(t *testing.T) {
	r := reporttest.Sample()
	for i := range r.Sources {
		for _, unit := range r.Sources[i].Units {
			if unit.Name == "management_tokens" {
				unit.Name = "tokens_of_apps"
				r.Sources[i].Units = append(r.Sources[i].Units, unit)
			}
		}
	}
	page := string(renderedPage(t, r, format.Options{Gate: report.DefaultGate()}))
	last := 0
	for _, part := range []string{`class="verdict fail"`, `class="tile critical"`, `id="missing"`, `<code>management_tokens, tokens_of_apps</code>`, `id="worst"`, `id="rules"`, `id="findings"`, `id="inventory"`, `id="method"`} {
		at := strings.Index(page, part)
		if at < last {
			t.Errorf("%s is at %d, before %d", part, at, last)
		}
		last = at
	}
	if n := strings.Count(page, "403: the credential may not list management tokens"); n != 1 {
		t.Errorf("what failed alike is there %d times", n)
	}
}

// Much that was not read does not hide what to fix first, and is all there.
func TestHTMLFoldsMuchThatWasNotRead(t *testing.T) {
	page := string(renderedPage(t, reporttest.Hostile(), format.Options{Gate: report.DefaultGate()}))
	_, section, _ := strings.Cut(page, `<section class="notice" id="missing">`)
	section, _, _ = strings.Cut(section, "</section>")
	shown, rest, folded := strings.Cut(section, "<details")
	lists := len(reporttest.Hostile().Unread()) + len(reporttest.Hostile().RuleErrors)
	if n := strings.Count(shown, "<tr><td>"); !folded || n != htmlMissingAtOnce {
		t.Errorf("%d rows at once", n)
	}
	if n := strings.Count(rest, "<tr><td>"); n != htmlMaxRows-htmlMissingAtOnce || !strings.Contains(rest, fmt.Sprintf("And %d more.", lists-htmlMaxRows)) {
		t.Errorf("%d rows that open, of %d", n, lists)
	}
}

// The method says what was read, what fails, and what risk means, of this report.
func TestHTMLMethod(t *testing.T) {
	r := reporttest.Sample()
	gate := report.Gate{FailOn: policies.High, NotEvaluated: policies.Critical, FailOnRisk: risk.Severe}
	m := newMethod(format.NewView(r), format.Options{Gate: gate})
	if len(m.Coverage) != 4 || m.Coverage[1] != (htmlCoverage{"contentstack", "1", "1", "1", "1", "0"}) {
		t.Errorf("coverage %+v", m.Coverage)
	}
	want := "The verdict fails on a finding of severity high or above that is not waived and on a token whose risk is severe or worse. It is incomplete where a list could not be read " +
		"or a rule could not run, unless somebody accepted that, or where a rule of severity critical or above could not be evaluated."
	if m.Gate != want {
		t.Errorf("gate %q", m.Gate)
	}
	if got := gateText(report.Gate{FailOn: policies.Low, OnlyNew: true}, true); !strings.HasPrefix(got, "The verdict fails on a new finding of severity low or above") {
		t.Errorf("gate of new findings %q", got)
	}
	if got := gateText(report.Gate{FailOn: report.NoSeverity}, false); !strings.HasPrefix(got, "No finding makes the verdict fail. ") {
		t.Errorf("gate of nothing %q", got)
	}
	if m.Risk == "" || newMethod(format.NewView(&report.Report{}), format.Options{}).Risk != "" {
		t.Error("the risk is explained where it is not there, or not where it is")
	}
}

func TestHTMLWithoutTheInventorySaysWhatIsMissing(t *testing.T) {
	r := reporttest.Sample()
	r.Tokens = nil
	page := renderedPage(t, r, format.Options{Gate: report.DefaultGate()})
	if !bytes.Contains(page, []byte("made without its inventory")) || bytes.Contains(page, []byte("Blast radius</h2>")) {
		t.Error("the page does not say that its charts are missing")
	}
	if data := reporttest.PageData(t, page); data["tokens"] != nil || len(data["findings"].([]any)) != 6 {
		t.Errorf("tokens %v, %d findings", data["tokens"], len(data["findings"].([]any)))
	}
}

func TestHTMLListsResolvedAndStale(t *testing.T) {
	r := reporttest.Readable(reporttest.Sample())
	before := reporttest.Readable(reporttest.Sample())
	r.Findings = r.Findings[2:]
	r.Scope = &report.Scope{Rules: []string{"write-token-never-expires"}}
	if err := baseline.Compare(r, before, false); err != nil {
		t.Fatal(err)
	}
	statuses := map[string]int{}
	for _, row := range reporttest.PageData(t, renderedPage(t, r, format.Options{}))["findings"].([]any) {
		statuses[row.([]any)[1].(string)]++
	}
	if statuses["fail"] != 4 || statuses["resolved"] != 1 || statuses["stale"] != 1 {
		t.Errorf("statuses %v", statuses)
	}
}

// What is in code has its line: a planned token, and a credential that is hard-coded.
func TestHTMLSaysWhereCodeIs(t *testing.T) {
	r := reporttest.Sample()
	literal := func(address string, origin inventory.Origin) *report.Finding {
		return &report.Finding{Rule: "token-literal-in-code", Severity: policies.Critical, Status: policies.Waived, CMS: "terraform", Source: "terraform/web", Address: address, Origin: &origin}
	}
	r.Findings = append(r.Findings, literal("provider.contentful", inventory.Origin{File: "main.tf", Line: 4}), literal("var.t", inventory.Origin{File: "plan.json"}))
	var places []string
	for _, row := range reporttest.PageData(t, renderedPage(t, r, format.Options{}))["findings"].([]any) {
		if place := row.([]any)[14].(string); place != "" {
			places = append(places, place)
		}
	}
	want := []string{`contentful_personal_access_token.ci["a"] (infra/tokens.tf:12)`, "provider.contentful (main.tf:4)", "var.t (plan.json)"}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func renderedPage(t *testing.T, r *report.Report, o format.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
