package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// A dice makes random inventories in which every field has each of its states,
// and times lie around the thresholds of the rules. Whatever it makes keeps the
// schema: a collector or a file may say it.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 1))} }

// one reports whether one of n came up.
func (d dice) one(n int) bool { return d.IntN(n) == 0 }

func pick[T any](d dice, values ...T) T { return values[d.IntN(len(values))] }

func (d dice) ternary() inventory.Ternary {
	return pick(d, inventory.Yes, inventory.No, inventory.No, inventory.Unknown)
}

func (d dice) reason() string { return pick(d, "it is hidden", "the CMS does not tell") }

// ago is a time before the audit time, at or close to a whole number of days
// that some rule has for a threshold.
func (d dice) ago() time.Time {
	days := pick(d, 0, 1, 2, 6, 7, 8, 14, 15, 29, 30, 31, 59, 60, 61, 89, 90, 91, 264, 265, 364, 365, 366, 900)
	return auditTime.AddDate(0, 0, -days).Add(d.jitter())
}

func (d dice) jitter() time.Duration {
	return pick(d, 0, 0, time.Second, -time.Second, 1, -1, 7*time.Hour, -13*time.Hour)
}

func (d dice) ahead() time.Time { return auditTime.Add(auditTime.Sub(d.ago())) }

// source is a random source of up to so many tokens.
func (d dice) source(n, most int) inventory.Source {
	s := inventory.Source{
		ID: fmt.Sprintf("contentstack/stacks/blt%d", n), Name: "Shop", CollectedAt: auditTime,
		CMS:     pick(d, "contentstack", "contentstack", "contentful", "datocms", "terraform"),
		Kind:    pick(d, inventory.KindStack, inventory.KindSpace, inventory.KindPlan, inventory.KindPlan, inventory.KindInstance),
		Facts:   d.facts(),
		Units:   d.units(),
		Auditor: inventory.Auditor{ReadsSecrets: d.ternary(), Writes: d.ternary(), Necessary: d.ternary()},
	}
	if d.one(3) {
		s.Literals = []inventory.Literal{{Address: "provider.datocms", Attribute: "api_token", Place: pick(d, inventory.LiteralProvider, inventory.LiteralVariable)}}
	}
	for i := range d.IntN(most + 1) {
		t := d.token(&s, i)
		if s.Unlisted(t.Kind) == "" { // else its list was left out
			s.Tokens = append(s.Tokens, t)
		}
	}
	if len(s.Tokens) > 0 && d.one(2) {
		s.Auditor.Token = pick(d, s.Tokens...).ID
	}
	s.Normalise()
	return s
}

func (d dice) facts() inventory.Facts {
	facts := inventory.Facts{}
	for _, fact := range inventory.AllFacts() {
		facts[fact] = pick(d, inventory.Reported(), inventory.Reported(), inventory.ReportedPartly("some have it"), inventory.NotReported("not told here"))
	}
	return facts
}

func (d dice) units() []inventory.Unit {
	units := []inventory.Unit{
		{Name: "delivery_tokens", Kinds: []inventory.Kind{inventory.Delivery, inventory.Preview}},
		{Name: "management_tokens", Kinds: []inventory.Kind{inventory.Management}},
		{Name: "people", Kinds: []inventory.Kind{inventory.Personal, inventory.CLI, inventory.OAuth}},
		{Name: "apps", Kinds: []inventory.Kind{inventory.App}},
		{Name: "configuration"},
	}
	units = slices.DeleteFunc(units, func(inventory.Unit) bool { return d.one(4) })
	if !slices.ContainsFunc(units, func(u inventory.Unit) bool { return len(u.Kinds) > 0 }) {
		return d.units() // a source has a list of tokens
	}
	for i := range units {
		units[i].Status = pick(d, inventory.UnitComplete, inventory.UnitComplete, inventory.UnitComplete, inventory.UnitFailed, inventory.UnitPartial)
		if units[i].Status != inventory.UnitComplete {
			units[i].Error, units[i].Detail = inventory.ErrPermissionDenied, "no"
		}
	}
	return units
}

