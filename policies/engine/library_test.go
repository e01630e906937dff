package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
)

// ruleCases has for each rule what fails, passes, is not evaluated and is not
// applicable, and both sides of its thresholds.
var ruleCases = map[string][]ruleCase{
	"write-token-never-expires": {
		{"never", []change{neverExpires}, nil, policies.Fail, "can write and never expires"},
		{"never, because the CMS has no expiry", []change{neverSupported}, nil, policies.Fail, ""},
		{"assumed write", []change{neverExpires, unread}, nil, policies.Fail, "write access is assumed: the role is hidden"},
		{"expires", nil, nil, policies.Pass, ""},
		{"unknown", []change{expiryUnknown}, nil, policies.NotEvaluated, "expiry is hidden"},
		{"reads", []change{neverExpires, readOnly}, nil, policies.NotApplicable, ""},
		{"revoked", []change{neverExpires, revoked}, nil, policies.NotApplicable, ""},
		{"unread list", nil, func(s *inventory.Source) { s.Tokens = nil; unreadLists(s) }, policies.NotEvaluated, "management_tokens"},
	},
	"delivery-token-one-environment": {
		{"two", []change{delivering, opens(inventory.ScopeListed, "main", "staging")}, nil, policies.Fail, "opens 2 environments: main, staging"},
		{"all of two", []change{delivering, opens(inventory.ScopeAll, "main", "staging")}, nil, policies.Fail, "opens every environment, 2 now: main, staging"},
		{"one that exists", []change{delivering, opens(inventory.ScopeListed, "gone", "main"), exists(inventory.No)}, nil, policies.Fail, "opens 1 environment: main; names 1 environment that does not exist: gone"},
		{"one", []change{delivering}, nil, policies.Pass, ""},
		{"none", []change{delivering, opens(inventory.ScopeListed)}, nil, policies.Pass, ""},
		{"all of one", []change{delivering, opens(inventory.ScopeAll, "main")}, nil, policies.Pass, "there is only one now"},
		{"unknown", []change{delivering, opens(inventory.ScopeUnknown)}, nil, policies.NotEvaluated, "scope is hidden"},
		{"management", []change{opens(inventory.ScopeListed, "main", "staging")}, nil, policies.NotApplicable, ""},
	},
	"delivery-token-can-write": {
		{"writes", []change{apis(inventory.ContentDelivery, inventory.ContentManagement)}, nil, policies.Fail, "delivers content and can write"},
		{"assumed", []change{apis(inventory.ContentPreview, inventory.ContentManagement), unread}, nil, policies.Fail, "write access is assumed"},
		{"reads", []change{delivering}, nil, policies.Pass, ""},
		{"role that could", []change{delivering, func(token *inventory.Token) {
			token.Role = &inventory.Role{ID: "1", Name: "Editor", Level: inventory.LevelWrite}
		}}, nil, policies.Pass, "could write, but the token reaches only the delivery API"},
		{"nobody knows", []change{delivering, func(token *inventory.Token) {
			token.Access = inventory.Access{Level: inventory.LevelUnknown}
		}}, nil, policies.NotEvaluated, "could not be read"},
		{"management", nil, nil, policies.NotApplicable, ""},
	},
	"unused-token": {
		{"89 days", []change{usedDaysAgo(89)}, nil, policies.Pass, ""},
		{"the scan's own", []change{usedDaysAgo(90)}, ownToken, policies.NotApplicable, ""},
		{"90 days", []change{usedDaysAgo(90)}, nil, policies.Fail, "was last used 90 days ago, on 2026-08-24"},
		{"never used, old", []change{used(inventory.NeverUsed()), created(90)}, nil, policies.Fail, "never used since its creation 90 days ago"},
		{"never used, young", []change{used(inventory.NeverUsed()), created(89)}, nil, policies.Pass, ""},
		{"never used, of unknown age", []change{used(inventory.NeverUsed()), createdUnknown}, nil, policies.NotEvaluated, "never used, and creation is hidden"},
		{"never used, first seen 20 days ago", []change{used(inventory.NeverUsed()), createdUnknown, func(token *inventory.Token) {
			token.FirstSeen = &inventory.FirstSeen{At: daysAgo(20)}
		}}, nil, policies.NotEvaluated, "at least 20 days"},
		{"never used, made between 50 and 415 days ago", []change{used(inventory.NeverUsed()), createdUnknown, seen(50, 415)}, nil, policies.NotEvaluated, "made between 50 and 415 days ago"},
		{"never used, made between 90 and 415 days ago", []change{used(inventory.NeverUsed()), createdUnknown, seen(90, 415)}, nil, policies.Fail, "at least 90 days ago"},
		{"never used, made between 50 and 89 days ago", []change{used(inventory.NeverUsed()), createdUnknown, seen(50, 89)}, nil, policies.Pass, ""},
		{"no record", []change{used(inventory.NoUseOnRecord(daysAgo(53))), createdUnknown}, nil, policies.Fail, "no use on record since 2026-09-30"},
		{"a long record, of unknown age", []change{used(inventory.NoUseOnRecord(daysAgo(100))), createdUnknown}, nil, policies.Fail, "but it may be younger than 90 days"},
		{"a long record, seen for as long", []change{used(inventory.NoUseOnRecord(daysAgo(100))), createdUnknown, seen(95, 0)}, nil, policies.Fail, "no use on record for at least 95 days"},
		{"bounds above", []change{between(120, 90)}, nil, policies.Fail, ""},
		{"bounds below", []change{between(89, 20)}, nil, policies.Pass, ""},
		{"bounds around", []change{between(90, 89)}, nil, policies.NotEvaluated, "the limit of 90 days lies in between"},
		{"unknown", []change{used(inventory.UnknownUse("use is hidden"))}, nil, policies.NotEvaluated, "use is hidden"},
		{"revoked", []change{usedDaysAgo(900), revoked}, nil, policies.NotApplicable, ""},
		{"planned", []change{used(inventory.UnknownUse("")), func(token *inventory.Token) { token.Planned = inventory.PlannedCreate }}, nil, policies.NotApplicable, ""},
		{"updated, with its use known", []change{usedDaysAgo(365), func(token *inventory.Token) { token.Planned = inventory.PlannedUpdate }}, nil, policies.Fail, ""},
	},
	"read-token-never-expires": {
		{"never", []change{neverExpires, readOnly}, nil, policies.Fail, "never expires although the CMS supports it"},
		{"expires", []change{readOnly}, nil, policies.Pass, ""},
		{"unknown", []change{readOnly, expiryUnknown}, nil, policies.NotEvaluated, "expiry is hidden"},
		{"cannot expire", []change{readOnly, neverSupported}, nil, policies.NotApplicable, ""},
		{"writes", []change{neverExpires}, nil, policies.NotApplicable, ""},
		{"write access could not be read", []change{neverExpires, unread}, nil, policies.NotApplicable, ""},
		{"revoked", []change{neverExpires, readOnly, revoked}, nil, policies.NotApplicable, ""},
	},
	"token-lifetime-too-long": {
		{"364 days", []change{created(100), expires(264)}, nil, policies.Pass, ""},
		{"365 days", []change{created(100), expires(265)}, nil, policies.Fail, "has a lifetime of 365 days, until 2027-08-14"},
		{"unknown creation", []change{createdUnknown}, nil, policies.NotEvaluated, "creation is hidden"},
		{"made between 200 and 265 days ago", []change{createdUnknown, seen(200, 265)}, nil, policies.NotEvaluated, "creation is hidden"},
		{"made between 265 and 300 days ago", []change{createdUnknown, seen(265, 300)}, nil, policies.Fail, "at least 365 days"},
		{"made between 200 and 263 days ago", []change{createdUnknown, seen(200, 263)}, nil, policies.Pass, ""},
		{"unknown expiry", []change{expiryUnknown}, nil, policies.NotEvaluated, "expiry is hidden"},
		{"never", []change{neverExpires}, nil, policies.NotApplicable, ""},
		{"expired", []change{created(900), expires(-1)}, nil, policies.NotApplicable, ""},
	},
	"token-expires-soon": {
		{"15 days", []change{expires(15)}, nil, policies.Pass, ""},
		{"14 days", []change{expires(14)}, nil, policies.Fail, "expires in 14 days, on 2026-12-06"},
		{"today", []change{func(token *inventory.Token) {
			token.Expiry.At, token.Expiry.Precision = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), inventory.PrecisionDay
		}}, nil, policies.Fail, "expires in 0 days"},
		{"unknown", []change{expiryUnknown}, nil, policies.NotEvaluated, "expiry is hidden"},
		{"never", []change{neverExpires}, nil, policies.NotApplicable, ""},
		{"expired", []change{expires(-1)}, nil, policies.NotApplicable, ""},
	},
	"expired-token-present": {
		{"expired", []change{expires(-3)}, nil, policies.Fail, "expired on 2026-11-19 and is still there"},
		{"at this moment", []change{expires(0)}, nil, policies.Fail, ""},
		{"active", nil, nil, policies.Pass, ""},
		{"never", []change{neverExpires}, nil, policies.Pass, ""},
		{"unknown", []change{expiryUnknown}, nil, policies.NotEvaluated, "expiry is hidden"},
		{"revoked", []change{expires(-3), revoked}, nil, policies.NotApplicable, ""},
	},
	"token-not-rotated": {
		{"364 days", []change{created(364)}, nil, policies.Pass, ""},
		{"365 days", []change{created(365)}, nil, policies.Fail, "was created 365 days ago, on 2025-11-22"},
		{"unknown", []change{createdUnknown}, nil, policies.NotEvaluated, "creation is hidden"},
		{"expired", []change{created(900), expires(-1)}, nil, policies.NotApplicable, ""},
	},
	"leaked-token": {
		{"exact", []change{leaked(inventory.MatchExact)}, nil, policies.Fail, "has leaked: gitleaks found it in web/.env, line 3"},
		{"exact and suffix", []change{leaked(inventory.MatchExact, inventory.MatchSuffix)}, nil, policies.Fail, "line 3"},
		{"suffix", []change{leaked(inventory.MatchSuffix)}, nil, policies.NotEvaluated, "see possibly-leaked-token"},
		{"compared", nil, nil, policies.Pass, ""},
		{"hidden", []change{exposureUnknown}, nil, policies.NotEvaluated, "secrets are hidden"},
		{"no report", []change{neverCompared}, nil, policies.NotApplicable, ""},
		{"revoked", []change{leaked(inventory.MatchExact), revoked}, nil, policies.NotApplicable, ""},
	},
	"token-not-reviewed": {
		{"none", nil, nil, policies.Fail, "has no review"},
		{"in time", []change{id("0")}, nil, policies.Pass, ""},
		{"60 days, write", []change{id("1")}, nil, policies.Fail, "was last reviewed 60 days ago, on 2026-09-23T12:00:00Z by Ada, and is due every 60 days"},
		{"60 days, read", []change{id("1"), readOnly}, nil, policies.Pass, ""},
		{"assumed write", []change{id("1"), unread}, nil, policies.Fail, "write access is assumed"},
		{"changed", []change{id("0"), updated(at(daysAgo(1)))}, nil, policies.Fail, "was changed after its last review, on 2026-11-12 by Ada"},
		{"changed on the day", []change{id("0"), updated(at(daysAgo(10)))}, nil, policies.NotEvaluated, "was changed on the day of its review of 2026-11-12, at 12:00; a review with a time would tell"},
		{"change unknown", []change{id("0"), updated(inventory.UnknownTime("not told"))}, nil, policies.NotEvaluated, "it is not known whether the token was changed after its review of 2026-11-12: not told"},
		{"change unknown, due", []change{id("1"), updated(inventory.UnknownTime("not told"))}, nil, policies.Fail, "60 days ago"},
		{"change unknown, made after", []change{id("0"), created(3), updated(inventory.UnknownTime(""))}, nil, policies.Fail, "was changed after"},
		{"never changed", []change{id("0"), updated(inventory.None())}, nil, policies.Pass, ""},
		{"never changed, made after", []change{id("0"), updated(inventory.None()), created(3)}, nil, policies.Fail, ""},
		{"never changed, of unknown age", []change{id("0"), updated(inventory.None()), createdUnknown}, nil, policies.NotEvaluated, "whether the token was made after its review of 2026-11-12: creation is hidden"},
		{"never changed, seen before", []change{id("0"), updated(inventory.None()), createdUnknown, seen(20, 0)}, nil, policies.Pass, ""},
		{"dated after the audit", []change{id("6")}, nil, policies.Fail, "on 2026-08-24"},
		{"revoked", []change{revoked}, nil, policies.NotApplicable, ""},
		{"planned", []change{func(token *inventory.Token) { token.Planned = inventory.PlannedCreate }}, nil, policies.NotApplicable, ""},
		{"in a plan", []change{func(token *inventory.Token) { token.Planned = inventory.PlannedUnchanged }}, nil, policies.Fail, "has no review"},
	},
	"revocation-overdue": {
		{"late", []change{id("2")}, nil, policies.Fail, "should have been revoked by 2026-10-31, 22 days ago, as Ada decided on 2026-10-01"},
		{"late by a day, whatever is dated ahead", []change{id("6")}, nil, policies.Fail, "1 day ago"},
		{"late, changed since", []change{id("2"), updated(at(daysAgo(1)))}, nil, policies.Fail, ""},
		{"on the last day", []change{id("3")}, nil, policies.Pass, ""},
		{"taken back", []change{id("4")}, nil, policies.Pass, ""},
		{"no review", nil, nil, policies.Pass, ""},
		{"made after", []change{id("2"), created(3)}, nil, policies.Pass, ""},
		{"of unknown age", []change{id("2"), createdUnknown}, nil, policies.NotEvaluated, "names it by a glob"},
		{"of unknown age, by its id", []change{id("exact"), createdUnknown}, nil, policies.Fail, ""},
		{"revoked", []change{id("2"), revoked}, nil, policies.NotApplicable, ""},
	},
	"token-without-owner": {
		{"no pattern matches", nil, nil, policies.Fail, "no team answers for management token"},
		{"expired", []change{expires(-3)}, nil, policies.Fail, ""},
		{"by its name", []change{named("web deploy")}, nil, policies.Pass, ""},
		{"by its owner", []change{person(inventory.OwnerActive, 1)}, nil, policies.Pass, ""},
		{"unknown owner", []change{ownerUnknown}, nil, policies.NotEvaluated, `a pattern of team "people" asks for the owner, who is unknown: owner is hidden`},
		{"unknown owner of a name", []change{ownerUnknown, named("web deploy")}, nil, policies.Pass, ""},
		{"revoked", []change{revoked}, nil, policies.NotApplicable, ""},
	},
	"possibly-leaked-token": {
		{"suffix", []change{hinted, leaked(inventory.MatchSuffix)}, nil, policies.Fail, "ends like the secret of personal token"},
		{"exact", []change{hinted, leaked(inventory.MatchExact)}, nil, policies.Pass, ""},
		{"compared", []change{hinted}, nil, policies.Pass, ""},
		{"another end", []change{hinted, exposureUnknown}, nil, policies.NotEvaluated, "secrets are hidden"},
		{"no report", []change{hinted, neverCompared}, nil, policies.NotApplicable, ""},
		{"no end is shown", []change{hinted, exposureUnknown, func(token *inventory.Token) { token.Secret.Hint = "" }}, nil, policies.NotApplicable, ""},
		{"another CMS", []change{hinted, exposureUnknown, ofCMS("datocms")}, nil, policies.NotApplicable, ""},
		{"revoked", []change{hinted, leaked(inventory.MatchSuffix), revoked}, nil, policies.NotApplicable, ""},
	},
	"expiry-notification-off": {
		{"off", []change{traits(inventory.No, inventory.No)}, nil, policies.Fail, "nobody is notified"},
		{"on", nil, nil, policies.Pass, ""},
		{"unknown", []change{traits(inventory.No, inventory.Unknown)}, silentAbout(inventory.FactTraits, "traits are hidden"), policies.NotEvaluated, "traits are hidden"},
		{"unknown, with a reason about the factory", []change{traits(inventory.No, inventory.Unknown)}, inPartAbout(inventory.FactTraits, "factories are guessed"), policies.NotEvaluated, "whether anybody is notified before the token expires is not known"},
		{"unknown expiry", []change{traits(inventory.No, inventory.No), expiryUnknown}, nil, policies.NotEvaluated, "expiry is hidden"},
		{"never", []change{traits(inventory.No, inventory.No), neverExpires}, nil, policies.NotApplicable, ""},
		{"another CMS", []change{traits(inventory.No, inventory.No), ofCMS("datocms")}, nil, policies.NotApplicable, ""},
		{"another kind", []change{traits(inventory.No, inventory.No), kind(inventory.Personal)}, nil, policies.NotApplicable, ""},
	},
	"unused-write-access": {
		{"no record", []change{managementUse(inventory.NoUseOnRecord(daysAgo(53)))}, nil, policies.Fail, "no use of the management API on record since 2026-09-30"},
		{"used", []change{managementUse(inventory.UsedBetween(daysAgo(50), daysAgo(20)))}, nil, policies.Pass, ""},
		{"unknown", []change{managementUse(inventory.UnknownUse("use is hidden"))}, nil, policies.NotEvaluated, "use is hidden"},
		{"not told apart", []change{apis(inventory.ContentDelivery, inventory.ContentManagement)}, nil, policies.NotEvaluated, ""},
		{"management alone", nil, nil, policies.NotApplicable, ""},
		{"the scan's own", []change{managementUse(inventory.NoUseOnRecord(daysAgo(53)))}, ownToken, policies.NotApplicable, ""},
		{"reads", []change{managementUse(inventory.NeverUsed()), readOnly}, nil, policies.NotApplicable, ""},
		{"expired", []change{managementUse(inventory.NeverUsed()), expires(-1)}, nil, policies.NotApplicable, ""},
		{"planned", []change{managementUse(inventory.UnknownUse("")), func(token *inventory.Token) { token.Planned = inventory.PlannedCreate }}, nil, policies.NotApplicable, ""},
	},
	"inert-token": {
		{"no API", []change{apis()}, nil, policies.Fail, "it reaches no API"},
		{"no permission", []change{level(inventory.LevelNone)}, nil, policies.Fail, "it has no permission"},
		{"no environment", []change{delivering, opens(inventory.ScopeListed)}, nil, policies.Fail, "it opens no environment"},
		{"useful", nil, nil, policies.Pass, ""},
		{"unread", []change{unread}, nil, policies.NotEvaluated, "the role is hidden"},
		{"unread scope", []change{delivering, opens(inventory.ScopeUnknown)}, nil, policies.NotEvaluated, "scope is hidden"},
		{"unread, nobody says why", []change{unread, func(token *inventory.Token) { token.Access.Reason = "" }}, nil, policies.NotEvaluated, "could not be read"},
		{"expired", []change{apis(), expires(-1)}, nil, policies.NotApplicable, ""},
	},
	"admin-token": {
		{"admin", []change{level(inventory.LevelAdmin)}, nil, policies.Fail, "is an administrator"},
		{"schema", []change{level(inventory.LevelSchema)}, nil, policies.Pass, ""},
		{"unread", []change{unread}, nil, policies.NotEvaluated, "the role is hidden"},
		{"expired", []change{level(inventory.LevelAdmin), expires(-1)}, nil, policies.NotApplicable, ""},
	},
	"token-manages-tokens": {
		{"yes", []change{manages(inventory.Yes)}, nil, policies.Fail, "can read or create other tokens"},
		{"no", nil, nil, policies.Pass, ""},
		{"unread", []change{unread}, nil, policies.NotEvaluated, "the role is hidden"},
		{"revoked", []change{manages(inventory.Yes), revoked}, nil, policies.NotApplicable, ""},
	},
	"environment-does-not-exist": {
		{"gone", []change{opens(inventory.ScopeListed, "old"), exists(inventory.No)}, nil, policies.Fail, "names environments that do not exist: old"},
		{"there", nil, nil, policies.Pass, ""},
		{"untold", []change{opens(inventory.ScopeListed, "old"), exists(inventory.Unknown)}, nil, policies.NotEvaluated, "old"},
		{"unknown scope", []change{opens(inventory.ScopeUnknown)}, nil, policies.NotEvaluated, "scope is hidden"},
		{"all", []change{opens(inventory.ScopeAll, "main")}, nil, policies.NotApplicable, ""},
	},
	"preview-token-wider-than-twin": {
		{"wider", nil, twinned(opens(inventory.ScopeListed, "main", "draft"), opens(inventory.ScopeListed, "main")), policies.Fail, "draft"},
		{"the same", nil, twinned(opens(inventory.ScopeListed, "main"), opens(inventory.ScopeListed, "main")), policies.Pass, ""},
		{"unknown", nil, twinned(opens(inventory.ScopeUnknown), opens(inventory.ScopeListed, "main")), policies.NotEvaluated, "scope is hidden"},
		{"unknown twin", nil, twinned(opens(inventory.ScopeListed, "main"), opens(inventory.ScopeUnknown)), policies.NotEvaluated, "its delivery token"},
		{"without twin", []change{delivering, kind(inventory.Preview)}, nil, policies.NotApplicable, ""},
		{"delivery", []change{delivering}, nil, policies.NotApplicable, ""},
	},
	"write-scope-everything": {
		{"everything", []change{grants("$all:write")}, nil, policies.Fail, "every module of the stack"},
		{"some", []change{grants("entry:write")}, nil, policies.Pass, ""},
		{"unread", []change{unread}, nil, policies.NotEvaluated, "could not be read"},
		{"another CMS", []change{grants("$all:write"), ofCMS("datocms")}, nil, policies.NotApplicable, ""},
		{"revoked", []change{grants("$all:write"), revoked}, nil, policies.NotApplicable, ""},
	},
	"owner-gone": {
		{"removed", []change{person(inventory.OwnerRemoved, 1)}, nil, policies.Fail, `its owner "Ada" is removed`},
		{"deactivated", []change{person(inventory.OwnerDeactivated, 1)}, nil, policies.Fail, "deactivated"},
		{"active", []change{person(inventory.OwnerActive, 1)}, nil, policies.Pass, ""},
		{"unknown", []change{ownerUnknown}, nil, policies.NotEvaluated, "owner is hidden"},
		{"unknown state", []change{person(inventory.OwnerStateUnknown, 1)}, nil, policies.NotEvaluated, ""},
		{"revoked", []change{person(inventory.OwnerRemoved, 1), revoked}, nil, policies.NotApplicable, ""},
		{"none", nil, nil, policies.NotApplicable, ""},
	},
	"person-token-as-service": {
		{"31 days", []change{person(inventory.OwnerActive, 31)}, nil, policies.Fail, "last seen 31 days ago"},
		{"30 days", []change{person(inventory.OwnerActive, 30)}, nil, policies.Pass, ""},
		{"the scan's own", []change{person(inventory.OwnerActive, 30)}, ownToken, policies.NotApplicable, ""},
		{"used 10 days ago", []change{person(inventory.OwnerActive, 40), usedDaysAgo(10)}, nil, policies.Fail, ""},
		{"used 11 days ago", []change{person(inventory.OwnerActive, 40), usedDaysAgo(11)}, nil, policies.Pass, ""},
		{"used perhaps", []change{person(inventory.OwnerActive, 40), between(30, 10)}, nil, policies.NotEvaluated, "not known exactly enough"},
		{"no use in a short record", []change{person(inventory.OwnerActive, 40), used(inventory.NoUseOnRecord(daysAgo(10)))}, nil, policies.NotEvaluated, "not known exactly enough"},
		{"no use in a long record", []change{person(inventory.OwnerActive, 40), used(inventory.NoUseOnRecord(daysAgo(11)))}, nil, policies.Pass, ""},
		{"owner never signed in", []change{person(inventory.OwnerActive, 40), func(token *inventory.Token) {
			token.Owner.LastActive = inventory.None()
		}}, nil, policies.Pass, "has never signed in"},
		{"unknown use", []change{person(inventory.OwnerActive, 40), used(inventory.UnknownUse("use is hidden"))}, nil, policies.NotEvaluated, "use is hidden"},
		{"unknown owner", []change{ownerUnknown, kind(inventory.Personal)}, nil, policies.NotEvaluated, "owner is hidden"},
		{"expired", []change{person(inventory.OwnerActive, 30), expires(-1)}, nil, policies.NotApplicable, ""},
		{"a management token", nil, nil, policies.NotApplicable, ""},
	},
	"undocumented-token": {
		{"empty", []change{described("")}, nil, policies.Fail, "has no description"},
		{"blank", []change{described(" \t\u00a0\n")}, nil, policies.Fail, ""},
		{"words", nil, nil, policies.Pass, ""},
		{"a CMS without descriptions", []change{described("")}, silentAbout(inventory.FactDescription, "no descriptions there"), policies.NotEvaluated, "no descriptions there"},
		{"words where the CMS has none", nil, silentAbout(inventory.FactDescription, "no descriptions there"), policies.Pass, ""},
		{"revoked", []change{described(""), revoked}, nil, policies.NotApplicable, ""},
	},
	"duplicate-token-name": {
		{"shared", nil, copies(2, func(token *inventory.Token) { token.Name = "deploy" }), policies.Fail, `2 active tokens of "Shop" are called "deploy"`},
		{"own", nil, nil, policies.Pass, ""},
		{"shared by expired tokens", nil, copies(2, func(token *inventory.Token) { token.Name = "deploy" }, expires(-1)), policies.Pass, ""},
		{"shared, in a list read in part", nil, with(unreadLists, copies(2, func(token *inventory.Token) { token.Name = "deploy" })), policies.Fail, `called "deploy"`},
		{"unread list", nil, unreadLists, policies.NotEvaluated, "management_tokens"},
		{"people only", nil, func(s *inventory.Source) { s.Units, s.Tokens = nil, nil }, policies.NotApplicable, ""},
	},
	"factory-token": {
		{"factory", []change{traits(inventory.Yes, inventory.Yes)}, nil, policies.Fail, "was made by contentstack itself"},
		{"ours", nil, nil, policies.Pass, ""},
		{"unknown", []change{traits(inventory.Unknown, inventory.Yes)}, silentAbout(inventory.FactTraits, "traits are hidden"), policies.NotEvaluated, "traits are hidden"},
		{"expired", []change{traits(inventory.Yes, inventory.Yes), expires(-1)}, nil, policies.NotApplicable, ""},
	},
	"token-limit-near": {
		{"two below", nil, copies(8), policies.Pass, ""},
		{"one below", nil, copies(9), policies.Fail, `"Shop" has 9 valid management tokens and may have 10: the one after the next ends the oldest, "name of t00"`},
		{"at the limit", nil, copies(10), policies.Fail, `may have 10: the next one ends the oldest, "name of t00"`},
		{"at the limit, in a list read in part", nil, with(unreadLists, copies(10)), policies.Fail, `"Shop" has at least 10 valid management tokens and may have 10: the next one ends the oldest`},
		{"above the limit", nil, copies(11), policies.Fail, "more than the 10 that the parameter limit allows"},
		{"18 delivery tokens", nil, copies(18, delivering), policies.Pass, ""},
		{"19 delivery tokens", nil, copies(19, delivering), policies.Fail, `"Shop" has 19 delivery tokens and may have 20: there is room for one more`},
		{"expired ones do not count", nil, copies(20, expires(-1)), policies.Pass, ""},
		{"expiry unknown", nil, copies(9, expiryUnknown), policies.NotEvaluated, "whether 9 management tokens"},
		{"unread list", nil, unreadLists, policies.NotEvaluated, "management_tokens"},
		{"another CMS", nil, func(s *inventory.Source) { copies(20)(s); s.CMS = "datocms" }, policies.NotApplicable, ""},
	},
	"audit-credential-too-strong": {
		{"needless", nil, auditor(inventory.Yes, inventory.No, inventory.No), policies.Fail, "can read secrets"},
		{"needless, and a list unread", nil, with(unreadLists, auditor(inventory.Yes, inventory.No, inventory.No)), policies.Fail, "can read secrets"},
		{"weak", nil, auditor(inventory.No, inventory.No, inventory.Yes), policies.Pass, ""},
		{"necessary", nil, auditor(inventory.No, inventory.Yes, inventory.Yes), policies.Pass, "offers none that is weaker"},
		{"unknown", nil, auditor(inventory.Unknown, inventory.No, inventory.Unknown), policies.NotEvaluated, "not known"},
		{"a plan", nil, func(s *inventory.Source) { s.Kind = inventory.KindPlan }, policies.NotApplicable, ""},
	},
	"token-literal-in-code": {
		{"in a provider", nil, planWith(inventory.Literal{Address: "provider.datocms", Attribute: "api_token", Place: inventory.LiteralProvider, CMS: "datocms"}),
			policies.Fail, "hard-coded credential for datocms in api_token of provider.datocms"},
		{"in a plan of a part", nil, with(unreadLists, planWith(inventory.Literal{Address: "provider.datocms", Attribute: "api_token", Place: inventory.LiteralProvider, CMS: "datocms"})),
			policies.Fail, "api_token of provider.datocms"},
		{"none in a plan of a part", nil, with(unreadLists, planWith()), policies.NotEvaluated, "management_tokens"},
		{"none", nil, planWith(), policies.Pass, ""},
		{"no configuration", nil, func(s *inventory.Source) {
			planWith()(s)
			s.Units = append(s.Units, inventory.FailedUnit("configuration", inventory.ErrUnreadable, "the plan has none", ""))
		}, policies.NotEvaluated, "the plan has none"},
		{"a live source", nil, nil, policies.NotApplicable, ""},
	},
}

