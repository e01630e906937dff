// Package inventory is the common schema of tokenaudit: what every collector
// writes, every rule judges and every report shows.
//
// It is the ground of the code base: it imports nothing of the project. The Go
// structs are the definition; the JSON Schema shipped next to them is checked
// against them by a test and enforced on every inventory read from outside.
//
// Two promises hold for every type here. A fact that a CMS may fail to report
// has an explicit state, so absent and null never mean unknown. And no field
// can hold a secret: there is no place for one.
package inventory

import (
	"strconv"
	"time"
)

// Schema names the version of the inventory document.
const Schema = "tokenaudit/inventory/v1"

// Inventory is what one run collected: the sources with their tokens.
type Inventory struct {
	// Schema is always the constant Schema.
	Schema string `json:"schema"`
	// Tool is the program that wrote the document.
	Tool Tool `json:"tool"`
	// Shard says which part of a run this is; nil for the whole.
	Shard *Shard `json:"shard,omitempty"`
	// Only are the globs of sources that the reading was restricted to; nil for
	// all that is configured. Nothing is known of what lies outside.
	Only []string `json:"only,omitempty"`
	// OnlyLabels are the labels that the reading was restricted to; nil for none.
	OnlyLabels []string `json:"only_labels,omitempty"`
	// SourcesDigest is the digest of what the configuration says of sources, by which a
	// scan can be resumed; empty where the document does not say.
	SourcesDigest string `json:"sources_digest,omitempty"`
	// CollectedUntil is the latest CollectedAt of Sources, UTC: the audit time unless
	// another is given. Zero where the document does not say, or there is no source.
	CollectedUntil time.Time `json:"collected_until,omitzero"`
	// Sources are sorted by ID. Never nil in a document.
	Sources []Source `json:"sources"`
}

// Shard is a part of a run that was spread over several machines.
type Shard struct {
	// Index counts from 1 to Count.
	Index int `json:"index"`
	Count int `json:"count"`
	// Config is the digest of the configuration; only shards of one
	// configuration make a whole.
	Config string `json:"config_digest"`
}

// CollectedUntil returns the latest CollectedAt of sources; zero for none.
func CollectedUntil(sources []Source) time.Time {
	var latest time.Time
	for _, s := range sources {
		if s.CollectedAt.After(latest) {
			latest = s.CollectedAt
		}
	}
	return latest.UTC()
}

// Tool names a program and its version.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// SourceKind says what a source is in its CMS.
type SourceKind string

// The kinds of sources.
const (
	KindOrganization SourceKind = "organization"
	KindSpace        SourceKind = "space"
	KindStack        SourceKind = "stack"
	KindProject      SourceKind = "project"
	KindInstance     SourceKind = "instance"
	KindPlan         SourceKind = "plan"
)

// Source is the smallest thing that owns tokens: a Contentful space or
// organization, a Contentstack stack, a DatoCMS project, a Strapi instance, a
// Terraform plan.
type Source struct {
	// ID is a stable, scheme-less path, unique over all sources:
	// "contentful/spaces/abc", "contentstack/stacks/blt1", "datocms/projects/77".
	ID string `json:"id"`
	// CMS is the name the collector is registered under, such as "contentful".
	CMS  string     `json:"cms"`
	Kind SourceKind `json:"kind"`
	// Name is the CMS's own display name: untrusted text.
	Name string `json:"name"`
	// Host is the API host (and port, if any) that was asked.
	Host string `json:"host,omitempty"`
	// Region is the CMS's own region id, empty where it has none.
	Region string `json:"region,omitempty"`
	// Organization is the CMS's id of the organization that owns the source.
	Organization string `json:"organization,omitempty"`
	// Labels come from the configuration.
	Labels map[string]string `json:"labels,omitempty"`
	// URL opens the CMS's own page on which the tokens of the source are managed.
	URL string `json:"url,omitempty"`
	// CollectedAt is when reading the source began, UTC. Bounds of use are anchored here.
	CollectedAt time.Time `json:"collected_at"`
	// Units are the lists that had to be read, in a fixed order per CMS.
	Units []Unit `json:"units"`
	// Facts says for each fact whether this CMS can report it at all.
	Facts Facts `json:"facts"`
	// Limits are quotas of the CMS by name, such as "management_tokens".
	Limits map[string]Limit `json:"limits,omitempty"`
	// Environments are the environments and environment aliases of the source. They are complete only if
	// the unit that lists them is.
	Environments []Environment `json:"environments,omitempty"`
	// Auditor is what the scan's own credential could do here.
	Auditor Auditor `json:"auditor"`
	// NeverAfter is the horizon from which on an expiry date means never; zero
	// means ten years after CollectedAt.
	NeverAfter time.Time `json:"never_after,omitzero"`
	// Literals are the credentials that stand as constants in the code of a
	// plan, sorted by address and attribute; nil elsewhere.
	Literals []Literal `json:"literals,omitempty"`
	// Origin is where the source is configured (live) or the plan file.
	Origin Origin `json:"origin,omitzero"`
	// Tokens are sorted by ID. Never nil in a document.
	Tokens []Token `json:"tokens"`
}

