// Package course counts how findings and tokens have developed, from what a store knows.
package course

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/trend"
)

// Course is what the runs until one of them say of findings and tokens.
type Course struct {
	runs []store.RunInfo
	// findings are the spans of each finding, in the order of time.
	findings [][]store.Span
	kinds    []store.KindSpan
	// ahead is the last run where it is not in the store; nil where it is.
	ahead *store.Ahead
}

// Options say what is counted, and how.
type Options struct {
	// Deadlines say what is overdue; nil for nothing.
	Deadlines *deadlines.Deadlines
	// Weekly joins the runs of a week to a period, which begins on Monday, UTC.
	Weekly bool
	// Since leaves out what lies before it.
	Since time.Time
	// Teams are those whose findings and tokens are counted, with [report.Unassigned] for no
	// team; empty for all.
	Teams []string
}

// Until reads the course until a moment; all of it where that is zero.
func Until(ctx context.Context, s *store.Store, until time.Time) (*Course, error) {
	return read(ctx, s, func(at time.Time) bool { return until.IsZero() || !at.After(until) }, nil)
}

// With reads the course until a run that is not written yet, which is the last one of it.
func With(ctx context.Context, s *store.Store, o *store.Observation) (*Course, error) {
	ahead, err := s.Ahead(ctx, o)
	if err != nil {
		return nil, err
	}
	c, err := read(ctx, s, o.Run.At.After, ahead.Spans)
	if err != nil {
		return nil, err
	}
	c.ahead = &ahead
	c.runs = append(c.runs, store.RunInfo{At: o.Run.At, Kept: true, Complete: o.Run.Complete, Scope: o.Run.Scope})
	return c, nil
}

