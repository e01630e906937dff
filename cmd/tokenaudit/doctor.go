package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sourcegraph/conc/pool"
	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// maxProbes bounds how many entries are probed at once.
const maxProbes = 16

func newDoctor(run func(context.Context, readOptions) error) *cobra.Command {
	var o readOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check each configured credential: who it is, what it may list, what is missing",
		Long: `Doctor asks as little as possible with each configured credential and says who it
is, what it may list, which permission is missing and where to grant it, and how
to make the weakest credential that does the work.

It exits 0 when nothing is missing, and 3 when a check failed: a scan would be
incomplete.`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	o.bind(cmd)
	// It is understood, so that what is wrong with it can be said.
	_ = cmd.Flags().MarkHidden("source")
	return cmd
}

// diagnosis is what was found out about one entry.
type diagnosis struct {
	entry  collectors.Entry
	checks []collectors.Check
}

func (a *app) doctor(ctx context.Context, o readOptions) error {
	if len(o.sources) > 0 {
		return usageError{errors.New("--source has no effect here: doctor checks credentials, not sources")}
	}
	r, err := a.newReading(ctx, o)
	if err != nil {
		return err
	}
	diagnoses, err := r.probe(ctx)
	if err != nil {
		return err
	}
	if err := a.printDiagnoses(diagnoses); err != nil {
		return err
	}
	for _, d := range diagnoses {
		if d.count(collectors.CheckFailed) > 0 {
			return verdictError{report.ExitIncomplete}
		}
	}
	return nil
}

// probe checks all entries at once; the result is in the order of the file.
func (r *reading) probe(ctx context.Context) ([]diagnosis, error) {
	ctx, cancel := r.limit(ctx)
	defer cancel()
	entries, err := r.entries(ctx)
	if err != nil {
		return nil, err
	}
	session, err := r.session(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	probers := make([]collectors.Prober, len(entries))
	for i, e := range entries {
		if probers[i], err = r.prober(e, session); err != nil {
			return nil, err
		}
	}
	diagnoses := make([]diagnosis, len(entries))
	probes := pool.New().WithMaxGoroutines(maxProbes)
	for i, e := range entries {
		diagnoses[i].entry = e
		if probers[i] != nil {
			probes.Go(func() { diagnoses[i].checks = probers[i].Probe(ctx) })
		}
	}
	probes.Wait()
	return diagnoses, nil
}

func (a *app) printDiagnoses(diagnoses []diagnosis) error {
	var out strings.Builder
	var told []string
	for _, d := range diagnoses {
		a.printDiagnosis(&out, d)
	}
	for _, d := range diagnoses {
		definition, ok := a.registry.Lookup(d.entry.CMS)
		if !ok || slices.Contains(told, d.entry.CMS) {
			continue
		}
		told = append(told, d.entry.CMS)
		fmt.Fprintf(&out, "The weakest credential for %s\n\n%s\n\n", definition.Title, indented(strings.TrimSpace(definition.LeastPrivilege)))
	}
	if _, err := io.WriteString(a.out, out.String()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// printDiagnosis prints one entry: its place and outcome, then a line a check.
func (a *app) printDiagnosis(w *strings.Builder, d diagnosis) {
	name := d.entry.CMS
	if d.entry.Name != "" {
		name += " " + d.entry.Name
	}
	fmt.Fprintf(w, "%s (%s:%d): %s\n", name, d.entry.Origin.File, d.entry.Origin.Line, d.outcome())
	width := 0
	for _, c := range d.checks {
		width = max(width, len(c.Name))
	}
	for _, c := range d.checks {
		fmt.Fprintf(w, "  %s  %-*s  %s\n", a.mark(c.Status), width, c.Name, safetext.OneLine(c.Detail))
		if c.Hint != "" {
			fmt.Fprintf(w, "  %-*s  to do: %s\n", len("warning")+2+width, "", safetext.OneLine(c.Hint))
		}
	}
	w.WriteString("\n")
}

// mark gives the status of a check, coloured on a terminal.
func (a *app) mark(s collectors.CheckStatus) string {
	text := fmt.Sprintf("%-7s", s)
	if !a.color {
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

func (d diagnosis) count(status collectors.CheckStatus) int {
	n := 0
	for _, c := range d.checks {
		if c.Status == status {
			n++
		}
	}
	return n
}

func (d diagnosis) outcome() string {
	failed, warned := d.count(collectors.CheckFailed), d.count(collectors.CheckWarning)
	switch {
	case len(d.checks) == 0:
		return "nothing to check: it has no credential"
	case failed > 0:
		return fmt.Sprintf("%d of %d checks failed", failed, len(d.checks))
	case warned > 0:
		return "every check passed, with a warning"
	}
	return "every check passed"
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
