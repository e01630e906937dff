package ghost

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// auditTime is when everything is collected, a day after the captures.
var auditTime = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

func open(t testing.TB, cms http.Handler) *collector {
	t.Helper()
	return conformance.Open[*collector](t, Definition(), entryWith("magazine", ownKey+":"+ownSecret), cms, auditTime)
}

const (
	zapierKey  = "api_keys/6b023c330a9d5d13998aa43d"
	deployRead = "api_keys/6b023c780a9d5d13998aa6b1"
	deployKey  = "api_keys/6b023c780a9d5d13998aa6b3"
	ownToken   = "staff_tokens/" + ownKey
)

// TestRecordedSite holds what is made of the captures of Ghost 6.65.0.
func TestRecordedSite(t *testing.T) {
	s := conformance.Collect(t, open(t, recorded(t)))
	for _, u := range s.Units {
		if u.Status != inventory.UnitComplete {
			t.Errorf("%+v", u)
		}
	}
	type facts struct {
		Name    string
		Kind    inventory.Kind
		Level   inventory.Level
		Manages inventory.Ternary
		Factory inventory.Ternary
		Secret  inventory.Ternary
	}
	got := map[string]facts{}
	for _, token := range s.Tokens {
		got[strings.TrimPrefix(token.ID, s.ID+"/")] = facts{token.Name, token.Kind, token.Access.Level, token.Access.ManagesTokens, token.Traits.Factory, token.Secret.Readable}
		if token.Expiry.State != inventory.ExpiryNever || token.Expiry.Supported || token.RevokedAt.State != inventory.TimestampNone {
			t.Errorf("%s: no key of Ghost expires: %+v", token.ID, token.Expiry)
		}
		if token.LastUsed.State != inventory.LastUsedUnknown || token.LastUsed.Reason != reasonNoUse {
			t.Errorf("%s: Ghost never writes the last use: %+v", token.ID, token.LastUsed)
		}
		if token.Environments.Effective != 1 || token.Branches != nil {
			t.Errorf("%s: %+v", token.ID, token.Environments)
		}
	}
	const (
		delivery, management = inventory.Delivery, inventory.Management
		read, admin, write   = inventory.LevelRead, inventory.LevelAdmin, inventory.LevelWrite
		yes, no              = inventory.Yes, inventory.No
	)
	want := map[string]facts{
		zapierKey:                           {"Zapier: Admin API key", management, admin, no, yes, yes},
		"api_keys/6b023c330a9d5d13998aa43f": {"Transistor: Admin API key", management, admin, no, yes, yes},
		"api_keys/6b023c330a9d5d13998aa441": {"Self-Serve Migration Integration: Admin API key", management, write, no, yes, yes},
		"api_keys/6b023c330a9d5d13998aa449": {"Ghost Core Content API: Content API key", delivery, read, no, yes, yes},
		deployRead:                          {"ci-deploy: Content API key", delivery, read, no, no, yes},
		deployKey:                           {"ci-deploy: Admin API key", management, admin, no, no, yes},
		"api_keys/6b023c780a9d5d13998aa6b7": {"frontend: Content API key", delivery, read, no, no, yes},
		"api_keys/6b023c780a9d5d13998aa6b9": {"frontend: Admin API key", management, admin, no, no, yes},
		"api_keys/6b023c790a9d5d13998aa6bd": {"unused: Content API key", delivery, read, no, no, yes},
		"api_keys/6b023c790a9d5d13998aa6bf": {"unused: Admin API key", management, admin, no, no, yes},
		ownToken:                            {"staff access token of It Owner", inventory.Personal, admin, yes, no, no},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	key := conformance.Token(t, s, deployKey)
	if diff := cmp.Diff(&inventory.Role{ID: "6b023c310a9d5d13998aa39e", Name: "Admin Integration", Level: admin}, key.Role); diff != "" {
		t.Error(diff)
	}
	if !strings.HasSuffix(key.URL, "/ghost/#/settings/integrations/6b023c780a9d5d13998aa6b0") || key.Ref != "6b023c780a9d5d13998aa6b3" {
		t.Errorf("%s at %s", key.Ref, key.URL)
	}
	if at, want := key.CreatedAt.At, time.Date(2026, 11, 22, 0, 51, 4, 0, time.UTC); !at.Equal(want) {
		t.Errorf("created at %s", at)
	}
	own := conformance.Token(t, s, ownToken)
	owner := inventory.Owner{Type: inventory.OwnerPerson, ID: me, Name: "It Owner", State: inventory.OwnerActive, Level: admin, Role: "Owner",
		LastActive: inventory.UnknownTime(reasonNoActivity)}
	if diff := cmp.Diff(owner, own.Owner); diff != "" {
		t.Error(diff)
	}
	if a := s.Auditor; a.Token != own.ID || a.ReadsSecrets != yes || a.Writes != yes || a.Necessary != yes {
		t.Errorf("Ghost has nothing weaker: %+v", a)
	}
}

// TestTraps: each is one answer that means something else than it says, or not
// what it seems to.
func TestTraps(t *testing.T) {
	change := func(l resource, old, changed string) func(conformance.Answers) {
		return func(a conformance.Answers) {
			answer := a[l.path]
			if !strings.Contains(answer.Body, old) {
				t.Fatalf("%s does not hold %s", l.path, old)
			}
			answer.Body = strings.ReplaceAll(answer.Body, old, changed)
			a[l.path] = answer
		}
	}
	becomes := func(l resource, answer conformance.Answer) func(conformance.Answers) {
		return func(a conformance.Answers) { a[l.path] = answer }
	}
	fails := func(l resource, status int, fixture string) func(conformance.Answers) {
		return becomes(l, conformance.Answer{Status: status, Body: conformance.Fixture(t, fixture)})
	}
	isGap := func(l resource, status inventory.UnitStatus, class inventory.ErrorClass, words string) func(*testing.T, inventory.Source) {
		return func(t *testing.T, s inventory.Source) {
			t.Helper()
			u := conformance.Unit(t, s, l.unit)
			if u.Status != status || u.Error != class || !strings.Contains(u.Detail+" "+u.Hint, words) || u.Hint == "" {
				t.Errorf("%+v", u)
			}
		}
	}
	const adminRole = "6b023c310a9d5d13998aa39e"
	tests := map[string]struct {
		spoil func(conformance.Answers)
		check func(t *testing.T, s inventory.Source)
	}{
		"a date of use is a lower bound": {change(listIntegrations, `"last_seen_at": null`, `"last_seen_at": "2026-11-22T09:00:00.000Z"`), func(t *testing.T, s inventory.Source) {
			want := inventory.UsedBetween(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), auditTime)
			if diff := cmp.Diff(want, conformance.Token(t, s, deployKey).LastUsed); diff != "" {
				t.Error(diff)
			}
		}},
		"a date of use in the future": {change(listIntegrations, `"last_seen_at": null`, `"last_seen_at": "2027-11-22T09:00:00.000Z"`), func(t *testing.T, s inventory.Source) {
			if u := conformance.Token(t, s, deployKey).LastUsed; u.State != inventory.LastUsedUnknown {
				t.Errorf("%+v", u)
			}
		}},
		"an integration of a type that nobody knows": {change(listIntegrations, `"type": "core"`, `"type": "partner"`), func(t *testing.T, s inventory.Source) {
			if f := conformance.Token(t, s, "api_keys/6b023c330a9d5d13998aa441").Traits.Factory; f != inventory.Unknown {
				t.Errorf("factory is %s", f)
			}
		}},
		"a key of a type that nobody knows": {change(listIntegrations, `"type": "content"`, `"type": "members"`), func(t *testing.T, s inventory.Source) {
			if token := conformance.Token(t, s, deployRead); !token.Access.Assumed || !token.Access.Write || token.Kind != inventory.Management {
				t.Errorf("%+v", token)
			}
			isGap(listIntegrations, inventory.UnitPartial, inventory.ErrUnreadable, "members")(t, s)
		}},
		"a role that nobody knows": {change(listRoles, `"Admin Integration"`, `"Agent Integration"`), func(t *testing.T, s inventory.Source) {
			token := conformance.Token(t, s, deployKey)
			if !token.Access.Assumed || !token.Access.Write || token.Access.ManagesTokens != inventory.Unknown || !strings.Contains(token.Access.Reason, "Agent Integration") {
				t.Errorf("%+v", token.Access)
			}
			if token.Role == nil || token.Role.Name != "Agent Integration" || token.Role.Level != inventory.LevelUnknown {
				t.Errorf("%+v", token.Role)
			}
		}},
		"a role that is not in the list": {change(listRoles, adminRole, "6b023c310a9d5d13998aaaaa"), func(t *testing.T, s inventory.Source) {
			if token := conformance.Token(t, s, deployKey); !token.Access.Assumed || token.Role.ID != adminRole {
				t.Errorf("%+v", token)
			}
		}},
		"an admin key without a role": {change(listIntegrations, `"role_id": "`+adminRole+`"`, `"role_id": null`), func(t *testing.T, s inventory.Source) {
			if token := conformance.Token(t, s, deployKey); !token.Access.Assumed || token.Role != nil {
				t.Errorf("%+v", token)
			}
		}},
		"roles that may not be read": {fails(listRoles, 403, "error-403-editor.json"), func(t *testing.T, s inventory.Source) {
			isGap(listRoles, inventory.UnitFailed, inventory.ErrPermissionDenied, hintCredential)(t, s)
			if a := conformance.Token(t, s, deployKey).Access; !a.Assumed || !strings.Contains(a.Reason, "list of roles could not be read") {
				t.Errorf("%+v", a)
			}
			if a := conformance.Token(t, s, deployRead).Access; a.Assumed || a.Write {
				t.Errorf("a content key reads, whatever the roles: %+v", a)
			}
		}},
		"a key made anew": {change(listIntegrations, `"updated_at": "2026-11-22T00:51:04.000Z"`, `"updated_at": "2026-11-22T10:00:00.000Z"`), func(t *testing.T, s inventory.Source) {
			token := conformance.Token(t, s, deployKey)
			if token.UpdatedAt.At.Hour() != 10 || token.CreatedAt.At.Hour() != 0 {
				t.Errorf("%+v, %+v", token.CreatedAt, token.UpdatedAt)
			}
		}},
		"other staff": {becomes(listUsers, usersOf(me, "6b023c310a9d5d13998aa111", "6b023c310a9d5d13998aa222")), func(t *testing.T, s inventory.Source) {
			isGap(listUsers, inventory.UnitPartial, inventory.ErrPermissionDenied, "2 other staff users may have one")(t, s)
			conformance.Token(t, s, ownToken)
		}},
		"staff without the scan's own user": {becomes(listUsers, usersOf("6b023c310a9d5d13998aa111")),
			isGap(listUsers, inventory.UnitPartial, inventory.ErrTruncated, "lacks the credential's own user")},
		"no staff at all":           {becomes(listUsers, usersOf()), isGap(listUsers, inventory.UnitPartial, inventory.ErrTruncated, "lacks the credential's own user")},
		"staff that cannot be read": {fails(listUsers, 403, "error-403-editor.json"), isGap(listUsers, inventory.UnitPartial, inventory.ErrPermissionDenied, hintCredential)},
		"the admin key of an integration": {func(a conformance.Answers) {
			fails(listIntegrations, 403, "error-403-integration-key.json")(a)
			fails(readMe, 404, "error-404-suspended.json")(a)
		}, func(t *testing.T, s inventory.Source) {
			isGap(listIntegrations, inventory.UnitFailed, inventory.ErrPermissionDenied, "admin API key of an integration")(t, s)
			isGap(listUsers, inventory.UnitFailed, inventory.ErrNotFound, "whose staff access token")(t, s)
			if len(s.Tokens) != 0 || s.Auditor.Writes != inventory.Unknown || s.Auditor.Detail == "" {
				t.Errorf("%d tokens, %+v", len(s.Tokens), s.Auditor)
			}
		}},
		"the token of an editor": {func(a conformance.Answers) {
			fails(listIntegrations, 403, "error-403-editor.json")(a)
			change(readMe, `"Owner"`, `"Editor"`)(a)
		}, func(t *testing.T, s inventory.Source) {
			isGap(listIntegrations, inventory.UnitFailed, inventory.ErrPermissionDenied, hintCredential)(t, s)
			if a := s.Auditor; a.ReadsSecrets != inventory.No || a.Writes != inventory.Yes || a.Necessary != inventory.Unknown {
				t.Errorf("%+v", a)
			}
		}},
		"a user of a role that nobody knows": {change(readMe, `"Owner"`, `"Publisher"`), func(t *testing.T, s inventory.Source) {
			if a := conformance.Token(t, s, ownToken).Access; !a.Assumed {
				t.Errorf("%+v", a)
			}
			if a := s.Auditor; a.Writes != inventory.Unknown || a.Necessary != inventory.Unknown || a.ReadsSecrets != inventory.Unknown {
				t.Errorf("%+v", a)
			}
		}},
		"clocks that differ":      {fails(listIntegrations, 401, "error-401-expired.json"), isGap(listIntegrations, inventory.UnitFailed, inventory.ErrUnauthorized, "clocks")},
		"a regenerated token":     {fails(listIntegrations, 401, "error-401-signature.json"), isGap(listIntegrations, inventory.UnitFailed, inventory.ErrUnauthorized, "regenerated")},
		"a deleted user":          {fails(listIntegrations, 401, "error-401-unknown-key.json"), isGap(listIntegrations, inventory.UnitFailed, inventory.ErrUnauthorized, "does not know the key")},
		"a content key":           {fails(listIntegrations, 401, "error-401-content-key.json"), isGap(listIntegrations, inventory.UnitFailed, inventory.ErrUnauthorized, "Content API key")},
		"a suspended user":        {fails(listIntegrations, 404, "error-404-suspended.json"), isGap(listIntegrations, inventory.UnitFailed, inventory.ErrNotFound, "suspended")},
		"a lost header":           {fails(listIntegrations, 403, "error-403-no-credential.json"), isGap(listIntegrations, inventory.UnitFailed, inventory.ErrPermissionDenied, "passes the Authorization header on")},
		"a broken header":         {fails(listIntegrations, 400, "error-400-no-jwt.json"), isGap(listIntegrations, inventory.UnitFailed, inventory.ErrUnauthorized, "changes the Authorization header")},
		"an answer without pages": {change(listIntegrations, `"meta"`, `"matter"`), isGap(listIntegrations, inventory.UnitPartial, inventory.ErrUnreadable, "how many integrations")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answers := recorded(t)
			tt.spoil(answers)
			tt.check(t, conformance.Collect(t, open(t, answers)))
		})
	}
}

