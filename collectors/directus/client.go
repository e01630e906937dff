package directus

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	hintCredential = "Check that the static token still belongs to a user whose status is active. Directus gives the same response for a suspended user."
	hintPolicy     = "Give the policy of the audit the permissions that `tokenaudit doctor` prints, field by field: Directus refuses the whole list if a single field is not permitted."
	hintServer     = "Check base_url: it must point to a Directus 11 server."
)

var (
	codePattern = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)
	// deniedFields and deniedCollection find what a refusal is about. Of a server's
	// text nothing else is passed on.
	deniedFields     = regexp.MustCompile(`fields? ("\w+"(?:, "\w+")*) in collection "(\w+)"`)
	deniedCollection = regexp.MustCompile(`collection "(\w+)"`)
)

// classify reads the code of a failure. The status decides the class, the
// reason says what to grant.
func classify(f cmsapi.Failure) *cmsapi.Error {
	code, reason := failureOf(f)
	if code == "" {
		return nil
	}
	e := &cmsapi.Error{Class: cmsapi.ClassOf(f.Status), Code: code}
	switch {
	case code == "INVALID_TOKEN":
		// The signature of a session is wrong, which Directus answers with 403.
		e.Class, e.Message, e.Hint = inventory.ErrUnauthorized, "the credential is not accepted", hintCredential
	case code == "TOKEN_EXPIRED":
		e.Message, e.Hint = "the session has expired", "Use a static token: `tokenaudit doctor` prints how to make it."
	case code == "INVALID_IP":
		e.Message, e.Hint = "the credential is not accepted from this address", "Run the audit from an address that ip_access of its policy allows."
	case f.Status == http.StatusUnauthorized:
		e.Message, e.Hint = "the credential is not accepted", hintCredential
	case f.Status == http.StatusForbidden:
		e.Message, e.Hint = denied(reason), hintPolicy
	case f.Status == http.StatusTooManyRequests:
		e.Message = "the rate limit is exceeded"
	case code == "INVALID_QUERY":
		e.Message, e.Hint = "the server does not understand the request", hintServer
	case code == "ROUTE_NOT_FOUND":
		e.Message, e.Hint = "the server does not know this path", hintServer
	}
	return e
}

// denied says what a refusal is about.
func denied(reason string) string {
	if m := deniedFields.FindStringSubmatch(reason); m != nil {
		return fmt.Sprintf("the credential may not read %s of %s, or the server does not have it", strings.ReplaceAll(m[1], `"`, ""), m[2])
	}
	if m := deniedCollection.FindStringSubmatch(reason); m != nil {
		return fmt.Sprintf("the credential may not read %s", m[1])
	}
	return "the credential lacks a permission"
}

// failureOf returns the code and the reason of an error body; empty if it has none.
func failureOf(f cmsapi.Failure) (code, reason string) {
	var body errorBody
	if err := json.Unmarshal(f.Body, &body); err != nil || len(body.Errors.Items) == 0 {
		return "", ""
	}
	extensions := body.Errors.Items[0].Extensions.Value
	if !codePattern.MatchString(extensions.Code.Value) {
		return "", ""
	}
	return extensions.Code.Value, extensions.Reason.Value
}

// explain adds to an error what to do about it.
func explain(err error) *cmsapi.Error {
	e := *cmsapi.AsError(err)
	switch {
	case e.Hint != "":
	case e.Class == inventory.ErrUnauthorized:
		e.Hint = hintCredential
	case e.Class == inventory.ErrPermissionDenied, e.Class == inventory.ErrTruncated:
		e.Hint = hintPolicy
	case e.Class == inventory.ErrNotFound, e.Class == inventory.ErrUnreadable:
		e.Hint = hintServer
	}
	return &e
}
