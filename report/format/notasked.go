package format

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// NotAskedRule is a rule that judged nothing somewhere, because what it judges with was not
// given.
type NotAskedRule struct {
	policies.NotAsked
	// Sources counts those in which it is so.
	Sources int
}

// NotAsked returns the rules that were not asked in some of the sources, sorted.
func NotAsked(sources []report.Source) []NotAskedRule {
	counts := map[policies.NotAsked]int{}
	for i := range sources {
		for _, n := range sources[i].NotAsked {
			counts[n]++
		}
	}
	list := make([]NotAskedRule, 0, len(counts))
	for n, count := range counts {
		list = append(list, NotAskedRule{n, count})
	}
	slices.SortFunc(list, func(a, b NotAskedRule) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Reason, b.Reason))
	})
	return list
}

// NotAsked says which rules judged nothing, because what they judge with was not given: one
// line for all rules that lack the same, with the number of sources in which one of them does.
func (v *View) NotAsked() []string {
	rules, sources := map[string][]string{}, map[string]int{}
	for i := range v.R.Sources {
		lacks := map[string]bool{}
		for _, n := range v.R.Sources[i].NotAsked {
			lacks[n.Reason] = true
			if !slices.Contains(rules[n.Reason], n.Rule) {
				rules[n.Reason] = append(rules[n.Reason], n.Rule)
			}
		}
		for reason := range lacks {
			sources[reason]++
		}
	}
	var lines []string
	for _, reason := range safetext.SortedKeys(rules) {
		slices.Sort(rules[reason])
		lines = append(lines, fmt.Sprintf("%s in %s: %s", strings.Join(rules[reason], ", "), safetext.Plural(sources[reason], "source", "sources"), reason))
	}
	return lines
}
