package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// readOptions say what is read, and how patiently.
type readOptions struct {
	config    string
	sources   []string
	labels    []string
	shard     string
	timeout   time.Duration
	maxWait   time.Duration
	totalWait time.Duration
	rate      float64
	caBundle  string
}

func (o *readOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml)")
	f.StringArrayVar(&o.sources, "source", nil, "read only sources whose id or name matches this `glob` (repeatable)")
	bindLabels(f, &o.labels, "read only sources with this label")
	f.DurationVar(&o.timeout, "timeout", 0, "stop reading after this time and report what was seen")
	f.DurationVar(&o.maxWait, "max-wait", 0, "the longest wait for a rate limit (default 1m)")
	f.DurationVar(&o.totalWait, "total-wait", 0, "the most waiting that 429 answers may cause in one rate-limit domain (default 10m)")
	f.Float64Var(&o.rate, "requests-per-second", 0, "lower the rate of requests of every source entry to this `number`")
	f.StringVar(&o.caBundle, "ca-bundle", "", "a PEM `file` of CA certificates to trust beside the system's")
}

// bindLabels adds --label, which restricts a run or a view.
func bindLabels(f *pflag.FlagSet, into *[]string, purpose string) {
	f.StringArrayVar(into, "label", nil, purpose+", `key=value` (repeatable: all keys must match, of one key any value)")
}

// parseLabels reads the values of --label.
func parseLabels(values []string) (labels.Selector, error) {
	selector, err := labels.Parse(values)
	if err != nil {
		return nil, cli.Misuse(fmt.Errorf("--label: %w", err))
	}
	return selector, nil
}

// bindShard adds --shard, which only commands that save what they read take.
func (o *readOptions) bindShard(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.shard, "shard", "", "read only this `part` of the rate-limit domains, such as 3/16; NAME/16 takes the index, from 0, from an environment variable")
}

// gateOptions say which findings fail the run.
type gateOptions struct {
	failOn          string
	failOnNew       bool
	failOnUnchanged bool
	noFail          bool
	baseline        string
	allowIncomplete bool
}

func (o *gateOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.failOn, "fail-on", "", "the lowest `severity` that fails the run: critical, high, medium, low, info or none (default medium)")
	f.StringVar(&o.baseline, "baseline", "", "a JSON `report`: findings are marked new or unchanged against it, and resolved ones are listed")
	f.BoolVar(&o.failOnNew, "fail-on-new", false, "fail only on findings that the baseline does not have")
	f.BoolVar(&o.failOnUnchanged, "fail-on-unchanged", false, "also fail on findings of a plan that the change does not introduce")
	f.BoolVar(&o.allowIncomplete, "allow-incomplete-baseline", false, "accept an incomplete baseline (missing findings count as new)")
}

// bindNoFail adds --no-fail, which only commands take whose exit code tells
// anything.
func (o *gateOptions) bindNoFail(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.noFail, "no-fail", false, "exit 0 instead of 1 or 3, for CI systems that only take in the reports of successful jobs")
}

// validate gives the severity of --fail-on, empty where it was not given, and
// what contradicts itself.
func (o gateOptions) validate() (policies.Severity, error) {
	failOn, err := parseSeverity("--fail-on", o.failOn, true)
	problems := []error{err}
	if o.baseline == "" && o.allowIncomplete {
		problems = append(problems, errors.New("--allow-incomplete-baseline has no effect without --baseline"))
	}
	return failOn, errors.Join(problems...)
}

// showOptions say in which formats a report is written, and where to.
type showOptions struct {
	outputs     []string
	minSeverity string
	framework   string
	waived      bool
}

func (o *showOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&o.outputs, "output", "o", nil, "`format[=file]`, repeatable; formats: "+strings.Join(output.FormatNames(), ", ")+" (default table)")
	f.StringVar(&o.minSeverity, "min-severity", "", "leave findings below this `severity` out of what is shown; never changes the exit code")
	f.StringVar(&o.framework, "framework", "", "show the report control by control too, by this `catalogue`: owasp-nhi, nist-800-53, cis-v8, iso-27001, soc2 or pci-dss")
	f.BoolVar(&o.waived, "waived", false, "include waived findings in sarif, as suppressions")
}

// show is what showOptions come to once they have been checked.
type show struct {
	outputs     []output.Output
	minSeverity policies.Severity
	// framework is nil where no --framework was given.
	framework *report.Framework
}

