package frameworks

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies/engine"
)

func TestFiles(t *testing.T) {
	list, err := All()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range list {
		ids = append(ids, f.ID)
		if f.Key != strings.ReplaceAll(f.ID, "-", "_") || f.Title == "" || f.Version == "" || f.Organization == "" || !strings.HasPrefix(f.URL, "https://") {
			t.Errorf("%s: %+v", f.ID, f)
		}
		if !slices.IsSortedFunc(f.Controls, func(a, b Control) int { return CompareControls(a.ID, b.ID) }) {
			t.Errorf("%s: its controls are not in order", f.ID)
		}
		document, err := os.ReadFile(f.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		strict := json.NewDecoder(bytes.NewReader(document))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&Framework{}); err != nil {
			t.Errorf("%s: %v", f.ID, err)
		}
		for _, c := range f.Controls {
			if c.ID == "" || c.Title == "" {
				t.Errorf("%s: %+v", f.ID, c)
			}
		}
	}
	if diff := cmp.Diff([]string{"cis-v8", "iso-27001", "nist-800-53", "owasp-nhi", "pci-dss", "soc2"}, ids); diff != "" {
		t.Error(diff)
	}
	if _, err := Lookup("owasp"); err == nil || !strings.Contains(err.Error(), "one of cis-v8") {
		t.Errorf("an unknown framework: %v", err)
	}
	if _, err := Lookup("soc3"); err == nil || !strings.Contains(err.Error(), `did you mean "soc2"?`) {
		t.Errorf("a near miss: %v", err)
	}
}

// Every control that a built-in rule names is in the file of its framework.
func TestBuiltInRulesNameKnownControls(t *testing.T) {
	loaded, err := engine.Load(context.Background(), engine.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	known, err := All()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]map[string]bool{}
	for _, f := range known {
		ids[f.Key] = map[string]bool{}
		for _, c := range f.Controls {
			ids[f.Key][c.ID] = true
		}
	}
	for _, rule := range loaded.Rules() {
		for key, controls := range rule.Controls {
			for _, id := range controls {
				if !ids[key][id] {
					t.Errorf("%s names %s of %s, which no file has", rule.ID, id, key)
				}
			}
		}
	}
}

func TestCompareControls(t *testing.T) {
	ids := []string{"NHI10:2025", "AC-6(1)", "NHI2:2025", "AC-2", "AC-6", "AC-2(3)"}
	slices.SortFunc(ids, CompareControls)
	if diff := cmp.Diff([]string{"AC-2", "AC-2(3)", "AC-6", "AC-6(1)", "NHI2:2025", "NHI10:2025"}, ids); diff != "" {
		t.Error(diff)
	}
}
