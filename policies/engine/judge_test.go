package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// statusOf returns the verdict of a rule on the only token of a source.
func statusOf(t *testing.T, r policies.Result, rule string) (policies.Status, policies.Verdict) {
	t.Helper()
	var found policies.Verdict
	for _, v := range r.Verdicts {
		if v.Rule == rule {
			found = v
		}
	}
	switch r.Counts[rule] {
	case policies.Counts{Fail: 1}:
		return policies.Fail, found
	case policies.Counts{Pass: 1}:
		return policies.Pass, found
	case policies.Counts{NotEvaluated: 1}:
		return policies.NotEvaluated, found
	case policies.Counts{NotApplicable: 1}:
		return policies.NotApplicable, found
	case policies.Counts{Waived: 1}:
		return policies.Waived, found
	}
	t.Fatalf("%s was counted as %+v", rule, r.Counts[rule])
	return "", found
}

type change = func(*inventory.Token)

func neverExpires(token *inventory.Token) {
	token.Expiry = inventory.Expiry{State: inventory.ExpiryNever, Supported: true}
}

func readOnly(token *inventory.Token) {
	token.Access = inventory.Access{Level: inventory.LevelRead, ManagesTokens: inventory.No}
}

// The verdict of a pair is decided in a fixed order; each case would be decided
// otherwise by a later step.
func TestVerdictOrder(t *testing.T) {
	const rule = "write-token-never-expires"
	unknownExpiry := func(token *inventory.Token) {
		token.Expiry = inventory.Expiry{State: inventory.ExpiryUnknown, Reason: "the list hides it"}
	}
	tests := []struct {
		name    string
		changes []change
		want    policies.Status
		reason  string
	}{
		{"kinds first", []change{neverExpires, func(token *inventory.Token) { token.Kind = inventory.Delivery }}, policies.NotApplicable, ""},
		{"applies before requires", []change{unknownExpiry, readOnly}, policies.NotApplicable, ""},
		{"requires", []change{unknownExpiry}, policies.NotEvaluated, "the list hides it"},
		{"deny", []change{neverExpires}, policies.Fail, ""},
		{"else pass", nil, policies.Pass, ""},
	}
	e := load(t, LoadOptions{Only: []string{rule}})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, v := statusOf(t, evaluate(t, e, aSource(aToken("a", tt.changes...))), rule)
			if status != tt.want || v.Reason != tt.reason {
				t.Errorf("got %s with reason %q, want %s with %q", status, v.Reason, tt.want, tt.reason)
			}
		})
	}
}

func TestReasonOfAFactThatTheCMSCannotTell(t *testing.T) {
	source := aSource(aToken("a", func(token *inventory.Token) {
		token.LastUsed = inventory.LastUsed{State: inventory.LastUsedUnknown}
	}))
	source.Facts[inventory.FactLastUsed] = inventory.FactSupport{Reported: inventory.SupportNo, Reason: "Contentstack keeps no record of use"}
	e := load(t, LoadOptions{Only: []string{"unused-token"}})
	status, v := statusOf(t, evaluate(t, e, source), "unused-token")
	if status != policies.NotEvaluated || v.Reason != "Contentstack keeps no record of use" {
		t.Errorf("got %s, %q", status, v.Reason)
	}
}

// A list that could not be read is never a pass: every rule about its kinds has
// a pair of its own for it.
func TestListThatCouldNotBeRead(t *testing.T) {
	source := aSource(aToken("a"))
	source.Units[1].Status = inventory.UnitFailed
	source.Units[1].Error = inventory.ErrPermissionDenied
	source.Units[1].Detail = "the role may not list them"
	e := load(t, LoadOptions{})
	r := evaluate(t, e, source)

	want := policies.Counts{Pass: 1, NotEvaluated: 1}
	if diff := cmp.Diff(want, r.Counts["write-token-never-expires"]); diff != "" {
		t.Error(diff)
	}
	var reasons []string
	for _, v := range r.Verdicts {
		if v.Rule == "write-token-never-expires" {
			reasons = append(reasons, v.Token+v.Reason)
		}
	}
	wantReasons := []string{"the list management_tokens could not be read (permission_denied): the role may not list them"}
	if diff := cmp.Diff(wantReasons, reasons); diff != "" {
		t.Error(diff)
	}

	source.Tokens = nil
	if diff := cmp.Diff(policies.Counts{NotEvaluated: 1}, evaluate(t, e, source).Counts["unused-token"]); diff != "" {
		t.Error("without tokens:", diff)
	}
	source.Units[1].Kinds = []inventory.Kind{inventory.Delivery}
	if diff := cmp.Diff(policies.Counts{}, evaluate(t, e, source).Counts["write-token-never-expires"]); diff != "" {
		t.Error("a list of other kinds:", diff)
	}
}