// UnitStatus says how much of a list was read.
type UnitStatus string

// The states of a unit.
const (
	UnitComplete UnitStatus = "complete"
	UnitFailed   UnitStatus = "failed"
	UnitPartial  UnitStatus = "partial"
)

// Unit is one list that had to be read for a source.
type Unit struct {
	// Name is stable and snake_case: "api_keys", "management_tokens", "roles".
	Name string `json:"name"`
	// Kinds are the kinds of tokens the list holds; empty for a supporting list
	// such as roles or environments.
	Kinds []Kind `json:"kinds,omitempty"`
	// Sources reports whether whole sources may be missing with the list, because they
	// are found by it, or because this source could not be identified. A source that is
	// not there must then not be taken for one that is gone.
	Sources bool       `json:"sources,omitempty"`
	Status  UnitStatus `json:"status"`
	// Error is the class of what went wrong; empty for a complete unit.
	Error ErrorClass `json:"error,omitempty"`
	// Detail says what happened, in one line, without secrets.
	Detail string `json:"detail,omitempty"`
	// Hint says how to close the gap.
	Hint string `json:"hint,omitempty"`
	// Missing are the parts of the list that were not read, in the CMS's own words, where it
	// is read in parts, such as one for each user. All others were. Empty where that is not
	// known. A run that goes on with this one asks for them; rules do not see them.
	Missing []string `json:"missing,omitempty"`
}

// MaxMissing is how many missing parts a unit names at most.
const MaxMissing = 10_000

// ErrorClass is the class of a collection error.
type ErrorClass string

// The classes of collection errors (ARCHITECTURE.md, section 6).
const (
	ErrPermissionDenied ErrorClass = "permission_denied"
	ErrUnauthorized     ErrorClass = "unauthorized"
	ErrNotFound         ErrorClass = "not_found"
	ErrRateLimited      ErrorClass = "rate_limited"
	ErrTimeout          ErrorClass = "timeout"
	ErrUnavailable      ErrorClass = "unavailable"
	ErrTruncated        ErrorClass = "truncated"
	ErrUnreadable       ErrorClass = "unreadable"
	ErrInternal         ErrorClass = "internal"
	// ErrDoubtedEmpty: the list came back empty, and nothing shows that the credential
	// would see what is in it. A person may know that it is empty (accept_empty).
	ErrDoubtedEmpty ErrorClass = "doubted_empty"
)

// Fact names something a rule may need and a CMS may be unable to tell.
type Fact string

// The facts a rule can name in `requires`.
const (
	FactAccess       Fact = "access"
	FactEnvironments Fact = "environments"
	FactBranches     Fact = "branches"
	FactCreatedAt    Fact = "created_at"
	FactUpdatedAt    Fact = "updated_at"
	FactRevokedAt    Fact = "revoked_at"
	FactExpiry       Fact = "expiry"
	FactLastUsed     Fact = "last_used"
	FactOwner        Fact = "owner"
	FactDescription  Fact = "description"
	FactTraits       Fact = "traits"
)

