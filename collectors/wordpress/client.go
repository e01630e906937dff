package wordpress

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	hintCredential = "Check username and password: it takes an application password, not the login password, and a web server that passes the Authorization header on to PHP."
	hintEditUsers  = "Give the user of the audit the capabilities list_users and edit_users; on a multisite network also manage_network_users."
	hintSite       = "Check base_url: it must point to the root of a WordPress site whose REST API can be reached at /wp-json/ or /index.php?rest_route=/."
)

var codePattern = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

// classify reads the code of a failure. The status decides the class.
func classify(f cmsapi.Failure) *cmsapi.Error {
	code := codeOf(f)
	if code == "" {
		return nil
	}
	e := &cmsapi.Error{Class: cmsapi.ClassOf(f.Status), Code: code}
	switch {
	case strings.HasPrefix(e.Code, "application_passwords_disabled"):
		e.Class, e.Message = inventory.ErrUnavailable, "application passwords are disabled"
		e.Hint = "Existing ones do not work while they are disabled, and work again afterwards. WordPress offers them over HTTPS only, and a plugin may switch them off: delete them, or accept the gap."
	case f.Status == http.StatusUnauthorized:
		e.Message, e.Hint = "the credential is not accepted", hintCredential
	case f.Status == http.StatusForbidden:
		e.Message, e.Hint = "the user of the audit lacks a capability", hintEditUsers
	case e.Code == "rest_user_invalid_id":
		e.Message = "the user is gone"
		e.Hint = "Run the audit again: the user has been deleted in the meantime, or belongs to another site of the network."
	case e.Code == "rest_no_route":
		e.Message, e.Hint = "the site does not know this path", "Application passwords need WordPress 5.6 or later, and no plugin that takes the users out of the REST API."
	}
	return e
}

// codeOf returns the code of an error body; empty if it has none.
func codeOf(f cmsapi.Failure) string {
	var body struct {
		Code cmsapi.Field[string] `json:"code"`
	}
	if err := json.Unmarshal(f.Body, &body); err != nil || !codePattern.MatchString(body.Code.Value) {
		return ""
	}
	return body.Code.Value
}

// explain adds to an error what to do about it.
func explain(err error) *cmsapi.Error {
	e := *cmsapi.AsError(err)
	switch {
	case e.Hint != "":
	case e.Class == inventory.ErrUnauthorized:
		e.Hint = hintCredential
	case e.Class == inventory.ErrPermissionDenied:
		e.Hint = hintEditUsers
	case e.Class == inventory.ErrNotFound, e.Class == inventory.ErrUnreadable:
		e.Hint = hintSite
	}
	return &e
}
