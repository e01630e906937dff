package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

var oracleRules = map[string]oracleRule{
	"admin-token": {
		applies: (*oracleToken).active,
		deny:    func(t *oracleToken) bool { return t.Access.Level == inventory.LevelAdmin },
		unknown: (*oracleToken).accessUnread,
	},
	"audit-credential-too-strong": {source: credentialTooStrong},
	"delivery-token-can-write": {
		applies: (*oracleToken).delivers,
		deny:    func(t *oracleToken) bool { return t.Access.Write },
		unknown: (*oracleToken).accessUnread,
	},
	"delivery-token-one-environment": {
		applies: func(t *oracleToken) bool { return t.delivers() && !t.likeItsTwin() },
		lacks:   (*oracleToken).scopeUnread,
		deny:    func(t *oracleToken) bool { return t.Environments.Effective > 1 },
	},
	"duplicate-token-name": {
		kinds:  []inventory.Kind{inventory.Delivery, inventory.Preview, inventory.Management, inventory.App},
		source: duplicateNames,
	},
	"environment-does-not-exist": {
		applies: func(t *oracleToken) bool { return t.Environments.State != inventory.ScopeAll },
		lacks:   (*oracleToken).scopeUnread,
		deny:    func(t *oracleToken) bool { return t.names(inventory.No) },
		unknown: func(t *oracleToken) bool { return t.names(inventory.Unknown) },
	},
	"expired-token-present": {
		applies: func(t *oracleToken) bool { return t.status() != input.Revoked },
		lacks:   (*oracleToken).expiryUnread,
		deny:    func(t *oracleToken) bool { return t.status() == input.Expired },
	},
	"expiry-notification-off": {
		kinds:   []inventory.Kind{inventory.Management},
		applies: func(t *oracleToken) bool { return t.CMS == "contentstack" && t.mayExpire() },
		lacks: func(t *oracleToken) bool {
			return t.expiryUnread() || t.Traits.NotifiesBeforeExpiry == inventory.Unknown
		},
		deny: func(t *oracleToken) bool { return t.Traits.NotifiesBeforeExpiry == inventory.No },
	},
	"factory-token": {
		applies: (*oracleToken).active,
		lacks:   func(t *oracleToken) bool { return t.Traits.Factory == inventory.Unknown },
		deny:    func(t *oracleToken) bool { return t.Traits.Factory == inventory.Yes },
	},
	"inert-token": {
		applies: func(t *oracleToken) bool { return t.active() && !t.ofTheScan() },
		deny: func(t *oracleToken) bool {
			closed := t.needsScope() && t.Environments.State == inventory.ScopeListed && len(t.Environments.Items) == 0
			return len(t.APIs) == 0 || t.Access.Level == inventory.LevelNone || closed
		},
		unknown: func(t *oracleToken) bool { return t.accessUnread() || t.needsScope() && t.scopeUnread() },
	},
	"leaked-token": {
		applies: func(t *oracleToken) bool { return t.active() && t.live() && t.Exposure != nil },
		deny:    func(t *oracleToken) bool { return t.leaked(inventory.MatchExact) },
		unknown: func(t *oracleToken) bool { return t.Exposure.State != inventory.ExposureNone },
	},
	"owner-gone": {
		applies: func(t *oracleToken) bool {
			return t.active() && t.Owner.Type != inventory.OwnerNone && len(t.APIs) > 0
		},
		lacks: (*oracleToken).ownerUnread,
		deny: func(t *oracleToken) bool {
			return t.Owner.State == inventory.OwnerDeactivated || t.Owner.State == inventory.OwnerRemoved
		},
	},
	"person-token-as-service": {
		kinds: []inventory.Kind{inventory.Personal, inventory.CLI, inventory.OAuth}, use: true,
		applies: func(t *oracleToken) bool {
			return t.active() && !t.ofTheScan() && (t.Owner.Type == inventory.OwnerPerson || t.Owner.Type == inventory.OwnerUnknown)
		},
		lacks: func(t *oracleToken) bool {
			return t.ownerUnread() || t.useUnread() || t.Owner.LastActive.State == inventory.TimestampUnknown
		},
		deny:    func(t *oracleToken) bool { return t.ownerAway() && t.usedWithoutOwner() == inventory.Yes },
		unknown: func(t *oracleToken) bool { return t.ownerAway() && t.usedWithoutOwner() == inventory.Unknown },
	},
	"possibly-leaked-token": {
		kinds: []inventory.Kind{inventory.Personal},
		applies: func(t *oracleToken) bool {
			return t.CMS == "contentful" && t.active() && t.live() && t.Secret.Hint != "" && t.Exposure != nil
		},
		deny:    func(t *oracleToken) bool { return t.leaked(inventory.MatchSuffix) },
		unknown: func(t *oracleToken) bool { return t.Exposure.State == inventory.ExposureUnknown },
	},
	"preview-token-wider-than-twin": {
		kinds:   []inventory.Kind{inventory.Preview},
		applies: func(t *oracleToken) bool { return t.Twin != "" },
		lacks:   (*oracleToken).scopeUnread,
		deny: func(t *oracleToken) bool {
			d := t.delivery()
			return d != nil && d.Environments.State == inventory.ScopeListed && (t.Environments.State == inventory.ScopeAll || t.widerThan(d))
		},
		unknown: func(t *oracleToken) bool {
			d := t.delivery()
			return d == nil || d.Environments.State == inventory.ScopeUnknown
		},
	},
	"read-token-never-expires": {
		applies: func(t *oracleToken) bool { return t.active() && t.Expiry.Supported && !t.Access.Write },
		lacks:   (*oracleToken).expiryUnread,
		deny:    (*oracleToken).neverExpires,
	},
	"revocation-overdue": { // as reviewed says
		applies: func(t *oracleToken) bool { return t.active() && t.live() },
		deny:    func(t *oracleToken) bool { return t.toBeRevoked() && t.madeAfterReview() == inventory.No },
		unknown: func(t *oracleToken) bool { return t.toBeRevoked() && t.madeAfterReview() == inventory.Unknown },
	},
	"token-expires-soon": {
		applies: (*oracleToken).mayExpire,
		lacks:   (*oracleToken).expiryUnread,
		deny:    func(t *oracleToken) bool { return !passed(t.source.at, t.source.within+1, t.end()) },
	},
	"token-lifetime-too-long": {
		applies: (*oracleToken).mayExpire,
		deny:    func(t *oracleToken) bool { return t.livesFor(t.source.maxLifetime) == inventory.Yes },
		unknown: func(t *oracleToken) bool { return t.livesFor(t.source.maxLifetime) == inventory.Unknown },
	},
	"token-limit-near":      {kinds: []inventory.Kind{inventory.Management, inventory.Delivery}, source: tokenLimitNear},
	"token-literal-in-code": {source: literalInCode},
	"token-manages-tokens": {
		applies: (*oracleToken).active,
		lacks:   func(t *oracleToken) bool { return t.Access.ManagesTokens == inventory.Unknown },
		deny:    func(t *oracleToken) bool { return t.Access.ManagesTokens == inventory.Yes },
	},
	"token-not-rotated": {
		applies: (*oracleToken).active,
		deny:    func(t *oracleToken) bool { return t.old(t.source.maxAge) == inventory.Yes },
		unknown: func(t *oracleToken) bool { return t.old(t.source.maxAge) == inventory.Unknown },
	},
	"token-not-reviewed": {
		applies: func(t *oracleToken) bool { return t.active() && t.live() },
		deny:    func(t *oracleToken) bool { return t.reviewDue() || t.changedAfterReview() == inventory.Yes },
		unknown: func(t *oracleToken) bool { return t.changedAfterReview() == inventory.Unknown },
	},
	"token-without-owner": { // as teams says
		applies: func(t *oracleToken) bool { return t.status() != input.Revoked },
		deny:    func(t *oracleToken) bool { return !t.ofATeam() && !t.ownerHalfRead() },
		unknown: func(t *oracleToken) bool { return !t.ofATeam() && t.ownerHalfRead() },
	},
	"undocumented-token": {
		applies: func(t *oracleToken) bool { return t.Twin == "" && t.active() },
		lacks: func(t *oracleToken) bool {
			return t.Description == "" && t.source.Facts[inventory.FactDescription].Reported != inventory.SupportYes
		},
		deny: func(t *oracleToken) bool { return strings.TrimSpace(t.Description) == "" },
	},
	"unused-token": {
		use:     true,
		applies: func(t *oracleToken) bool { return t.active() && !t.ofTheScan() },
		lacks:   (*oracleToken).useUnread,
		deny:    func(t *oracleToken) bool { return t.unused() == inventory.Yes || t.unusedByDecision() },
		unknown: func(t *oracleToken) bool { return t.unused() == inventory.Unknown },
	},
	"unused-write-access": {
		use: true,
		applies: func(t *oracleToken) bool {
			return t.active() && !t.ofTheScan() && t.Access.Write && t.reaches(inventory.ContentManagement) && len(t.APIs) > 1
		},
		deny: func(t *oracleToken) bool {
			use := t.LastUsedByAPI[inventory.ContentManagement].State
			return use == inventory.LastUsedNever || use == inventory.LastUsedNoneOnRecord
		},
		unknown: func(t *oracleToken) bool {
			use, ok := t.LastUsedByAPI[inventory.ContentManagement]
			return !ok || use.State == inventory.LastUsedUnknown
		},
	},
	"write-scope-everything": {
		kinds:   []inventory.Kind{inventory.Management},
		applies: func(t *oracleToken) bool { return t.CMS == "contentstack" && t.active() },
		deny:    func(t *oracleToken) bool { return slices.Contains(t.Access.Grants, "$all:write") },
		unknown: (*oracleToken).accessUnread,
	},
	"write-token-never-expires": {
		kinds:   []inventory.Kind{inventory.Management, inventory.Personal, inventory.OAuth, inventory.CLI, inventory.App},
		applies: func(t *oracleToken) bool { return t.active() && t.Access.Write },
		lacks:   (*oracleToken).expiryUnread,
		deny:    (*oracleToken).neverExpires,
	},
}

