package emulator

import "time"

// ContentfulState is what a Contentful emulator holds. Ids are the CMS's own;
// zero times mean "not set" wherever the comment allows it.
type ContentfulState struct {
	Users         []*ContentfulUser
	Organizations []*ContentfulOrganization
	Spaces        []*ContentfulSpace
	// Tokens are the tokens of the management API, of all users.
	Tokens []*ContentfulToken
}

// ContentfulUser is a person.
type ContentfulUser struct {
	ID, FirstName, LastName, Email string
	// Deactivated users keep their tokens; the API reports activated: false.
	Deactivated bool
	TwoFactor   bool
	CreatedAt   time.Time
	// OAuthApplications are the applications the user registered.
	OAuthApplications []*ContentfulOAuthApplication
}

// ContentfulOrganization owns spaces and has members.
type ContentfulOrganization struct {
	ID, Name    string
	CreatedAt   time.Time
	Memberships []*ContentfulMembership
	// FormerMembers are ids of users who left and whose tokens are still listed.
	FormerMembers []string
	Teams         []*ContentfulTeam
	Apps          []*ContentfulApp
	// SecondLimit is the organization's rate limit, requests a second; 0 means
	// the emulator's.
	SecondLimit int
}

// ContentfulMembership makes a user a member of an organization.
type ContentfulMembership struct {
	ID, User string
	// Role is owner, admin, developer or member.
	Role string
	// Pending: invited, not yet accepted.
	Pending bool
	// LastActiveAt may be zero: never active.
	LastActiveAt time.Time
	CreatedAt    time.Time
}

// ContentfulTeam gives its users access to spaces.
type ContentfulTeam struct {
	ID, Name string
	Users    []string
}

// ContentfulSpace holds content, and the API keys that open it.
type ContentfulSpace struct {
	ID, Name, Organization string
	CreatedAt              time.Time
	// ArchivedAt may be zero: not archived.
	ArchivedAt time.Time
	// Hibernated spaces answer 502.
	Hibernated bool
	// Public spaces appear in everybody's list of spaces.
	Public       bool
	Environments []*ContentfulEnvironment
	Aliases      []*ContentfulAlias
	Roles        []*ContentfulRole
	Members      []*ContentfulSpaceMember
	Keys         []*ContentfulKey
	// OrphanPreviewKeys are preview keys that no delivery key refers to.
	OrphanPreviewKeys []*ContentfulPreviewKey
	Webhooks          []*ContentfulWebhook
}

// ContentfulEnvironment is a copy of a space's content.
type ContentfulEnvironment struct {
	ID string
	// Name may be empty: the same as ID.
	Name string
	// Status may be empty: ready.
	Status    string
	CreatedAt time.Time
}

// ContentfulAlias is a name for an environment.
type ContentfulAlias struct {
	ID string
	// Environment is the id of the target.
	Environment string
}

// ContentfulRole is a role of a space.
type ContentfulRole struct {
	ID, Name, Description string
	// Permissions by name, such as "ContentDelivery": nil, "all", or a list of
	// "read" and "manage".
	Permissions map[string]any
	Policies    []ContentfulPolicy
}

// ContentfulPolicy is one rule of a role.
type ContentfulPolicy struct {
	// Effect is allow or deny.
	Effect string
	// Actions is "all" or a list of strings.
	Actions any
	// Constraint is any JSON; nil for none.
	Constraint any
}

// ContentfulSpaceMember gives a user or a team access to a space.
type ContentfulSpaceMember struct {
	ID string
	// User or Team, one of them.
	User, Team string
	Admin      bool
	Roles      []string
}

// ContentfulKey is a delivery API key, with its preview twin.
type ContentfulKey struct {
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
	Preview *ContentfulPreviewKey
}

// ContentfulPreviewKey is a preview API key.
type ContentfulPreviewKey struct {
	ID string
	// Name may be empty: the member is left out.
	Name   string
	Secret string
	// Environments may be nil: those of the delivery key.
	Environments []string
}

// ContentfulTokenType is the kind of a token of the management API.
type ContentfulTokenType string

// The types of tokens of the management API.
const (
	ContentfulPersonal ContentfulTokenType = "PersonalAccessToken"
	ContentfulCLI      ContentfulTokenType = "CLIToken"
	ContentfulOAuth    ContentfulTokenType = "OAuthApplication"
)

// The scopes of tokens of the management API.
const (
	ContentfulRead   = "content_management_read"
	ContentfulManage = "content_management_manage"
)

// ContentfulToken is a token of the management API. It acts as its user.
type ContentfulToken struct {
	ID   string
	Type ContentfulTokenType
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

// ContentfulOAuthApplication is an OAuth client that a user registered.
type ContentfulOAuthApplication struct {
	ID, Name, ClientID string
	// ClientSecret is served in clear.
	ClientSecret string
	Scopes       []string
	CreatedAt    time.Time
	// LastUsedAt may be zero: never.
	LastUsedAt time.Time
}

// ContentfulApp is an app definition of an organization.
type ContentfulApp struct {
	ID, Name  string
	CreatedBy string
	CreatedAt time.Time
	Keys      []*ContentfulAppKey
	// SigningSecret may be empty: the app has none. Only its end is served.
	SigningSecret string
}

// ContentfulAppKey is a public key with which an app asks for tokens.
type ContentfulAppKey struct {
	ID        string
	CreatedBy string
	CreatedAt time.Time
	// LastUsedAt may be zero: never.
	LastUsedAt time.Time
}

// ContentfulWebhook is a webhook of a space.
type ContentfulWebhook struct {
	ID, Name, URL string
	Topics        []string
	// BasicUsername may be empty: no basic authentication.
	BasicUsername string
	Headers       []ContentfulWebhookHeader
	CreatedAt     time.Time
}

// ContentfulWebhookHeader is a header that a webhook sends. The value of a
// secret one is not served.
type ContentfulWebhookHeader struct {
	Key, Value string
	Secret     bool
}
