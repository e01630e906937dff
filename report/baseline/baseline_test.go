package baseline_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// yesterday is a complete report with a finding on every kind of subject.
func yesterday() *report.Report { return reporttest.Readable(reporttest.Sample()) }

func TestCompareMarksFindings(t *testing.T) {
	before := yesterday()
	before.Findings = before.Findings[1:]
	now := yesterday()
	if err := baseline.Compare(now, before, false); err != nil {
		t.Fatal(err)
	}
	for i, f := range now.Findings {
		want := report.BaselineUnchanged
		if i == 0 {
			want = report.BaselineNew
		}
		if f.Baseline != want {
			t.Errorf("%s %s is %s, want %s", f.Rule, f.Token, f.Baseline, want)
		}
	}
	if len(now.Resolved) != 0 || len(now.Stale) != 0 || now.Resolved == nil || now.Stale == nil {
		t.Errorf("resolved %v, stale %v", now.Resolved, now.Stale)
	}
	if err := baseline.Compare(now, before, false); err == nil {
		t.Error("a second comparison succeeded")
	}
}

func TestAnEndedWaiverMakesAFindingNew(t *testing.T) {
	before, now := yesterday(), yesterday()
	for i := range before.Findings {
		before.Findings[i].Status = policies.Waived
		now.Findings[i].Status = policies.Fail
	}
	if err := baseline.Compare(now, before, false); err != nil {
		t.Fatal(err)
	}
	if now.Findings[0].Baseline != report.BaselineNew {
		t.Error("a finding whose waiver ended is unchanged")
	}
}

func TestCompareRefusesAnIncompleteBaseline(t *testing.T) {
	now := yesterday()
	err := baseline.Compare(now, reporttest.Sample(), false)
	var refused *baseline.Error
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "1 list of 1 source could not be read") {
		t.Errorf("error %v", err)
	}
	if now.Baseline != nil || now.Findings[0].Baseline != "" {
		t.Error("a refused comparison changed the report")
	}
	if err := baseline.Compare(now, reporttest.Sample(), true); err != nil || now.Baseline.Complete {
		t.Errorf("allowed: %v, %+v", err, now.Baseline)
	}

	restricted := yesterday()
	restricted.Scope = &report.Scope{Rules: []string{"unused-token"}}
	if err := baseline.Compare(yesterday(), restricted, false); err == nil || !strings.Contains(err.Error(), "restricted") {
		t.Errorf("a restricted baseline: %v", err)
	}
	same := yesterday()
	same.Scope = &report.Scope{Rules: []string{"unused-token"}}
	if err := baseline.Compare(same, restricted, false); err != nil {
		t.Errorf("a baseline restricted in the same way: %v", err)
	}

	restricted.Scope = &report.Scope{Change: true}
	if err := baseline.Compare(yesterday(), restricted, false); err == nil || !strings.Contains(err.Error(), "judges a change that has not been made yet") {
		t.Errorf("the report of a plan as the baseline: %v", err)
	}

	accepted := reporttest.Sample()
	accepted.AcceptedGaps = append(accepted.AcceptedGaps, report.AcceptedGap{Source: "*", Unit: "*", State: report.GapApplied})
	if err := baseline.Compare(yesterday(), accepted, false); err != nil {
		t.Errorf("a baseline with accepted gaps: %v", err)
	}
}

