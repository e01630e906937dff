package contentful

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// TestEmptyListsOfKeys: an empty list is an empty space only to somebody who
// may read API keys.
func TestEmptyListsOfKeys(t *testing.T) {
	t.Parallel()
	const reader = `{"permissions":{"ContentDelivery":["read"]},"policies":[],"sys":{"id":"reader"}}`
	const viewer = `{"permissions":{"ContentDelivery":null},"policies":[],"sys":{"id":"viewer"}}`
	member := func(admin, role string) http.HandlerFunc {
		return items(`{"admin":`+admin+`,"roles":[{"sys":{"id":"`+role+`"}}],"sys":{"id":"sm1","user":{"sys":{"id":"uAudit"}}}}`,
			`{"admin":true,"roles":[],"sys":{"id":"sm2","user":{"sys":{"id":"uMia"}}}}`)
	}
	alone := map[string]any{optionSpaces: []string{"web"}}
	for _, test := range []struct {
		name    string
		values  map[string]any
		members http.HandlerFunc
		status  inventory.UnitStatus
		detail  string
	}{
		{"an admin of the organization", organizationEntry(), failure(403, "AccessDenied"), inventory.UnitComplete, ""},
		{"an admin of the space", alone, member("true", "viewer"), inventory.UnitComplete, ""},
		{"a role that may", alone, member("false", "reader"), inventory.UnitComplete, ""},
		{"a role that may not", alone, member("false", "viewer"), inventory.UnitFailed, "user may not read API keys"},
		{"a role nobody knows", alone, member("false", "other"), inventory.UnitFailed, "could not be read"},
		{"no member", alone, items(), inventory.UnitFailed, "could not be read"},
		{"members not readable", alone, failure(403, "AccessDenied"), inventory.UnitFailed, "could not be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]http.HandlerFunc{
				"/spaces/web/api_keys": items(), "/spaces/web/preview_api_keys": items(),
				"/spaces/web/space_members": test.members, "/spaces/web/roles": items(reader, viewer),
			})
			sources, _ := s.collect(t, test.values)
			for _, name := range []string{unitAPIKeys, unitPreviewAPIKeys} {
				u := conformance.Unit(t, find(t, sources, "contentful/spaces/web"), name)
				if u.Status != test.status || !strings.Contains(u.Detail, test.detail) {
					t.Errorf("%s is %s because %q; want %s because %q", name, u.Status, u.Detail, test.status, test.detail)
				}
				if u.Status == inventory.UnitFailed && (u.Error != inventory.ErrDoubtedEmpty || !strings.Contains(u.Hint, "accept_empty")) {
					t.Errorf("%s has class %s and hint %q", name, u.Error, u.Hint)
				}
			}
		})
	}
}