// TestLimiter: Ghost's limiter of failed logins concerns the whole API.
func TestLimiter(t *testing.T) {
	e := classify(cmsapi.Failure{Status: http.StatusTooManyRequests, Body: []byte(apiError(429, "Too many attempts", "").Body)})
	if e == nil || e.Class != inventory.ErrRateLimited || !strings.Contains(e.Hint, "blocks an address") || strings.Contains(e.Message, planted) {
		t.Errorf("%+v", e)
	}
}

// numbered answers like a list of as many integrations that gives a hundred at
// most. Ghost 6 ignores page for integrations.
func numbered(t testing.TB, total int, heedsPage bool, rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != listIntegrations.path {
			rest.ServeHTTP(w, r)
			return
		}
		page := 1
		if asked := r.URL.Query().Get("page"); heedsPage && asked != "" {
			if _, err := fmt.Sscan(asked, &page); err != nil {
				t.Error(err)
			}
		}
		var items []string
		for i := (page - 1) * 100; i < min(total, page*100); i++ {
			items = append(items, fmt.Sprintf(`{"id":"i%d","type":"custom","name":"n","api_keys":[{"id":"k%d","type":"content"}]}`, i, i))
		}
		next := "null"
		if page*100 < total {
			next = fmt.Sprint(page + 1)
		}
		_, _ = fmt.Fprintf(w, `{"integrations":[%s],"meta":{"pagination":{"page":%d,"limit":100,"total":%d,"next":%s,"prev":null}}}`, strings.Join(items, ","), page, total, next)
	})
}