// exposure is nil for a token that no report was compared with.
func (d dice) exposure() *inventory.Exposure {
	exact := inventory.Leak{Tool: "gitleaks", File: ".env", Line: 3, Match: inventory.MatchExact}
	suffix := inventory.Leak{Tool: "trufflehog", Match: inventory.MatchSuffix}
	return pick(d, nil, nil,
		&inventory.Exposure{State: inventory.ExposureNone},
		&inventory.Exposure{State: inventory.ExposureUnknown, Reason: "hidden"},
		&inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{exact}},
		&inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{suffix}},
		&inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{exact, suffix}})
}

// token is a random token, which may be the preview token of one before it.
func (d dice) token(s *inventory.Source, i int) inventory.Token {
	t := inventory.Token{
		ID: fmt.Sprintf("%s/t%d", s.ID, i), Ref: fmt.Sprint(i), CMS: s.CMS, Source: s.ID,
		Name:        pick(d, "deploy", " deploy ", "web", "", " ", fmt.Sprintf("own name %d", i)),
		Description: pick(d, "what it is for", "what it is for", "", " \t"),
		Kind: pick(d, inventory.Delivery, inventory.Delivery, inventory.Preview, inventory.Management, inventory.Management,
			inventory.Personal, inventory.OAuth, inventory.CLI, inventory.App),
		APIs:          d.apis(),
		Access:        d.access(),
		Environments:  d.scope(),
		CreatedAt:     d.timestamp(d.ago()),
		FirstSeen:     d.firstSeen(),
		UpdatedAt:     d.timestamp(d.ago()),
		RevokedAt:     d.revoked(),
		Expiry:        d.expiry(),
		LastUsed:      d.use(),
		LastUsedByAPI: d.uses(),
		Traits:        inventory.Traits{Factory: d.ternary(), NotifiesBeforeExpiry: d.ternary()},
		Owner:         d.owner(),
		Secret:        inventory.Secret{Readable: d.ternary(), Hint: pick(d, "", "", "9f3a")},
		Exposure:      d.exposure(),
	}
	if d.one(4) {
		t.CMS = pick(d, "contentstack", "datocms")
	}
	if d.one(3) {
		t.Role = &inventory.Role{ID: "r", Name: "Editor", Level: pick(d, inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin, inventory.LevelUnknown)}
	}
	if d.one(3) {
		t.Branches = new(d.scope())
	}
	if d.one(4) {
		t.Planned, t.Address = pick(d, inventory.PlannedCreate, inventory.PlannedUpdate, inventory.PlannedReplace, inventory.PlannedUnchanged), "a.b"
	}
	if t.Kind == inventory.Preview && !d.one(4) || d.one(20) {
		d.join(&t, s.Tokens)
	}
	return t
}

// join makes the token the twin of one before it, which need not be a delivery
// token, or of one that is not there.
func (d dice) join(t *inventory.Token, before []inventory.Token) {
	t.Twin = "gone"
	deliveries := slices.DeleteFunc(slices.Clone(before), func(t inventory.Token) bool { return t.Kind != inventory.Delivery })
	if len(deliveries) > 0 && !d.one(4) {
		before = deliveries
	}
	if len(before) == 0 || d.one(5) {
		return
	}
	twin := pick(d, before...)
	t.Twin = twin.ID
	if d.one(3) {
		t.Environments = twin.Environments
	}
}

func (d dice) apis() []inventory.API {
	all := []inventory.API{inventory.ContentDelivery, inventory.ContentPreview, inventory.ContentManagement}
	return slices.DeleteFunc(all, func(inventory.API) bool { return d.one(2) })
}

func (d dice) access() inventory.Access {
	grants := pick(d, []string{}, []string{"entry:read"}, []string{"$all:read", "$all:write"})
	if d.one(5) {
		return inventory.AssumedAccess(d.reason(), d.ternary(), grants...)
	}
	level := pick(d, inventory.LevelNone, inventory.LevelRead, inventory.LevelTrigger, inventory.LevelWrite, inventory.LevelWrite, inventory.LevelSchema, inventory.LevelAdmin)
	return inventory.NewAccess(level, d.ternary(), grants...)
}

