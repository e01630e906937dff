// Package ruletest runs the tests of rules, and checks that rules keep the conventions.
package ruletest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/tokenaudit/tokenaudit/policies/compile"
	"github.com/tokenaudit/tokenaudit/policies/inputcheck"
	"github.com/tokenaudit/tokenaudit/policies/output"
	"github.com/tokenaudit/tokenaudit/policies/pages"
	"github.com/tokenaudit/tokenaudit/policies/regofile"
	"github.com/tokenaudit/tokenaudit/policies/timelimit"
)

// Options say how to run the tests of rules.
type Options struct {
	// Run is a regular expression on the full names of tests, such as
	// "data.custom.rules.ours_test.test_fails"; empty for all.
	Run string
	// Timeout bounds one test; 0 means 5 s.
	Timeout time.Duration
	// LoadTimeout bounds the loading of rules and tests; 0 means DefaultLoadTimeout.
	LoadTimeout time.Duration
	// Titles are what pages of rules call CMSes.
	Titles pages.Titles
}

// Report is what the tests of rules gave.
type Report struct {
	// Tests are sorted by package, name and line.
	Tests []Result
	// Coverage has every file of rules, without the tests, sorted by path.
	Coverage []FileCoverage
	// Broken are the conventions that the rules do not keep.
	Broken regofile.LoadErrors
}

// Passed reports whether every test passed and every convention is kept. Skipped
// tests do not count.
func (r *Report) Passed() bool {
	return len(r.Broken) == 0 && !slices.ContainsFunc(r.Tests, func(t Result) bool {
		return t.Status == Failed || t.Status == Errored
	})
}

// Status is the outcome of one test.
type Status string

// The outcomes of a test.
const (
	Passed Status = "pass"
	Failed Status = "fail"
	// Errored: the test could not be evaluated to its end.
	Errored Status = "error"
	// Skipped: the name begins with todo_.
	Skipped Status = "skip"
)

// Result is the outcome of one test.
type Result struct {
	// Package is without "data.".
	Package  string
	Name     string
	File     string
	Line     int
	Status   Status
	Duration time.Duration
	// Detail says why a test failed: the expression that was not true, or the error.
	Detail string
	// Output is what print gave.
	Output string
}

// FileCoverage tells which lines of a file the tests reached.
type FileCoverage struct {
	File string
	// Percent is between 0 and 100, of the lines that can be reached.
	Percent float64
	// Missed are the lines that no test reached, as pairs of first and last.
	Missed [][2]int
}

// Run runs the tests of the rules in the paths, or of the built-in rules if
// there are no paths, and checks the conventions. The error is LoadErrors if the
// rules or the tests do not compile.
func Run(ctx context.Context, paths []string, options Options) (*Report, error) {
	options.Timeout = cmp.Or(options.Timeout, 5*time.Second)
	s, err := regofile.Within(ctx, options.LoadTimeout, func(ctx context.Context, now *regofile.Place) (*suite, error) { return readSuite(ctx, paths, now) })
	if err != nil {
		return nil, err
	}
	// Each test may take its time, and those that failed run once more.
	limit := cmp.Or(options.LoadTimeout, regofile.DefaultLoadTimeout) + 2*options.Timeout*time.Duration(s.tests())
	return timelimit.Run(ctx, limit, 0, func(ctx context.Context) (*Report, error) { return s.report(ctx, options) })
}

// report runs the tests and checks the conventions.
func (s *suite) report(ctx context.Context, options Options) (*Report, error) {
	shape, err := inputcheck.OfRules()
	if err != nil {
		return nil, err
	}
	covered := cover.New()
	inputs := &inputcheck.Recorder{Next: covered, Shape: shape, Modules: s.parsed()}
	results, err := s.run(ctx, options, func(r *tester.Runner) { r.SetCoverageQueryTracer(inputs).SetCoverageRuns(nil) })
	if err != nil {
		return nil, err
	}
	why, err := s.failures(ctx, options, results)
	if err != nil {
		return nil, err
	}
	report := &Report{Broken: s.conventions(shape, inputs.Problems(), options.Titles)}
	for _, r := range results {
		report.Tests = append(report.Tests, testResult(r, why))
	}
	slices.SortFunc(report.Tests, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Line, b.Line))
	})
	report.Coverage = s.coverage(covered)
	return report, nil
}

// A suite is rules with their tests.
type suite struct {
	namespace regofile.Namespace
	modules   []regofile.Module
	data      map[string]any
}

