package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// GapState says what became of an accepted gap.
type GapState string

// The states of an accepted gap.
const (
	// GapApplied: it covers a unit that could not be read.
	GapApplied GapState = "applied"
	// GapExpired: past its date, it covers nothing.
	GapExpired GapState = "expired"
	// GapUnmatched: no such unit failed.
	GapUnmatched GapState = "unmatched"
	// GapContradicted: the list, said to be empty, has tokens.
	GapContradicted GapState = "contradicted"
	// GapUnseen: no such unit failed in what the run looked at, and that was not
	// all that the gap may be about.
	GapUnseen GapState = "unseen"
)

// AcceptedGap is a unit that could not be read, or came back empty, and that somebody accepted.
type AcceptedGap struct {
	// Empty: the unit is known to be empty; with the unit *, the source has no tokens.
	Empty bool `json:"empty,omitempty"`
	// Source and Unit are globs; only * is special, and it crosses /.
	Source     string `json:"source"`
	Unit       string `json:"unit"`
	Reason     string `json:"reason"`
	Owner      string `json:"owner"`
	ApprovedBy string `json:"approved_by"`
	// Expires is a date, YYYY-MM-DD; it holds to its end, UTC.
	Expires string           `json:"expires"`
	Origin  inventory.Origin `json:"origin,omitzero"`
	// State is set by the Builder.
	State GapState `json:"state"`
	// ExpiresInDays counts whole days to the end of its last day; negative once past.
	ExpiresInDays int `json:"expires_in_days"`
}

// UnreadUnit is a list of a source that was not, or not wholly, read.
type UnreadUnit struct {
	CMS    string
	Source string
	// SourceName is untrusted text.
	SourceName string
	inventory.Unit
	// Accepted is the accepted gap that covers it; nil for none in force.
	Accepted *AcceptedGap
}

// Unread returns the units that were not wholly read, in the order of the
// sources, each with the accepted gap that covers it.
func (r *Report) Unread() []UnreadUnit {
	var unread []UnreadUnit
	for i := range r.Sources {
		source := &r.Sources[i]
		for _, unit := range source.Units {
			if unit.Status == inventory.UnitComplete {
				continue
			}
			unread = append(unread, UnreadUnit{
				CMS: source.CMS, Source: source.ID, SourceName: source.Name,
				Unit: unit, Accepted: r.acceptance(source, unit),
			})
		}
	}
	return unread
}

// acceptance returns the accepted gap in force that covers a unit, or nil.
func (r *Report) acceptance(source *Source, unit inventory.Unit) *AcceptedGap {
	for i := range r.AcceptedGaps {
		if gap := &r.AcceptedGaps[i]; gap.State == GapApplied && gap.accepts(source, unit) {
			return gap
		}
	}
	return nil
}

// Covers reports whether the globs of the accepted gap match a list of a source.
func (g AcceptedGap) Covers(source, unit string) bool {
	return policies.Glob(g.Source, source) && policies.Glob(g.Unit, unit)
}

// accepts reports whether the accepted gap is about a unit, and about what is wrong with it.
func (g AcceptedGap) accepts(source *Source, unit inventory.Unit) bool {
	said := !g.Empty || unit.Error == inventory.ErrDoubtedEmpty && (g.Unit != "*" || source.Tokens == 0 && !source.Others)
	return unit.Status != inventory.UnitComplete && said && g.names(source, unit)
}

func (g AcceptedGap) names(source *Source, unit inventory.Unit) bool {
	return g.Covers(source.ID, unit.Name)
}

// Until says in a few words what was accepted, and until when.
func (g AcceptedGap) Until() string {
	return "accepted " + map[bool]string{true: "as empty "}[g.Empty] + "until " + g.Expires
}

// String says who accepted what: until when, and why.
func (g AcceptedGap) String() string { return g.Until() + " by " + g.ApprovedBy + ": " + g.Reason }

// List returns the name of the list, with what somebody says of it.
func (g AcceptedGap) List() string { return g.Unit + map[bool]string{true: " (empty)"}[g.Empty] }

// judgeGaps returns the accepted gaps with what became of each in this run.
func (r *Report) judgeGaps(gaps []AcceptedGap) []AcceptedGap {
	judged := make([]AcceptedGap, 0, len(gaps))
	for _, gap := range gaps {
		days, ok := daysToEndOf(gap.Expires, r.At)
		gap.ExpiresInDays = days
		switch {
		case !ok || days < 0:
			gap.State = GapExpired
		case r.Accepts(gap) > 0:
			gap.State = GapApplied
		case r.Contradicts(gap):
			gap.State = GapContradicted
		case r.MayMiss(gap):
			gap.State = GapUnseen
		default:
			gap.State = GapUnmatched
		}
		judged = append(judged, gap)
	}
	return judged
}

// Shortfalls says, one plain sentence each, why the measurement is incomplete
// in a way that nobody accepted. Empty for a run that the gate may call clean.
func (r *Report) Shortfalls() []string {
	var reasons []string
	open, sources := 0, map[string]bool{}
	for _, unit := range r.Unread() {
		if unit.Accepted == nil {
			open++
			sources[unit.Source] = true
		}
	}
	if open > 0 {
		reasons = append(reasons, safetext.Plural(open, "list", "lists")+" of "+safetext.Plural(len(sources), "source", "sources")+" could not be read")
	}
	if rules := r.ErredRules(); len(rules) > 0 {
		reasons = append(reasons, safetext.Plural(len(rules), "rule", "rules")+" could not run everywhere ("+strings.Join(rules, ", ")+")")
	}
	if len(r.Sources) == 0 {
		reasons = append(reasons, "no source was found")
	}
	return append(reasons, r.MayLack()...)
}

// MayLack says of each team that the report is of how many tokens that it leaves out may be of
// that team; nil for none, and where the report is of all teams.
func (r *Report) MayLack() []string {
	if r.Scope == nil {
		return nil
	}
	var reasons []string
	for _, team := range r.Scope.Owners {
		n := 0
		for i := range r.Sources {
			for _, u := range r.Sources[i].Uncertain {
				if u.MayBe == team && !slices.Contains(r.Scope.Owners, cmp.Or(u.Team, Unassigned)) {
					n += u.Tokens
				}
			}
		}
		if n > 0 {
			reasons = append(reasons, fmt.Sprintf("%s may be of %s: a pattern asks for the owner, who is unknown", safetext.Plural(n, "token", "tokens"), safetext.OneLine(team)))
		}
	}
	return reasons
}

// ErredRules returns the ids of the rules that could not judge some source, sorted.
func (r *Report) ErredRules() []string {
	var ids []string
	for _, e := range r.RuleErrors { // sorted by rule
		if len(ids) == 0 || ids[len(ids)-1] != e.Rule {
			ids = append(ids, e.Rule)
		}
	}
	return ids
}

// Problem returns the class of the error and its detail.
func (u UnreadUnit) Problem() string {
	problem := string(u.Error)
	if problem == "" {
		problem = string(u.Status)
	}
	if u.Detail != "" {
		problem += ": " + u.Detail
	}
	return problem
}
