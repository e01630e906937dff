package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
)

// everyFact requires all there is.
const everyFact = "requires: [access, branches, created_at, description, environments, expiry, last_used, owner, revoked_at, traits, updated_at]"

// waysToRead are ways in which a rule can come to a fact.
var waysToRead = []struct {
	name, body, helpers string
	// token is one that fails, lost the same without the fact.
	token, lost change
}{
	{"object.get with a variable", "k := concat(\"\", [\"expi\", \"ry\"])\n\tobject.get(token, [k, \"state\"], \"\") == \"never\"", "", neverExpires, expiryUnknown},
	{"a computed key", "k := concat(\"\", [\"expi\", \"ry\"])\n\tx := {\"a\": 1, \"b\": token}.b\n\tx[k].state == \"never\"", "", neverExpires, expiryUnknown},
	{"in a list", "l := [token]\n\tk := concat(\"\", [\"expi\", \"ry\"])\n\tl[0][k].state == \"never\"", "", neverExpires, expiryUnknown},
	{"in an object", "o := {\"a\": token}\n\tk := concat(\"\", [\"expi\", \"ry\"])\n\to.a[k].state == \"never\"", "", neverExpires, expiryUnknown},
	{"in a table", "k := concat(\"\", [\"expi\", \"ry\"])\n\ttable[token.id][k].state == \"never\"", "table := {x.id: x | some x in input.tokens}\n", neverExpires, expiryUnknown},
	{"members taken in a helper", "never(token)", "never(x) if {\n\tsome v in x\n\tv.state == \"never\"\n}\n", neverExpires, expiryUnknown},
	{"members walked in a helper", "never(token)", "never(x) if {\n\twalk(x, [_, \"never\"])\n}\n", neverExpires, expiryUnknown},
	{"members walked", "walk({\"a\": token}, [_, \"never\"])", "", neverExpires, expiryUnknown},
	{"elements of a member", "some v in same(token)\n\t\"never\" in [x | some x in v]", "same(x) := x\n", neverExpires, expiryUnknown},
	{"in a helper of the library", "data.custom.lib.never(token)", "", neverExpires, expiryUnknown},
	{"by the result of a function of the library", "k := concat(\"\", [\"expi\", \"ry\"])\n\tdata.custom.lib.same(token)[k].state == \"never\"", "", neverExpires, expiryUnknown},
	{"in a rule with any name", "by_name[token.id].state == \"never\"", "by_name[x.id] := v if {\n\tsome x in input.tokens\n\tsome v in same(x)\n\tv.state == \"never\"\n}\n\nsame(x) := x\n", neverExpires, expiryUnknown},
	{"in another branch", "kept(token) == \"b\"", "kept(x) := \"a\" if not contains(json.marshal([x]), \"never\")\nelse := \"b\"\n", neverExpires, expiryUnknown},
	{"by a default", "not ends", "default ends := false\nends if not contains(json.marshal(input.tokens), \"never\")\n", neverExpires, expiryUnknown},
	{"as one of two alike", "object.union({\"x\": 1}, {\"y\": token}).y[concat(\"\", [\"expiry\"])].state == \"never\"", "", neverExpires, expiryUnknown},
	{"as a text", "contains(sprintf(\"%v\", [{\"a\": token}]), \"never\")", "", neverExpires, expiryUnknown},
	{"as a template", "contains($\"{[token]}\", \"never\")", "", neverExpires, expiryUnknown},
	{"as JSON", "contains(json.marshal({\"a\": token}), \"never\")", "", neverExpires, expiryUnknown},
	{"the status, from the expiry", "token.status == \"expired\"", "", expires(-1), expiryUnknown},
	{"the status, from the revocation", "token.status == \"revoked\"", "", revoked, func(t *inventory.Token) { t.RevokedAt = inventory.UnknownTime("hidden") }},
	{"not active", "not active(token)", "active(x) if x.status == \"active\"\n", expires(-1), expiryUnknown},
	{"how many are active", "count([x | some x in input.tokens; x.status == \"active\"]) == 0", "", expires(-1), expiryUnknown},
	{"whether the secret is readable", "token.secret.readable == \"yes\"", "", func(t *inventory.Token) { t.Secret.Readable = inventory.Yes }, func(t *inventory.Token) { t.Secret.Readable = inventory.Unknown }},
	{"whether an environment exists", "some e in token.environments.items\n\te.exists == \"no\"", "", items(inventory.No, inventory.Yes), items(inventory.Unknown, inventory.Yes)},
	{"whether an environment is the primary one", "some e in token.environments.items\n\te.primary == \"yes\"", "", items(inventory.Yes, inventory.Yes), items(inventory.Yes, inventory.Unknown)},
	{"by the result of a function", "k := concat(\"\", [\"expi\", \"ry\"])\n\tsame(token)[k].state == \"never\"", "same(x) := x\n", neverExpires, expiryUnknown},
	{"by a pattern", "[x, _] := [token, 1]\n\tk := concat(\"\", [\"expi\", \"ry\"])\n\tx[k].state == \"never\"", "", neverExpires, expiryUnknown},
	{"by any key", "[x, _] := [token, 1]\n\tsome k\n\tx[k].state == \"never\"", "", neverExpires, expiryUnknown},
	{"of every element", "every x in [token] { \"never\" in [v.state | some v in x] }", "", neverExpires, expiryUnknown},
	{"of another input", "any_never with input.tokens as [token]", "any_never if {\n\tsome x in input.tokens\n\tsome v in x\n\tv.state == \"never\"\n}\n", neverExpires, expiryUnknown},
	{"of the input as a whole", "contains(json.marshal({\"a\": input}), \"never\")", "", neverExpires, expiryUnknown},
	{"by the reason of its absence", "token.owner.reason == \"\"", "", func(*inventory.Token) {}, func(t *inventory.Token) { t.Owner = inventory.UnknownOwner("hidden") }},
	{"no write access, which is assumed", "not token.access.write", "", level(inventory.LevelRead), unread},
	{"no assumption", "token.access.assumed == false", "", level(inventory.LevelRead), unread},
	{"the count of keys", "some v in [x | x := {\"a\": token}.a]\n\tcount(v[concat(\"\", [\"created_at\"])]) == 3", "", func(*inventory.Token) {}, func(t *inventory.Token) { t.CreatedAt = inventory.UnknownTime("hidden") }},
	{"without an upper bound", "token.unused_days.max >= 90", "", func(t *inventory.Token) { t.LastUsed.At = daysAgo(100) }, func(t *inventory.Token) {
		t.LastUsed = inventory.LastUsed{State: inventory.LastUsedBetween, Latest: daysAgo(10)}
	}},
}

