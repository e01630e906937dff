package ghost

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	hintCredential = "Use the staff access token of an administrator or the owner: `tokenaudit doctor` prints how to get it."
	hintClock      = "Synchronize the clocks of this machine and of the server: they differ by more than 5 minutes, or a response took that long."
	hintSite       = "Check base_url: it must point to Ghost Admin, whose API is at /ghost/api/admin/. The user of the staff access token may also be suspended: Ghost answers its requests as if nothing were there."
)

const hintLimit = "Delete integrations that nobody needs, or set optimization.maxLimit in Ghost's configuration to more than there are, for example by the environment variable optimization__maxLimit."

var codePattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

// classify reads the error body of a failure. The status decides, except for a
// JWT that Ghost could not read, which it calls a bad request.
func classify(f cmsapi.Failure) *cmsapi.Error {
	code, message, ok := failureOf(f)
	if !ok {
		return nil
	}
	e := &cmsapi.Error{Class: cmsapi.ClassOf(f.Status), Code: code}
	switch {
	case e.Code == "UNKNOWN_ADMIN_API_KEY":
		e.Message, e.Hint = "the site does not know the key of the credential: it was deleted, or belongs to another site", hintCredential
	case e.Code == "INVALID_API_KEY_TYPE":
		e.Message, e.Hint = "the credential is a Content API key, which cannot list keys", hintCredential
	case e.Code == "INVALID_JWT" && (strings.Contains(message, "expired") || strings.Contains(message, "maxage")):
		e.Class, e.Message, e.Hint = inventory.ErrUnauthorized, "the server considers the signed request too old", hintClock
	case e.Code == "INVALID_JWT" && strings.Contains(message, "signature"):
		e.Class, e.Message, e.Hint = inventory.ErrUnauthorized, "the secret of the credential is not the key's: it was regenerated", hintCredential
	case e.Code == "INVALID_JWT", e.Code == "INVALID_AUTH_HEADER", e.Code == "MISSING_ADMIN_API_KID":
		e.Class, e.Message = inventory.ErrUnauthorized, "the server could not read the signed request"
		e.Hint = "Check that nothing between here and the server changes the Authorization header."
	case f.Status == http.StatusForbidden && strings.HasPrefix(message, "api tokens"):
		e.Message, e.Hint = "the credential is the admin API key of an integration, which may not list keys", hintCredential
	case f.Status == http.StatusForbidden && strings.HasPrefix(message, "authorization failed"):
		e.Message, e.Hint = "no credential has reached the server", "Check that the proxy before Ghost passes the Authorization header on."
	case f.Status == http.StatusForbidden:
		e.Message, e.Hint = "the user of the credential lacks a permission", hintCredential
	case f.Status == http.StatusUnauthorized:
		e.Message, e.Hint = "the credential is not accepted", hintCredential
	case f.Status == http.StatusNotFound:
		e.Message, e.Hint = "the site has no such resource, or does not show it to the credential", hintSite
	case f.Status == http.StatusTooManyRequests:
		e.Message = "the rate limit is exceeded"
		e.Hint = "Ghost blocks an address for a while after failed logins: wait, and check the credential."
	}
	return e
}

// failureOf reads an error body: the message in small letters, and the code,
// which most errors do not have. It is false for a body that is none.
func failureOf(f cmsapi.Failure) (code, message string, ok bool) {
	var body errorBody
	if err := json.Unmarshal(f.Body, &body); err != nil || len(body.Errors.Items) == 0 {
		return "", "", false
	}
	first := body.Errors.Items[0]
	if codePattern.MatchString(first.Code.Value) {
		code = first.Code.Value
	}
	return code, strings.ToLower(first.Message.Value), true
}

// explain adds to an error what to do about it.
func explain(err error) *cmsapi.Error {
	e := *cmsapi.AsError(err)
	switch {
	case e.Hint != "":
	case e.Class == inventory.ErrUnauthorized, e.Class == inventory.ErrPermissionDenied:
		e.Hint = hintCredential
	case e.Class == inventory.ErrNotFound, e.Class == inventory.ErrUnreadable, e.Class == inventory.ErrTruncated:
		e.Hint = hintSite
	}
	return &e
}
