package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/labels"
	"github.com/tokenaudit/tokenaudit/policies"
)

// MaxLabelled is how many combinations of labels are counted apart: a configuration
// has a few, an inventory from outside may have one for each of its sources.
const MaxLabelled = 256

// labelledCounts counts verdicts by the labels of their sources. The zero value is
// ready for use.
type labelledCounts struct {
	groups map[string]*Labelled
	// lost: there are too many combinations, or the counts of some are not known.
	lost bool
}

func (l *labelledCounts) add(of map[string]string, statuses map[string]policies.Counts) {
	if len(of) == 0 || l.lost {
		return
	}
	key := labelsKey(of)
	group, ok := l.groups[key]
	if !ok {
		if len(l.groups) == MaxLabelled {
			l.groups, l.lost = nil, true
			return
		}
		if l.groups == nil {
			l.groups = map[string]*Labelled{}
		}
		group = &Labelled{Labels: maps.Clone(of), Statuses: map[string]policies.Counts{}}
		l.groups[key] = group
	}
	for rule, counts := range statuses {
		if counts != (policies.Counts{}) {
			group.Statuses[rule] = SumCounts(group.Statuses[rule], counts)
		}
	}
}

// join adds those of a report.
func (l *labelledCounts) join(r *Report) {
	for _, group := range r.Labelled {
		l.add(group.Labels, group.Statuses)
	}
	if len(r.Labelled) == 0 && slices.ContainsFunc(r.Sources, func(s Source) bool { return len(s.Labels) > 0 }) {
		l.groups, l.lost = nil, true
	}
}

// JoinLabelled adds up the verdicts by label of the parts of a run; nil where one of
// them does not have its own.
func JoinLabelled(parts []*Report) []Labelled {
	var all labelledCounts
	for _, part := range parts {
		all.join(part)
	}
	return all.list()
}

// list returns the groups by their labels; nil for none.
func (l *labelledCounts) list() []Labelled {
	var list []Labelled
	for _, key := range slices.Sorted(maps.Keys(l.groups)) {
		list = append(list, *l.groups[key])
	}
	return list
}

func labelsKey(of map[string]string) string {
	return strings.Join(labels.Texts(of), "\x00")
}

// checkLabelled reports what is wrong with the counts by label: they cannot exceed
// those of the rules, nor be of labels that no source has.
func checkLabelled(r *Report) error {
	known := map[string]bool{}
	for i := range r.Sources {
		known[labelsKey(r.Sources[i].Labels)] = true
	}
	sums := map[string]policies.Counts{}
	for i, group := range r.Labelled {
		key := labelsKey(group.Labels)
		if !known[key] {
			return fmt.Errorf("/labelled/%d has labels that no source has, or is there twice", i)
		}
		delete(known, key)
		for rule, counts := range group.Statuses {
			sums[rule] = SumCounts(sums[rule], counts)
		}
	}
	for i := range r.Rules {
		sum, all := sums[r.Rules[i].ID], r.Rules[i].Statuses
		if sum.Fail > all.Fail || sum.Pass > all.Pass || sum.NotEvaluated > all.NotEvaluated || sum.NotApplicable > all.NotApplicable || sum.Waived > all.Waived {
			return fmt.Errorf("/labelled counts more verdicts of the rule %s than /rules/%d", r.Rules[i].ID, i)
		}
		delete(sums, r.Rules[i].ID)
	}
	if len(sums) > 0 {
		return errors.New("/labelled counts verdicts of a rule that was not loaded")
	}
	return nil
}
