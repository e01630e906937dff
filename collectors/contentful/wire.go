package contentful

import (
	"cmp"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/contentful/spacerole"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
)

// The shapes of Contentful's answers, as far as they are needed. No type here
// has a place for a secret: accessToken of API keys and token of access tokens
// have no field, so decoding drops them. keySecrets says where the first are.

type (
	text    = cmsapi.Field[cmsapi.Text]
	boolean = cmsapi.Field[cmsapi.Flag]
	number  = cmsapi.Field[cmsapi.Integer]
	moment  = cmsapi.Field[cmsapi.Moment]
)

// array is a list of which as many elements are read as ten pages have. No key
// has so many environments, and no role so many policies.
type array[T any] struct{ cmsapi.List[T] }

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (l *array[T]) UnmarshalJSON(b []byte) error {
	l.Decode(b, 10*pageSize)
	return nil
}

// system is the sys member of an item: what only some kinds of items have is
// absent from the others.
type system struct {
	ID        text               `json:"id"`
	Type      text               `json:"type"`
	CreatedAt moment             `json:"createdAt"`
	UpdatedAt moment             `json:"updatedAt"`
	CreatedBy cmsapi.Field[link] `json:"createdBy"`

	// Of spaces.
	Organization cmsapi.Field[link] `json:"organization"`
	ArchivedAt   moment             `json:"archivedAt"`

	// Of environments: what an alias points to, and what points to an environment.
	AliasedEnvironment cmsapi.Field[link] `json:"aliasedEnvironment"`
	Aliases            array[link]        `json:"aliases"`

	// Of access tokens. RevokedAt is documented at the top of the item, while
	// the table of filters calls it sys.revokedAt: both are read.
	ExpiresAt     moment `json:"expiresAt"`
	RevokedAt     moment `json:"revokedAt"`
	LastUsedAt    moment `json:"lastUsedAt"`
	RedactedValue text   `json:"redactedValue"`
	// Application is what an OAuth token was granted to.
	Application cmsapi.Field[application] `json:"application"`

	// Of access tokens and memberships.
	User cmsapi.Field[link] `json:"user"`

	// Of memberships.
	Status                 text               `json:"status"`
	LastActiveAt           moment             `json:"lastActiveAt"`
	Team                   cmsapi.Field[link] `json:"team"`
	OrganizationMembership cmsapi.Field[link] `json:"organizationMembership"`
}

// item is what all items of lists have.
type item struct {
	Sys cmsapi.Field[system] `json:"sys"`
}

func (i item) sys() system { return i.Sys.Value }

// id is empty for an item whose id cannot be read.
func (i item) id() string { return string(i.sys().ID.Value) }

// Flaw says why an item of a list cannot be told apart or referred to.
func (i item) Flaw() string { return withoutID(i.id()) }

func withoutID(id string) string {
	if id == "" {
		return "has no id that can be read"
	}
	return ""
}

// link refers to another item.
type link struct {
	Sys cmsapi.Field[struct {
		ID       text `json:"id"`
		LinkType text `json:"linkType"`
	}] `json:"sys"`
}

func (l link) id() string { return string(l.Sys.Value.ID.Value) }

// Flaw says why a link of a list leads nowhere.
func (l link) Flaw() string { return withoutID(l.id()) }

func (l link) linkType() string { return string(l.Sys.Value.LinkType.Value) }

// collection is one page of a list. Limit is optional: some documented samples
// leave it out. Every one documented or recorded has a total.
type collection[T any] struct {
	Total    number   `json:"total"`
	Limit    number   `json:"limit"`
	Items    array[T] `json:"items"`
	Includes cmsapi.Field[struct {
		User array[user] `json:"User"`
	}] `json:"includes"`
}

// page is the collection as a page of a list. A list without a total cannot be
// held against it, so it is not known to be whole.
func (c collection[T]) page(what string) (cmsapi.Page[T], error) {
	p, err := cmsapi.PageOf(what, c.Items.List, c.Total, c.Limit)
	if c.Total.Missing() {
		p.Uncounted = c.Total.Reason("total")
	}
	return p, err
}

// space is a space of an organization or of the caller.
type space struct {
	item
	Name text `json:"name"`
}

// organization is an organization of the caller.
type organization struct {
	item
	Name text `json:"name"`
}

// apiKey is a delivery or preview API key. The policies are left out: every
// one ever recorded is "allow all", which on these two APIs is reading.
type apiKey struct {
	item
	Name         text        `json:"name"`
	Description  text        `json:"description"`
	Environments array[link] `json:"environments"`
	// PreviewKey links a delivery key to the preview key that was made with it;
	// the preview key has no link back.
	PreviewKey cmsapi.Field[link] `json:"preview_api_key"`
}

// keySecrets says where in a list of API keys of a space their secrets are; id makes
// the id of a token.
func keySecrets(spaceID string, id func(spaceID, keyID string) string) []exposure.Layout {
	return []exposure.Layout{{
		Tokens: []string{"items"}, Ref: []string{"sys", "id"},
		Secrets: []exposure.Place{{Path: []string{"accessToken"}, Token: func(ref string) string { return id(spaceID, ref) }}},
	}}
}

// environment is a row of the environments list. A row for an alias carries
// the alias's id and aliasedEnvironment; lists with and without such rows were
// recorded.
type environment struct {
	item
	Name text `json:"name"`
}

// alias is a row of the environment_aliases list.
type alias struct {
	item
	Environment cmsapi.Field[link] `json:"environment"`
}

// accessToken is a personal, CLI or OAuth token. The organization's list has
// no name and has the user; the caller's own list has a name and no user.
type accessToken struct {
	item
	Name      text          `json:"name"`
	RevokedAt moment        `json:"revokedAt"`
	Scopes    array[string] `json:"scopes"`
}

// application is the app of a third party: a link, with a name according to the
// types of the vendor's SDK.
type application struct {
	link
	ID   text `json:"id"`
	Name text `json:"name"`
}

// label is the name of the application, or its id; empty if neither is known.
func (a application) label() string {
	if name := string(a.Name.Value); name != "" {
		return name
	}
	if id := cmp.Or(a.id(), string(a.ID.Value)); id != "" {
		return "application " + id
	}
	return ""
}

// membership ties a person to an organization or a space, or a team to a
// space.
type membership struct {
	item
	// Role is the standing in the organization.
	Role text `json:"role"`
	// Admin and Roles are the rights in a space.
	Admin boolean     `json:"admin"`
	Roles array[link] `json:"roles"`
	// User is where recorded answers have the link that the documentation has
	// under sys.
	User cmsapi.Field[link] `json:"user"`
}

func (m membership) userID() string {
	if id := m.sys().User.Value.id(); id != "" {
		return id
	}
	return m.User.Value.id()
}

// user is a person. Callers who are no admins get a reduced form, so every
// member is optional.
type user struct {
	item
	FirstName text    `json:"firstName"`
	LastName  text    `json:"lastName"`
	Email     text    `json:"email"`
	Activated boolean `json:"activated"`
}

// role is a role of a space.
type role struct {
	item
	spacerole.Role
}

// accessGrant reports whether the calling token is authorised for an
// organization.
type accessGrant struct {
	AccessGrant boolean `json:"accessGrant"`
}

// failureBody is the body of an answer that is not a success. The message is not
// read: it is the server's text and could repeat what was sent.
type failureBody struct {
	Sys cmsapi.Field[struct {
		ID text `json:"id"`
	}] `json:"sys"`
}
