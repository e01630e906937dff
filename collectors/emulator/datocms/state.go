package datocms

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// State is what a DatoCMS emulator holds: one host serves all projects,
// and the bearer token tells which one is meant. Ids are numeric strings.
type State struct {
	Projects []*Project
}

// Project is a project, which the API calls a site.
type Project struct {
	ID, Name string
	// Domain is the internal one, such as "blog.admin.datocms.com".
	Domain string
	// OwnerSecret may be empty. It is the bearer of the owner's session, who
	// may do everything.
	OwnerSecret string
	// Deactivated projects refuse every call.
	Deactivated bool
	// LegacyVersion: made before 2022-05-31, so X-Api-Version may be missing.
	LegacyVersion bool
	Environments  []*Environment
	Roles         []*Role
	Tokens        []*Token
	Users         []*User
	Webhooks      []*Webhook
	BuildTriggers []*BuildTrigger
	Counters      []Counter
	// MapsKey is a key of another service; the site carries it in clear.
	MapsKey   string
	CreatedAt time.Time
}

// Environment is a copy of a project's content.
type Environment struct {
	ID      string
	Primary bool
	// Status may be empty: ready.
	Status string
	// ForkedFrom may be empty: null.
	ForkedFrom string
	CreatedAt  time.Time
}

// Token is an API token of a project. It has no expiry and no dates.
type Token struct {
	ID, Name string
	// Hardcoded is "readonly" or "admin" for a token that DatoCMS made itself,
	// else empty: the API says null.
	Hardcoded string
	// Role is a role's id; empty for null, as with hardcoded tokens.
	Role string
	// Secret is served in clear to callers that may manage tokens.
	Secret            string
	CDA, Preview, CMA bool
	LastCMA, LastCDA  Use
}

// Use is the last use of a token. The API says it in a word.
type Use struct {
	// At zero: never.
	At time.Time
	// Word, if set, is served whatever At is.
	Word string
}

// Role is a role of a project.
type Role struct {
	ID, Name string
	// Permissions are the role's own; what is in force also has the inherited ones.
	Permissions Permissions
	// InheritsFrom are ids of roles.
	InheritsFrom []string
}

// Permissions are what a role allows.
type Permissions struct {
	// Flags are names such as "can_edit_schema"; those that are missing are false.
	Flags map[string]bool
	// Environments is all, primary_only, sandbox_only or none; empty means none.
	Environments                    string
	Items, NotItems                 []ItemPermission
	Uploads, NotUploads             []UploadPermission
	BuildTriggers, NotBuildTriggers []string // ids; empty text is every trigger
	SearchIndexes, NotSearchIndexes []string // ids; empty text is every index
}

// ItemPermission is about records. An empty member is served as null.
type ItemPermission struct {
	Action, Environment, ItemType, Workflow, OnStage, ToStage, OnCreator, LocalizationScope, Locale string
}

// UploadPermission is about assets. An empty member is served as null.
type UploadPermission struct {
	Action, Environment, Collection, MoveTo, OnCreator, LocalizationScope, Locale string
}

// User is a collaborator of a project.
type User struct {
	ID, Name, Email, Role string
	Inactive              bool
	// LastAccess may be zero: null.
	LastAccess time.Time
}

// Webhook carries credentials of other systems in clear.
type Webhook struct {
	ID, Name, URL             string
	BasicUser, BasicPassword  string
	HeaderName, HeaderContent string
}

// BuildTrigger carries credentials of other systems in clear.
type BuildTrigger struct {
	ID, Name string
	// WebhookToken is the inbound token; AccessToken opens the deploy service.
	WebhookToken, AccessToken string
}

// Counter is one line of a usage counter.
type Counter struct {
	// Name is a counter such as "cda_access_token_id_requests"; Period is
	// today, current_month or last_month.
	Name, Period, Value string
	Count               int
}

// AllEnvironments is the word for all in the members of permissions.
const AllEnvironments = "all"

// Flags are the names of the flags of a role, those that let a role read
// last.
func Flags() []string {
	return []string{
		"can_edit_favicon", "can_edit_site", "can_edit_schema", "can_manage_menu", "can_edit_environment",
		"can_promote_environments", "can_manage_environments", "can_manage_users", "can_manage_shared_filters",
		"can_manage_upload_collections", "can_manage_build_triggers", "can_manage_search_indexes", "can_manage_webhooks",
		"can_manage_sso", "can_manage_workflows", "can_manage_access_tokens",
		"can_access_audit_log", "can_perform_site_search", "can_access_build_events_log", "can_access_search_index_events_log",
	}
}

// Item makes an unrestricted permission on all records of an environment.
func Item(action, environment string) ItemPermission {
	p := ItemPermission{Action: action, Environment: environment}
	switch action {
	case "create", "duplicate":
	case AllEnvironments, "read", "update", "publish":
		p.OnCreator, p.LocalizationScope = "anyone", AllEnvironments
	default:
		p.OnCreator = "anyone"
	}
	return p
}

// Upload makes an unrestricted permission on all assets of an environment.
func Upload(action, environment string) UploadPermission {
	p := UploadPermission{Action: action, Environment: environment}
	if action != "create" {
		p.OnCreator = "anyone"
	}
	if action == AllEnvironments || action == "read" || action == "update" {
		p.LocalizationScope = AllEnvironments
	}
	return p
}

// Editor is the default role "Editor" as recorded in 2022.
func Editor(id, environment string) *Role {
	return &Role{ID: id, Name: "Editor", Permissions: Permissions{
		Flags:         map[string]bool{"can_access_build_events_log": true, "can_edit_favicon": true},
		Environments:  "primary_only",
		Items:         []ItemPermission{Item(AllEnvironments, environment)},
		Uploads:       []UploadPermission{Upload(AllEnvironments, environment)},
		BuildTriggers: []string{""},
	}}
}

// Admin is the default role "Admin".
func Admin(id, environment string) *Role {
	flags := map[string]bool{}
	for _, name := range Flags() {
		flags[name] = true
	}
	return &Role{ID: id, Name: "Admin", Permissions: Permissions{
		Flags: flags, Environments: AllEnvironments,
		Items:         []ItemPermission{Item(AllEnvironments, environment)},
		Uploads:       []UploadPermission{Upload(AllEnvironments, environment)},
		BuildTriggers: []string{""}, SearchIndexes: []string{""},
	}}
}

// ReadOnly is the default role "Read-only" of the newest projects.
func ReadOnly(id, environment string) *Role {
	return &Role{ID: id, Name: "Read-only", Permissions: Permissions{
		Environments: "primary_only",
		Items:        []ItemPermission{Item("read", environment)},
		Uploads:      []UploadPermission{Upload("read", environment)},
	}}
}

// TokenForm is that of project tokens: 30 hexadecimal digits.
func TokenForm() emulator.SecretForm {
	return emulator.SecretForm{Length: 30, Alphabet: emulator.HexDigits}
}
