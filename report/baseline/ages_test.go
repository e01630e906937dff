package baseline_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/policies"
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
	for state, findings := range map[string][]report.Finding{"": r.Findings, "resolved": r.Resolved, "stale": r.Stale} {
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
		`"unchanged": `:    {`"unchanged": 1`, "/changes does not agree"},
		`"first_seen": "2`: {`"first_seen": "3`, "/findings/0/open_days"},
	} {
		changed := strings.Replace(text.String(), old, tt[0], 1)
		if _, err := report.Read(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), tt[1]) {
			t.Errorf("%s: %v", tt[0], err)
		}
	}
}
