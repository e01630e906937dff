package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/policytest"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
)

// argumentFor makes an argument that a built-in's type accepts.
func argumentFor(builtin *ast.Builtin) string {
	args := make([]string, builtin.Decl.Arity())
	for i := range args {
		args[i] = "input.source.labels"
	}
	return strings.Join(args, ", ")
}

// Every built-in that OPA has and the list lacks is refused when rules are
// loaded, under its own name and through `with`: a file for each, all of which
// must have an error of its own.
func TestForbiddenBuiltinsDoNotLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	for way, call := range map[string]string{
		"call": "x := %s(%s)\n\tx == x",
		"with": "count([1]) == 1 with count as %s # %s",
	} {
		files := map[string]string{}
		for _, builtin := range ast.CapabilitiesForThisVersion().Builtins {
			if !regofile.Allowed(builtin.Name) {
				name := strings.ReplaceAll(builtin.Name, ".", "_")
				files[builtin.Name+".rego"] = strings.Replace(
					body(fmt.Sprintf(call, builtin.Name, argumentFor(builtin))), "custom.rules.ours", "custom.rules.x_"+name, 1)
			}
		}
		if len(files) < 80 {
			t.Errorf("only %d built-ins are tried", len(files))
		}
		_, err := Load(t.Context(), LoadOptions{Paths: []string{policytest.Write(t, files)}})
		var errs regofile.LoadErrors
		if !errors.As(err, &errs) {
			t.Fatalf("got %v, want LoadErrors", err)
		}
		refused := map[string]bool{}
		for _, e := range errs {
			refused[path.Base(e.File)] = true
		}
		for file := range files {
			if !refused[file] {
				t.Errorf("%s by %s was let through", file, way)
			}
		}
	}
}

// The ways out that are known: a URL or a file, called, replaced by `with`, or
// as a $ref in a schema of the METADATA.
func TestNoWayOut(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	secret := policytest.Write(t, map[string]string{"secret.json": `{"type": "string"}`}) + "/secret.json"
	for name, text := range map[string]string{
		"http.send":          body("http.send({\"method\": \"get\", \"url\": \"URL\"}).status_code == 200"),
		"match_schema, URL":  body("json.match_schema({}, {\"$ref\": \"URL\"})[0]"),
		"match_schema, file": body("json.match_schema({}, {\"$ref\": \"file://FILE\"})[0]"),
		"verify_schema":      body("json.verify_schema({\"$ref\": \"URL\"})[0]"),
		"look up":            body("count(net.lookup_ip_addr(\"localhost\")) > 0"),
		"environment":        body("count(opa.runtime()) > 0"),
		"with":               body("count({\"$ref\": \"URL\"}) == 1 with count as json.verify_schema"),
		"schema annotation":  policytest.CustomRule(policytest.DenyNames, "# custom:", "# schemas:\n#   - input: {$ref: \"URL\"}\n# custom:"),
		"rule annotation":    policytest.CustomRule("# METADATA\n# schemas:\n#   - input: {$ref: \"URL\"}\n" + policytest.DenyNames),
		"of a parameter":     policytest.CustomRule(policytest.DenyNames, "description: How many.", "\"$ref\": \"URL\", description: How many."),
		"enum of a schema":   policytest.CustomRule(policytest.DenyNames, "type: integer,", "type: {\"$ref\": \"URL\"},"),
	} {
		text = strings.NewReplacer("URL", server.URL, "FILE", secret).Replace(text)
		if _, err := Load(t.Context(), LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}}); err == nil {
			t.Errorf("%s: it was loaded", name)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the server was asked %d times", n)
	}
}

func body(lines string) string {
	return policytest.CustomRule("deny contains {\"token\": token.id, \"message\": \"m\"} if {\n\tsome token in input.tokens\n\t" + lines + "\n}\n")
}

