package contentful

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// keysWithTotal answers a list of keys whose envelope says something else than
// their number.
func keysWithTotal(total string, keys ...string) http.HandlerFunc {
	return body(`{"sys":{"type":"Array"},` + total + `"skip":0,"limit":100,"items":[` + strings.Join(keys, ",") + `]}`)
}

// A list that cannot be held against its total is never complete, least of all
// complete and empty. Doctor says so as a scan does.
func TestTotalsThatMeanNothing(t *testing.T) {
	t.Parallel()
	const one = `{"name":"One","sys":{"id":"k1"}}`
	for _, total := range []string{
		``, `"total":null,`, `"total":5000000000,`, `"total":-1,`, `"total":9.5,`, `"total":true,`, `"total":"many",`, `"total":{},`, `"total":[],`, `"total":"",`, `"total":1e400,`,
	} {
		for _, keys := range [][]string{nil, {one}} {
			t.Run(total+strconv.Itoa(len(keys)), func(t *testing.T) {
				t.Parallel()
				s := newServer(t, map[string]http.HandlerFunc{"/spaces/web/api_keys": keysWithTotal(total, keys...)})
				sources, _ := s.collect(t, organizationEntry())
				source := find(t, sources, "contentful/spaces/web")
				if u := conformance.Unit(t, source, unitAPIKeys); u.Status == inventory.UnitComplete || u.Error != inventory.ErrTruncated || u.Hint == "" {
					t.Errorf("the unit is %+v", u)
				}
				got := 0
				for _, k := range source.Tokens {
					if k.Kind == inventory.Delivery {
						got++
					}
				}
				if got != len(keys) {
					t.Errorf("%d delivery keys", got)
				}
				if !probeFails(s.open(t, organizationEntry()), "list API keys of space web") {
					t.Error("doctor says that all is well")
				}
			})
		}
	}
}

func probeFails(c *collector, name string) bool {
	for _, check := range c.Probe(context.Background()) {
		if check.Name == name {
			return check.Status == collectors.CheckFailed
		}
	}
	return false
}

// Totals that are numbers, and not those of the list.
func TestTotalsThatAreWrong(t *testing.T) {
	t.Parallel()
	key := func(i int) string { return `{"name":"Key","sys":{"id":"k` + strconv.Itoa(i) + `"}}` }
	var all []string
	for i := range 150 {
		all = append(all, key(i))
	}
	// pages answers keys by skip, each page with the total that totals names.
	pages := func(totals func(request int) int) http.HandlerFunc {
		request := 0
		return func(w http.ResponseWriter, r *http.Request) {
			request++
			skip, _ := strconv.Atoi(r.URL.Query().Get("skip"))
			page := all[min(skip, len(all)):min(skip+100, len(all))]
			keysWithTotal(`"total":`+strconv.Itoa(totals(request))+`,`, page...)(w, r)
		}
	}
	for name, test := range map[string]struct {
		totals func(request int) int
		status inventory.UnitStatus
	}{
		"the truth":                          {func(int) int { return 150 }, inventory.UnitComplete},
		"none":                               {func(int) int { return 0 }, inventory.UnitPartial},
		"fewer than came":                    {func(int) int { return 149 }, inventory.UnitPartial},
		"more than came":                     {func(int) int { return 151 }, inventory.UnitPartial},
		"another on each page":               {func(request int) int { return 149 + (request+1)%2 }, inventory.UnitPartial},
		"one that changed while it was read": {func(request int) int { return min(148+request, 150) }, inventory.UnitComplete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]http.HandlerFunc{"/spaces/web/api_keys": pages(test.totals), "/spaces/web/preview_api_keys": items()})
			sources, _ := s.collect(t, organizationEntry())
			source := find(t, sources, "contentful/spaces/web")
			if u := conformance.Unit(t, source, unitAPIKeys); u.Status != test.status {
				t.Errorf("the unit is %+v, want %s", u, test.status)
			}
			if len(source.Tokens) != 150 {
				t.Errorf("%d keys", len(source.Tokens))
			}
		})
	}
}
