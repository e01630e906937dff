package html

import (
	"fmt"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// seenText says when a finding was seen first, and how often it came back; empty where that is
// unknown.
func seenText(f *report.Finding) string {
	if f.FirstSeen.IsZero() {
		return ""
	}
	text := f.FirstSeen.Format("2006-01-02 15:04 MST")
	if f.Reopened > 0 {
		text += fmt.Sprintf("; came back %s after it was resolved", safetext.Plural(f.Reopened, "time", "times"))
	}
	if f.LastSeen != nil {
		text += "; seen last " + f.LastSeen.UTC().Format("2006-01-02 15:04 MST")
	}
	return text
}

// dueText says when a finding is due; empty without a deadline.
func dueText(f *report.Finding) string {
	if f.OverdueDays > 0 {
		return f.Due + ", " + format.OverdueText(f.OverdueDays)
	}
	return f.Due
}
