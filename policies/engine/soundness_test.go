package engine

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/compile"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

var soundTokens = flag.Int("soundness", 0, "how many random tokens TestUnknownNeverPasses and its sibling judge by generated rules; 0 for a sample")

// loadRule loads one custom rule.
func loadRule(t *testing.T, text string) (*Engine, error) {
	t.Helper()
	modules := []regofile.Module{{Path: "ours.rego", Text: []byte(text)}}
	if strings.Contains(text, "data.custom.lib") {
		modules = append(modules, regofile.Module{Path: "lib.rego", Text: []byte("package custom.lib\n\nnever(x) if walk(x, [_, \"never\"])\n\nsame(x) := x\n")})
	}
	l, err := compile.Modules(t.Context(), regofile.CustomNamespace, modules, nil, &regofile.Place{})
	if err != nil {
		return nil, err
	}
	rules, err := inForce(l, policies.Settings{}, new(SettingsErrors))
	if err != nil {
		return nil, err
	}
	return &Engine{rules: rules, owners: teams(), reviews: reviewed(), timeout: time.Minute, grace: time.Minute}, nil
}

var factsRead = regexp.MustCompile(`reads ([a-z_, ]+), which a CMS may not report`)

// loadRequiring loads a custom rule that requires what the loader says it reads,
// and nothing else.
func loadRequiring(t *testing.T, text string) (*Engine, error) {
	e, err := loadRule(t, text)
	var refused regofile.LoadErrors
	if errors.As(err, &refused) && len(refused) == 1 {
		if read := factsRead.FindStringSubmatch(refused[0].Detail); read != nil {
			return loadRule(t, strings.Replace(text, "requires: []", "requires: ["+read[1]+"]", 1))
		}
	}
	return e, err
}

// verdicts are what a rule says of each token, or of the source.
func verdicts(t *testing.T, e *Engine, rule *ruleInForce, source inventory.Source) []policies.Status {
	t.Helper()
	n := len(source.Tokens)
	if rule.Subject == policies.SubjectSource {
		n = 1
	}
	steps := make([]Step, n)
	r := e.judge(t.Context(), prepare(&source, auditTime, e.owners, e.reviews), rule, &rule.base, steps)
	statuses := make([]policies.Status, n)
	for i, step := range steps {
		statuses[i] = statusOfStep(step)
		if r.err != nil {
			statuses[i] = policies.NotEvaluated
		}
	}
	return statuses
}

// lost is the source without one of its facts.
func (l loss) of(source inventory.Source, token int) inventory.Source {
	source.Tokens = slices.Clone(source.Tokens)
	source.Units = slices.Clone(source.Units)
	if l.token != nil {
		l.token(&source.Tokens[token%len(source.Tokens)])
	} else {
		l.source(&source)
	}
	return source
}

// checkLoss compares the verdicts with those without one fact: no token may pass that
// failed or was not evaluated, and a custom rule may leave out none that failed.
func checkLoss(t *testing.T, e *Engine, rule *ruleInForce, source inventory.Source, before []policies.Status, l loss, token int) bool {
	t.Helper()
	after := verdicts(t, e, rule, l.of(source, token))
	for i := range after {
		bad := before[i] == policies.Fail || before[i] == policies.NotEvaluated
		passes := bad && after[i] == policies.Pass
		leftOut := before[i] == policies.Fail && after[i] == policies.NotApplicable && rule.Custom
		if passes || leftOut {
			known, _ := json.Marshal(source.Tokens)
			t.Errorf("without %s of token %d, %s of %d becomes %s\n%s\n%s", l.name, token, before[i], i, after[i], known, rule.File)
			return false
		}
	}
	return true
}

// What is unknown never passes a custom rule that loads, unless the rule has an
// unknown set of its own: rules are generated, with what the loader makes them
// require and nothing more.
func TestUnknownNeverPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	tokens, seed := 1000, uint64(1)
	if testing.Short() {
		tokens = 200
	}
	if *soundTokens > 0 {
		tokens, seed = *soundTokens, uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
	}
	d := newDice(seed)
	g := &generator{dice: d}
	loaded, written, judged, decided := 0, 0, 0, map[policies.Status]int{}
	for judged < tokens {
		written++
		text := g.rule()
		e, err := loadRequiring(t, text)
		if err != nil {
			continue
		}
		loaded++
		rule := e.rules[0]
		for range 12 {
			source := randomSource(d, 1+d.IntN(4))
			judged += len(source.Tokens)
			before := verdicts(t, e, rule, source)
			for _, status := range before {
				decided[status]++
			}
			for range 4 {
				if !checkLoss(t, e, rule, source, before, losses[d.IntN(len(losses))], d.IntN(len(source.Tokens))) {
					t.Fatal(text)
				}
			}
		}
	}
	t.Logf("%d of %d rules loaded, %d tokens: %v", loaded, written, judged, decided)
}

