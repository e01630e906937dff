package owners_test

import (
	"slices"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/owners"
)

func world() (source inventory.Source, token inventory.Token) {
	source = inventory.Source{ID: "contentful/spaces/abc", Name: "Corporate site", Labels: map[string]string{"team": "web", "env": "prod=eu"}}
	token = inventory.Token{ID: "contentful/spaces/abc/api_keys/6gv", Name: "deploy eu", Owner: inventory.Owner{Type: inventory.OwnerPerson, ID: "u1", Name: "Omar Haddad"}}
	return source, token
}

func TestPatternMatches(t *testing.T) {
	source, token := world()
	for _, test := range []struct {
		pattern      owners.Pattern
		token, whole bool // matches the token, and the source itself
	}{
		{owners.Pattern{Source: "*"}, true, true},
		{owners.Pattern{Source: "contentful/*"}, true, true},
		{owners.Pattern{Source: "Corporate *"}, true, true},
		{owners.Pattern{Source: "datocms/*"}, false, false},
		{owners.Pattern{Token: "*/api_keys/*"}, true, false},
		{owners.Pattern{Token: "contentful/spaces/abc"}, false, false},
		{owners.Pattern{Name: "deploy *"}, true, false},
		{owners.Pattern{Name: "Deploy *"}, false, false},
		{owners.Pattern{Label: "team=web"}, true, true},
		{owners.Pattern{Label: "team=w*"}, true, true},
		{owners.Pattern{Label: "team=ops"}, false, false},
		{owners.Pattern{Label: "env=prod=*"}, true, true},
		{owners.Pattern{Label: "owner=*"}, false, false},
		{owners.Pattern{Owner: "u1"}, true, false},
		{owners.Pattern{Owner: "*Haddad"}, true, false},
		{owners.Pattern{Owner: "u2"}, false, false},
		{owners.Pattern{Source: "contentful/*", Name: "deploy*", Label: "team=web"}, true, false},
		{owners.Pattern{Source: "contentful/*", Name: "deploy*", Label: "team=ops"}, false, false},
	} {
		if got := test.pattern.Matches(&source, &token); got != test.token {
			t.Errorf("{%s} matches the token: %v", &test.pattern, got)
		}
		if got := test.pattern.Matches(&source, nil); got != test.whole {
			t.Errorf("{%s} matches the source: %v", &test.pattern, got)
		}
	}
	nobody := owners.Pattern{Owner: "*"}
	token.Owner = inventory.UnknownOwner("not told")
	if nobody.Matches(&source, &token) {
		t.Error("an unknown owner is matched")
	}
}

// The last pattern that matches wins, as in CODEOWNERS.
func TestLastMatchWins(t *testing.T) {
	source, token := world()
	ps := owners.Patterns{{Team: "platform", Source: "*"}, {Team: "web", Label: "team=web"}, {Team: "ops", Name: "deploy*"}, {Team: "shop", Source: "datocms/*"}}
	if got := ps.Team(&source, &token); got != "ops" {
		t.Errorf("the token is of %q, want ops", got)
	}
	if got := ps.Team(&source, nil); got != "web" {
		t.Errorf("the source is of %q, want web", got)
	}
	slices.Reverse(ps)
	if got := ps.Team(&source, &token); got != "platform" {
		t.Errorf("in the other order the token is of %q, want platform", got)
	}
	if got := owners.Patterns(nil).Team(&source, &token); got != "" {
		t.Errorf("without patterns the token is of %q", got)
	}
	if got := ps.Teams(); !slices.Equal(got, []string{"ops", "platform", "shop", "web"}) {
		t.Errorf("teams: %v", got)
	}
}

