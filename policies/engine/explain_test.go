package engine

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

func TestExplain(t *testing.T) {
	rest := aToken("rest")
	source := aSource(
		rest,
		aToken("fails", neverExpires),
		aToken("unknown", func(token *inventory.Token) {
			token.Expiry = inventory.Expiry{State: inventory.ExpiryUnknown, Reason: "hidden"}
		}),
		aToken("reader", readOnly),
		aToken("delivery", delivering),
		aToken("role", delivering, func(token *inventory.Token) {
			token.Role = &inventory.Role{ID: "1", Name: "Admin", Level: inventory.LevelAdmin}
		}),
		aToken("planned", func(token *inventory.Token) { token.Planned = inventory.PlannedCreate }),
		aToken("straddles", func(token *inventory.Token) {
			token.LastUsed = inventory.LastUsed{State: inventory.LastUsedBetween, Earliest: daysAgo(100), Latest: daysAgo(80)}
		}),
		aToken("waived", neverExpires),
	)
	tests := []struct {
		rule, token string
		status      policies.Status
		step        Step
	}{
		{"write-token-never-expires", "rest", policies.Pass, StepPass},
		{"write-token-never-expires", "fails", policies.Fail, StepDeny},
		{"write-token-never-expires", "waived", policies.Waived, StepDeny},
		{"write-token-never-expires", "unknown", policies.NotEvaluated, StepRequires},
		{"write-token-never-expires", "reader", policies.NotApplicable, StepSelect},
		{"write-token-never-expires", "delivery", policies.NotApplicable, StepKinds},
		{"delivery-token-can-write", "role", policies.Pass, StepAllow},
		{"unused-token", "planned", policies.NotApplicable, StepPlanned},
		{"unused-token", "straddles", policies.NotEvaluated, StepUnknown},
		{"delivery-token-one-environment", "delivery", policies.NotApplicable, StepOff},
	}
	e := load(t, LoadOptions{
		Waivers:  []policies.Waiver{{Rule: "*", Token: "waived", Expires: "2027-01-01"}},
		Settings: settings("delivery-token-one-environment", policies.RuleSettings{Sources: []policies.SourceSettings{{Pattern: "*", Off: true}}}),
	})
	for _, tt := range tests {
		t.Run(tt.rule+"/"+tt.token, func(t *testing.T) {
			x, err := e.Explain(t.Context(), source, tt.rule, tt.token, auditTime)
			if err != nil {
				t.Fatal(err)
			}
			if x.Status != tt.status || x.DecidedBy != tt.step {
				t.Errorf("got %s by %s, want %s by %s", x.Status, x.DecidedBy, tt.status, tt.step)
			}
			if x.Token == nil || x.Token.ID != tt.token || x.Derived == nil || x.Source.Tokens != nil {
				t.Errorf("the token is %v", x.Token)
			}
		})
	}
}

func TestExplainShowsFacts(t *testing.T) {
	source := aSource(aToken("a", func(token *inventory.Token) {
		token.Expiry = inventory.Expiry{State: inventory.ExpiryUnknown, Reason: "hidden"}
	}))
	x, err := load(t, LoadOptions{}).Explain(t.Context(), source, "write-token-never-expires", "a", auditTime)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, f := range x.Facts {
		told = append(told, string(f.Fact)+":"+f.Unknown)
	}
	if got := strings.Join(told, " "); got != "access: expiry:hidden" {
		t.Errorf("the facts are %q", got)
	}
	if !x.Facts[1].Required || x.Facts[0].Required || x.Facts[1].Value != source.Tokens[0].Expiry {
		t.Errorf("the facts are %+v", x.Facts)
	}
	if len(x.Units) != 1 || x.Units[0].Name != "management_tokens" {
		t.Errorf("the units are %+v", x.Units)
	}
}

func TestExplainUnknownNames(t *testing.T) {
	e := load(t, LoadOptions{})
	source := aSource(aToken("token-1"))
	if _, err := e.Explain(t.Context(), source, "unusedtoken", "token-1", auditTime); err == nil || !strings.Contains(err.Error(), "did you mean unused-token?") {
		t.Errorf("got %v", err)
	}
	if _, err := e.Explain(t.Context(), source, "unused-token", "token-2", auditTime); err == nil || !strings.Contains(err.Error(), "did you mean token-1?") {
		t.Errorf("got %v", err)
	}
}
