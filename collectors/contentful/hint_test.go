package contentful

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/conformance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// A token that is called invalid may be unauthorized, for a space or for the
// organization: the hint has to send its owner to the right place.
func TestHintsOfRejectedTokens(t *testing.T) {
	t.Parallel()
	const organization = "/organizations/" + testOrganization
	alone := map[string]any{optionSpaces: []string{"web"}}
	for _, test := range []struct {
		name, path   string
		values       map[string]any
		source, unit string
		says, silent string
	}{
		{"spaces alone", "/spaces/web/api_keys", alone, "contentful/spaces/web", unitAPIKeys, "authorized per space", "organization"},
		{"the space itself", "/spaces/web", alone, "contentful/spaces/web", unitSpace, "authorized per space", "organization"},
		{"environments", "/spaces/web/environments", alone, "contentful/spaces/web", unitEnvironments, "authorized per space", "organization"},
		{"a space of the organization", "/spaces/web/preview_api_keys", organizationEntry(), "contentful/spaces/web", unitPreviewAPIKeys, "authorized per space", "choose the organization"},
		{"tokens of the organization", organization + "/access_tokens", organizationEntry(), "contentful/organizations/" + testOrganization, unitAccessTokens, "choose the organization", "each space"},
		{"members", organization + "/organization_memberships", organizationEntry(), "contentful/organizations/" + testOrganization, unitMemberships, "choose the organization", "each space"},
		{"who it is", "/users/me", organizationEntry(), "contentful/organizations/" + testOrganization, unitIdentity, "neither expired nor been revoked", "uthorize"},
		{"its own tokens", "/users/me/access_tokens", organizationEntry(), "contentful/organizations/" + testOrganization, unitOwnAccessTokens, "neither expired nor been revoked", "uthorize"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, map[string]http.HandlerFunc{test.path: failure(403, "AccessTokenInvalid")})
			sources, _ := s.collect(t, test.values)
			u := conformance.Unit(t, find(t, sources, test.source), test.unit)
			if u.Error != inventory.ErrUnauthorized || !strings.Contains(u.Hint, test.says) || strings.Contains(u.Hint, test.silent) {
				t.Errorf("%s: the hint is %q, want %q in it, and not %q", u.Error, u.Hint, test.says, test.silent)
			}
		})
	}
}