func items(exists, primary inventory.Ternary) change {
	return func(t *inventory.Token) {
		t.Environments = inventory.NewScope(inventory.ScopeItem{ID: "prod", Exists: exists, Primary: primary})
	}
}

// However a rule comes to a fact, it has to require it, or have an unknown set; and
// a token of which it is unknown does not pass.
func TestWaysToReadAFact(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	for _, way := range waysToRead {
		t.Run(way.name, func(t *testing.T) {
			text := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\t" + way.body + "\n}\n\n" + way.helpers)
			e, err := loadRequiring(t, text)
			if err != nil {
				t.Fatal(err)
			}
			rule := e.rules[0]
			if got := verdicts(t, e, rule, aSource(aToken("a", fullyKnown, way.token)))[0]; got != policies.Fail {
				t.Fatalf("with the fact it is %s: the case proves nothing", got)
			}
			if got := verdicts(t, e, rule, aSource(aToken("a", fullyKnown, way.token, way.lost)))[0]; got == policies.Pass {
				t.Error("without the fact it passes")
			}
			if e, err = loadRule(t, strings.Replace(text, "requires: []", everyFact, 1)); err != nil {
				t.Fatal(err)
			}
			if got := verdicts(t, e, e.rules[0], aSource(aToken("a", fullyKnown, way.token, way.lost)))[0]; got == policies.Pass {
				t.Error("with everything required and without the fact it passes")
			}
		})
	}
}

// fullyKnown completes what aToken leaves open.
func fullyKnown(t *inventory.Token) {
	t.Owner = inventory.Owner{Type: inventory.OwnerPerson, ID: "1", Name: "Ada", State: inventory.OwnerActive, Level: inventory.LevelRead, LastActive: at(daysAgo(1))}
	t.LastUsedByAPI = map[inventory.API]inventory.LastUsed{inventory.ContentManagement: t.LastUsed}
}

