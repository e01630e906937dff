package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// folder is where a configuration lies, and the files that it names.
type folder struct {
	*testing.T
	path string
}

func newFolder(t *testing.T) folder { return folder{t, t.TempDir()} }

// write writes a file and returns its path.
func (f folder) write(name, text string) string {
	f.Helper()
	path := filepath.Join(f.path, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
	return path
}

// load reads tokenaudit.yaml.
func (f folder) load() (*Config, error) {
	return Load(f.Context(), filepath.Join(f.path, "tokenaudit.yaml"), nil)
}

// checkSchema demands that a schema takes the documents that are true, and no other.
func checkSchema(t *testing.T, schemaText func() ([]byte, error), documents map[string]bool) {
	t.Helper()
	text, err := schemaText()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for document, want := range documents {
		var value any
		if err := json.Unmarshal([]byte(document), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != want {
			t.Errorf("%s: %v", document, err)
		}
	}
}
