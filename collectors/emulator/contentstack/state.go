package contentstack

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// State is what a Contentstack emulator holds: one region. Uids are
// the CMS's own.
type State struct {
	Users         []*User
	Organizations []*Organization
	Stacks        []*Stack
	OAuthTokens   []*OAuthToken
}

// User is a person.
type User struct {
	UID, Email, FirstName, LastName string
	// Authtokens are the user's sessions, oldest first.
	Authtokens []string
	CreatedAt  time.Time
}

// Organization owns stacks.
type Organization struct {
	UID, Name string
	// Owner is a user's uid. The owner may do everything in every stack.
	Owner   string
	Members []*Member
	// ReadLimit is the rate limit for reads, requests a second; 0 means the
	// emulator's.
	ReadLimit int
	CreatedAt time.Time
}

// Member is a user's share in an organization.
type Member struct {
	User  string
	Admin bool
	// Pending: invited, not yet accepted.
	Pending bool
}

// Stack holds content, and the tokens that open it.
type Stack struct {
	UID, Name, Description, Organization string
	// APIKey goes with every token; it names the stack in requests.
	APIKey string
	Owner  string
	// NoBranches: the plan has none; tokens need no branch in their scope.
	NoBranches    bool
	Collaborators []*Collaborator
	Roles         []*Role
	Environments  []*Environment
	Branches      []string
	// Aliases maps the names of branch aliases to branches.
	Aliases          map[string]string
	DeliveryTokens   []*DeliveryToken
	ManagementTokens []*ManagementToken
	Webhooks         []*Webhook
	Logs             []*Log
	// LegacyAccessToken may be empty: stacks made since 2020-12-16 have none.
	LegacyAccessToken string
	CreatedAt         time.Time
}

// The names of the roles that every stack has.
const (
	Owner     = "Owner"
	Admin     = "Admin"
	Developer = "Developer"
)

// Collaborator is a user of a stack.
type Collaborator struct {
	User string
	// Roles are names: Owner, Admin, Developer, or those of Role.
	Roles []string
}

// Role is a role of a stack.
type Role struct {
	UID, Name string
}

// Environment is where content is published to.
type Environment struct {
	UID, Name string
	CreatedBy string
	CreatedAt time.Time
}

// Scope is one entry of a token's scope.
type Scope struct {
	// Module is environment, branch, branch_alias, content_type, $all and others.
	Module string
	// Names are environments by name, branches or aliases; nil for content modules.
	Names []string
	// Read and Write are the access control list. Environments and branches
	// only ever have read.
	Read, Write bool
}

// DeliveryToken reads published content; it never expires.
type DeliveryToken struct {
	UID, Name, Description string
	// Secret is served in clear.
	Secret string
	// PreviewSecret may be empty: the token has no preview token. It is served
	// in clear too.
	PreviewSecret        string
	Scope                []Scope
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
}

// Never is a way to say that a management token never expires.
type Never string

// The spellings of never. The first is the default; no source shows which one
// the service uses.
const (
	NeverNull   Never = "null"
	NeverAbsent Never = "absent"
	NeverFlag   Never = "is_never_expires"
	NeverEmpty  Never = "empty"
)

// ManagementToken reads or writes content.
type ManagementToken struct {
	UID, Name, Description string
	// Secret is served only in the answer to the call that creates the token.
	Secret string
	Scope  []Scope
	// ExpiresOn is served as it is: a day such as "2026-12-31", or a full
	// time. Empty means never, in the spelling of Never.
	ExpiresOn string
	// Never may be empty: the spelling that the options choose.
	Never Never
	// Notify may be nil: the member is left out.
	Notify               *bool
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
}

// OAuthToken is an access token of an app. It reaches one organization.
type OAuthToken struct {
	Secret       string
	Organization string
	// User may be empty: the app acts for itself, as an admin.
	User string
	// Scopes may be nil: all.
	Scopes []string
	// ExpiresAt may be zero: never, which the real service does not have.
	ExpiresAt time.Time
}

// Webhook carries credentials of other systems in clear.
type Webhook struct {
	UID, Name, URL            string
	BasicUser, BasicPassword  string
	HeaderName, HeaderContent string
}

// Log is an entry of a stack's audit log.
type Log struct {
	UID, Module, Event string
	User               string
	Title, Subject     string
	At                 time.Time
}

// TokenForm is that of delivery, preview and management tokens: "cs" and 24 hexadecimal digits.
func TokenForm() emulator.SecretForm {
	return emulator.SecretForm{Prefix: "cs", Length: 24, Alphabet: emulator.HexDigits}
}

// UserForm is that of authtokens and of the API keys of stacks: "blt" and 16 hexadecimal digits.
func UserForm() emulator.SecretForm {
	return emulator.SecretForm{Prefix: "blt", Length: 16, Alphabet: emulator.HexDigits}
}
