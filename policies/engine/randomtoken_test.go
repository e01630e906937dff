package engine

import (
	"fmt"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// randomSource is a source of n tokens of which most is known.
func randomSource(d dice, n int) inventory.Source {
	tokens := make([]inventory.Token, n)
	for i := range tokens {
		tokens[i] = randomToken(d, fmt.Sprintf("contentstack/stacks/blt1/management_tokens/%02d", i))
	}
	source := aSource(tokens...)
	source.Auditor = inventory.Auditor{ReadsSecrets: yesOrNo(d), Writes: yesOrNo(d), Necessary: yesOrNo(d)}
	source.Environments = []inventory.Environment{{ID: "prod", Primary: yesOrNo(d)}}
	source.Units = append(source.Units, inventory.Unit{Name: "environments", Status: inventory.UnitComplete})
	for d.IntN(2) == 0 {
		source = losses[d.IntN(len(losses))].of(source, d.IntN(n))
	}
	return source
}

func partlyRead(source *inventory.Source) {
	unit := &source.Units[len(source.Units)-1]
	unit.Status, unit.Error = inventory.UnitPartial, inventory.ErrTruncated
}

func yesOrNo(d dice) inventory.Ternary { return pick(d, inventory.Yes, inventory.No) }

// randomDays are days before the audit time, near and far.
func randomDays(d dice) time.Time { return daysAgo(pick(d, 0, 1, 10, 89, 90, 400)) }

func randomStamp(d dice) inventory.Timestamp {
	return pick(d, at(randomDays(d)), inventory.Timestamp{State: inventory.TimestampNone})
}

func randomUse(d dice) inventory.LastUsed {
	used := inventory.LastUsed{
		State:    pick(d, inventory.LastUsedAt, inventory.LastUsedBetween, inventory.LastUsedNever, inventory.LastUsedNoneOnRecord),
		Evidence: inventory.EvidenceCMS,
	}
	switch used.State {
	case inventory.LastUsedAt:
		used.At = randomDays(d)
	case inventory.LastUsedBetween:
		used.Latest = daysAgo(10)
		if d.IntN(2) == 0 {
			used.Earliest = daysAgo(pick(d, 20, 400))
		}
	case inventory.LastUsedNoneOnRecord:
		used.Latest = randomDays(d)
	}
	return used
}

func randomScope(d dice) inventory.Scope {
	var items []inventory.ScopeItem
	for _, id := range []string{"prod", "staging"}[:d.IntN(3)] {
		items = append(items, inventory.ScopeItem{ID: id, Primary: yesOrNo(d), Exists: yesOrNo(d)})
	}
	return pick(d, inventory.AllScope, inventory.NewScope)(items...)
}

func randomLevel(d dice) inventory.Level {
	return pick(d, inventory.LevelNone, inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin)
}

func randomToken(d dice, id string) inventory.Token {
	token := aToken(id)
	token.Kind = pick(d, inventory.Management, inventory.Delivery)
	token.Name = pick(d, "alpha", "beta")
	token.Description = pick(d, "", "what it is for")
	token.Access = inventory.NewAccess(pick(d, inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin), yesOrNo(d))
	if d.IntN(2) == 0 {
		token.Role = &inventory.Role{ID: "1", Name: "Editor", Level: randomLevel(d)}
	}
	token.Environments = randomScope(d)
	if d.IntN(2) == 0 {
		branches := randomScope(d)
		token.Branches = &branches
	}
	token.CreatedAt, token.UpdatedAt = at(randomDays(d)), randomStamp(d)
	token.RevokedAt = pick(d, inventory.Timestamp{State: inventory.TimestampNone}, inventory.Timestamp{State: inventory.TimestampNone}, at(daysAgo(1)))
	if d.IntN(3) == 0 {
		// Nobody saw it before it was made.
		first := daysAgo(20)
		if token.CreatedAt.At.After(first) {
			first = token.CreatedAt.At
		}
		token.FirstSeen = &inventory.FirstSeen{At: first, NotBefore: pick(d, time.Time{}, daysAgo(400))}
	}
	pick(d, neverExpires, expires(-2), expires(5), expires(300))(&token)
	token.LastUsed = randomUse(d)
	if d.IntN(2) == 0 {
		token.LastUsedByAPI = map[inventory.API]inventory.LastUsed{inventory.ContentManagement: randomUse(d)}
	}
	token.Traits = inventory.Traits{Factory: yesOrNo(d), NotifiesBeforeExpiry: yesOrNo(d)}
	token.Owner = pick(d,
		inventory.Owner{Type: inventory.OwnerNone, State: inventory.OwnerActive, Level: inventory.LevelUnknown, LastActive: inventory.UnknownTime("hidden")},
		inventory.Owner{Type: inventory.OwnerPerson, State: pick(d, inventory.OwnerActive, inventory.OwnerRemoved), ID: "1", Name: "Ada", Level: randomLevel(d), LastActive: randomStamp(d)})
	token.Secret.Readable = yesOrNo(d)
	token.Exposure = pick(d, &inventory.Exposure{State: inventory.ExposureNone},
		&inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{{Tool: "gitleaks", Match: inventory.MatchExact}}},
		&inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{{Tool: "gitleaks", Match: inventory.MatchSuffix}}})
	return token
}