// Facts maps every Fact to what the CMS can tell about it.
type Facts map[Fact]FactSupport

// FactSupport says whether a CMS reports a fact, and if not, why.
type FactSupport struct {
	// Reported: yes, no, or partly for a fact that only some kinds of tokens have.
	Reported Support `json:"reported"`
	// Reason is set unless Reported is yes.
	Reason string `json:"reason,omitempty"`
}

// Support says how far a CMS reports a fact.
type Support string

// The degrees of support.
const (
	SupportYes    Support = "yes"
	SupportPartly Support = "partly"
	SupportNo     Support = "no"
)

// Reported is a fact that the CMS reports.
func Reported() FactSupport { return FactSupport{Reported: SupportYes} }

// ReportedPartly is a fact that only some tokens have, or only with some
// credentials, for reason.
func ReportedPartly(reason string) FactSupport {
	return FactSupport{Reported: SupportPartly, Reason: reason}
}

// NotReported is a fact that the CMS cannot tell, for reason.
func NotReported(reason string) FactSupport { return FactSupport{Reported: SupportNo, Reason: reason} }

// Limit is a quota of the CMS.
type Limit struct {
	// Max is the number of tokens allowed.
	Max int `json:"max"`
	// Source says where the number comes from.
	Source string `json:"source,omitempty"`
}

// Environment is an environment, or an alias of one, of a source.
type Environment struct {
	// ID is the CMS's own, unique in the source.
	ID string `json:"id"`
	// Name is what people see; empty where the CMS has only an ID.
	Name    string  `json:"name,omitempty"`
	Primary Ternary `json:"primary"`
	// AliasOf is the ID of the environment this alias points to; empty for a real one.
	AliasOf string `json:"alias_of,omitempty"`
}

// Auditor is what the scan's own credential could do beyond listing.
type Auditor struct {
	// Token is the ID of the credential's own token where it is in the inventory.
	Token string `json:"token,omitempty"`
	// ReadsSecrets: does the CMS hand secrets of tokens to this credential.
	ReadsSecrets Ternary `json:"reads_secrets"`
	// Writes: could this credential change anything at the CMS.
	Writes Ternary `json:"writes"`
	// Necessary: is there no weaker credential that could do the same work.
	Necessary Ternary `json:"necessary"`
	// Detail says in one line what the three are based on.
	Detail string `json:"detail,omitempty"`
}

// LiteralPlace says in what kind of code a literal stands.
type LiteralPlace string

// The places of literals.
const (
	// LiteralProvider: an argument of a provider block.
	LiteralProvider LiteralPlace = "provider"
	// LiteralVariable: the default of a variable.
	LiteralVariable LiteralPlace = "variable"
	// LiteralHeader: a header that a resource sends.
	LiteralHeader LiteralPlace = "header"
	// LiteralResource: any other argument of a resource or data source.
	LiteralResource LiteralPlace = "resource"
)

// Literal is a credential that stands as a constant in code. It says where, and
// has no field for the value or any part of it.
type Literal struct {
	// Address names the block: "provider.contentful", "var.cma_token",
	// "module.web.contentful_webhook.build".
	Address string `json:"address"`
	// Attribute is the path in the block: "cma_token", "default",
	// "headers.Authorization".
	Attribute string       `json:"attribute"`
	Place     LiteralPlace `json:"place"`
	// CMS is the system that the credential opens, as far as the code tells.
	CMS string `json:"cms,omitempty"`
	// Origin is the line, where the code was read.
	Origin Origin `json:"origin,omitzero"`
}

// Origin is a place in a file of the user.
type Origin struct {
	// File is a path as the user named it.
	File string `json:"file"`
	// Line counts from 1; 0 where only the file is known.
	Line int `json:"line,omitempty"`
}

// String returns the file, and the line where it is known: "tokenaudit.yaml:12".
func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}
