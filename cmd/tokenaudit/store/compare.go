package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/report"
)

// Compare marks what is new in a report since the last run before it, and lists what is
// resolved and what nobody can tell, as a comparison with a baseline does. found is false
// where there is no earlier run: every finding is new then, and since now.
func (s *Store) Compare(ctx context.Context, r *report.Report, o *Observation) (found bool, err error) {
	err = s.reading(ctx, func(t *tx) error {
		c, err := t.comparison(r, o)
		if err != nil {
			return err
		}
		c.mark()
		if found = c.last > 0; !found {
			return nil
		}
		return cmp.Or(c.settle(), t.Err)
	})
	if err != nil {
		return false, fmt.Errorf("compare with the store: %w", err)
	}
	r.CountChanges()
	return found, nil
}

// comparison is a report against what was known before it.
type comparison struct {
	t *tx
	w *world
	r *report.Report
	// last is the number of the last run before; 0 for none.
	last int
	// was are the findings that were known, by fingerprint.
	was      map[string]known
	reopened map[string]int
	// waived are the days on which findings were waived.
	waived map[string]int
	runs   []runTime
	names  map[string]string
}

// known is a finding as it was known after the last run.
type known struct {
	state

	firstSeen    time.Time
	key, message string
}

// waivedDays counts by fingerprint the days on which findings were waived, until a moment after
// the run last.
func (t *tx) waivedDays(last int, until time.Time) map[string]int {
	counted := map[string]int{}
	t.Each(func(scan func(...any)) error {
		var fingerprint, from, to string
		scan(&fingerprint, &from, &to)
		begin, err := time.Parse(time.RFC3339, from)
		if err != nil {
			return err
		}
		end := until
		if to != "" {
			if end, err = time.Parse(time.RFC3339, to); err != nil {
				return err
			}
		}
		counted[fingerprint] += max(0, deadlines.DaysBetween(begin, end))
		return nil
	}, `SELECT s.fingerprint, b.at, COALESCE(e.at, '') FROM finding_state s JOIN run b ON b.run = s.from_run
		LEFT JOIN run e ON e.run = s.to_run AND e.run <= ? WHERE s.state = 'waived' AND s.from_run <= ?`, last, last)
	return counted
}

// runTime is a run that may have seen something.
type runTime struct {
	run  int
	at   time.Time
	only string
	// sources are those that it read.
	sources map[string]bool
}

func (t *tx) comparison(r *report.Report, o *Observation) (*comparison, error) {
	w, err := newWorld(o)
	if err != nil {
		return nil, err
	}
	c := &comparison{t: t, w: w, r: r, last: t.before(r.At), was: map[string]known{}}
	t.Each(func(scan func(...any)) error {
		var k known
		var first string
		k.state = scanState(func(to ...any) { scan(append(to, &first, &k.key, &k.message)...) })
		at, err := time.Parse(time.RFC3339, first)
		k.firstSeen = at
		c.was[k.fingerprint] = k
		return err
	}, `SELECT `+stateColumns+`, f.first_at, f.finding_key, f.message FROM finding_state s JOIN finding f ON f.fingerprint = s.fingerprint WHERE s.`+covering, c.last, c.last)
	c.reopened = t.reopenings(c.last)
	c.waived = t.waivedDays(c.last, r.At)
	return c, t.Err
}

// mark says of the findings of the report whether they are new, and since when they are open.
func (c *comparison) mark() {
	for _, f := range c.r.Findings {
		was, there := c.was[f.Fingerprint]
		if !there {
			f.SeenSince(c.r.At.Truncate(time.Second), c.r.At)
			if c.last > 0 {
				f.Baseline = report.BaselineNew
			}
			continue
		}
		f.Baseline, f.Reopened, f.WaivedDays = report.BaselineUnchanged, c.reopened[f.Fingerprint], c.waived[f.Fingerprint]
		f.SeenSince(was.firstSeen, c.r.At)
		switch {
		case was.state.state.over():
			f.Baseline = report.BaselineReopened
			f.Reopened++
		case was.state.state == StateWaived && f.Status != policies.Waived:
			// A waiver that ended brings a finding back as if it were new.
			f.Baseline = report.BaselineNew
		}
	}
}

