// Package deliver is the end of the commands that report: it puts a report to the gate,
// writes it in its formats, and turns the decision into an exit code.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"

	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/config"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/documents"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/options"
	"github.com/tokenaudit/tokenaudit/collectors/interruptible"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
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
	baseline, err := saved.Report(ctx, o.Baseline)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	return baseline, nil
}

// Compare marks what is new in a report against a baseline, which may be nil.
func Compare(r, baseline *report.Report, o options.Gate) error {
	if baseline == nil {
		return nil
	}
	err := r.CompareTo(baseline, o.AllowIncomplete)
	if _, ok := errors.AsType[*report.BaselineError](err); ok {
		return incompleteBaseline(o, err)
	}
	if err != nil {
		return fmt.Errorf("--baseline %s: %w", o.Baseline, err)
	}
	return nil
}

// Report writes a report in all the formats that were asked for.
func Report(ctx context.Context, to *console.Streams, r *report.Report, gate report.Gate, s options.Shown, waived bool) error {
	next := ""
	if tokens := triage.Tokens(r); s.ShowToken != "" && len(tokens) > 0 && gate.Decide(r).Verdict == report.VerdictFail {
		next = s.ShowToken + " " + Quoted(tokens[0].ID)
	}
	return output.WriteOutputs(interruptible.UnlessEnded(ctx), s.Outputs, to.Out, r, format.Options{
		Gate: gate, MinSeverity: s.MinSeverity, Framework: s.Framework, Suppressed: waived,
		GroupBy: s.GroupBy, Shown: s.Sections, Next: next,
		Width: to.Page().Width, Color: to.Color,
	})
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
		return incompleteBaseline(o, &report.BaselineError{Reasons: reasons})
	}
	was.RecallLiterals(earlier)
	return nil
}

func incompleteBaseline(o options.Gate, err error) error {
	return fmt.Errorf("--baseline %s: %w; accept it with --allow-incomplete-baseline", o.Baseline, err)
}
