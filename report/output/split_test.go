package output

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/parts"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func TestFileNamesOfTeams(t *testing.T) {
	for team, want := range map[string]string{
		"web": "web", "@acme/web": "acme-web", "Web & Shop": "Web-Shop", "../../etc/passwd": "etc-passwd", ".hidden": "hidden", "a..b": "a-b", "v1.2_x": "v1.2_x",
		"équipe 日本": "équipe-日本", "  ": "", "\u202e": "", "a\x00b": "a-b", "web-": "web", "C:\\Windows": "C-Windows",
	} {
		if got := fileName(team); got != want {
			t.Errorf("%q: %q, want %q", team, got, want)
		}
	}
	for _, name := range reporttest.HostileNames() {
		file := fileName(name)
		if !filepath.IsLocal(file+".md") || strings.ContainsAny(file, `/\`) || strings.HasPrefix(file, ".") || len(file) > 300 {
			t.Errorf("%q names the file %q", name, file)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	parse := func(specs ...string) []Output {
		outputs, err := ParseOutputs(specs)
		if err != nil {
			t.Fatal(err)
		}
		return outputs
	}
	for _, test := range []struct {
		outputs []Output
		teams   []string
		want    string
	}{
		{parse("markdown=r/{owner}.md"), nil, "the configuration assigns no tokens to teams"},
		{parse("markdown=r/{owner}.md"), []string{"web a", "web/a"}, `the teams "web a" and "web/a" would have the same file web-a; rename one of them`},
		{parse("markdown=r/{owner}.md"), []string{"Web", "web"}, "would have the same file"},
		{parse("markdown=r/{owner}.md"), []string{"--"}, "has no letter or digit"},
		{parse("markdown=r/{owner}.md", "html=r/web.md"), []string{"web"}, "both markdown and html would be written to"},
	} {
		if _, err := Split(test.outputs, test.teams); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %s", test.teams, err, test.want)
		}
	}
	if _, err := ParseOutputs([]string{"markdown={owner}/report.md"}); err == nil || !strings.Contains(err.Error(), "only in the name of the file") {
		t.Errorf("a folder: %v", err)
	}
}

// Each format can be split: each file is what the part of the team renders as.
func TestSplitWritesThePartOfEachTeam(t *testing.T) {
	whole := reporttest.Sample()
	folder := t.TempDir()
	var specs []string
	for _, name := range FormatNames() {
		specs = append(specs, name+"="+filepath.Join(folder, name+"-{owner}.txt"))
	}
	outputs, err := ParseOutputs(specs)
	if err != nil {
		t.Fatal(err)
	}
	if outputs, err = Split(outputs, parts.TeamsOf(whole)); err != nil {
		t.Fatal(err)
	}
	options := format.Options{Gate: report.DefaultGate()}
	if err := WriteOutputs(t.Context(), outputs, nil, whole, options); err != nil {
		t.Fatal(err)
	}
	for _, name := range FormatNames() {
		f, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		var prints []string
		for _, team := range parts.TeamsOf(whole) {
			part, err := parts.OfTeams(whole, []string{team})
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(folder, name+"-"+team+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			var want strings.Builder
			if err := f.Render(&want, part, options); err != nil {
				t.Fatal(err)
			}
			if string(got) != want.String() {
				t.Errorf("%s of %s is not what its part renders as", name, team)
			}
			if find := shown[name]; find != nil && len(part.Findings) > 0 {
				prints = append(prints, find(t, got, part)...)
			}
		}
		if slices.Sort(prints); name == "csv" && len(slices.Compact(prints)) != len(whole.Findings) {
			t.Errorf("%s has %d findings in all, want %d", name, len(prints), len(whole.Findings))
		}
	}
}
