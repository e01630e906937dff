package contentful

import (
	"context"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// What Contentful answers to somebody who may not list something is documented
// for few of its lists: a refusal is expected. A list that comes without one is
// held against what must be in it, and against who the caller is.

// doubtTokens says why the organization's list of tokens may not be whole; nil if
// nothing speaks against it. Only owners and admins may read it whole, and then it
// has the tokens of all members, also revoked and expired ones. lacking are the
// caller's own that it lacks; role is that of the credential's user, empty if it is
// not known.
func doubtTokens(all cmsapi.Listing[accessToken], lacking []accessToken, role string) *cmsapi.Error {
	switch {
	case all.Err != nil:
		return all.Err
	case role != "" && !isAdminRole(role):
		why := fmt.Sprintf("the list is complete for owners and admins only, and the credential's user has the role %.40q", role)
		if len(all.Items)+len(lacking) == 0 {
			return cmsapi.DoubtedEmpty(why, hintOwnerOrAdmin)
		}
		return &cmsapi.Error{Class: inventory.ErrPermissionDenied, Hint: hintOwnerOrAdmin, Message: why}
	case len(lacking) > 0:
		return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintOwnerOrAdmin,
			Message: "the list lacks tokens of the credential's own user, so it is incomplete"}
	case role == "" && len(all.Items) == 0:
		return cmsapi.DoubtedEmpty("the list came back empty, and the role of the credential's user is not known", hintOwnerOrAdmin)
	}
	return nil
}

// hiddenSpaces is why a list of spaces may be empty to somebody with the role.
func hiddenSpaces(role string) *cmsapi.Error {
	return cmsapi.DoubtedEmpty(fmt.Sprintf(
		"the list came back empty, but only owners and admins may list all spaces, and the credential's user has the role %.40q", role), hintOwnerOrAdmin)
}

// doubtNoSpaces says why an organization's list of spaces that came back empty is
// not; nil if the caller's own list has none of the organization either.
func (c *collector) doubtNoSpaces(ctx context.Context) *cmsapi.Error {
	mine := list[space](ctx, c.client, request{what: "spaces", path: "/spaces"})
	if mine.Err != nil {
		return &cmsapi.Error{Class: mine.Err.Class, Hint: mine.Err.Hint,
			Message: "the list came back empty, and whether the credential's user is a member of some space could not be read: " + mine.Err.Message}
	}
	if slices.ContainsFunc(mine.Items, func(s space) bool { return s.sys().Organization.Value.id() == c.organization }) {
		return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintOwnerOrAdmin,
			Message: "the list came back empty, although the credential's user is a member of spaces of the organization"}
	}
	return nil
}

// doubtEnvironments says why the list of a space's environments is not whole; nil
// if nothing speaks against it. Every space has at least one.
func doubtEnvironments(rows cmsapi.Listing[environment]) *cmsapi.Error {
	if rows.Err != nil || len(rows.Items) > 0 {
		return rows.Err
	}
	return noEnvironments()
}

func noEnvironments() *cmsapi.Error {
	return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintSpaceMember,
		Message: "the list came back empty, but every space has an environment"}
}

// doubtAliases says why the list of a space's aliases is not whole; nil if nothing
// speaks against it. The default environment master is there for ever, as an
// environment or as the alias that has taken its place.
func doubtAliases(rows cmsapi.Listing[environment], aliases cmsapi.Listing[alias]) *cmsapi.Error {
	known := slices.ContainsFunc(rows.Items, func(row environment) bool { return row.id() == master }) ||
		slices.ContainsFunc(aliases.Items, func(a alias) bool { return a.id() == master })
	if aliases.Err != nil || rows.Err != nil || known {
		return aliases.Err
	}
	return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintAliases,
		Message: "the list lacks master, which is not an environment of the space and so must be an alias"}
}
