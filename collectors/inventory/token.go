package inventory

import "time"

// Kind is what a token is for.
type Kind string

// The kinds of tokens.
const (
	// Delivery reads published content.
	Delivery Kind = "delivery"
	// Preview reads drafts.
	Preview Kind = "preview"
	// Management is a project-level credential that reaches the management API.
	Management Kind = "management"
	// Personal acts as a person.
	Personal Kind = "personal"
	// OAuth is a grant that a person gave to an application.
	OAuth Kind = "oauth"
	// CLI is a login of a command line tool.
	CLI Kind = "cli"
	// App is a key of an application.
	App Kind = "app"
)

// API is a surface of a CMS that a token may reach.
type API string

// The surfaces. A self-hosted CMS with one REST API counts as
// ContentManagement if the token can write, else as ContentDelivery.
const (
	ContentDelivery   API = "content_delivery"
	ContentPreview    API = "content_preview"
	ContentManagement API = "content_management"
)

// Token is one credential. It has no field for its secret.
type Token struct {
	// ID is a stable, scheme-less path, unique over all tokens (ARCHITECTURE.md, section 5).
	ID string `json:"id"`
	// Ref is the CMS's own id; the address of a token that has none yet.
	Ref string `json:"ref"`
	// Twin is the ID of the delivery token that a preview token belongs to, else empty.
	Twin string `json:"twin,omitempty"`
	// CMS is the name the collector is registered under, such as "contentful".
	CMS string `json:"cms"`
	// Source is the ID of the source that owns the token.
	Source string `json:"source"`
	// Name is untrusted text of the CMS's users.
	Name string `json:"name"`
	// Description is untrusted text, too; empty where the CMS has none.
	Description string `json:"description,omitempty"`
	// URL opens the CMS's own page for the token, or the nearest one that exists.
	URL  string `json:"url,omitempty"`
	Kind Kind   `json:"kind"`
	// APIs are the surfaces the token reaches, in the order delivery, preview,
	// management. Empty for a token that reaches none.
	APIs   []API  `json:"apis"`
	Access Access `json:"access"`
	// Role is what the role alone would allow; nil where a token has none.
	Role         *Role `json:"role"`
	Environments Scope `json:"environments"`
	// Branches is nil where the CMS has no branches.
	Branches  *Scope    `json:"branches,omitempty"`
	CreatedAt Timestamp `json:"created_at"`
	// FirstSeen bounds the creation by earlier inventories; nil without any. It
	// says more than CreatedAt only where that is unknown.
	FirstSeen *FirstSeen `json:"first_seen,omitempty"`
	UpdatedAt Timestamp  `json:"updated_at"`
	RevokedAt Timestamp  `json:"revoked_at"`
	Expiry    Expiry     `json:"expiry"`
	LastUsed  LastUsed   `json:"last_used"`
	// LastUsedByAPI tells the surfaces apart where the CMS does; LastUsed is the
	// most recent of them. Nil elsewhere.
	LastUsedByAPI map[API]LastUsed `json:"last_used_by_api,omitempty"`
	Traits        Traits           `json:"traits"`
	Owner         Owner            `json:"owner"`
	Secret        Secret           `json:"secret"`
	// Exposure says whether the secret is known outside, which is unknown where no report
	// of a leak scanner was given.
	Exposure *Exposure `json:"exposure,omitempty"`
	// Planned is empty for live tokens.
	Planned Planned `json:"planned,omitempty"`
	// Address is the resource address of a planned token.
	Address string `json:"address,omitempty"`
	// Origin is where the token is declared (planned), else where its source is configured.
	Origin Origin `json:"origin,omitzero"`
}

// Level orders what a credential can do:
// none < read < trigger < write < schema < admin.
type Level string

// The levels. LevelUnknown stands outside the order.
const (
	LevelNone    Level = "none"
	LevelRead    Level = "read"
	LevelTrigger Level = "trigger"
	LevelWrite   Level = "write"
	LevelSchema  Level = "schema"
	LevelAdmin   Level = "admin"
	LevelUnknown Level = "unknown"
)

// Access is what a token can do.
type Access struct {
	// Level is what the token can do at most; unknown where it could not be read.
	Level Level `json:"level"`
	// Write is always decided: true from LevelWrite up, and true, with Assumed
	// set, where the level could not be read.
	Write bool `json:"write"`
	// Assumed: Write was not read but assumed, for Reason.
	Assumed bool `json:"assumed"`
	// Reason says why the level is unknown, or why Write was assumed.
	Reason string `json:"reason,omitempty"`
	// ManagesTokens: can it read the secrets of other tokens, or create tokens.
	ManagesTokens Ternary `json:"manages_tokens"`
	// Grants are the CMS's own words: scopes, permissions, ACLs. Sorted.
	Grants []string `json:"grants"`
}