func TestMoreThanAHundred(t *testing.T) {
	s := conformance.Collect(t, open(t, numbered(t, 250, true, recorded(t))))
	if u := conformance.Unit(t, s, "integrations"); u.Status != inventory.UnitComplete || len(s.Tokens) != 251 {
		t.Errorf("%d tokens, %+v", len(s.Tokens), u)
	}
	s = conformance.Collect(t, open(t, numbered(t, 115, false, recorded(t))))
	u := conformance.Unit(t, s, "integrations")
	if u.Status != inventory.UnitPartial || u.Error != inventory.ErrTruncated || len(s.Tokens) != 101 ||
		!strings.Contains(u.Detail, "reports 115 integrations, but returns the first page") || !strings.Contains(u.Hint, "optimization.maxLimit") {
		t.Errorf("%d tokens, %+v", len(s.Tokens), u)
	}
}

// TestNothingElseIsAsked: a GET of /users/{id}/token/ would make a token.
func TestNothingElseIsAsked(t *testing.T) {
	allowed := map[string]bool{readMe.path: true, listIntegrations.path: true, listUsers.path: true, listRoles.path: true}
	answers := recorded(t)
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowed[r.URL.Path] || r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		answers.ServeHTTP(w, r)
	}))
	conformance.Collect(t, c)
	c.Probe(t.Context())
}

