package policies

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// sieveCases are rules as an author may write them, with what the sieve makes of
// them: the conditions of each body, or "none" for no sieve; and whether the
// engine decides applies.
var sieveCases = []struct {
	name, body string
	want       []string
	applies    bool
}{
	{"plain conditions", `
applies contains token.id if {
	some token in input.tokens
	token.status == "active"
	token.kind in {"management", "delivery"}
}
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.access.write
	not token.expiry.supported
	token.cms != "datocms"
	token.environments.effective > 0
	input.params.limit <= token.environments.effective
	not token.id == input.source.auditor.token
}`, []string{"true access.write, not true expiry.supported, != cms constant \"datocms\", > environments.effective constant 0, >= environments.effective input input.params.limit, not = id input input.source.auditor.token"}, true},
	{"elements", `
applies contains token.id if {
	some token in input.tokens
	some api in token.apis
	api in {"content_delivery"}
}
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	some item in token.environments.items
	item.exists == "no"
	count(token.access.grants) == 0
	trim_space(token.description) != ""
}`, []string{"= environments.items any exists constant \"no\", count = access.grants constant 0, trim_space != description constant \"\""}, true},
	{"two conditions on an element do not decide applies", `
applies contains token.id if {
	some token in input.tokens
	some item in token.environments.items
	item.exists == "yes"
	item.primary == "no"
}
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.kind == "delivery"
}`, []string{"= environments.items any exists constant \"yes\", = environments.items any primary constant \"no\"", "= kind constant \"delivery\""}, false},
	{"what cannot be read ends the conditions", `
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.access.write
	startswith(token.name, "a")
	token.kind == "delivery"
}`, []string{"true access.write"}, false},
	{"a helper's comprehension", `
others := {token.id | some token in input.tokens; token.kind == "delivery"}
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.twin in others
}`, []string{"", "= kind constant \"delivery\""}, false},
	{"a token of each kind", `
deny contains {"token": one.id, "message": other.id} if {
	some one in input.tokens
	some other in input.tokens
	one.kind == "delivery"
	other.kind == "management"
}`, []string{"", ""}, false},
	{"a negated condition on an element", `
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	some item in token.environments.items
	not item.exists == "yes"
	not item.primary in {"yes", "unknown"}
}`, []string{"not = environments.items any exists constant \"yes\", not in environments.items any primary constant {\"unknown\", \"yes\"}"}, false},
	{"applies used by deny", `
applies contains token.id if {
	some token in input.tokens
	token.kind == "delivery"
}
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.access.write
	not token.id in applies
}`, []string{"= kind constant \"delivery\"", "true access.write"}, true},
	{"a field that is not there", `
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.role.level != "admin"
	not token.first_seen.at
}`, []string{"!= role.level constant \"admin\", not true first_seen.at"}, false},
	{"counted tokens", `
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	count(input.tokens) > 3
	token.access.write
}`, []string{"none"}, false},
	{"an index", `
deny contains {"token": token.id, "message": sprintf("%d", [i])} if {
	some i, token in input.tokens
	token.access.write
}`, []string{"none"}, false},
	{"the input as a whole", `
second(document) := document.tokens[1].id
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.id == second(input)
}`, []string{"none"}, false},
	{"another input", `
writing if { some token in input.tokens; token.access.write }
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.kind == "delivery"
	writing with input.tokens as [token]
}`, []string{"none"}, false},
	{"every token", `
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	every other in input.tokens { other.id >= token.id }
}`, []string{"none"}, false},
	{"a token from an argument", `
same(token) if { some other in input.tokens; other.twin == token.id; other.kind == token.kind }
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.kind == "delivery"
	same(token)
}`, []string{"", "= kind constant \"delivery\""}, false},
	{"a token that has a value", `
listed(token) if token == input.tokens[_]
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.kind == "delivery"
	listed(token)
}`, []string{"none"}, false},
	{"a value from around a comprehension", `
deny contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	token.kind == "delivery"
	kind := token.kind
	count([1 | some other in input.tokens; kind = other.kind]) > 1
}`, []string{"", "= kind constant \"delivery\""}, false},
	{"sets that share a helper and sets that do not", `
applies contains token.id if {
	some token in input.tokens
	startswith(token.id, "c")
}
writing := [token | some token in input.tokens; token.access.write]
deny contains {"token": token.id, "message": "x"} if {
	some token in writing
	token.kind == "delivery"
}
unknown contains {"token": token.id, "reason": "x"} if {
	some token in writing
	token.access.level == "unknown"
}
allow contains {"token": token.id, "message": "x"} if {
	some token in input.tokens
	count(input.tokens) > 2
}`, []string{"", "none", "true access.write"}, false},
	{"nothing of a token", `
deny contains {"token": input.source.auditor.token, "message": "x"} if input.source.kind == "stack"
unknown contains {"token": token.id, "reason": "x"} if {
	some token in input.tokens
	token.kind == "personal"
}`, []string{"= kind constant \"personal\""}, false},
}

// loadSieved loads the cases beside the built-in rules.
func loadSieved(t *testing.T) *Engine {
	files := map[string]string{}
	for i, c := range sieveCases {
		files[fmt.Sprintf("r%02d.rego", i)] = customRule(c.body, "custom.rules.ours", fmt.Sprintf("custom.rules.r%02d", i),
			"requires: []", "requires: [access, expiry, environments, branches, description, created_at, updated_at, revoked_at, last_used, owner, traits]")
	}
	return load(t, LoadOptions{Paths: []string{write(t, files)}})
}