// Role is what a token's role alone would allow, before API flags and scopes narrow it.
type Role struct {
	// ID is the CMS's own.
	ID string `json:"id"`
	// Name is what people see; empty where it could not be read.
	Name string `json:"name,omitempty"`
	// Level is unknown where the role could not be read.
	Level Level `json:"level"`
}

// ScopeState says how a scope is given.
type ScopeState string

// The states of a scope.
const (
	// ScopeListed: exactly Items.
	ScopeListed ScopeState = "listed"
	// ScopeAll: all that exist, now and in future. Items are those that exist now.
	ScopeAll ScopeState = "all"
	// ScopeUnknown: not decidable, for Reason. Items hold what is known.
	ScopeUnknown ScopeState = "unknown"
)

// Scope is the set of environments, or of branches, that a token opens.
type Scope struct {
	State ScopeState `json:"state"`
	// Reason says why the scope is unknown, or what a listed one rests on where
	// nobody wrote it down.
	Reason string `json:"reason,omitempty"`
	// Items are distinct and sorted by ID.
	Items []ScopeItem `json:"items"`
	// Effective is the number of distinct items after aliases are resolved;
	// missing ones count. For ScopeAll those that exist now. 0 for ScopeUnknown.
	Effective int `json:"effective"`
}

// ScopeItem is one environment or branch of a scope.
type ScopeItem struct {
	// ID is the CMS's own, unique in the source.
	ID string `json:"id"`
	// Name is what people see; empty where it is unknown.
	Name    string  `json:"name,omitempty"`
	Primary Ternary `json:"primary"`
	// Exists is no for a name that the source does not have any more.
	Exists Ternary `json:"exists"`
	// AliasOf is the ID the alias points to; empty for a real one.
	AliasOf string `json:"alias_of,omitempty"`
}

// TimestampState says whether a time is known.
type TimestampState string

// The states of a timestamp.
const (
	TimestampAt      TimestampState = "at"
	TimestampNone    TimestampState = "none"
	TimestampUnknown TimestampState = "unknown"
)

// Timestamp is a time that may be unknown.
type Timestamp struct {
	State TimestampState `json:"state"`
	// At is set for TimestampAt only, UTC.
	At time.Time `json:"at,omitzero"`
	// Reason is set for TimestampUnknown.
	Reason string `json:"reason,omitempty"`
}

// ExpiryState says whether a token expires.
type ExpiryState string

// The states of an expiry.
const (
	ExpiryAt      ExpiryState = "at"
	ExpiryNever   ExpiryState = "never"
	ExpiryUnknown ExpiryState = "unknown"
)

// Precision is how exact an expiry is.
type Precision string

// The precisions. A day counts to its end, UTC.
const (
	PrecisionInstant Precision = "instant"
	PrecisionDay     Precision = "day"
)

// Expiry is when a token stops working.
type Expiry struct {
	State ExpiryState `json:"state"`
	// At is UTC. PrecisionInstant: the moment from which on the token is
	// expired. PrecisionDay: 00:00 of the last day, which counts to its end.
	// Also set for a far-future date that counts as never.
	At        time.Time `json:"at,omitzero"`
	Precision Precision `json:"precision,omitempty"`
	// Supported: can this CMS give such a token an expiry at all.
	Supported bool `json:"supported"`
	// Reason says why it is unknown.
	Reason string `json:"reason,omitempty"`
}

// LastUsedState says what is known of the last use.
type LastUsedState string

// The states of the last use.
const (
	// LastUsedAt: used last at At.
	LastUsedAt LastUsedState = "at"
	// LastUsedBetween: used last between Earliest and Latest.
	LastUsedBetween LastUsedState = "between"
	// LastUsedNever: never used since its creation.
	LastUsedNever LastUsedState = "never"
	// LastUsedNoneOnRecord: the CMS's record begins at Latest and shows no use since.
	LastUsedNoneOnRecord LastUsedState = "none_on_record"
	LastUsedUnknown      LastUsedState = "unknown"
)