func TestRules(t *testing.T) {
	e := load(t, everyRule())
	for _, rule := range e.Rules() {
		cases := ruleCases[rule.ID]
		t.Run(rule.ID, func(t *testing.T) {
			for _, want := range []policies.Status{policies.Fail, policies.Pass, policies.NotEvaluated, policies.NotApplicable} {
				if !slices.ContainsFunc(cases, func(c ruleCase) bool { return c.want == want }) {
					t.Errorf("no case is %s", want)
				}
			}
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) { c.check(t, e, rule) })
			}
		})
	}
}

// Names and other text of a CMS's users are hostile: no rule may err on them,
// lose a finding over them, or let one reach another place of the result.
func TestRulesOnHostileText(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	e := load(t, everyRule())
	for _, text := range []string{
		"", "%s%d%!v(MISSING)%99999999d", "{{.}}", "\x00\x1b[31m\r\n", "'\"`\\", strings.Repeat("x", 20000),
		"\u202e\ufeff\U0010ffff", "a\xffb", "<script>alert(1)</script>", "=cmd|'/c calc'!A1", "\u2028", "null", "0", "constructor",
	} {
		for id, cases := range ruleCases {
			for _, c := range cases {
				if c.want != policies.Fail {
					continue
				}
				source := c.build()
				source.Name = text
				for i := range source.Tokens {
					soil(&source.Tokens[i], text, id)
				}
				r := evaluate(t, e, source)
				if r.Counts[id].Fail == 0 && strings.TrimSpace(text) != "" {
					t.Errorf("%s: %s: %.20q hides a finding: %+v", id, c.name, text, r.Counts[id])
				}
				for _, v := range r.Verdicts {
					if len(v.Message) > output.MaxMessage || len(v.Reason) > output.MaxMessage || len(v.Key) > output.MaxKey {
						t.Errorf("%s: a text of the verdict is longer than it may be", v.Rule)
					}
				}
			}
		}
	}
}

