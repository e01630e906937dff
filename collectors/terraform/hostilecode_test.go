package terraform_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/collectors"
	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform"
)

// What would make the parser, or what walks its tree, call itself without end.
func nested(n int) map[string]string {
	again := func(s string) string { return strings.Repeat(s, n) }
	return map[string]string{
		"brackets":     "a = " + again("[") + again("]"),
		"never closed": "a = " + again("["),
		"braces":       "a = " + again("{a=") + "1" + again("}"),
		"parentheses":  "a = " + again("(") + "1" + again(")"),
		"calls":        "a = " + again("f(") + again(")"),
		"not":          "a = " + again("!") + "true",
		"minus":        "a = " + again("-") + "1",
		"sum":          "a = 1" + again("+1"),
		"comparison":   "a = 1" + again("<=1"),
		"logic":        "a = x" + again("||x"),
		"conditions":   "a = " + again("x?1:") + "1",
		"templates":    "a = " + again("\"${") + "1" + again("}\""),
		"directives":   "a = \"" + again("%{if x}") + again("%{endif}") + "\"",
		"heredocs":     "a = " + again("<<A\n${") + "1" + again("}\nA\n"),
		"indexes":      "a = x" + again("[0]"),
		"splats":       "a = x" + again("[*]"),
		"more splats":  "a = x" + again(".*"),
		"for":          "a = " + again("[for x in ") + "[]" + again(": x]"),
		"objects":      "a = " + again("{for x, y in ") + "{}" + again(": x => y}"),
		"blocks":       again("a {\n") + again("}\n"),
		"one line":     again("a { ") + again("}"),
		// The parser skips the brackets where it gives up: no depth is told by them.
		"lost braces":   again("a {\n b = }\n"),
		"lost brackets": "a = [ ! \n" + again("x {\n b = }\n"),
		"other closers": again("a {\n ]\n"),
	}
}

// Each of these ended the process: no recover helps where the stack ends.
func TestNestedCode(t *testing.T) {
	for name, text := range nested(60_000) {
		t.Run(name, func(t *testing.T) {
			source, gaps := located(t, map[string]string{"root/main.tf": text + "\n"}, planOf(nil))
			want := "root/main.tf: line 1: has more than 10000 brackets and operators before it ends"
			if name == "lost braces" { // many items, each parsed apart
				want = "root/main.tf: line 1: cannot be parsed"
			}
			if len(gaps) != 1 || gaps[0] != want {
				t.Errorf("gaps: %q", gaps)
			}
			if err := source.Check(); err != nil {
				t.Error(err)
			}
		})
	}
	for name, text := range map[string]string{
		"arrays":  `{"locals":{"a":` + strings.Repeat("[", 60_000) + strings.Repeat("]", 60_000) + `}}`,
		"objects": `{"locals":` + strings.Repeat(`{"a":`, 60_000) + "1" + strings.Repeat("}", 60_000) + `}`,
		// Another parser takes the quote that follows U+0600 for a part of it.
		"a quote that is none": `{"a":"` + "\u0600" + `","b":"` + strings.Repeat("[", 60_000) + `"}`,
		"templates":            `{"locals":{"a":"` + strings.Repeat("${[", 60_000) + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, gaps := located(t, map[string]string{"root/main.tf.json": text}, planOf(nil))
			deep := name == "arrays" || name == "objects"
			if deep != (len(gaps) == 1 && gaps[0] == "root/main.tf.json: line 1: is nested more than 256 levels deep") || !deep && len(gaps) > 0 {
				t.Errorf("gaps: %q", gaps)
			}
		})
	}
}

// What is nested as much as code ever is, and a block that is large, are read.
func TestLargeCode(t *testing.T) {
	files := map[string]string{"root/large.tf": "locals {\n  all = [\n" + strings.Repeat("    { name = \"${var.a}\", on = [1, 2] },\n", 3000) + "  ]\n}\n"}
	for name, text := range nested(100) {
		if name != "never closed" && !strings.Contains(name, "lost") && name != "other closers" && name != "one line" && name != "more splats" {
			files["root/"+strings.ReplaceAll(name, " ", "-")+".tf"] = "locals {\n" + text + "\n}\n"
		}
	}
	if _, gaps := located(t, files, planOf(nil)); len(gaps) > 0 {
		t.Errorf("%q", gaps)
	}
}