// What a rule reads of other tokens has to be known of all before one passes; a
// finding stands.
func TestUnknownFactOfAnotherToken(t *testing.T) {
	text := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\ttoken.kind == \"management\"\n\tsome other in input.tokens\n\tother.name == token.name\n\tother.expiry.state == \"never\"\n}\n")
	e, err := loadRequiring(t, text)
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) change { return func(t *inventory.Token) { t.Name = name } }
	source := aSource(aToken("a", named("x")), aToken("b", named("x"), kind(inventory.Delivery), neverExpires), aToken("c", named("y")))
	if diff := cmp.Diff([]policies.Status{policies.Fail, policies.Pass, policies.Pass}, verdicts(t, e, e.rules[0], source)); diff != "" {
		t.Error(diff)
	}
	expiryUnknown(&source.Tokens[1])
	if diff := cmp.Diff([]policies.Status{policies.NotEvaluated, policies.NotEvaluated, policies.NotEvaluated}, verdicts(t, e, e.rules[0], source)); diff != "" {
		t.Error(diff)
	}
	neverExpires(&source.Tokens[0])
	if diff := cmp.Diff([]policies.Status{policies.Fail, policies.NotEvaluated, policies.NotEvaluated}, verdicts(t, e, e.rules[0], source)); diff != "" {
		t.Error(diff)
	}
}