// soil puts a text into every field that users of a CMS may fill in, as far as
// the case does not rest on it.
func soil(token *inventory.Token, text, rule string) {
	token.Name = text
	token.Owner.Name = text
	if exposure := token.Exposure; exposure != nil {
		for i := range exposure.Found {
			exposure.Found[i].File, exposure.Found[i].Rule, exposure.Found[i].Commit = text, text, text
		}
	}
	token.Owner.Role = text
	token.LastUsed.Word = text
	if rule != "undocumented-token" {
		token.Description = text
	}
	if rule != "write-scope-everything" {
		token.Access.Grants = []string{text}
	}
	for i := range token.Environments.Items {
		token.Environments.Items[i].Name = text
	}
	if token.Role != nil {
		token.Role.Name = text
	}
}

// How long a credential lives is what SOC 2 asks of it in CC6.1.
func TestLifetimeRulesAreSOC2Controls(t *testing.T) {
	for _, rule := range load(t, LoadOptions{Only: []string{
		"read-token-never-expires", "token-lifetime-too-long", "token-not-rotated", "write-token-never-expires",
	}}).Rules() {
		if !slices.Contains(rule.Controls["soc2"], "CC6.1") {
			t.Errorf("%s names the SOC 2 controls %v", rule.ID, rule.Controls["soc2"])
		}
	}
}