func TestProbe(t *testing.T) {
	lines := func(answers conformance.Answers) []string {
		var got []string
		for _, c := range open(t, answers).Probe(t.Context()) {
			got = append(got, string(c.Status)+" "+c.Name)
			if c.Status != collectors.CheckOK && c.Hint == "" && c.Class != "" {
				t.Errorf("no hint: %+v", c)
			}
		}
		return got
	}
	want := []string{"ok identity", "ok list integrations", "ok list roles", "ok list staff access tokens", "ok rights of the credential"}
	if diff := cmp.Diff(want, lines(recorded(t))); diff != "" {
		t.Error(diff)
	}
	shared := recorded(t)
	shared[listUsers.path] = usersOf(me, "6b023c310a9d5d13998aa111")
	want[3] = "warning list staff access tokens"
	if diff := cmp.Diff(want, lines(shared)); diff != "" {
		t.Errorf("nothing that could be granted closes the gap:\n%s", diff)
	}
	denied := recorded(t)
	denied[""] = conformance.Answer{Status: http.StatusForbidden, Body: conformance.Fixture(t, "error-403-integration-key.json")}
	for _, l := range []resource{readMe, listIntegrations, listUsers, listRoles} {
		delete(denied, l.path)
	}
	want = []string{"failed identity", "failed list integrations", "failed list roles", "failed list staff access tokens", "warning rights of the credential"}
	if diff := cmp.Diff(want, lines(denied)); diff != "" {
		t.Error(diff)
	}
}
