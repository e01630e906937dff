package terraform_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
)

// liveProject is project 77 with the tokens 312 and 313, which have the role 34.
func liveProject() inv.Source {
	s := inv.Source{
		ID: "datocms/projects/77", CMS: "datocms", Kind: inv.KindProject, Name: "Blog", CollectedAt: at,
		Units: []inv.Unit{inv.CompleteUnit("site"), inv.CompleteUnit("access_tokens", inv.Delivery, inv.Preview, inv.Management),
			inv.CompleteUnit("roles"), inv.CompleteUnit("environments")},
		Facts: inv.Facts{}, Environments: []inv.Environment{{ID: "main", Primary: inv.Yes}},
		Auditor: inv.Auditor{ReadsSecrets: inv.No, Writes: inv.No, Necessary: inv.Yes},
	}
	for _, f := range inv.AllFacts() {
		s.Facts[f] = inv.FactSupport{Reported: inv.SupportYes}
	}
	for _, id := range []string{"312", "313"} {
		s.Tokens = append(s.Tokens, inv.Token{
			ID: s.ID + "/access_tokens/" + id, Ref: id, CMS: "datocms", Source: s.ID, Name: "t" + id, Kind: inv.Management,
			APIs:      []inv.API{inv.ContentManagement},
			Access:    inv.NewAccess(inv.LevelRead, inv.No, "can_access_cma", "can_access_audit_log"),
			Role:      &inv.Role{ID: "34", Name: "Reader", Level: inv.LevelRead},
			CreatedAt: inv.UnknownTime("not told"), UpdatedAt: inv.UnknownTime("not told"), RevokedAt: inv.None(),
			Environments: inv.NewScope(inv.ScopeItem{ID: "main", Primary: inv.Yes, Exists: inv.Yes}),
			Expiry:       inv.NeverExpires(false), LastUsed: inv.UsedAt(at.AddDate(0, 0, -1)),
			Traits: inv.Traits{Factory: inv.No, NotifiesBeforeExpiry: inv.No},
			Owner:  inv.UnknownOwner("not told"), Secret: inv.Secret{Readable: inv.No},
		})
	}
	s.Normalise()
	return s
}

// A role that the plan changes changes what live tokens may do: those that the plan
// lists as unchanged, and those that it does not have.
func TestOverlayOfChangedRoles(t *testing.T) {
	role := func(id string, more object) object {
		o := roleOf("", "", "", object{"id": id, "name": "Reader", "can_access_audit_log": true}).after
		maps.Copy(o, more)
		return o
	}
	changes := func(name, action string, before, after object) res {
		return res{address: "datocms_role." + name, kind: "datocms_role", name: name, actions: strings.Split(action, ","), before: before, after: after}
	}
	stronger := object{"can_manage_access_tokens": true}
	heir := object{"inherits_permissions_from": []string{"7"}}
	for name, c := range map[string]struct {
		roles []res
		level inv.Level
		// reason is a part of why the access is assumed; empty if it is not.
		reason string
	}{
		"stronger":  {[]res{changes("r", "update", role("34", nil), role("34", stronger))}, inv.LevelAdmin, ""},
		"weaker":    {[]res{changes("r", "update", role("34", nil), role("34", object{"can_access_audit_log": false}))}, inv.LevelNone, ""},
		"renamed":   {[]res{changes("r", "update", role("34", nil), role("34", object{"name": "Editor"}))}, inv.LevelRead, ""},
		"another":   {[]res{changes("r", "update", role("35", nil), role("35", stronger))}, inv.LevelRead, ""},
		"deleted":   {[]res{changes("r", "delete", role("34", nil), nil)}, inv.LevelUnknown, "the plan deletes the role datocms_role.r"},
		"replaced":  {[]res{changes("r", "delete,create", role("34", nil), role("34", nil))}, inv.LevelUnknown, "the plan deletes the role datocms_role.r"},
		"forgotten": {[]res{changes("r", "forget", role("34", nil), nil)}, inv.LevelRead, ""},
		"of a stronger parent": {[]res{
			changes("r", "no-op", role("34", heir), role("34", heir)), changes("parent", "update", role("7", nil), role("7", stronger)),
		}, inv.LevelUnknown, "inherits permissions"},
		"of an unchanged parent": {[]res{
			changes("r", "no-op", role("34", heir), role("34", heir)), changes("parent", "no-op", role("7", nil), role("7", nil)),
		}, inv.LevelRead, ""},
	} {
		t.Run(name, func(t *testing.T) {
			values := object{"id": "312", "name": "t312", "role_id": "34", "can_access_cda": false, "can_access_cda_preview": false, "can_access_cma": true}
			token := res{address: "datocms_access_token.t", kind: "datocms_access_token", name: "t", actions: []string{"no-op"}, before: values, after: maps.Clone(values)}
			before, after := terraform.Overlay([]inv.Source{liveProject()}, at, read(t, planOf(refersTo("datocms_role.r.id", "datocms_role.r"), append(c.roles, token)...)))
			for i, want := range liveProject().Tokens {
				if diff := cmp.Diff(want, before[0].Tokens[i]); diff != "" {
					t.Errorf("the live token has changed (-live +before):\n%s", diff)
				}
				got := after[0].Tokens[i]
				if got.Access.Level != c.level || got.Access.Assumed != (c.reason != "") || !strings.Contains(got.Access.Reason, c.reason) {
					t.Errorf("%s: access %+v, want %s", got.ID, got.Access, c.level)
				}
				if !cmp.Equal(got.LastUsed, want.LastUsed) {
					t.Errorf("%s: last used %+v", got.ID, got.LastUsed)
				}
			}
		})
	}
}