// A pattern that asks for an owner who is unknown may be the one that decides: another team
// may answer, and that is never taken for none.
func TestUnknownOwnerMayDecide(t *testing.T) {
	source, token := world()
	token.Owner = inventory.UnknownOwner("not told")
	person := owners.Pattern{Team: "web", Owner: "Omar *"}
	for _, test := range []struct {
		patterns owners.Patterns
		want     string
	}{
		{owners.Patterns{person}, `a pattern of team "web" asks for the owner, who is unknown: not told`},
		{owners.Patterns{{Team: "ops", Source: "*"}, person}, `a pattern of team "web" asks for the owner, who is unknown: not told`},
		{owners.Patterns{{Team: "web", Source: "*"}, person}, ""}, // whoever it is
		{owners.Patterns{person, {Team: "ops", Source: "*"}}, ""}, // a later pattern decides
		{owners.Patterns{{Team: "web", Owner: "Omar *", Name: "publish *"}}, ""},
		{owners.Patterns{{Team: "ops", Source: "datocms/*"}}, ""},
		{nil, ""},
	} {
		if got := test.patterns.Unknown(&source, &token); got != test.want {
			t.Errorf("%v: %q", test.patterns, got)
		}
	}
	token.Owner = inventory.Owner{Type: inventory.OwnerPerson, ID: "u1"} // has no name that could be read
	if (owners.Patterns{person}).Unknown(&source, &token) == "" {
		t.Error("the name of the owner is unknown, and does not decide")
	}
	token.Owner = inventory.Owner{Type: inventory.OwnerNone}
	if got := (owners.Patterns{person}).Unknown(&source, &token); got != "" {
		t.Errorf("a token without an owner: %s", got)
	}
}

func TestPossibleTeams(t *testing.T) {
	source, token := world()
	token.Owner = inventory.UnknownOwner("not told")
	all := owners.Pattern{Team: "platform", Source: "*"}
	web, ops, none := owners.Pattern{Team: "web", Owner: "Omar *"}, owners.Pattern{Team: "ops", Owner: "Ada *"}, owners.Pattern{Team: "shop", Owner: "*", Source: "datocms/*"}
	for _, test := range []struct {
		patterns owners.Patterns
		want     []string
	}{
		{owners.Patterns{web, ops, none}, []string{"ops", "web"}},
		{owners.Patterns{web, all, ops, ops}, []string{"ops"}}, // what comes before the one that matches decides nothing
		{owners.Patterns{all, {Team: "platform", Owner: "Ada *"}, web}, []string{"web"}},
		{owners.Patterns{web, ops, all}, nil},
		{nil, nil},
	} {
		got := test.patterns.Possible(&source, &token)
		if !slices.Equal(got, test.want) {
			t.Errorf("%v: %q, want %q", test.patterns, got, test.want)
		}
		if unknown := test.patterns.Unknown(&source, &token); (unknown != "") != (len(got) > 0) {
			t.Errorf("%v: %q may answer, and it says %q", test.patterns, got, unknown)
		}
	}
	token.Owner = inventory.Owner{Type: inventory.OwnerNone}
	if got := (owners.Patterns{web}).Possible(&source, &token); got != nil {
		t.Errorf("a token without an owner: %q", got)
	}
}

func TestCheckCountsWhatPatternsDo(t *testing.T) {
	source, token := world()
	hidden := token
	hidden.ID, hidden.Owner = "contentful/spaces/abc/api_keys/x", inventory.UnknownOwner("")
	source.Tokens = []inventory.Token{token, hidden}
	check := owners.Check{Patterns: owners.Patterns{
		{Team: "a", Name: "deploy *", Token: "*/6gv"}, {Team: "b", Owner: "Omar *"}, {Team: "c", Owner: "Nobody"}, {Team: "d", Source: "x"}, {Team: "e", Label: "team=web", Name: "none"},
	}}
	check.Add(&source)
	empty := inventory.Source{ID: "x"}
	check.Add(&empty)
	want := []owners.Use{{Matches: 1}, {Matches: 1, Decides: 1, MayMatch: 1}, {MayMatch: 1}, {Sources: 1}, {}}
	if !slices.Equal(check.Uses, want) {
		t.Errorf("%+v", check.Uses)
	}
	if len(check.Unassigned) != 1 || check.Unassigned[0].Token.ID != hidden.ID || check.Unassigned[0].Unknown == "" {
		t.Errorf("%+v", check.Unassigned)
	}
}
