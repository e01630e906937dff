package reads

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// FactBits are what a rule reads of facts, a bit a part. Facts such as the owner have
// parts that are unknown independently: a required fact is unknown to a rule if a
// part of it that the rule reads is unknown.
type FactBits uint64

// The parts, in the order in which their reasons are reported.
const (
	partAccessLevel FactBits = 1 << iota
	partManagesTokens
	partRoleLevel
	partEnvironments
	partBranches
	partCreatedAt
	partUpdatedAt
	partRevokedAt
	partExpiry
	partLastUsed
	partLastUsedByAPI
	partUnusedDays
	partLifetimeDays
	partOwner
	partOwnerLevel
	partOwnerActive
	partDescription
	partFactory
	partNotifies
	partEnd

	partsAll = partEnd - 1
)

// Write is not a fact: write access is always decided. It tells which findings rest on
// an assumed one.
const Write FactBits = 1 << 63

// The parts that belong to no fact that a rule can require. A custom rule that reads one
// does not pass where it is unknown, unless the rule has an unknown set; a finding stands.
const (
	partExists        = partEnd << iota // of environments
	partPrimary                         // of environments
	partBranchExists                    // of branches
	partBranchPrimary                   // of branches
	partSecret                          // whether the secret is readable
	partExposure                        // whether the secret is known outside
	partTeam                            // which team answers for the token
	partEverUsed                        // whether the days without use have an upper bound
	partFewestUnused                    // the lower bound of the days without use
	partMostUnused                      // the upper bound
	partRangeUnused                     // both, in a way that cannot be followed
	partTimeOfUse                       // when exactly the last use was
	partTimesByAPI                      // and those of the APIs
	// The others are of the source.
	partTokens // which tokens there are
	partLists  // what lists without tokens hold
	partPrimarySource
	partAuditorReads
	partAuditorWrites
	partAuditorNecessary
	partLast

	partsOfPasses = partLast - partEnd
)

// oneBound: a rule that reads both bounds of a range by name says itself what lies
// between them. One that reads a single bound takes it for the whole range.
func oneBound(read FactBits) FactBits {
	if both := partFewestUnused | partMostUnused; read&both == both {
		return read &^ both
	}
	return read
}

// Access is what may be unknown of a token whose write access is assumed.
const Access = partAccessLevel | partManagesTokens | partRoleLevel

// aboutUse are the parts that a token cannot have before it exists.
const aboutUse = partLastUsed | partLastUsedByAPI | partUnusedDays

// factParts are the parts of each fact.
var factParts = map[inventory.Fact]FactBits{
	inventory.FactAccess:       Access,
	inventory.FactEnvironments: partEnvironments,
	inventory.FactBranches:     partBranches,
	inventory.FactCreatedAt:    partCreatedAt | partLifetimeDays,
	inventory.FactUpdatedAt:    partUpdatedAt,
	inventory.FactRevokedAt:    partRevokedAt,
	inventory.FactExpiry:       partExpiry | partLifetimeDays,
	inventory.FactLastUsed:     partLastUsed | partLastUsedByAPI | partUnusedDays,
	inventory.FactOwner:        partOwner | partOwnerLevel | partOwnerActive,
	inventory.FactDescription:  partDescription,
	inventory.FactTraits:       partFactory | partNotifies,
}

// factMain is the part of a required fact that counts if the rule reads none of
// its parts by name. A rule that only reads access.write reads no part at all:
// an assumed write never stops a verdict.
var factMain = map[inventory.Fact]FactBits{
	inventory.FactEnvironments: partEnvironments,
	inventory.FactBranches:     partBranches,
	inventory.FactCreatedAt:    partCreatedAt,
	inventory.FactUpdatedAt:    partUpdatedAt,
	inventory.FactRevokedAt:    partRevokedAt,
	inventory.FactExpiry:       partExpiry,
	inventory.FactLastUsed:     partLastUsed,
	inventory.FactOwner:        partOwner,
	inventory.FactDescription:  partDescription,
}

// Facts are all facts that a rule can require, sorted.
func Facts() []inventory.Fact { return slices.Sorted(maps.Keys(factParts)) }

// OfFact returns the parts of a fact.
func OfFact(fact inventory.Fact) FactBits { return factParts[fact] }

