package contentstack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// decodeToken reads one token as a list would.
func decodeToken(t *testing.T, members string) token {
	t.Helper()
	var p page
	if err := json.Unmarshal([]byte(`{"tokens": [{"uid": "bltx"`+members+`}]}`), &p); err != nil {
		t.Fatal(err)
	}
	return p.Tokens.Items[0]
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	horizon := time.Date(2036, 11, 22, 8, 0, 0, 0, time.UTC)
	day := func(s string) inventory.Expiry {
		at, _ := time.Parse(time.DateOnly, s)
		return inventory.ExpiresAt(at, inventory.PrecisionDay)
	}
	instant := func(s string) inventory.Expiry {
		at, _ := time.Parse(time.RFC3339, s)
		return inventory.ExpiresAt(at, inventory.PrecisionInstant)
	}
	never := func(e inventory.Expiry) inventory.Expiry { e.State = inventory.ExpiryNever; return e }
	const unreadable = "expires_on of the token is not a readable date"
	for _, tt := range []struct {
		name, members string
		want          inventory.Expiry
	}{
		{"absent", ``, inventory.NeverExpires(true)},
		{"null", `, "expires_on": null, "is_email_notification_enabled": false`, inventory.NeverExpires(true)},
		{"empty", `, "expires_on": ""`, inventory.NeverExpires(true)},
		{"blank", `, "expires_on": "  "`, inventory.NeverExpires(true)},
		{"flag", `, "is_never_expires": true`, inventory.NeverExpires(true)},
		{"flag as a string", `, "is_never_expires": "true"`, inventory.NeverExpires(true)},
		{"flag and date", `, "is_never_expires": true, "expires_on": "2027-01-31"`, never(day("2027-01-31"))},
		{"sentinel", `, "expires_on": "3000-01-01"`, never(day("3000-01-01"))},
		{"at the horizon", `, "expires_on": "2036-11-22T08:00:00.000Z"`, never(instant("2036-11-22T08:00:00Z"))},
		{"before the horizon", `, "expires_on": "2036-11-22T07:59:59.000Z"`, instant("2036-11-22T07:59:59Z")},
		{"date", `, "expires_on": "2027-01-31"`, day("2027-01-31")},
		{"date with spaces", `, "expires_on": " 2027-01-31 "`, day("2027-01-31")},
		{"leap day", `, "expires_on": "2028-02-29"`, day("2028-02-29")},
		{"past", `, "expires_on": "2020-12-10"`, day("2020-12-10")},
		{"flag that denies, with a date", `, "is_never_expires": false, "expires_on": "2027-01-31"`, day("2027-01-31")},
		{"flag that is neither, with a date", `, "is_never_expires": "perhaps", "expires_on": "2027-01-31"`, inventory.UnknownExpiry(true, "is_never_expires in the CMS's response is a string that is neither true nor false")},
		{"time stamp", `, "expires_on": "2027-03-31T10:15:00.000Z"`, instant("2027-03-31T10:15:00Z")},
		{"time stamp with an offset", `, "expires_on": "2027-03-31T23:30:00-02:00"`, instant("2027-04-01T01:30:00Z")},
		{"time stamp at midnight", `, "expires_on": "2027-03-31T00:00:00Z"`, instant("2027-03-31T00:00:00Z")},
		{"time stamp without a zone", `, "expires_on": "2027-03-31T10:15:00"`, inventory.UnknownExpiry(true, unreadable)},
		{"no such day", `, "expires_on": "2027-02-30"`, inventory.UnknownExpiry(true, unreadable)},
		{"word", `, "expires_on": "never"`, inventory.UnknownExpiry(true, unreadable)},
		{"number", `, "expires_on": 1767139200`, inventory.UnknownExpiry(true, unreadable)},
		{"false", `, "expires_on": false`, inventory.UnknownExpiry(true, unreadable)},
		{"object", `, "expires_on": {"date": "2027-01-31"}`, inventory.UnknownExpiry(true, unreadable)},
		{"placeholder", `, "expires_on": "1970-01-01"`, inventory.UnknownExpiry(true, "expires_on of the token is earlier than any Contentstack token")},
		{"zero date", `, "expires_on": "0001-01-01"`, inventory.UnknownExpiry(true, "expires_on of the token is earlier than any Contentstack token")},
		{"year 10000", `, "expires_on": "9999-12-31T23:59:59-14:00"`, inventory.UnknownExpiry(true, unreadable)},
		{"flag that denies, without a date", `, "is_never_expires": false`, inventory.UnknownExpiry(true, "Contentstack says that the token expires, but gives no date")},
		{"flag that says nothing", `, "is_never_expires": "perhaps", "expires_on": null`, inventory.UnknownExpiry(true, "Contentstack says that the token expires, but gives no date")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, expiryOf(decodeToken(t, tt.members), true, horizon)); diff != "" {
				t.Errorf("expiry (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeliveryTokensCannotExpire(t *testing.T) {
	t.Parallel()
	if got := expiryOf(decodeToken(t, ``), false, now); got != inventory.NeverExpires(false) {
		t.Errorf("got %+v", got)
	}
	// Should that ever change, a date is believed.
	if got := expiryOf(decodeToken(t, `, "expires_on": "2026-01-31"`), false, now); got.State != inventory.ExpiryAt || !got.Supported {
		t.Errorf("got %+v", got)
	}
}

func TestConfiguredHorizon(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	entry := organizationEntry()
	entry.NeverAfter = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	sources, err := newHarness(t, s).collect(t, entry)
	if err != nil {
		t.Fatal(err)
	}
	if e := tokensOf(sources[webID])["bltmanagement0001"].Expiry; e.State != inventory.ExpiryNever || e.At.IsZero() {
		t.Errorf("an expiry after the configured horizon is %+v", e)
	}
}

func TestManagementAccess(t *testing.T) {
	t.Parallel()
	assumed := func(grants ...string) inventory.Access {
		return inventory.AssumedAccess("", inventory.No, grants...)
	}
	level := func(l inventory.Level, grants ...string) inventory.Access {
		return inventory.NewAccess(l, inventory.No, grants...)
	}
	for _, tt := range []struct {
		name, scope string
		want        inventory.Access
	}{
		{"empty scope", `[]`, level(inventory.LevelNone)},
		{"everything", `[{"module": "$all", "acl": {"read": true, "write": true}}]`, level(inventory.LevelSchema, "$all:read", "$all:write")},
		{"everything to read", `[{"module": "$all", "acl": {"read": true}}]`, level(inventory.LevelRead, "$all:read")},
		{"content types", `[{"module": "content_type", "acl": {"read": true, "write": true}}]`, level(inventory.LevelSchema, "content_type:read", "content_type:write")},
		{"webhooks", `[{"module": "webhook", "acl": {"write": true}}]`, level(inventory.LevelSchema, "webhook:write")},
		{"entries", `[{"module": "entry", "acl": {"read": true, "write": true}}]`, level(inventory.LevelWrite, "entry:read", "entry:write")},
		{"a module nobody knows", `[{"module": "horoscope", "acl": {"write": true}}]`, level(inventory.LevelWrite, "horoscope:write")},
		{"words for booleans", `[{"module": "entry", "acl": {"read": "true", "write": "true"}}]`, level(inventory.LevelWrite, "entry:read", "entry:write")},
		{"words that deny", `[{"module": "entry", "acl": {"read": "true", "write": "false"}}]`, level(inventory.LevelRead, "entry:read")},
		{"the strongest entry counts", `[{"module": "$all", "acl": {"read": true}}, {"module": "content_type", "acl": {"write": true}}, {"module": "entry", "acl": {"write": true}}]`,
			level(inventory.LevelSchema, "$all:read", "content_type:write", "entry:write")},
		{"branches are no right", `[{"module": "branch", "acl": {"read": true, "write": true}, "branches": ["main"]}, {"module": "branch_alias", "acl": {"write": true}, "branch_aliases": ["x"]}]`,
			level(inventory.LevelNone, "branch:read", "branch:write", "branch_alias:write")},
		{"nothing allowed", `[{"module": "entry", "acl": {"read": false}}, {"module": "asset", "acl": {"read": false, "write": false}}]`, level(inventory.LevelNone)},
		{"no right named", `[{"module": "entry", "acl": {}}]`, assumed()},
		{"reading that cannot be read", `[{"module": "entry", "acl": {"read": 7, "write": false}}]`, level(inventory.LevelRead)},
		{"acl is an array", `[{"module": "entry", "acl": []}]`, assumed()},
		{"acl is null", `[{"module": "entry", "acl": null}]`, assumed()},
		{"acl is missing", `[{"module": "entry"}]`, assumed()},
		{"write is null", `[{"module": "entry", "acl": {"read": true, "write": null}}]`, assumed("entry:read")},
		{"write is a word", `[{"module": "entry", "acl": {"write": "perhaps"}}]`, assumed()},
		{"rights that the SDK has, too", `[{"module": "entry", "acl": {"read": true, "create": true, "update": true, "delete": true, "publish": true}}]`,
			assumed("entry:create", "entry:delete", "entry:publish", "entry:read", "entry:update")},
		{"a right nobody knows", `[{"module": "entry", "acl": {"read": true, "write": false, "conjure": true}}]`, assumed("entry:conjure", "entry:read")},
		{"a right that is not a boolean", `[{"module": "entry", "acl": {"read": true, "create": {"sub": true}}}]`, assumed("entry:read")},
		{"a right that is null", `[{"module": "entry", "acl": {"read": true, "create": null}}]`, assumed("entry:read")},
		{"rights that are denied", `[{"module": "entry", "acl": {"read": true, "create": false, "delete": false}}]`, level(inventory.LevelRead, "entry:read")},
		{"a right nobody knows besides write", `[{"module": "entry", "acl": {"write": true, "conjure": true}}]`, level(inventory.LevelWrite, "entry:conjure", "entry:write")},
		{"a right with a credential inside", `[{"module": "entry", "acl": {"read": true, "wrics5ec2e7ed8da45ec2e7ed8582te": true}}]`, assumed("entry:[REDACTED]", "entry:read")},
		{"an unknown right of a branch", `[{"module": "branch", "acl": {"create": true}}, {"module": "entry", "acl": {"read": true}}]`, level(inventory.LevelRead, "branch:create", "entry:read")},
		{"entry is a word", `["entry"]`, assumed()},
		{"entry is null", `[null]`, assumed()},
		{"scope is null", `null`, assumed()},
		{"scope is an object", `{"module": "entry", "acl": {"read": true}}`, assumed()},
		{"write without a module", `[{"acl": {"write": true}}]`, assumed(":write")},
		{"a module that is empty", `[{"module": "", "acl": {"read": true}}]`, assumed(":read")},
		{"one that cannot be read besides one that writes", `[{"module": "entry", "acl": []}, {"module": "asset", "acl": {"write": true}}]`, level(inventory.LevelWrite, "asset:write")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := managementAccess(decodeToken(t, `, "scope": `+tt.scope).Scope)
			if got.Assumed == (got.Reason == "") {
				t.Errorf("assumed %t, reason %q", got.Assumed, got.Reason)
			}
			got.Reason = ""
			tt.want.Reason = ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("access (-want +got):\n%s", diff)
			}
		})
	}
	if got := managementAccess(decodeToken(t, `, "scope": [{"module": "entry", "acl": {"publish": true}}]`).Scope); !strings.Contains(got.Reason, `"publish"`) {
		t.Errorf("the reason %q does not name the right", got.Reason)
	}
	if got := managementAccess(decodeToken(t, ``).Scope); !got.Write || !got.Assumed {
		t.Errorf("without a scope: %+v", got)
	}
}

// known are the places of a stack that was read whole.
func known() places {
	return places{
		environments: map[string]string{"blt1": "production", "blt2": "staging", "blt3": "production"}, environmentsKnown: true,
		branches: map[string]inventory.Ternary{"main": inventory.Yes, "dev": inventory.Yes, "gone": inventory.No}, branchesKnown: true,
		aliases: map[string]string{"deploy": "main", "old": "gone"}, aliasesKnown: true,
	}
}

// brief writes a scope in one line: its state, the items with a mark for those
// that are missing (-) or unknown (?), and the effective number.
func brief(s inventory.Scope) string {
	mark := map[inventory.Ternary]string{inventory.Yes: "", inventory.No: "-", inventory.Unknown: "?"}
	var items []string
	for _, i := range s.Items {
		item := mark[i.Exists] + i.ID
		if i.AliasOf != "" {
			item += ">" + i.AliasOf
		}
		items = append(items, item)
	}
	return strings.TrimSpace(string(s.State)+" "+strings.Join(items, " ")) + " " + string(rune('0'+s.Effective))
}

func TestEnvironmentScope(t *testing.T) {
	t.Parallel()
	all, none := known(), places{}
	for _, tt := range []struct {
		name, scope string
		places      places
		want        string
	}{
		{"object", `[{"module": "environment", "environments": [{"uid": "blt2", "name": "staging"}]}]`, all, "listed blt2 1"},
		{"name", `[{"module": "environment", "environments": ["staging"]}]`, all, "listed blt2 1"},
		{"uid as a word", `[{"module": "environment", "environments": ["blt2"]}]`, all, "listed blt2 1"},
		{"several in one entry", `[{"module": "environment", "environments": ["staging", "production"]}]`, all, "listed blt1 blt2 2"},
		{"several entries", `[{"module": "environment", "environments": ["staging"]}, {"module": "environment", "environments": [{"uid": "blt1"}]}]`, all, "listed blt1 blt2 2"},
		{"the same in two forms", `[{"module": "environment", "environments": ["staging"]}, {"module": "environment", "environments": [{"uid": "blt2"}]}]`, all, "listed blt2 1"},
		{"deleted", `[{"module": "environment", "environments": [{"uid": "blt9", "name": "old"}]}]`, all, "listed -blt9 1"},
		{"deleted and made again under its name", `[{"module": "environment", "environments": [{"uid": "blt9", "name": "staging"}]}]`, all, "listed blt2 1"},
		{"renamed", `[{"module": "environment", "environments": [{"uid": "blt2", "name": "before"}]}]`, all, "listed blt2 1"},
		{"unknown list", `[{"module": "environment", "environments": [{"uid": "blt9", "name": "old"}]}]`, none, "listed ?blt9 1"},
		{"the same in two forms, unknown list", `[{"module": "environment", "environments": ["old"]}, {"module": "environment", "environments": [{"uid": "blt9", "name": "old"}]}]`, none, "listed ?blt9 1"},
		{"name, where some names are unknown", `[{"module": "environment", "environments": ["old"]}]`,
			places{environments: map[string]string{"blt1": ""}, environmentsKnown: true, nameless: true}, "listed ?old 1"},
		{"all", `[{"module": "environment", "environments": ["$all"]}]`, all, "all blt1 blt2 blt3 3"},
		{"all, unknown list", `[{"module": "environment", "environments": ["$all"]}]`, none, "unknown 0"},
		{"empty scope", `[]`, all, "listed 0"},
		{"other modules", `[{"module": "branch", "branches": ["main"]}]`, all, "listed 0"},
		{"empty array", `[{"module": "environment", "environments": []}]`, all, "listed 0"},
		{"no array", `[{"module": "environment"}]`, all, "unknown 0"},
		{"array of nothing", `[{"module": "environment", "environments": [null, "", {}, 7, "staging"]}]`, all, "unknown blt2 0"},
		{"entry without a module", `[{"environments": ["staging"]}, {"module": "environment", "environments": ["production"]}]`, all, "unknown blt1 0"},
		{"entry that is none", `[7, {"module": "environment", "environments": ["staging"]}]`, all, "unknown blt2 0"},
		{"null", `null`, all, "unknown 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.places.environmentScope(decodeToken(t, `, "scope": `+tt.scope).Scope)
			if brief(got) != tt.want {
				t.Errorf("got %q, want %q", brief(got), tt.want)
			}
			if (got.State == inventory.ScopeUnknown) == (got.Reason == "") {
				t.Errorf("state %s, reason %q", got.State, got.Reason)
			}
		})
	}
}