// settle lists what became of the findings that the report does not have.
func (c *comparison) settle() error {
	complete := 0
	var at string
	c.t.One([]any{&at, &complete}, `SELECT at, complete FROM run WHERE run = ?`, c.last)
	since, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return cmp.Or(c.t.Err, err)
	}
	c.r.Baseline = &report.BaselineRef{At: since.UTC(), Complete: complete == 1}
	c.r.Resolved, c.r.Stale = []*report.Finding{}, []*report.Finding{}
	here := make(map[string]bool, len(c.r.Findings))
	for _, f := range c.r.Findings {
		here[f.Fingerprint] = true
	}
	for _, fingerprint := range sortedKeys(c.was) {
		was := c.was[fingerprint]
		if here[fingerprint] || was.state.state.over() || was.state.state == StateWithdrawn {
			continue
		}
		became, reason, said := c.t.outcome(c.w, &was.state)
		if !said {
			became, reason = StateUnseen, report.StaleOutOfScope
		}
		f, err := c.earlier(was, reason)
		if err != nil {
			return err
		}
		if became == StateUnseen {
			c.r.Stale = append(c.r.Stale, f)
		} else {
			c.r.Resolved = append(c.r.Resolved, f)
		}
	}
	slices.SortFunc(c.r.Resolved, report.CompareFindings)
	slices.SortFunc(c.r.Stale, report.CompareFindings)
	return c.t.Err
}

// earlier returns a finding that the report does not have.
func (c *comparison) earlier(was known, reason report.Resolution) (*report.Finding, error) {
	f := &report.Finding{
		Fingerprint: was.fingerprint, Rule: was.rule, Severity: was.severity, Status: policies.Fail, Resolution: reason, CMS: was.cms, Source: was.source,
		Token: was.token, Kind: kindOf(was.kind), Team: was.team, Key: was.key, Message: was.message, Reopened: c.reopened[was.fingerprint], WaivedDays: c.waived[was.fingerprint],
	}
	if was.waiver != (Waiver{}) {
		f.Status = policies.Waived
	}
	if was.token != "" {
		name, err := c.name(was.token)
		if err != nil {
			return f, err
		}
		f.TokenName = name
	}
	f.SeenSince(was.firstSeen, c.r.At)
	last, err := c.lastSeen(was)
	if !last.IsZero() {
		f.LastSeen = &last
	}
	return f, err
}

// name returns the last name that a token had.
func (c *comparison) name(token string) (string, error) {
	if c.names == nil {
		c.names = map[string]string{}
		c.t.Each(func(scan func(...any)) error {
			var token, name string
			scan(&token, &name)
			c.names[token] = name
			return nil
		}, `SELECT token, name FROM token_version WHERE from_run <= ? ORDER BY from_run`, c.last)
	}
	return c.names[token], c.t.Err
}

// lastSeen returns the time of the last run that had a finding.
func (c *comparison) lastSeen(was known) (time.Time, error) {
	if c.runs == nil {
		if err := c.readRuns(); err != nil {
			return time.Time{}, err
		}
	}
	for _, r := range slices.Backward(c.runs) {
		looked := r.sources[was.source] && (r.only == "" || strings.Contains(r.only, "|"+was.rule+"|"))
		if looked && (was.state.state != StateUnseen || r.run < was.from) {
			return r.at, nil
		}
	}
	return time.Time{}, nil
}

func (c *comparison) readRuns() error {
	c.runs = []runTime{}
	index := map[int]int{}
	c.t.Each(func(scan func(...any)) error {
		r := runTime{sources: map[string]bool{}}
		var at string
		scan(&r.run, &at, &r.only)
		parsed, err := time.Parse(time.RFC3339, at)
		r.at = parsed.UTC()
		index[r.run] = len(c.runs)
		c.runs = append(c.runs, r)
		return err
	}, `SELECT run, at, only_rules FROM run WHERE run <= ? ORDER BY run`, c.last)
	c.t.Each(func(scan func(...any)) error {
		var run int
		var source string
		scan(&run, &source)
		if i, ok := index[run]; ok {
			c.runs[i].sources[source] = true
		}
		return nil
	}, `SELECT run, source FROM reading WHERE run <= ?`, c.last)
	return c.t.Err
}
