// Package owners assigns tokens to the teams that answer for them, by patterns of which
// the last one that matches wins.
package owners

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Unassigned means no team, where one is named: in a flag, or in the name of a file.
const Unassigned = "unassigned"

// Pattern assigns to a team what all its conditions match. Each is a glob in which only
// * is special, and it crosses /; an empty one matches everything.
type Pattern struct {
	Team string
	// Source is on the id and the name of the source.
	Source string
	// Token is on the id of the token.
	Token string
	// Name is on the name of the token.
	Name string
	// Label is on a label of the source: "team=web", in which only the value is a glob.
	Label string
	// Owner is on the id and the name of the owner that the CMS tells. It matches no
	// token whose owner is unknown.
	Owner string
	// Origin is where the pattern is configured.
	Origin inventory.Origin
}

// Keys are the conditions of a pattern, as the configuration names them.
func Keys() []string { return []string{"source", "token", "name", "label", "owner"} }

// Conditions are the globs of the pattern, as Keys orders them; empty where it has none.
func (p *Pattern) Conditions() []string {
	return []string{p.Source, p.Token, p.Name, p.Label, p.Owner}
}

// String writes the conditions that the pattern has, such as "source=contentful/*".
func (p *Pattern) String() string {
	var parts []string
	keys := Keys()
	for i, glob := range p.Conditions() {
		if glob != "" {
			parts = append(parts, keys[i]+": "+glob)
		}
	}
	return strings.Join(parts, ", ")
}

// Matches reports whether the pattern matches a token, or, where token is nil, the source
// itself: only a pattern that asks nothing of a token does.
func (p *Pattern) Matches(source *inventory.Source, token *inventory.Token) bool {
	return p.matchesButOwner(source, token) && (p.Owner == "" || ownedBy(p.Owner, &token.Owner))
}

// mayMatch reports whether the pattern would match a token if more were known of its owner.
func (p *Pattern) mayMatch(source *inventory.Source, token *inventory.Token) bool {
	return p.Owner != "" && p.matchesButOwner(source, token) && !ownedBy(p.Owner, &token.Owner) && ownerUnknown(&token.Owner)
}

func (p *Pattern) matchesButOwner(source *inventory.Source, token *inventory.Token) bool {
	if p.Source != "" && !inventory.MatchGlob(p.Source, source.ID) && !inventory.MatchGlob(p.Source, source.Name) {
		return false
	}
	if key, glob, _ := strings.Cut(p.Label, "="); key != "" {
		if value, ok := source.Labels[key]; !ok || !inventory.MatchGlob(glob, value) {
			return false
		}
	}
	if token == nil {
		return p.Token == "" && p.Name == "" && p.Owner == ""
	}
	return (p.Token == "" || inventory.MatchGlob(p.Token, token.ID)) &&
		(p.Name == "" || inventory.MatchGlob(p.Name, token.Name))
}

func ownedBy(glob string, owner *inventory.Owner) bool {
	return owner.ID != "" && inventory.MatchGlob(glob, owner.ID) || owner.Name != "" && inventory.MatchGlob(glob, owner.Name)
}

// ownerUnknown reports whether the id or the name of an owner is unknown, by which a
// pattern could match.
func ownerUnknown(owner *inventory.Owner) bool {
	return owner.Type != inventory.OwnerNone && (owner.ID == "" || owner.Name == "")
}

// Patterns are those of a configuration, in its order. Nil assigns nothing.
type Patterns []Pattern

// Match returns the pattern that decides, by its place in the list; -1 for none. A nil
// token stands for the source itself.
func (ps Patterns) Match(source *inventory.Source, token *inventory.Token) int {
	for i := len(ps) - 1; i >= 0; i-- {
		if ps[i].Matches(source, token) {
			return i
		}
	}
	return -1
}

// Team returns the team of a token, or, where token is nil, that of the source itself;
// empty for none.
func (ps Patterns) Team(source *inventory.Source, token *inventory.Token) string {
	if i := ps.Match(source, token); i >= 0 {
		return ps[i].Team
	}
	return ""
}

// Unknown says why another team than that of [Patterns.Team] may answer for a token, or one
// where that is empty: a pattern asks for the owner, and who that is, is not known. It is
// empty where it is known which team answers.
func (ps Patterns) Unknown(source *inventory.Source, token *inventory.Token) string {
	for i := len(ps) - 1; i >= 0; i-- {
		switch {
		case ps[i].Matches(source, token):
			return ""
		case ps[i].mayMatch(source, token) && ps[i].Team != ps.Team(source, token):
			reason := fmt.Sprintf("a pattern of team %q asks for the owner, who is unknown", ps[i].Team)
			if token.Owner.Reason != "" {
				reason += ": " + token.Owner.Reason
			}
			return reason
		}
	}
	return ""
}

// Possible returns the teams other than that of [Patterns.Team] that may answer for a token,
// because their patterns ask for the owner, and who that is, is not known; sorted, nil for none.
func (ps Patterns) Possible(source *inventory.Source, token *inventory.Token) []string {
	var possible Patterns
	decides := ps.Match(source, token)
	for i := decides + 1; i < len(ps); i++ {
		if ps[i].mayMatch(source, token) && (decides < 0 || ps[i].Team != ps[decides].Team) {
			possible = append(possible, ps[i])
		}
	}
	return possible.Teams()
}

// Teams returns the teams, each once, sorted; nil for none.
func (ps Patterns) Teams() []string {
	teams := map[string]bool{}
	for i := range ps {
		teams[ps[i].Team] = true
	}
	return slices.Sorted(maps.Keys(teams))
}
