// Package options has the flags that commands share: what is read, by what it is
// judged, how it is shown, and what contradicts itself among them.
package options

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/places"
	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/frameworks"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/output"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

// Read say what is read, and how patiently.
type Read struct {
	Config    string
	Sources   []string
	Labels    []string
	Shard     string
	Timeout   time.Duration
	MaxWait   time.Duration
	TotalWait time.Duration
	Rate      float64
	CABundle  string
	// Leaks are reports of leak scanners.
	Leaks []string
	// Resume is the inventory of an unfinished run, or ResumeLast; empty for none.
	Resume string
}

// Bind adds the flags to a command.
func (o *Read) Bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.Config, "config", "c", "", "the configuration `file` (default tokenaudit.yaml)")
	f.StringArrayVar(&o.Sources, "source", nil, "read only sources whose id or name matches this `glob` (repeatable)")
	BindLabels(f, &o.Labels, "read only sources with this label")
	f.DurationVar(&o.Timeout, "timeout", 0, "stop reading after this time and report what was seen")
	f.DurationVar(&o.MaxWait, "max-wait", 0, "the longest wait for a rate limit (default 1m)")
	f.DurationVar(&o.TotalWait, "total-wait", 0, "the longest total wait for 429 answers in one rate-limit domain (default 10m)")
	f.Float64Var(&o.Rate, "requests-per-second", 0, "lower the rate of requests of every source entry to this `number`")
	f.StringVar(&o.CABundle, "ca-bundle", "", "a PEM `file` of CA certificates to trust besides the system's")
}

// BindLabels adds --label, which restricts a run or a view.
func BindLabels(f *pflag.FlagSet, into *[]string, purpose string) {
	f.StringArrayVar(into, "label", nil, purpose+", `key=value` (repeatable: all keys must match, of one key any value)")
}

// ParseLabels reads the values of --label.
func ParseLabels(values []string) (labels.Selector, error) {
	selector, err := labels.Parse(values)
	if err != nil {
		return nil, cli.Misuse(fmt.Errorf("--label: %w", err))
	}
	return selector, nil
}

// BindLeaks adds --leaks, which only commands take that read the sources: a saved
// inventory has no secrets to compare.
func (o *Read) BindLeaks(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&o.Leaks, "leaks", nil, "a `report` of gitleaks, betterleaks or trufflehog as JSON, or the alerts of GitHub's secret scanning: tokens whose secret it has are marked (repeatable)")
}

// ResumeLast stands for the last run in the store, in place of an inventory.
const ResumeLast = "last"

// BindResume adds --resume, which only commands that save what they read take.
func (o *Read) BindResume(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Resume, "resume", "", "go on with this `inventory` of an unfinished run: only sources of which something is missing are read again; last is the last run in the store")
}

// RefuseLeaks makes a command that reads what is saved say why it takes no --leaks.
func RefuseLeaks(cmd *cobra.Command) {
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) && unknown.GetSpecifiedName() == "leaks" {
			return cli.Misuse(errors.New("--leaks: an inventory has no secrets to compare with; give it to scan or collect, which write what they find into the inventory"))
		}
		return cli.WrongFlag(cmd, err)
	})
}

// BindShard adds --shard, which only commands that save what they read take.
func (o *Read) BindShard(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Shard, "shard", "", "read only this `part` of the rate-limit domains, such as 3/16; NAME/16 takes the index, from 0, from an environment variable; reports of parts are joined only if all have the same --at")
}

// Gate say which findings fail the run.
type Gate struct {
	FailOn          string
	FailOnRisk      string
	FailOnNew       bool
	FailOnOverdue   bool
	FailOnUnchanged bool
	NoFail          bool
	Baseline        string
	AllowIncomplete bool
	// Owners are the teams that the view is restricted to; empty for all.
	Owners []string
}