// What a rule says of a token by comparing it with others rests on having all of them.
func TestListOfTokensReadInPart(t *testing.T) {
	for condition, want := range map[string]policies.Status{
		"some other in input.tokens\n\tother.id != token.id\n\tother.name == token.name": policies.NotEvaluated,
		"count(input.tokens) > 3": policies.NotEvaluated,
		"count([1 | some other in input.tokens; other.kind == \"delivery\"]) > 3": policies.NotEvaluated,
		"input.tokens[_].name == \"x\"":                                           policies.NotEvaluated,
		"first.name == \"x\"":                                                     policies.NotEvaluated,
		"count(previews) > 1":                                                     policies.NotEvaluated,
		"previews[token.id]":                                                      policies.Pass,
		"contains(token.name, \"x\")":                                             policies.Pass,
		"named(token)\n\ttoken.kind == \"preview\"":                               policies.Pass,
	} {
		e, err := loadRule(t, body(condition)+"\nnamed(x) if x.name == \"x\"\n\nfirst := input.tokens[0]\n\npreviews contains x.id if {\n\tsome x in input.tokens\n\tx.kind == \"preview\"\n}\n")
		if err != nil {
			t.Fatal(err)
		}
		source := aSource(aToken("a"))
		partlyRead(&source)
		if got := verdicts(t, e, e.rules[0], source)[0]; got != want {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
}

// A token is kept out of a rule only by what is known.
func TestUnknownFactInApplies(t *testing.T) {
	text := policytest.CustomRule("applies contains token.id if {\n\tsome token in input.tokens\n\tCONDITION\n}\n\n" + policytest.DenyNames)
	for condition, want := range map[string]policies.Status{
		"token.expiry.state == \"never\"":                policies.NotEvaluated,
		"token.expiry.state in {\"never\", \"unknown\"}": policies.NotEvaluated, // it applies, and requires the expiry
		"token.status == \"active\"":                     policies.Pass,
		"token.kind == \"delivery\"":                     policies.NotApplicable,
	} {
		e, err := loadRequiring(t, strings.Replace(text, "CONDITION", condition, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := verdicts(t, e, e.rules[0], aSource(aToken("a", expiryUnknown)))[0]; got != want {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
}

// What a rule about the source reads of it has to be known as well.
func TestUnknownFactOfTheSource(t *testing.T) {
	deny := func(condition string) string {
		return policytest.CustomRule("deny contains {\"message\": \"m\"} if {\n\t"+condition+"\n}\n", "subject: token", "subject: source")
	}
	for condition, lost := range map[string]func(*inventory.Source){
		"input.source.auditor.writes == \"yes\"":             func(s *inventory.Source) { s.Auditor.Writes = inventory.Unknown },
		"input.source.environments[_].primary == \"no\"":     func(s *inventory.Source) { s.Environments[0].Primary = inventory.Unknown },
		"count(input.source.environments) > 5":               partlyRead,
		"s := input.source\n\ts.auditor.necessary == \"no\"": func(s *inventory.Source) { s.Auditor.Necessary = inventory.Unknown },
		"some t in input.tokens\n\tt.kind == \"delivery\"\n\tt.secret.readable == \"yes\"": func(s *inventory.Source) {
			s.Tokens[0].Secret.Readable = inventory.Unknown
		},
	} {
		e, err := loadRequiring(t, deny(condition))
		if err != nil {
			t.Fatal(err)
		}
		source := aSource(aToken("a"))
		source.Environments = []inventory.Environment{{ID: "prod", Primary: inventory.Yes}}
		source.Units = append(source.Units, inventory.Unit{Name: "environments", Status: inventory.UnitComplete})
		if got := verdicts(t, e, e.rules[0], source)[0]; got != policies.Pass {
			t.Errorf("%s: %s, want a pass", condition, got)
		}
		lost(&source)
		if got := verdicts(t, e, e.rules[0], source)[0]; got != policies.NotEvaluated {
			t.Errorf("%s: without the fact %s", condition, got)
		}
	}
}

// What a rule may do without naming a fact.
func TestWaysThatReadNothing(t *testing.T) {
	for name, text := range map[string]string{
		"an active token":           body("token.status == \"active\"\n\tcontains(token.name, \"x\")"),
		"not revoked":               body("token.status != \"revoked\""),
		"write access":              body("token.access.write\n\tcontains(token.name, \"x\")"),
		"by a helper":               body("active(token)\n\tcontains(token.name, \"x\")") + "\nactive(x) if x.status == \"active\"\n",
		"by the applies set":        body("applies[token.id]\n\tcontains(token.name, \"x\")") + "\napplies contains token.id if {\n\tsome token in input.tokens\n\ttoken.status == \"active\"\n}\n",
		"how many tokens":           body("count(input.tokens) > 3"),
		"other tokens of that name": body("some other in input.tokens\n\tother.id != token.id\n\tother.name == token.name"),
		"a list of tokens":          body("some x in management\n\tx.name == token.name") + "\nmanagement := [x | some x in input.tokens; x.kind == \"management\"]\n",
		"a set of tokens":           body("some x in management\n\tx.name == token.name") + "\nmanagement contains x if {\n\tsome x in input.tokens\n\tx.kind == \"management\"\n}\n",
		"a table of names":          body("names[token.id] == \"x\"") + "\nnames := {x.id: x.name | some x in input.tokens}\n",
	} {
		if _, err := loadRule(t, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := loadRule(t, strings.Replace(body("helped(token)")+"\nhelped(x) if x.owner.state == \"removed\"\n", "requires: []", "requires: [owner]", 1)); err != nil {
		t.Errorf("a fact in a helper needs no more than its name: %v", err)
	}
}

// A rule that reads one bound of a range passes no token of which the other bound is
// another one; who reads both says itself what lies between them.
func TestOneBoundIsTheRange(t *testing.T) {
	between := func(t *inventory.Token) {
		t.LastUsed = inventory.LastUsed{State: inventory.LastUsedBetween, Earliest: daysAgo(415), Latest: daysAgo(50), Evidence: inventory.EvidenceCMS}
	}
	recorded := func(t *inventory.Token) {
		t.LastUsed = inventory.LastUsed{State: inventory.LastUsedNoneOnRecord, Latest: daysAgo(50), Evidence: inventory.EvidenceCMS}
	}
	onlyOne := func(t *inventory.Token) { t.LastUsed.At = daysAgo(50) }
	for condition, want := range map[string][3]policies.Status{
		"token.unused_days.min >= 90":                                     {policies.Pass, policies.NotEvaluated, policies.NotEvaluated},
		"token.unused_days.max < 30":                                      {policies.Pass, policies.NotEvaluated, policies.NotEvaluated},
		"object.get(token.unused_days, \"min\", 0) >= 90":                 {policies.Pass, policies.NotEvaluated, policies.NotEvaluated},
		"token.unused_days.min >= 90\n\ttoken.unused_days.max < 1000":     {policies.Pass, policies.Pass, policies.Pass},
		"token.unused_days.min < 90\n\ttoken.unused_days.max >= 90":       {policies.Pass, policies.Fail, policies.Fail},
		"token.last_used.at < \"2025-01-01\"":                             {policies.Pass, policies.NotEvaluated, policies.NotEvaluated},
		"token.last_used.latest < \"2025-01-01\"":                         {policies.Pass, policies.NotEvaluated, policies.NotEvaluated},
		"token.last_used.state == \"never\"":                              {policies.Pass, policies.Pass, policies.Pass},
		"token.last_used_by_api.content_management.at < \"2025-01-01\"":   {policies.Pass, policies.NotEvaluated, policies.NotEvaluated},
		"some _, used in token.last_used_by_api\n\tused.at < \"2025-01\"": {policies.Pass, policies.NotEvaluated, policies.NotEvaluated},
	} {
		e, err := loadRequiring(t, body(condition))
		if err != nil {
			t.Fatal(err)
		}
		var got [3]policies.Status
		for i, used := range []change{onlyOne, between, recorded} {
			token := aToken("a", fullyKnown, used)
			token.LastUsedByAPI = map[inventory.API]inventory.LastUsed{inventory.ContentManagement: token.LastUsed}
			got[i] = verdicts(t, e, e.rules[0], aSource(token))[0]
		}
		if got != want {
			t.Errorf("%s: %v, want %v", condition, got, want)
		}
	}
}