// Shown returns the parts of a fact that its value has: not the days that follow from it, nor
// the times of the APIs.
func Shown(fact inventory.Fact) FactBits {
	return factParts[fact] &^ (partLifetimeDays | partUnusedDays | partLastUsedByAPI)
}

// OfSelection returns the parts that have to be known for tokens to be selected by facts.
func OfSelection(facts []inventory.Fact) FactBits {
	var parts FactBits
	for _, fact := range facts {
		if fact == inventory.FactAccess {
			parts |= partAccessLevel
		}
		parts |= factMain[fact]
	}
	return parts
}

// AboutUse reports whether there is a part that a token cannot have before it exists.
func (read FactBits) AboutUse() bool { return read&aboutUse != 0 }

// partNames are the parts of which a CMS may report another thing than of the fact as a
// whole.
var partNames = map[FactBits]string{
	partManagesTokens: "access.manages_tokens", partOwner: "owner.state", partOwnerLevel: "owner.level", partOwnerActive: "owner.last_active",
	partFactory: "traits.factory", partNotifies: "traits.notifies_before_expiry", partExposure: "exposure",
}

// PartNames are the parts of which a CMS may report another thing than of the fact as a
// whole, such as "owner.last_active", sorted.
func PartNames() []string { return slices.Sorted(maps.Values(partNames)) }

// Parts yields each part by its fact, sorted, and its name as in PartNames, or "" for one
// that has none. The exposure comes last: it belongs to no fact, but CMSes differ in it.
func (read FactBits) Parts() iter.Seq2[inventory.Fact, string] {
	return func(yield func(inventory.Fact, string) bool) {
		for _, fact := range Facts() {
			for p := FactBits(1); p < partEnd; p <<= 1 {
				if factParts[fact]&read&p != 0 && !yield(fact, partNames[p]) {
					return
				}
			}
		}
		if read&partExposure != 0 {
			yield("", partNames[partExposure])
		}
	}
}

// needs returns the parts without which a rule that requires these facts and
// reads these parts cannot decide.
func needs(requires []inventory.Fact, reads FactBits) FactBits {
	var needed FactBits
	for _, fact := range requires {
		if read := factParts[fact] & reads; read != 0 {
			needed |= read
		} else {
			needed |= factMain[fact]
		}
	}
	return needed
}

// unnamed returns the facts that a rule reads and does not require, sorted.
func unnamed(requires []inventory.Fact, reads FactBits) []inventory.Fact {
	named := map[inventory.Fact]bool{}
	for _, fact := range requires {
		named[fact] = true
	}
	var facts []inventory.Fact
	for fact, parts := range factParts {
		if parts&reads != 0 && !named[fact] {
			facts = append(facts, fact)
		}
	}
	slices.Sort(facts)
	return facts
}