// The source of a module is a text. An expression is not computed, which could take
// as long as somebody likes.
func TestNothingIsComputed(t *testing.T) {
	loops := "1"
	for range 12 {
		loops = "[for x in [" + strings.Repeat("1,", 200) + "] : " + loops + "]"
	}
	_, gaps := located(t, map[string]string{"root/main.tf": "module \"m\" {\n  source = " + loops + "\n}\nprovider \"contentful\" {\n  alias = " + loops + "\n}\n"}, planOf(nil))
	if diff := cmp.Diff([]string{"module.m: its code is not in the folder, where terraform init puts it"}, gaps); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is too large, or too much, is a gap and not a pass.
func TestTooMuchCode(t *testing.T) {
	large := repository(t, map[string]string{"root/main.tf": "#" + strings.Repeat(" ", 8<<20)})
	dense := repository(t, map[string]string{"root/main.tf": "a = [" + strings.Repeat("1,", 600_000) + "]\n"})
	many := repository(t, map[string]string{"root/f.tf": ""})
	for i := range 5000 {
		// Names of one file: to make, and remove, as many files takes seconds.
		if err := os.Link(filepath.Join(many, "root/f.tf"), filepath.Join(many, fmt.Sprintf("root/f%d.tf", i))); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{
		large: "root/main.tf: is larger than 8 MiB",
		dense: "root/main.tf: is too large: at most 1000000 words and signs are read of a file, and 4000000 in total",
		many:  "root: there are more than 5000 files",
	} {
		if _, gaps := locatedIn(t, dir, planOf(nil)); !slices.Equal(gaps, []string{want}) {
			t.Errorf("got %q, want %q", gaps, want)
		}
	}
}

func TestCodeInAPipe(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mkfifo", filepath.Join(dir, "main.tf")).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	p := read(t, planOf(nil))
	if err := p.Locate(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "main.tf") + ": is a pipe: expected a regular file"}
	if diff := cmp.Diff(want, gapsOf(p.Source(at))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// As a source of the configuration, a plan that cannot be read takes nothing with it
// of what the code shows, nor the code anything of the plan.
func TestCollectorKeepsWhatItHas(t *testing.T) {
	dir := repository(t, map[string]string{
		"plan.json": string(planOf(nil, key("create"))), "broken.json": "{",
		"infra/main.tf": "locals {\n  token = \"" + pretended + "\"\n}\n",
	})
	for name, c := range map[string]struct {
		plan, code       string
		tokens, literals int
		want             map[string]inv.UnitStatus
	}{
		"all":     {"plan.json", "infra", 2, 1, map[string]inv.UnitStatus{"plan": "complete", "configuration": "complete", "code": "complete"}},
		"no plan": {"broken.json", "infra", 0, 1, map[string]inv.UnitStatus{"plan": "failed", "code": "complete"}},
		"no code": {"plan.json", "absent", 2, 0, map[string]inv.UnitStatus{"plan": "complete", "configuration": "complete", "code": "failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			collector, err := terraform.Definition().New(
				collectors.Entry{Name: "web", Values: map[string]any{"plan": c.plan, "dir": c.code}},
				collectors.Run{Dir: dir, Now: func() time.Time { return at }},
			)
			if err != nil {
				t.Fatal(err)
			}
			source, err := collector.Collect(t.Context(), inv.Source{})
			if err != nil {
				t.Fatal(err)
			}
			got, missing := map[string]inv.UnitStatus{}, 0
			for _, u := range source.Units {
				got[u.Name] = u.Status
				if u.Status != inv.UnitComplete {
					missing++
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("units (-want +got):\n%s", diff)
			}
			if len(source.Tokens) != c.tokens || len(source.Literals) != c.literals {
				t.Errorf("%d tokens, %d literals", len(source.Tokens), len(source.Literals))
			}
			if err := source.Check(); err != nil {
				t.Error(err)
			}
			failed := 0
			for _, check := range collector.(collectors.Prober).Probe(t.Context()) {
				if check.Status == collectors.CheckFailed {
					failed++
				}
			}
			if failed != missing {
				t.Errorf("doctor says that %d things are missing of %d", failed, missing)
			}
		})
	}
}

// Whatever stands in a folder of code, it is read without a panic.
func FuzzLocate(f *testing.F) {
	f.Add([]byte("provider \"contentful\" {\n  alias = \"b\"\n}\nmodule \"m\" { source = \".\" }\nlocals { a = \"CFPAT-aaaaaaaaaaaa\" }\n"), false)
	f.Add([]byte(`{"resource": {"a": {"b": {}}}, "variable": [], "locals": [{"a": 1}]}`), true)
	for _, text := range nested(3) {
		f.Add([]byte(text), false)
	}
	f.Add([]byte(`{"module":[{"m":{"source":"./m","x":"CFPAT-aaaaaaaaaaaa"}}],"provider":{"contentful":[{"alias":"b"}]}}`), true)
	f.Fuzz(func(t *testing.T, text []byte, asJSON bool) {
		dir, name := t.TempDir(), "main.tf"
		if asJSON {
			name += ".json"
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		p := &terraform.Plan{Root: "web"}
		if err := p.Locate(t.Context(), dir, nil); err != nil {
			t.Fatal(err)
		}
		source := p.Source(at)
		source.Units = append(source.Units, inv.CompleteUnit("plan", inv.AllKinds()...))
		if err := source.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
