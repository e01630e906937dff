package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config/reference"
	"github.com/tokenaudit/tokenaudit/collectors/builtin"
)

// demoOnTerminal is the table of the demo at noon, on a terminal of 100 columns
// without colours.
func demoOnTerminal(t *testing.T) string {
	t.Helper()
	var out, errs bytes.Buffer
	a := newProgram(ioStreams{in: strings.NewReader(""), out: &out, err: &errs})
	a.OutTerminal, a.Width = true, 100
	if err := execute(t.Context(), a, []string{"demo", "--color", "never", "--at", "2026-11-22T12:00:00Z"}); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return out.String() + errs.String()
}

// TestReadmeShowsTheRealDemo: every line of the README's sample, but for the
// dots where something is left out, is a line of the demo, in the same order.
func TestReadmeShowsTheRealDemo(t *testing.T) {
	_, sample, ok := strings.Cut(textOf(t, filepath.Join(repository, "README.md")), "```text\n")
	if !ok {
		t.Fatal("the README has no sample\n" + demoOnTerminal(t))
	}
	sample, _, _ = strings.Cut(sample, "```")
	rest := demoOnTerminal(t)
	for line := range strings.SplitSeq(sample, "\n") {
		if strings.TrimSpace(line) == "" || strings.TrimSpace(line) == "..." {
			continue
		}
		_, after, found := strings.Cut(rest, line+"\n")
		if !found {
			t.Fatalf("not a line of the demo, or not in this order:\n%s\nof\n%s", line, rest)
		}
		rest = after
	}
}

// TestReadmeListsEveryCommand: people look for a command in the table.
func TestReadmeListsEveryCommand(t *testing.T) {
	_, listed, _ := strings.Cut(textOf(t, filepath.Join(repository, "README.md")), "| Command |")
	listed, _, _ = strings.Cut(listed, "\n\n")
	names := map[string]bool{}
	for row := range strings.SplitSeq(listed, "\n") {
		first, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		for i, text := range strings.Split(first, "`") {
			if i%2 == 1 {
				for word := range strings.FieldsSeq(text) {
					names[word] = true
				}
			}
		}
	}
	for _, cmd := range cli.AllCommands(newRoot(newProgram(ioStreams{out: io.Discard, err: io.Discard}))) {
		if cmd.HasParent() && !names[cmd.Name()] {
			t.Errorf("the README does not list %s", cmd.CommandPath())
		}
	}
}

// TestReadmeConfigurationParses: what people copy first must be right.
func TestReadmeConfigurationParses(t *testing.T) {
	_, sample, _ := strings.Cut(textOf(t, filepath.Join(repository, "README.md")), "```yaml\n")
	sample, _, _ = strings.Cut(sample, "```")
	c, err := config.Parse("README.md", []byte(sample), builtin.Definitions())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Sources) != 4 || len(c.Waivers) != 1 {
		t.Errorf("%d sources, %d waivers", len(c.Sources), len(c.Waivers))
	}
}

// TestExampleConfigurationsParse: the same of those that the examples bring.
func TestExampleConfigurationsParse(t *testing.T) {
	for _, file := range []string{"command/tokenaudit.yaml", "schedule/systemd/tokenaudit.yaml"} {
		if c, err := config.Parse(file, []byte(textOf(t, "../../examples/"+file)), builtin.Definitions()); err != nil || len(c.Sources) != 1 {
			t.Errorf("%s: %d sources, %v", file, len(c.Sources), err)
		}
	}
}

// The reference of the configuration is made from what the collectors declare.
func TestConfigurationReference(t *testing.T) {
	upToDate(t, "config/README.md", reference.Page(builtin.Definitions()), "UPDATE_REFERENCE")
}