func (o showOptions) validate() (show, error) {
	var s show
	var problems []error
	problem := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	var err error
	s.minSeverity, err = parseSeverity("--min-severity", o.minSeverity, false)
	problem(err)
	if o.framework != "" {
		s.framework, err = report.LookupFramework(o.framework)
		problem(err)
	}
	s.outputs, err = output.ParseOutputs(o.outputs)
	problem(err)
	for i, output := range s.outputs {
		problem(checkPlace("-o", output.Path))
		for _, other := range s.outputs[:i] {
			// The names differ, but one may be a link.
			if samePlace(other.Path, output.Path) {
				problem(fmt.Errorf("both %s and %s would be written to %s", other.Format.Name, output.Format.Name, output.Path))
			}
		}
	}
	if o.waived && !slices.ContainsFunc(s.outputs, func(out output.Output) bool { return out.Format.Name == "sarif" }) {
		problem(errors.New("--waived has no effect without -o sarif: every other format shows waived findings anyway"))
	}
	return s, errors.Join(problems...)
}

// judgeOptions say by what the sources are judged, and where the report goes.
type judgeOptions struct {
	gateOptions
	showOptions
	at          string
	rules       []string
	policies    []string
	previous    []string
	noInventory bool
}

func (o *judgeOptions) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "the audit `time`, RFC 3339 or YYYY-MM-DD")
	f.StringArrayVar(&o.rules, "rule", nil, "judge by this rule `id` only (repeatable)")
	f.StringArrayVar(&o.policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
	bindPrevious(f, &o.previous)
	f.BoolVar(&o.noInventory, "no-inventory", false, "leave the list of tokens out of the report")
	o.gateOptions.bind(cmd)
	o.showOptions.bind(cmd)
}

// plan is what the flags come to once they have been checked.
type plan struct {
	show
	// at is zero where no --at was given.
	at time.Time
	// failOn is empty where no --fail-on was given.
	failOn policies.Severity
}

// validate states every illegal combination of flags in plain words. saved
// is the file of --save-inventory, or empty.
func (o judgeOptions) validate(saved string) (plan, error) {
	at, errAt := parseTime(o.at)
	failOn, errGate := o.gateOptions.validate()
	shown, errShow := o.showOptions.validate()
	problems := []error{errAt, errGate, errShow}
	for _, output := range shown.outputs {
		if o.noInventory && output.Format.NeedsTokens {
			problems = append(problems, fmt.Errorf("--no-inventory leaves nothing for -o %s to show", output.Format.Name))
		}
		if saved != "" && samePlace(output.Path, saved) {
			problems = append(problems, fmt.Errorf("the inventory and the %s report would both go to %s; give one of them another file", output.Format.Name, placeName(saved)))
		}
	}
	if o.failOnNew && o.baseline == "" {
		problems = append(problems, errors.New("--fail-on-new needs a --baseline to tell what is new"))
	}
	if err := errors.Join(problems...); err != nil {
		return plan{}, cli.Misuse(err)
	}
	return plan{show: shown, at: at, failOn: failOn}, nil
}

// validate states what is wrong with the flags of reading.
func (o readOptions) validate() error {
	var problems []error
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"--timeout", o.timeout}, {"--max-wait", o.maxWait}, {"--total-wait", o.totalWait}} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s must not be negative", d.flag))
		}
	}
	if o.maxWait > 0 && o.totalWait > 0 && o.maxWait > o.totalWait {
		problems = append(problems, errors.New("--max-wait is longer than --total-wait, which bounds the sum of the waits"))
	}
	if !(o.rate >= 0) || math.IsInf(o.rate, 1) {
		problems = append(problems, errors.New("--requests-per-second must be a number above 0"))
	}
	if err := errors.Join(problems...); err != nil {
		return cli.Misuse(err)
	}
	return nil
}

// applyGlobals checks the flags of every command, and applies --color.
func (a *app) applyGlobals() error {
	if a.Quiet && a.verbose {
		return cli.Misuse(errors.New("--quiet and --verbose contradict each other"))
	}
	mode := console.ColorMode(a.colorFlag)
	if mode != console.ColorAuto && mode != console.ColorAlways && mode != console.ColorNever {
		return cli.Misuse(fmt.Errorf("invalid --color %q: expected auto, always or never", a.colorFlag))
	}
	a.SetColor(mode)
	return nil
}

// parseTime reads RFC 3339, or a date, which means its beginning in UTC.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	if err != nil || t.Year() < 1970 {
		return time.Time{}, fmt.Errorf("--at %q is no time: write 2026-11-22T08:00:00Z or 2026-11-22", s)
	}
	return t.UTC(), nil
}

func parseSeverity(flag, s string, none bool) (policies.Severity, error) {
	if s == "" {
		return "", nil
	}
	severity, err := report.ParseThreshold(s)
	if err == nil && severity == report.NoSeverity && !none {
		err = errors.New("none would hide everything; leave the flag out to show everything")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return severity, nil
}
