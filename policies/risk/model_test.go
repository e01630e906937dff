package risk_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// A scale is one fact of a token from the best value to the worst, and what stands there
// where it is not known.
type scale struct {
	name    string
	values  []func(*world)
	unknown func(*world)
}

// A world is one token, its source and what custom rules said of it.
type world struct {
	token, labels map[string]any
	verdicts      []any
}

func (w *world) set(key string, value any) { w.token[key] = value }

func (w *world) inside(key, member string, value any) {
	table, _ := w.token[key].(map[string]any)
	table = maps.Clone(table)
	table[member] = value
	w.token[key] = table
}

// member is a scale of the values of one member of a fact.
func member(key, name string, unknown any, values ...any) scale {
	s := scale{name: key + "." + name, unknown: func(w *world) { w.inside(key, name, unknown) }}
	for _, value := range values {
		s.values = append(s.values, func(w *world) { w.inside(key, name, value) })
	}
	return s
}

// days is a scale of a number of days.
func days(key string, values ...int) scale {
	s := scale{name: key, unknown: func(w *world) { delete(w.token, key) }}
	for _, n := range values {
		s.values = append(s.values, func(w *world) { w.set(key, map[string]any{"min": n, "max": n}) })
	}
	return s
}

func scales() []scale {
	expiry := scale{name: "expiry", unknown: func(w *world) {
		delete(w.token, "expires_in_days")
		w.set("expiry", map[string]any{"state": "unknown", "reason": ""})
	}}
	for _, n := range []int{0, 1, 90, 91, 365, 366, 5000} {
		expiry.values = append(expiry.values, func(w *world) {
			w.set("expires_in_days", n)
			w.set("expiry", map[string]any{"state": "at", "reason": ""})
		})
	}
	expiry.values = append(expiry.values, func(w *world) {
		delete(w.token, "expires_in_days")
		w.set("expiry", map[string]any{"state": "never", "reason": ""})
	})
	environments := scale{name: "environments", unknown: func(w *world) { w.set("environments", map[string]any{"state": "unknown", "effective": 0}) }}
	for _, n := range []int{1, 2, 5, 6, 100} {
		environments.values = append(environments.values, func(w *world) { w.set("environments", map[string]any{"state": "listed", "effective": n}) })
	}
	findings := scale{name: "custom findings", unknown: func(w *world) { w.verdicts = []any{verdict("critical", "not_evaluated")} }}
	findings.values = append(findings.values, func(w *world) { w.verdicts = nil })
	for _, severity := range []string{"info", "low", "medium", "high", "critical"} {
		for _, status := range []string{"waived", "fail"} {
			findings.values = append(findings.values, func(w *world) { w.verdicts = []any{verdict(severity, status)} })
		}
	}
	leak := scale{name: "leak"}
	for _, match := range []string{"", "suffix", "exact"} {
		leak.values = append(leak.values, func(w *world) {
			if match != "" {
				w.set("exposure", map[string]any{"state": "found", "found": []any{map[string]any{"match": match}}})
			}
		})
	}
	return []scale{
		leak,
		member("access", "level", "unknown", "none", "read", "trigger", "write", "schema", "admin"),
		member("access", "manages_tokens", "unknown", "no", "yes"),
		member("secret", "readable", "unknown", "no", "yes"),
		member("owner", "state", "unknown", "active", "deactivated", "removed"),
		{name: "production", values: []func(*world){func(*world) {}, func(w *world) { w.labels["env"] = "production" }}},
		{name: "owner_idle_days", values: ownerIdle(0, 29, 30, 500), unknown: func(w *world) { delete(w.token, "owner_idle_days") }},
		environments, expiry, findings,
		days("age", 0, 89, 90, 364, 365, 4000),
		days("unused_days", 0, 29, 30, 364, 365, 4000),
	}
}

func ownerIdle(values ...int) []func(*world) {
	var set []func(*world)
	for _, n := range values {
		set = append(set, func(w *world) { w.set("owner_idle_days", n) })
	}
	return set
}

func verdict(severity, status string) any {
	return map[string]any{"rule": "custom/ours", "severity": severity, "status": status}
}

