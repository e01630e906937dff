//go:build benchrules

package policies

import (
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The parameters have their defaults here.
const (
	floorIdleDays      = 90
	floorOwnerIdleDays = 30
	floorAgeDays       = 365
	floorLifetimeDays  = 365
	floorWithinDays    = 14
)

var floorRules = map[string]floorRule{
	"admin-token": {
		applies: (*floorToken).active,
		deny: func(t *floorToken) string {
			return t.said(t.Access.Level == inventory.LevelAdmin, "is an administrator")
		},
		unknown: unreadAccess,
	},
	"audit-credential-too-strong": {source: credentialTooStrong},
	"delivery-token-can-write": {
		applies: (*floorToken).delivers,
		deny:    func(t *floorToken) string { return t.said(t.Access.Write, "delivers content and can write") },
	},
	"delivery-token-one-environment": {
		applies: func(t *floorToken) bool { return t.delivers() && !t.likeItsTwin() },
		deny: func(t *floorToken) string {
			n := t.Environments.Effective
			return t.said(n > 1, "opens %d environments: %s", n, strings.Join(t.environments(nil), ", "))
		},
	},
	"duplicate-token-name": {source: duplicateNames},
	"environment-does-not-exist": {
		applies: func(t *floorToken) bool { return t.Environments.State != inventory.ScopeAll },
		deny:    func(t *floorToken) string { return t.existing(inventory.No) },
		unknown: func(t *floorToken) string { return t.existing(inventory.Unknown) },
	},
	"expired-token-present": {
		applies: func(t *floorToken) bool { return t.Status != Revoked },
		deny: func(t *floorToken) string {
			return t.said(t.Status == Expired, "expired on %s and is still there", t.Expiry.At.Format(time.DateOnly))
		},
	},
	"expiry-notification-off": {
		applies: func(t *floorToken) bool {
			return t.CMS == "contentstack" && t.active() && t.Expiry.State != inventory.ExpiryNever
		},
		deny: func(t *floorToken) string {
			return t.said(t.Traits.NotifiesBeforeExpiry == inventory.No && t.Expiry.State == inventory.ExpiryAt, "expires unnoticed on %s", t.Expiry.At.Format(time.DateOnly))
		},
	},
	"factory-token": {
		applies: (*floorToken).active,
		deny: func(t *floorToken) string {
			return t.said(t.Traits.Factory == inventory.Yes, "was made by %s itself", t.CMS)
		},
	},
	"inert-token": {
		applies: func(t *floorToken) bool { return t.active() && t.ID != t.source.Auditor.Token },
		deny: func(t *floorToken) string {
			closed := t.published() && t.Environments.Effective == 0 && t.Environments.State == inventory.ScopeListed
			return t.said(len(t.APIs) == 0 || t.Access.Level == inventory.LevelNone || closed, "can do nothing")
		},
		unknown: func(t *floorToken) string {
			if t.published() && t.Environments.State == inventory.ScopeUnknown {
				return "which environments the token opens could not be read"
			}
			return unreadAccess(t)
		},
	},
	"owner-gone": {
		applies: func(t *floorToken) bool { return t.Owner.Type != inventory.OwnerNone && t.active() },
		deny: func(t *floorToken) string {
			gone := t.Owner.State == inventory.OwnerDeactivated || t.Owner.State == inventory.OwnerRemoved
			return t.said(gone, "works on although its owner %q is %s", t.Owner.Name, t.Owner.State)
		},
	},
	"person-token-as-service": {
		applies: func(t *floorToken) bool {
			return (t.Owner.Type == inventory.OwnerPerson || t.Owner.Type == inventory.OwnerUnknown) && t.active()
		},
		deny: func(t *floorToken) string {
			used := t.LastUsed.State == inventory.LastUsedAt || t.LastUsed.State == inventory.LastUsedBetween
			recent := t.UnusedDays != nil && t.UnusedDays.Max != nil && *t.UnusedDays.Max < floorOwnerIdleDays
			return t.said(atLeast(t.OwnerIdleDays, floorOwnerIdleDays) && used && recent, "was used while its owner %q was away", t.Owner.Name)
		},
		unknown: func(t *floorToken) string {
			perhaps := t.UnusedDays != nil && t.UnusedDays.Min < floorOwnerIdleDays && t.LastUsed.State == inventory.LastUsedBetween
			return t.said(atLeast(t.OwnerIdleDays, floorOwnerIdleDays) && perhaps, "may have been used since")
		},
	},
	"preview-token-wider-than-twin": {
		applies: func(t *floorToken) bool { return t.Twin != "" },
		deny: func(t *floorToken) string {
			twin := t.place[t.Twin]
			if twin == nil || twin.Environments.State != inventory.ScopeListed {
				return ""
			}
			narrow := t.environments(twin)
			return t.said(t.Environments.State == inventory.ScopeAll || len(narrow) > 0, "opens more than its delivery token: %s", strings.Join(narrow, ", "))
		},
		unknown: func(t *floorToken) string {
			if twin := t.place[t.Twin]; twin == nil || twin.Environments.State == inventory.ScopeUnknown {
				return "which environments its delivery token opens could not be read"
			}
			return ""
		},
	},
	"read-token-never-expires": {
		applies: func(t *floorToken) bool { return t.active() && t.Expiry.Supported && !t.Access.Write },
		deny: func(t *floorToken) string {
			return t.said(t.Expiry.State == inventory.ExpiryNever, "only reads, but never expires although it could")
		},
	},
	"token-expires-soon": {
		applies: expiring,
		deny: func(t *floorToken) string {
			return t.said(t.ExpiresInDays != nil && *t.ExpiresInDays <= floorWithinDays, "expires soon, on %s", t.Expiry.At.Format(time.DateOnly))
		},
	},
	"token-lifetime-too-long": {
		applies: expiring,
		deny: func(t *floorToken) string {
			return t.said(atLeast(t.LifetimeDays, floorLifetimeDays), "lives until %s", t.Expiry.At.Format(time.DateOnly))
		},
	},
	"token-limit-near":      {source: tokenLimitNear},
	"token-literal-in-code": {source: literalInCode},
	"token-manages-tokens": {
		applies: (*floorToken).active,
		deny: func(t *floorToken) string {
			return t.said(t.Access.ManagesTokens == inventory.Yes, "can read or create other tokens")
		},
	},
	"token-not-rotated": {
		applies: (*floorToken).active,
		deny: func(t *floorToken) string {
			return t.said(atLeast(t.AgeDays, floorAgeDays), "was created on %s", t.CreatedAt.At.Format(time.DateOnly))
		},
		unknown: func(t *floorToken) string {
			if t.AgeDays == nil {
				return t.CreatedAt.Reason
			}
			return ""
		},
	},
	"undocumented-token": {
		applies: func(t *floorToken) bool { return t.Twin == "" && t.active() },
		deny: func(t *floorToken) string {
			return t.said(strings.TrimSpace(t.Description) == "", "has no description")
		},
	},
	"unused-token": {
		applies: (*floorToken).active,
		deny: func(t *floorToken) string {
			idle := t.UnusedDays != nil && t.UnusedDays.Min >= floorIdleDays
			noRecord := t.undecided() && t.LastUsed.State == inventory.LastUsedNoneOnRecord
			return t.said(idle || noRecord, "was last used at least %d days ago", t.UnusedDays.Min)
		},
		unknown: func(t *floorToken) string {
			return t.said(t.undecided(), "was used at a time not known exactly enough")
		},
	},
	"unused-write-access": {
		applies: (*floorToken).writesCMA,
		deny: func(t *floorToken) string {
			use := t.LastUsedByAPI[inventory.ContentManagement].State
			return t.said(use == inventory.LastUsedNever || use == inventory.LastUsedNoneOnRecord, "can write, and has no use of the management API on record")
		},
		unknown: func(t *floorToken) string {
			use, ok := t.LastUsedByAPI[inventory.ContentManagement]
			return t.said(!ok || use.State == inventory.LastUsedUnknown, "may use the management API")
		},
	},
	"write-scope-everything": {
		applies: func(t *floorToken) bool { return t.CMS == "contentstack" && t.active() },
		deny: func(t *floorToken) string {
			return t.said(slices.Contains(t.Access.Grants, "$all:write"), "may write every module of the stack")
		},
		unknown: unreadAccess,
	},
	"write-token-never-expires": {
		applies: func(t *floorToken) bool { return t.active() && t.Access.Write },
		deny: func(t *floorToken) string {
			return t.said(t.Expiry.State == inventory.ExpiryNever, "can write and never expires")
		},
	},
}

func atLeast(days *int, limit int) bool { return days != nil && *days >= limit }

func expiring(t *floorToken) bool { return t.active() && t.Expiry.State != inventory.ExpiryNever }

func unreadAccess(t *floorToken) string {
	if t.Access.Level == inventory.LevelUnknown {
		return "what the token can do could not be read"
	}
	return ""
}

func (t *floorToken) published() bool {
	return t.Kind == inventory.Delivery || t.Kind == inventory.Preview
}

// undecided: the threshold lies between the bounds of the last use.
func (t *floorToken) undecided() bool {
	d := t.UnusedDays
	return t.LastUsed.State != inventory.LastUsedAt && d != nil && d.Min < floorIdleDays && (d.Max == nil || *d.Max >= floorIdleDays)
}

// likeItsTwin: it is a preview token that opens what its delivery token opens.
func (t *floorToken) likeItsTwin() bool {
	twin := t.place[t.Twin]
	return twin != nil && t.Environments.State != inventory.ScopeUnknown &&
		t.Environments.State == twin.Environments.State && slices.Equal(t.Environments.Items, twin.Environments.Items)
}

// environments gives those that the token opens, aliases resolved, and the
// other token, unless it is nil, does not.
func (t *floorToken) environments(other *inventory.Token) []string {
	var ids []string
	for _, item := range t.Environments.Items {
		id := resolved(item)
		if other == nil || !slices.ContainsFunc(other.Environments.Items, func(o inventory.ScopeItem) bool { return resolved(o) == id }) {
			ids = append(ids, id)
		}
	}
	return ids
}

func resolved(item inventory.ScopeItem) string {
	if item.AliasOf != "" {
		return item.AliasOf
	}
	return item.ID
}

// existing names the environments of which is said that they exist, do not, or
// nobody knows.
func (t *floorToken) existing(exists inventory.Ternary) string {
	var ids []string
	for _, item := range t.Environments.Items {
		if item.Exists == exists {
			ids = append(ids, item.ID)
		}
	}
	return t.said(len(ids) > 0, "names environments that do not exist, or may not: %s", strings.Join(ids, ", "))
}
