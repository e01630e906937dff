package cmsapi

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// A nil *Error in an error is not nil for Go, and is none for us.
func TestUnitOfNoError(t *testing.T) {
	var none *Error
	for _, err := range []error{nil, none, none.At("/roles")} {
		if u := UnitOf("roles", nil, false, err); u.Status != inventory.UnitComplete || u.Error != "" || u.Detail != "" {
			t.Errorf("the unit of %#v is %+v", err, u)
		}
	}
}

func TestUnitOfError(t *testing.T) {
	failed := &Error{Class: inventory.ErrNotFound, Status: 404, Message: "no\nsuch list", Hint: "Look elsewhere."}
	for err, want := range map[error]inventory.ErrorClass{
		failed:                                   inventory.ErrNotFound,
		fmt.Errorf("read it: %w", failed):        inventory.ErrNotFound,
		fmt.Errorf("stop: %w", context.Canceled): inventory.ErrTimeout,
		errors.New("a slip"):                     inventory.ErrInternal,
	} {
		whole, part := UnitOf("roles", nil, false, err), UnitOf("roles", nil, true, err)
		if whole.Status != inventory.UnitFailed || part.Status != inventory.UnitPartial {
			t.Errorf("%v: the units are %s and %s", err, whole.Status, part.Status)
		}
		if whole.Error != want {
			t.Errorf("%v: class %s, want %s", err, whole.Error, want)
		}
	}
	if u := UnitOf("roles", nil, false, failed); u.Detail != "404 no such list" || u.Hint != failed.Hint {
		t.Errorf("the unit is %+v", u)
	}
}

func TestErrorAtPath(t *testing.T) {
	e := &Error{Message: "1 of 2 roles cannot be read"}
	if got := e.At("/roles").Error(); got != "GET /roles: 1 of 2 roles cannot be read" || e.Path != "" {
		t.Errorf("got %q, and the error itself became %q", got, e.Error())
	}
	if asked := (&Error{Path: "/roles/7"}); asked.At("/roles").Path != "/roles/7" {
		t.Error("the path of the request is lost")
	}
}
