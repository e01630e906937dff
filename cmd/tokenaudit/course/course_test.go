package course_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/course"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

func on(day int) time.Time { return time.Date(2026, 11, day, 3, 0, 0, 0, time.UTC) }

// seen returns a run over two tokens, with findings "rule/token severity team"; those of the
// rule waived are waived.
func seen(t *testing.T, at time.Time, findings ...string) *store.Observation {
	t.Helper()
	const id = "paper/sources/1"
	source := inventory.Source{ID: id, CMS: "paper", Kind: inventory.KindSpace, CollectedAt: at, Facts: inventory.Facts{}, Units: []inventory.Unit{inventory.CompleteUnit("tokens", inventory.AllKinds()...)}}
	r := &report.Report{
		Schema: report.Schema, At: at, ConfigDigest: "1", Policies: report.PolicySet{Digest: "1", OPA: "1"}, Complete: true,
		Rules: []report.Rule{{ID: "old"}, {ID: "idle"}}, Tokens: []report.Token{}, Gaps: []report.Gap{},
	}
	for name, kind := range map[string]inventory.Kind{"a": inventory.Management, "b": inventory.Delivery} {
		token := inventory.Token{ID: name, Name: name, CMS: source.CMS, Source: id, Kind: kind, APIs: []inventory.API{}}
		source.Tokens = append(source.Tokens, token)
		r.Tokens = append(r.Tokens, report.Token{Token: token, Derived: input.Derived{Team: map[string]string{"a": "web"}[name]}})
	}
	r.Sources = append(r.Sources, report.WithoutTokens(source))
	for _, text := range findings {
		words := strings.Fields(text)
		rule, token, _ := strings.Cut(words[0], "/")
		f := &report.Finding{
			Fingerprint: report.Fingerprint(rule, id, token, ""), Rule: rule, Source: id, CMS: source.CMS, Token: token, Kind: inventory.Management,
			Status: policies.Fail, Severity: policies.Severity(words[1]), Team: words[2],
		}
		if len(words) > 3 {
			f.Status, f.Waiver = policies.Waived, &policies.Waiver{Owner: "o", ApprovedBy: "p", Expires: "2026-12-01"}
		}
		r.Findings = append(r.Findings, f)
	}
	o, err := store.Observe(store.Input{Report: r, Sources: []inventory.Source{source}, Definitions: map[string]string{"old": "1", "idle": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// runs are two of one week and two of later ones.
func runs(t *testing.T) []*store.Observation {
	t.Helper()
	return []*store.Observation{
		seen(t, on(2), "old/a critical web", "idle/b high shop"),
		seen(t, on(3), "old/a critical web waived", "idle/a low web"),
		seen(t, on(10), "old/a critical web"),
		seen(t, on(17), "old/a critical web", "idle/b high shop"),
	}
}

func TestTrend(t *testing.T) {
	s, err := store.Open(t.Context(), store.Place{File: filepath.Join(t.TempDir(), "store.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	weekly := course.Options{Weekly: true, Deadlines: &deadlines.Deadlines{Severity: deadlines.Days{policies.Critical: 5}, StopWaived: true}}
	none := weekly
	none.Teams = []string{report.Unassigned}
	var ahead, aheadOfNone *trend.Trend
	for _, o := range runs(t) {
		c, err := course.With(t.Context(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		ahead, aheadOfNone = c.Trend(weekly), c.Trend(none)
		if _, err := s.Write(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		written := trendOf(t, s, time.Time{}, weekly)
		if diff := cmp.Diff(written, ahead); diff != "" {
			t.Errorf("until the run of %s (-written +before it was):\n%s", o.Run.At, diff)
		}
		if diff := cmp.Diff(trendOf(t, s, time.Time{}, none), aheadOfNone); diff != "" {
			t.Errorf("of no team, until the run of %s (-written +before it was):\n%s", o.Run.At, diff)
		}
	}
	tokens := map[inventory.Kind]int{inventory.Management: 1, inventory.Delivery: 1}
	want := &trend.Trend{
		Periods: []trend.Period{
			// What the first run found is not new. A waived finding is not open.
			{From: on(2).Add(-3 * time.Hour), At: on(3), Runs: 2, Complete: true, Open: map[policies.Severity]int{policies.Low: 1}, New: 1, Resolved: 1, Tokens: tokens},
			// Day 8 of a deadline of 5 days, of which 7 did not count.
			{From: on(9).Add(-3 * time.Hour), At: on(10), Runs: 1, Complete: true, Open: map[policies.Severity]int{policies.Critical: 1}, Resolved: 1, Tokens: tokens},
			{From: on(16).Add(-3 * time.Hour), At: on(17), Runs: 1, Complete: true, Open: map[policies.Severity]int{policies.Critical: 1, policies.High: 1}, Overdue: 1, Reopened: 1, Tokens: tokens},
		},
		Fixes: []trend.Fix{{Severity: policies.Low, Team: "web", Findings: 1, Days: 7}},
	}
	if diff := cmp.Diff(want, ahead); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	web := weekly
	web.Teams = []string{"web"}
	got := trendOf(t, s, on(10), web)
	want.Periods = want.Periods[:2]
	tokens = map[inventory.Kind]int{inventory.Management: 1}
	want.Periods[0].Resolved, want.Periods[0].Tokens, want.Periods[1].Tokens = 0, tokens, tokens
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of a team, until a day (-want +got):\n%s", diff)
	}
	byRun := trendOf(t, s, on(3), course.Options{Since: on(3)})
	if diff := cmp.Diff([]trend.Period{{From: on(3), At: on(3), Runs: 1, New: 1, Resolved: 1}}, byRun.Periods, cmpopts.IgnoreFields(trend.Period{}, "Open", "Tokens", "Complete")); diff != "" {
		t.Errorf("by run (-want +got):\n%s", diff)
	}
	// Of what was pruned, nobody can tell how it was.
	if _, err := s.Prune(t.Context(), on(10)); err != nil {
		t.Fatal(err)
	}
	if periods := trendOf(t, s, time.Time{}, weekly).Periods; len(periods) != 2 || periods[0].At != on(10) || periods[0].New != 0 {
		t.Errorf("after pruning: %+v", periods)
	}
}

func trendOf(t *testing.T, s *store.Store, until time.Time, o course.Options) *trend.Trend {
	t.Helper()
	c, err := course.Until(t.Context(), s, until)
	if err != nil {
		t.Fatal(err)
	}
	return c.Trend(o)
}