func TestSieve(t *testing.T) {
	e := loadSieved(t)
	for i, c := range sieveCases {
		t.Run(c.name, func(t *testing.T) {
			rule := e.rule(t, fmt.Sprintf("custom/r%02d", i))
			var got []string
			for _, inquiry := range rule.inquiries {
				if inquiry.sieve == nil {
					got = append(got, "none")
					continue
				}
				for _, conditions := range inquiry.sieve.bodies {
					var keys []string
					for _, c := range conditions {
						keys = append(keys, c.key())
					}
					got = append(got, strings.Join(keys, ", "))
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if (rule.appliesBy != nil) != c.applies {
				t.Errorf("applies decided by the engine: %t", !c.applies)
			}
		})
	}
}

func (e *Engine) rule(t *testing.T, id string) *ruleInForce {
	t.Helper()
	i := slices.IndexFunc(e.rules, func(r *ruleInForce) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("there is no rule %s", id)
	}
	return e.rules[i]
}

// TestSieveChangesNothing asks OPA about all tokens, and the engine about sources
// made of whatever the cases of all rules are made of: both must say the same.
func TestSieveChangesNothing(t *testing.T) {
	e := loadSieved(t)
	whole := map[string]rego.PreparedEvalQuery{}
	for _, rule := range e.rules {
		whole[rule.ID] = rule.unsieved(t)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 150 {
		source := mixedSource(random)
		b := e.brief(&source, auditTime)
		for _, rule := range e.rules {
			got, err := e.run(t.Context(), b, rule, &rule.base)
			if err != nil {
				t.Fatalf("%s: %v", rule.ID, err)
			}
			input := ast.NewObject(
				[2]*ast.Term{keySource, b.sourceTerm}, [2]*ast.Term{keyTokens, b.tokensTerm},
				[2]*ast.Term{keyAt, b.atTerm}, [2]*ast.Term{keyParams, rule.base.params})
			unsieved := *rule.compiledRule
			unsieved.inquiries = []inquiry{{query: whole[rule.ID]}}
			bindings := map[string]*ast.Term{}
			if err := unsieved.query(t.Context(), 0, input, e.limit(t.Context(), rule, b), bindings); err != nil {
				t.Fatalf("%s: %v", rule.ID, err)
			}
			want, err := readOutcome(bindings, subjects{rule: rule.compiledRule, source: source.ID, known: b.place})
			if err != nil {
				t.Fatalf("%s: %v", rule.ID, err)
			}
			if diff := cmp.Diff(said(want), said(got)); diff != "" {
				t.Fatalf("%s: %s", rule.ID, diff)
			}
			j := judgement{brief: b, rule: rule}
			for i, token := range source.Tokens {
				if rule.Subject == SubjectToken && j.applies(i, got) != (want.applies == nil || want.applies[token.ID]) {
					t.Fatalf("%s: applies to %s: %t", rule.ID, token.ID, j.applies(i, got))
				}
			}
		}
	}
}

// said are the findings of an outcome as text.
func said(o *outcome) []string {
	var lines []string
	for set, findings := range map[string]map[string][]finding{setDeny: o.deny, setUnknown: o.unknown, setAllow: o.allow} {
		for token, list := range findings {
			lines = append(lines, fmt.Sprintf("%s %s %+v", set, token, list))
		}
	}
	slices.Sort(lines)
	return lines
}

// unsieved prepares the query for all output sets of the rule.
func (r *ruleInForce) unsieved(t *testing.T) rego.PreparedEvalQuery {
	t.Helper()
	modules, err := builtinModules()
	if err != nil {
		t.Fatal(err)
	}
	if r.Custom {
		custom, err := readCustom([]string{r.File})
		if err != nil {
			t.Fatal(err)
		}
		modules = custom.modules
	}
	options := []func(*rego.Rego){rego.StrictBuiltinErrors(true)}
	var query []string
	for _, m := range modules {
		parsed, err := ast.ParseModule(m.path, string(m.text))
		if err != nil {
			t.Fatal(err)
		}
		if pkgName(parsed.Package.Path) != r.Package {
			continue
		}
		options = append(options, rego.ParsedModule(parsed))
		for _, set := range outputSets {
			if slices.ContainsFunc(parsed.Rules, func(rule *ast.Rule) bool { return rule.Head.Name.String() == set }) {
				query = append(query, fmt.Sprintf("%s = data.%s.%s", set, r.Package, set))
			}
		}
	}
	prepared, err := rego.New(append(options, rego.Query(strings.Join(query, "; ")))...).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return prepared
}

// mixedSource is a source whose tokens have some of the changes of all cases.
func mixedSource(random *rand.Rand) inventory.Source {
	var changes []change
	for _, id := range slices.Sorted(maps.Keys(ruleCases)) {
		for _, c := range ruleCases[id] {
			changes = append(changes, c.token...)
		}
	}
	tokens := make([]inventory.Token, 1+random.IntN(12))
	for i := range tokens {
		tokens[i] = aToken(fmt.Sprintf("contentstack/stacks/blt1/management_tokens/%02d", i))
		if random.IntN(2) == 0 {
			delivering(&tokens[i])
		}
		if i > 0 && random.IntN(3) == 0 {
			tokens[i].Twin, tokens[i].Kind = tokens[i-1].ID, inventory.Preview
		}
		for range random.IntN(5) {
			apply(changes[random.IntN(len(changes))], &tokens[i])
		}
		if random.IntN(4) == 0 {
			tokens[i].Role = &inventory.Role{ID: "1", Name: "Editor", Level: inventory.LevelWrite}
		}
		if random.IntN(4) == 0 {
			tokens[i].Name = tokens[0].Name
		}
	}
	source := aSource(tokens...)
	source.Auditor.Token = tokens[random.IntN(len(tokens))].ID
	return source
}

// apply makes a change that fits the token; some need what others take away.
func apply(c change, token *inventory.Token) {
	defer func() { _ = recover() }()
	c(token)
}
