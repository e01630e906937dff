package emulator

import "time"

// ContentstackState is what a Contentstack emulator holds: one region. Uids are
// the CMS's own.
type ContentstackState struct {
	Users         []*ContentstackUser
	Organizations []*ContentstackOrganization
	Stacks        []*ContentstackStack
	OAuthTokens   []*ContentstackOAuthToken
}

// ContentstackUser is a person.
type ContentstackUser struct {
	UID, Email, FirstName, LastName string
	// Authtokens are the user's sessions, oldest first.
	Authtokens []string
	CreatedAt  time.Time
}

// ContentstackOrganization owns stacks.
type ContentstackOrganization struct {
	UID, Name string
	// Owner is a user's uid. The owner may do everything in every stack.
	Owner   string
	Members []*ContentstackMember
	// ReadLimit is the rate limit for reads, requests a second; 0 means the
	// emulator's.
	ReadLimit int
	CreatedAt time.Time
}

// ContentstackMember is a user's share in an organization.
type ContentstackMember struct {
	User  string
	Admin bool
	// Pending: invited, not yet accepted.
	Pending bool
}

// ContentstackStack holds content, and the tokens that open it.
type ContentstackStack struct {
	UID, Name, Description, Organization string
	// APIKey goes with every token; it names the stack in requests.
	APIKey string
	Owner  string
	// NoBranches: the plan has none; tokens need no branch in their scope.
	NoBranches    bool
	Collaborators []*ContentstackCollaborator
	Roles         []*ContentstackRole
	Environments  []*ContentstackEnvironment
	Branches      []string
	// Aliases maps the names of branch aliases to branches.
	Aliases          map[string]string
	DeliveryTokens   []*ContentstackDeliveryToken
	ManagementTokens []*ContentstackManagementToken
	Webhooks         []*ContentstackWebhook
	Logs             []*ContentstackLog
	// LegacyAccessToken may be empty: stacks made since 2020-12-16 have none.
	LegacyAccessToken string
	CreatedAt         time.Time
}

// The names of the roles that every stack has.
const (
	ContentstackOwner     = "Owner"
	ContentstackAdmin     = "Admin"
	ContentstackDeveloper = "Developer"
)

// ContentstackCollaborator is a user of a stack.
type ContentstackCollaborator struct {
	User string
	// Roles are names: Owner, Admin, Developer, or those of ContentstackRole.
	Roles []string
}

// ContentstackRole is a role of a stack.
type ContentstackRole struct {
	UID, Name string
}

// ContentstackEnvironment is where content is published to.
type ContentstackEnvironment struct {
	UID, Name string
	CreatedBy string
	CreatedAt time.Time
}

// ContentstackScope is one entry of a token's scope.
type ContentstackScope struct {
	// Module is environment, branch, branch_alias, content_type, $all and others.
	Module string
	// Names are environments by name, branches or aliases; nil for content modules.
	Names []string
	// Read and Write are the access control list. Environments and branches
	// only ever have read.
	Read, Write bool
}

// ContentstackDeliveryToken reads published content; it never expires.
type ContentstackDeliveryToken struct {
	UID, Name, Description string
	// Secret is served in clear.
	Secret string
	// PreviewSecret may be empty: the token has no preview token. It is served
	// in clear too.
	PreviewSecret        string
	Scope                []ContentstackScope
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
}

// ContentstackNever is a way to say that a management token never expires.
type ContentstackNever string

// The spellings of never. The first is the default; no source shows which one
// the service uses.
const (
	ContentstackNeverNull   ContentstackNever = "null"
	ContentstackNeverAbsent ContentstackNever = "absent"
	ContentstackNeverFlag   ContentstackNever = "is_never_expires"
	ContentstackNeverEmpty  ContentstackNever = "empty"
)

// ContentstackManagementToken reads or writes content.
type ContentstackManagementToken struct {
	UID, Name, Description string
	// Secret is served only in the answer to the call that creates the token.
	Secret string
	Scope  []ContentstackScope
	// ExpiresOn is served as it is: a day such as "2026-12-31", or a full
	// time. Empty means never, in the spelling of Never.
	ExpiresOn string
	// Never may be empty: the spelling that the options choose.
	Never ContentstackNever
	// Notify may be nil: the member is left out.
	Notify               *bool
	CreatedBy, UpdatedBy string
	CreatedAt, UpdatedAt time.Time
}

// ContentstackOAuthToken is an access token of an app. It reaches one organization.
type ContentstackOAuthToken struct {
	Secret       string
	Organization string
	// User may be empty: the app acts for itself, as an admin.
	User string
	// Scopes may be nil: all.
	Scopes []string
	// ExpiresAt may be zero: never, which the real service does not have.
	ExpiresAt time.Time
}

// ContentstackWebhook carries credentials of other systems in clear.
type ContentstackWebhook struct {
	UID, Name, URL            string
	BasicUser, BasicPassword  string
	HeaderName, HeaderContent string
}

// ContentstackLog is an entry of a stack's audit log.
type ContentstackLog struct {
	UID, Module, Event string
	User               string
	Title, Subject     string
	At                 time.Time
}
