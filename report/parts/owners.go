package parts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/report"
)

// OfTeams returns the part of a report that is about what some teams answer for; r itself
// is not changed. Without teams it is r. [report.Unassigned] means no team. What was
// not read stays in it, because any team may have tokens there, and so does how many tokens
// may be of the teams as the owners are unknown. The error names the teams
// that there are, or is [ErrNotLabelled] where the verdicts cannot be told apart.
func OfTeams(r *report.Report, teams []string) (*report.Report, error) {
	if len(teams) == 0 {
		return r, nil
	}
	if r.Scope != nil && len(r.Scope.Owners) > 0 {
		for _, team := range teams {
			if !slices.Contains(r.Scope.Owners, team) {
				return nil, fmt.Errorf("the report covers only the tokens of %s, not of %s", strings.Join(r.Scope.Owners, ", "), team)
			}
		}
	}
	if err := CheckTeams(teams, r.Teams); err != nil {
		return nil, err
	}
	if len(r.Teams) > 0 && len(r.Sources) > 0 && len(r.Labelled) == 0 {
		return nil, ErrNotLabelled
	}
	s := selection{teams: slices.Compact(slices.Sorted(slices.Values(teams))), tokens: map[string]int{}, wanted: map[string]bool{}}
	left := map[string]int{}
	for _, group := range r.Labelled {
		for source, n := range group.Tokens {
			left[source] -= n
			if s.ofTeam(group.Team) {
				s.tokens[source] += n
			}
		}
	}
	for i := range r.Sources {
		source := &r.Sources[i]
		if s.ofTeam("") {
			s.tokens[source.ID] += source.Tokens + left[source.ID]
		}
		s.wanted[source.ID] = s.tokens[source.ID] > 0 || s.ofTeam(source.Team) || !whole(source) || len(s.mayHave(source)) > 0
	}
	if len(r.Teams) == 0 { // all is unassigned
		out := *r
		return &out, nil
	}
	return s.of(r)
}

// whole reports whether all lists of a source were read.
func whole(source *report.Source) bool {
	return !slices.ContainsFunc(source.Units, func(u inventory.Unit) bool { return u.Status != inventory.UnitComplete })
}

// CheckTeams refuses a team that is none of those that there are, and names them.
// [report.Unassigned] always is.
func CheckTeams(teams, known []string) error {
	for _, team := range teams {
		if team != report.Unassigned && !slices.Contains(known, team) {
			return unknownTeam(team, known)
		}
	}
	return nil
}

func unknownTeam(team string, teams []string) error {
	if len(teams) == 0 {
		return fmt.Errorf("unknown team %q: the configuration assigns no tokens to teams; see owners", team)
	}
	known := append(slices.Clone(teams), report.Unassigned)
	if near := suggest.Nearest(team, known); near != "" {
		return fmt.Errorf("unknown team %q: did you mean %q? (one of %s)", team, near, strings.Join(known, ", "))
	}
	return fmt.Errorf("unknown team %q: expected one of %s", team, strings.Join(known, ", "))
}

// A TeamPart is the part of a report that one team answers for.
type TeamPart struct {
	// Team may be [report.Unassigned].
	Team   string
	Report *report.Report
}

// ByTeam splits a report: there is a part for each of the teams that the report is of, and
// one for what is unassigned, also where it is empty. Every finding is in one of them.
func ByTeam(r *report.Report) ([]TeamPart, error) {
	var all []TeamPart
	for _, team := range TeamsOf(r) {
		part, err := OfTeams(r, []string{team})
		if err != nil {
			return nil, err
		}
		all = append(all, TeamPart{team, part})
	}
	return all, nil
}

// TeamsOf returns the teams that a report is of, and [report.Unassigned], sorted.
func TeamsOf(r *report.Report) []string {
	if r.Scope != nil && len(r.Scope.Owners) > 0 {
		return slices.Compact(slices.Sorted(slices.Values(r.Scope.Owners)))
	}
	teams := map[string]bool{report.Unassigned: true}
	for _, team := range r.Teams {
		teams[cmp.Or(team, report.Unassigned)] = true
	}
	return slices.Sorted(maps.Keys(teams))
}
