package baseline_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/baseline"
)

const (
	watchedRule  = "unused-token"
	watchedToken = "contentful/organizations/o1/access_tokens/p1"
)

// A day is one run of a chain, each of which has the one before as its baseline.
type day struct {
	at int
	// what became of the watched finding; nil: it is there.
	change func(r *report.Report)
	// want is what the report says of it: state, first seen as a day, days, reopened.
	want string
}

func without(r *report.Report) {
	setVerdict(r, watchedToken, watchedRule, "")
	for i := range r.Findings {
		if r.Findings[i].Rule == watchedRule && r.Findings[i].Token == watchedToken {
			r.Findings = append(r.Findings[:i], r.Findings[i+1:]...)
			return
		}
	}
}

func undecided(r *report.Report) {
	without(r)
	setVerdict(r, watchedToken, watchedRule, policies.NotEvaluated)
}

func ruleOff(r *report.Report) {
	without(r)
	r.Labelled = nil // it counts verdicts of the rule
	for i := range r.Rules {
		if r.Rules[i].ID == watchedRule {
			r.Rules = append(r.Rules[:i], r.Rules[i+1:]...)
			return
		}
	}
}

func waived(r *report.Report) {
	for i := range r.Findings {
		if r.Findings[i].Rule == watchedRule {
			r.Findings[i].Status = policies.Waived
		}
	}
}

