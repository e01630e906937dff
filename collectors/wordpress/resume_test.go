package wordpress

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// lists is a site that writes down for whom it was asked for application passwords.
type lists struct {
	mu   sync.Mutex
	of   []string
	site http.Handler
}

func (l *lists) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if id, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, pathUsers+"/"), "/application-passwords"); ok {
		l.mu.Lock()
		l.of = append(l.of, id)
		l.mu.Unlock()
	}
	l.site.ServeHTTP(w, r)
}

// with is the recorded site with other answers.
func with(t *testing.T, answers map[string]conformance.Answer) *lists {
	t.Helper()
	all := recorded(t)
	maps.Copy(all, answers)
	return &lists{site: serve(all)}
}

// A run that goes on with another asks for the application passwords of those users alone
// whose could not be read, and comes to what a whole run reads.
func TestContinue(t *testing.T) {
	no, twice := apiError(403, "rest_cannot_list_application_passwords"), `{"uuid":"u","name":"n","created":"2026-11-22T01:05:43","last_used":null}`
	whole := conformance.Collect(t, open(t, with(t, nil)))
	for name, tt := range map[string]struct {
		lost, lostAgain map[string]conformance.Answer
		// asked is nil where the site is read as a whole.
		asked, missing []string
	}{
		"one user":                 {map[string]conformance.Answer{pathOf("2"): no}, nil, []string{"2"}, nil},
		"the scan's own":           {map[string]conformance.Answer{pathOf("1"): no}, nil, []string{"1"}, nil},
		"an outage":                {map[string]conformance.Answer{pathOf("3"): apiError(500, "x"), pathOf("4"): apiError(500, "x")}, nil, []string{"3", "4"}, nil},
		"a list that is not right": {map[string]conformance.Answer{pathOf("2"): ok("[" + twice + "," + twice + "]"), pathOf("4"): no}, nil, []string{"2", "4"}, nil},
		"who the credential is":    {map[string]conformance.Answer{pathOwn: no}, nil, []string{}, nil},
		"one of two again": {
			map[string]conformance.Answer{pathOf("2"): no, pathOf("4"): no}, map[string]conformance.Answer{pathOf("4"): no}, []string{"2", "4"}, []string{"4"},
		},
		"all":                            {map[string]conformance.Answer{pathOf("1"): no, pathOf("2"): no, pathOf("3"): no, pathOf("4"): no}, nil, []string{"1", "2", "3", "4"}, nil},
		"the users":                      {map[string]conformance.Answer{pathUsers: no}, nil, nil, nil},
		"a user":                         {map[string]conformance.Answer{pathUsers: users(conformance.Fixture(t, "users.json"), 5, 1), pathOf("2"): no}, nil, nil, nil},
		"the site":                       {map[string]conformance.Answer{"/wp-json/": no}, nil, nil, nil},
		"the own one, and nobody's list": {map[string]conformance.Answer{pathOwn: ok(`{"uuid":"other","name":"n"}`)}, nil, nil, nil},
	} {
		first := conformance.Collect(t, open(t, with(t, tt.lost)))
		site := with(t, tt.lostAgain)
		again := open(t, site)
		goOn := again.Continue(first)
		if (goOn == nil) != (tt.asked == nil) {
			t.Errorf("%s: it goes on: %v; %+v", name, goOn != nil, first.Units)
		}
		if goOn == nil {
			continue
		}
		second, err := goOn(t.Context(), again.Source())
		slices.Sort(site.of)
		if diff := cmp.Diff(tt.asked, append([]string{}, site.of...)); diff != "" || err != nil {
			t.Errorf("%s: %v; asked for (-want +got):\n%s", name, err, diff)
		}
		anywhere := cmpopts.IgnoreFields(inventory.Token{}, "URL")
		if diff := cmp.Diff(whole, second, anywhere, cmpopts.IgnoreFields(inventory.Source{}, "URL", "Host")); (diff != "") != (tt.missing != nil) {
			t.Errorf("%s: (-whole +continued):\n%s", name, diff)
		}
		if u := conformance.Unit(t, second, unitPasswords); !slices.Equal(u.Missing, tt.missing) {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

// What is named as missing is bounded, and of the form of an id.
func TestMissingIsBounded(t *testing.T) {
	ids := make([]string, inventory.MaxMissing)
	for i := range ids {
		ids[i] = strconv.Itoa(i + 1)
	}
	for name, tt := range map[string]struct {
		ids  []string
		want int
	}{
		"as many as may be": {ids, inventory.MaxMissing}, "one more": {append(slices.Clone(ids), "0"), 0},
		"another form": {[]string{"1", "a\x1b[31m"}, 0}, "a long one": {[]string{strings.Repeat("1", 21)}, 0},
	} {
		if got := (answers{}).missing(tt.ids); len(got) != tt.want {
			t.Errorf("%s: %d", name, len(got))
		}
	}
}
