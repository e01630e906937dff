package reference

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
)

// Every key of the schema is in the reference, and the reference has no other.
func TestReferenceHasTheKeysOfTheSchema(t *testing.T) {
	text, err := config.Schema(nil, map[string]any{"type": "object"})
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		Properties map[string]*node
		Items      *node
		AnyOf      []*node
	}
	var root node
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, row := range rows() {
		told[row.key] = false
	}
	var visit func(key string, n *node)
	visit = func(key string, n *node) {
		switch {
		case n.AnyOf != nil:
			for _, form := range n.AnyOf {
				visit(key, form)
			}
		case n.Items != nil && n.Items.Properties != nil:
			visit(key+"[]", n.Items)
		case n.Properties != nil:
			for name, member := range n.Properties {
				visit(strings.TrimPrefix(key+"."+name, "."), member)
			}
		default:
			last := key[strings.LastIndex(key, ".")+1:]
			for _, name := range []string{key, "…." + last} {
				if _, ok := told[name]; ok {
					told[name] = true
					return
				}
			}
			if key != "policies.rules" { // its keys are the rules
				t.Errorf("the reference lacks %s", key)
			}
		}
	}
	visit("", &root)
	for key, found := range told {
		if !found && !strings.HasPrefix(key, "policies.rules.RULE") {
			t.Errorf("the schema has no key %s", key)
		}
	}
	for _, key := range config.RuleKeys() {
		if _, ok := told["policies.rules.RULE."+key]; !ok {
			t.Errorf("the reference lacks %s of a rule", key)
		}
	}
}
