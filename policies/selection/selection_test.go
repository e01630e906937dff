package selection

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

func TestRead(t *testing.T) {
	got, problems := Read(map[string]any{
		"kinds": []any{"management", "personal"}, "cms": []any{"contentstack"}, "status": []any{"active", "expired"},
		"write": true, "apis": []any{"content_delivery"}, "planned": false, "audit_credential": "skip",
	}, false)
	want := Selection{
		Kinds: []inventory.Kind{inventory.Management, inventory.Personal}, CMS: []string{"contentstack"},
		Status: []input.TokenStatus{input.Active, input.Expired}, Write: new(true), APIs: []inventory.API{inventory.ContentDelivery},
		Planned: new(false), SkipAuditCredential: true,
	}
	if diff := cmp.Diff(want, got); diff != "" || problems != nil {
		t.Errorf("%s%v", diff, problems)
	}
}

func TestReadSelectsActiveTokensByDefault(t *testing.T) {
	for _, declared := range []map[string]any{nil, {"write": true}} {
		if got, _ := Read(declared, false); !slices.Equal(got.Status, []input.TokenStatus{input.Active}) {
			t.Errorf("%v selects the status %v", declared, got.Status)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, tt := range []struct {
		key   string
		value any
		want  string
	}{
		{"kind", []any{"personal"}, "custom.select.kind is unknown; did you mean kinds?"},
		{"kinds", "personal", "custom.select.kinds is personal; it must be a list of at least one string"},
		{"kinds", []any{}, "custom.select.kinds is []; it must be a list of at least one string"},
		{"kinds", []any{"persnal"}, "custom.select.kinds has persnal; did you mean personal?: expected delivery, preview, management, personal, oauth, cli, app"},
		{"status", []any{"active", "active"}, "custom.select.status has active twice"},
		{"cms", []any{7}, "custom.select.cms has 7; it must contain strings only"},
		{"write", "yes", "custom.select.write is yes; it must be true or false"},
		{"planned", 1, "custom.select.planned is 1; it must be true or false"},
		{"audit_credential", true, "custom.select.audit_credential is true; it must be skip"},
	} {
		if _, problems := Read(map[string]any{tt.key: tt.value}, false); !slices.Equal(problems, []string{tt.want}) {
			t.Errorf("%s: %v: got %q", tt.key, tt.value, problems)
		}
	}
}

var source = &inventory.Source{CMS: "contentstack", Kind: "stack", Auditor: inventory.Auditor{Token: "own"}}

func token(changes ...func(*inventory.Token)) *inventory.Token {
	t := &inventory.Token{
		ID: "a", CMS: "contentstack", Kind: inventory.Management, APIs: []inventory.API{inventory.ContentManagement},
		Access: inventory.NewAccess(inventory.LevelWrite, inventory.No),
	}
	for _, change := range changes {
		change(t)
	}
	return t
}

func TestHas(t *testing.T) {
	active := input.Derived{Status: input.Active}
	for name, tt := range map[string]struct {
		selection Selection
		token     *inventory.Token
		derived   input.Derived
		want      bool
	}{
		"everything":          {Selection{}, token(), input.Derived{Status: input.Revoked}, true},
		"kind":                {Selection{Kinds: []inventory.Kind{inventory.Management}}, token(), active, true},
		"another kind":        {Selection{Kinds: []inventory.Kind{inventory.Personal}}, token(), active, false},
		"CMS":                 {Selection{CMS: []string{"contentstack"}}, token(), active, true},
		"another CMS":         {Selection{CMS: []string{"datocms"}}, token(), active, false},
		"CMS of a source":     {Selection{CMS: []string{"datocms"}, Sources: true}, token(), active, true},
		"status":              {Selection{Status: []input.TokenStatus{input.Active}}, token(), active, true},
		"another status":      {Selection{Status: []input.TokenStatus{input.Expired}}, token(), active, false},
		"writes":              {Selection{Write: new(true)}, token(), active, true},
		"assumed to write":    {Selection{Write: new(true)}, token(unread), active, true},
		"does not write":      {Selection{Write: new(false)}, token(), active, false},
		"reaches":             {Selection{APIs: []inventory.API{inventory.ContentDelivery, inventory.ContentManagement}}, token(), active, true},
		"does not reach":      {Selection{APIs: []inventory.API{inventory.ContentDelivery}}, token(), active, false},
		"planned":             {Selection{Planned: new(true)}, token(planned), active, true},
		"not planned":         {Selection{Planned: new(true)}, token(), active, false},
		"live":                {Selection{Planned: new(false)}, token(), active, true},
		"not live":            {Selection{Planned: new(false)}, token(planned), active, false},
		"live, to be changed": {Selection{Planned: new(false)}, token(func(t *inventory.Token) { t.Planned = inventory.PlannedUpdate }), active, true},
		"live, left as it is": {Selection{Planned: new(false)}, token(func(t *inventory.Token) { t.Planned = inventory.PlannedUnchanged }), active, true},
		"to be replaced":      {Selection{Planned: new(false)}, token(func(t *inventory.Token) { t.Planned = inventory.PlannedReplace }), active, false},
		"of the scan":         {Selection{SkipAuditCredential: true}, token(func(t *inventory.Token) { t.ID = "own" }), active, false},
		"of another":          {Selection{SkipAuditCredential: true}, token(), active, true},
	} {
		if got := tt.selection.Has(source, tt.token, &tt.derived); got != tt.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

func unread(t *inventory.Token)  { t.Access = inventory.AssumedAccess("hidden", inventory.Unknown) }
func planned(t *inventory.Token) { t.Planned = inventory.PlannedCreate }

func expiryUnknown(t *inventory.Token)     { t.Expiry.State = inventory.ExpiryUnknown }
func revocationUnknown(t *inventory.Token) { t.RevokedAt = inventory.UnknownTime("hidden") }

func TestUndecided(t *testing.T) {
	status := func(list ...input.TokenStatus) Selection { return Selection{Status: list} }
	expiry, revocation, access := inventory.FactExpiry, inventory.FactRevokedAt, inventory.FactAccess
	for name, tt := range map[string]struct {
		selection Selection
		token     *inventory.Token
		status    input.TokenStatus
		want      []inventory.Fact
	}{
		"all is known":                       {status(input.Active), token(), input.Active, nil},
		"active or expired":                  {status(input.Active), token(expiryUnknown), input.Active, []inventory.Fact{expiry}},
		"expired, which nobody knows":        {status(input.Expired), token(expiryUnknown), input.Active, []inventory.Fact{expiry}},
		"selected either way":                {status(input.Active, input.Expired), token(expiryUnknown), input.Active, nil},
		"selected neither way":               {status(input.Revoked), token(expiryUnknown), input.Active, nil},
		"revoked, whatever the expiry":       {status(input.Expired), token(expiryUnknown), input.Revoked, nil},
		"expired, perhaps revoked":           {status(input.Expired), token(revocationUnknown), input.Expired, []inventory.Fact{revocation}},
		"both":                               {status(input.Active), token(expiryUnknown, revocationUnknown), input.Active, []inventory.Fact{expiry, revocation}},
		"of another kind":                    {Selection{Kinds: []inventory.Kind{inventory.Personal}, Status: []input.TokenStatus{input.Active}}, token(expiryUnknown), input.Active, nil},
		"assumed to write":                   {Selection{Write: new(true)}, token(unread), input.Active, []inventory.Fact{access}},
		"assumed not to read":                {Selection{Write: new(false)}, token(unread), input.Active, []inventory.Fact{access}},
		"writes, whether expired or not":     {Selection{Write: new(false), Status: []input.TokenStatus{input.Active}}, token(expiryUnknown), input.Active, nil},
		"access is not asked for":            {status(input.Active), token(unread), input.Active, nil},
		"of no status that is asked for":     {Selection{Write: new(false), Status: []input.TokenStatus{input.Revoked}}, token(unread), input.Active, nil},
		"perhaps expired, and perhaps reads": {Selection{Write: new(false), Status: []input.TokenStatus{input.Expired}}, token(unread, expiryUnknown), input.Active, []inventory.Fact{expiry, access}},
	} {
		if got := tt.selection.Undecided(source, tt.token, &input.Derived{Status: tt.status}); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

func TestHasSource(t *testing.T) {
	plan := &inventory.Source{CMS: "terraform", Kind: inventory.KindPlan}
	for _, tt := range []struct {
		selection    Selection
		source, plan bool
	}{
		{Selection{}, true, true},
		{Selection{CMS: []string{"contentstack"}}, true, false},
		{Selection{Planned: new(true)}, false, true},
		{Selection{Planned: new(false)}, true, false},
	} {
		if tt.selection.HasSource(source) != tt.source || tt.selection.HasSource(plan) != tt.plan {
			t.Errorf("%+v: got %t and %t", tt.selection, tt.selection.HasSource(source), tt.selection.HasSource(plan))
		}
	}
}
