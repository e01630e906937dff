package decisions

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/owners"
	"github.com/tokenaudit/tokenaudit/report"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// shop is a source with a token whose id a waiver cannot name alone.
func shop() inventory.Source {
	const id = "datocms/projects/7"
	token := func(ref, name string) inventory.Token {
		return inventory.Token{ID: id + "/access_tokens/" + ref, Name: name, Source: id}
	}
	return inventory.Source{ID: id, Name: "Shop", Tokens: []inventory.Token{token("1", "deploy"), token("*", "odd"), token("3", "search")}}
}

// A waiver names the token that was meant, and goes to the team that answers for all that it
// covers.
func TestSubject(t *testing.T) {
	teams := owners.Patterns{{Team: "web", Source: "datocms/*"}, {Team: "search", Name: "search"}}
	have := known{sources: program.Of([]inventory.Source{shop()})}
	for token, want := range map[string]struct{ id, name, teams, err string }{
		"deploy":                             {"datocms/projects/7/access_tokens/1", "deploy", "web", ""},
		"access_tokens/3":                    {"datocms/projects/7/access_tokens/3", "search", "search", ""},
		"Shop":                               {"datocms/projects/7", "", "web", ""},
		"datocms/*":                          {"datocms/*", "", "search,web", ""},
		"*/access_tokens/3":                  {"*/access_tokens/3", "", "search", ""},
		"odd":                                {"", "", "", `the id "datocms/projects/7/access_tokens/*" has a *, which would match other tokens, too`},
		"datocms/projects/8/*":               {"", "", "", `no token or source matches "datocms/projects/8/*"`},
		"datocms/projects/7/access_tokens/4": {"", "", "", "did you mean datocms/projects/7/access_tokens/"},
	} {
		o := WaiverOptions{token: token, signed: signed{placed: placed{report: "report.json"}}}
		got, err := o.find(t.Context(), have, teams, target{token: o.token, name: o.name})
		if want.err != "" {
			if err == nil || !strings.Contains(err.Error(), want.err) || !strings.HasPrefix(err.Error(), "report.json: ") && token != "odd" {
				t.Errorf("%s: %v, want %s", token, err, want.err)
			}
			continue
		}
		if err != nil || got.id != want.id || got.name != want.name || strings.Join(got.teams, ",") != want.teams {
			t.Errorf("%s: %+v, %v", token, got, err)
		}
	}
	o := WaiverOptions{token: "datocms/*"}
	if got, err := o.find(t.Context(), known{}, teams, target{token: o.token, name: o.name}); err != nil || got.id != "datocms/*" || got.teams != nil {
		t.Errorf("without an inventory: %+v, %v", got, err)
	}
}

// A report that was written without tokens still knows those with findings.
func TestSourcesOfReportWithoutTokens(t *testing.T) {
	r := &report.Report{
		Sources:  []report.Source{{Source: inventory.Source{ID: "a"}}, {Source: inventory.Source{ID: "b"}}},
		Findings: []*report.Finding{{Source: "b", Token: "b/1", TokenName: "one"}, {Source: "b", Token: "b/1", TokenName: "one"}, {Source: "a"}},
	}
	sources := sourcesOf(r)
	if len(sources) != 2 || len(sources[0].Tokens) != 0 || len(sources[1].Tokens) != 1 || sources[1].Tokens[0].Name != "one" {
		t.Errorf("%+v", sources)
	}
}

func TestUnlessWaived(t *testing.T) {
	rules := []policies.Rule{{ID: "unused-token"}, {ID: "token-literal-in-code", WaiverNeedsKey: true}}
	w := policies.Waiver{Rule: "unused-token", Token: "datocms/projects/7/access_tokens/1"}
	literal := policies.Waiver{Rule: "token-literal-in-code", Token: "terraform/main", Key: "provider.x"}
	for name, test := range map[string]struct {
		old, add policies.Waiver
		refused  bool
	}{
		"the same":                {policies.Waiver{Rule: w.Rule, Token: w.Token}, w, true},
		"a glob":                  {policies.Waiver{Rule: "*", Token: "datocms/*"}, w, true},
		"a narrower one":          {policies.Waiver{Rule: w.Rule, Token: w.Token}, policies.Waiver{Rule: w.Rule, Token: "datocms/*"}, false},
		"another rule":            {policies.Waiver{Rule: "admin-token", Token: "*"}, w, false},
		"one that has ended":      {policies.Waiver{Rule: w.Rule, Token: w.Token, Expires: "2026-11-28"}, w, false},
		"the name of the token":   {policies.Waiver{Rule: "*", Token: "*", Name: "deploy"}, w, true},
		"another name":            {policies.Waiver{Rule: "*", Token: "*", Name: "search"}, w, false},
		"one finding of several":  {policies.Waiver{Rule: w.Rule, Token: w.Token, Key: "x"}, w, false},
		"the same key":            {literal, literal, true},
		"one that lacks its key":  {policies.Waiver{Rule: literal.Rule, Token: literal.Token}, literal, false},
		"every finding of a rule": {policies.Waiver{Rule: w.Rule, Token: w.Token}, policies.Waiver{Rule: w.Rule, Token: w.Token, Key: "x"}, true},
	} {
		if test.old.Expires == "" {
			test.old.Expires = "2027-01-31"
		}
		var errs bytes.Buffer
		o := WaiverOptions{signed: signed{placed: placed{program: &program.Program{Streams: &console.Streams{Err: &errs}}}}}
		err := o.unlessWaived(&config.Config{Waivers: []policies.Waiver{test.old}}, test.add, "deploy", rules, noon)
		if (err != nil) != test.refused {
			t.Errorf("%s: %v", name, err)
		}
		if ended := name == "one that has ended"; ended != strings.Contains(errs.String(), "can be removed") {
			t.Errorf("%s: %s", name, errs.String())
		}
	}
}

// Without a list, only what a role or a plan keeps closed is accepted.
func TestClosedLists(t *testing.T) {
	source := &inventory.Source{ID: "s", Units: []inventory.Unit{
		inventory.CompleteUnit("api_keys", inventory.Delivery),
		inventory.FailedUnit("users", inventory.ErrPermissionDenied, "403", "", inventory.Personal),
		inventory.PartialUnit("roles", inventory.ErrPermissionDenied, "403", ""),
		inventory.FailedUnit("apps", inventory.ErrTimeout, "no answer", ""),
	}}
	for _, test := range []struct {
		units []string
		want  string
	}{
		{nil, "roles users"}, {[]string{"apps"}, "apps"}, {[]string{"*"}, "*"},
		{[]string{"api_keys"}, "s: the list api_keys of s was read: there is nothing to accept"},
		{[]string{"app"}, `s: s has no list "app"; did you mean apps?`},
	} {
		o := GapOptions{source: "s", units: test.units, signed: signed{placed: placed{report: "s"}}}
		got, err := o.closed([]*inventory.Source{source})
		if err != nil {
			got = []string{err.Error()}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%q: %q", test.units, got)
		}
	}
	o := GapOptions{source: "s", signed: signed{placed: placed{report: "s"}}}
	source.Units = slices.Delete(source.Units, 1, 3)
	if _, err := o.closed([]*inventory.Source{source}); err == nil || !strings.Contains(err.Error(), "failed for other reasons: apps (timeout): name a list to accept it anyway") {
		t.Errorf("nothing is closed: %v", err)
	}
}