// Runaway rules stop at the time limit.
func TestRunawayRules(t *testing.T) {
	for name, text := range map[string]string{
		"nested loops":    body("r := numbers.range(1, 100000)\n\tsome a in r\n\tsome b in r\n\tsome c in r\n\ta + b + c < 0"),
		"every":           body("r := numbers.range(1, 100000)\n\tevery a in r {\n\t\tevery b in r {\n\t\t\tevery c in r { a + b + c > 0 }\n\t\t}\n\t}"),
		"a comprehension": body("r := numbers.range(1, 3000)\n\tcount({[a, b, c] | some a in r; some b in r; some c in r}) < 0"),
	} {
		t.Run(name, func(t *testing.T) {
			e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}, RuleTimeout: 20 * time.Millisecond})
			result, err := e.Evaluate(t.Context(), aSource(aToken("a")), auditTime)
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Errors) != 1 || result.Errors[0].Detail != "it took longer than 20ms: simplify the rule, or raise limits.rule_timeout" {
				t.Fatalf("the errors are %+v", result.Errors)
			}
			if diff := cmp.Diff(policies.Counts{NotEvaluated: 1}, result.Counts["custom/ours"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A rule whose time is over is named, and the others still judge.
func TestRunawayRuleAmongOthers(t *testing.T) {
	text := body("r := numbers.range(1, 100000)\n\tsome a in r\n\tsome b in r\n\tsome c in r\n\ta + b + c < 0")
	folder := policytest.Write(t, map[string]string{"ours.rego": text})
	var result policies.Result
	limit := time.Second
	// Where the other rule does not get to run in that time either, it needs more.
	for ; limit < 20*time.Second; limit *= 2 {
		e := load(t, LoadOptions{Paths: []string{folder}, Only: []string{"custom/ours", "write-token-never-expires"}, RuleTimeout: limit})
		var err error
		if result, err = e.Evaluate(t.Context(), aSource(aToken("a", neverExpires)), auditTime); err != nil {
			t.Fatal(err)
		}
		if len(result.Errors) < 2 {
			break
		}
	}
	want := []policies.RuleError{{Rule: "custom/ours", Source: "contentstack/stacks/blt1", Detail: "it took longer than " + limit.String() + ": simplify the rule, or raise limits.rule_timeout"}}
	if diff := cmp.Diff(want, result.Errors); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(policies.Counts{Fail: 1}, result.Counts["write-token-never-expires"]); diff != "" {
		t.Error(diff)
	}
}

// A rule that errs on one source judges the others.
func TestRuleThatErrs(t *testing.T) {
	text := body("to_number(token.ref) > 5")
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}})
	bad, err := e.Evaluate(t.Context(), aSource(aToken("9"), aToken("no number")), auditTime)
	if err != nil {
		t.Fatal(err)
	}
	if len(bad.Errors) != 1 || !strings.Contains(bad.Errors[0].Detail, "to_number") || strings.Contains(bad.Errors[0].Detail, "\n") {
		t.Errorf("the errors are %+v", bad.Errors)
	}
	if diff := cmp.Diff(policies.Counts{NotEvaluated: 2}, bad.Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(policies.Counts{Fail: 1, Pass: 1}, evaluate(t, e, aSource(aToken("9"), aToken("5"))).Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
}

// An error of a built-in function is an error of the rule, whatever the other
// conditions of the body would say of the token.
func TestErrorOfABuiltinOnOneToken(t *testing.T) {
	text := strings.Replace(body("count(token.role) == 0"), "requires: []", "requires: [access]", 1)
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
	result, err := e.Evaluate(t.Context(), aSource(aToken("a")), auditTime)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Detail, "count") {
		t.Errorf("the errors are %+v", result.Errors)
	}
	if diff := cmp.Diff(policies.Counts{NotEvaluated: 1}, result.Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
}

// What a rule gives back is checked and bounded.
func TestOutputsAreChecked(t *testing.T) {
	deny := func(object string) string {
		return policytest.CustomRule("deny contains " + object + " if some token in input.tokens\n")
	}
	for name, tt := range map[string]struct{ text, want string }{
		"an unknown key":        {deny(`{"token": token.id, "msg": "m", "message": "m"}`), `unknown key "msg"`},
		"an unknown token":      {deny(`{"token": concat("", [token.id, "x"]), "message": "m"}`), `token "ax", which is not judged here`},
		"no token":              {deny(`{"message": token.name}`), "names no token"},
		"no message":            {deny(`{"token": token.id}`), "has no message"},
		"a message of a number": {deny(`{"token": token.id, "message": count(token.name)}`), `"message" is a number`},
		"no object":             {deny(`token.id`), "is a string, not an object"},
		"evidence of a text":    {deny(`{"token": token.id, "message": "m", "evidence": token.name}`), "evidence is a string"},
		"deep evidence":         {deny(`{"token": token.id, "message": "m", "evidence": {"a": [[[[1]]]]}}`), "nested more than 4 levels deep"},
		"too many findings":     {policytest.CustomRule("deny contains {\"token\": token.id, \"key\": sprintf(\"%d\", [n]), \"message\": \"m\"} if {\n\tsome token in input.tokens\n\tsome n in numbers.range(1, 2000)\n}\n"), "deny has 2000 elements"},
		"applies of another":    {policytest.CustomRule(policytest.DenyNames + "\napplies contains \"elsewhere\"\n"), `applies names "elsewhere"`},
		"applies of a number":   {policytest.CustomRule(policytest.DenyNames + "\napplies contains 3\n"), "applies must hold ids"},
		"unknown with evidence": {policytest.CustomRule(policytest.DenyNames + "\nunknown contains {\"token\": token.id, \"reason\": \"r\", \"evidence\": {}} if some token in input.tokens\n"), `unknown key "evidence"`},
		"allow without message": {policytest.CustomRule(policytest.DenyNames + "\nallow contains {\"token\": token.id} if some token in input.tokens\n"), "has no message"},
	} {
		t.Run(name, func(t *testing.T) {
			e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": tt.text})}, Only: []string{"custom/ours"}})
			result, err := e.Evaluate(t.Context(), aSource(aToken("a")), auditTime)
			if err != nil {
				t.Fatal(err)
			}
			if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Detail, tt.want) {
				t.Errorf("the errors are %+v, want %q", result.Errors, tt.want)
			}
			if result.Counts["custom/ours"].NotEvaluated != 1 {
				t.Errorf("it was counted as %+v", result.Counts["custom/ours"])
			}
		})
	}
}