// TestResolutions: what could not be checked again is never called resolved.
func TestResolutions(t *testing.T) {
	const rule, source, token = "unused-token", "contentful/organizations/o1", "contentful/organizations/o1/access_tokens/p1"
	drop := func(r *report.Report) {
		for i := range r.Findings {
			if r.Findings[i].Rule == rule && r.Findings[i].Token == token {
				r.Findings = append(r.Findings[:i], r.Findings[i+1:]...)
				return
			}
		}
	}
	dropToken := func(r *report.Report) {
		for i := range r.Tokens {
			if r.Tokens[i].ID == token {
				r.Tokens = append(r.Tokens[:i], r.Tokens[i+1:]...)
				return
			}
		}
	}
	dropSource := func(r *report.Report) {
		for i := range r.Sources {
			if r.Sources[i].ID == source {
				r.Sources = append(r.Sources[:i], r.Sources[i+1:]...)
				return
			}
		}
	}
	unit := func(r *report.Report, id string, u inventory.Unit) {
		for i := range r.Sources {
			if r.Sources[i].ID == id {
				r.Sources[i].Units = append(r.Sources[i].Units, u)
			}
		}
	}
	personal := inventory.Unit{Name: "x", Kinds: []inventory.Kind{inventory.Personal}, Status: inventory.UnitPartial}
	delivery := inventory.Unit{Name: "x", Kinds: []inventory.Kind{inventory.Delivery}, Status: inventory.UnitFailed}
	spaces := inventory.Unit{Name: "spaces", Sources: true, Kinds: []inventory.Kind{inventory.Delivery}, Status: inventory.UnitPartial}
	roles := inventory.Unit{Name: "roles", Status: inventory.UnitFailed}
	for name, tt := range map[string]struct {
		now  func(r *report.Report)
		want report.Resolution
	}{
		"passes now":                   {func(r *report.Report) { setVerdict(r, token, rule, "") }, report.ResolvedPasses},
		"not decided":                  {func(r *report.Report) { setVerdict(r, token, rule, policies.NotEvaluated) }, report.StaleNotEvaluated},
		"token deleted":                {dropToken, report.ResolvedTokenGone},
		"token's list cut off":         {func(r *report.Report) { dropToken(r); unit(r, source, personal) }, report.StaleUnread},
		"another list failed":          {func(r *report.Report) { dropToken(r); unit(r, source, delivery) }, report.ResolvedTokenGone},
		"no inventory, passes or gone": {func(r *report.Report) { r.Tokens = nil }, report.ResolvedGone},
		"no inventory, list cut off":   {func(r *report.Report) { r.Tokens = nil; unit(r, source, personal) }, report.StaleUnread},
		"no inventory, a gap there": {func(r *report.Report) {
			r.Tokens = nil
			r.Gaps = append(r.Gaps, report.Gap{Rule: rule, Source: source})
		}, report.StaleNotEvaluated},
		"no inventory, the rule erred there": {func(r *report.Report) {
			r.Tokens = nil
			r.RuleErrors = []report.RuleError{{Rule: rule, Source: source}}
		}, report.StaleNotEvaluated},
		"a rule about the source, not decided": {func(r *report.Report) {
			setVerdict(r, token, rule, "")
			r.Gaps = append(r.Gaps, report.Gap{Rule: rule, Source: source, Sample: []string{}})
		}, report.StaleNotEvaluated},
		"a rule about the source, not decided, token deleted": {func(r *report.Report) {
			dropToken(r)
			r.Gaps = append(r.Gaps, report.Gap{Rule: rule, Source: source, Sample: []string{}})
		}, report.ResolvedTokenGone},
		"passes now, another list not read": {func(r *report.Report) {
			setVerdict(r, token, rule, "")
			r.Gaps = append(r.Gaps, report.Gap{Rule: rule, Source: source, Unread: true, Sample: []string{}})
		}, report.ResolvedPasses},
		"passes now, not decided of another": {func(r *report.Report) {
			setVerdict(r, token, rule, "")
			r.Gaps = append(r.Gaps, report.Gap{Rule: rule, Source: source, Sample: []string{"another"}})
		}, report.ResolvedPasses},
		"not asked":                             {func(r *report.Report) { setVerdict(r, token, rule, ""); notAsked(r, source, rule) }, report.StaleNotAsked},
		"not asked elsewhere":                   {func(r *report.Report) { setVerdict(r, token, rule, ""); notAsked(r, "datocms/projects/77", rule) }, report.ResolvedPasses},
		"not asked, token deleted":              {func(r *report.Report) { dropToken(r); notAsked(r, source, rule) }, report.ResolvedTokenGone},
		"no inventory, not asked":               {func(r *report.Report) { r.Tokens = nil; notAsked(r, source, rule) }, report.StaleNotAsked},
		"rule off":                              {func(r *report.Report) { r.Rules = r.Rules[:1] }, report.ResolvedRuleOff},
		"rule not asked for":                    {func(r *report.Report) { r.Scope = &report.Scope{Rules: []string{"other"}} }, report.StaleOutOfScope},
		"source not asked for":                  {func(r *report.Report) { dropSource(r); r.Scope = &report.Scope{Sources: []string{"datocms/*"}} }, report.StaleOutOfScope},
		"source in another shard":               {func(r *report.Report) { dropSource(r); r.Scope = &report.Scope{Shard: "1/2"} }, report.StaleOutOfScope},
		"source gone":                           {dropSource, report.ResolvedSourceGone},
		"source gone, sources not all found":    {func(r *report.Report) { dropSource(r); unit(r, "contentful/spaces/abc123", spaces) }, report.StaleUnread},
		"source gone, another CMS not read":     {func(r *report.Report) { dropSource(r); unit(r, "datocms/projects/77", spaces) }, report.ResolvedSourceGone},
		"source gone, configuration changed":    {func(r *report.Report) { dropSource(r); r.ConfigDigest = "other" }, report.StaleOutOfScope},
		"token there, configuration changed":    {func(r *report.Report) { setVerdict(r, token, rule, ""); r.ConfigDigest = "other" }, report.ResolvedPasses},
		"source gone, a supporting list failed": {func(r *report.Report) { dropSource(r); unit(r, "contentful/spaces/abc123", roles) }, report.ResolvedSourceGone},
		"token there, a supporting list failed": {func(r *report.Report) { setVerdict(r, token, rule, ""); unit(r, source, roles) }, report.ResolvedPasses},
	} {
		t.Run(name, func(t *testing.T) {
			now := yesterday()
			drop(now)
			tt.now(now)
			if err := baseline.Compare(now, yesterday(), false); err != nil {
				t.Fatal(err)
			}
			got := map[string]report.Resolution{}
			for _, findings := range [][]*report.Finding{now.Resolved, now.Stale} {
				for _, f := range findings {
					if f.Rule == rule && f.Token == token {
						got[f.Rule] = f.Resolution
					}
				}
			}
			if diff := cmp.Diff(map[string]report.Resolution{rule: tt.want}, got); diff != "" {
				t.Error(diff)
			}
			inStale := false
			for _, f := range now.Stale {
				inStale = inStale || f.Token == token
			}
			if inStale != tt.want.Stale() {
				t.Errorf("%s is in the wrong list", tt.want)
			}
			if tt.want.Text() == string(tt.want) {
				t.Errorf("%s has no words", tt.want)
			}
		})
	}
}