func TestAssumedWriteFailsAndSaysSo(t *testing.T) {
	assumed := func(token *inventory.Token) {
		token.Access = inventory.Access{Level: inventory.LevelUnknown, Write: true, Assumed: true, Reason: "the role could not be read", ManagesTokens: inventory.Unknown}
	}
	e := load(t, LoadOptions{Only: []string{"write-token-never-expires", "unused-token"}})
	r := evaluate(t, e, aSource(aToken("a", assumed, neverExpires, func(token *inventory.Token) { token.LastUsed.At = daysAgo(200) })))
	status, v := statusOf(t, r, "write-token-never-expires")
	if status != policies.Fail || v.Evidence["assumed"] != true || !strings.HasSuffix(v.Message, "(write access is assumed: the role could not be read)") {
		t.Errorf("got %s, %v, %q", status, v.Evidence, v.Message)
	}
	if _, v := statusOf(t, r, "unused-token"); v.Evidence["assumed"] != nil {
		t.Error("a rule that does not rest on write access mentions it")
	}
}

// A rule may require the access and read more of it than write: an assumed write
// still fails, and what is unknown still is not a pass.
func TestAssumedWriteAndRequires(t *testing.T) {
	text := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\", \"evidence\": {\"level\": token.access.level}} if {\n\tsome token in input.tokens\n\ttoken.access.write\n\tcontains(token.name, \"bad\")\n}\n", "requires: []", "requires: [access]")
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
	for name, want := range map[string]policies.Status{"bad": policies.Fail, "good": policies.NotEvaluated} {
		token := aToken("a", unread)
		token.Name = name
		if status, _ := statusOf(t, evaluate(t, e, aSource(token)), "custom/ours"); status != want {
			t.Errorf("%s: got %s, want %s", name, status, want)
		}
	}
}

func TestPlannedToken(t *testing.T) {
	planned := func(token *inventory.Token) {
		token.Planned, token.Address = inventory.PlannedCreate, "module.web.contentful_apikey.main[0]"
		token.LastUsed = inventory.LastUsed{State: inventory.LastUsedUnknown, Reason: "not created yet"}
	}
	r := evaluate(t, load(t, LoadOptions{}), aSource(aToken("a", planned, neverExpires)))
	if status, _ := statusOf(t, r, "unused-token"); status != policies.NotApplicable {
		t.Errorf("a rule about use says %s of a planned token", status)
	}
	if status, v := statusOf(t, r, "write-token-never-expires"); status != policies.Fail || v.Evidence["address"] != "module.web.contentful_apikey.main[0]" {
		t.Errorf("got %s, %v", status, v.Evidence)
	}
}

