package reads

import (
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// A field is a value of the input, with the parts of facts that are read by reading it.
// The trees below have all fields; a test compares them with the schema of the input.
type field struct {
	// parts are read as soon as the field is looked at.
	parts FactBits
	// rest is read in addition to those of the members when the field is read as a whole.
	rest FactBits
	// aside: the rule is not about the parts that it reads by this field: a reason depends
	// on several facts, and a whole token on all.
	aside bool
	// becomes lists how the value changes when a part becomes unknown: parts that are
	// read when something is asked of the value, see flow.condition. Nil for a field
	// whose parts are read by looking at it.
	becomes []becoming
	// members are those of a mapping with fixed keys, each those of a list or of a
	// mapping with any keys.
	members map[string]*field
	each    *field
}

// A becoming is a change of a value when a part becomes unknown; a nil from is any
// value.
type becoming struct {
	part     FactBits
	from, to ast.Value
}

// whole returns what reading the field with all that is below it reads.
func (f *field) whole() FactBits {
	parts := f.parts | f.rest
	for _, c := range f.becomes {
		parts |= c.part
	}
	for _, member := range f.members {
		parts |= member.whole()
	}
	if f.each != nil {
		parts |= f.each.whole()
	}
	return parts
}

// member returns the field under a key; nil where there is none, or the key is not
// a constant.
func (f *field) member(key ast.Value) *field {
	if f.each != nil {
		return f.each
	}
	name, _ := key.(ast.String)
	return f.members[string(name)]
}

func of(parts FactBits) *field { return &field{parts: parts} }

// word is a field that holds "unknown" where a part is.
func word(p FactBits) *field {
	return &field{becomes: []becoming{{part: p, to: ast.String("unknown")}}}
}

func aside(f *field) *field {
	f.aside = true
	return f
}

func mapping(members map[string]*field) *field { return &field{members: members} }

// also is a mapping of these members and of others that are always known.
func also(members map[string]*field, names ...string) *field {
	all := maps.Clone(members)
	for _, name := range names {
		all[name] = &field{}
	}
	return mapping(all)
}

// when are the members of a time.
func when(p FactBits) *field {
	return mapping(map[string]*field{"state": word(p), "at": of(p), "reason": of(p)})
}

// use are the members of a last use; exact is read by those that say when it was.
func use(p, exact FactBits) *field {
	return &field{parts: p, members: map[string]*field{
		"state": {}, "reason": {}, "evidence": {}, "word": {}, "at": of(exact), "earliest": of(exact), "latest": of(exact), "chain": of(exact),
	}}
}

func scope(p, exists, primary FactBits) *field {
	item := also(map[string]*field{"exists": word(exists), "primary": word(primary)}, "id", "name", "alias_of")
	return mapping(map[string]*field{"state": word(p), "reason": of(p), "effective": of(p), "items": {parts: p, each: item}})
}

// statusField is derived from the revocation and the expiry: a token of which one
// of them is unknown counts as if that did not end it.
var statusField = &field{becomes: []becoming{
	{partExpiry, ast.String(input.Expired), ast.String(input.Active)},
	{partRevokedAt, ast.String(input.Revoked), ast.String(input.Active)},
	{partRevokedAt, ast.String(input.Revoked), ast.String(input.Expired)},
}}

// writeField is assumed where the level is unknown.
var writeField = &field{parts: Write, becomes: []becoming{{partAccessLevel, ast.Boolean(false), ast.Boolean(true)}}}

var tokenField = aside(also(map[string]*field{
	"status":      statusField,
	"description": of(partDescription),
	"access": mapping(map[string]*field{
		"level": word(partAccessLevel), "grants": of(partAccessLevel), "write": writeField, "assumed": of(partAccessLevel),
		"manages_tokens": word(partManagesTokens), "reason": aside(of(Access)),
	}),
	"role":             also(map[string]*field{"level": word(partRoleLevel)}, "id", "name"),
	"environments":     scope(partEnvironments, partExists, partPrimary),
	"branches":         scope(partBranches, partBranchExists, partBranchPrimary), // absent where the CMS has none
	"created_at":       when(partCreatedAt),
	"first_seen":       of(partCreatedAt),
	"age":              of(partCreatedAt),
	"age_days":         of(partCreatedAt),
	"updated_at":       when(partUpdatedAt),
	"revoked_at":       when(partRevokedAt),
	"expiry":           also(map[string]*field{"state": word(partExpiry), "at": of(partExpiry), "precision": of(partExpiry), "reason": of(partExpiry)}, "supported"),
	"expires_in_days":  of(partExpiry),
	"lifetime_days":    of(partLifetimeDays),
	"last_used":        use(partLastUsed, partTimeOfUse),
	"last_used_by_api": {parts: partLastUsedByAPI, each: use(partLastUsedByAPI, partTimesByAPI)},
	"unused_days": {parts: partUnusedDays | partEverUsed, rest: partRangeUnused, members: map[string]*field{
		"min": of(partFewestUnused), "max": of(partMostUnused), "record": {},
	}},
	"traits": mapping(map[string]*field{"factory": word(partFactory), "notifies_before_expiry": word(partNotifies)}),
	"owner": mapping(map[string]*field{
		"type": word(partOwner), "state": word(partOwner), "id": of(partOwner), "name": of(partOwner), "role": of(partOwner | partOwnerLevel),
		"level": word(partOwnerLevel), "last_active": when(partOwnerActive), "reason": aside(of(partOwner | partOwnerLevel | partOwnerActive)),
	}),
	"owner_idle_days": of(partOwnerActive),
	"exposure": mapping(map[string]*field{
		"state": word(partExposure), "reason": aside(of(partExposure)),
		"found": {parts: partExposure, each: also(map[string]*field{}, "tool", "rule", "file", "line", "commit", "date", "match")},
	}),
	"secret":       also(map[string]*field{"readable": word(partSecret)}, "hint"),
	"team":         of(partTeam),
	"team_unknown": aside(of(partTeam)),
	// Whether it still counts is derived from dates of the token. A token of unknown creation
	// counts as older than a review that names it by its id.
	"review": also(map[string]*field{
		"before_change":   word(partUpdatedAt | partCreatedAt),
		"before_creation": {becomes: []becoming{{part: partCreatedAt, to: ast.String("unknown")}, {part: partCreatedAt, to: ast.String("no")}}},
		"reason":          aside(of(partUpdatedAt | partCreatedAt)),
	}, "date", "reviewer", "decision", "by", "days", "overdue_days"),
}, "id", "ref", "twin", "cms", "source", "name", "url", "kind", "apis", "planned", "address", "origin"))

var sourceField = aside(also(map[string]*field{
	"environments": {parts: partLists, each: also(map[string]*field{"primary": word(partPrimarySource)}, "id", "name", "alias_of")},
	"literals":     of(partLists),
	"auditor": also(map[string]*field{
		"reads_secrets": word(partAuditorReads), "writes": word(partAuditorWrites), "necessary": word(partAuditorNecessary),
		"detail": aside(of(partAuditorReads | partAuditorWrites | partAuditorNecessary)),
	}, "token"),
}, "id", "cms", "kind", "name", "host", "region", "organization", "labels", "url", "collected_at", "units", "facts", "limits", "never_after", "origin"))
