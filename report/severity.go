package report

import (
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
)

// NoSeverity is a threshold that nothing reaches.
const NoSeverity policies.Severity = "none"

// AllSeverities returns all severities, worst first.
func AllSeverities() []policies.Severity {
	return []policies.Severity{policies.Critical, policies.High, policies.Medium, policies.Low, policies.Info}
}

// ParseThreshold reads a severity, or "none" for a threshold that nothing reaches.
func ParseThreshold(s string) (policies.Severity, error) {
	severity := policies.Severity(strings.ToLower(s))
	if severity == NoSeverity || SeverityRank(severity) < len(AllSeverities()) {
		return severity, nil
	}
	return "", fmt.Errorf("unknown severity %q: expected one of critical, high, medium, low, info, none", s)
}

// SeverityRank is 0 for the worst; an unknown severity comes after all others.
func SeverityRank(s policies.Severity) int {
	switch s {
	case policies.Critical:
		return 0
	case policies.High:
		return 1
	case policies.Medium:
		return 2
	case policies.Low:
		return 3
	case policies.Info:
		return 4
	}
	return 5
}

// Reaches reports whether s is at or above the threshold. An empty threshold and
// NoSeverity are never reached, and an unknown severity reaches nothing.
func Reaches(s, threshold policies.Severity) bool {
	if threshold == "" || threshold == NoSeverity {
		return false
	}
	return SeverityRank(s) <= SeverityRank(threshold)
}

// add counts one finding.
func (c *SeverityCounts) add(s policies.Severity) {
	switch s {
	case policies.Critical:
		c.Critical++
	case policies.High:
		c.High++
	case policies.Medium:
		c.Medium++
	case policies.Low:
		c.Low++
	default:
		c.Info++
	}
}

// Of returns the count of one severity.
func (c SeverityCounts) Of(s policies.Severity) int {
	switch s {
	case policies.Critical:
		return c.Critical
	case policies.High:
		return c.High
	case policies.Medium:
		return c.Medium
	case policies.Low:
		return c.Low
	case policies.Info:
		return c.Info
	}
	return 0
}

// Total adds all severities.
func (c SeverityCounts) Total() int {
	return c.Critical + c.High + c.Medium + c.Low + c.Info
}