func TestWaivedPair(t *testing.T) {
	waiver := policies.Waiver{Rule: "write-*", Token: "contentstack/*/a", Reason: "r", Owner: "o", ApprovedBy: "b", Expires: "2026-11-22"}
	bad := aToken("contentstack/stacks/blt1/a", neverExpires)
	e := load(t, LoadOptions{Waivers: []policies.Waiver{waiver}})
	r := evaluate(t, e, aSource(bad))
	status, v := statusOf(t, r, "write-token-never-expires")
	if status != policies.Waived || v.Waiver == nil || *v.Waiver != waiver {
		t.Fatalf("got %s, %+v", status, v)
	}
	tomorrow, err := e.Evaluate(t.Context(), aSource(bad), auditTime.AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := statusOf(t, tomorrow, "write-token-never-expires"); status != policies.Fail {
		t.Errorf("a waiver that is over still gives %s", status)
	}
	unknown := evaluate(t, e, aSource(aToken("contentstack/stacks/blt1/a", func(token *inventory.Token) {
		token.Expiry = inventory.Expiry{State: inventory.ExpiryUnknown}
	})))
	if status, _ := statusOf(t, unknown, "write-token-never-expires"); status != policies.NotEvaluated {
		t.Errorf("a waiver made %s of what is not evaluated", status)
	}
}

// The same source in any order of its tokens gives the same verdicts, and the
// source that was given is not changed.
func TestEvaluateIsDeterministic(t *testing.T) {
	a := aToken("a", neverExpires)
	b := aToken("b", delivering, func(token *inventory.Token) { token.Environments.Effective = 3 })
	e := load(t, LoadOptions{})
	source := aSource(a, b)
	one, two := evaluate(t, e, source), evaluate(t, e, aSource(b, a))
	if diff := cmp.Diff(one.Verdicts, two.Verdicts); diff != "" {
		t.Error(diff)
	}
	if len(source.Tokens) != 2 {
		t.Error("the source was changed")
	}
	if len(one.Derived) != 2 || one.Source.Tokens != nil {
		t.Error("the result has no derived facts, or it holds the tokens")
	}
}

// The tokens of a large source get the verdicts that they get one by one, and a
// rule about the source sees all of it.
func TestLargeSource(t *testing.T) {
	e := load(t, LoadOptions{})
	source := population(2*largeSource + 100)
	for i := range source.Tokens {
		source.Tokens[i].Name = "the same"
	}
	large := evaluate(t, e, source)
	counts := map[string]policies.Counts{}
	for i := range source.Tokens {
		if i%97 != 0 {
			continue
		}
		single := source
		single.Tokens = source.Tokens[i : i+1]
		for rule, c := range evaluate(t, e, single).Counts {
			counts[rule] = policies.Counts{Fail: counts[rule].Fail + c.Fail, Pass: counts[rule].Pass + c.Pass, NotEvaluated: counts[rule].NotEvaluated + c.NotEvaluated, NotApplicable: counts[rule].NotApplicable + c.NotApplicable}
		}
	}
	failed := map[string]bool{}
	for _, v := range large.Verdicts {
		failed[v.Rule+v.Token] = v.Status == policies.Fail
	}
	for rule, want := range counts {
		got := policies.Counts{}
		for i := range source.Tokens {
			if i%97 == 0 && failed[rule+source.Tokens[i].ID] {
				got.Fail++
			}
		}
		if rule != "token-limit-near" && rule != "duplicate-token-name" && got.Fail != want.Fail {
			t.Errorf("%s: %d of the sample fail in the large source, %d alone", rule, got.Fail, want.Fail)
		}
	}
	if got := large.Counts["duplicate-token-name"]; got != (policies.Counts{Fail: 1}) {
		t.Errorf("a rule about the source was counted as %+v", got)
	}
	if got := large.Counts["token-not-rotated"]; got != (policies.Counts{Pass: len(source.Tokens)}) {
		t.Errorf("token-not-rotated was counted as %+v", got)
	}
}

// A rule sees all tokens of a source, however many these are: one that compares
// tokens finds the first and the last, one that counts them counts all.
func TestRuleSeesAllTokens(t *testing.T) {
	const n = 2*largeSource + 500
	twins := "deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\ttoken.description == \"twin\"\n\tsome other in input.tokens\n\tother.description == \"twin\"\n\tother.id != token.id\n}\n"
	counts := "deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tcount(input.tokens) >= 2500\n\tsome token in input.tokens\n}\n"
	source := population(n)
	source.Tokens[0].Description, source.Tokens[n-1].Description = "twin", "twin"
	for text, fails := range map[string]int{twins: 2, counts: n} {
		text = policytest.CustomRule(text, "requires: []", "requires: [description]")
		e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
		if diff := cmp.Diff(policies.Counts{Fail: fails, Pass: n - fails}, evaluate(t, e, source).Counts["custom/ours"]); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}
