package datocms

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// me is the answer of /users/me for a credential with a role, or with none.
func me(kind, id string, roleID any) map[string]any {
	var data any
	if roleID != nil {
		data = map[string]any{"type": "role", "id": roleID}
	}
	return map[string]any{"data": map[string]any{
		"type": kind, "id": id, "relationships": map[string]any{"role": map[string]any{"data": data}},
	}}
}

func TestAuditor(t *testing.T) {
	roleAnswer := func(id string, final map[string]any) map[string]any {
		return map[string]any{"id": id, "type": "role", "attributes": map[string]any{"name": "R"}, "meta": map[string]any{"final_permissions": final}}
	}
	with := func(flags ...string) map[string]any {
		p := permissionsOf(map[string]any{"environments_access": "none"})
		for _, f := range flags {
			p[f] = true
		}
		return p
	}
	tokens := decode[cmsapi.List[accessToken]](t, entries(
		map[string]any{"id": "1", "attributes": map[string]any{"hardcoded_type": "readonly"}},
		map[string]any{"id": "2", "attributes": map[string]any{"hardcoded_type": "admin"}},
		map[string]any{"id": "3", "attributes": map[string]any{"hardcoded_type": nil}},
	))
	const y, n, u = inventory.Yes, inventory.No, inventory.Unknown
	tests := []struct {
		name   string
		answer map[string]any
		final  map[string]any
		token  string
		want   [3]inventory.Ternary // reads secrets, writes, necessary
	}{
		{"reads only", me("access_token", "9", "50"), with(), "s/access_tokens/9", [3]inventory.Ternary{n, n, y}},
		{"reads logs too", me("access_token", "9", "50"), with("can_access_audit_log"), "s/access_tokens/9", [3]inventory.Ternary{n, n, y}},
		{"manages tokens", me("access_token", "9", "50"), with("can_manage_access_tokens"), "s/access_tokens/9", [3]inventory.Ternary{y, y, u}},
		{"manages users", me("access_token", "9", "50"), with("can_manage_users"), "s/access_tokens/9", [3]inventory.Ternary{n, y, u}},
		{"manages tokens and webhooks", me("access_token", "9", "50"), with("can_manage_access_tokens", "can_manage_webhooks"), "s/access_tokens/9", [3]inventory.Ternary{y, y, n}},
		{"fires build triggers", me("access_token", "9", "50"), permissionsOf(map[string]any{
			"environments_access": "none", "positive_build_trigger_permissions": entries(map[string]any{"build_trigger": nil}),
		}), "s/access_tokens/9", [3]inventory.Ternary{n, n, n}},
		{"editor", me("access_token", "9", "50"), editor(), "s/access_tokens/9", [3]inventory.Ternary{n, y, n}},
		{"a person", me("user", "9", "50"), with(), "", [3]inventory.Ternary{n, n, y}},
		{"an owner", me("account", "9", nil), nil, "", [3]inventory.Ternary{y, y, n}},
		{"an organization", me("organization", "9", nil), nil, "", [3]inventory.Ternary{y, y, n}},
		{"the factory's read-only token", me("access_token", "1", nil), nil, "s/access_tokens/1", [3]inventory.Ternary{n, n, y}},
		{"the factory's full-access token", me("access_token", "2", nil), nil, "s/access_tokens/2", [3]inventory.Ternary{y, y, n}},
		{"no role and no type", me("access_token", "3", nil), nil, "s/access_tokens/3", [3]inventory.Ternary{u, u, u}},
		{"a role that is not to be found", me("access_token", "9", "404"), nil, "s/access_tokens/9", [3]inventory.Ternary{u, u, u}},
		{"no role told", map[string]any{"data": map[string]any{"type": "access_token", "id": "9"}}, nil, "", [3]inventory.Ternary{u, u, u}},
		{"a new kind", me("robot", "9", "50"), with(), "", [3]inventory.Ternary{u, u, u}},
		{"nothing", map[string]any{}, nil, "", [3]inventory.Ternary{u, u, u}},
	}
	for _, tt := range tests {
		for from, included := range map[string]bool{"included": true, "listed": false} {
			answer, listed := decode[identity](t, tt.answer), roles{byID: map[string]roleView{}}
			if tt.final != nil {
				r := decode[role](t, roleAnswer("50", tt.final))
				if included {
					answer.Included.Items = []role{r}
				} else {
					listed.byID["50"] = viewRole(r)
				}
			}
			got, reason := newAuditor("s", answer, listed, twoEnvironments(), tokens)
			if diff := cmp.Diff(tt.want, [3]inventory.Ternary{got.readsSecrets, got.writes, got.necessary}); diff != "" {
				t.Errorf("%s, role %s (-want +got):\n%s", tt.name, from, diff)
			}
			if unread := tt.name == "nothing" || tt.name == "no role told" || tt.name == "a new kind"; (reason != "") != unread {
				t.Errorf("%s: reason is %q", tt.name, reason)
			}
			if got.token != tt.token || got.detail == "" {
				t.Errorf("%s: token %q, detail %q", tt.name, got.token, got.detail)
			}
		}
	}
}

// TestNoEnvironments: a role that may edit records in an environment is not
// harmless because the list of environments came back empty.
func TestNoEnvironments(t *testing.T) {
	envs, err := newEnvironments(decode[cmsapi.List[environment]](t, entries()), nil)
	if err == nil || err.Class != inventory.ErrTruncated {
		t.Fatalf("%+v", err)
	}
	role := roleOf(t, "9", withItems(entries(item("all", "main", nil)), nil))
	least, most := role.rights.level(envs)
	if level, open := decided(least, most, envs.why()); level != inventory.LevelUnknown || open == "" {
		t.Errorf("level %s, open because of %q", level, open)
	}
}
