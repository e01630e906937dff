package report

import (
	"cmp"
	"slices"
	"strings"
)

// sorted returns a sorted copy that is never nil. The copy is stable for
// elements that compare as equal.
func sorted[T any](s []T, compare func(a, b T) int) []T {
	s = append(make([]T, 0, len(s)), s...)
	slices.SortStableFunc(s, compare)
	return s
}

// CompareFindings is the order of findings in a report: by severity, rule, token,
// source, key and message.
func CompareFindings(a, b *Finding) int {
	return cmp.Or(
		SeverityRank(a.Severity)-SeverityRank(b.Severity),
		strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Token, b.Token),
		strings.Compare(a.Source, b.Source),
		strings.Compare(a.Key, b.Key),
		strings.Compare(a.Message, b.Message),
	)
}

func compareAllowed(a, b Allowed) int {
	return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Source, b.Source),
		strings.Compare(a.Token, b.Token), strings.Compare(a.Message, b.Message))
}

func compareSources(a, b Source) int { return strings.Compare(a.ID, b.ID) }

func compareRules(a, b Rule) int { return strings.Compare(a.ID, b.ID) }

func compareGaps(a, b Gap) int {
	return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Source, b.Source), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Team, b.Team))
}

func compareRuleErrors(a, b RuleError) int {
	return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Source, b.Source), strings.Compare(a.Detail, b.Detail))
}
