package conformance

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// unearned says which facts of a token differ from the healthy ones without
// being unknown: with them a rule could pass or fail for nothing.
func unearned(before, now inventory.Token) []string {
	var all []string
	check := func(ok bool, fact string, before, now any) {
		if !ok {
			all = append(all, fmt.Sprintf("%s was %+v, and is now %+v, not unknown", fact, before, now))
		}
	}
	assumed := now.Access.Assumed && now.Access.Write
	check(assumed || now.Kind == before.Kind, "kind", before.Kind, now.Kind)
	check(assumed || slices.Equal(before.APIs, now.APIs), "apis", before.APIs, now.APIs)
	check(assumed || before.Access.Level == now.Access.Level && before.Access.Write == now.Access.Write, "access", before.Access, now.Access)
	check(ternary(before.Access.ManagesTokens, now.Access.ManagesTokens), "access.manages_tokens", before.Access.ManagesTokens, now.Access.ManagesTokens)
	check(assumed || sameRole(before.Role, now.Role), "role", before.Role, now.Role)
	check(sameScope(before.Environments, now.Environments), "environments", before.Environments, now.Environments)
	check(before.Branches == nil || now.Branches == nil || sameScope(*before.Branches, *now.Branches), "branches", before.Branches, now.Branches)
	check(timestamp(before.CreatedAt, now.CreatedAt), "created_at", before.CreatedAt, now.CreatedAt)
	check(timestamp(before.UpdatedAt, now.UpdatedAt), "updated_at", before.UpdatedAt, now.UpdatedAt)
	check(timestamp(before.RevokedAt, now.RevokedAt), "revoked_at", before.RevokedAt, now.RevokedAt)
	check(now.Expiry.State == inventory.ExpiryUnknown || before.Expiry == now.Expiry, "expiry", before.Expiry, now.Expiry)
	check(lastUsed(before.LastUsed, now.LastUsed), "last_used", before.LastUsed, now.LastUsed)
	for api, use := range now.LastUsedByAPI {
		check(lastUsed(before.LastUsedByAPI[api], use), "last_used_by_api/"+string(api), before.LastUsedByAPI[api], use)
	}
	check(ternary(before.Traits.Factory, now.Traits.Factory), "traits.factory", before.Traits.Factory, now.Traits.Factory)
	check(ternary(before.Traits.NotifiesBeforeExpiry, now.Traits.NotifiesBeforeExpiry), "traits.notifies_before_expiry",
		before.Traits.NotifiesBeforeExpiry, now.Traits.NotifiesBeforeExpiry)
	check(now.Owner.Type == inventory.OwnerUnknown || now.Owner.Type == before.Owner.Type, "owner.type", before.Owner.Type, now.Owner.Type)
	check(now.Owner.State == inventory.OwnerStateUnknown || now.Owner.State == before.Owner.State, "owner.state", before.Owner.State, now.Owner.State)
	check(now.Owner.Level == inventory.LevelUnknown || now.Owner.Level == before.Owner.Level, "owner.level", before.Owner.Level, now.Owner.Level)
	check(timestamp(before.Owner.LastActive, now.Owner.LastActive), "owner.last_active", before.Owner.LastActive, now.Owner.LastActive)
	check(ternary(before.Secret.Readable, now.Secret.Readable), "secret.readable", before.Secret.Readable, now.Secret.Readable)
	check(now.Twin == "" || now.Twin == before.Twin, "twin", before.Twin, now.Twin)
	return all
}

func ternary(before, now inventory.Ternary) bool { return now == inventory.Unknown || now == before }

func timestamp(before, now inventory.Timestamp) bool {
	return now.State == inventory.TimestampUnknown || now.State == before.State && now.At.Equal(before.At)
}

func lastUsed(before, now inventory.LastUsed) bool {
	return now.State == inventory.LastUsedUnknown || reflect.DeepEqual(before, now)
}

func sameRole(before, now *inventory.Role) bool {
	switch {
	case before == nil || now == nil:
		return before == now
	case now.Level == inventory.LevelUnknown:
		return true
	default:
		return before.ID == now.ID && before.Level == now.Level
	}
}

// sameScope compares what rules decide by: which items, and how many distinct
// ones. What is told of an item may have become unknown.
func sameScope(before, now inventory.Scope) bool {
	if now.State == inventory.ScopeUnknown {
		return true
	}
	if before.State != now.State || before.Effective != now.Effective || len(before.Items) != len(now.Items) {
		return false
	}
	for i, item := range now.Items {
		was := before.Items[i]
		if item.ID != was.ID || !ternary(was.Primary, item.Primary) || !ternary(was.Exists, item.Exists) || item.AliasOf != "" && item.AliasOf != was.AliasOf {
			return false
		}
	}
	return true
}
