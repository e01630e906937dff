package emulator

import "time"

// DatoCMSState is what a DatoCMS emulator holds: one host serves all projects,
// and the bearer token tells which one is meant. Ids are numeric strings.
type DatoCMSState struct {
	Projects []*DatoCMSProject
}

// DatoCMSProject is a project, which the API calls a site.
type DatoCMSProject struct {
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
	Environments  []*DatoCMSEnvironment
	Roles         []*DatoCMSRole
	Tokens        []*DatoCMSToken
	Users         []*DatoCMSUser
	Webhooks      []*DatoCMSWebhook
	BuildTriggers []*DatoCMSBuildTrigger
	Counters      []DatoCMSCounter
	// MapsKey is a key of another service; the site carries it in clear.
	MapsKey   string
	CreatedAt time.Time
}

// DatoCMSEnvironment is a copy of a project's content.
type DatoCMSEnvironment struct {
	ID      string
	Primary bool
	// Status may be empty: ready.
	Status string
	// ForkedFrom may be empty: null.
	ForkedFrom string
	CreatedAt  time.Time
}

// DatoCMSToken is an API token of a project. It has no expiry and no dates.
type DatoCMSToken struct {
	ID, Name string
	// Hardcoded is "readonly" or "admin" for a token that DatoCMS made itself,
	// else empty: the API says null.
	Hardcoded string
	// Role is a role's id; empty for null, as with hardcoded tokens.
	Role string
	// Secret is served in clear to callers that may manage tokens.
	Secret            string
	CDA, Preview, CMA bool
	LastCMA, LastCDA  DatoCMSUse
}

// DatoCMSUse is the last use of a token. The API says it in a word.
type DatoCMSUse struct {
	// At zero: never.
	At time.Time
	// Word, if set, is served whatever At is.
	Word string
}

// DatoCMSRole is a role of a project.
type DatoCMSRole struct {
	ID, Name string
	// Permissions are the role's own; what is in force also has the inherited ones.
	Permissions DatoCMSPermissions
	// InheritsFrom are ids of roles.
	InheritsFrom []string
}

// DatoCMSPermissions are what a role allows.
type DatoCMSPermissions struct {
	// Flags are names such as "can_edit_schema"; those that are missing are false.
	Flags map[string]bool
	// Environments is all, primary_only, sandbox_only or none; empty means none.
	Environments                    string
	Items, NotItems                 []DatoCMSItemPermission
	Uploads, NotUploads             []DatoCMSUploadPermission
	BuildTriggers, NotBuildTriggers []string // ids; empty text is every trigger
	SearchIndexes, NotSearchIndexes []string // ids; empty text is every index
}

// DatoCMSItemPermission is about records. An empty member is served as null.
type DatoCMSItemPermission struct {
	Action, Environment, ItemType, Workflow, OnStage, ToStage, OnCreator, LocalizationScope, Locale string
}

// DatoCMSUploadPermission is about assets. An empty member is served as null.
type DatoCMSUploadPermission struct {
	Action, Environment, Collection, MoveTo, OnCreator, LocalizationScope, Locale string
}

// DatoCMSUser is a collaborator of a project.
type DatoCMSUser struct {
	ID, Name, Email, Role string
	Inactive              bool
	// LastAccess may be zero: null.
	LastAccess time.Time
}

// DatoCMSWebhook carries credentials of other systems in clear.
type DatoCMSWebhook struct {
	ID, Name, URL             string
	BasicUser, BasicPassword  string
	HeaderName, HeaderContent string
}

// DatoCMSBuildTrigger carries credentials of other systems in clear.
type DatoCMSBuildTrigger struct {
	ID, Name string
	// WebhookToken is the inbound token; AccessToken opens the deploy service.
	WebhookToken, AccessToken string
}

// DatoCMSCounter is one line of a usage counter.
type DatoCMSCounter struct {
	// Name is a counter such as "cda_access_token_id_requests"; Period is
	// today, current_month or last_month.
	Name, Period, Value string
	Count               int
}

// The word for all in the members of permissions.
const datoCMSAll = "all"

// DatoCMSFlags are the names of the flags of a role, those that let a role read
// last.
func DatoCMSFlags() []string {
	return []string{
		"can_edit_favicon", "can_edit_site", "can_edit_schema", "can_manage_menu", "can_edit_environment",
		"can_promote_environments", "can_manage_environments", "can_manage_users", "can_manage_shared_filters",
		"can_manage_upload_collections", "can_manage_build_triggers", "can_manage_search_indexes", "can_manage_webhooks",
		"can_manage_sso", "can_manage_workflows", "can_manage_access_tokens",
		"can_access_audit_log", "can_perform_site_search", "can_access_build_events_log", "can_access_search_index_events_log",
	}
}

// DatoCMSItem makes an unrestricted permission on all records of an environment.
func DatoCMSItem(action, environment string) DatoCMSItemPermission {
	p := DatoCMSItemPermission{Action: action, Environment: environment}
	switch action {
	case "create", "duplicate":
	case datoCMSAll, "read", "update", "publish":
		p.OnCreator, p.LocalizationScope = "anyone", datoCMSAll
	default:
		p.OnCreator = "anyone"
	}
	return p
}

// DatoCMSUpload makes an unrestricted permission on all assets of an environment.
func DatoCMSUpload(action, environment string) DatoCMSUploadPermission {
	p := DatoCMSUploadPermission{Action: action, Environment: environment}
	if action != "create" {
		p.OnCreator = "anyone"
	}
	if action == datoCMSAll || action == "read" || action == "update" {
		p.LocalizationScope = datoCMSAll
	}
	return p
}

// DatoCMSEditor is the default role "Editor" as recorded in 2022.
func DatoCMSEditor(id, environment string) *DatoCMSRole {
	return &DatoCMSRole{ID: id, Name: "Editor", Permissions: DatoCMSPermissions{
		Flags:         map[string]bool{"can_access_build_events_log": true, "can_edit_favicon": true},
		Environments:  "primary_only",
		Items:         []DatoCMSItemPermission{DatoCMSItem(datoCMSAll, environment)},
		Uploads:       []DatoCMSUploadPermission{DatoCMSUpload(datoCMSAll, environment)},
		BuildTriggers: []string{""},
	}}
}

// DatoCMSAdmin is the default role "Admin".
func DatoCMSAdmin(id, environment string) *DatoCMSRole {
	flags := map[string]bool{}
	for _, name := range DatoCMSFlags() {
		flags[name] = true
	}
	return &DatoCMSRole{ID: id, Name: "Admin", Permissions: DatoCMSPermissions{
		Flags: flags, Environments: datoCMSAll,
		Items:         []DatoCMSItemPermission{DatoCMSItem(datoCMSAll, environment)},
		Uploads:       []DatoCMSUploadPermission{DatoCMSUpload(datoCMSAll, environment)},
		BuildTriggers: []string{""}, SearchIndexes: []string{""},
	}}
}

// DatoCMSReadOnly is the default role "Read-only" of the newest projects.
func DatoCMSReadOnly(id, environment string) *DatoCMSRole {
	return &DatoCMSRole{ID: id, Name: "Read-only", Permissions: DatoCMSPermissions{
		Environments: "primary_only",
		Items:        []DatoCMSItemPermission{DatoCMSItem("read", environment)},
		Uploads:      []DatoCMSUploadPermission{DatoCMSUpload("read", environment)},
	}}
}
