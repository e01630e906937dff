// Package selection decides which tokens a rule judges, as the METADATA of the rule
// declares in custom.select. The engine asks it before it asks OPA.
package selection

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// Selection is which tokens a rule judges. The others are not_applicable, and not in
// input.tokens. The zero Selection has all tokens.
type Selection struct {
	// Kinds are the kinds of tokens; empty for all.
	Kinds []inventory.Kind `json:"kinds,omitempty"`
	// CMS are the names of CMSes; empty for all.
	CMS []string `json:"cms,omitempty"`
	// Status are the statuses; empty for all. A token of which it is not known whether it
	// expired or was revoked has the status that it would have if it did not.
	Status []input.TokenStatus `json:"status,omitempty"`
	// Write selects tokens that can write, or tokens that cannot; nil for both. A write
	// access that could not be read is assumed.
	Write *bool `json:"write,omitempty"`
	// APIs are the APIs of which the token reaches at least one; empty for any tokens.
	APIs []inventory.API `json:"apis,omitempty"`
	// Planned selects planned tokens, or live ones; nil for both. A token of a live source
	// that a plan changes, or leaves as it is, is a live one.
	Planned *bool `json:"planned,omitempty"`
	// SkipAuditCredential leaves out the token that the inventory was read with.
	SkipAuditCredential bool `json:"skip_audit_credential,omitempty"`
	// Sources: the rule judges sources. CMS and Planned then select these and not tokens.
	Sources bool `json:"-"`
}

// HasKind reports whether tokens of a kind may be selected.
func (s *Selection) HasKind(kind inventory.Kind) bool { return anyOr(s.Kinds, kind) }

// HasSource reports whether a rule about sources judges this one.
func (s *Selection) HasSource(source *inventory.Source) bool {
	return s.HasCMS(source.CMS, source.Kind == inventory.KindPlan)
}

// HasCMS reports whether a live, or a planned, token or source of a CMS may be selected.
func (s *Selection) HasCMS(cms string, planned bool) bool {
	return anyOr(s.CMS, cms) && (s.Planned == nil || *s.Planned == planned)
}

// Has reports whether the token is selected.
func (s *Selection) Has(source *inventory.Source, token *inventory.Token, derived *input.Derived) bool {
	return s.certain(source, token) && anyOr(s.Status, derived.Status) && (s.Write == nil || *s.Write == token.Access.Write)
}

// Undecided returns the unknown facts of a token that decide whether it is selected:
// with another value of them, [Selection.Has] could say otherwise. It is nil for none.
func (s *Selection) Undecided(source *inventory.Source, token *inventory.Token, derived *input.Derived) []inventory.Fact {
	if !s.certain(source, token) {
		return nil
	}
	var unknown []inventory.Fact
	maybe := anyOr(s.Status, derived.Status)
	other := func(fact inventory.Fact, status input.TokenStatus) {
		if anyOr(s.Status, status) != anyOr(s.Status, derived.Status) {
			unknown, maybe = append(unknown, fact), true
		}
	}
	if token.Expiry.State == inventory.ExpiryUnknown && derived.Status == input.Active {
		other(inventory.FactExpiry, input.Expired)
	}
	if token.RevokedAt.State == inventory.TimestampUnknown && derived.Status != input.Revoked {
		other(inventory.FactRevokedAt, input.Revoked)
	}
	switch {
	case s.Write == nil:
	case token.Access.Assumed:
		unknown = append(unknown, inventory.FactAccess)
	case *s.Write != token.Access.Write:
		return nil
	}
	if !maybe {
		return nil
	}
	return unknown
}

// certain reports whether a token has what is known of every token that is selected.
func (s *Selection) certain(source *inventory.Source, token *inventory.Token) bool {
	reached := func(api inventory.API) bool { return slices.Contains(s.APIs, api) }
	return s.HasKind(token.Kind) && (s.Sources || s.HasCMS(token.CMS, isPlanned(source, token))) &&
		(len(s.APIs) == 0 || slices.ContainsFunc(token.APIs, reached)) &&
		(!s.SkipAuditCredential || token.ID != source.Auditor.Token)
}

// isPlanned reports whether a token is not there yet, or known from a plan alone.
func isPlanned(source *inventory.Source, token *inventory.Token) bool {
	switch token.Planned {
	case "":
		return false
	case inventory.PlannedUpdate, inventory.PlannedUnchanged:
		return source.Kind == inventory.KindPlan
	}
	return true
}

// anyOr reports whether a value is among those of a list; an empty list has all.
func anyOr[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}
