// Package junit renders a report for the test reports of CI systems.
package junit

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/controls"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// junitMaxText bounds names and messages: CI systems keep them in databases.
const junitMaxText = 1_024

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string `xml:"name,attr"`
	Tests     int    `xml:"tests,attr"`
	Failures  int    `xml:"failures,attr"`
	Errors    int    `xml:"errors,attr"`
	Skipped   int    `xml:"skipped,attr"`
	Timestamp string `xml:"timestamp,attr"`
	// Properties is nil for none.
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitCase struct {
	Name       string           `xml:"name,attr"`
	Class      string           `xml:"classname,attr"`
	File       string           `xml:"file,attr,omitempty"`
	Line       int              `xml:"line,attr,omitempty"`
	Properties *junitProperties `xml:"properties"`
	Failure    *junitOutcome    `xml:"failure"`
	Error      *junitOutcome    `xml:"error"`
	Skipped    *junitOutcome    `xml:"skipped"`
	// more tells it apart from a case of the same name; empty for nothing.
	more string
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Format is JUnit XML.
func Format() format.Format {
	return format.Format{
		Name: "junit", Help: "for the test reports of CI systems",
		Write: renderJUnit,
	}
}

// renderJUnit writes a suite for each rule, and one for what was read. A
// finding is a failed case; a waived one, what was not evaluated, and a waiver
// that needs somebody are skipped cases; what could not run or be read is an
// error.
func renderJUnit(w io.Writer, r *report.Report, _ format.Options) error {
	doc := junitSuites{Name: "tokenaudit"}
	doc.add(collectionSuite(r))
	v := format.NewView(r)
	findings, gaps, errs := map[string][]*report.Finding{}, map[string][]report.Gap{}, map[string][]report.RuleError{}
	ids := map[string]bool{}
	for i := range r.Rules {
		ids[r.Rules[i].ID] = true
	}
	for _, f := range r.Findings {
		ids[f.Rule] = true
		findings[f.Rule] = append(findings[f.Rule], f)
	}
	for _, gap := range r.Gaps {
		ids[gap.Rule] = true
		gaps[gap.Rule] = append(gaps[gap.Rule], gap)
	}
	for _, e := range r.RuleErrors {
		ids[e.Rule] = true
		errs[e.Rule] = append(errs[e.Rule], e)
	}
	for _, id := range safetext.SortedKeys(ids) {
		doc.add(ruleSuite(v, id, findings[id], gaps[id], errs[id]))
	}
	for _, suite := range []junitSuite{relaxedSuite(r), waiverSuite(v)} {
		if len(suite.Cases) > 0 {
			doc.add(suite)
		}
	}
	doc.distinguish()
	for i := range doc.Suites {
		doc.Suites[i].Timestamp = r.At.Format(time.RFC3339)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if _, err := out.WriteString(xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return err
	}
	if _, err := out.WriteString("\n"); err != nil {
		return err
	}
	return out.Flush()
}

func (d *junitSuites) add(suite junitSuite) {
	for _, c := range suite.Cases {
		suite.Tests++
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	d.Tests += suite.Tests
	d.Failures += suite.Failures
	d.Errors += suite.Errors
	d.Skipped += suite.Skipped
	d.Suites = append(d.Suites, suite)
}

// distinguish makes the names of cases unique: of several with one name, readers keep
// one. A name gets more of what its case is about, and a number where that is the same.
func (d *junitSuites) distinguish() {
	id := func(c *junitCase) [2]string { return [2]string{c.Class, c.Name} }
	count, taken := map[[2]string]int{}, map[[2]string]int{}
	for i := range d.Suites {
		for j := range d.Suites[i].Cases {
			count[id(&d.Suites[i].Cases[j])]++
		}
	}
	for i := range d.Suites {
		for j := range d.Suites[i].Cases {
			c := &d.Suites[i].Cases[j]
			if c.more != "" && count[id(c)] > 1 {
				c.Name = junitText(c.Name + ": " + c.more)
			}
			for same := id(c); taken[id(c)] > 0; {
				taken[same]++
				c.Name = fmt.Sprintf("%s #%d", same[1], taken[same])
			}
			taken[id(c)] = 1
		}
	}
}

// collectionSuite has a case for each list of each source.
func collectionSuite(r *report.Report) junitSuite {
	suite := junitSuite{Name: "collection"}
	unread := map[[2]string]report.UnreadUnit{}
	for _, unit := range r.Unread() {
		unread[[2]string{unit.Source, unit.Name}] = unit
	}
	for i := range r.Sources {
		source := &r.Sources[i]
		for _, unit := range source.Units {
			c := junitCase{Class: "collection", Name: junitText(source.ID + " " + unit.Name)}
			if u, ok := unread[[2]string{source.ID, unit.Name}]; ok {
				outcome := &junitOutcome{Message: junitText(u.Problem()), Type: junitText(cmp.Or(string(u.Error), "partial")), Text: junitText(u.Hint)}
				if u.Accepted != nil {
					outcome.Message = junitText(fmt.Sprintf("%s (%s)", u.Accepted, u.Problem()))
					c.Skipped = outcome
				} else {
					c.Error = outcome
				}
			}
			suite.Cases = append(suite.Cases, c)
		}
	}
	if len(r.Sources) == 0 {
		suite.Cases = append(suite.Cases, junitCase{Class: "collection", Name: "sources", Error: &junitOutcome{Message: "no source was found", Type: "no_source"}})
	}
	return suite
}

// relaxedSuite has a skipped case for each setting with which controls cannot pass.
func relaxedSuite(r *report.Report) junitSuite {
	suite := junitSuite{Name: "relaxed"}
	for _, s := range r.Lowered() {
		message := "these controls cannot pass: " + controls.Text(s.Controls)
		suite.Cases = append(suite.Cases, junitCase{Class: "relaxed", Name: junitText(s.String()), Skipped: &junitOutcome{Message: junitText(message), Type: "relaxed"}})
	}
	return suite
}

// waiverSuite has a skipped case for each waiver that needs somebody.
func waiverSuite(v *format.View) junitSuite {
	suite := junitSuite{Name: "waivers"}
	for _, w := range v.Waivers {
		if w.State == format.WaiverApplied {
			continue
		}
		message := fmt.Sprintf("%s: until %s, %s; owner %s: %s", w.State, w.Expires, safetext.Plural(w.Findings, "finding", "findings"), w.Owner, w.Reason)
		suite.Cases = append(suite.Cases, junitCase{Class: "waivers", Name: junitText(w.Rule + " " + w.On()), Skipped: &junitOutcome{Message: junitText(message), Type: "waiver"}})
	}
	return suite
}

func ruleSuite(v *format.View, id string, findings []*report.Finding, gaps []report.Gap, errs []report.RuleError) junitSuite {
	suite := junitSuite{Name: junitText(id)}
	if title := v.Goal(id); title != "" {
		suite.Properties = &junitProperties{[]junitProperty{{"title", junitText(title)}}}
	}
	slices.SortStableFunc(findings, report.CompareFindings)
	for _, f := range findings {
		suite.Cases = append(suite.Cases, findingCase(v, f))
	}
	for _, n := range format.NotAsked(v.R.Sources) {
		if n.Rule == id {
			message := fmt.Sprintf("not asked in %s: %s", safetext.Plural(n.Sources, "source", "sources"), n.Reason)
			suite.Cases = append(suite.Cases, junitCase{Class: junitText(id), Name: "not asked", Skipped: &junitOutcome{Message: junitText(message), Type: "not_asked"}, more: n.Reason})
		}
	}
	for _, e := range errs {
		suite.Cases = append(suite.Cases, junitCase{Class: junitText(id), Name: junitText(e.Source), Error: &junitOutcome{Message: junitText(e.Detail), Type: "rule_error"}})
	}
	for _, gap := range gaps {
		message := fmt.Sprintf("not evaluated: %s (%s)", gap.Reason, safetext.Plural(gap.Count, "verdict", "verdicts"))
		more := gap.Reason
		if gap.Team != "" {
			more = "team " + gap.Team + ": " + more
		}
		suite.Cases = append(suite.Cases, junitCase{Class: junitText(id), Name: junitText(gap.Source), Skipped: &junitOutcome{Message: junitText(message), Type: string(policies.NotEvaluated), Text: junitText(strings.Join(gap.Sample, " "))}, more: more})
	}
	if len(suite.Cases) == 0 {
		// A suite without a case looks like one that never ran.
		suite.Cases = append(suite.Cases, junitCase{Class: junitText(id), Name: junitText(cmp.Or(v.Goal(id), id))})
	}
	return suite
}

func findingCase(v *format.View, f *report.Finding) junitCase {
	name := f.Subject()
	if display := v.Name(f); display != "" {
		name += " (" + display + ")"
	}
	if f.Key != "" {
		name += ": " + f.Key
	}
	c := junitCase{
		Class: junitText(f.Rule), Name: junitText(name),
		Properties: &junitProperties{[]junitProperty{{"fingerprint", f.Fingerprint}, {"severity", string(f.Severity)}}},
	}
	if f.Origin != nil && f.Address != "" {
		c.File, c.Line = junitText(f.Origin.File), f.Origin.Line
	}
	if f.Baseline != "" {
		c.Properties.List = append(c.Properties.List, junitProperty{"baseline", string(f.Baseline)})
	}
	if f.OpenDays != nil {
		c.Properties.List = append(c.Properties.List, junitProperty{"first_seen", f.FirstSeen.Format(time.RFC3339)}, junitProperty{"open_days", strconv.Itoa(*f.OpenDays)})
	}
	if f.Due != "" {
		c.Properties.List = append(c.Properties.List, junitProperty{"due", f.Due}, junitProperty{"overdue_days", strconv.Itoa(f.OverdueDays)})
	}
	if labels := v.LabelsText(f.Source); labels != "" {
		c.Properties.List = append(c.Properties.List, junitProperty{"labels", junitText(labels)})
	}
	if owner := format.OwnerText(f.Owner); owner != "" {
		c.Properties.List = append(c.Properties.List, junitProperty{"owner", junitText(owner)})
	}
	if f.Team != "" {
		c.Properties.List = append(c.Properties.List, junitProperty{"team", junitText(f.Team)})
	}
	text := "To do: " + f.Remediation
	if f.URL != "" {
		text += "\n" + safetext.OneLine(f.URL)
	}
	if f.Status == policies.Waived && f.Waiver != nil {
		message := fmt.Sprintf("waived until %s by %s: %s (%s)", f.Waiver.Expires, f.Waiver.ApprovedBy, f.Waiver.Reason, f.Message)
		c.Skipped = &junitOutcome{Message: junitText(message), Type: string(policies.Waived)}
		return c
	}
	c.Failure = &junitOutcome{Message: junitText(f.Message), Type: string(f.Severity), Text: text}
	return c
}

func junitText(s string) string { return safetext.CutRunes(safetext.OneLine(s), junitMaxText) }