func TestLongOutputsAreCut(t *testing.T) {
	text := policytest.CustomRule("deny contains {\"token\": token.id, \"message\": token.name, \"evidence\": {\"name\": token.name, \"list\": numbers.range(1, 500)}} if some token in input.tokens\n")
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
	token := aToken("a")
	token.Name = strings.Repeat("ä", 1<<20)
	_, v := statusOf(t, evaluate(t, e, aSource(token)), "custom/ours")
	if len(v.Message) > output.MaxMessage || !strings.HasSuffix(v.Message, "ä…") {
		t.Errorf("the message has %d bytes", len(v.Message))
	}
	if name := v.Evidence["name"].(string); len(name) > output.MaxEvidenceText {
		t.Errorf("the evidence has a text of %d bytes", len(name))
	}
	list := v.Evidence["list"].([]any)
	if len(list) != output.MaxEvidenceItems+1 || list[output.MaxEvidenceItems] != "and 400 more" || list[0] != 1 {
		t.Errorf("the list has %d items and ends in %v", len(list), list[len(list)-1])
	}
}

// Findings with one key are one finding; with different keys they are several
// of one pair.
func TestSeveralFindingsOfAPair(t *testing.T) {
	text := policytest.CustomRule(`deny contains {"token": token.id, "message": m} if {
	some token in input.tokens
	some m in ["one", "two"]
}

deny contains {"token": token.id, "key": k, "message": "keyed", "evidence": {"n": n}} if {
	some token in input.tokens
	some [k, n] in [["a", 1], ["b", 2], ["a", 3]]
}
`)
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}})
	result := evaluate(t, e, aSource(aToken("a")))
	var got []string
	for _, v := range result.Verdicts {
		got = append(got, v.Key+":"+v.Message)
	}
	if diff := cmp.Diff([]string{":one; two", "a:keyed", "b:keyed"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(policies.Counts{Fail: 1}, result.Counts["custom/ours"]); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluateEndsWithItsContext(t *testing.T) {
	text := body("r := numbers.range(1, 100000)\n\tsome a in r\n\tsome b in r\n\tsome c in r\n\ta + b + c < 0")
	e := load(t, LoadOptions{Paths: []string{policytest.Write(t, map[string]string{"ours.rego": text})}, Only: []string{"custom/ours"}, RuleTimeout: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := e.Evaluate(ctx, aSource(aToken("a")), auditTime)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Evaluate may be called concurrently; the race detector watches.
func TestEvaluateConcurrently(t *testing.T) {
	e := load(t, LoadOptions{})
	source := population(50)
	want := evaluate(t, e, source)
	results := make(chan policies.Result)
	for range 8 {
		go func() {
			r, err := e.Evaluate(t.Context(), source, auditTime)
			if err != nil {
				t.Error(err)
			}
			results <- r
		}()
	}
	for range 8 {
		if diff := cmp.Diff(want, <-results); diff != "" {
			t.Error(diff)
		}
	}
}
