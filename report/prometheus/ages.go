package prometheus

import (
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

// maxTeams bounds the number of teams: an inventory from outside may name any.
const maxTeams = 50

// teamLabel is the team, unassigned for none, and other beyond the first ones.
func (p *metrics) teamLabel(team string) string {
	if team == "" {
		return report.Unassigned
	}
	if at := slices.Index(p.r.Teams, team); at < 0 || at >= maxTeams {
		return otherLabels
	}
	return team
}

// ages are since when the findings are there that fail, and how many are overdue. A series that
// is not known is left out.
func (p *metrics) ages() {
	oldest, overdue := map[policies.Severity]time.Time{}, tally{}
	teams := append([]string{report.Unassigned}, p.r.Teams[:min(len(p.r.Teams), maxTeams)]...)
	unknown := 0
	for _, f := range p.r.Findings {
		if f.Status != policies.Fail {
			continue
		}
		if f.FirstSeen.IsZero() {
			unknown++
		} else if have, ok := oldest[f.Severity]; !ok || f.FirstSeen.Before(have) {
			oldest[f.Severity] = f.FirstSeen
		}
		if f.OverdueDays > 0 {
			overdue.add(1, "severity", string(f.Severity), "team", p.teamLabel(f.Team))
		}
	}
	var first []sample
	for severity, at := range oldest {
		first = append(first, sample{[]string{"severity", string(severity)}, float64(at.Unix())})
	}
	p.family("oldest_finding_timestamp_seconds", "When the oldest failing finding was first seen; left out where that is unknown.", first...)
	p.family("findings_of_unknown_age", "Failing findings of which it is unknown when they were first seen.", sample{nil, float64(unknown)})
	if p.r.Changes != nil {
		p.family("reopened_findings", "Findings that were resolved and came back.", sample{nil, float64(p.r.Changes.Reopened)})
	}
	if p.r.Deadlines == nil {
		return
	}
	for _, severity := range report.AllSeverities() {
		for _, team := range teams {
			overdue.add(0, "severity", string(severity), "team", team)
		}
	}
	p.family("overdue_findings", "Failing findings that are past their deadline.", overdue.samples()...)
	p.family("findings_of_unknown_deadline", "Failing findings with a deadline that is unknown, because it is unknown when they were first seen.", sample{nil, float64(p.r.UnknownDue())})
}