func (t *oracleToken) accessUnread() bool { return t.Access.Level == inventory.LevelUnknown }
func (t *oracleToken) expiryUnread() bool { return t.Expiry.State == inventory.ExpiryUnknown }
func (t *oracleToken) scopeUnread() bool  { return t.Environments.State == inventory.ScopeUnknown }
func (t *oracleToken) neverExpires() bool { return t.Expiry.State == inventory.ExpiryNever }

func (t *oracleToken) mayExpire() bool { return t.active() && !t.neverExpires() }
func (t *oracleToken) ofTheScan() bool { return t.ID == t.source.Auditor.Token }

func (t *oracleToken) ownerUnread() bool {
	return t.Owner.Type == inventory.OwnerUnknown || t.Owner.State == inventory.OwnerStateUnknown
}

func (t *oracleToken) ofATeam() bool {
	return strings.HasPrefix(t.Name, "web ") || t.Owner.ID == "Ada" || t.Owner.Name == "Ada"
}

func (t *oracleToken) ownerHalfRead() bool {
	return t.Owner.Type != inventory.OwnerNone && (t.Owner.ID == "" || t.Owner.Name == "")
}

func (t *oracleToken) ownerAway() bool {
	active := t.Owner.LastActive
	return active.State == inventory.TimestampAt && passed(active.At, t.source.ownerIdle, t.source.at)
}

