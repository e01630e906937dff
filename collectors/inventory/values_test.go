package inventory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

func TestLevels(t *testing.T) {
	order := []inv.Level{inv.LevelNone, inv.LevelRead, inv.LevelTrigger, inv.LevelWrite, inv.LevelSchema, inv.LevelAdmin, inv.LevelUnknown}
	for i, a := range order {
		for k, b := range order {
			if got := a.Compare(b); (got < 0) != (i < k) || (got > 0) != (i > k) {
				t.Errorf("%s.Compare(%s) = %d", a, b, got)
			}
			known := a != inv.LevelUnknown && b != inv.LevelUnknown
			if got := a.AtLeast(b); got != (known && i >= k) {
				t.Errorf("%s.AtLeast(%s) = %t", a, b, got)
			}
		}
	}
	if inv.Level("root").AtLeast(inv.LevelRead) || inv.Level("root").Compare(inv.LevelAdmin) <= 0 {
		t.Error("a word that is not a level has to be treated as unknown")
	}
}

func TestAccess(t *testing.T) {
	for level, write := range map[inv.Level]bool{
		inv.LevelNone: false, inv.LevelRead: false, inv.LevelTrigger: false,
		inv.LevelWrite: true, inv.LevelSchema: true, inv.LevelAdmin: true,
	} {
		got := inv.NewAccess(level, inv.No, "b", "a", "b")
		want := inv.Access{Level: level, Write: write, ManagesTokens: inv.No, Grants: []string{"a", "b"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", level, diff)
		}
	}
	got := inv.AssumedAccess("the role is gone", inv.Unknown)
	want := inv.Access{
		Level: inv.LevelUnknown, Write: true, Assumed: true, Reason: "the role is gone",
		ManagesTokens: inv.Unknown, Grants: []string{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("assumed (-want +got):\n%s", diff)
	}
	if a := inv.NewAccess("root", inv.No); !a.Write || !a.Assumed || a.Reason == "" {
		t.Errorf("a level nobody knows gave %+v", a)
	}
}

func TestScope(t *testing.T) {
	item := func(id, alias string, exists inv.Ternary) inv.ScopeItem {
		return inv.ScopeItem{ID: id, AliasOf: alias, Exists: exists, Primary: inv.Unknown}
	}
	tests := []struct {
		name         string
		items        []inv.ScopeItem
		ids          string
		effective    int
		effectiveAll int
	}{
		{"none", nil, "", 0, 0},
		{"one twice", []inv.ScopeItem{item("a", "", inv.Yes), item("a", "", inv.Yes)}, "a", 1, 1},
		{"sorted", []inv.ScopeItem{item("b", "", inv.Yes), item("a", "", inv.Yes)}, "a b", 2, 2},
		{"alias and its target", []inv.ScopeItem{item("live", "a", inv.Yes), item("a", "", inv.Yes)}, "a live", 1, 1},
		{"two aliases of one", []inv.ScopeItem{item("x", "a", inv.Yes), item("y", "a", inv.Yes)}, "x y", 1, 1},
		{"alias of an alias", []inv.ScopeItem{item("x", "y", inv.Yes), item("y", "a", inv.Yes), item("a", "", inv.Yes)}, "a x y", 1, 1},
		{"missing ones", []inv.ScopeItem{item("gone", "", inv.No), item("a", "", inv.Yes)}, "a gone", 2, 1},
		{"circle of aliases", []inv.ScopeItem{item("x", "y", inv.Yes), item("y", "x", inv.Yes), item("z", "x", inv.Yes)}, "x y z", 1, 1},
		{"alias of itself", []inv.ScopeItem{item("x", "x", inv.Yes), item("y", "", inv.Yes)}, "x y", 2, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			listed, all, unknown := inv.NewScope(tt.items...), inv.AllScope(tt.items...), inv.UnknownScope("why", tt.items...)
			var ids []string
			for _, i := range listed.Items {
				ids = append(ids, i.ID)
			}
			if got := strings.Join(ids, " "); got != tt.ids {
				t.Errorf("items %q, want %q", got, tt.ids)
			}
			if listed.Effective != tt.effective || all.Effective != tt.effectiveAll || unknown.Effective != 0 {
				t.Errorf("effective: listed %d, all %d, unknown %d", listed.Effective, all.Effective, unknown.Effective)
			}
			if listed.Items == nil || listed.State != inv.ScopeListed || all.State != inv.ScopeAll || unknown.State != inv.ScopeUnknown {
				t.Errorf("states: %+v %+v %+v", listed, all, unknown)
			}
		})
	}
}

func TestTimestamps(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	day := time.Date(2026, 3, 1, 0, 30, 0, 0, berlin)
	tests := []struct {
		name string
		got  inv.Timestamp
		want inv.Timestamp
	}{
		{"at", inv.At(day), inv.Timestamp{State: inv.TimestampAt, At: time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC)}},
		{"zero", inv.At(time.Time{}), inv.UnknownTime("the CMS gave a date outside the years 1 to 9999")},
		{"year 10000", inv.At(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), inv.UnknownTime("the CMS gave a date outside the years 1 to 9999")},
		{"text", inv.NewTimestamp("2026-03-01T00:30:00+01:00"), inv.Timestamp{State: inv.TimestampAt, At: time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC)}},
		{"no text", inv.NewTimestamp(""), inv.UnknownTime("the CMS gave no date")},
		{"other text", inv.NewTimestamp("yesterday"), inv.UnknownTime("the CMS gave a date that cannot be read")},
		{"none", inv.None(), inv.Timestamp{State: inv.TimestampNone}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestExpiry(t *testing.T) {
	horizon := sample.CollectedAt().AddDate(10, 0, 0)
	if got := (inv.Source{CollectedAt: sample.CollectedAt()}).Horizon(); got != horizon {
		t.Errorf("the horizon is %v", got)
	}
	if got := (inv.Source{CollectedAt: sample.CollectedAt(), NeverAfter: sample.CollectedAt()}).Horizon(); got != sample.CollectedAt() {
		t.Errorf("the configured horizon is %v", got)
	}
	for name, tt := range map[string]struct {
		at    time.Time
		state inv.ExpiryState
	}{
		"before the horizon": {horizon.Add(-time.Second), inv.ExpiryAt},
		"on the horizon":     {horizon, inv.ExpiryNever},
		"the far future":     {horizon.AddDate(90, 0, 0), inv.ExpiryNever},
	} {
		got := inv.NormaliseExpiry(inv.ExpiresAt(tt.at, inv.PrecisionInstant), horizon)
		if got.State != tt.state || got.At != tt.at || !got.Supported {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, e := range []inv.Expiry{inv.NeverExpires(true), inv.UnknownExpiry(false, "why")} {
		if diff := cmp.Diff(e, inv.NormaliseExpiry(e, horizon)); diff != "" {
			t.Errorf("%s changed:\n%s", e.State, diff)
		}
	}
	last := time.Date(2026, 5, 31, 23, 0, 0, 0, time.FixedZone("", -7200))
	if got := inv.ExpiresAt(last, inv.PrecisionDay).At; got != time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC) {
		t.Errorf("a day starts at %v", got)
	}
	if got := inv.ExpiresAt(time.Time{}, inv.PrecisionDay); got.State != inv.ExpiryUnknown || got.Reason == "" {
		t.Errorf("a zero date gave %+v", got)
	}
}

func TestMostRecentUse(t *testing.T) {
	day := func(n int) time.Time { return sample.CollectedAt().AddDate(0, 0, -n) }
	unknown, never := inv.UnknownUse("a new word"), inv.NeverUsed()
	tests := []struct {
		name string
		uses []inv.LastUsed
		want inv.LastUsed
	}{
		{"nothing", nil, inv.UnknownUse("the CMS reports no use of any API")},
		{"one", []inv.LastUsed{inv.UsedAt(day(3))}, inv.UsedAt(day(3))},
		{"the later of two times", []inv.LastUsed{inv.UsedAt(day(3)), inv.UsedAt(day(2))}, inv.UsedAt(day(2))},
		{"a time and never", []inv.LastUsed{never, inv.UsedAt(day(2))}, inv.UsedAt(day(2))},
		{"never twice", []inv.LastUsed{never, never}, never},
		{"bounds that overlap", []inv.LastUsed{inv.UsedBetween(day(9), day(3)), inv.UsedBetween(day(20), day(1))}, inv.UsedBetween(day(9), day(1))},
		{"bounds apart", []inv.LastUsed{inv.UsedBetween(day(9), day(8)), inv.UsedBetween(day(3), day(1))}, inv.UsedBetween(day(3), day(1))},
		{"bounds around a time", []inv.LastUsed{inv.UsedBetween(day(9), day(1)), inv.UsedAt(day(3))}, inv.UsedBetween(day(3), day(1))},
		{"no use on record and bounds", []inv.LastUsed{inv.NoUseOnRecord(day(50)), inv.UsedBetween(day(9), day(8))}, inv.UsedBetween(day(9), day(8))},
		{"no use on record twice", []inv.LastUsed{inv.NoUseOnRecord(day(50)), inv.NoUseOnRecord(day(50))}, inv.NoUseOnRecord(day(50))},
		{"no use on record and never", []inv.LastUsed{never, inv.NoUseOnRecord(day(50))}, inv.NoUseOnRecord(day(50))},
		{"unknown and never", []inv.LastUsed{never, unknown}, unknown},
		{"unknown and no use on record", []inv.LastUsed{inv.NoUseOnRecord(day(50)), unknown}, unknown},
		{"unknown and bounds", []inv.LastUsed{unknown, inv.UsedBetween(day(9), day(8))}, unknown},
		{"unknown and a time", []inv.LastUsed{inv.UsedAt(day(9)), unknown}, unknown},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, inv.MostRecentUse(tt.uses...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := inv.UsedBetween(day(1), day(2)); got.State != inv.LastUsedUnknown || got.Reason == "" {
		t.Errorf("bounds the wrong way round gave %+v", got)
	}
}

func TestUnits(t *testing.T) {
	if got := inv.FailedUnit("roles", "odd", "", ""); got.Error != inv.ErrInternal || got.Detail == "" {
		t.Errorf("an unknown class and no detail gave %+v", got)
	}
	want := inv.Unit{Name: "keys", Kinds: []inv.Kind{inv.Delivery}, Status: inv.UnitPartial, Error: inv.ErrTruncated, Detail: "d", Hint: "h"}
	if diff := cmp.Diff(want, inv.PartialUnit("keys", inv.ErrTruncated, "d", "h", inv.Delivery)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNamesHoldNoCredential: somebody may have named a token by its secret.
func TestNamesHoldNoCredential(t *testing.T) {
	const secret = "CFPAT-abcdefghijklmnop"
	source := sample.Source("s", 1)
	role := &inv.Role{ID: "1", Name: secret, Level: inv.LevelRead}
	source.Name = secret
	token := &source.Tokens[0]
	token.Name, token.Description, token.Owner.Name, token.Role = "key "+secret, secret, secret, role
	token.Access.Grants = []string{"branch:" + secret}
	source.Normalise()
	for _, name := range []string{source.Name, token.Name, token.Description, token.Owner.Name, token.Role.Name, token.Access.Grants[0]} {
		if strings.Contains(name, secret) {
			t.Errorf("%q is left", name)
		}
	}
	if role.Name != secret {
		t.Error("a role that others may share was changed")
	}
}

// TestCheckToken breaks a good token in one way at a time.
func TestCheckToken(t *testing.T) {
	if err := sample.Token("s", "1").Check(); err != nil {
		t.Fatalf("the good token: %v", err)
	}
	tests := []struct {
		want  string
		spoil func(*inv.Token)
	}{
		{"id: must not be empty", func(t *inv.Token) { t.ID = "" }},
		{"ref: must not be empty", func(t *inv.Token) { t.Ref = "" }},
		{"cms: must not be empty", func(t *inv.Token) { t.CMS = "" }},
		{"source: must not be empty", func(t *inv.Token) { t.Source = "" }},
		{`kind: "master" is not a value`, func(t *inv.Token) { t.Kind = "master" }},
		{`apis/0: "graphql" is not a value`, func(t *inv.Token) { t.APIs = []inv.API{"graphql"} }},
		{"apis: must be distinct and in the order", func(t *inv.Token) { t.APIs = []inv.API{inv.ContentManagement, inv.ContentDelivery} }},
		{"access/write: is false, which contradicts", func(t *inv.Token) { t.Access.Write = false }},
		{"access/assumed: must be false", func(t *inv.Token) { t.Access.Assumed = true }},
		{"access/write: must be true", func(t *inv.Token) { t.Access = inv.Access{Level: inv.LevelUnknown, ManagesTokens: inv.No} }},
		{"access/reason: must say why", func(t *inv.Token) { t.Access = inv.AssumedAccess("", inv.No) }},
		{"access/manages_tokens", func(t *inv.Token) { t.Access.ManagesTokens = "" }},
		{"role/id: must not be empty", func(t *inv.Token) { t.Role = &inv.Role{Level: inv.LevelRead} }},
		{"role/level", func(t *inv.Token) { t.Role = &inv.Role{ID: "1"} }},
		{"environments/effective: is 7, but the items add up to 1", func(t *inv.Token) { t.Environments.Effective = 7 }},
		{"environments/reason", func(t *inv.Token) { t.Environments = inv.UnknownScope("") }},
		{"environments/items/1/id: items must be distinct", func(t *inv.Token) {
			i := t.Environments.Items
			t.Environments.Items = []inv.ScopeItem{i[1], i[0]}
		}},
		{"branches/state", func(t *inv.Token) { t.Branches.State = "some" }},
		{"created_at/at: must be set", func(t *inv.Token) { t.CreatedAt.At = time.Time{} }},
		{"revoked_at/at: must not be set", func(t *inv.Token) { t.RevokedAt.At = sample.CollectedAt() }},
		{"updated_at/reason", func(t *inv.Token) { t.UpdatedAt.Reason = "" }},
		{"expiry/at: must be set", func(t *inv.Token) { t.Expiry.At = time.Time{} }},
		{"expiry/precision", func(t *inv.Token) { t.Expiry.Precision = "" }},
		{"expiry/supported", func(t *inv.Token) { t.Expiry.Supported = false }},
		{"expiry/reason", func(t *inv.Token) { t.Expiry = inv.UnknownExpiry(true, "") }},
		{"last_used/latest: is before earliest", func(t *inv.Token) { t.LastUsed.Latest = t.LastUsed.Earliest.Add(-1) }},
		{"last_used/evidence", func(t *inv.Token) { t.LastUsed.Evidence = "" }},
		{"last_used/at: must not be set", func(t *inv.Token) { t.LastUsed.At = sample.CollectedAt() }},
		{"last_used_by_api/content_delivery/latest", func(t *inv.Token) {
			t.LastUsedByAPI = map[inv.API]inv.LastUsed{inv.ContentDelivery: {State: inv.LastUsedNoneOnRecord, Evidence: "cms"}}
		}},
		{`last_used_by_api: "graphql" is not an API`, func(t *inv.Token) { t.LastUsedByAPI = map[inv.API]inv.LastUsed{"graphql": inv.NeverUsed()} }},
		{"traits/factory", func(t *inv.Token) { t.Traits.Factory = "" }},
		{"traits/notifies_before_expiry", func(t *inv.Token) { t.Traits.NotifiesBeforeExpiry = "often" }},
		{"owner/type", func(t *inv.Token) { t.Owner.Type = "robot" }},
		{"owner/reason", func(t *inv.Token) { t.Owner.State = inv.OwnerStateUnknown }},
		{"owner/last_active/state", func(t *inv.Token) { t.Owner.LastActive = inv.Timestamp{} }},
		{"secret/readable", func(t *inv.Token) { t.Secret.Readable = "" }},
		{"secret/hint: must have at most 4", func(t *inv.Token) { t.Secret.Hint = "äbcde" }},
		{"planned", func(t *inv.Token) { t.Planned = "delete" }},
	}
	for _, tt := range tests {
		token := sample.Token("s", "1")
		tt.spoil(&token)
		if err := token.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want %q, got %v", tt.want, err)
		}
	}
}

func TestCheckSource(t *testing.T) {
	if err := sample.Source("s", 2).Check(); err != nil {
		t.Fatalf("the good source: %v", err)
	}
	tests := []struct {
		want  string
		spoil func(*inv.Source)
	}{
		{"kind", func(s *inv.Source) { s.Kind = "galaxy" }},
		{"collected_at: must be set", func(s *inv.Source) { s.CollectedAt = time.Time{} }},
		{"units/0/error: must be empty", func(s *inv.Source) { s.Units[0].Error = inv.ErrTimeout }},
		{"units/0/kinds/0", func(s *inv.Source) { s.Units[0].Kinds = []inv.Kind{"x"} }},
		{"units/1/detail", func(s *inv.Source) { s.Units[1].Detail = "" }},
		{"units/1/status", func(s *inv.Source) { s.Units[1].Status = "" }},
		{"units: must have a list of tokens", func(s *inv.Source) { s.Units = nil }},
		{"units: must have a list of tokens", func(s *inv.Source) { s.Units, s.Tokens = []inv.Unit{inv.CompleteUnit("roles")}, nil }},
		{`units/0/kinds/2: "delivery" occurs twice`, func(s *inv.Source) { s.Units[0].Kinds = append(s.Units[0].Kinds, inv.Delivery) }},
		{`tokens/1/kind: is "oauth", which no unit`, func(s *inv.Source) { s.Tokens[1].Kind = inv.OAuth }},
		{"facts/expiry/reported", func(s *inv.Source) { delete(s.Facts, inv.FactExpiry) }},
		{"facts/owner/reason", func(s *inv.Source) { s.Facts[inv.FactOwner] = inv.FactSupport{Reported: inv.SupportNo} }},
		{`facts: "mood" is not a fact`, func(s *inv.Source) { s.Facts["mood"] = inv.FactSupport{Reported: inv.SupportYes} }},
		{"environments/0/id", func(s *inv.Source) { s.Environments[0].ID = "" }},
		{"auditor/writes", func(s *inv.Source) { s.Auditor.Writes = "" }},
		{"tokens/1/source", func(s *inv.Source) { s.Tokens[1].Source = "t" }},
		{"tokens/1/id", func(s *inv.Source) { s.Tokens[1].ID = s.Tokens[0].ID }},
		{"tokens/0/kind", func(s *inv.Source) { s.Tokens[0].Kind = "" }},
	}
	for _, tt := range tests {
		source := sample.Source("s", 2)
		tt.spoil(&source)
		if err := source.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want %q, got %v", tt.want, err)
		}
	}
}
