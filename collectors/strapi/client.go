package strapi

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const hintCredential = "Check that the admin token still exists, and that it is an admin token: a content API token cannot be used for the admin API."

// classify reads the error body of a failure: the status decides, the message
// says what to do.
func classify(f cmsapi.Failure) *cmsapi.Error {
	name, message, ok := failureOf(f)
	if !ok {
		return nil
	}
	e := &cmsapi.Error{Class: cmsapi.ClassOf(f.Status)}
	switch {
	case f.Status == http.StatusUnauthorized && strings.EqualFold(message, "Token expired"):
		e.Code, e.Message = name, "the admin token has expired"
		e.Hint = "Make a new admin token: `tokenaudit doctor` prints how."
	case f.Status == http.StatusUnauthorized && strings.EqualFold(message, "Token owner is deactivated"):
		e.Code, e.Message = name, "the owner of the admin token is deactivated"
		e.Hint = "Make a new admin token as an active super admin: `tokenaudit doctor` prints how."
	case f.Status == http.StatusUnauthorized:
		e.Message, e.Hint = "the credential is not accepted", hintCredential
	case f.Status == http.StatusForbidden:
		e.Message = "the credential lacks a permission"
	case f.Status == http.StatusTooManyRequests:
		e.Class, e.Message = inventory.ErrRateLimited, "the rate limit is exceeded"
	case f.Status == http.StatusNotImplemented:
		e.Message = "the server is not set up for this"
	}
	return e
}

// failureOf reads an error body; false if it is none.
func failureOf(f cmsapi.Failure) (name, message string, ok bool) {
	var body errorBody
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return "", "", false
	}
	failure, ok := body.Error.Get()
	return failure.Name.Value, failure.Message.Value, ok
}