// The same goes for the built-in rules, which the loader trusts in this.
func TestUnknownNeverPassesBuiltinRules(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	tokens := 300
	if *soundTokens > 0 {
		tokens = *soundTokens
	}
	e := load(t, everyRule())
	d := newDice(3)
	for judged := 0; judged < tokens; {
		source := randomSource(d, 1+d.IntN(4))
		judged += len(source.Tokens)
		l, token := losses[d.IntN(len(losses))], d.IntN(len(source.Tokens))
		for _, rule := range e.rules {
			if !checkLoss(t, e, rule, source, verdicts(t, e, rule, source), l, token) {
				return
			}
		}
	}
}

// A generator writes rules at random.
type generator struct {
	dice
	helpers []string
}

// texts are the fields of a token that hold a word, with words they may hold.
var texts = map[string][]string{
	"status": {"active", "expired", "revoked"}, "expiry.state": {"at", "never", "unknown"}, "owner.type": {"person", "none", "unknown"},
	"owner.state": {"active", "removed", "unknown"}, "owner.level": {"admin", "unknown"}, "owner.name": {"Ada", ""}, "owner.reason": {"", "hidden"},
	"owner.last_active.state": {"at", "none", "unknown"}, "access.level": {"read", "admin", "unknown"}, "access.reason": {"", "the role is hidden"},
	"access.manages_tokens": {"yes", "no", "unknown"}, "role.level": {"admin", "unknown"}, "environments.state": {"listed", "all", "unknown"},
	"environments.reason": {"", "hidden"}, "branches.state": {"all", "unknown"}, "created_at.state": {"at", "unknown"}, "created_at.reason": {""},
	"updated_at.state": {"at", "none"}, "revoked_at.state": {"at", "none"}, "last_used.state": {"at", "never", "none_on_record", "unknown"},
	"last_used_by_api.content_management.state": {"at", "never"}, "traits.factory": {"yes", "no"}, "traits.notifies_before_expiry": {"yes", "no", "unknown"},
	"description": {"", "what it is for"}, "secret.readable": {"yes", "no"}, "exposure.state": {"found", "none", "unknown"}, "exposure.reason": {"", "hidden"}, "team": {"people", ""},
	"review.decision": {"keep", "revoke"}, "review.before_change": {"yes", "no", "unknown"}, "review.before_creation": {"yes", "no", "unknown"}, "review.reason": {""}, "name": {"alpha"}, "kind": {"management"}, "planned": {""},
}

var numbers = []string{"expires_in_days", "lifetime_days", "age_days", "age.min", "age.max", "unused_days.min", "unused_days.max", "owner_idle_days", "environments.effective", "review.days"}

var flags = []string{"access.write", "access.assumed", "expiry.supported", "expiry.at", "created_at.at", "first_seen", "branches", "age", "unused_days.max", "review", "review.overdue_days"}

var fieldNames = slices.Sorted(func(yield func(string) bool) {
	for name := range texts {
		if !yield(name) {
			return
		}
	}
})

func (g *generator) rule() string {
	g.helpers = nil
	subject, head := "token", `{"token": token.id, "message": "m"}`
	if g.IntN(5) == 0 {
		subject, head = "source", `{"message": "m"}`
	}
	var b strings.Builder
	for range 1 + g.IntN(2) {
		set := head
		if subject == "token" && g.IntN(6) == 0 {
			set = g.helper("made", "x", ` := {"token": x.id, "message": x.name}`, "") + "(token)"
		}
		fmt.Fprintf(&b, "deny contains %s if {\n\tsome token in input.tokens\n\t%s\n}\n\n", set, g.conditions("token", 2))
	}
	if subject == "token" && g.IntN(3) == 0 {
		fmt.Fprintf(&b, "applies contains token.id if {\n\tsome token in input.tokens\n\t%s\n}\n\n", g.conditions("token", 2))
	}
	text := b.String() + strings.Join(g.helpers, "\n\n") + "\n"
	if g.IntN(3) == 0 {
		text = strings.ReplaceAll(text, "some x in input.tokens", "some x in input.source_tokens")
	}
	return policytest.CustomRule(text, "subject: token", "subject: "+subject+g.selection())
}

// selection declares which tokens the rule judges, or nothing.
func (g *generator) selection() string {
	if g.IntN(2) == 0 {
		return ""
	}
	words := []string{}
	for _, word := range []string{
		pick(g.dice, "status: [active]", "status: [expired]", "status: [revoked, expired]", "status: [active, revoked]", "status: [active, expired, revoked]"),
		pick(g.dice, "write: true", "write: false"),
		pick(g.dice, "kinds: [management, delivery, personal]", "apis: [content_delivery, content_management]"),
		pick(g.dice, "planned: false", "audit_credential: skip", "cms: [contentstack, datocms]"),
	} {
		if g.IntN(2) == 0 {
			words = append(words, word)
		}
	}
	return "\n#   select: {" + strings.Join(words, ", ") + "}"
}

