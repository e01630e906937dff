package engine

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// oracleTokens is how many random tokens the ordinary tests judge. More are
// judged by ORACLE_TOKENS=100000 go test ./policies/engine -run Oracle; ORACLE_SEED
// makes others.
const oracleTokens = 1500

func numberFrom(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("invalid %s %q: expected a number", variable, text)
	}
	return n
}

// Parameters that the engine is asked with: the defaults, and others around
// which the dice make times as well.
var oracleTries = []oracleParams{
	defaultOracleParams(),
	{maxIdle: 30, noRecord: "unknown", ownerIdle: 7, maxAge: 90, maxLifetime: 90, within: 0, limit: 2, deliveryLimit: 3, reviewEvery: 60, writeEvery: 7},
	{maxIdle: 1, noRecord: "fail", ownerIdle: 60, maxAge: 1, maxLifetime: 1, within: 30, limit: 1, deliveryLimit: 1, reviewEvery: 10, writeEvery: 90},
}

// TestEngineAgainstOracle judges random inventories by the engine and by the
// oracle: each pair of rule and token, and of rule and source, must get the
// same verdict.
func TestEngineAgainstOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	d := newDice(uint64(numberFrom(t, "ORACLE_SEED", 1)))
	want := numberFrom(t, "ORACLE_TOKENS", oracleTokens)
	seen := map[string]map[policies.Status]int{}
	tokens, sources, verdicts := 0, 0, 0
	for i, p := range oracleTries {
		e := load(t, LoadOptions{Settings: p.settings(), Owners: teams(), Reviews: reviewed()})
		if got := len(e.Rules()); got != len(oracleRules) {
			t.Fatalf("there are %d rules, and the oracle knows %d", got, len(oracleRules))
		}
		for tokens < want*(i+1)/len(oracleTries) {
			source := d.source(sources, 14)
			sources++
			tokens += len(source.Tokens)
			if err := source.Check(); err != nil {
				t.Fatalf("the dice made what no inventory says: %v", err)
			}
			verdicts += agree(t, e, newOracleSource(&source, auditTime, p), seen)
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	t.Logf("%d tokens in %d sources: %d verdicts", tokens, sources, verdicts)
	for id := range oracleRules {
		for _, status := range []policies.Status{policies.Fail, policies.Pass, policies.NotEvaluated, policies.NotApplicable} {
			if seen[id][status] == 0 {
				t.Errorf("%s is never %s", id, status)
			}
		}
	}
}

// agree compares what the engine and the oracle say of one source, and counts
// the verdicts by rule and status.
func agree(t *testing.T, e *Engine, s *oracleSource, seen map[string]map[policies.Status]int) int {
	t.Helper()
	result := evaluate(t, e, *s.Source)
	n := 0
	for _, rule := range e.Rules() {
		want := s.judge(oracleRules[rule.ID])
		got := verdictsOf(result, rule.ID)
		counted := policies.Counts{NotEvaluated: want.missing}
		for i, status := range want.tokens {
			count(&counted, status)
			id := s.Tokens[i].ID
			if g, told := got[id]; told != (status == policies.Fail || status == policies.NotEvaluated) || told && g.Status != status {
				t.Errorf("%s on %s: the oracle says %s, the engine %s (%s)\n%s", rule.ID, id, status, g.Status, g.Message+g.Reason, s.describe(i))
			} else if told && rule.ID == "unused-token" && status == policies.Fail && g.Evidence["proven"] != (s.token(i).unused() == inventory.Yes) {
				t.Errorf("%s is proven idle: %v\n%s", id, g.Evidence["proven"], s.describe(i))
			}
		}
		if want.source != "" {
			count(&counted, want.source)
		}
		if have := result.Counts[rule.ID]; have != counted {
			t.Errorf("%s on %s: the oracle counts %+v, the engine %+v\nlists %+v\nparameters %+v", rule.ID, s.ID, counted, have, s.Units, s.oracleParams)
		}
		n += countStatuses(seen, rule.ID, counted)
	}
	return n
}

// verdictsOf are the verdicts of a rule that are no passes, by token.
func verdictsOf(r policies.Result, rule string) map[string]policies.Verdict {
	verdicts := map[string]policies.Verdict{}
	for _, v := range r.Verdicts {
		if v.Rule == rule && v.Token != "" && v.Status != policies.Pass {
			verdicts[v.Token] = v
		}
	}
	return verdicts
}

func countStatuses(seen map[string]map[policies.Status]int, rule string, c policies.Counts) int {
	if seen[rule] == nil {
		seen[rule] = map[policies.Status]int{}
	}
	all := map[policies.Status]int{policies.Fail: c.Fail, policies.Pass: c.Pass, policies.NotEvaluated: c.NotEvaluated, policies.NotApplicable: c.NotApplicable}
	n := 0
	for status, count := range all {
		seen[rule][status] += count
		n += count
	}
	return n
}

// describe prints a token and its twin for whoever has to find out.
func (s *oracleSource) describe(i int) string {
	text := fmt.Sprintf("%+v\nfirst seen %+v\nparameters %+v\n", s.Tokens[i], s.Tokens[i].FirstSeen, s.oracleParams)
	if twin := s.place[s.Tokens[i].Twin]; twin != nil {
		text += fmt.Sprintf("its delivery token %+v\n", *twin)
	}
	return text
}

// The oracle has a rule for each rule, and no other.
func TestOracleKnowsEveryRule(t *testing.T) {
	var ids []string
	for _, rule := range load(t, LoadOptions{}).Known() {
		ids = append(ids, rule.ID)
	}
	if known := slices.Sorted(maps.Keys(oracleRules)); !slices.Equal(ids, known) {
		t.Errorf("rules: %v\noracle: %v", ids, known)
	}
}
