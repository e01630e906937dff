package parts_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/parts"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// Every finding, token and explained pass is in the part of one team; what was not read is
// in each of them, and so is the verdict that the measurement is incomplete.
func TestByTeamHasEveryFindingOnce(t *testing.T) {
	for name, whole := range map[string]*report.Report{"sample": reporttest.Sample(), "hostile": reporttest.Hostile()} {
		all, err := parts.ByTeam(whole)
		if err != nil {
			t.Fatal(err)
		}
		if want := len(whole.Teams) + 1; len(all) != want {
			t.Errorf("%s: %d parts, want %d", name, len(all), want)
		}
		var prints, tokens []string
		allowed, read := 0, 0
		statuses := policies.Counts{}
		for _, part := range all {
			r := part.Report
			for _, f := range r.Findings {
				prints = append(prints, f.Fingerprint)
				if f.Team != strings.Replace(part.Team, report.Unassigned, "", 1) {
					t.Errorf("%s: a finding of %q is in the part of %q", name, f.Team, part.Team)
				}
			}
			for _, token := range r.Tokens {
				tokens = append(tokens, token.ID)
			}
			if r.Summary.Tokens != len(r.Tokens) {
				t.Errorf("%s: the part of %s counts %d tokens and has %d", name, part.Team, r.Summary.Tokens, len(r.Tokens))
			}
			if got := r.Risk(); got == nil || got.Certain.From(risk.Low) > len(r.Tokens) {
				t.Errorf("%s: the part of %s counts risks of other tokens: %+v", name, part.Team, got)
			}
			if r.Complete || len(r.Unread()) != len(whole.Unread()) {
				t.Errorf("%s: the part of %s lacks what was not read", name, part.Team)
			}
			allowed += len(r.Allowed)
			read += r.Summary.Tokens
			statuses = statuses.Plus(r.Summary.Statuses)
			if name == "hostile" {
				continue // to read all of them back takes long
			}
			var out bytes.Buffer
			if err := r.WriteJSON(&out); err != nil {
				t.Fatal(err)
			}
			if _, err := report.Read(&out); err != nil {
				t.Errorf("%s: the part of %s: %v", name, part.Team, err)
			}
		}
		want := make([]string, 0, len(whole.Findings))
		for _, f := range whole.Findings {
			want = append(want, f.Fingerprint)
		}
		slices.Sort(prints)
		slices.Sort(want)
		if !slices.Equal(prints, want) {
			t.Errorf("%s: the parts have %d findings, the whole %d", name, len(prints), len(want))
		}
		if slices.Sort(tokens); len(slices.Compact(tokens)) != len(whole.Tokens) || read != len(whole.Tokens) || allowed != len(whole.Allowed) {
			t.Errorf("%s: %d tokens and %d explained passes, want %d and %d", name, read, allowed, len(whole.Tokens), len(whole.Allowed))
		}
		unread := 0
		for _, gap := range whole.Gaps {
			if gap.Unread {
				unread += gap.Count
			}
		}
		total := whole.Summary.Statuses
		total.NotEvaluated += unread * len(whole.Teams)
		if statuses != total {
			t.Errorf("%s: the parts count %+v, want %+v", name, statuses, total)
		}
	}
}