func TestBranchScope(t *testing.T) {
	t.Parallel()
	all, none := known(), places{}
	for _, tt := range []struct {
		name, scope string
		places      places
		want        string // empty for a stack without branches
	}{
		{"branches", `[{"module": "branch", "branches": ["main", "dev"]}]`, all, "listed dev main 2"},
		{"deleted", `[{"module": "branch", "branches": ["gone"]}]`, all, "listed -gone 1"},
		{"alias", `[{"module": "branch_alias", "branch_aliases": ["deploy"]}]`, all, "listed deploy>main 1"},
		{"alias and its branch", `[{"module": "branch", "branches": ["main"]}, {"module": "branch_alias", "branch_aliases": ["deploy"]}]`, all, "listed deploy>main main 1"},
		{"alias of a deleted branch", `[{"module": "branch_alias", "branch_aliases": ["old"]}]`, all, "listed -old>gone 1"},
		{"deleted alias", `[{"module": "branch_alias", "branch_aliases": ["nobody"]}]`, all, "listed -nobody 1"},
		{"objects", `[{"module": "branch", "branches": [{"uid": "main"}]}]`, all, "listed main 1"},
		{"all", `[{"module": "branch", "branches": ["$all"]}]`, all, "all deploy>main dev main -old>gone 2"},
		{"all, as an object", `[{"module": "branch", "branches": [{"uid": "$all"}]}]`, all, "all deploy>main dev main -old>gone 2"},
		{"all, as a name", `[{"module": "branch", "branches": [{"uid": "blt0", "name": "$all"}]}]`, all, "all deploy>main dev main -old>gone 2"},
		{"all, unknown list", `[{"module": "branch", "branches": ["$all"]}]`, none, "unknown 0"},
		{"all, unknown aliases", `[{"module": "branch", "branches": ["$all"]}]`, places{branches: all.branches, branchesKnown: true}, "unknown dev main 0"},
		{"unknown list", `[{"module": "branch", "branches": ["main"]}, {"module": "branch_alias", "branch_aliases": ["deploy"]}]`, none, "unknown ?deploy ?main 0"},
		{"one alias, unknown list", `[{"module": "branch_alias", "branch_aliases": ["deploy"]}]`, none, "listed ?deploy 1"},
		{"alias to nowhere", `[{"module": "branch_alias", "branch_aliases": ["deploy"]}]`, places{aliases: map[string]string{"deploy": ""}, aliasesKnown: true}, "listed ?deploy 1"},
		{"branch of which it is not clear whether it is deleted", `[{"module": "branch", "branches": ["x"]}]`,
			places{branches: map[string]inventory.Ternary{"x": inventory.Unknown}, branchesKnown: true}, "listed ?x 1"},
		{"none named", `[{"module": "$all", "acl": {"read": true}}]`, all, "unknown 0"},
		{"empty scope", `[]`, all, "listed 0"},
		{"no array", `[{"module": "branch"}]`, all, "unknown 0"},
		{"no branches", `[{"module": "$all", "acl": {"read": true}}]`, places{branchless: true}, ""},
		{"a branch where there should be none", `[{"module": "branch", "branches": ["main"]}]`, places{branchless: true}, "listed ?main 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.places.branchScope(decodeToken(t, `, "scope": `+tt.scope).Scope)
			if (got == nil) != (tt.want == "") || got != nil && brief(*got) != tt.want {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

// A preview token is known by the presence of a member that holds its secret.
func TestPreviewToken(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]int{
		``:                                 1,
		`, "preview_token": null`:          1,
		`, "preview_token": ""`:            1,
		`, "preview_token": "cs0d1431d6a"`: 2,
		`, "preview_token": {"x": 1}`:      2,
	} {
		where := known()
		n := normaliser{source: inventory.Source{ID: "contentstack/stacks/s"}, places: &where}
		got := n.delivery(decodeToken(t, members))
		if len(got) != want {
			t.Errorf("%s gives %d tokens, want %d", members, len(got), want)
		}
		if want == 2 && (got[1].ID != "contentstack/stacks/s/delivery_tokens/bltx/preview_token" || got[1].Twin != got[0].ID) {
			t.Errorf("preview token %s, twin %s", got[1].ID, got[1].Twin)
		}
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	list := func(whole bool, uids ...string) *people {
		p := &people{known: map[string]person{}}
		for _, uid := range uids {
			p.known[uid] = person{UID: given(uid), Email: given(uid + "@example.com")}
		}
		if !whole {
			p.err = gapError()
		}
		return p
	}
	me := person{UID: given("me"), FirstName: given("Ada"), LastName: given("Auditor")}
	for _, tt := range []struct {
		name, uid string
		census    census
		state     inventory.OwnerState
		who       string
	}{
		{"in the organization", "a", census{organization: list(true, "a")}, inventory.OwnerActive, "a@example.com"},
		{"in a list that was cut off", "a", census{organization: list(false, "a")}, inventory.OwnerActive, "a@example.com"},
		{"in the stack", "a", census{organization: list(true), collaborators: list(true, "a")}, inventory.OwnerActive, "a@example.com"},
		{"in neither", "a", census{organization: list(true, "b"), collaborators: list(true, "b")}, inventory.OwnerRemoved, ""},
		{"organization unreadable", "a", census{organization: list(false), collaborators: list(true)}, inventory.OwnerStateUnknown, ""},
		{"stack unreadable", "a", census{organization: list(true), collaborators: list(false)}, inventory.OwnerStateUnknown, ""},
		{"organization unknown", "a", census{collaborators: list(true)}, inventory.OwnerStateUnknown, ""},
		{"owner of the stack", "a", census{owner: "a"}, inventory.OwnerActive, ""},
		{"the caller", "me", census{caller: me}, inventory.OwnerActive, "Ada Auditor"},
	} {
		got := tt.census.ownerOf(tt.uid)
		if got.Type != inventory.OwnerPerson || got.ID != tt.uid || got.State != tt.state || got.Name != tt.who {
			t.Errorf("%s: %+v, want %s %q", tt.name, got, tt.state, tt.who)
		}
		if (got.State == inventory.OwnerStateUnknown || got.Level == inventory.LevelUnknown) && got.Reason == "" {
			t.Errorf("%s: %+v has no reason", tt.name, got)
		}
	}
	if got := (census{}).ownerOf(""); got.Type != inventory.OwnerUnknown || got.Reason == "" {
		t.Errorf("without a creator: %+v", got)
	}
}
