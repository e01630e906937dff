package conformance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestACorrectCollectorConforms(t *testing.T) {
	Run(t, paperTarget(none))
}

// A suite that cannot fail is worth nothing: each of these mistakes must be
// found, by the case that is meant for it.
func TestEveryMistakeIsFound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("some of the cases are left out")
	}
	tests := map[mistake]struct{ inCase, says string }{
		swallowsErrors:   {"spaces/*/keys/500", "is gone, and no unit that holds delivery tokens says so"},
		trustsTypes:      {"spaces/*/keys/first items[].name of another wrong type", "is gone, and no unit that holds delivery tokens says so"},
		guessesExpiry:    {"spaces/*/keys/items[].expiresAt of a wrong type", "expiry was"},
		guessesScope:     {"spaces/*/keys/items[].scope null", "access was"},
		ignoresTotal:     {"spaces/*/keys/pages of one item", "is not the healthy one"},
		panics:           {"spaces/*/keys/items[].scope missing", "has the class internal: an internal error in collectors/conformance.paper.token"},
		ignoresDiscovery: {"spaces/403", "is gone, and no unit"},
		inventsIDs:       {"spaces/*/keys/items[].id null", "was made up"},
		namesTheWrong:    {"spaces/*/keys/404", "no unit keys is marked"},
		spreads:          {"spaces/*/keys/502 with HTML", "several sources are touched"},
		pastesIDs:        {"spaces/ids that lead upwards", "is asked, and is not an endpoint"},
		forgetsTwins:     {"spaces/*/keys/one id for all", "tokens are gone, and no unit says so"},
		writesYears:      {"spaces/*/keys/every date 9999-12-31T23:59:59.999Z", "cannot be written"},
		praises:          {"spaces/*/keys/403", "doctor says that all is well"},
		believesTheEnd:   {"spaces/*/keys/a list without end", "no unit keys is marked"},
		believesTotals:   {"spaces/*/keys/a total of true and no items", "no unit keys is marked"},
		forgetsFolder:    {"spaces/*/keys/items[].id null", "names a path that is not asked: GET /spaces/one/keys"},
	}
	for m, want := range tests {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			s, problems := newSuite(t, paperTarget(m))
			if len(problems) > 0 {
				t.Fatalf("the healthy run is not healthy: %v", problems)
			}
			for _, c := range s.cases() {
				if c.name == want.inCase {
					if found := strings.Join(s.judge(t, c), "\n"); !strings.Contains(found, want.says) {
						t.Errorf("found %q", found)
					}
					return
				}
			}
			t.Errorf("there is no case %s", want.inCase)
		})
	}
}

func TestTheHealthyRunIsChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		target func() Target
		says   string
	}{
		"a secret":             {func() Target { return paperTarget(keepsSecrets) }, "a planted secret is in the source paper/spaces/one"},
		"another folder":       {func() Target { return paperTarget(asksTheRoot) }, "/spaces is asked, which is not below the folder /below/here"},
		"an unlisted endpoint": {func() Target { p := paperTarget(none); p.Endpoints = p.Endpoints[:2]; return p }, "/spaces/one/environments is asked, and is not an endpoint"},
		"an unused endpoint": {func() Target {
			p := paperTarget(none)
			p.Endpoints = append(p.Endpoints, Endpoint{Path: "/x"})
			return p
		}, "nobody asks /x"},
		"an unknown null field":  {func() Target { p := paperTarget(none); p.Endpoints[0].Nullable = []string{"items[].x"}; return p }, "/spaces has no field items[].x"},
		"a server that is empty": {func() Target { p := paperTarget(none); p.Handler = emptyCMS; return p }, "no token was collected"},
	}
	for name, test := range tests {
		_, problems := newSuite(t, test.target())
		if found := strings.Join(problems, "\n"); !strings.Contains(found, test.says) {
			t.Errorf("%s: found %q", name, found)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	want := []string{"items", "items[]", "items[].sys", "items[].sys.id", "items[].tags", "items[].tags[]", "items[].z", "total"}
	if diff := cmp.Diff(want, Fields([]byte(`{"total":1,"items":[{"sys":{"id":1}},{"z":null,"tags":["a"]}]}`))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"[]", "[].id"}, Fields([]byte(`[{"id":1}]`))); diff != "" {
		t.Error(diff)
	}
	if got := Fields([]byte(`<html>`)); got != nil {
		t.Errorf("got %v", got)
	}
}
