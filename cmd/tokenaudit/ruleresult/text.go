// Package ruleresult shows what the tests of rules gave, as text and as JUnit XML, and
// what rules come to on saved inventories.
package ruleresult

import (
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies/ruletest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Text tells what failed and why, which lines no test reached, which rules found
// nothing, and the totals.
func Text(r *ruletest.Report, unreached []string) string {
	var b strings.Builder
	counts := map[ruletest.Status]int{}
	for _, t := range r.Tests {
		counts[t.Status]++
		if t.Status == ruletest.Passed {
			continue
		}
		fmt.Fprintf(&b, "%s %s.%s (%s:%d)\n", strings.ToUpper(string(t.Status)), t.Package, t.Name, t.File, t.Line)
		for _, text := range []string{t.Detail, t.Output} {
			if text = strings.TrimSpace(text); text != "" {
				b.WriteString("  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n")
			}
		}
	}
	for _, e := range r.Broken {
		fmt.Fprintf(&b, "CONVENTION %s\n", e)
	}
	for _, f := range r.Coverage {
		if len(f.Missed) > 0 {
			fmt.Fprintf(&b, "COVERAGE %s: %.0f %%, no test reached %s\n", f.File, f.Percent, lineRanges(f.Missed))
		}
	}
	for _, warning := range unreached {
		b.WriteString(warning + "\n")
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d could not run, %d skipped; %s broken\n",
		counts[ruletest.Passed], counts[ruletest.Failed], counts[ruletest.Errored], counts[ruletest.Skipped], safetext.Plural(len(r.Broken), "convention", "conventions"))
	return b.String()
}

// lineRanges writes pairs of first and last lines: "line 3", "lines 3, 7-9".
func lineRanges(ranges [][2]int) string {
	words := make([]string, len(ranges))
	for i, r := range ranges {
		words[i] = fmt.Sprint(r[0])
		if r[1] > r[0] {
			words[i] = fmt.Sprintf("%d-%d", r[0], r[1])
		}
	}
	if len(words) == 1 && !strings.Contains(words[0], "-") {
		return "line " + words[0]
	}
	return "lines " + strings.Join(words, ", ")
}