// Unknown says why a part is unknown for a token, or "" if all of them are known.
func (read FactBits) Unknown(source *inventory.Source, token *inventory.Token, derived *input.Derived) string {
	var reasons []string
	for p := FactBits(1); p < partTokens; p <<= 1 {
		if read&p == 0 {
			continue
		}
		fact, own, unknown := partState(source, token, derived, p)
		if !unknown {
			continue
		}
		reason := factReason(source, fact, own)
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return strings.Join(reasons, "; ")
}

// UnknownOfSource says why a part of the source is unknown, or "" if all of them are
// known.
func (read FactBits) UnknownOfSource(source *inventory.Source) string {
	var reasons []string
	say := func(p FactBits, unknown bool, reason string) {
		if read&p != 0 && unknown {
			reasons = append(reasons, reason)
		}
	}
	for i := range source.Units {
		unit := &source.Units[i]
		holds := partTokens
		if len(unit.Kinds) == 0 {
			holds = partLists
		}
		say(holds, unit.Status != inventory.UnitComplete, UnreadList(unit))
	}
	for _, environment := range source.Environments {
		say(partPrimarySource, environment.Primary == inventory.Unknown, fmt.Sprintf("could not check whether %q is the primary environment", environment.ID))
	}
	say(partAuditorReads, source.Auditor.ReadsSecrets == inventory.Unknown, "whether the credential of the scan can read secrets is not known")
	say(partAuditorWrites, source.Auditor.Writes == inventory.Unknown, "whether the credential of the scan can write is not known")
	say(partAuditorNecessary, source.Auditor.Necessary == inventory.Unknown, "whether a weaker credential could do the scan is not known")
	return output.Cut(strings.Join(reasons, "; "), output.MaxMessage)
}

// factReason prefers the token's own reason to what the CMS can report at all.
func factReason(source *inventory.Source, fact inventory.Fact, own string) string {
	if own != "" {
		return own
	}
	if support := source.Facts[fact]; support.Reason != "" && support.Reported != inventory.SupportYes {
		return support.Reason
	}
	return fmt.Sprintf("%s is not known", fact)
}

// partState reports whether a part is unknown for a token, with the token's own
// reason, and the fact it belongs to.
func partState(source *inventory.Source, token *inventory.Token, derived *input.Derived, p FactBits) (fact inventory.Fact, reason string, unknown bool) {
	switch p {
	case partAccessLevel:
		return inventory.FactAccess, token.Access.Reason, token.Access.Level == inventory.LevelUnknown
	case partManagesTokens:
		return inventory.FactAccess, token.Access.Reason, token.Access.ManagesTokens == inventory.Unknown
	case partRoleLevel:
		return inventory.FactAccess, token.Access.Reason, token.Role != nil && token.Role.Level == inventory.LevelUnknown
	case partEnvironments:
		return inventory.FactEnvironments, token.Environments.Reason, token.Environments.State == inventory.ScopeUnknown
	case partBranches:
		if token.Branches == nil {
			return inventory.FactBranches, "", false
		}
		return inventory.FactBranches, token.Branches.Reason, token.Branches.State == inventory.ScopeUnknown
	case partCreatedAt:
		return inventory.FactCreatedAt, token.CreatedAt.Reason, token.CreatedAt.State != inventory.TimestampAt
	case partUpdatedAt:
		return inventory.FactUpdatedAt, token.UpdatedAt.Reason, token.UpdatedAt.State == inventory.TimestampUnknown
	case partRevokedAt:
		return inventory.FactRevokedAt, token.RevokedAt.Reason, token.RevokedAt.State == inventory.TimestampUnknown
	case partExpiry:
		return inventory.FactExpiry, token.Expiry.Reason, token.Expiry.State == inventory.ExpiryUnknown
	case partLifetimeDays:
		if token.Expiry.State == inventory.ExpiryUnknown {
			return inventory.FactExpiry, token.Expiry.Reason, true
		}
		return inventory.FactCreatedAt, token.CreatedAt.Reason, token.CreatedAt.State != inventory.TimestampAt
	case partLastUsed:
		return inventory.FactLastUsed, token.LastUsed.Reason, token.LastUsed.State == inventory.LastUsedUnknown
	case partLastUsedByAPI:
		return inventory.FactLastUsed, token.LastUsed.Reason, surfaceUnknown(token)
	case partUnusedDays:
		if token.LastUsed.State == inventory.LastUsedNever && derived.UnusedDays == nil {
			return inventory.FactCreatedAt, "never used, and " + factReason(source, inventory.FactCreatedAt, token.CreatedAt.Reason), true
		}
		return inventory.FactLastUsed, token.LastUsed.Reason, derived.UnusedDays == nil
	case partOwner:
		unknown := token.Owner.Type == inventory.OwnerUnknown || token.Owner.State == inventory.OwnerStateUnknown
		return inventory.FactOwner, token.Owner.Reason, unknown
	case partOwnerLevel:
		return inventory.FactOwner, token.Owner.Reason, token.Owner.Type != inventory.OwnerNone && token.Owner.Level == inventory.LevelUnknown
	case partOwnerActive:
		active := token.Owner.LastActive
		return inventory.FactOwner, active.Reason, token.Owner.Type != inventory.OwnerNone && active.State == inventory.TimestampUnknown
	case partDescription:
		return inventory.FactDescription, "", descriptionUnknown(source, token)
	case partFactory:
		return inventory.FactTraits, traitReason(source, "whether the CMS made the token itself is not known"), token.Traits.Factory == inventory.Unknown
	case partNotifies:
		return inventory.FactTraits, noticeReason(source), token.Traits.NotifiesBeforeExpiry == inventory.Unknown
	}
	reason, unknown = passState(token, derived, p)
	return "", reason, unknown
}

// passState does the same for the parts that only a pass needs.
func passState(token *inventory.Token, derived *input.Derived, p FactBits) (reason string, unknown bool) {
	switch p {
	case partExists, partPrimary:
		return itemState(&token.Environments, "environment", p == partExists)
	case partBranchExists, partBranchPrimary:
		return itemState(token.Branches, "branch", p == partBranchExists)
	case partExposure:
		exposure := token.Exposed()
		return exposure.Reason, exposure.State == inventory.ExposureUnknown
	case partTeam:
		return derived.TeamUnknown, derived.TeamUnknown != ""
	case partSecret:
		return "whether the CMS shows the secret again is not known", token.Secret.Readable == inventory.Unknown
	case partEverUsed:
		return "how long ago the token was used at most is not known", derived.UnusedDays != nil && derived.UnusedDays.Max == nil
	case partFewestUnused, partMostUnused, partRangeUnused:
		unused := derived.UnusedDays
		if unused == nil || unused.Max == nil || unused.Min == *unused.Max {
			return "", false
		}
		return fmt.Sprintf("the token has been unused for between %d and %d days, and the rule does not compare both of these bounds", unused.Min, *unused.Max), true
	case partTimeOfUse:
		return "when exactly the token was last used is not known", inexact(token.LastUsed)
	case partTimesByAPI:
		return "when exactly the token was last used with each API is not known", slices.ContainsFunc(slices.Collect(maps.Values(token.LastUsedByAPI)), inexact)
	}
	return "", false
}

// inexact reports whether a last use is known by bounds only, or not at all.
func inexact(used inventory.LastUsed) bool {
	return used.State != inventory.LastUsedAt && used.State != inventory.LastUsedNever
}

// itemState reports whether the existence of an item of a scope is unknown, or else
// whether it is unknown if it is the primary one.
func itemState(scope *inventory.Scope, what string, exists bool) (reason string, unknown bool) {
	if scope == nil {
		return "", false
	}
	for _, item := range scope.Items {
		switch {
		case exists && item.Exists == inventory.Unknown:
			return fmt.Sprintf("could not check whether %s %q exists", what, item.ID), true
		case !exists && item.Primary == inventory.Unknown:
			return fmt.Sprintf("could not check whether %q is the primary %s", item.ID, what), true
		}
	}
	return "", false
}

// traitReason: traits have no reasons of their own, so where the CMS gives none
// for all of its tokens, the reason names the trait.
func traitReason(source *inventory.Source, reason string) string {
	if support := source.Facts[inventory.FactTraits]; support.Reason != "" && support.Reported != inventory.SupportYes {
		return ""
	}
	return reason
}

// noticeReason returns why it is unknown whether anybody is notified. The reason of a CMS that
// reports its traits in part is about the factory, so only one that reports none stands for it.
func noticeReason(source *inventory.Source) string {
	if source.Facts[inventory.FactTraits].Reported == inventory.SupportNo {
		return ""
	}
	return "whether anybody is notified before the token expires is not known"
}

// surfaceUnknown: does the CMS not tell the last use of one of the surfaces apart.
func surfaceUnknown(token *inventory.Token) bool {
	for _, api := range token.APIs {
		used, ok := token.LastUsedByAPI[api]
		if !ok || used.State == inventory.LastUsedUnknown {
			return true
		}
	}
	return false
}

// descriptionUnknown: an empty description says nothing where the CMS reports none.
func descriptionUnknown(source *inventory.Source, token *inventory.Token) bool {
	if token.Description != "" {
		return false
	}
	support, ok := source.Facts[inventory.FactDescription]
	return !ok || support.Reported != inventory.SupportYes
}

// UnreadList says that a list was not read completely, and why.
func UnreadList(unit *inventory.Unit) string {
	what := "could not be read"
	if unit.Status == inventory.UnitPartial {
		what = "was read only in part"
	}
	reason := fmt.Sprintf("the list %s %s (%s)", unit.Name, what, unit.Error)
	if unit.Detail != "" {
		reason += ": " + unit.Detail
	}
	return reason
}
