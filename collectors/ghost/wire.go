package ghost

import (
	"cmp"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// The types of Ghost's answers. They have no place for secret, which every API
// key of the list carries in the clear. resource.secrets says where.

// document is any answer: which list it has depends on what was asked for.
type document struct {
	Integrations cmsapi.List[integration] `json:"integrations"`
	Users        cmsapi.List[user]        `json:"users"`
	Roles        cmsapi.List[role]        `json:"roles"`
	Meta         cmsapi.Field[struct {
		Pagination cmsapi.Field[pagination] `json:"pagination"`
	}] `json:"meta"`
}

type pagination struct {
	Page  cmsapi.Field[cmsapi.Integer] `json:"page"`
	Total cmsapi.Field[cmsapi.Integer] `json:"total"`
	// Next is the number of the next page; null on the last.
	Next cmsapi.Field[cmsapi.Integer] `json:"next"`
}

type errorBody struct {
	Errors cmsapi.List[struct {
		Message cmsapi.Field[string] `json:"message"`
		Code    cmsapi.Field[string] `json:"code"`
	}] `json:"errors"`
}

type integration struct {
	ID          cmsapi.Field[cmsapi.Text] `json:"id"`
	Type        cmsapi.Field[string]      `json:"type"`
	Name        cmsapi.Field[string]      `json:"name"`
	Description cmsapi.Field[string]      `json:"description"`
	APIKeys     cmsapi.List[apiKey]       `json:"api_keys"`
}

func (i integration) Flaw() string { return cmsapi.WithoutID("id", i.ID) }

func (i integration) Weight() int { return len(i.APIKeys.Items) * cmsapi.TokenWeight }

// secrets says where in the answer the secrets of the API keys of a site are; nil where
// there are none.
func (l resource) secrets(sourceID string) []exposure.Layout {
	if l.unit != listIntegrations.unit {
		return nil
	}
	return []exposure.Layout{{
		Tokens: []string{"integrations", "api_keys"}, Ref: []string{"id"},
		Secrets: []exposure.Place{{Path: []string{"secret"}, Token: func(ref string) string { return tokenID(sourceID, segmentKeys, ref) }}},
	}}
}

type apiKey struct {
	ID   cmsapi.Field[cmsapi.Text] `json:"id"`
	Type cmsapi.Field[string]      `json:"type"`
	// RoleID is null for content keys.
	RoleID     cmsapi.Field[cmsapi.Text]   `json:"role_id"`
	LastSeenAt cmsapi.Field[cmsapi.Moment] `json:"last_seen_at"`
	CreatedAt  cmsapi.Field[cmsapi.Moment] `json:"created_at"`
	// UpdatedAt moves when the secret is made anew.
	UpdatedAt cmsapi.Field[cmsapi.Moment] `json:"updated_at"`
}

func (k apiKey) Flaw() string { return cmsapi.WithoutID("id", k.ID) }

func (k apiKey) Weight() int { return cmsapi.TokenWeight }

type user struct {
	ID    cmsapi.Field[cmsapi.Text] `json:"id"`
	Name  cmsapi.Field[string]      `json:"name"`
	Slug  cmsapi.Field[string]      `json:"slug"`
	Roles cmsapi.List[role]         `json:"roles"`
}

func (u user) Flaw() string { return cmsapi.WithoutID("id", u.ID) }

type role struct {
	ID   cmsapi.Field[cmsapi.Text] `json:"id"`
	Name cmsapi.Field[string]      `json:"name"`
}

func (r role) Flaw() string {
	return cmp.Or(cmsapi.WithoutID("id", r.ID), cmsapi.WithoutID("name", r.Name))
}
