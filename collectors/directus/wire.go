package directus

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// The types of Directus's answers. They have no place for a token: Directus
// masks it, and of the mask only its presence is kept. resource.secrets says where it is,
// should a server not mask it.

// document is an answer with one object.
type document[T any] struct {
	Data cmsapi.Field[T] `json:"data"`
}

// listing is an answer with a list.
type listing[T any] struct {
	Data cmsapi.List[T] `json:"data"`
	Meta cmsapi.Field[struct {
		// FilterCount is how many items the list has that the caller may see.
		FilterCount cmsapi.Field[cmsapi.Integer] `json:"filter_count"`
	}] `json:"meta"`
}

// presence is a string of which nothing is kept.
type presence struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*presence) UnmarshalJSON(b []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(b), []byte(`"`)) {
		return errors.New("not a string")
	}
	return nil
}

// user is a user with a static token.
type user struct {
	ID          cmsapi.Field[string]           `json:"id"`
	FirstName   cmsapi.Field[string]           `json:"first_name"`
	LastName    cmsapi.Field[string]           `json:"last_name"`
	Email       cmsapi.Field[string]           `json:"email"`
	Description cmsapi.Field[string]           `json:"description"`
	Status      cmsapi.Field[string]           `json:"status"`
	Token       cmsapi.Field[presence]         `json:"token"`
	LastAccess  cmsapi.Field[cmsapi.UTCMoment] `json:"last_access"`
	// Role is the id of the role; null for none.
	Role cmsapi.Field[string] `json:"role"`
}

func (u user) Flaw() string { return cmsapi.WithoutID("id", u.ID) }

func (u user) Weight() int { return cmsapi.TokenWeight }

// secrets says where in the list of users their tokens are; nil for other lists.
func (r resource) secrets(sourceID string) []exposure.Layout {
	if r.unit != listUsers.unit {
		return nil
	}
	return []exposure.Layout{{
		Tokens: []string{"data"}, Ref: []string{"id"},
		Secrets: []exposure.Place{{Path: []string{"token"}, Token: func(ref string) string { return tokenID(sourceID, ref) }}},
	}}
}

type role struct {
	ID     cmsapi.Field[string] `json:"id"`
	Name   cmsapi.Field[string] `json:"name"`
	Parent cmsapi.Field[string] `json:"parent"`
}

func (r role) Flaw() string { return cmsapi.WithoutID("id", r.ID) }

type policy struct {
	ID          cmsapi.Field[string]      `json:"id"`
	Name        cmsapi.Field[string]      `json:"name"`
	AdminAccess cmsapi.Field[cmsapi.Flag] `json:"admin_access"`
	AppAccess   cmsapi.Field[cmsapi.Flag] `json:"app_access"`
	// IPAccess are the addresses from which alone the policy counts; null or
	// empty for all.
	IPAccess cmsapi.List[string] `json:"ip_access"`
}

func (p policy) Flaw() string { return cmsapi.WithoutID("id", p.ID) }

// attachment grants a policy to a role or to a user; to everybody without a role
// where it names neither.
type attachment struct {
	ID     cmsapi.Field[string] `json:"id"`
	Role   cmsapi.Field[string] `json:"role"`
	User   cmsapi.Field[string] `json:"user"`
	Policy cmsapi.Field[string] `json:"policy"`
}

func (a attachment) Flaw() string { return cmsapi.WithoutID("id", a.ID) }

// permission lets a policy do one action on one collection.
type permission struct {
	// ID is absent in the rows that Directus adds to the list for a caller who may
	// use its app; those belong to no policy.
	ID         cmsapi.Field[cmsapi.Text] `json:"id"`
	Policy     cmsapi.Field[string]      `json:"policy"`
	Collection cmsapi.Field[string]      `json:"collection"`
	Action     cmsapi.Field[string]      `json:"action"`
	// Fields are those that the action covers; "*" is all.
	Fields cmsapi.List[string] `json:"fields"`
	// Rows narrow the permission to some items.
	Rows cmsapi.Field[rowFilter] `json:"permissions"`
}

func (p permission) Flaw() string {
	if p.added() {
		return ""
	}
	return cmsapi.WithoutID("id", p.ID)
}

// rowFilter is a filter of items. It may hold anything; these are the ones that
// matter here.
type rowFilter struct {
	// all: it leaves nothing out.
	all bool
	// self: of the users it leaves the caller.
	self bool
	// noShares: of the activity it leaves out shares.
	noShares bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *rowFilter) UnmarshalJSON(b []byte) error {
	*f = rowFilter{}
	var plain bytes.Buffer
	if err := json.Compact(&plain, b); err != nil {
		return err
	}
	switch plain.String() {
	case `{}`:
		f.all = true
	case `{"id":{"_eq":"$CURRENT_USER"}}`, `{"_and":[{"id":{"_eq":"$CURRENT_USER"}}]}`:
		f.self = true
	case `{"collection":{"_neq":"directus_shares"}}`, `{"_and":[{"collection":{"_neq":"directus_shares"}}]}`:
		f.noShares = true
	}
	if plain.Bytes()[0] != '{' {
		return errors.New("not an object")
	}
	return nil
}

// moments are the bounds of a group of the activity log.
type moments struct {
	Timestamp cmsapi.Field[cmsapi.Moment] `json:"timestamp"`
}

// deed is what a user did last, logins aside.
type deed struct {
	User cmsapi.Field[string]  `json:"user"`
	Max  cmsapi.Field[moments] `json:"max"`
}

func (d deed) Flaw() string { return cmsapi.WithoutID("user", d.User) }

// change is when a user was created, or updated last.
type change struct {
	Item cmsapi.Field[string]  `json:"item"`
	Max  cmsapi.Field[moments] `json:"max"`
}

func (c change) Flaw() string { return cmsapi.WithoutID("item", c.Item) }

// sight says how much of a collection the caller may read.
type sight struct {
	Read cmsapi.Field[struct {
		// Access is full, partial or none.
		Access cmsapi.Field[string] `json:"access"`
	}] `json:"read"`
}

type errorBody struct {
	Errors cmsapi.List[struct {
		Extensions cmsapi.Field[struct {
			Code   cmsapi.Field[string] `json:"code"`
			Reason cmsapi.Field[string] `json:"reason"`
		}] `json:"extensions"`
	}] `json:"errors"`
}
