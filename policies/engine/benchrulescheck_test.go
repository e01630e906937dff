package engine

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
)

// TestBenchRulesAgree runs what the benchmark of the rules is made of on a few tokens: the
// crowd, its document, and the driver, which OPA asks here in place of `opa eval`. The engine,
// the driver and the oracle must find the same, or the benchmark compares nothing.
func TestBenchRulesAgree(t *testing.T) {
	dir := t.TempDir()
	e := load(t, LoadOptions{Settings: unasked()})
	crowd := newCrowd(50, benchModels())
	inv, document, rules := filepath.Join(dir, "inventory.json"), filepath.Join(dir, "document.json"), filepath.Join(dir, "rules")
	crowd.save(t, inv)
	saveDocument(t, document, crowd, e.rules)
	if err := os.Mkdir(rules, 0o700); err != nil {
		t.Fatal(err)
	}
	savePolicies(t, rules, e)

	f, err := os.Open(inv)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	engine, oracle, tokens := map[string]int{}, map[string]int{}, 0
	err = codec.Read(t.Context(), f, codec.Limits{}, func(s inventory.Source) error {
		tokens += len(s.Tokens)
		for rule, c := range evaluate(t, e, s).Counts {
			engine[rule] += c.Fail
		}
		for rule, c := range newOracleSource(&s, auditTime, defaultOracleParams()).counts() {
			oracle[rule] += c.Fail
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	driver := failing(e, askDriver(t, document, rules))
	if tokens != 50 || len(driver) < 5 {
		t.Errorf("%d tokens, and findings of %d rules", tokens, len(driver))
	}
	for _, rule := range e.rules {
		if n := engine[rule.ID]; n != driver[rule.ID] || n != oracle[rule.ID] {
			t.Errorf("%s: the engine finds %d, the driver %d, the oracle %d", rule.ID, n, driver[rule.ID], oracle[rule.ID])
		}
	}
}

// benchModels are sources that lack no fact but the one that the driver knows about, as those
// of the demo do.
func benchModels() []inventory.Source {
	tokens := []inventory.Token{
		aToken("good"),
		aToken("reads", delivering),
		aToken("forever", func(t *inventory.Token) { t.Expiry.State, t.Expiry.At = inventory.ExpiryNever, time.Time{} }),
		aToken("idle", func(t *inventory.Token) {
			t.CreatedAt.At, t.UpdatedAt.At, t.LastUsed.At = daysAgo(900), daysAgo(900), daysAgo(400)
		}),
		aToken("undocumented", func(t *inventory.Token) { t.Description = "" }),
		aToken("admin", func(t *inventory.Token) {
			t.Access.Level, t.Access.ManagesTokens = inventory.LevelAdmin, inventory.Yes
		}),
		aToken("astray", delivering, func(t *inventory.Token) { t.Environments.Items[0].Exists = inventory.No }),
	}
	for i := range tokens {
		tokens[i].Owner.Level, tokens[i].Owner.LastActive.State = inventory.LevelNone, inventory.TimestampNone
	}
	documented, silent := aSource(tokens...), aSource(tokens...)
	silent.Facts = maps.Clone(silent.Facts)
	silent.Facts["description"] = inventory.FactSupport{Reported: inventory.SupportNo, Reason: "it has none"}
	return []inventory.Source{documented, silent}
}

// askDriver evaluates the driver over a document, as the benchmark has `opa eval` do it.
func askDriver(t *testing.T, document, rules string) []asked {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var input any
	if err := json.Unmarshal(text, &input); err != nil {
		t.Fatal(err)
	}
	results, err := rego.New(rego.Query("data.bench.findings"), rego.Load([]string{rules}, nil), rego.Input(input)).Eval(t.Context())
	if err != nil || len(results) != 1 {
		t.Fatalf("%d results of the driver: %v", len(results), err)
	}
	text, err = json.Marshal(results[0].Expressions[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	var findings []asked
	if err := json.Unmarshal(text, &findings); err != nil {
		t.Fatal(err)
	}
	return findings
}
