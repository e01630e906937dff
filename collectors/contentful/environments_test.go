package contentful

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// A key of many environments is judged where the space refuses the list of its
// aliases, whichever form of the list of environments a space has.
func TestManyEnvironmentsWithoutTheListOfAliases(t *testing.T) {
	t.Parallel()
	const many = 78
	row := func(id, more string) string {
		return `{"name":"` + id + `","sys":{"type":"Environment","id":"` + id + `"` + more + `}}`
	}
	linksOf := func(ids ...string) string {
		return strings.ReplaceAll(links(ids...), `"Environment"`, `"EnvironmentAlias"`)
	}
	const target = `,"aliasedEnvironment":{"sys":{"type":"Link","linkType":"Environment","id":"e00"}}`
	for _, test := range []struct {
		name string
		// named is how rows name their aliases, and alias the row of the alias.
		named, alias bool
		status       inventory.UnitStatus
		reason       string
	}{
		{"as recorded in 2022", true, false, inventory.UnitComplete, ""},
		{"as recorded in 2023", true, true, inventory.UnitComplete, ""},
		{"before environments named their aliases", false, false, inventory.UnitFailed, "1 environment of the key may be an alias of one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var rows, ids []string
			for i := range many - 1 {
				id := fmt.Sprintf("e%02d", i)
				more := ""
				switch {
				case test.named && i == 0:
					more = `,"aliases":` + linksOf("master")
				case test.named:
					more = `,"aliases":[]`
				}
				rows, ids = append(rows, row(id, more)), append(ids, id)
			}
			if test.alias {
				rows = append(rows, row("master", target+`,"aliases":`+linksOf("master")))
			}
			s := newServer(t, map[string]http.HandlerFunc{
				"/spaces/web/environments":        items(rows...),
				"/spaces/web/environment_aliases": failure(403, "AccessDenied"),
				"/spaces/web/api_keys":            items(`{"name":"All","sys":{"id":"k"},"environments":` + links(append(ids, "master")...) + `}`),
				"/spaces/web/preview_api_keys":    items(),
			})
			sources, _ := s.collect(t, organizationEntry())
			source := find(t, sources, "contentful/spaces/web")
			if u := conformance.Unit(t, source, unitEnvironmentAliases); u.Status != test.status || u.Detail == "" {
				t.Errorf("the unit is %+v, want %s", u, test.status)
			}
			want := many - 1 // master is e00 once more
			if test.status == inventory.UnitFailed {
				want = many
			}
			scope := source.Tokens[0].Environments
			if scope.State != inventory.ScopeListed || scope.Effective != want || (scope.Reason == "") != (test.reason == "") || !strings.Contains(scope.Reason, test.reason) {
				t.Errorf("%s with %d environments, %q; want %d", scope.State, scope.Effective, scope.Reason, want)
			}
		})
	}
}

// spaceOf is a space as it is, and as a server shows it.
type spaceOf struct {
	real    []string
	aliases map[string]string // to their targets
	rows    cmsapi.Listing[environment]
	listed  cmsapi.Listing[alias]
}

func randomSpace(t *testing.T, r *rand.Rand) spaceOf {
	t.Helper()
	s := spaceOf{real: []string{"a", "b", "c", "d"}[:1+r.IntN(4)], aliases: map[string]string{}}
	for _, id := range []string{"master", "stage"} {
		if r.IntN(2) == 0 {
			s.aliases[id] = s.real[r.IntN(len(s.real))]
		}
	}
	of := func(target string) string {
		var all []string
		for id, to := range s.aliases {
			if to == target {
				all = append(all, id)
			}
		}
		slices.Sort(all)
		return links(all...)
	}
	var rows, aliases []string
	named, rowsForAliases := r.IntN(3), r.IntN(2) == 0
	for _, id := range s.real {
		more := ""
		if named == 0 || named == 1 && r.IntN(2) == 0 {
			more = `,"aliases":` + of(id)
		}
		rows = append(rows, `{"sys":{"type":"Environment","id":"`+id+`"`+more+`}}`)
	}
	for _, id := range []string{"master", "stage"} {
		to, is := s.aliases[id]
		if !is {
			continue
		}
		aliases = append(aliases, `{"sys":{"type":"EnvironmentAlias","id":"`+id+`"},"environment":{"sys":{"id":"`+to+`"}}}`)
		if rowsForAliases {
			rows = append(rows, `{"sys":{"type":"Environment","id":"`+id+`","aliases":`+of(to)+`,"aliasedEnvironment":{"sys":{"id":"`+to+`"}}}}`)
		}
	}
	s.rows, s.listed = listed[environment](t, rows...), listed[alias](t, aliases...)
	if r.IntN(2) == 0 {
		s.listed = broken(listed[alias](t), http.StatusForbidden)
	}
	if r.IntN(8) == 0 {
		s.rows = broken(cmsapi.Listing[environment]{Items: s.rows.Items[:r.IntN(len(s.rows.Items)+1)]}, http.StatusBadGateway)
	}
	return s
}

// opened is how many environments a key with the ids opens or waits for.
func (s spaceOf) opened(ids []string) int {
	ends := map[string]bool{}
	for _, id := range ids {
		if to, is := s.aliases[id]; is {
			id = to
		}
		ends[id] = true
	}
	return len(ends)
}

// What is said of a key is true of the space, however little of it is shown.
func TestScopesAreTrue(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	decided := 0
	for range 4_000 {
		space := randomSpace(t, r)
		known := []string{"a", "b", "c", "d", "master", "stage", "gone"}
		r.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		ids := known[:1+r.IntN(len(known))]
		key := decoded[apiKey](t, `{"sys":{"id":"k"},"environments":`+links(ids...)+`}`)
		scope := newEnvironments(space.rows, space.listed).scope(key.Environments.List)
		truth := space.opened(ids)
		switch {
		case scope.State == inventory.ScopeUnknown:
			continue
		case scope.Reason == "" && scope.Effective != truth, scope.Reason != "" && (truth < 2 || scope.Effective < truth):
			t.Fatalf("%v of %+v: %d environments, %q; in truth %d", ids, space, scope.Effective, scope.Reason, truth)
		}
		for _, i := range scope.Items {
			_, isAlias := space.aliases[i.ID]
			exists := isAlias || slices.Contains(space.real, i.ID)
			if i.Exists != inventory.Unknown && i.Exists != inventory.TernaryOf(exists) {
				t.Fatalf("%s of %+v exists: %s", i.ID, space, i.Exists)
			}
		}
		decided++
	}
	if decided < 2_000 {
		t.Errorf("only %d of 4,000 keys were decided", decided)
	}
}