// usedWithoutOwner reports whether the token was used so many days after its owner was seen.
func (t *oracleToken) usedWithoutOwner() inventory.Ternary {
	away := int(t.source.at.Sub(t.Owner.LastActive.At).Hours() / 24)
	return t.lately(away - t.source.ownerIdle + 1)
}

// useUnread: a token that was never used is idle since its creation.
func (t *oracleToken) useUnread() bool {
	_, _, ok := t.born()
	return t.LastUsed.State == inventory.LastUsedUnknown || t.LastUsed.State == inventory.LastUsedNever && !ok
}

func (t *oracleToken) unused() inventory.Ternary { return t.idle(t.source.maxIdle) }

// unusedByDecision: it is not proven, and the parameter says that it fails.
func (t *oracleToken) unusedByDecision() bool {
	return t.unused() == inventory.Unknown && t.LastUsed.State == inventory.LastUsedNoneOnRecord && t.source.noRecord == "fail"
}

func (t *oracleToken) needsScope() bool {
	return t.Kind == inventory.Delivery || t.Kind == inventory.Preview
}

func (t *oracleToken) names(exists inventory.Ternary) bool {
	return slices.ContainsFunc(t.Environments.Items, func(item inventory.ScopeItem) bool { return item.Exists == exists })
}

// delivery is the delivery token that the token belongs to; nil where there is none.
func (t *oracleToken) delivery() *inventory.Token {
	if d := t.source.place[t.Twin]; d != nil && d.Kind == inventory.Delivery {
		return d
	}
	return nil
}

// likeItsTwin: it opens exactly what its delivery token opens.
func (t *oracleToken) likeItsTwin() bool {
	d := t.delivery()
	return t.Twin != "" && d != nil && !t.scopeUnread() &&
		t.Environments.State == d.Environments.State && slices.Equal(t.Environments.Items, d.Environments.Items)
}

// widerThan reports whether it names an environment, aliases resolved, that the
// other token does not.
func (t *oracleToken) widerThan(other *inventory.Token) bool {
	return slices.ContainsFunc(t.Environments.Items, func(item inventory.ScopeItem) bool {
		return !slices.ContainsFunc(other.Environments.Items, func(o inventory.ScopeItem) bool { return resolved(o) == resolved(item) })
	})
}

func resolved(item inventory.ScopeItem) string {
	if item.AliasOf != "" {
		return item.AliasOf
	}
	return item.ID
}

func credentialTooStrong(s *oracleSource) oracleAnswer {
	a := s.Auditor
	strong := a.ReadsSecrets == inventory.Yes || a.Writes == inventory.Yes
	weak := a.ReadsSecrets == inventory.No && a.Writes == inventory.No
	return oracleAnswer{
		applies: s.Kind != inventory.KindPlan,
		deny:    strong && a.Necessary == inventory.No,
		unknown: strong && a.Necessary == inventory.Unknown || !strong && !weak,
	}
}

