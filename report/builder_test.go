package report_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestBuilderIgnoresOrderAndConcurrency(t *testing.T) {
	build := func(shuffle func(n int, swap func(i, j int))) string {
		sources := reporttest.SampleSources()
		for i := range sources {
			// Two passes worth a word each, so that their order can show.
			for _, message := range []string{"for this", "for that"} {
				sources[i].Result.Verdicts = append(sources[i].Result.Verdicts, policies.Verdict{
					Rule: "unused-token", Source: sources[i].Source.ID, Status: policies.Pass, Message: message,
				})
			}
			v := sources[i].Result.Verdicts
			shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
		}
		shuffle(len(sources), func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
		b := report.NewBuilder(reporttest.SampleOptions())
		var wg sync.WaitGroup
		for _, j := range sources {
			wg.Go(func() { b.Add(j.Source, j.Result) })
		}
		wg.Wait()
		return string(writtenJSON(t, b.Report()))
	}
	want := build(func(int, func(i, j int)) {})
	for seed := range uint64(20) {
		if diff := cmp.Diff(want, build(rand.New(rand.NewPCG(seed, 1)).Shuffle)); diff != "" {
			t.Fatalf("seed %d: the order of sources or verdicts shows (-want +got)\n%s", seed, diff)
		}
	}
}

func TestBuilderCounts(t *testing.T) {
	r := reporttest.Sample()
	want := report.Summary{
		Sources: 5, Tokens: 8,
		Findings: report.SeverityCounts{Critical: 1, High: 1, Medium: 2, Low: 1},
		Statuses: r.Summary.Statuses,
	}
	if diff := cmp.Diff(want, r.Summary); diff != "" {
		t.Error(diff)
	}
	if s := r.Summary.Statuses; s.Fail != 5 || s.Waived != 1 || s.NotEvaluated != 4 {
		t.Errorf("statuses %+v", s)
	}
	if r.Complete {
		t.Error("a report with a failed unit is complete")
	}
	if got := len(r.Unread()); got != 2 {
		t.Errorf("%d unread units, want 2", got)
	}
}

func TestBuilderSortsFindings(t *testing.T) {
	r := reporttest.Sample()
	var rules []string
	for _, f := range r.Findings {
		rules = append(rules, f.Rule+" "+string(f.Status))
	}
	want := []string{
		"delivery-token-can-write fail", "write-token-never-expires waived", "write-token-never-expires fail",
		"delivery-token-one-environment fail", "unused-token fail", "token-limit-near fail",
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
}

// A decoder makes a text of its own for each token, and a report may have millions.
func TestFindingsHoldOnceWhatTheySayAlike(t *testing.T) {
	large := reporttest.LargeSources(1, 100)
	for i := range large[0].Source.Tokens {
		token := &large[0].Source.Tokens[i]
		token.Kind, token.URL, token.Origin.File = inventory.Kind(strings.Clone(string(token.Kind))), strings.Clone("https://example.org/tokens"), strings.Clone("tokenaudit.yaml")
	}
	findings := reporttest.Build(reporttest.SampleOptions(), large).Findings
	for _, f := range findings {
		first := findings[slices.IndexFunc(findings, func(other *report.Finding) bool { return other.Kind == f.Kind })]
		if f.Owner != findings[0].Owner || f.Origin != findings[0].Origin || unsafe.StringData(f.URL) != unsafe.StringData(findings[0].URL) ||
			unsafe.StringData(string(f.Kind)) != unsafe.StringData(string(first.Kind)) {
			t.Fatalf("%s has a copy of its own of what other findings say, too", f.Token)
		}
	}
}

func TestComplete(t *testing.T) {
	source := func(status inventory.UnitStatus) reporttest.Judged {
		s := reporttest.SampleSource("x", "x/1", inventory.KindProject, "X", inventory.Unit{Name: "roles", Status: status})
		return reporttest.Judge(s, nil)
	}
	errs := source(inventory.UnitComplete)
	errs.Result.Errors = []policies.RuleError{{Rule: "r", Source: "x/1", Detail: "timed out"}}
	for name, tt := range map[string]struct {
		sources []reporttest.Judged
		want    bool
	}{
		"all read":   {[]reporttest.Judged{source(inventory.UnitComplete)}, true},
		"failed":     {[]reporttest.Judged{source(inventory.UnitFailed)}, false},
		"partial":    {[]reporttest.Judged{source(inventory.UnitPartial)}, false},
		"rule error": {[]reporttest.Judged{errs}, false},
		"no source":  {nil, false},
	} {
		if got := reporttest.Build(report.BuildOptions{At: reporttest.AuditTime}, tt.sources); got.Complete != tt.want {
			t.Errorf("%s: complete is %v", name, got.Complete)
		}
	}
	accepted := reporttest.Build(report.BuildOptions{At: reporttest.AuditTime, AcceptedGaps: []report.AcceptedGap{{Source: "x/*", Unit: "roles", Expires: "2026-03-14"}}}, []reporttest.Judged{source(inventory.UnitFailed)})
	if accepted.Complete {
		t.Error("an accepted gap makes a report complete")
	}
	if accepted.AcceptedGaps[0].State != report.GapApplied || len(accepted.Shortfalls()) != 0 {
		t.Errorf("accepted gap on its last day: %+v, shortfalls %q", accepted.AcceptedGaps[0], accepted.Shortfalls())
	}
}

func TestGapsAreGroupedAndSampled(t *testing.T) {
	var verdicts []policies.Verdict
	source := reporttest.SampleSource("x", "x/1", inventory.KindProject, "X", reporttest.Complete("tokens"))
	for _, id := range []string{"e", "b", "d", "a", "c"} {
		token := reporttest.SampleToken(source, inventory.Delivery, id, id)
		source.Tokens = append(source.Tokens, token)
		verdicts = append(verdicts, policies.Verdict{Rule: "unused-token", Status: policies.NotEvaluated, Token: token.ID, Reason: "why", Severity: policies.Medium})
	}
	r := reporttest.Build(report.BuildOptions{At: reporttest.AuditTime}, []reporttest.Judged{reporttest.Judge(source, nil, verdicts...)})
	want := []report.Gap{{Rule: "unused-token", Severity: policies.Medium, Source: "x/1", Reason: "why", Count: 5, Sample: []string{"x/1/a", "x/1/b", "x/1/c"}}}
	if diff := cmp.Diff(want, r.Gaps); diff != "" {
		t.Error(diff)
	}
}

func TestWaiversAreReported(t *testing.T) {
	w := reporttest.Sample().Waivers
	if len(w.Applied) != 1 || w.Applied[0].Findings != 1 || w.Applied[0].ExpiresInDays != 6 {
		t.Errorf("applied: %+v", w.Applied)
	}
	if len(w.Expired) != 1 || w.Expired[0].Findings != 1 || w.Expired[0].ExpiresInDays != -13 {
		t.Errorf("expired: %+v", w.Expired)
	}
	if len(w.Unmatched) != 1 || w.Unmatched[0].Findings != 0 {
		t.Errorf("unmatched: %+v", w.Unmatched)
	}
}

func TestTokensCarryVerdicts(t *testing.T) {
	r := reporttest.Sample()
	verdicts := map[string]map[string]policies.Status{}
	for _, token := range r.Tokens {
		if len(token.Verdicts) > 0 {
			verdicts[token.ID] = token.Verdicts
		}
	}
	want := map[string]map[string]policies.Status{
		"contentful/spaces/abc123/api_keys/6gv":                          {"delivery-token-one-environment": policies.Fail, "unused-token": policies.NotEvaluated},
		"contentful/spaces/abc123/preview_api_keys/9x":                   {"unused-token": policies.NotEvaluated},
		"contentful/organizations/o1/access_tokens/p1":                   {"unused-token": policies.Fail},
		"contentstack/stacks/blt9f/delivery_tokens/bltD":                 {"unused-token": policies.NotEvaluated},
		"datocms/projects/77/access_tokens/312":                          {"write-token-never-expires": policies.Waived},
		"datocms/projects/77/access_tokens/400":                          {"delivery-token-can-write": policies.Fail},
		"terraform/web/contentful_personal_access_token.ci%5B%22a%22%5D": {"write-token-never-expires": policies.Fail},
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Error(diff)
	}
	options := reporttest.SampleOptions()
	options.OmitTokens = true
	if omitted := reporttest.Build(options, reporttest.SampleSources()); omitted.Tokens != nil || omitted.Summary.Tokens != 8 {
		t.Errorf("without the inventory: %d tokens kept, %d counted", len(omitted.Tokens), omitted.Summary.Tokens)
	}
	options.OmitEvidence = true
	for _, f := range reporttest.Build(options, reporttest.SampleSources()).Findings {
		if len(f.Evidence) > 0 {
			t.Errorf("%s of %s has evidence: %s", f.Rule, f.Token, f.Evidence)
		}
	}
}
