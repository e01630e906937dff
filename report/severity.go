package report

import (
	"fmt"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
)

// NoSeverity is a threshold that nothing reaches.
const NoSeverity policies.Severity = "none"

// allSeverities gives all severities, worst first.
func allSeverities() []policies.Severity {
	return []policies.Severity{policies.Critical, policies.High, policies.Medium, policies.Low, policies.Info}
}

// ParseThreshold reads a severity, or "none" for a threshold that nothing reaches.
func ParseThreshold(s string) (policies.Severity, error) {
	severity := policies.Severity(strings.ToLower(s))
	if severity == NoSeverity || severityRank(severity) < len(allSeverities()) {
		return severity, nil
	}
	return "", fmt.Errorf("unknown severity %q: one of critical, high, medium, low, info, none", s)
}

// severityRank is 0 for the worst; an unknown severity comes after all others.
func severityRank(s policies.Severity) int {
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

// reaches tells whether s is at or above the threshold. An empty threshold and
// NoSeverity are never reached, and an unknown severity reaches nothing.
func reaches(s, threshold policies.Severity) bool {
	if threshold == "" || threshold == NoSeverity {
		return false
	}
	return severityRank(s) <= severityRank(threshold)
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

// Of gives the count of one severity.
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
