package contentful

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// State is what a Contentful emulator holds. Ids are the CMS's own;
// zero times mean "not set" wherever the comment allows it.
type State struct {
	Users         []*User
	Organizations []*Organization
	Spaces        []*Space
	// Tokens are the tokens of the management API, of all users.
	Tokens []*Token
}

// User is a person.
type User struct {
	ID, FirstName, LastName, Email string
	// Deactivated users keep their tokens; the API reports activated: false.
	Deactivated bool
	TwoFactor   bool
	CreatedAt   time.Time
	// OAuthApplications are the applications the user registered.
	OAuthApplications []*OAuthApplication
}

// Organization owns spaces and has members.
type Organization struct {
	ID, Name    string
	CreatedAt   time.Time
	Memberships []*Membership
	// FormerMembers are ids of users who left and whose tokens are still listed.
	FormerMembers []string
	Teams         []*Team
	Apps          []*App
	// SecondLimit is the organization's rate limit, requests a second; 0 means
	// the emulator's.
	SecondLimit int
}

// Membership makes a user a member of an organization.
type Membership struct {
	ID, User string
	// Role is owner, admin, developer or member.
	Role string
	// Pending: invited, not yet accepted.
	Pending bool
	// LastActiveAt may be zero: never active.
	LastActiveAt time.Time
	CreatedAt    time.Time
}

// Team grants its users access to spaces.
type Team struct {
	ID, Name string
	Users    []string
}

// Space holds content, and the API keys that open it.
type Space struct {
	ID, Name, Organization string
	CreatedAt              time.Time
	// ArchivedAt may be zero: not archived.
	ArchivedAt time.Time
	// Hibernated spaces answer 502.
	Hibernated bool
	// Public spaces appear in everybody's list of spaces.
	Public       bool
	Environments []*Environment
	Aliases      []*Alias
	Roles        []*Role
	Members      []*SpaceMember
	Keys         []*Key
	// OrphanPreviewKeys are preview keys that no delivery key refers to.
	OrphanPreviewKeys []*PreviewKey
	Webhooks          []*Webhook
}

// Environment is a copy of a space's content.
type Environment struct {
	ID string
	// Name may be empty: the same as ID.
	Name string
	// Status may be empty: ready.
	Status    string
	CreatedAt time.Time
}

// Alias is a name for an environment.
type Alias struct {
	ID string
	// Environment is the id of the target.
	Environment string
}

// Role is a role of a space.
type Role struct {
	ID, Name, Description string
	// Permissions by name, such as "ContentDelivery": nil, "all", or a list of
	// "read" and "manage".
	Permissions map[string]any
	Policies    []Policy
}

// Policy is one rule of a role.
type Policy struct {
	// Effect is allow or deny.
	Effect string
	// Actions is "all" or a list of strings.
	Actions any
	// Constraint is any JSON; nil for none.
	Constraint any
}

// SpaceMember grants a user or a team access to a space.
type SpaceMember struct {
	ID string
	// User or Team, one of them.
	User, Team string
	Admin      bool
	Roles      []string
}

// Key is a delivery API key, with its preview twin.
type Key struct {
	ID, Name string
	// Description may be nil: the API says null.
	Description *string
	// Secret is the access token, served in clear.
	Secret string
	// Environments are ids of environments or aliases; empty means master.
	Environments         []string
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
	Version              int
	// Preview may be nil: old keys have no twin.
	Preview *PreviewKey
}

// PreviewKey is a preview API key.
type PreviewKey struct {
	ID string
	// Name may be empty: the member is left out.
	Name   string
	Secret string
	// Environments may be nil: those of the delivery key.
	Environments []string
}

// TokenType is the kind of a token of the management API.
type TokenType string

// The types of tokens of the management API.
const (
	Personal TokenType = "PersonalAccessToken"
	CLI      TokenType = "CLIToken"
	OAuth    TokenType = "OAuthApplication"
)

// The scopes of tokens of the management API.
const (
	Read   = "content_management_read"
	Manage = "content_management_manage"
)

// Token is a token of the management API. It acts as its user.
type Token struct {
	ID   string
	Type TokenType
	Name string
	User string
	// Secret is served only in the answer to the call that creates the token.
	Secret string
	Scopes []string
	// ExpiresAt zero: never. LastUsedAt zero: never. RevokedAt zero: not revoked.
	CreatedAt, ExpiresAt, LastUsedAt, RevokedAt time.Time
	// Application is the id of an OAuth application, or empty.
	Application string
	// UnauthorizedFor are ids of organizations that enforce token authorization
	// and have not authorized this token.
	UnauthorizedFor []string
}

// OAuthApplication is an OAuth client that a user registered.
type OAuthApplication struct {
	ID, Name, ClientID string
	// ClientSecret is served in clear.
	ClientSecret string
	Scopes       []string
	CreatedAt    time.Time
	// LastUsedAt may be zero: never.
	LastUsedAt time.Time
}

// App is an app definition of an organization.
type App struct {
	ID, Name  string
	CreatedBy string
	CreatedAt time.Time
	Keys      []*AppKey
	// SigningSecret may be empty: the app has none. Only its end is served.
	SigningSecret string
}

// AppKey is a public key with which an app asks for tokens.
type AppKey struct {
	ID        string
	CreatedBy string
	CreatedAt time.Time
	// LastUsedAt may be zero: never.
	LastUsedAt time.Time
}

// Webhook is a webhook of a space.
type Webhook struct {
	ID, Name, URL string
	Topics        []string
	// BasicUsername may be empty: no basic authentication.
	BasicUsername string
	Headers       []WebhookHeader
	CreatedAt     time.Time
}

// WebhookHeader is a header that a webhook sends. The value of a
// secret one is not served.
type WebhookHeader struct {
	Key, Value string
	Secret     bool
}

// PersonalForm is that of tokens of the management API: "CFPAT-" and 43 characters.
func PersonalForm() emulator.SecretForm {
	return emulator.SecretForm{Prefix: "CFPAT-", Length: 43, Alphabet: emulator.Base62}
}

// KeyForm is that of delivery and preview keys: 43 characters.
func KeyForm() emulator.SecretForm { return emulator.SecretForm{Length: 43, Alphabet: emulator.Base62} }