// Bind adds the flags to a command.
func (o *Gate) Bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.FailOn, "fail-on", "", "the lowest `severity` that fails the run: critical, high, medium, low, info or none (default medium)")
	f.StringVar(&o.FailOnRisk, "fail-on-risk", "", "the lowest `band` of a token's risk that fails the run too: severe, high, moderate or low; 3 where unknown facts leave it open")
	f.StringVar(&o.Baseline, "baseline", "", "a JSON `report`: findings are marked new or unchanged against it, and resolved ones are listed")
	f.StringArrayVar(&o.Owners, "owner", nil, "show, and put to the gate, only what this `team` answers for; unassigned means no team (repeatable)")
	f.BoolVar(&o.FailOnNew, "fail-on-new", false, "fail only on findings that the baseline does not have")
	f.BoolVar(&o.FailOnOverdue, "fail-on-overdue", false, "also fail on findings that are past the deadline that sla in the configuration sets; 3 where it is unknown since when they are there")
	f.BoolVar(&o.FailOnUnchanged, "fail-on-unchanged", false, "also fail on findings of a plan that the change does not introduce")
	f.BoolVar(&o.AllowIncomplete, "allow-incomplete-baseline", false, "accept an incomplete baseline (missing findings count as new)")
}

// BindNoFail adds --no-fail, which only commands take whose exit code tells
// anything.
func (o *Gate) BindNoFail(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.NoFail, "no-fail", false, "exit 0 instead of 1 or 3, for CI systems that only take in the reports of successful jobs")
}

// Validate returns the severity of --fail-on, empty where it was not given, and
// what contradicts itself.
func (o Gate) Validate() (policies.Severity, error) {
	failOn, err := parseSeverity("--fail-on", o.FailOn, true)
	problems := []error{err}
	if o.FailOnRisk != "" && !slices.Contains(risk.AllBands(), risk.Band(o.FailOnRisk)) {
		problems = append(problems, fmt.Errorf("--fail-on-risk: invalid band %q: expected severe, high, moderate or low", o.FailOnRisk))
	}
	if o.Baseline == "" && o.AllowIncomplete {
		problems = append(problems, errors.New("--allow-incomplete-baseline has no effect without --baseline"))
	}
	return failOn, errors.Join(problems...)
}

// Show say in which formats a report is written, and where to.
type Show struct {
	Outputs     []string
	MinSeverity string
	groupBy     string
	sections    []string
	framework   string
	Waived      bool
}

// Bind adds the flags to a command.
func (o *Show) Bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&o.Outputs, "output", "o", nil, "`format[=file]`, repeatable; formats: "+strings.Join(output.FormatNames(), ", ")+" (default table)")
	f.StringVar(&o.MinSeverity, "min-severity", "", "leave findings below this `severity` out of what is shown; never changes the exit code")
	f.StringVar(&o.groupBy, "group-by", "", "the `fact` that findings are grouped by for people: rule, token, owner, cms or label:KEY (default rule, on a terminal owner where there are teams)")
	f.StringArrayVar(&o.sections, "show", nil, "show a `section` whole that is a line for each CMS otherwise: not-evaluated or allowed (repeatable)")
	f.StringVar(&o.framework, "framework", "", "show the report control by control too, by this `catalogue`: one of "+strings.Join(frameworks.IDs(), ", "))
	f.BoolVar(&o.Waived, "waived", false, "include waived findings in sarif, as suppressions")
}

// Next are commands that people may run after this one.
type Next struct {
	// About writes the command show or explain about a rule, token or source of the same
	// sources; nil where these cannot be read again.
	About func(command string, words ...string) string
	// Doctor is the command that says why lists cannot be read; empty where nothing was read.
	Doctor string
	// Waivers is the command that says how long waivers hold; empty for none.
	Waivers string
}

// Shown is what the flags of Show come to once they have been checked.
type Shown struct {
	Outputs     []output.Output
	MinSeverity policies.Severity
	// GroupBy is empty where no --group-by was given.
	GroupBy string
	// Sections are those of --show.
	Sections []format.Section
	// Next are the commands that the last line of the table may name.
	Next Next
	// Bundle is where the report was sealed.
	Bundle format.Bundle
	// Trend is that of the formats that show one; nil where there is no store.
	Trend func(teams []string) *trend.Trend
	// Framework is nil where no --framework was given.
	Framework *frameworks.Framework
}

// UsesTrend reports whether an output shows how things have developed.
func (s *Shown) UsesTrend() bool {
	return slices.ContainsFunc(s.Outputs, func(o output.Output) bool { return o.Format.UsesTrend })
}

