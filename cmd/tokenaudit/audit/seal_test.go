package audit

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/bundle"
	"github.com/tokenaudit/tokenaudit/policies/engine"
)

const ruleWithData = `# METADATA
# title: Token is on the list
# description: The token is on the list.
# custom:
#   severity: low
#   subject: token
#   select: {kinds: [delivery]}
#   remediation: {default: Leave it.}
package custom.rules.listed

deny contains {"token": token.id, "message": "it is on the list"} if {
	some token in input.tokens
	token.name in data.custom.list.names
}
`

// opaBundle writes a bundle of OPA.
func opaBundle(t *testing.T, files map[string]string) string {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for name, text := range files {
		err := archive.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o600})
		if _, errText := archive.Write([]byte(text)); err != nil || errText != nil {
			t.Fatal(errors.Join(err, errText))
		}
	}
	path := filepath.Join(t.TempDir(), "ours.tar.gz")
	if err := errors.Join(archive.Close(), zipped.Close(), os.WriteFile(path, packed.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// Custom rules that come in a bundle of OPA are sealed with its data, as they judged.
func TestRulesWithDataAreSealed(t *testing.T) {
	path := opaBundle(t, map[string]string{
		"rules/listed.rego": ruleWithData,
		"data.json":         `{"custom": {"list": {"names": ["<a>"], "large": 9007199254740993, "share": 0.10, "none": null}}}`,
	})
	loaded, err := engine.Load(t.Context(), engine.LoadOptions{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	files, err := sealedRules(loaded.Custom())
	if err != nil || len(files) != 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	custom, err := customRules(&bundle.Bundle{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(loaded.Custom().Document(), custom.Document()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := engine.Load(t.Context(), engine.LoadOptions{Files: custom})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Digest() != again.Digest() {
		t.Error("the rules that were sealed are others")
	}
	twice, err := sealedRules(custom)
	if diff := cmp.Diff(files, twice); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// Rules that judge by other data are other rules.
func TestDigestHasTheData(t *testing.T) {
	digests := map[string]bool{}
	for _, data := range []string{`{"custom": {"list": {"names": ["a"]}}}`, `{"custom": {"list": {"names": ["b"]}}}`, `{"custom": {"list": {"names": ["a"]}} }`} {
		loaded, err := engine.Load(t.Context(), engine.LoadOptions{Paths: []string{opaBundle(t, map[string]string{"rules/listed.rego": ruleWithData, "data.json": data})}})
		if err != nil {
			t.Fatal(err)
		}
		digests[loaded.Digest()] = true
	}
	if len(digests) != 2 {
		t.Errorf("%d digests of two sets of rules", len(digests))
	}
}
