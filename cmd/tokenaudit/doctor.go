package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/program"
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/plaintext"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	program *program.Program
	options.Read
	guide bool
}

func newDoctor(p *program.Program, run func(context.Context, doctorOptions) error) *cobra.Command {
	o := doctorOptions{program: p}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check each configured credential: who it is, what it may list, what is missing",
		Long: `Doctor asks as little as possible with each configured credential and says who it
is, what it may list, which permission is missing and where to grant it. Where one
is missing, or with --guide, it also says how to make the least-privilege
credential.

It exits 0 when nothing is missing, and 3 when a check failed: a scan would be
incomplete.`,
		Args: cli.Takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.Bind(cmd)
	cmd.Flags().BoolVar(&o.guide, "guide", false, "say how to make the least-privilege credential for each configured CMS")
	// It is understood, so that what is wrong with it can be said.
	_ = cmd.Flags().MarkHidden("source")
	_ = cmd.Flags().MarkHidden("label")
	return cmd
}

func runDoctor(ctx context.Context, o doctorOptions) error {
	if len(o.Sources) > 0 {
		return cli.Misuse(errors.New("--source has no effect here: doctor checks credentials, not sources"))
	}
	if len(o.Labels) > 0 {
		return cli.Misuse(errors.New("--label has no effect here: doctor checks every credential"))
	}
	r, err := o.program.Collection(ctx, o.Read)
	if err != nil {
		return err
	}
	diagnoses, err := r.Probe(ctx)
	if err != nil {
		return err
	}
	if err := printDiagnoses(o.program, diagnoses, o.guide); err != nil {
		return err
	}
	for _, d := range diagnoses {
		if d.Count(collectors.CheckFailed) > 0 {
			return cli.VerdictError{Code: report.ExitIncomplete}
		}
	}
	return nil
}

func printDiagnoses(p *program.Program, diagnoses []collection.Diagnosis, guide bool) error {
	var out strings.Builder
	var told []string
	for _, d := range diagnoses {
		printDiagnosis(p.Streams, &out, d)
	}
	for _, d := range diagnoses {
		definition, ok := p.Registry.Lookup(d.Entry.CMS)
		if !ok || slices.Contains(told, d.Entry.CMS) || !guide && !d.LacksPermission() {
			continue
		}
		told = append(told, d.Entry.CMS)
		fmt.Fprintf(&out, "Least-privilege credential for %s\n\n%s\n", definition.Title, indented(plaintext.Render(definition.LeastPrivilege, p.ProseWidth()-2)))
	}
	if _, err := io.WriteString(p.Out, out.String()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// printDiagnosis prints one entry: its place and outcome, then a line a check.
func printDiagnosis(to *console.Streams, w *strings.Builder, d collection.Diagnosis) {
	name := d.Entry.CMS
	if d.Entry.Name != "" {
		name += " " + d.Entry.Name
	}
	fmt.Fprintf(w, "%s (%s:%d): %s\n", name, d.Entry.Origin.File, d.Entry.Origin.Line, d.Outcome())
	width := 0
	for _, c := range d.Checks {
		width = max(width, len(c.Name))
	}
	column := 2 + len("warning") + 2 + width + 2
	for i, c := range d.Checks {
		fmt.Fprintf(w, "  %s  %-*s  %s\n", mark(to, c.Status), width, c.Name, inColumn(to, column, c.Detail))
		// What is to be done for several checks in a row is said below the last.
		if again := i+1 < len(d.Checks) && d.Checks[i+1].Hint == c.Hint; c.Hint != "" && !again {
			fmt.Fprintf(w, "%-*s%s\n", column, "", inColumn(to, column, "to do: "+c.Hint))
		}
	}
	w.WriteString("\n")
}

// inColumn returns a text that is kept to the right of a column on a terminal, and one line
// elsewhere, so that programs find it.
func inColumn(to *console.Streams, column int, text string) string {
	text = safetext.OneLine(text)
	if !to.OutTerminal {
		return text
	}
	return strings.Join(table.Wrap(text, max(to.Width-column, console.DefaultWidth/4)), "\n"+strings.Repeat(" ", column))
}

// mark returns the status of a check, coloured on a terminal.
func mark(to *console.Streams, s collectors.CheckStatus) string {
	text := fmt.Sprintf("%-7s", s)
	if !to.Color {
		return text
	}
	switch s {
	case collectors.CheckOK:
		return "\x1b[32m" + text + "\x1b[0m"
	case collectors.CheckWarning:
		return "\x1b[33m" + text + "\x1b[0m"
	}
	return "\x1b[31m" + text + "\x1b[0m"
}

// indented puts two blanks before each line that is not empty.
func indented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}