// Validate reads the flags and states what contradicts itself.
func (o Show) Validate() (Shown, error) {
	var s Shown
	var problems []error
	problem := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	var err error
	s.MinSeverity, err = parseSeverity("--min-severity", o.MinSeverity, false)
	problem(err)
	s.GroupBy = o.groupBy
	if err := format.CheckGroupBy(o.groupBy); err != nil {
		problem(fmt.Errorf("--group-by: %w", err))
	}
	for _, name := range o.sections {
		section := format.Section(name)
		if !slices.Contains(format.AllSections(), section) {
			problem(fmt.Errorf("--show: invalid section %q: expected not-evaluated or allowed", name))
		}
		s.Sections = append(s.Sections, section)
	}
	if o.framework != "" {
		s.Framework, err = frameworks.Lookup(o.framework)
		problem(err)
	}
	s.Outputs, err = output.ParseOutputs(o.Outputs)
	problem(err)
	for i, output := range s.Outputs {
		problem(places.Check("-o", output.Path))
		for _, other := range s.Outputs[:i] {
			// The names differ, but one may be a link.
			if places.Same(other.Path, output.Path) {
				problem(fmt.Errorf("both %s and %s would be written to %s", other.Format.Name, output.Format.Name, output.Path))
			}
		}
	}
	if o.Waived && !slices.ContainsFunc(s.Outputs, func(out output.Output) bool { return out.Format.Name == "sarif" }) {
		problem(errors.New("--waived has no effect without -o sarif: every other format shows waived findings anyway"))
	}
	return s, errors.Join(problems...)
}

// Split puts one output for each team in the place of those that {owner} splits. teams are
// those that there are; those of owners alone are written where some were asked for.
func (s *Shown) Split(teams, asked []string) error {
	if len(teams) > 0 {
		teams = append(slices.Clone(teams), report.Unassigned)
	}
	if len(asked) > 0 {
		teams = slices.Compact(slices.Sorted(slices.Values(asked)))
	}
	outputs, err := output.Split(s.Outputs, teams)
	if err != nil {
		return cli.Misuse(err)
	}
	for _, o := range outputs {
		if o.Team != "" {
			err = errors.Join(err, places.Check("-o", o.Path))
		}
	}
	if err != nil {
		return cli.Misuse(err)
	}
	s.Outputs = outputs
	return nil
}

// Judge say by what the sources are judged, and where the report goes.
type Judge struct {
	Gate
	Show
	At          string
	Rules       []string
	Policies    []string
	Previous    []string
	NoInventory bool
	// Store is the file of --store; empty for the store of the configuration.
	Store string
	// Notify: the targets of the configuration are told what is new.
	Notify bool
}

// Bind adds the flags to a command.
func (o *Judge) Bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.At, "at", "", "the audit `time`, RFC 3339 or YYYY-MM-DD")
	f.StringArrayVar(&o.Rules, "rule", nil, "judge by this rule `id` only (repeatable)")
	f.StringArrayVar(&o.Policies, "policy", nil, "a file, `folder` or bundle of custom rules (repeatable)")
	BindPrevious(f, &o.Previous)
	f.StringVar(&o.Store, "store", "", "keep the history of runs in this `file` of SQLite, and say what is new since the last one")
	f.BoolVar(&o.NoInventory, "no-inventory", false, "leave the list of tokens out of the report")
	o.Gate.Bind(cmd)
	o.Show.Bind(cmd)
}

// BindNotify adds --notify, which only commands take that make a report of what there is.
func (o *Judge) BindNotify(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.Notify, "notify", false, "send what is new to the targets of notify in the configuration; never changes the exit code")
}

// Resolved is what the flags come to once they have been checked.
type Resolved struct {
	Shown
	// At is zero where no --at was given.
	At time.Time
	// FailOn is empty where no --fail-on was given.
	FailOn policies.Severity
	// Sealed: the report is packed with all that it rests on, which is kept in memory.
	Sealed bool
}

// Validate states every illegal combination of flags in plain words. saved
// is the file of --save-inventory, or empty.
func (o Judge) Validate(saved string) (Resolved, error) {
	at, errAt := ParseTime("at", o.At)
	failOn, errGate := o.Gate.Validate()
	shown, errShow := o.Show.Validate()
	problems := []error{errAt, errGate, errShow}
	for _, output := range shown.Outputs {
		if o.NoInventory && output.Format.NeedsTokens {
			problems = append(problems, fmt.Errorf("--no-inventory leaves nothing for -o %s to show", output.Format.Name))
		}
		if saved != "" && places.Same(output.Path, saved) {
			problems = append(problems, fmt.Errorf("the inventory and the %s report would both go to %s; give one of them another file", output.Format.Name, places.Name(saved)))
		}
	}
	if o.Store != "" {
		problems = append(problems, o.CheckStore(), cmp.Or(CheckStoreFile(o.Store), places.Check("--store", o.Store)))
	}
	if err := errors.Join(problems...); err != nil {
		return Resolved{}, cli.Misuse(err)
	}
	return Resolved{Shown: shown, At: at, FailOn: failOn}, nil
}

