package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSecretFlag(t *testing.T) {
	for text, want := range map[string]secretRef{
		"seal.key":             {file: "seal.key"},
		"file:env:x":           {file: "env:x"},
		"env:SEAL_KEY":         {env: "SEAL_KEY"},
		"command:pass show  x": {command: []string{"pass", "show", "x"}},
		`C:\keys\seal.key`:     {file: `C:\keys\seal.key`},
	} {
		got, err := ParseSecretFlag(text)
		if diff := cmp.Diff(want, got.ref, cmp.AllowUnexported(secretRef{})); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
	for _, text := range []string{"", "env:", "env:not a name", "command:", "command: ", "file:", "-----BEGIN PRIVATE KEY-----"} {
		if _, err := ParseSecretFlag(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
