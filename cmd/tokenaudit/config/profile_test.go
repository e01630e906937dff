package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/profiles"
)

// written loads a configuration, with other files next to it.
func written(t *testing.T, files map[string]string) (*Config, error) {
	t.Helper()
	f := newFolder(t)
	for name, text := range files {
		f.write(name, text)
	}
	return f.load()
}

// Every profile loads, says what it is, and sets what the rules know; every framework
// has one.
func TestProfiles(t *testing.T) {
	names, err := profiles.Names()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
		c, err := written(t, map[string]string{"tokenaudit.yaml": "version: 1\nprofile: " + name + "\n"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.Profile.Title == "" || c.Profile.Description == "" {
			t.Errorf("%s has no title or no description", name)
		}
		loaded, err := engine.Load(t.Context(), engine.LoadOptions{Settings: c.Settings})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, r := range c.Locate(loaded.Relaxed()) {
			if !r.Default {
				t.Errorf("%s asks less than a control needs: %s", name, r)
			}
		}
	}
	catalogues, err := frameworks.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range catalogues {
		if !known[f.ID] {
			t.Errorf("the framework %s has no profile", f.ID)
		}
	}
	for _, name := range []string{"baseline", "strict"} {
		if !known[name] {
			t.Errorf("the profile %s is missing", name)
		}
	}
}

// The configuration is a difference to its profile, rule by rule and parameter by parameter,
// and each setting says where it is from.
func TestConfigurationOverProfile(t *testing.T) {
	c, err := written(t, map[string]string{
		"tokenaudit.yaml": `version: 1
profile: {file: ours.yaml}
policies:
  rules:
    unused-token:
      params: {max_idle_days: 400}
    admin-token: {off: false}
    factory-token: {severity: low}
    owner-gone:
      sources: [{source: "datocms/*", off: true}]
`,
		"ours.yaml": `title: Ours
rules:
  unused-token:
    severity: high
    params: {max_idle_days: 30, no_record: unknown}
  admin-token: off
  factory-token: off
  inert-token: off
`,
	})
	if err != nil {
		t.Fatal(err)
	}
	type settings = map[string]policies.RuleSettings
	want := settings{
		"unused-token":  {Severity: "high", Params: map[string]any{"max_idle_days": 400, "no_record": "unknown"}},
		"admin-token":   {On: true},
		"factory-token": {Severity: "low"},
		"inert-token":   {Off: true},
		"owner-gone":    {Sources: []policies.SourceSettings{{Pattern: "datocms/*", Off: true}}},
	}
	got := settings{}
	for id, set := range c.Settings.Rules {
		set.Origin.File, set.Origin.Line = "", 0
		got[id] = set
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	loaded, err := engine.Load(t.Context(), engine.LoadOptions{Settings: c.Settings})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range c.Locate(loaded.Relaxed()) {
		lines = append(lines, strings.ReplaceAll(r.String(), filepath.ToSlash(c.Dir)+"/", ""))
	}
	wantLines := []string{
		"factory-token: severity is low, where medium is needed (tokenaudit.yaml:8)",
		"inert-token: off (ours.yaml:8)",
		"owner-gone for datocms/*: off (tokenaudit.yaml:10)",
		"unused-token: max_idle_days is 400, where at most 45 is needed (tokenaudit.yaml:6)",
		"unused-token: max_idle_days is 400, where at most 90 is needed (tokenaudit.yaml:6)",
		"unused-token: no_record is unknown, where fail is needed (ours.yaml:5)",
	}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Error(diff)
	}
	same, err := written(t, map[string]string{"tokenaudit.yaml": "version: 1\nprofile: {file: ours.yaml}\n", "ours.yaml": "rules: {}\n"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := written(t, map[string]string{"tokenaudit.yaml": "version: 1\nprofile: {file: ours.yaml}\n", "ours.yaml": "rules: {admin-token: off}\n"})
	if err != nil {
		t.Fatal(err)
	}
	if same.Digest == other.Digest {
		t.Error("the digest of the configuration does not tell profiles apart")
	}
}

func TestProfileMistakes(t *testing.T) {
	for _, c := range []struct{ config, ours, want string }{
		{"profile: strickt\n", "", "tokenaudit.yaml:2: profile: must be baseline, cis-v8, "},
		{"profile: {file: nowhere.yaml}\n", "", "tokenaudit.yaml:2: profile.file: the file does not exist"},
		{"profile: {files: [x]}\n", "", "tokenaudit.yaml:2: profile.files: unknown key"},
		{"profile: {file: ours.yaml}\n", "rules: {admin-token: {sources: [{source: x, off: true}]}}\n", "ours.yaml:1: rules.admin-token.sources: a profile is for all sources"},
		{"profile: {file: ours.yaml}\n", "title: Ours\n", "ours.yaml:1: rules"},
		{"profile: {file: ours.yaml}\n", "rules: {admin-token: {severity: dire}}\n", "ours.yaml:1: rules.admin-token.severity"},
	} {
		_, err := written(t, map[string]string{"tokenaudit.yaml": "version: 1\n" + c.config, "ours.yaml": c.ours})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s%s: %v, want %s", c.config, c.ours, err, c.want)
		}
	}
}
