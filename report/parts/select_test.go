package parts_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/parts"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// labelledSources are those of the sample, by three teams, and one by none.
func labelledSources() []reporttest.Judged {
	sources := reporttest.SampleSources()
	for i, of := range []map[string]string{{"team": "web", "env": "prod"}, {"team": "ops", "env": "prod"}, {"team": "ops", "env": "test"}, {"team": "web", "env": "prod"}, nil} {
		sources[i].Source.Labels = of
	}
	return sources
}

// TestSelectIsARunOverThoseSources: of any labels, a view of the whole report says
// what a run over these sources alone would have said, whichever way the report came.
func TestSelectIsARunOverThoseSources(t *testing.T) {
	whole := reporttest.Build(reporttest.SampleOptions(), labelledSources())
	read := written(t, whole)
	for _, wanted := range []labels.Selector{{"team=web"}, {"team=ops"}, {"env=test", "team=ops"}, {"env=prod"}, {"team=ops", "team=web"}, {"team=none"}} {
		options := reporttest.SampleOptions()
		options.Scope = &report.Scope{Labels: wanted}
		var some []reporttest.Judged
		for _, source := range labelledSources() {
			if wanted.Matches(source.Source.Labels) {
				some = append(some, source)
			}
		}
		want := reporttest.Build(options, some)
		for name, r := range map[string]*report.Report{"built": whole, "read": read} {
			got, err := parts.Select(r, wanted)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(text(t, want), text(t, got)); diff != "" {
				t.Errorf("%s, %v (-run +view):\n%s", name, wanted, diff)
			}
			// A view is a report like any other, too.
			written(t, got)
		}
	}
	if diff := cmp.Diff(text(t, reporttest.Build(reporttest.SampleOptions(), labelledSources())), text(t, whole)); diff != "" {
		t.Errorf("the whole report was changed:\n%s", diff)
	}
}