// readSuite reads rules and tests, and compiles the rules as Load does, so that a
// test never passes on a rule that would not load.
func readSuite(ctx context.Context, paths []string, now *regofile.Place) (*suite, error) {
	s := &suite{namespace: regofile.BuiltInNamespace}
	if len(paths) == 0 {
		modules, err := regofile.BuiltIn()
		if err != nil {
			return nil, fmt.Errorf("read the built-in rules: %w", err)
		}
		s.modules = modules
	} else {
		custom, err := regofile.ReadCustom(paths, now)
		if err != nil {
			return nil, err
		}
		s = &suite{namespace: regofile.CustomNamespace, modules: custom.Modules, data: custom.Document()}
	}
	if _, err := compile.Modules(ctx, s.namespace, s.modules, s.data, now); err != nil {
		return nil, err
	}
	complete, err := s.namespace.WithHelpers()
	if err != nil {
		return nil, err
	}
	s.namespace = complete
	var f regofile.Faults
	regofile.Parse(s.modules, regofile.SandboxForTests(), now, &f)
	if len(f.List) == 0 {
		regofile.CheckComplexity(s.modules, &f)
	}
	return s, f.Err()
}

// tests counts the tests.
func (s *suite) tests() int {
	n := 0
	for _, m := range s.modules {
		for _, r := range m.Parsed.Rules {
			if strings.HasPrefix(string(r.Head.Name), tester.TestPrefix) {
				n++
			}
		}
	}
	return n
}

// parsed are the rules and the tests, by file.
func (s *suite) parsed() map[string]*ast.Module {
	parsed := map[string]*ast.Module{}
	for _, m := range slices.Concat(s.modules, s.namespace.Helpers) {
		parsed[m.Path] = m.Parsed
	}
	return parsed
}

// run compiles rules and tests together and runs the tests.
func (s *suite) run(ctx context.Context, options Options, configure func(*tester.Runner)) ([]*tester.Result, error) {
	var f regofile.Faults
	compiler, err := compile.CompilerForTests()
	if err != nil {
		return nil, err
	}
	store := inmem.NewFromObjectWithOpts(s.data, inmem.OptRoundTripOnWrite(false))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the store of the tests: %w", err)
	}
	defer store.Abort(ctx, txn)
	runner := tester.NewRunner().SetCompiler(compiler).SetStore(store).SetModules(s.parsed()).
		CapturePrintOutput(true).RaiseBuiltinErrors(true).SetParallel(1).
		SetTimeout(options.Timeout).Filter(options.Run)
	configure(runner)
	channel, err := runner.RunTests(ctx, txn)
	if err != nil {
		f.OPA(err)
		return nil, f.Err()
	}
	var results []*tester.Result
	for result := range channel {
		results = append(results, result)
	}
	return results, ctx.Err()
}

// failures runs the tests that failed once more, with a trace this time, and
// gives the expression that was not true, by place.
func (s *suite) failures(ctx context.Context, options Options, results []*tester.Result) (map[string]string, error) {
	if !slices.ContainsFunc(results, func(r *tester.Result) bool { return r.Fail }) {
		return nil, nil
	}
	traced, err := s.run(ctx, options, func(r *tester.Runner) { r.EnableTracing(true) })
	if err != nil {
		return nil, err
	}
	why := map[string]string{}
	for _, r := range traced {
		if r.Fail {
			why[placeOf(r.Location)] = failedAt(r)
		}
	}
	return why, nil
}

// failedAt names the last expression of the test itself that was not true.
func failedAt(r *tester.Result) string {
	for _, event := range slices.Backward(r.Trace) {
		if event.Op == topdown.FailOp && event.Location != nil && r.Location != nil && event.Location.File == r.Location.File {
			return fmt.Sprintf("not true: %s (%s)", output.Cut(output.OneLine(string(event.Location.Text)), 200), placeOf(event.Location))
		}
	}
	return ""
}

func placeOf(location *ast.Location) string {
	if location == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", location.File, location.Row)
}

func testResult(r *tester.Result, why map[string]string) Result {
	t := Result{
		Package: strings.TrimPrefix(r.Package, "data."), Name: r.Name, Status: Passed,
		Duration: r.Duration, Output: string(r.Output),
	}
	if r.Location != nil {
		t.File, t.Line = r.Location.File, r.Location.Row
	}
	switch {
	case r.Skip:
		t.Status = Skipped
	case r.Error != nil:
		t.Status, t.Detail = Errored, output.OneLine(r.Error.Error())
	case r.Fail:
		t.Status, t.Detail = Failed, why[placeOf(r.Location)]
	}
	return t
}

func (s *suite) coverage(covered *cover.Cover) []FileCoverage {
	rules := map[string]*ast.Module{}
	for _, m := range s.modules {
		if !m.IsTest() {
			rules[m.Path] = m.Parsed
		}
	}
	report := covered.Report(rules)
	var files []FileCoverage
	for _, path := range util.KeysSorted(rules) {
		file := FileCoverage{File: path, Percent: 100}
		if found, ok := report.Files[path]; ok {
			file.Percent = found.Coverage
			for _, r := range found.NotCovered {
				file.Missed = append(file.Missed, [2]int{r.Start.Row, r.End.Row})
			}
		}
		files = append(files, file)
	}
	return files
}