func (g *generator) conditions(token string, depth int) string {
	lines := make([]string, 1+g.IntN(3))
	for i := range lines {
		lines[i] = g.condition(token, depth)
	}
	return strings.Join(lines, "\n\t")
}

// helper writes a function or rule, and returns its name.
func (g *generator) helper(name, arg, value, body string) string {
	name = fmt.Sprintf("%s%d", name, len(g.helpers))
	g.helpers = append(g.helpers, "") // its place, before its own helpers
	place := len(g.helpers) - 1
	if arg != "" {
		arg = "(" + arg + ")"
	}
	g.helpers[place] = name + arg + value
	if body != "" {
		g.helpers[place] += " if {\n\t" + body + "\n}"
	}
	return name
}

func (g *generator) compare(value string, words []string) string {
	word := fmt.Sprintf("%q", pick(g.dice, words...))
	return fmt.Sprintf(pick(g.dice, "%s == %s", "%s != %s", "not %s == %s", "%s in {%s, \"x\"}", "not %s in {%s}", "%[2]s == %[1]s", "%s = %s", "%s >= %s"), value, word)
}

// plain asks something of one field.
func (g *generator) plain(token string) string {
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf("%s.%s %s %d", token, pick(g.dice, numbers...), pick(g.dice, ">=", "<", "!="), pick(g.dice, 0, 1, 30, 90))
	case 1:
		return pick(g.dice, "", "not ") + token + "." + pick(g.dice, flags...)
	case 2:
		return fmt.Sprintf("not %s.%s %s %d", token, pick(g.dice, numbers...), pick(g.dice, ">=", "<"), pick(g.dice, 0, 90))
	}
	name := pick(g.dice, fieldNames...)
	return g.compare(token+"."+name, texts[name])
}

