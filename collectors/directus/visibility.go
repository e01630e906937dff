package directus

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// sights say how much of each list the credential is shown. Directus leaves out
// the items that the caller may not read, also of its count.
type sights struct {
	// by holds them by collection.
	by map[string]sight
	// err says why they are not known; nil if they are.
	err *cmsapi.Error
	// path is where they come from.
	path string
	// own are the permissions of the credential, as far as they were read.
	own []permission
}

func newSights(a answers, r rights, path string) sights {
	const silent = "whether the list is complete is not known: "
	s := sights{by: a.sights.Data.Value.Members, path: path, own: r.of(a.me.Data.Value).permissions}
	if e := cmsapi.AsError(a.sightsErr); e != nil {
		told := *e
		told.Message = silent + e.Message
		s.err = &told
	} else if reason := cmp.Or(a.sights.Data.Reason("data"), a.sights.Data.Value.Reason("data")); reason != "" {
		s.err = &cmsapi.Error{Class: inventory.ErrUnreadable, Path: s.path, Hint: hintServer, Message: silent + reason}
	}
	return s
}

// whole returns err, or why a list that was read without one may be short.
func (s sights) whole(r resource, err *cmsapi.Error) *cmsapi.Error {
	if err = cmp.Or(err, s.err); err != nil {
		return err
	}
	access, err := s.access(r)
	if err != nil {
		return err
	}
	// Partial is what Directus says, too, if only one of several permissions is.
	if access == "full" || slices.ContainsFunc(s.own, r.allowedBy) {
		return nil
	}
	return &cmsapi.Error{Class: inventory.ErrTruncated, Hint: hintPolicy,
		Message: fmt.Sprintf("the credential may read a part of %s only, and Directus leaves out the rest without saying so", r.collection)}
}

// access is how much of a list the credential may read: full, partial or none.
func (s sights) access(r resource) (string, *cmsapi.Error) {
	read := s.by[r.collection].Read
	if reason := cmp.Or(read.Reason("read"), read.Value.Access.Reason("access")); reason != "" {
		return "", &cmsapi.Error{Class: inventory.ErrUnreadable, Path: s.path, Hint: hintServer,
			Message: "how much of " + r.collection + " the credential may read is not known: " + reason}
	}
	return read.Value.Access.Value, nil
}

// broken says why the sights could not all be read; nil if they were.
func (s sights) broken() *cmsapi.Error {
	err := s.err
	for _, r := range needed() {
		if _, e := s.access(r); err == nil {
			err = e
		}
	}
	return err
}

// allowedBy reports whether a permission alone shows all of the list. The weakest
// credential is not shown the activity on shares, and nothing is asked about it.
func (r resource) allowedBy(p permission) bool {
	rows := p.Rows.State == cmsapi.FieldNull || p.Rows.Value.all || p.Rows.Value.noShares && r.collection == logDeeds.collection
	covered := func(field string) bool {
		return slices.Contains(p.Fields.Items, "*") || slices.Contains(p.Fields.Items, field)
	}
	return p.Collection.Value == r.collection && p.Action.Value == actionRead && rows &&
		!slices.ContainsFunc(r.fields, func(f string) bool { return !covered(f) })
}
