// Package deliver is the end of the commands that report: it puts a report to the gate,
// writes it in its formats, and turns the decision into an exit code.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"

	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

// Gate merges the defaults, the configuration and the flags, the last winning.
func Gate(configured config.Gate, o options.Gate, failOn policies.Severity) report.Gate {
	gate := report.DefaultGate()
	if configured.FailOn != "" {
		gate.FailOn = policies.Severity(configured.FailOn)
	}
	if configured.NotEvaluated != "" {
		gate.NotEvaluated = policies.Severity(configured.NotEvaluated)
	}
	if failOn != "" {
		gate.FailOn = failOn
	}
	gate.FailOnRisk = risk.Band(o.FailOnRisk)
	gate.Overdue = o.FailOnOverdue || configured.FailOnOverdue
	gate.OnlyNew, gate.NoFail, gate.Unchanged = o.FailOnNew, o.NoFail, o.FailOnUnchanged
	return gate
}

// Text says what the gate decides, and with which exit code.
func Text(d report.Decision) string {
	return fmt.Sprintf("%s: %s (%s)", d.Verdict, safetext.OneLine(d.Reason), d.ExitText())
}

// AsError returns a decision as the error that ends the program with its code.
func AsError(d report.Decision) error {
	if d.Code == report.ExitClean {
		return nil
	}
	return cli.VerdictError{Code: d.Code}
}

// Baseline reads the baseline before the work begins; nil where none is given.
func Baseline(ctx context.Context, saved documents.Opener, o options.Gate) (*report.Report, error) {
	if o.Baseline == "" {
		return nil, nil
	}
	earlier, err := saved.Report(ctx, o.Baseline)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	return earlier, nil
}

// Compare marks what is new in a report against a baseline, which may be nil.
func Compare(r, earlier *report.Report, o options.Gate) error {
	if earlier == nil {
		return nil
	}
	err := baseline.Compare(r, earlier, o.AllowIncomplete)
	if _, ok := errors.AsType[*baseline.Error](err); ok {
		return incompleteBaseline(o, err)
	}
	if err != nil {
		return fmt.Errorf("--baseline %s: %w", o.Baseline, err)
	}
	return nil
}

// BaselineNote says how old a baseline file is, and how many findings of severity high or
// above a gate on new findings passes over for it; empty where it passes over none.
func BaselineNote(r *report.Report, o options.Gate) string {
	hidden := format.Hidden(r)
	if o.Baseline == "" || !o.FailOnNew || hidden == 0 || r.Baseline == nil {
		return ""
	}
	return fmt.Sprintf("the baseline %s is %s old; --fail-on-new passes over %s of severity high or above that it has",
		places.Name(o.Baseline), safetext.Plural(int(max(0, r.At.Sub(r.Baseline.At))/(24*time.Hour)), "day", "days"), safetext.Plural(hidden, "finding", "findings"))
}

// Report writes a report in all the formats that were asked for.
func Report(ctx context.Context, to *console.Streams, r *report.Report, gate report.Gate, s options.Shown, waived bool) error {
	return output.WriteOutputs(interruptible.UnlessEnded(ctx), s.Outputs, to.Out, r, format.Options{
		Gate: gate, MinSeverity: s.MinSeverity, Framework: s.Framework, Suppressed: waived,
		GroupBy: s.GroupBy, Shown: s.Sections, Next: next(r, gate, s.Next), Bundle: s.Bundle, Trend: s.Trend,
		Width: to.Page().Width, Color: to.Color,
	})
}

// next is the command that people run after a report: what to do about the first thing that
// keeps it from passing, else about what it let pass. It is empty for none.
func next(r *report.Report, gate report.Gate, commands options.Next) string {
	about := commands.About
	if about == nil {
		about = func(string, ...string) string { return "" }
	}
	tokens := triage.Tokens(r)
	switch gate.Decide(r).Verdict {
	case report.VerdictFail:
		if i := slices.IndexFunc(tokens, func(t triage.Token) bool { return fails(gate, &t) }); i >= 0 {
			return about("show", tokens[i].Token)
		}
		if i := slices.IndexFunc(r.Findings, gate.Fails); i >= 0 { // about a source
			return about("explain", r.Findings[i].Rule, r.Findings[i].Source)
		}
	case report.VerdictIncomplete:
		return measure(r, gate, commands.Doctor, about)
	}
	switch {
	case len(tokens) > 0: // below the gate, or of a risk that fails it
		return about("show", tokens[0].Token)
	case len(r.Waivers.Applied) > 0:
		return commands.Waivers
	}
	return ""
}

// fails reports whether a finding of the token fails the gate.
func fails(gate report.Gate, t *triage.Token) bool {
	for _, f := range t.Findings {
		if gate.Fails(f.Finding) || slices.ContainsFunc(f.Contains, gate.Fails) {
			return true
		}
	}
	return false
}

// measure is the command that says what keeps a report incomplete.
func measure(r *report.Report, gate report.Gate, doctor string, about func(string, ...string) string) string {
	if len(r.Sources) == 0 && r.Scope.PartOfSources() { // a warning has named the sources that there are
		return ""
	}
	open := func(u report.UnreadUnit) bool { return u.Accepted == nil }
	if len(r.RuleErrors) == 0 && !slices.ContainsFunc(r.Unread(), open) {
		for i := range r.Gaps {
			if gap := &r.Gaps[i]; report.Reaches(gap.Severity, gate.NotEvaluated) && len(gap.Sample) > 0 {
				return about("explain", gap.Rule, gap.Sample[0])
			}
		}
	}
	return doctor
}

// plainWord is a word that a shell leaves alone.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=-]+$`)

// Quoted returns a word as a command line has it, in quotes where a shell would change it.
func Quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Document writes to a file, atomically, or to standard output.
func Document(ctx context.Context, out io.Writer, path string, write func(io.Writer) error) error {
	if path == output.Stdout {
		return write(out)
	}
	return output.WriteFile(interruptible.UnlessEnded(ctx), path, write)
}

// Inventory writes an inventory to a file or to standard output.
func Inventory(ctx context.Context, out io.Writer, path string, inv inventory.Inventory) error {
	inv.Schema = inventory.Schema
	return Document(ctx, out, path, func(w io.Writer) error { return codec.Write(w, inv) })
}

// RecallLiterals adds to how things stand before a change the literals that an earlier
// report of the plans has: a plan tells of the code after the change alone. It may be nil.
func RecallLiterals(was, earlier *report.Report, o options.Gate) error {
	if earlier == nil {
		return nil
	}
	if reasons := earlier.Shortfalls(); len(reasons) > 0 && !o.AllowIncomplete {
		return incompleteBaseline(o, &baseline.Error{Reasons: reasons})
	}
	was.RecallLiterals(earlier)
	return nil
}

func incompleteBaseline(o options.Gate, err error) error {
	return fmt.Errorf("--baseline %s: %w; accept it with --allow-incomplete-baseline", o.Baseline, err)
}
