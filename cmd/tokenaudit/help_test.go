package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
)

// helpOf is the help of a command, on a terminal of a width, or piped where it is 0.
func helpOf(t *testing.T, cmd *cobra.Command, width int) string {
	t.Helper()
	var out, errs bytes.Buffer
	a := newProgram(ioStreams{in: strings.NewReader(""), out: &out, err: &errs})
	if width > 0 {
		a.OutTerminal, a.Width = true, width
	} else {
		a.Width = 200 // that of standard error
	}
	if err := execute(t.Context(), a, append(strings.Fields(cmd.CommandPath())[1:], "--help")); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The help of every command fits the terminal, and 80 columns where it is piped.
// Only examples, which people copy, keep their lines; these fit 80 columns.
func TestHelpFitsTheTerminal(t *testing.T) {
	for _, cmd := range cli.AllCommands(newRoot(newProgram(ioStreams{}))) {
		for _, width := range []int{0, 60, 80, 130} {
			t.Run(fmt.Sprintf("%s at %d", cmd.CommandPath(), width), func(t *testing.T) {
				text, most := helpOf(t, cmd, width), width
				if width == 0 {
					most = 80
				}
				for line := range strings.SplitSeq(text, "\n") {
					if len(line) > most && (len(line) > 80 || !strings.Contains(cmd.Example, line)) {
						t.Errorf("%d columns: %s", len(line), line)
					}
				}
			})
		}
	}
}

// Every flag is in the help once, below the heading of its purpose where there
// are many.
func TestHelpNamesEveryFlag(t *testing.T) {
	for _, cmd := range cli.AllCommands(newRoot(newProgram(ioStreams{}))) {
		text := helpOf(t, cmd, 80)
		visit := func(f *pflag.Flag) {
			label := " --" + f.Name
			if n := strings.Count(text, "\n"+cli.FlagLabel(f)); n != 1 != f.Hidden {
				t.Errorf("%s:%s is in the help %d times, hidden: %v", cmd.CommandPath(), label, n, f.Hidden)
			}
			if grouped := func(g cli.FlagGroup) bool { return slices.Contains(g.Flags, f.Name) }; !f.Hidden && strings.Contains(text, "General flags:") && !slices.ContainsFunc(cli.FlagGroups, grouped) {
				t.Errorf("%s:%s is in no group: add it to flagGroups", cmd.CommandPath(), label)
			}
		}
		cmd.InitDefaultHelpFlag()
		cmd.LocalFlags().VisitAll(visit)
		cmd.InheritedFlags().VisitAll(visit)
	}
	scan, _, _ := newRoot(newProgram(ioStreams{})).Find([]string{"scan"})
	for _, heading := range []string{"Source", "Rule", "Exit code", "Output", "Request", "General"} {
		if text := helpOf(t, scan, 80); !strings.Contains(text, "\n"+heading+" flags:\n") {
			t.Errorf("no heading %s in\n%s", heading, text)
		}
	}
}

// What a shell shows next to a completed word is text as people read it.
func TestCompletionHasNoBackquotes(t *testing.T) {
	flags := 0
	for _, cmd := range cli.AllCommands(newRoot(newProgram(ioStreams{}))) {
		for _, typed := range []string{"--", ""} {
			var out, errs bytes.Buffer
			args := slices.Concat([]string{"__complete"}, strings.Fields(cmd.CommandPath())[1:], []string{typed})
			run(t.Context(), ioStreams{in: strings.NewReader(""), out: &out, err: &errs}, args)
			flags += strings.Count(out.String(), "--")
			if strings.Contains(out.String(), "`") {
				t.Errorf("%v: %s", args, out.String())
			}
		}
	}
	if flags < 100 {
		t.Errorf("only %d flags were completed", flags)
	}
}