// CheckStoreFile refuses a connection string, which may hold a password, in the place of
// the file of a store. It does not quote it.
func CheckStoreFile(file string) error {
	if redact.ConnectionString(file) {
		return errors.New("--store looks like a connection string, which may hold a password; it takes a file of SQLite: set store: {postgres: {env: NAME}} in the configuration for a database")
	}
	return nil
}

// CheckStore states what contradicts a store, which keeps whole runs and knows what earlier
// ones said.
func (o Judge) CheckStore() error {
	var problems []error
	for _, other := range []struct {
		flag  string
		given bool
		why   string
	}{
		{"--baseline", o.Baseline != "", "the store knows what the last run found"},
		{"--previous", len(o.Previous) > 0, "the store knows what earlier inventories said"},
		{"--no-inventory", o.NoInventory, "the store keeps the tokens"},
	} {
		if other.given {
			problems = append(problems, fmt.Errorf("a store and %s contradict each other: %s", other.flag, other.why))
		}
	}
	return errors.Join(problems...)
}

// CheckNew states that nothing tells what is new. stored: there is a store.
func (o Judge) CheckNew(stored bool) error {
	if o.FailOnNew && o.Baseline == "" && !stored {
		return cli.Misuse(errors.New("--fail-on-new needs a --baseline or a --store to tell what is new"))
	}
	return nil
}

// Validate states what is wrong with the flags of reading.
func (o Read) Validate() error {
	var problems []error
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"--timeout", o.Timeout}, {"--max-wait", o.MaxWait}, {"--total-wait", o.TotalWait}} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s must not be negative", d.flag))
		}
	}
	if o.MaxWait > 0 && o.TotalWait > 0 && o.MaxWait > o.TotalWait {
		problems = append(problems, errors.New("--max-wait is longer than --total-wait, which bounds the sum of the waits"))
	}
	if o.Resume != "" && len(o.Leaks) > 0 {
		problems = append(problems, errors.New("--resume and --leaks contradict each other: the secrets of what was read before are not there to compare"))
	}
	if !(o.Rate >= 0) || math.IsInf(o.Rate, 1) {
		problems = append(problems, errors.New("--requests-per-second must be a number above 0"))
	}
	if err := errors.Join(problems...); err != nil {
		return cli.Misuse(err)
	}
	return nil
}

// ParseTime reads the value of a flag: RFC 3339, or a date, which means its beginning in UTC.
// It is zero for none.
func ParseTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	if err != nil || t.Year() < 1970 {
		return time.Time{}, fmt.Errorf("invalid --%s %q: expected a time, for example 2026-11-22T08:00:00Z or 2026-11-22", flag, s)
	}
	return t.UTC(), nil
}

// Moment returns the time of --at, and the present one where it was not given.
func Moment(at string, now func() time.Time) (time.Time, error) {
	t, err := ParseTime("at", at)
	switch {
	case err != nil:
		return t, cli.Misuse(err)
	case t.IsZero():
		return now().UTC(), nil
	}
	return t, nil
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

// Inputs are the files that the flags name.
func (o Gate) Inputs() []places.Input { return []places.Input{{Path: o.Baseline, Is: "the baseline"}} }

// Inputs are the files that the flags name.
func (o Judge) Inputs() []places.Input {
	return slices.Concat(o.Gate.Inputs(), places.InputsAs("an earlier inventory", o.Previous), places.CustomRules(o.Policies), []places.Input{{Path: o.Store, Is: "the store"}})
}

// BindPrevious adds --previous.
func BindPrevious(f *pflag.FlagSet, previous *[]string) {
	f.StringArrayVar(previous, "previous", nil, "an earlier `inventory` of the same sources: what it saw narrows last uses and ages (repeatable)")
}

// ShowsVerdict reports whether a person reads the verdict on stdout already.
func (s Shown) ShowsVerdict() bool {
	return slices.ContainsFunc(s.Outputs, func(o output.Output) bool { return o.Path == output.Stdout && o.Format.Name == "table" })
}
