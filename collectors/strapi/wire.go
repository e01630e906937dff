package strapi

import (
	"bytes"
	"encoding/json"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// The types of Strapi's answers. They have no place for accessKey, the secret
// that the answers to creating a token, and some single reads, carry. resource.secrets
// says where it is, should a list have it.

// listing is an answer with a list. Strapi does not page the lists of tokens.
type listing[T any] struct {
	Data cmsapi.List[T] `json:"data"`
	Meta cmsapi.Field[struct {
		Pagination cmsapi.Field[struct {
			Total cmsapi.Field[cmsapi.Integer] `json:"total"`
		}] `json:"pagination"`
	}] `json:"meta"`
}

// document is an answer with one object.
type document[T any] struct {
	Data cmsapi.Field[T] `json:"data"`
}

type errorBody struct {
	Error cmsapi.Field[struct {
		Name    cmsapi.Field[string] `json:"name"`
		Message cmsapi.Field[string] `json:"message"`
	}] `json:"error"`
}

// token is a token of any of the three lists.
type token struct {
	ID          cmsapi.Field[cmsapi.Text]    `json:"id"`
	Kind        cmsapi.Field[string]         `json:"kind"`
	Name        cmsapi.Field[string]         `json:"name"`
	Description cmsapi.Field[string]         `json:"description"`
	Type        cmsapi.Field[string]         `json:"type"`
	Lifespan    cmsapi.Field[cmsapi.Integer] `json:"lifespan"`
	ExpiresAt   cmsapi.Field[cmsapi.Moment]  `json:"expiresAt"`
	LastUsedAt  cmsapi.Field[cmsapi.Moment]  `json:"lastUsedAt"`
	CreatedAt   cmsapi.Field[cmsapi.Moment]  `json:"createdAt"`
	UpdatedAt   cmsapi.Field[cmsapi.Moment]  `json:"updatedAt"`
	// Permissions are those of content API tokens and of transfer tokens.
	Permissions cmsapi.List[string] `json:"permissions"`
	// AdminPermissions are those of admin tokens, whose type says nothing.
	AdminPermissions cmsapi.List[adminPermission] `json:"adminPermissions"`
	AdminUserOwner   cmsapi.Field[person]         `json:"adminUserOwner"`
}

func (t token) Flaw() string { return cmsapi.WithoutID("id", t.ID) }

func (t token) Weight() int { return cmsapi.TokenWeight }

// secrets says where in a list of tokens their secrets would be; nil for what is not one.
// Strapi 5 shows none in its lists.
func (l resource) secrets(sourceID string) []exposure.Layout {
	if l.segment == "" {
		return nil
	}
	return []exposure.Layout{{
		Tokens: []string{"data"}, Ref: []string{"id"},
		Secrets: []exposure.Place{{Path: []string{"accessKey"}, Token: func(ref string) string { return l.tokenID(sourceID, ref) }}},
	}}
}

type adminPermission struct {
	Action  cmsapi.Field[string] `json:"action"`
	Subject cmsapi.Field[string] `json:"subject"`
}

func (p adminPermission) Flaw() string { return cmsapi.WithoutID("action", p.Action) }

// person is an admin user.
type person struct {
	ID        cmsapi.Field[cmsapi.Text]   `json:"id"`
	Firstname cmsapi.Field[string]        `json:"firstname"`
	Lastname  cmsapi.Field[string]        `json:"lastname"`
	Username  cmsapi.Field[string]        `json:"username"`
	Email     cmsapi.Field[string]        `json:"email"`
	CreatedAt cmsapi.Field[cmsapi.Moment] `json:"createdAt"`
	// Roles come with /admin/users/me only.
	Roles cmsapi.List[role] `json:"roles"`
}

// UnmarshalJSON implements json.Unmarshaler: a person that is not populated is a
// bare id.
func (p *person) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && (b[0] == '"' || b[0] == '-' || '0' <= b[0] && b[0] <= '9') {
		*p = person{}
		return p.ID.UnmarshalJSON(b)
	}
	type members person
	return json.Unmarshal(b, (*members)(p))
}

type role struct {
	Code cmsapi.Field[string] `json:"code"`
}

func (r role) Flaw() string { return cmsapi.WithoutID("code", r.Code) }
