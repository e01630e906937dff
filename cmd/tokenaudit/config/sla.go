package config

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/policies/owners"
)

var (
	slaKeys   = []string{"severity", "rules", "teams", "waived"}
	slaWaived = []string{"run", "stop"}
	wholeDays = regexp.MustCompile(`^[1-9][0-9]{0,3}d$`)
)

// sla reads the deadlines, with the lines of those of rules and teams by the path of the key.
func (r *reader) sla(n *yaml.Node) (*deadlines.Deadlines, map[string]int) {
	m, ok := r.mapping(n, "sla", slaKeys)
	if !ok {
		return nil, nil
	}
	before, lines := len(r.errs), map[string]int{}
	d := &deadlines.Deadlines{}
	if s := m.get("severity"); s != nil {
		d.Severity = r.daysBySeverity(s, m.at("severity"))
	}
	if rules := m.get("rules"); rules != nil {
		if byID, ok := r.mapping(rules, m.at("rules"), nil); ok {
			d.Rules = map[string]int{}
			for _, id := range byID.keys {
				d.Rules[id], lines[byID.at(id)] = r.days(byID.get(id), byID.at(id)), byID.lines[id]
			}
		}
	}
	if teams := m.get("teams"); teams != nil {
		if byName, ok := r.mapping(teams, m.at("teams"), nil); ok {
			d.Teams = map[string]deadlines.Days{}
			for _, team := range byName.keys {
				d.Teams[team], lines[byName.at(team)] = r.daysBySeverity(byName.get(team), byName.at(team)), byName.lines[team]
			}
		}
	}
	if w := m.get("waived"); w != nil {
		d.StopWaived = r.oneOf(w, m.at("waived"), slaWaived) == "stop"
	}
	if len(d.Severity)+len(d.Rules)+len(d.Teams) == 0 && len(r.errs) == before && !m.misspelt {
		r.fail(n, "sla", "sets no deadline; for example severity: {high: 14d}")
	}
	return d, lines
}

func (r *reader) daysBySeverity(n *yaml.Node, path string) deadlines.Days {
	m, ok := r.mapping(n, path, severities)
	if !ok {
		return nil
	}
	days := deadlines.Days{}
	for _, severity := range m.keys {
		days[policies.Severity(severity)] = r.days(m.get(severity), m.at(severity))
	}
	return days
}

// days reads whole days, such as 14d.
func (r *reader) days(n *yaml.Node, path string) int {
	s := r.follow(n)
	if s.Kind != yaml.ScalarNode || !wholeDays.MatchString(s.Value) {
		r.fail(n, path, "must be days such as 2d or 14d")
		return 0
	}
	days, _ := strconv.Atoi(strings.TrimSuffix(s.Value, "d")) // it is four digits at most
	return days
}

// CheckDeadlines refuses deadlines of rules that are not among the known ids, of teams that
// there are not, and none where a gate needs them.
func (c *Config) CheckDeadlines(rules []string, needed bool) error {
	if c.Deadlines == nil {
		if needed {
			return &Error{File: c.File, Key: "sla", Message: "missing; --fail-on-overdue needs deadlines, for example severity: {high: 14d}"}
		}
		return nil
	}
	unknown := func(of, what, where string, given, known []string) error {
		for _, name := range given {
			if !slices.Contains(known, name) {
				key := "sla." + of + "." + shownKey(name)
				return &Error{File: c.File, Line: c.slaLines[key], Key: key, Message: "unknown " + what + cmp.Or(suggested(name, known), "; "+where)}
			}
		}
		return nil
	}
	if err := unknown("rules", "rule", "`tokenaudit rules list` lists them", slices.Sorted(maps.Keys(c.Deadlines.Rules)), rules); err != nil {
		return err
	}
	return unknown("teams", "team", "owners has the teams", slices.Sorted(maps.Keys(c.Deadlines.Teams)), append(c.Owners.Teams(), owners.Unassigned))
}

// suggested ends a message with the nearest of the known names.
func suggested(name string, known []string) string {
	if nearest := suggest.Nearest(name, known); nearest != "" {
		return "; did you mean " + nearest + "?"
	}
	return ""
}

func slaSchema() object {
	days := func(about string) object {
		return object{"type": "string", "pattern": wholeDays.String(), "description": about}
	}
	bySeverity := func(about string) object {
		return object{"type": "object", "description": about, "propertyNames": object{"enum": severities}, "additionalProperties": days("Days after a finding of the severity was seen first.")}
	}
	return closed(object{
		"severity": bySeverity("Deadlines by severity."),
		"rules":    object{"type": "object", "description": "Deadlines of all findings of a rule, by its id. They win over those of teams and severities.", "additionalProperties": days("Days after a finding of the rule was seen first.")},
		"teams":    object{"type": "object", "description": "Deadlines by team and severity; unassigned means no team. They win over those of severities.", "additionalProperties": bySeverity("Deadlines of a team by severity.")},
		"waived":   object{"enum": slaWaived, "default": "run", "description": "Whether the clock runs on while a finding is waived."},
	})
}
