package contentful

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// elements joins elements by commas until they are as long as size; a %d in the
// element is its number.
func elements(size int, element string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.Contains(element, "%d") {
			fmt.Fprintf(&b, element, i)
		} else {
			b.WriteString(element)
		}
	}
	return b.String()
}

// packed answers with a text that is short on the wire.
func packed(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
	}
}

// allocated is what collecting everything allocates, in bytes, most of which is
// garbage soon: an upper bound of what it holds at once.
func allocated(t *testing.T, answers map[string]http.HandlerFunc) (uint64, []inventory.Source) {
	t.Helper()
	s := newServer(t, answers)
	defer s.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sources, _ := s.collect(t, organizationEntry())
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, sources
}

// An answer costs no more than twenty times its length, whatever is in it: a
// megabyte of {} takes a kilobyte on the wire.
//
// The test is not parallel: what others allocate would count.
func TestMemoryOfAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector, which runs the short tests, takes memory of its own")
	}
	const size = 1 << 20
	const organization = "/organizations/" + testOrganization
	list := func(items string) string { return `{"total":1000000,"limit":100,"items":[` + items + `]}` }
	withItem := func(before, element, after string) string {
		return `{"total":1,"limit":100,"items":[{"sys":{"id":"x"},` + before + elements(size, element) + after + `}]}`
	}
	type answer struct{ name, path, body string }
	var all []answer
	for _, path := range []string{
		organization + "/access_tokens", organization + "/spaces", organization + "/organization_memberships", organization + "/space_memberships",
		organization + "/team_space_memberships", organization + "/team_memberships", organization + "/roles", "/users/me/access_tokens", "/organizations",
		"/spaces/web/api_keys", "/spaces/web/preview_api_keys", "/spaces/web/environments", "/spaces/web/environment_aliases",
	} {
		all = append(all, answer{"empty objects", path, list(elements(size, `{}`))})
		if path != organization+"/spaces" { // each of a thousand spaces is a source
			all = append(all, answer{"ids", path, list(elements(size, `{"sys":{"id":"a%d"}}`))})
		}
	}
	all = append(all,
		answer{"numbers", "/spaces/web/api_keys", list(elements(size, `0`))},
		answer{"links", "/spaces/web/api_keys", withItem(`"environments":[`, `{"sys":{"id":"a%d"}}`, `]`)},
		answer{"scopes", organization + "/access_tokens", withItem(`"scopes":[`, `"a%d"`, `]`)},
		answer{"policies", organization + "/roles", withItem(`"policies":[`, `{}`, `]`)},
		answer{"actions", organization + "/roles", withItem(`"policies":[{"effect":"allow","actions":[`, `""`, `]}]`)},
		answer{"permissions", organization + "/roles", withItem(`"permissions":{`, `"%d":0`, `}`)},
		answer{"a permission", organization + "/roles", withItem(`"permissions":{"Tags":[`, `""`, `]}`)},
		answer{"roles", organization + "/space_memberships", withItem(`"admin":false,"roles":[`, `{"sys":{"id":"a%d"}}`, `]`)},
		answer{"users", organization + "/organization_memberships", `{"total":0,"items":[],"includes":{"User":[` + elements(size, `{}`) + `]}}`},
		answer{"members", "/users/me", `{` + elements(size, `"%d":0`) + `}`},
	)
	usual, _ := allocated(t, nil)
	for _, a := range all {
		used, sources := allocated(t, map[string]http.HandlerFunc{a.path: packed(a.body)})
		if limit := usual + 20*uint64(len(a.body)); used > limit {
			t.Errorf("%s in %s: %d MB were allocated for an answer of %d MB", a.name, a.path, used>>20, len(a.body)>>20)
		}
		if strings.HasPrefix(a.body, `{"total":1000000,`) && everythingRead(sources) && a.path != "/organizations" {
			t.Errorf("%s in %s: every unit is complete", a.name, a.path)
		}
	}
}

func everythingRead(sources []inventory.Source) bool {
	for _, s := range sources {
		if len(gaps(s)) > 0 {
			return false
		}
	}
	return true
}