func TestAgesAreCarriedOverRuns(t *testing.T) {
	start := yesterday().At
	for name, days := range map[string][]day{
		"there all the time":  {{1, nil, "open, unknown"}, {5, nil, "unchanged, since 1, 4 days"}, {9, nil, "unchanged, since 1, 8 days"}},
		"new":                 {{1, without, "not there"}, {5, nil, "new, since 5, 0 days"}, {9, nil, "unchanged, since 5, 4 days"}, {10, nil, "unchanged, since 5, 5 days"}},
		"back":                {{1, nil, "open, unknown"}, {2, without, "resolved, since 1, 1 days, last 1"}, {5, nil, "reopened, since 1, 4 days, 1 times"}, {6, nil, "unchanged, since 1, 5 days, 1 times"}},
		"back twice":          {{1, nil, "open, unknown"}, {2, without, "resolved, since 1, 1 days, last 1"}, {3, nil, "reopened, since 1, 2 days, 1 times"}, {4, without, "resolved, since 1, 3 days, 1 times, last 3"}, {5, nil, "reopened, since 1, 4 days, 2 times"}},
		"stale between":       {{1, nil, "open, unknown"}, {2, nil, "unchanged, since 1, 1 days"}, {3, undecided, "stale, since 1, 2 days, last 2"}, {4, undecided, "stale, since 1, 3 days, last 2"}, {5, nil, "unchanged, since 1, 4 days"}},
		"rule off between":    {{1, nil, "open, unknown"}, {2, ruleOff, "resolved, since 1, 1 days, last 1"}, {3, nil, "new, since 1, 2 days"}},
		"a waiver":            {{1, nil, "open, unknown"}, {3, waived, "unchanged, since 1, 2 days"}, {5, nil, "new, since 1, 4 days"}, {6, nil, "unchanged, since 1, 5 days"}},
		"a later baseline":    {{5, nil, "open, unknown"}, {1, nil, "unchanged, since 1, 0 days"}},
		"gone before its day": {{5, nil, "open, unknown"}, {1, without, "resolved, since 5, last 5"}},
	} {
		t.Run(name, func(t *testing.T) {
			var before *report.Report
			for _, day := range days {
				now := yesterday()
				now.At = start.AddDate(0, 0, day.at)
				if day.change != nil {
					day.change(now)
					now.Settle()
				}
				if before != nil {
					if err := baseline.Compare(now, before, true); err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(day.want, watched(now, start)); diff != "" {
					t.Errorf("day %d: %s", day.at, diff)
				}
				before = saved(t, now)
			}
		})
	}
}

// watched says what a report says of the finding.
func watched(r *report.Report, start time.Time) string {
	for state, findings := range map[string][]*report.Finding{"": r.Findings, "resolved": r.Resolved, "stale": r.Stale} {
		for _, f := range findings {
			if f.Rule != watchedRule || f.Token != watchedToken {
				continue
			}
			if state == "" {
				state = string(f.Baseline)
			}
			text := state
			switch {
			case text == "" && f.FirstSeen.IsZero() && f.OpenDays == nil:
				text = "open, unknown"
			default:
				text += fmt.Sprintf(", since %d", int(f.FirstSeen.Sub(start).Hours()/24))
			}
			if f.OpenDays != nil {
				text += fmt.Sprintf(", %d days", *f.OpenDays)
			}
			if f.Reopened > 0 {
				text += fmt.Sprintf(", %d times", f.Reopened)
			}
			if f.LastSeen != nil {
				text += fmt.Sprintf(", last %d", int(f.LastSeen.Sub(start).Hours()/24))
			}
			return text
		}
	}
	return "not there"
}

// saved is a report as the next run reads it.
func saved(t *testing.T, r *report.Report) *report.Report {
	t.Helper()
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	read, err := report.Read(&text)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestChangesAreCounted(t *testing.T) {
	first, second, third := yesterday(), yesterday(), yesterday()
	second.At, third.At = first.At.AddDate(0, 0, 10), first.At.AddDate(0, 0, 30)
	gone := second.Findings[0]
	second.Findings = second.Findings[1:]
	undecided(third)
	for _, pair := range [][2]*report.Report{{second, first}, {third, second}} {
		if err := baseline.Compare(pair[0], pair[1], true); err != nil {
			t.Fatal(err)
		}
	}
	want := &report.Changes{Since: second.At, Reopened: 1, Unchanged: len(third.Findings) - 1, Stale: 1, Oldest: map[policies.Severity]int{}}
	for _, f := range append(third.Findings, third.Stale...) {
		if f.Status == policies.Fail {
			want.Oldest[f.Severity] = 30
		}
	}
	if diff := cmp.Diff(want, third.Changes); diff != "" {
		t.Error(diff)
	}
	if gone.Fingerprint != third.Findings[0].Fingerprint || third.Findings[0].Reopened != 1 {
		t.Errorf("%+v", third.Findings[0])
	}
	if v := (report.Gate{FailOn: gone.Severity, OnlyNew: true}).Decide(third).Verdict; v != report.VerdictFail {
		t.Error("the gate lets a finding pass that is back")
	}
}

func TestReadChecksAges(t *testing.T) {
	before, now := yesterday(), yesterday()
	before.At = now.At.AddDate(0, 0, -3)
	if err := baseline.Compare(now, before, false); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := now.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	for old, tt := range map[string][2]string{
		`"open_days": 3`:   {`"open_days": 2`, "open_days is not the time"},
		`"unchanged": `:    {`"unchanged": 1`, "/changes does not match"},
		`"first_seen": "2`: {`"first_seen": "3`, "/findings/0/open_days"},
	} {
		changed := strings.Replace(text.String(), old, tt[0], 1)
		if _, err := report.Read(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), tt[1]) {
			t.Errorf("%s: %v", tt[0], err)
		}
	}
}

// A finding seen first on day 1, with a deadline of 10 days, at each day of a run.
func TestDeadlines(t *testing.T) {
	start := yesterday().At
	run := func(before *report.Report, day int, d *deadlines.Deadlines, change func(*report.Report)) *report.Report {
		now := yesterday()
		now.At, now.Deadlines = start.AddDate(0, 0, day), d
		if change != nil {
			change(now)
			now.Settle()
		}
		if before != nil {
			if err := baseline.Compare(now, before, true); err != nil {
				t.Fatal(err)
			}
		}
		return saved(t, now)
	}
	watch := func(r *report.Report) *report.Finding {
		for _, f := range append(r.Findings, r.Stale...) {
			if f.Rule == watchedRule && f.Token == watchedToken {
				return f
			}
		}
		return nil
	}
	gate := report.Gate{Overdue: true}
	byRule := &deadlines.Deadlines{Rules: map[string]int{watchedRule: 10}}
	stop := &deadlines.Deadlines{Rules: map[string]int{watchedRule: 10}, StopWaived: true}
	due := func(day int) string { return start.AddDate(0, 0, day).Format(time.DateOnly) }

	first := run(nil, 1, byRule, nil)
	if f := watch(first); f.Due != "" || first.UnknownDue() != 1 {
		t.Errorf("a first run knows since when: %+v", f)
	}
	if d := gate.Decide(first); d.Verdict != report.VerdictIncomplete || !strings.Contains(d.Reason, "give an earlier report as --baseline, or a --store") {
		t.Errorf("a first run: %+v", d)
	}
	if d := gate.Decide(run(first, 2, nil, nil)); d.Verdict != report.VerdictIncomplete || !strings.Contains(d.Reason, "no deadlines") {
		t.Errorf("without deadlines: %+v", d)
	}
	in := run(first, 11, byRule, nil)
	if f := watch(in); f.Due != due(11) || f.OverdueDays != 0 || gate.Decide(in).Verdict != report.VerdictPass {
		t.Errorf("on the last day: %+v, %+v", f, gate.Decide(in))
	}
	past := run(in, 13, byRule, nil)
	if f := watch(past); f.Due != due(11) || f.OverdueDays != 2 || past.Changes.Overdue[f.Severity] != 1 {
		t.Errorf("two days later: %+v, %v", f, past.Changes)
	}
	if d := gate.Decide(past); d.Verdict != report.VerdictFail || d.Reason != "1 finding overdue" {
		t.Errorf("the gate: %+v", d)
	}
	if d := (report.Gate{}).Decide(past); d.Verdict != report.VerdictPass {
		t.Errorf("a gate that was not asked: %+v", d)
	}
	if f := watch(run(in, 13, byRule, undecided)); f.OverdueDays != 2 {
		t.Errorf("stale: %+v", f)
	}

	for name, tt := range map[string]struct {
		d                *deadlines.Deadlines
		dueWaived, after string
	}{"the clock runs on": {byRule, due(11), due(11)}, "it stops": {stop, "", due(15)}} {
		waiting := run(run(run(nil, 1, tt.d, nil), 4, tt.d, waived), 6, tt.d, waived)
		if f := watch(waiting); f.Due != tt.dueWaived || f.WaivedDays != 2 {
			t.Errorf("%s: waived: %+v", name, f)
		}
		if f := watch(run(waiting, 8, tt.d, nil)); f.Due != tt.after || f.WaivedDays != 4 {
			t.Errorf("%s: after the waiver: %+v", name, f)
		}
	}
	// A waiver ends with its last day, whenever the next run is.
	untilDay5 := func(r *report.Report) {
		waived(r)
		watch(r).Waiver = &policies.Waiver{Rule: watchedRule, Token: watchedToken, Expires: due(5)}
	}
	accepted := run(run(nil, 1, stop, nil), 4, stop, untilDay5)
	if f := watch(run(accepted, 5, stop, nil)); f.Due != due(12) || f.WaivedDays != 1 {
		t.Errorf("on the last day of the waiver: %+v", f)
	}
	if f := watch(run(accepted, 20, stop, nil)); f.Due != due(13) || f.WaivedDays != 2 {
		t.Errorf("long after the waiver: %+v", f)
	}
	hidden := run(run(accepted, 8, stop, undecided), 9, stop, undecided)
	if f := watch(hidden); f.Status != policies.Waived || f.WaivedDays != 2 {
		t.Errorf("stale after the waiver: %+v", f)
	}
	if f := watch(run(hidden, 20, stop, nil)); f.Due != due(13) || f.WaivedDays != 2 || f.Baseline != report.BaselineNew {
		t.Errorf("back long after the waiver: %+v", f)
	}
	if d := gate.Decide(run(past, 14, byRule, waived)); d.Verdict != report.VerdictPass {
		t.Errorf("overdue and waived: %+v", d)
	}
}