// read reads what runs say for whose times within is true, and more spans, which begin after them.
func read(ctx context.Context, s *store.Store, within func(time.Time) bool, more []store.Span) (*Course, error) {
	known, err := s.Course(ctx)
	if err != nil {
		return nil, err
	}
	c := &Course{kinds: known.Kinds, runs: slices.DeleteFunc(known.Runs, func(r store.RunInfo) bool { return !within(r.At) })}
	spans := slices.DeleteFunc(known.Spans, func(p store.Span) bool { return !within(p.From) })
	if len(more) > 0 {
		spans = append(spans, more...)
		slices.SortStableFunc(spans, func(a, b store.Span) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	}
	for begin := 0; begin < len(spans); {
		end := begin + 1
		for end < len(spans) && spans[end].Fingerprint == spans[begin].Fingerprint {
			spans[end-1].To = spans[end].From
			end++
		}
		if !within(spans[end-1].To) {
			spans[end-1].To = time.Time{}
		}
		c.findings = append(c.findings, spans[begin:end])
		begin = end
	}
	return c, nil
}

// Trend counts.
func (c *Course) Trend(o Options) *trend.Trend {
	t := &trend.Trend{Fixes: c.fixes(&o)}
	for _, p := range c.periods(&o) {
		c.count(&p, &o)
		t.Periods = append(t.Periods, p)
	}
	return t
}

// LastYear returns the trend of findings, by week, in the year before a report, as formats
// show it.
func (c *Course) LastYear(at time.Time, due *deadlines.Deadlines) func(teams []string) *trend.Trend {
	return func(teams []string) *trend.Trend {
		return c.Trend(Options{Deadlines: due, Weekly: true, Since: monday(at).AddDate(0, 0, -7*52), Teams: teams})
	}
}

// periods are the runs, or the weeks of runs.
func (c *Course) periods(o *Options) []trend.Period {
	var all []trend.Period
	for _, r := range c.runs {
		// Of what was before a run that was pruned, the store has only what is still so.
		if r.At.Before(o.Since) || !r.Kept {
			continue
		}
		from := r.At
		if o.Weekly {
			from = monday(r.At)
		}
		complete := r.Complete && r.Scope == nil
		if n := len(all); o.Weekly && n > 0 && all[n-1].From.Equal(from) {
			last := &all[n-1]
			last.At, last.Runs, last.Complete = r.At, last.Runs+1, last.Complete && complete
			continue
		}
		all = append(all, trend.Period{From: from, At: r.At, Runs: 1, Complete: complete})
	}
	return all
}

// monday returns the first moment of a week, UTC.
func monday(at time.Time) time.Time {
	day := deadlines.Day(at)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// count counts what was at the end of a period, and what happened in it.
func (c *Course) count(p *trend.Period, o *Options) {
	p.Open = map[policies.Severity]int{}
	for _, spans := range c.findings {
		c.happened(p, spans, o)
		for i := range spans {
			s := &spans[i]
			if o.of(s.Team) && holds(p, s.From, s.To) && s.State.CountsAsOpen() {
				p.Open[policies.Severity(s.Severity)]++
				if o.overdue(spans[:i+1], p.At) {
					p.Overdue++
				}
			}
		}
	}
	p.Tokens = map[inventory.Kind]int{}
	if c.ahead != nil && p.At.Equal(c.runs[len(c.runs)-1].At) {
		for k, n := range c.ahead.Kinds {
			if o.of(k.Team) {
				p.Tokens[inventory.Kind(k.Kind)] += n
			}
		}
		return
	}
	for _, k := range c.kinds {
		if o.of(k.Team) && holds(p, k.From, k.To) {
			p.Tokens[inventory.Kind(k.Kind)] += k.Count
		}
	}
}

// of reports whether a team is one of those that are counted.
func (o *Options) of(team string) bool {
	return len(o.Teams) == 0 || slices.Contains(o.Teams, cmp.Or(team, report.Unassigned))
}

// holds reports whether what was so for a time was so at the end of a period.
func holds(p *trend.Period, from, to time.Time) bool {
	return !from.After(p.At) && (to.IsZero() || to.After(p.At))
}

// happened counts what happened to a finding in a period. What the first run found is not
// new: nobody had looked before.
func (c *Course) happened(p *trend.Period, spans []store.Span, o *Options) {
	wasOver := false
	for i := range spans {
		s := &spans[i]
		over := s.State.Over()
		switch within := !s.From.Before(p.From) && !s.From.After(p.At); {
		case !within || !o.of(s.Team):
		case i == 0:
			if !s.From.Equal(c.runs[0].At) {
				p.New++
			}
		case wasOver && !over:
			p.Reopened++
		case over && !wasOver:
			p.Resolved++
		}
		wasOver = over
	}
}

// overdue reports whether a finding is past its deadline at a moment until which its last
// span holds.
func (o *Options) overdue(spans []store.Span, at time.Time) bool {
	s := &spans[len(spans)-1]
	days, ok := o.Deadlines.Of(s.Rule, s.Team, policies.Severity(s.Severity))
	if !ok {
		return false
	}
	if o.Deadlines.StopWaived {
		for i := range spans {
			if spans[i].State == store.StateWaived {
				days += deadlines.DaysBetween(spans[i].From, spans[i].To)
			}
		}
	}
	return deadlines.DaysBetween(deadlines.Day(spans[0].From).AddDate(0, 0, days), at) > 0
}

// fixes says how long it took until findings were over that are.
func (c *Course) fixes(o *Options) []trend.Fix {
	type key struct {
		severity policies.Severity
		team     string
	}
	of := map[key]*trend.Fix{}
	for _, spans := range c.findings {
		last := &spans[len(spans)-1]
		if !last.State.Over() || last.From.Before(o.Since) || !o.of(last.Team) {
			continue
		}
		k := key{policies.Severity(last.Severity), last.Team}
		if of[k] == nil {
			of[k] = &trend.Fix{Severity: k.severity, Team: k.team}
		}
		of[k].Findings++
		of[k].Days += deadlines.DaysBetween(spans[0].From, last.From)
	}
	var all []trend.Fix
	for _, f := range of {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b trend.Fix) int {
		return cmp.Or(cmp.Compare(report.SeverityRank(a.Severity), report.SeverityRank(b.Severity)), cmp.Compare(a.Team, b.Team))
	})
	return all
}
