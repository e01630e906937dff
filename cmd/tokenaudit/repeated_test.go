package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/report"
)

// twoValues are two values that a flag of each type takes.
var twoValues = map[string][2]string{
	"bool": {"true", "false"}, "string": {"a", "b"}, "duration": {"1s", "2s"}, "float64": {"1", "2"}, "int": {"1", "2"},
}

// eachFlag calls test for every flag of every command.
func eachFlag(t *testing.T, test func(t *testing.T, cmd *cobra.Command, f *pflag.Flag)) {
	t.Helper()
	for _, cmd := range cli.AllCommands(newRoot(newProgram(ioStreams{out: io.Discard, err: io.Discard}))) {
		cmd.InitDefaultHelpFlag()
		visit := func(f *pflag.Flag) {
			t.Run(cmd.CommandPath()+" --"+f.Name, func(t *testing.T) { test(t, cmd, f) })
		}
		cmd.LocalFlags().VisitAll(visit)
		cmd.InheritedFlags().VisitAll(visit)
	}
}

// A flag that takes one value refuses a second, at every command. Nothing is run:
// the command line is wrong already.
func TestRepeatedFlagIsRefused(t *testing.T) {
	flags := 0
	eachFlag(t, func(t *testing.T, cmd *cobra.Command, f *pflag.Flag) {
		if _, several := f.Value.(pflag.SliceValue); several || f.Name == "help" || f.Name == "version" {
			return
		}
		flags++
		values, ok := twoValues[f.Value.Type()]
		if !ok {
			t.Fatalf("no two values of the type %s are known", f.Value.Type())
		}
		args := strings.Fields(cmd.CommandPath())[1:]
		for _, v := range values {
			args = append(args, "--"+f.Name+"="+v)
		}
		var errs bytes.Buffer
		code := run(t.Context(), ioStreams{in: strings.NewReader(""), out: io.Discard, err: &errs}, args)
		if code != report.ExitError || !strings.Contains(errs.String(), "--"+f.Name+" is given twice, as \"") {
			t.Errorf("exit code %d, %s", code, errs.String())
		}
	})
	if flags < 100 {
		t.Errorf("only %d flags were looked at", flags)
	}
}

// A switch that says the same twice is understood, and so is a flag that collects
// values.
func TestHarmlessRepeats(t *testing.T) {
	for _, args := range [][]string{{"version", "-q", "-q"}, {"-q", "version", "--quiet"}, {"rules", "list", "--policy", "absent-a", "--policy", "absent-b"}} {
		var errs bytes.Buffer
		run(t.Context(), ioStreams{in: strings.NewReader(""), out: io.Discard, err: &errs}, args)
		if strings.Contains(errs.String(), "twice") {
			t.Errorf("%v: %s", args, errs.String())
		}
	}
}
