package contentful

import (
	"context"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The units, in the order in which a source has them.
const (
	unitSpace              = "space"
	unitAPIKeys            = "api_keys"
	unitPreviewAPIKeys     = "preview_api_keys"
	unitEnvironments       = "environments"
	unitEnvironmentAliases = "environment_aliases"

	unitSpaces               = "spaces"
	unitAccessTokens         = "access_tokens"
	unitIdentity             = "identity"
	unitOwnAccessTokens      = "own_access_tokens"
	unitMemberships          = "organization_memberships"
	unitUsers                = "users"
	unitSpaceMemberships     = "space_memberships"
	unitTeamSpaceMemberships = "team_space_memberships"
	unitTeamMemberships      = "team_memberships"
	unitRoles                = "roles"
)

const (
	hintHibernated = "Contentful has put the space to sleep because nobody used it for a long time. Open it once in the web app, or delete it, and scan again."
	hintInvalid    = "Check that the token is a Content Management API token (CFPAT-..., not a delivery or preview key), that it has neither expired nor been revoked, " +
		"and that region is right (a token of one region is unknown in the other)."
	hintAuthorizeSpace = "Tokens are authorized per space: the token's owner has to press Authorize next to it under Settings, CMA tokens, for this space too."
	hintAuthorize      = "If the organization enforces token authorization, the token's owner has to press Authorize next to it under Account settings, CMA tokens, " +
		"and choose the organization."
	hintPersonal      = "Use a personal access token: app tokens do not act for a user, so the API does not say whose they are."
	hintNotAuthorised = "The token is valid, but not authorized for this organization. Its owner has to press Authorize next to it under Account settings, CMA tokens, " +
		"and choose the organization."
	hintOwnerOrAdmin = "Only owners and admins of the organization may list this. Give the credential's user the organization role Owner or Admin under Organization settings, Users."
	hintUserAPI      = hintOwnerOrAdmin + " The user management API is available only in Contentful's larger plans."
	hintAPIKeys      = "The credential's user needs to be a member of the space, with a role that may read API keys (Settings, Roles & Permissions: API keys) or as space admin. " +
		"If it is, Contentful may refuse the list to tokens of the scope " + scopeRead + ": use one of " + scopeManage + "."
	hintSpaceMember = "The credential's user needs to be a member of the space, or an owner or admin of its organization."
	hintAliases     = "The credential's user needs to be an admin of the space to list its environment aliases (Settings, Users)."
	hintNotFound    = "Check the configured id, the region, and that the credential's user is a member."
	hintBusy        = "The limit is shared with everything else that uses this API: scan at a quieter time, or lower requests_per_second."
	hintLater       = "Contentful did not answer properly: scan again later."
)

// rightHints says by unit which right is missing when the answer is that the
// credential may not, or that there is nothing to see.
var rightHints = map[string]string{
	unitSpace:                hintSpaceMember,
	unitAPIKeys:              hintAPIKeys,
	unitPreviewAPIKeys:       hintAPIKeys,
	unitEnvironments:         hintSpaceMember,
	unitEnvironmentAliases:   hintAliases,
	unitSpaces:               hintOwnerOrAdmin,
	unitIdentity:             hintPersonal,
	unitOwnAccessTokens:      hintPersonal,
	unitAccessTokens:         hintOwnerOrAdmin,
	unitMemberships:          hintUserAPI,
	unitUsers:                hintUserAPI,
	unitSpaceMemberships:     hintUserAPI,
	unitTeamSpaceMemberships: hintUserAPI,
	unitTeamMemberships:      hintUserAPI,
	unitRoles:                hintUserAPI,
}

// authorizeHints says by unit what a token may have to be authorized for before it
// is valid there. Everybody may ask who they are, and for their own tokens.
var authorizeHints = map[string]string{
	unitSpace:                hintAuthorizeSpace,
	unitAPIKeys:              hintAuthorizeSpace,
	unitPreviewAPIKeys:       hintAuthorizeSpace,
	unitEnvironments:         hintAuthorizeSpace,
	unitEnvironmentAliases:   hintAuthorizeSpace,
	unitSpaces:               hintAuthorize,
	unitAccessTokens:         hintAuthorize,
	unitMemberships:          hintAuthorize,
	unitUsers:                hintAuthorize,
	unitSpaceMemberships:     hintAuthorize,
	unitTeamSpaceMemberships: hintAuthorize,
	unitTeamMemberships:      hintAuthorize,
	unitRoles:                hintAuthorize,
}

// explain adds to the unit of a list that could not be read what to do about
// it.
func (c *collector) explain(ctx context.Context, u inventory.Unit) inventory.Unit {
	if u.Status == inventory.UnitComplete || u.Hint != "" {
		return u
	}
	u.Hint = c.hint(ctx, u.Name, u.Error)
	return u
}

func (c *collector) hint(ctx context.Context, unit string, class inventory.ErrorClass) string {
	switch class {
	case inventory.ErrUnauthorized:
		if c.notAuthorised(ctx) {
			return hintNotAuthorised
		}
		return strings.TrimSpace(hintInvalid + " " + authorizeHints[unit])
	case inventory.ErrPermissionDenied:
		if c.notAuthorised(ctx) {
			return hintNotAuthorised
		}
		return rightHints[unit]
	case inventory.ErrNotFound:
		return strings.TrimSpace(rightHints[unit] + " " + hintNotFound)
	case inventory.ErrRateLimited:
		return hintBusy
	case inventory.ErrUnavailable, inventory.ErrTimeout, inventory.ErrTruncated:
		return hintLater
	}
	return ""
}

// notAuthorised reports whether Contentful says that the token is not
// authorised for the organization. It is asked for only once something was
// refused. No answer is not evidence.
func (c *collector) notAuthorised(ctx context.Context) bool {
	refused, err := c.refusedGrant(ctx)
	return err == nil && refused
}

func (c *collector) refusedGrant(ctx context.Context) (bool, error) {
	if c.organization == "" {
		return false, nil
	}
	return c.grant.Do(ctx, c.organization, func(ctx context.Context) (bool, error) {
		var grant cmsapi.Field[accessGrant]
		path := cmsapi.Path("/organizations/{}/access_grant", c.organization)
		if _, err := c.client.Get(ctx, cmsapi.Request{Path: path}, &grant); err != nil {
			return false, err
		}
		granted, given := grant.Value.AccessGrant.Get()
		return given && !bool(granted), nil
	})
}