func (d dice) scope() inventory.Scope {
	var items []inventory.ScopeItem
	for range d.IntN(4) {
		id := pick(d, "main", "staging", "qa", "live", "next")
		item := inventory.ScopeItem{ID: id, Primary: d.ternary(), Exists: pick(d, inventory.Yes, inventory.Yes, inventory.Yes, inventory.No, inventory.Unknown)}
		switch id {
		case "live":
			item.AliasOf = pick(d, "main", "main", "elsewhere")
		case "next":
			item.AliasOf = pick(d, "", "live")
		}
		items = append(items, item)
	}
	switch d.IntN(5) {
	case 0:
		return inventory.UnknownScope(d.reason(), items...)
	case 1:
		return inventory.AllScope(items...)
	}
	return inventory.NewScope(items...)
}

func (d dice) timestamp(t time.Time) inventory.Timestamp {
	switch d.IntN(6) {
	case 0:
		return inventory.None()
	case 1, 2:
		return inventory.UnknownTime(d.reason())
	}
	return at(t)
}

func (d dice) firstSeen() *inventory.FirstSeen {
	if d.one(3) {
		return nil
	}
	a, b := d.ago(), d.ago()
	if a.After(b) {
		a, b = b, a
	}
	if d.one(3) {
		a = time.Time{}
	}
	return &inventory.FirstSeen{NotBefore: a, At: b}
}

func (d dice) revoked() inventory.Timestamp {
	switch d.IntN(12) {
	case 0:
		return at(d.ago())
	case 1:
		return at(d.ahead())
	case 2, 3:
		return inventory.UnknownTime(d.reason())
	}
	return inventory.None()
}

func (d dice) expiry() inventory.Expiry {
	switch d.IntN(6) {
	case 0:
		return inventory.NeverExpires(d.one(2))
	case 1:
		return inventory.Expiry{State: inventory.ExpiryNever, At: auditTime.AddDate(40, 0, 0), Precision: inventory.PrecisionInstant, Supported: true}
	case 2:
		return inventory.UnknownExpiry(d.one(2), d.reason())
	case 3:
		return inventory.Expiry{State: inventory.ExpiryAt, At: pick(d, d.ahead(), d.ago()).Truncate(24 * time.Hour), Precision: inventory.PrecisionDay, Supported: true}
	}
	return inventory.Expiry{State: inventory.ExpiryAt, At: pick(d, d.ahead(), d.ahead(), d.ago()), Precision: inventory.PrecisionInstant, Supported: true}
}

func (d dice) use() inventory.LastUsed {
	switch d.IntN(6) {
	case 0:
		return inventory.UsedAt(pick(d, d.ago(), d.ago(), d.ahead()))
	case 1:
		return inventory.UnknownUse(d.reason())
	case 2:
		return inventory.NeverUsed()
	case 3:
		return inventory.NoUseOnRecord(d.ago())
	}
	a, b := d.ago(), d.ago()
	if a.After(b) {
		a, b = b, a
	}
	return inventory.UsedBetween(a, b)
}

func (d dice) uses() map[inventory.API]inventory.LastUsed {
	if d.one(3) {
		return nil
	}
	uses := map[inventory.API]inventory.LastUsed{}
	for _, api := range d.apis() {
		uses[api] = d.use()
	}
	return uses
}

func (d dice) owner() inventory.Owner {
	return inventory.Owner{
		Type: pick(d, inventory.OwnerPerson, inventory.OwnerPerson, inventory.OwnerPerson, inventory.OwnerApp, inventory.OwnerNone, inventory.OwnerUnknown),
		ID:   pick(d, "", "u1"), Name: pick(d, "", "Ada"),
		State:      pick(d, inventory.OwnerActive, inventory.OwnerActive, inventory.OwnerDeactivated, inventory.OwnerRemoved, inventory.OwnerStateUnknown),
		Level:      pick(d, inventory.LevelWrite, inventory.LevelAdmin, inventory.LevelUnknown),
		LastActive: d.timestamp(pick(d, d.ago(), d.ahead())),
		Reason:     d.reason(),
	}
}