func duplicateNames(s *oracleSource) oracleAnswer {
	answer := oracleAnswer{applies: true}
	kinds := []inventory.Kind{inventory.Delivery, inventory.Preview, inventory.Management, inventory.App}
	names := map[string]bool{}
	for i := range s.Tokens {
		t := s.token(i)
		name := strings.TrimSpace(t.Name)
		if t.Twin == "" && t.active() && name != "" && slices.Contains(kinds, t.Kind) {
			answer.deny = answer.deny || names[name]
			names[name] = true
		}
	}
	return answer
}

func tokenLimitNear(s *oracleSource) oracleAnswer {
	answer := oracleAnswer{applies: s.CMS == "contentstack"}
	for kind, limit := range map[inventory.Kind]int{inventory.Management: s.limit, inventory.Delivery: s.deliveryLimit} {
		certain, perhaps := 0, 0
		for i := range s.Tokens {
			switch t := s.token(i); {
			case t.Kind != kind || !t.active():
			case t.expiryUnread() || t.RevokedAt.State == inventory.TimestampUnknown:
				perhaps++
			default:
				certain++
			}
		}
		near := certain >= limit-1
		answer.deny = answer.deny || near && certain > 0
		answer.unknown = answer.unknown || !near && certain+perhaps >= limit-1
	}
	return answer
}

func literalInCode(s *oracleSource) oracleAnswer {
	return oracleAnswer{
		applies: s.Kind == inventory.KindPlan,
		deny:    len(s.Literals) > 0,
		unknown: slices.ContainsFunc(s.Units, func(u inventory.Unit) bool { return len(u.Kinds) == 0 && u.Status != inventory.UnitComplete }),
	}
}

// leaked reports whether a report of a leak scanner has the secret, by this match.
func (t *oracleToken) leaked(match inventory.LeakMatch) bool {
	return t.Exposure != nil && slices.ContainsFunc(t.Exposure.Found, func(l inventory.Leak) bool { return l.Match == match })
}

// oracleReview is the last review of a token: from and until bound when it was made, and by
// is when a revocation is late, zero for another decision.
type oracleReview struct{ from, until, late time.Time }

// lastReview is nil for a token without one, at the audit time.
func (t *oracleToken) lastReview() *oracleReview {
	day := func(month, d int) oracleReview {
		from := time.Date(2026, time.Month(month), d, 0, 0, 0, 0, time.UTC)
		return oracleReview{from: from, until: from.Add(24*time.Hour - 1)}
	}
	var r oracleReview
	switch t.ID[len(t.ID)-1] {
	case '0':
		r = day(11, 12)
	case '1':
		r = oracleReview{from: daysAgo(60), until: daysAgo(60)}
	case '2':
		r = day(10, 1)
		r.late = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	case '3':
		r = day(11, 1)
		r.late = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	case '4':
		r = oracleReview{from: daysAgo(7), until: daysAgo(7)}
	case '5':
		r = day(11, 21)
	case '6':
		r = day(8, 24)
		r.late = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	default:
		return nil
	}
	return &r
}

// since says whether the review is older than a moment of which bounds are known; zero ones
// are not known.
func (r *oracleReview) since(earliest, latest time.Time) inventory.Ternary {
	switch {
	case !earliest.IsZero() && earliest.After(r.until):
		return inventory.Yes
	case !latest.IsZero() && !latest.After(r.from):
		return inventory.No
	}
	return inventory.Unknown
}

func (t *oracleToken) madeAfterReview() inventory.Ternary {
	earliest, latest, _ := t.born()
	return t.lastReview().since(earliest, latest)
}

// changedAfterReview is no for a token without a review.
func (t *oracleToken) changedAfterReview() inventory.Ternary {
	r := t.lastReview()
	if r == nil {
		return inventory.No
	}
	earliest, latest, _ := t.born()
	switch t.UpdatedAt.State {
	case inventory.TimestampAt:
		earliest, latest = t.UpdatedAt.At, t.UpdatedAt.At
	case inventory.TimestampUnknown:
		latest = time.Time{}
	}
	return r.since(earliest, latest)
}

func (t *oracleToken) reviewDue() bool {
	every := t.source.reviewEvery
	if t.Access.Write {
		every = min(every, t.source.writeEvery)
	}
	r := t.lastReview()
	return r == nil || passed(r.from, every, t.source.at)
}

func (t *oracleToken) toBeRevoked() bool {
	r := t.lastReview()
	return r != nil && !r.late.IsZero() && !r.late.After(t.source.at)
}