// TestWorseIsNeverLower makes one fact of a random token worse: neither end of its score
// falls. A fact that is not known never lowers the upper end, and never raises the lower one.
func TestWorseIsNeverLower(t *testing.T) {
	m := newModel(t)
	n := 150
	if text := os.Getenv("RISK_TOKENS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	all := scales()
	for i := range n {
		places := make([]int, len(all))
		for j, s := range all {
			places[j] = random.IntN(len(s.values) + 1)
			if s.unknown == nil {
				places[j] = random.IntN(len(s.values))
			}
		}
		base := kinds[i%len(kinds)]
		varied := random.IntN(len(all))
		var before *risk.Risk
		var known []risk.Risk
		for value := range all[varied].values {
			places[varied] = value
			got := m.score(t, base, all, places)
			if before != nil && (got.Min < before.Min || got.Max < before.Max) {
				t.Fatalf("%s %s %d: a worse value scores %s, a better one %s\n%v\n%v", base.kind, all[varied].name, value, got.Score, before.Score, got.Factors, before.Factors)
			}
			before = &got
			known = append(known, got)
		}
		if all[varied].unknown == nil {
			continue
		}
		places[varied] = len(all[varied].values)
		got := m.score(t, base, all, places)
		for value, k := range known {
			if got.Max < k.Max || got.Min > k.Min {
				t.Fatalf("%s %s: unknown scores %s, value %d scores %s\n%v\n%v", base.kind, all[varied].name, got.Score, value, k.Score, got.Factors, k.Factors)
			}
		}
	}
}

// A kindOfToken is what does not get better or worse.
type kindOfToken struct{ kind, owner, planned string }

var kinds = []kindOfToken{
	{"delivery", "none", ""}, {"management", "person", ""}, {"personal", "person", ""}, {"personal", "unknown", ""},
	{"management", "unknown", ""}, {"cli", "person", ""}, {"app", "app", ""}, {"management", "unknown", "create"},
}

type model struct{ query rego.PreparedEvalQuery }

func newModel(t *testing.T) *model {
	t.Helper()
	text, err := os.ReadFile("../rules/risk.rego")
	if err != nil {
		t.Fatal(err)
	}
	lib, err := os.ReadFile("../rules/lib.rego")
	if err != nil {
		t.Fatal(err)
	}
	query, err := rego.New(rego.Query("factors := data.tokenaudit.risk.factors"), rego.Strict(true), rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(term *ast.Term, _ *rego.EvalContext) (any, error) { return term, nil }),
		rego.Module("risk.rego", string(text)), rego.Module("lib.rego", string(lib))).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &model{query}
}

func (m *model) score(t *testing.T, base kindOfToken, all []scale, places []int) risk.Risk {
	t.Helper()
	w := &world{labels: map[string]any{}, token: map[string]any{
		"id": "a", "kind": base.kind, "planned": base.planned, "status": "active",
		"access":    map[string]any{"level": "none", "manages_tokens": "no", "reason": ""},
		"owner":     map[string]any{"type": base.owner, "id": "", "name": "Omar", "state": "active", "reason": ""},
		"secret":    map[string]any{"readable": "no"},
		"last_used": map[string]any{"state": "at"},
	}}
	for i, s := range all {
		if places[i] == len(s.values) {
			s.unknown(w)
		} else {
			s.values[places[i]](w)
		}
	}
	if base.owner == "unknown" {
		w.inside("owner", "state", "unknown")
	}
	return m.judge(t, w)
}

func (m *model) judge(t *testing.T, w *world) risk.Risk {
	t.Helper()
	document := map[string]any{
		"source": map[string]any{"labels": w.labels}, "tokens": []any{w.token}, "verdicts": map[string]any{"a": w.verdicts},
		"params": map[string]any{"idle_days": 30, "production_labels": []any{"env=production"}},
	}
	if w.verdicts == nil {
		document["verdicts"] = map[string]any{}
	}
	result, err := m.query.Eval(t.Context(), rego.EvalInput(document))
	if err != nil {
		t.Fatalf("%v\n%v", err, w.token)
	}
	term, _ := result[0].Bindings["factors"].(*ast.Term)
	factors, err := risk.Read(term, map[string]int{"a": 0})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range factors[0] {
		if names[f.Name] {
			t.Errorf("factor %s counts twice: %v", f.Name, factors[0])
		}
		names[f.Name] = true
	}
	return risk.Sum(factors[0], risk.Bands{Severe: 60, High: 45, Moderate: 30})
}