// LastUsed is what is known of a token's last use.
type LastUsed struct {
	State LastUsedState `json:"state"`
	// At is the moment of the last use, UTC; set for LastUsedAt only.
	At time.Time `json:"at,omitzero"`
	// Earliest and Latest bound the last use, both inclusive, UTC. For
	// LastUsedNoneOnRecord only Latest is set.
	Earliest time.Time `json:"earliest,omitzero"`
	// Latest is the other bound.
	Latest time.Time `json:"latest,omitzero"`
	// Reason says why it is unknown, or what the bounds rest on.
	Reason string `json:"reason,omitempty"`
	// Evidence is "cms" or the name of the usage file; empty for unknown.
	Evidence string `json:"evidence,omitempty"`
	// Word is the CMS's own word where it gives one, such as "last_month".
	Word string `json:"word,omitempty"`
	// Chain are the observations that the bounds rest on, newest first, where
	// they rest on more than this inventory. Nil otherwise.
	Chain []Observation `json:"chain,omitempty"`
}

// Observation is what one inventory, or one usage file, knew of a last use.
type Observation struct {
	// CollectedAt is when it was observed; zero for a usage file.
	CollectedAt time.Time     `json:"collected_at,omitzero"`
	State       LastUsedState `json:"state"`
	// At is as in LastUsed.
	At time.Time `json:"at,omitzero"`
	// Earliest is as in LastUsed.
	Earliest time.Time `json:"earliest,omitzero"`
	// Latest is as in LastUsed.
	Latest time.Time `json:"latest,omitzero"`
	// Evidence is as in LastUsed.
	Evidence string `json:"evidence,omitempty"`
	// Word is as in LastUsed.
	Word string `json:"word,omitempty"`
}

// FirstSeen bounds the creation of a token.
type FirstSeen struct {
	// NotBefore is when the last complete list without the token was read: it
	// was created after that. Zero where no inventory is that old.
	NotBefore time.Time `json:"not_before,omitzero"`
	// At is when the first inventory that has the token was read.
	At time.Time `json:"at"`
}

// EvidenceCMS marks a last use that the CMS itself reported.
const EvidenceCMS = "cms"

// Ternary is a yes or no that may be unknown.
type Ternary string

// The three values.
const (
	Yes     Ternary = "yes"
	No      Ternary = "no"
	Unknown Ternary = "unknown"
)

// TernaryOf returns Yes for true and No for false.
func TernaryOf(b bool) Ternary {
	if b {
		return Yes
	}
	return No
}

// Traits are facts that only some CMSes have.
type Traits struct {
	// Factory: made by the CMS itself.
	Factory Ternary `json:"factory"`
	// NotifiesBeforeExpiry: the CMS warns somebody before the token expires.
	NotifiesBeforeExpiry Ternary `json:"notifies_before_expiry"`
}

// OwnerType says what owns a token.
type OwnerType string

// The types of owners.
const (
	OwnerPerson  OwnerType = "person"
	OwnerApp     OwnerType = "app"
	OwnerNone    OwnerType = "none"
	OwnerUnknown OwnerType = "unknown"
)

// OwnerState says what became of an owner.
type OwnerState string

// The states of an owner. An owner of type none has state active.
const (
	OwnerActive       OwnerState = "active"
	OwnerDeactivated  OwnerState = "deactivated"
	OwnerRemoved      OwnerState = "removed"
	OwnerStateUnknown OwnerState = "unknown"
)

// Owner is who a token belongs to: the person it acts as, or, for a
// project-level token, who made it where the CMS tells.
type Owner struct {
	Type OwnerType `json:"type"`
	// ID is the CMS's own; empty where it is unknown.
	ID string `json:"id,omitempty"`
	// Name is a name or an address; empty where it is unknown.
	Name  string     `json:"name,omitempty"`
	State OwnerState `json:"state"`
	// Level is the highest right of the owner, unknown where it was not read.
	Level Level `json:"level"`
	// Role is the CMS's own word for the owner's standing, such as "owner".
	Role string `json:"role,omitempty"`
	// LastActive is the last sign of life that did not come from a token.
	LastActive Timestamp `json:"last_active"`
	// Reason says why the owner is unknown, or why the state is.
	Reason string `json:"reason,omitempty"`
}

// UnknownOwner is an owner who could not be told, for reason.
func UnknownOwner(reason string) Owner {
	return Owner{
		Type: OwnerUnknown, State: OwnerStateUnknown, Level: LevelUnknown,
		LastActive: UnknownTime(reason), Reason: reason,
	}
}

// Secret is what is known about a token's secret, never the secret.
type Secret struct {
	// Readable: does the CMS hand the secret to whoever may list.
	Readable Ternary `json:"readable"`
	// Hint is at most the last four characters, only where the CMS itself shows them.
	Hint string `json:"hint,omitempty"`
}

// Planned says what a change would do with a token.
type Planned string

// The plans. The empty string is a live token.
const (
	PlannedCreate    Planned = "create"
	PlannedUpdate    Planned = "update"
	PlannedReplace   Planned = "replace"
	PlannedUnchanged Planned = "unchanged"
)