func (g *generator) condition(token string, depth int) string {
	if depth == 0 || g.IntN(3) == 0 {
		return g.plain(token)
	}
	name := pick(g.dice, fieldNames...)
	head, rest, nested := strings.Cut(name, ".")
	words := texts[name]
	inner := func(t string) string { return g.conditions(t, depth-1) }
	n := len(g.helpers)
	v := fmt.Sprintf("v%d_%d", depth, g.IntN(1000))
	ways := []func() string{
		// through helpers
		func() string {
			return pick(g.dice, "", "not ") + g.helper("holds", "x", "", inner("x")) + "(" + token + ")"
		},
		func() string { return g.compare(g.helper("value", "x", " := x."+name, "")+"("+token+")", words) },
		func() string { return g.compare(g.helper("same", "x", " := x", "")+"("+token+")."+name, words) },
		func() string {
			return g.compare(g.helper("either", "x", ` := "a" if x.`+name+" == "+fmt.Sprintf("%q else := \"b\"", words[0]), "")+"("+token+")", []string{"a", "b"})
		},
		func() string {
			return pick(g.dice, "", "not ") + g.helper("flag", "", "", "some x in input.tokens\n\t"+inner("x"))
		},
		func() string {
			f := g.helper("part", "x", "", g.compare("x"+strings.TrimPrefix("."+rest, "."+name), words))
			if !nested {
				return pick(g.dice, "", "not ") + f + "(" + token + "." + head + ")"
			}
			g.helpers[n] = strings.Replace(g.helpers[n], "x"+rest, "x."+rest, 1)
			return pick(g.dice, "", "not ") + f + "(" + token + "." + head + ")"
		},
		// wrapped, and by computed keys
		func() string { return fmt.Sprintf("%s := [%s]\n\t%s", v, token, g.compare(v+"[0]."+name, words)) },
		func() string { return fmt.Sprintf("%s := {\"a\": %s}\n\t%s", v, token, g.compare(v+".a."+name, words)) },
		func() string {
			return fmt.Sprintf("%s := {%q: %s.%s}\n\t%s", v, "a", token, name, g.compare(v+".a", words))
		},
		func() string { return fmt.Sprintf("%s := %s\n\t%s", v, token, g.compare(v+"."+name, words)) },
		func() string { return fmt.Sprintf("%s := %s.%s\n\t%s", v, token, name, g.compare(v, words)) },
		func() string { return fmt.Sprintf("some %s in [%s]\n\t%s", v, token, g.compare(v+"."+name, words)) },
		func() string { return fmt.Sprintf("[%s, _] := [%s, 1]\n\t%s", v, token, g.compare(v+"."+name, words)) },
		func() string {
			return g.compare(fmt.Sprintf("object.get(%s, [\"%s\"], \"none\")", token, strings.ReplaceAll(name, ".", "\", \"")), words)
		},
		func() string {
			return fmt.Sprintf("%s := concat(\"\", [%q])\n\t%s", v, head, g.compare(token+"["+v+"]"+strings.TrimPrefix("."+rest, "."+head), words))
		},
		func() string { return fmt.Sprintf("some %s\n\t%s[%s] == %q", v, token, v, words[0]) },
		func() string { return fmt.Sprintf("walk(%s, [_, %s])\n\t%s", token, v, g.compare(v, words)) },
		func() string {
			return fmt.Sprintf("%scontains(%s, %q)", pick(g.dice, "", "not "), pick(g.dice, "sprintf(\"%v\", [T])", "json.marshal(T)", "$\"{T}\""), words[0])
		},
		func() string {
			return fmt.Sprintf("count(%s) %s %d", token, pick(g.dice, ">", "<"), pick(g.dice, 30, 33, 34, 35))
		},
		func() string { return fmt.Sprintf("count(object.keys(%s.%s)) > 1", token, head) },
		func() string { return fmt.Sprintf("count([x | some x in %s.%s]) > 1", token, head) },
		func() string { return fmt.Sprintf("every %s in [%s] { %s }", v, token, g.plain(v)) },
		// environments
		func() string {
			return fmt.Sprintf("some %s in %s.environments.items\n\t%s", v, token, g.compare(v+"."+pick(g.dice, "exists", "primary"), []string{"yes", "no", "unknown"}))
		},
		func() string {
			return fmt.Sprintf("every %s in %s.environments.items { %s }", v, token, g.compare(v+"."+pick(g.dice, "exists", "primary"), []string{"yes", "no"}))
		},
		func() string {
			return fmt.Sprintf("count([1 | some x in %s.environments.items; x.exists == %q]) %s 1", token, pick(g.dice, "yes", "no"), pick(g.dice, "<", ">="))
		},
		func() string {
			return fmt.Sprintf("count(%s.environments.items) %s 1", token, pick(g.dice, "<", ">=", "=="))
		},
		// other tokens
		func() string {
			return fmt.Sprintf("some %s in input.tokens\n\t%s.id != %s.id\n\t%s", v, v, token, g.plain(v))
		},
		func() string {
			return fmt.Sprintf("count([1 | some x in input.tokens; %s]) %s %d", g.plain("x"), pick(g.dice, "<", ">=", "=="), g.IntN(3))
		},
		func() string {
			return fmt.Sprintf("%s := [x | some x in input.tokens; %s]\n\tsome y%s in %s\n\t%s", v, g.plain("x"), v, v, g.plain("y"+v))
		},
		func() string {
			l := g.helper("list", "", " := [x | some x in input.tokens; "+g.plain("x")+"]", "")
			return fmt.Sprintf("some %s in %s\n\t%s.name == %s.name\n\t%s", v, l, v, token, g.plain(v))
		},
		func() string {
			s := g.helper("group", "", " contains x.id", "some x in input.tokens\n\t"+inner("x"))
			return fmt.Sprintf(pick(g.dice, "%[2]s[%[1]s.id]", "%s.id in %s", "not %[2]s[%[1]s.id]", "count(%[2]s) > 1", "%[2]s[_]"), token, s)
		},
		func() string {
			o := g.helper("table", "", " := {x.id: x."+head+" | some x in input.tokens}", "")
			return g.compare(o+"["+token+".id]"+strings.TrimPrefix("."+rest, "."+head), words)
		},
		func() string { return g.compare(g.helper("first", "", " := input.tokens[0]", "")+"."+name, words) },
		func() string {
			return fmt.Sprintf("%s %s %s.%s", token+"."+name, pick(g.dice, "==", "!="), "input.tokens[0]", name)
		},
		func() string { return fmt.Sprintf("%s == input.tokens[0]", token) },
		func() string {
			return pick(g.dice, "", "not ") + g.helper("changed", "", "", "input.tokens[_]."+name+" == \"x\"") + " with input.tokens as [" + token + "]"
		},
		// the input, and the source
		func() string {
			return g.compare("object.get(input, [\"tokens\", 0, \"status\"], \"\")", texts["status"])
		},
		func() string {
			return g.compare("input.source.auditor."+pick(g.dice, "writes", "necessary", "reads_secrets"), []string{"yes", "no"})
		},
		func() string { return g.compare("input.source.environments[_].primary", []string{"yes", "no"}) },
		func() string { return fmt.Sprintf("count(input.source.environments) %s 1", pick(g.dice, "<", ">=")) },
		func() string {
			return fmt.Sprintf("s := input.source\n\t%s", g.compare("s.auditor.writes", []string{"yes", "no"}))
		},
	}
	return strings.ReplaceAll(ways[g.IntN(len(ways))](), "T", token)
}
