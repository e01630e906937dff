package contentstack

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The error codes of the Content Management API that have a meaning of their own.
const (
	codeStackNotFound = "21"  // OAuth, with a scope header that names nothing it may see
	codeNotLoggedIn   = "105" // bad or expired authtoken, or an OAuth token in its place
	codeNoStack       = "109" // api_key missing, unknown, or of another region
	codeNoPermission  = "161" // logged in, but not allowed
	codeTwoFactor     = "294"
	codeOtherOwner    = "316" // the OAuth token's organization does not own the stack
)

const (
	hintRateLimit     = "The rate limit is shared by the whole organization. Lower requests_per_second, or scan at a quieter time."
	hintTwoFactor     = "The account asks for a second factor. Log in once (csdx auth:login) and use the authtoken of that session. " + hintSingleSignOn
	hintNewAuthtoken  = "Log in again (csdx auth:login) and use the new authtoken. " + hintSingleSignOn + " An OAuth access token goes into oauth_token, and a management token cannot list tokens."
	hintSingleSignOn  = "Users who log in by single sign-on get no authtoken: use the access token of an OAuth app."
	hintNewOAuthToken = "OAuth access tokens are valid for an hour: get a new one, and check that it is the access token and not the refresh token."
	hintOtherStack    = "The OAuth token does not cover this stack: authorize the app for the organization that owns it, and check api_key and organization."
	hintOtherOwner    = "OAuth tokens belong to one organization, and this stack belongs to another. Authorize the app there, and give that token in an entry of its own."
	hintManagement    = "Only the owner and the admins of a stack can see its management tokens. Give the scan's user the role Admin in this stack (Settings > Users), or grant the app the scope cm.stack.management-tokens:read."
	hintDelivery      = "Give the scan's user the role Developer or Admin in this stack (Settings > Users), or grant the app the scope cm.stack.delivery-tokens:read."
	hintSupport       = "Give the scan's user a role in this stack that can read this list, or grant the app the read scope of this module."
	hintOrganization  = "Only the owner and the admins of an organization can list its users. Make the scan's user an admin of it (Org Admin > Users), or accept the gap."
	hintNoList        = "The API has no such list there: check base_url, region and the uid of the organization."
	hintAgain         = "Run the audit again; if the error persists, check status.contentstack.com."
)

// classify turns an answer that is not a success into an error. The code in the
// body tells more than the status: 412 stands for a region that was mistaken,
// and 422 for a stack that an OAuth token does not cover.
func (c *collector) classify(f cmsapi.Failure) *cmsapi.Error {
	var body failureAnswer
	_ = json.Unmarshal(f.Body, &body) // what is not JSON has no code
	e := &cmsapi.Error{
		Class: cmsapi.ClassOf(f.Status), Status: f.Status, Code: str(body.Code),
		Message: cmp.Or(str(body.Message), str(body.Other)),
	}
	if e.Code == "0" {
		e.Code = ""
	}
	switch {
	case f.Status == http.StatusTooManyRequests:
		e.Hint = hintRateLimit
	case e.Code == codeNoStack || f.Status == http.StatusPreconditionFailed:
		e.Class, e.Hint = inventory.ErrNotFound, c.hintRegion()
	case e.Code == codeStackNotFound:
		e.Class, e.Hint = inventory.ErrNotFound, hintOtherStack
	case e.Code == codeOtherOwner:
		e.Class, e.Hint = inventory.ErrPermissionDenied, hintOtherOwner
	case e.Code == codeNoPermission:
		e.Class = inventory.ErrPermissionDenied
	case e.Code == codeTwoFactor:
		e.Class, e.Hint = inventory.ErrUnauthorized, hintTwoFactor
	case e.Code == codeNotLoggedIn || f.Status == http.StatusUnauthorized:
		e.Class, e.Hint = inventory.ErrUnauthorized, c.hintCredential()
	}
	return e
}

func (c *collector) hintRegion() string {
	return "Check the api_key, and the region: this is " + c.region.id + ", and a stack answers in its own region only. The others are " +
		strings.Join(regionIDs(c.region.id), ", ") + "."
}

func (c *collector) hintCredential() string {
	if c.oauth {
		return hintNewOAuthToken
	}
	return hintNewAuthtoken
}

// hinted returns an error the hint of its list, where the answer itself did not
// tell what to do. It may be nil.
func hinted(e *cmsapi.Error, hint string) *cmsapi.Error {
	if e == nil || e.Hint != "" {
		return e
	}
	h := *e
	switch e.Class {
	case inventory.ErrPermissionDenied:
		h.Hint = hint
	case inventory.ErrUnavailable, inventory.ErrTimeout, inventory.ErrTruncated, inventory.ErrUnreadable:
		h.Hint = hintAgain
	case inventory.ErrNotFound:
		h.Hint = hintNoList
	}
	return &h
}

// denied turns the refusal of one list into a missing right. The API answers the
// same 401 for both; where the credential has read something else, it is valid.
func denied(e *cmsapi.Error, hint string) *cmsapi.Error {
	if e == nil || e.Class != inventory.ErrUnauthorized {
		return e
	}
	d := *e
	d.Class, d.Hint = inventory.ErrPermissionDenied, hint
	return &d
}

// unit records how a list was read: e is why it was not read to its end, some
// whether anything came nevertheless.
func unit(name string, some bool, e *cmsapi.Error, kinds ...inventory.Kind) inventory.Unit {
	return cmsapi.UnitOf(name, kinds, some, e)
}
