package config_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"
	"go.yaml.in/yaml/v3"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
)

var update = flag.Bool("update", false, "write the golden files")

func schemaText(t *testing.T) []byte {
	t.Helper()
	rules := map[string]any{"type": []string{"object", "null"}}
	text, err := config.Schema(definitions(), rules)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSchemaIsGolden(t *testing.T) {
	const golden = "testdata/schema.golden.json"
	got := schemaText(t)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

// TestSchemaAgreesWithParse: an editor that knows the schema must neither
// accept what the parser refuses for its structure, nor refuse what it accepts.
func TestSchemaAgreesWithParse(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat = true
	if err := compiler.AddResource("config.json", strings.NewReader(string(schemaText(t)))); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	head := "version: 1\nsources:\n  - cms: paper\n    organization: o\n"
	for _, text := range []string{
		complete,
		"version: 1\n",
		"version: 1\nsources:\nwaivers:\nusage:\n",
		"version: 2\n",
		"sources: []\n",
		"version: 1\nfrob: 1\n",
		head,
		head + "    token: {env: A}\n",
		head + "    token: {file: a}\n",
		head + "    token: {command: [a, b]}\n",
		head + "    token: {command: []}\n",
		head + "    token: {env: A, file: b}\n",
		head + "    token: {env: $A}\n",
		head + "    token: literal\n",
		head + "    token: {env: A}\n    oauth_token: {env: B}\n",
		head + "    token: {env: A}\n    region: moon\n",
		head + "    token: {env: A}\n    shelves: []\n",
		head + "    token: {env: A}\n    shelves: [a, a]\n",
		head + "    token: {env: A}\n    depth: deep\n",
		head + "    token: {env: A}\n    archived: 1\n",
		head + "    token: {env: A}\n    timeout: soon\n",
		head + "    token: {env: A}\n    timeout: 1m30s\n",
		head + "    token: {env: A}\n    never_after: \"2027-02-30\"\n",
		head + "    token: {env: A}\n    requests_per_second: -1\n",
		head + "    token: {env: A}\n    projects: [{name: a}]\n",
		head + "    token: {env: A}\n    labels: {a: 1}\n",
		"version: 1\nsources: [{cms: paper, token: {env: A}}]\n",
		"version: 1\nsources: [{cms: stone, token: {env: A}}]\n",
		"version: 1\nsources: [{cms: other}]\n",
		"version: 1\nwaivers: [{rule: a, token: b}]\n",
		"version: 1\ngate: {fail_on: none}\n",
		"version: 1\ngate: {fail_on: never}\n",
		"version: 1\nlimits: {timeout: 5m}\n",
		"version: 1\nlimits: {timeout: 5}\n",
	} {
		_, parseErr := config.Parse("f.yaml", []byte(text), definitions())
		schemaErr := schema.Validate(plain(t, text))
		if (parseErr == nil) != (schemaErr == nil) {
			t.Errorf("%s\nparser: %v\nschema: %v", text, parseErr, schemaErr)
		}
	}
}

// plain returns the JSON value of a YAML text, dates as the text they are.
func plain(t *testing.T, text string) any {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		t.Fatal(err)
	}
	var dates func(*yaml.Node)
	dates = func(n *yaml.Node) {
		if n.ShortTag() == "!!timestamp" {
			n.Tag = "!!str"
		}
		for _, c := range n.Content {
			dates(c)
		}
	}
	dates(&node)
	var v any
	if err := node.Decode(&v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
