package report

import (
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

func TestMayHide(t *testing.T) {
	source := func(id string, units ...inventory.Unit) []Source {
		return []Source{{Source: inventory.Source{ID: id, CMS: "datocms", Units: units}}}
	}
	seen := Report{Sources: source("datocms/projects/77")}
	gap := seen
	gap.Gaps = []Gap{{Rule: "unused-token", Source: "datocms/projects/77"}}
	unasked := Report{Sources: source("datocms/projects/77")}
	unasked.Sources[0].NotAsked = []policies.NotAsked{{Rule: "unused-token", Reason: "not given"}}
	erred := seen
	erred.RuleErrors = []RuleError{{Rule: "unused-token", Source: "datocms/projects/77"}}
	lost := Report{Sources: source("datocms/x", inventory.Unit{Name: "projects", Sources: true, Status: inventory.UnitFailed})}
	part := seen
	part.Scope = &Scope{Rules: []string{"x"}}
	change := seen
	change.Scope = &Scope{Change: true}
	for name, tt := range map[string]struct {
		report      Report
		rule, token string
		want        bool
	}{
		"everything was seen":         {seen, "*", "*", false},
		"a part":                      {part, "unused-token", "datocms/projects/77/access_tokens/1", true},
		"a gap":                       {gap, "unused-token", "datocms/projects/77/access_tokens/1", true},
		"a gap below a wide glob":     {gap, "*", "datocms/*", true},
		"a gap of another rule":       {gap, "admin-token", "*", false},
		"a gap of another source":     {gap, "unused-token", "datocms/projects/78/access_tokens/*", false},
		"a gap, and one other id":     {gap, "unused-token", "datocms", false},
		"a rule that was not asked":   {unasked, "unused-token", "datocms/projects/77/access_tokens/1", true},
		"another rule was not asked":  {unasked, "admin-token", "*", false},
		"a rule that could not run":   {erred, "unused-token", "*", true},
		"sources that were not found": {lost, "unused-token", "datocms/projects/9/access_tokens/1", true},
		"sources of another CMS":      {lost, "unused-token", "contentful/*", false},
		"a change":                    {change, "unused-token", "datocms/projects/77/access_tokens/1", true},
		"a change, and no such rule":  {change, "unused", "*", false},
	} {
		tt.report.Rules = []Rule{{ID: "unused-token"}, {ID: "admin-token"}}
		if got := tt.report.MayHide(policies.Waiver{Rule: tt.rule, Token: tt.token}); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// An accepted gap that covers nothing is only called so by a run that came to
// all that it may be about.
func TestAcceptedGapsOfAPart(t *testing.T) {
	read := inventory.Unit{Name: "tokens", Status: inventory.UnitComplete}
	seen := []Source{{Source: inventory.Source{ID: "strapi/a", CMS: "strapi", Units: []inventory.Unit{read}}}}
	lost := []Source{{Source: inventory.Source{ID: "strapi/x", CMS: "strapi", Units: []inventory.Unit{{Name: "list", Sources: true, Status: inventory.UnitFailed}}}}}
	shard := &Scope{Shard: "1/2"}
	one := &Scope{Sources: []string{"ghost/*", "strapi/a*"}}
	for name, tt := range map[string]struct {
		sources      []Source
		scope        *Scope
		source, unit string
		want         GapState
	}{
		"a whole run":                          {seen, nil, "*", "tokens", GapUnmatched},
		"a source that is gone":                {seen, nil, "strapi/b", "tokens", GapUnmatched},
		"some rules":                           {seen, &Scope{Rules: []string{"r"}}, "*", "tokens", GapUnmatched},
		"sources that were not found":          {lost, nil, "strapi/b", "tokens", GapUnseen},
		"sources of another CMS not found":     {lost, nil, "ghost/b", "tokens", GapUnmatched},
		"a source of the shard":                {seen, shard, "strapi/a", "tokens", GapUnmatched},
		"a source of another shard":            {seen, shard, "strapi/b", "tokens", GapUnseen},
		"a glob over shards":                   {seen, shard, "strapi/*", "tokens", GapUnseen},
		"a source that was asked for":          {seen, one, "strapi/a", "tokens", GapUnmatched},
		"one asked for, and gone":              {seen, one, "strapi/ab", "tokens", GapUnmatched},
		"a glob within those asked for":        {seen, one, "strapi/a*", "tokens", GapUnmatched},
		"a source that was not asked for":      {seen, one, "strapi/b", "tokens", GapUnseen},
		"a glob wider than those asked for":    {seen, one, "strapi/*", "tokens", GapUnseen},
		"a change, and its live source":        {seen, &Scope{Change: true}, "strapi/*", "tokens", GapUnmatched},
		"a change, and another source":         {seen, &Scope{Change: true}, "strapi/b", "tokens", GapUnseen},
		"a change of a source, not read there": {seen, &Scope{Change: true}, "strapi/a", "roles", GapUnseen},
	} {
		r := Report{At: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), Sources: tt.sources, Scope: tt.scope}
		got := r.judgeGaps([]AcceptedGap{{Source: tt.source, Unit: tt.unit, Expires: "2030-01-01"}})
		if got[0].State != tt.want {
			t.Errorf("%s: %s, want %s", name, got[0].State, tt.want)
		}
	}
}

// That a list is known to be empty covers one that came back empty and is doubted for that,
// and nothing else.
func TestAcceptEmpty(t *testing.T) {
	unit := func(status inventory.UnitStatus, class inventory.ErrorClass) inventory.Unit {
		return inventory.Unit{Name: "tokens", Kinds: []inventory.Kind{inventory.Management}, Status: status, Error: class}
	}
	source := func(tokens int, units ...inventory.Unit) []Source {
		return []Source{{Source: inventory.Source{ID: "s", CMS: "strapi", Units: units}, Tokens: tokens}}
	}
	doubted, read := unit(inventory.UnitFailed, inventory.ErrDoubtedEmpty), unit(inventory.UnitComplete, "")
	has := []Token{{Token: inventory.Token{ID: "s/1", Source: "s", Kind: inventory.Management}}}
	other := []Token{{Token: inventory.Token{ID: "s/2", Source: "s", Kind: inventory.Delivery}}}
	organization := []Source{
		{Source: inventory.Source{ID: "o", CMS: "contentful", Organization: "o", Units: []inventory.Unit{{Name: "tokens", Sources: true, Status: inventory.UnitComplete}}}},
		{Source: inventory.Source{ID: "a", CMS: "contentful", Organization: "o"}},
	}
	for name, tt := range map[string]struct {
		sources []Source
		tokens  []Token
		unit    string
		expires string
		want    GapState
	}{
		"a doubted list":                         {source(0, doubted), nil, "tokens", "2030-01-01", GapApplied},
		"beside other tokens":                    {source(1, doubted), other, "tokens", "2030-01-01", GapApplied},
		"a source without tokens":                {source(0, doubted), nil, "*", "2030-01-01", GapApplied},
		"a source with a token":                  {source(1, doubted), other, "*", "2030-01-01", GapContradicted},
		"past its date":                          {source(0, doubted), nil, "tokens", "2026-01-01", GapExpired},
		"a refused list":                         {source(0, unit(inventory.UnitFailed, inventory.ErrPermissionDenied)), nil, "tokens", "2030-01-01", GapUnseen},
		"a list that timed out":                  {source(0, unit(inventory.UnitFailed, inventory.ErrTimeout)), nil, "tokens", "2030-01-01", GapUnseen},
		"a list that was read, and is empty":     {source(0, read), nil, "tokens", "2030-01-01", GapUnmatched},
		"a list with tokens":                     {source(1, read), has, "tokens", "2030-01-01", GapContradicted},
		"a part of a list with tokens":           {source(1, unit(inventory.UnitPartial, inventory.ErrTimeout)), has, "tokens", "2030-01-01", GapContradicted},
		"tokens of another list":                 {source(1, read), other, "tokens", "2030-01-01", GapUnmatched},
		"another list":                           {source(0, doubted), nil, "roles", "2030-01-01", GapUnmatched},
		"a list of sources that has some":        {organization, nil, "tokens", "2030-01-01", GapContradicted},
		"a list of sources that has none at all": {organization[:1], nil, "tokens", "2030-01-01", GapUnmatched},
	} {
		r := Report{At: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), Sources: tt.sources, Tokens: tt.tokens}
		r.AcceptedGaps = r.judgeGaps([]AcceptedGap{{Empty: true, Source: "*", Unit: tt.unit, Expires: tt.expires}})
		if got := r.AcceptedGaps[0].State; got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		if closed := len(r.Sources) > 0 && len(r.Shortfalls()) == 0; closed != (tt.want == GapApplied || tt.sources[0].Units[0].Status == inventory.UnitComplete) {
			t.Errorf("%s: shortfalls %q", name, r.Shortfalls())
		}
	}
}