func text(t *testing.T, r *report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func written(t *testing.T, r *report.Report) *report.Report {
	t.Helper()
	read, err := report.Read(strings.NewReader(text(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// TestSelectNeverSaysMoreThanItSaw: neither waivers, accepted gaps, the baseline nor the
// gate take what a view leaves out for gone, idle or clean.
func TestSelectNeverSaysMoreThanItSaw(t *testing.T) {
	whole := reporttest.Build(reporttest.SampleOptions(), labelledSources())
	view, err := parts.Select(whole, labels.Selector{"env=test"})
	if err != nil {
		t.Fatal(err)
	}
	if len(view.Waivers.Applied) > 0 || !view.MayHide(whole.Waivers.Applied[0].Waiver) {
		t.Errorf("a waiver for another team's token: applied %v, may hide %v", view.Waivers.Applied, view.MayHide(whole.Waivers.Applied[0].Waiver))
	}
	for _, gap := range view.AcceptedGaps {
		if gap.State == report.GapUnmatched || gap.State == report.GapApplied {
			t.Errorf("the gap %s %s is %s in a view that does not have its source", gap.Source, gap.Unit, gap.State)
		}
	}
	if err := baseline.Compare(view, whole, true); err != nil {
		t.Fatal(err)
	}
	for _, f := range view.Resolved {
		t.Errorf("%s on %s is taken for resolved (%s)", f.Rule, f.Subject(), f.Resolution)
	}
	if len(view.Stale) == 0 {
		t.Error("the findings of the others are not said to be out of scope")
	}
	clean := reporttest.Readable(mustSelect(t, whole, "env=test"))
	if d := (report.Gate{FailOn: policies.Critical}).Decide(clean); !strings.Contains(d.Reason, "everything that was requested") {
		t.Errorf("the gate says %q", d.Reason)
	}
	after, err := difference.SnapshotOf(mustSelect(t, whole, "team=web"))
	if err != nil {
		t.Fatal(err)
	}
	before, err := difference.SnapshotOf(whole)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference.Between(before, after); len(d.Removed)+len(d.SourcesRemoved)+len(d.FindingsResolved) > 0 || len(d.SourcesUnknown) == 0 {
		t.Errorf("removed %v, sources removed %v, resolved %v, unknown %v", d.Removed, d.SourcesRemoved, d.FindingsResolved, d.SourcesUnknown)
	}
}

func mustSelect(t *testing.T, r *report.Report, wanted ...string) *report.Report {
	t.Helper()
	selected, err := parts.Select(r, wanted)
	if err != nil {
		t.Fatal(err)
	}
	return selected
}

// TestSelectOfAComparedReport: of a source that is gone nobody knows the labels.
func TestSelectOfAComparedReport(t *testing.T) {
	sources := labelledSources()
	before := reporttest.Readable(reporttest.Build(reporttest.SampleOptions(), sources))
	r := reporttest.Build(reporttest.SampleOptions(), append(sources[:1:1], sources[2:]...))
	if err := baseline.Compare(r, before, true); err != nil {
		t.Fatal(err)
	}
	if len(r.Resolved) == 0 {
		t.Fatal("nothing is resolved")
	}
	view := mustSelect(t, r, "team=web")
	if len(view.Resolved) > 0 {
		t.Errorf("resolved: %v", view.Resolved)
	}
	if len(view.Stale) == 0 || view.Stale[0].Resolution != report.StaleOutOfScope {
		t.Errorf("stale: %v", view.Stale)
	}
}

// TestTooManyCombinationsOfLabels: an inventory from outside may have one for each of
// its sources; what is not counted apart is never guessed.
func TestTooManyCombinationsOfLabels(t *testing.T) {
	sources := reporttest.LargeSources(600, 1)
	for i := range sources {
		sources[i].Source.Labels = map[string]string{"n": fmt.Sprint(i)}
	}
	r := reporttest.Build(reporttest.SampleOptions(), sources)
	if r.Labelled != nil {
		t.Errorf("%d combinations are counted", len(r.Labelled))
	}
	if _, err := parts.Select(r, labels.Selector{"n=7"}); !errors.Is(err, parts.ErrNotLabelled) {
		t.Errorf("got %v", err)
	}
	merged, err := parts.Merge([]parts.Part{{Name: "a", Report: r}, {Name: "b", Report: reporttest.Build(reporttest.SampleOptions(), labelledSources())}})
	if err != nil || merged.Labelled != nil {
		t.Errorf("a merged report counts a part of the labels: %v, %v", merged, err)
	}
}

// TestLabelledMustAgree: counts that were changed by hand are refused.
func TestLabelledMustAgree(t *testing.T) {
	for name, change := range map[string]func(*report.Report){
		"more verdicts than the rule has": func(r *report.Report) {
			r.Labelled[0].Statuses["unused-token"] = policies.Counts{Pass: 1000}
		},
		"a rule that was not loaded":  func(r *report.Report) { r.Labelled[0].Statuses["none"] = policies.Counts{Pass: 1} },
		"labels that no source has":   func(r *report.Report) { r.Labelled[0].Labels = map[string]string{"a": "b"} },
		"one combination twice":       func(r *report.Report) { r.Labelled = append(r.Labelled, r.Labelled[0]) },
		"labels that are none at all": func(r *report.Report) { r.Labelled[0].Labels = nil },
	} {
		r := reporttest.Build(reporttest.SampleOptions(), labelledSources())
		change(r)
		if _, err := report.Read(strings.NewReader(text(t, r))); err == nil || !strings.Contains(err.Error(), "/labelled") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMergeJoinsLabels(t *testing.T) {
	sources := labelledSources()
	options := reporttest.SampleOptions()
	want := reporttest.Build(options, sources)
	first, second := reporttest.Build(options, sources[:2]), reporttest.Build(options, sources[2:])
	merged, err := parts.Merge([]parts.Part{{Name: "a", Report: first}, {Name: "b", Report: second}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Labelled, merged.Labelled); diff != "" {
		t.Error(diff)
	}
	second.Scope = &report.Scope{Labels: labels.Selector{"team=web"}}
	if _, err := parts.Merge([]parts.Part{{Name: "a", Report: first}, {Name: "b", Report: second}}); err == nil || !strings.Contains(err.Error(), "--label") {
		t.Errorf("parts of other labels: %v", err)
	}
}
