package report

import (
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The exit codes, frozen. 2 beats 1 beats 3 beats 0. The output format never
// changes them.
const (
	// ExitClean: nothing at or above the threshold, and everything was measured.
	ExitClean = 0
	// ExitFindings: findings at or above the threshold.
	ExitFindings = 1
	// ExitError: usage, configuration, rule loading or an internal error. There
	// is not a report then, so no Gate ever returns it.
	ExitError = 2
	// ExitIncomplete: no finding at or above the threshold, but something could
	// not be measured and nobody accepted that.
	ExitIncomplete = 3
)

// Gate turns a report into a verdict. Its zero value fails on nothing but an
// incomplete measurement; DefaultGate is what a run uses unless told otherwise.
type Gate struct {
	// FailOn is the least severity that fails; NoSeverity or empty: none does.
	FailOn policies.Severity
	// NotEvaluated is the least severity of a rule whose not_evaluated verdicts
	// count as an incomplete measurement; NoSeverity or empty: none does.
	NotEvaluated policies.Severity
	// FailOnRisk is the least band of risk that fails; empty: none does.
	FailOnRisk risk.Band
	// Overdue fails on findings that are overdue, of whatever severity, and is incomplete
	// where it is unknown since when they are there.
	Overdue bool
	// OnlyNew lets findings pass that the baseline already had, unless they are overdue.
	OnlyNew bool
	// Unchanged lets findings fail too that are about tokens of a change which the
	// change leaves as they are. What is new about them fails without it.
	Unchanged bool
	// NoFail turns the codes 1 and 3 into 0, for CI systems that only take in
	// the reports of jobs that succeed.
	NoFail bool
}

// DefaultGate fails on medium and above.
func DefaultGate() Gate {
	return Gate{FailOn: policies.Medium, NotEvaluated: NoSeverity}
}

// Verdict is the gate's word for an outcome.
type Verdict string

// The verdicts.
const (
	VerdictPass       Verdict = "pass"
	VerdictFail       Verdict = "fail"
	VerdictIncomplete Verdict = "incomplete"
)

// Code is the exit code that a verdict stands for; NoFail may hide it.
func (v Verdict) Code() int {
	switch v {
	case VerdictFail:
		return ExitFindings
	case VerdictIncomplete:
		return ExitIncomplete
	}
	return ExitClean
}

// Decision is the outcome of a Gate.
type Decision struct {
	// Code is the exit code of the program.
	Code int
	// Verdict is what the report says, whether or not NoFail hides it from Code.
	Verdict Verdict
	// Reason says in one line why.
	Reason string
}

// Decide judges the report.
func (g Gate) Decide(r *Report) Decision {
	failing, risky, overdue := g.failing(r), g.risky(r), g.overdue(r)
	short := g.shortfalls(r)
	d := Decision{Verdict: VerdictPass, Reason: g.cleanReason(r)}
	switch {
	case failing.Total() > 0 || risky > 0 || overdue > 0:
		d = Decision{Verdict: VerdictFail, Reason: g.failReason(failing, risky, overdue)}
		if len(short) > 0 {
			d.Reason += "; also, the measurement is incomplete: " + strings.Join(short, "; ")
		}
	case len(short) > 0:
		d = Decision{Verdict: VerdictIncomplete, Reason: strings.Join(short, "; ")}
	}
	d.Code = d.Verdict.Code()
	if g.NoFail {
		d.Code = ExitClean
	}
	return d
}

// ExitText names the exit code, and the one that NoFail hides.
func (d Decision) ExitText() string {
	if hidden := d.Verdict.Code(); hidden != d.Code {
		return fmt.Sprintf("exit code %d instead of %d because of --no-fail", d.Code, hidden)
	}
	return fmt.Sprintf("exit code %d", d.Code)
}

// failing counts the findings that fail the gate.
func (g Gate) failing(r *Report) SeverityCounts {
	var counts SeverityCounts
	for _, f := range r.Findings {
		if g.reached(f) {
			counts.add(f.Severity)
		}
	}
	return counts
}

// Fails reports whether one finding fails the gate.
func (g Gate) Fails(f *Finding) bool {
	return g.reached(f) || g.Overdue && f.OverdueDays > 0 && f.Status == policies.Fail
}

// reached reports whether a finding fails the gate by its severity.
func (g Gate) reached(f *Finding) bool {
	if f.Status != policies.Fail || !Reaches(f.Severity, g.FailOn) {
		return false
	}
	if f.Planned == inventory.PlannedUnchanged && !f.Baseline.IsNew() && !g.Unchanged {
		return false
	}
	return !g.OnlyNew || f.Baseline != BaselineUnchanged
}

// passes reports whether the gate lets findings pass because a change leaves
// them as they are.
func (g Gate) passes(r *Report) bool {
	open := g
	open.Unchanged = true
	return open.failing(r).Total() > g.failing(r).Total()
}

// shortfalls adds to the report's own what the gate counts as incomplete.
func (g Gate) shortfalls(r *Report) []string {
	short := r.Shortfalls()
	count := 0
	for _, gap := range r.Gaps {
		if Reaches(gap.Severity, g.NotEvaluated) {
			count += gap.Count
		}
	}
	if count > 0 {
		short = append(short, fmt.Sprintf("%s of rules at or above %s could not be decided", safetext.Plural(count, "verdict", "verdicts"), g.NotEvaluated))
	}
	return append(append(short, g.unknownRisk(r)...), g.unknownDue(r)...)
}

// unknownDue says why the gate on deadlines is open; nil where it is not.
func (g Gate) unknownDue(r *Report) []string {
	if !g.Overdue {
		return nil
	}
	if r.Deadlines == nil {
		return []string{"the report has no deadlines; set sla in the configuration of the scan"}
	}
	if n := r.UnknownDue(); n > 0 {
		return []string{fmt.Sprintf("when %s first seen is unknown, and so is whether they are overdue; give an earlier report as --baseline, or a --store", safetext.Plural(n, "finding was", "findings were"))}
	}
	return nil
}

// overdue counts the findings that fail the gate because they are overdue.
func (g Gate) overdue(r *Report) int {
	if !g.Overdue {
		return 0
	}
	return len(r.Overdue())
}

// unknownRisk says why the gate on the risk is open; nil where it is not.
func (g Gate) unknownRisk(r *Report) []string {
	if g.FailOnRisk == "" {
		return nil
	}
	counts := r.Risk()
	if counts == nil {
		return []string{"the report has no risk of tokens"}
	}
	if n := counts.Possible.From(g.FailOnRisk) - counts.Certain.From(g.FailOnRisk); n > 0 {
		return []string{fmt.Sprintf("%s may be of %s risk or worse, because facts are unknown", safetext.Plural(n, "token", "tokens"), g.FailOnRisk)}
	}
	return nil
}

// risky counts the tokens whose risk certainly fails the gate.
func (g Gate) risky(r *Report) int {
	if counts := r.Risk(); counts != nil && g.FailOnRisk != "" {
		return counts.Certain.From(g.FailOnRisk)
	}
	return 0
}

func (g Gate) failReason(failing SeverityCounts, risky, overdue int) string {
	var reasons []string
	if failing.Total() > 0 {
		reasons = append(reasons, g.findingsReason(failing))
	}
	if risky > 0 {
		reasons = append(reasons, fmt.Sprintf("%s of %s risk or worse", safetext.Plural(risky, "token", "tokens"), g.FailOnRisk))
	}
	if overdue > 0 {
		reasons = append(reasons, safetext.Plural(overdue, "finding", "findings")+" overdue")
	}
	return strings.Join(reasons, "; ")
}

func (g Gate) findingsReason(failing SeverityCounts) string {
	var parts []string
	for _, s := range AllSeverities() {
		if n := failing.Of(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", safetext.Thousands(n), s))
		}
	}
	word := safetext.Plural(failing.Total(), "finding", "findings")
	if g.OnlyNew {
		word = safetext.Plural(failing.Total(), "new finding", "new findings")
	}
	return fmt.Sprintf("%s at or above %s (%s)", word, g.FailOn, strings.Join(parts, ", "))
}

func (g Gate) cleanReason(r *Report) string {
	measured := "everything was measured"
	if r.Scope != nil && r.Scope.asked() {
		measured = "everything that was requested was measured"
	}
	accepted := 0
	for _, unit := range r.Unread() {
		if unit.Accepted != nil {
			accepted++
		}
	}
	if accepted > 0 {
		measured += " but " + safetext.Plural(accepted, "list", "lists") + " whose absence is accepted"
	}
	if g.FailOn == "" || g.FailOn == NoSeverity {
		return "no finding fails this gate, and " + measured
	}
	word := "no finding"
	if g.OnlyNew || g.passes(r) {
		word = "no new finding"
	}
	return fmt.Sprintf("%s at or above %s, and %s", word, g.FailOn, measured)
}