func notAsked(r *report.Report, source, rule string) {
	for i := range r.Sources {
		if r.Sources[i].ID == source {
			r.Sources[i].NotAsked = []policies.NotAsked{{Rule: rule, Reason: "not given"}}
		}
	}
}

func setVerdict(r *report.Report, token, rule string, status policies.Status) {
	for i := range r.Tokens {
		if r.Tokens[i].ID == token {
			delete(r.Tokens[i].Verdicts, rule)
			if status != "" {
				r.Tokens[i].Verdicts[rule] = status
			}
		}
	}
}

// A stale finding stays stale over any number of runs, until it is settled.
func TestStaleFindingsAreCarriedOn(t *testing.T) {
	unread := func() *report.Report {
		r := yesterday()
		for i := range r.Findings {
			if r.Findings[i].Rule == "unused-token" {
				r.Findings = append(r.Findings[:i], r.Findings[i+1:]...)
				break
			}
		}
		r.Tokens = nil
		for i := range r.Sources {
			if r.Sources[i].ID == "contentful/organizations/o1" {
				r.Sources[i].Units[0].Status = inventory.UnitFailed
			}
		}
		return r
	}
	second, third, fourth := unread(), unread(), yesterday()
	if err := baseline.Compare(second, yesterday(), false); err != nil || len(second.Stale) != 1 {
		t.Fatal(err, second.Stale)
	}
	if err := baseline.Compare(third, second, true); err != nil || len(third.Stale) != 1 {
		t.Fatal(err, third.Stale)
	}
	if err := baseline.Compare(fourth, third, true); err != nil || len(fourth.Stale) != 0 {
		t.Fatal(err, fourth.Stale)
	}
	for _, f := range fourth.Findings {
		if f.Baseline != report.BaselineUnchanged {
			t.Errorf("%s is %s after it could be read again", f.Rule, f.Baseline)
		}
	}
}