// A loss makes something unknown that may have been known: of a token, or, where
// that is nil, of the source.
type loss struct {
	name   string
	token  func(*inventory.Token)
	source func(*inventory.Source)
}

var losses = []loss{
	{"access", unread, nil},
	{"access.manages_tokens", func(t *inventory.Token) { t.Access.ManagesTokens, t.Access.Reason = inventory.Unknown, "hidden" }, nil},
	{"role.level", func(t *inventory.Token) {
		if t.Role != nil {
			t.Role = &inventory.Role{ID: t.Role.ID, Name: t.Role.Name, Level: inventory.LevelUnknown}
		}
	}, nil},
	{"environments", func(t *inventory.Token) { t.Environments = inventory.UnknownScope("hidden", t.Environments.Items...) }, nil},
	{"environments, all of them", func(t *inventory.Token) { t.Environments = inventory.UnknownScope("hidden") }, nil},
	{"exists", func(t *inventory.Token) { eachItem(t, func(i *inventory.ScopeItem) { i.Exists = inventory.Unknown }) }, nil},
	{"primary", func(t *inventory.Token) { eachItem(t, func(i *inventory.ScopeItem) { i.Primary = inventory.Unknown }) }, nil},
	{"branches", func(t *inventory.Token) {
		if t.Branches != nil {
			unknown := inventory.UnknownScope("hidden", t.Branches.Items...)
			t.Branches = &unknown
		}
	}, nil},
	{"created_at", func(t *inventory.Token) { t.CreatedAt = inventory.UnknownTime("hidden") }, nil},
	{"updated_at", func(t *inventory.Token) { t.UpdatedAt = inventory.UnknownTime("hidden") }, nil},
	{"revoked_at", func(t *inventory.Token) { t.RevokedAt = inventory.UnknownTime("hidden") }, nil},
	{"expiry", expiryUnknown, nil},
	{"last_used", func(t *inventory.Token) {
		t.LastUsed = inventory.LastUsed{State: inventory.LastUsedUnknown, Reason: "hidden"}
	}, nil},
	{"last_used_by_api", func(t *inventory.Token) { t.LastUsedByAPI = nil }, nil},
	{"owner", func(t *inventory.Token) { t.Owner = inventory.UnknownOwner("hidden") }, nil},
	{"owner.state", func(t *inventory.Token) { t.Owner.State, t.Owner.Reason = inventory.OwnerStateUnknown, "hidden" }, nil},
	{"owner.level", func(t *inventory.Token) { t.Owner.Level = inventory.LevelUnknown }, nil},
	{"owner.last_active", func(t *inventory.Token) { t.Owner.LastActive = inventory.UnknownTime("hidden") }, nil},
	{"factory", func(t *inventory.Token) { t.Traits.Factory = inventory.Unknown }, nil},
	{"notifies", func(t *inventory.Token) { t.Traits.NotifiesBeforeExpiry = inventory.Unknown }, nil},
	{"secret", func(t *inventory.Token) { t.Secret.Readable = inventory.Unknown }, nil},
	{"exposure", func(t *inventory.Token) {
		t.Exposure = &inventory.Exposure{State: inventory.ExposureUnknown, Reason: "hidden"}
	}, nil},
	{"exposure, no report", func(t *inventory.Token) { t.Exposure = nil }, nil},
	{"reads_secrets", nil, func(s *inventory.Source) { s.Auditor.ReadsSecrets = inventory.Unknown }},
	{"writes", nil, func(s *inventory.Source) { s.Auditor.Writes = inventory.Unknown }},
	{"necessary", nil, func(s *inventory.Source) { s.Auditor.Necessary = inventory.Unknown }},
	{"the primary environment", nil, func(s *inventory.Source) {
		s.Environments = []inventory.Environment{{ID: "prod", Primary: inventory.Unknown}}
	}},
	{"the end of a list of tokens", nil, func(s *inventory.Source) {
		s.Tokens = s.Tokens[:max(1, len(s.Tokens)-1)]
		s.Units[1].Status, s.Units[1].Error = inventory.UnitPartial, inventory.ErrTruncated
	}},
	{"the list of environments", nil, func(s *inventory.Source) { s.Environments = nil; partlyRead(s) }},
}

func eachItem(t *inventory.Token, f func(*inventory.ScopeItem)) {
	t.Environments.Items = append([]inventory.ScopeItem(nil), t.Environments.Items...)
	for i := range t.Environments.Items {
		f(&t.Environments.Items[i])
	}
	if t.Branches == nil {
		return
	}
	branches := *t.Branches
	branches.Items = append([]inventory.ScopeItem(nil), branches.Items...)
	for i := range branches.Items {
		f(&branches.Items[i])
	}
	t.Branches = &branches
}