func TestOfTeamsRefuses(t *testing.T) {
	for _, test := range []struct{ team, want string }{
		{"wep", `unknown team "wep": did you mean "web"? (one of shop, web, unassigned)`},
		{"platform", `unknown team "platform": expected one of shop, web, unassigned`},
	} {
		if _, err := parts.OfTeams(reporttest.Sample(), []string{test.team}); err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, want %s", test.team, err, test.want)
		}
	}
	of, err := parts.OfTeams(reporttest.Sample(), []string{"web"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parts.OfTeams(of, []string{"shop"}); err == nil || !strings.Contains(err.Error(), "only the tokens of web") {
		t.Errorf("of another team: %v", err)
	}
	without := *reporttest.Sample()
	without.Teams = nil
	if _, err := parts.OfTeams(&without, []string{"web"}); err == nil || !strings.Contains(err.Error(), "the configuration assigns no tokens to teams") {
		t.Errorf("without teams: %v", err)
	}
}

// Whether a source is empty is said of all its tokens, not of those of one team: no view of a
// team accepts what the whole report contradicts, however often it is saved.
func TestOfTeamsAcceptsNoSourceWithTokensAsEmpty(t *testing.T) {
	sources := reporttest.SampleSources()
	doubt := func(source *inventory.Source) {
		source.Units[0].Status, source.Units[0].Error = inventory.UnitFailed, inventory.ErrDoubtedEmpty
	}
	full := &sources[3].Source // its tokens are of shop
	doubt(full)
	empty := reporttest.SampleSource("strapi", "strapi/a", inventory.KindInstance, "A", reporttest.Complete("tokens", inventory.Management))
	doubt(&empty)
	sources = append(sources, reporttest.Judge(empty, reporttest.SampleRules()))
	options := reporttest.SampleOptions()
	options.AcceptedGaps = nil
	for _, source := range []string{full.ID, empty.ID, "*"} {
		options.AcceptedGaps = append(options.AcceptedGaps, report.AcceptedGap{Empty: true, Source: source, Unit: "*", Expires: "2027-01-01"})
	}
	whole := reporttest.Build(options, sources)
	said := func(r *report.Report) string {
		text := ""
		for _, gap := range r.AcceptedGaps {
			text += string(gap.State) + " "
		}
		for _, unit := range r.Unread() {
			if unit.Source == full.ID || unit.Source == empty.ID {
				text += fmt.Sprint(unit.Source, " ", unit.Accepted != nil, " ")
			}
		}
		return text
	}
	want := said(whole)
	if want != "contradicted applied applied datocms/projects/77 false strapi/a true " {
		t.Fatalf("the whole report: %s", want)
	}
	for _, teams := range [][]string{{"web"}, {"shop"}, {"unassigned"}, {"shop", "unassigned"}, {"shop", "unassigned", "web"}} {
		view, err := parts.OfTeams(whole, teams)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parts.OfTeams(written(t, view), teams[:1])
		if err != nil {
			t.Fatal(err)
		}
		for name, r := range map[string]*report.Report{"view": view, "saved": written(t, view), "a view of the saved one": again} {
			if got := said(r); got != want {
				t.Errorf("%v, %s: %s, want %s", teams, name, got, want)
			}
		}
	}
}

// A view says which tokens that it leaves out may be of its teams, however often it is saved.
func TestOfTeamsFallsShortOfTokensThatMayBeTheirs(t *testing.T) {
	sources := reporttest.SampleSources()
	sources[0].Result.Uncertain = []policies.Uncertain{{Team: "web", MayBe: "shop", Tokens: 2}}
	sources[3].Result.Uncertain = []policies.Uncertain{{MayBe: "web", Tokens: 1}, {Team: "shop", MayBe: "web", Tokens: 3}}
	whole := reporttest.Build(reporttest.SampleOptions(), sources)
	const shop, web = "2 tokens may be of shop: a pattern asks for the owner, who is unknown", " tokens may be of web: a pattern asks for the owner, who is unknown"
	if got := whole.MayLack(); got != nil {
		t.Errorf("the report of all teams: %q", got)
	}
	for teams, want := range map[string][]string{"web": {"4" + web}, "shop": {shop}, "unassigned": nil, "shop unassigned": {shop}, "web unassigned": {"3" + web}, "shop web": {strings.Replace("1"+web, "tokens", "token", 1)}, "shop unassigned web": nil} {
		view, err := parts.OfTeams(whole, strings.Fields(teams))
		if err != nil {
			t.Fatal(err)
		}
		saved := written(t, view)
		for _, r := range []*report.Report{view, saved} {
			if got := r.MayLack(); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", teams, got, want)
			}
		}
		if strings.Contains(teams, "web") {
			if again, err := parts.OfTeams(saved, []string{"web"}); err != nil || !slices.Equal(again.MayLack(), []string{"4" + web}) {
				t.Errorf("web of %s: %v, %v", teams, again, err)
			}
		}
	}
	options := reporttest.SampleOptions()
	options.AcceptedGaps = nil
	view, err := parts.OfTeams(reporttest.Build(options, sources[3:4]), []string{"web"})
	if err != nil {
		t.Fatal(err)
	}
	if d := report.DefaultGate().Decide(view); d.Code != report.ExitIncomplete || d.Reason != "4"+web {
		t.Errorf("a team that has nothing for certain: %+v", d)
	}
	framework, err := frameworks.Lookup("owasp-nhi")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range controls.Of(view, framework).Controls {
		if c.Outcome == report.ControlPasses || c.Outcome == report.ControlNotApplicable {
			t.Errorf("%s %s", c.ID, c.Outcome)
		}
	}
}

// Two teams together are one view, and the order does not matter.
func TestOfTeamsTogether(t *testing.T) {
	whole := reporttest.Sample()
	both, err := parts.OfTeams(whole, []string{"web", "shop", "unassigned"})
	if err != nil {
		t.Fatal(err)
	}
	if both.Summary != whole.Summary {
		t.Errorf("all teams together: %+v, want %+v", both.Summary, whole.Summary)
	}
	if want := []string{"shop", "unassigned", "web"}; !slices.Equal(both.Scope.Owners, want) {
		t.Errorf("scope %v, want %v", both.Scope.Owners, want)
	}
}
