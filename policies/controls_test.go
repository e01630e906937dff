package policies

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writeControls writes the rules that METADATA names into the data files.
func writeControls(t *testing.T, frameworks []Framework, rules []Rule) {
	t.Helper()
	for _, f := range frameworks {
		for i := range f.Controls {
			f.Controls[i].Rules = []string{}
			for _, rule := range rules {
				if slices.Contains(rule.Controls[f.Key], f.Controls[i].ID) {
					f.Controls[i].Rules = append(f.Controls[i].Rules, rule.ID)
				}
			}
		}
		text, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("controls/"+f.ID+".json", append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The data files and the METADATA of the rules say the same; -update writes the
// rules into the data files.
func TestControlsAgreeWithMetadata(t *testing.T) {
	frameworks, err := Frameworks()
	if err != nil {
		t.Fatal(err)
	}
	rules := load(t, LoadOptions{}).Rules()
	if *update {
		writeControls(t, frameworks, rules)
	}
	known := map[string]bool{}
	for _, f := range frameworks {
		known[f.Key] = true
		if f.Title == "" || f.Version == "" || frameworkTitle(f.Key) == f.Key {
			t.Errorf("%s has no title or version", f.ID)
		}
		fromMetadata := map[string][]string{}
		for _, rule := range rules {
			for _, id := range rule.Controls[f.Key] {
				fromMetadata[id] = append(fromMetadata[id], rule.ID)
			}
		}
		spoken := 0
		for _, control := range f.Controls {
			if diff := cmp.Diff(fromMetadata[control.ID], slices.Clip(append([]string(nil), control.Rules...))); diff != "" {
				t.Errorf("%s %s (-METADATA +data file):\n%s", f.ID, control.ID, diff)
			}
			if control.Name == "" || control.Rules == nil {
				t.Errorf("%s %s has no name or null rules", f.ID, control.ID)
			}
			spoken += len(control.Rules)
			delete(fromMetadata, control.ID)
		}
		if len(fromMetadata) > 0 {
			t.Errorf("%s lacks controls that rules name: %v", f.ID, fromMetadata)
		}
		if spoken == 0 {
			t.Errorf("no rule speaks to %s", f.ID)
		}
	}
	if len(frameworks) != 6 {
		t.Errorf("%d frameworks", len(frameworks))
	}
	for _, rule := range rules {
		for key := range rule.Controls {
			if !known[key] {
				t.Errorf("%s names the framework %s, which has no file", rule.ID, key)
			}
		}
	}
}

func TestFrameworkFor(t *testing.T) {
	dir := write(t, map[string]string{"ours.rego": customRule(denyNames, "#   params:", "#   controls: {soc2: [CC6.1, CC9.9]}\n#   params:")})
	rules := load(t, LoadOptions{Paths: []string{dir}, Only: []string{"unused-token", "custom/ours"}}).Rules()
	f, err := FrameworkFor("soc2", rules)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, control := range f.Controls {
		got[control.ID] = control.Rules
	}
	want := map[string][]string{"CC6.1": {"custom/ours"}, "CC6.2": {"unused-token"}, "CC6.3": {"unused-token"}, "CC9.9": {"custom/ours"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := FrameworkFor("iso", rules); err == nil || !strings.Contains(err.Error(), "iso-27001") {
		t.Errorf("got %v", err)
	}
}
