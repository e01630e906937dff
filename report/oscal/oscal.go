// Package oscal renders a report as assessment results of OSCAL 1.2.2, NIST's format
// for the evidence of an assessment.
//
// The document has one result. Its observations are what was read and what was not,
// what could not be evaluated, and each finding; its risks are the findings, with the
// waivers as responses; its findings are the controls of the frameworks. A control is
// satisfied only if it passes. All ids are derived from what they identify and from the
// run, so the same run has the same document.
package oscal

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// oscalVersion is the version of the model that a document conforms to.
const oscalVersion = "1.2.2"

// Format is assessment results of OSCAL.
func Format() format.Format {
	return format.Format{
		Name: "oscal", Help: "OSCAL assessment results, evidence for auditors", UsesEvidence: true,
		Write: render,
	}
}

// results renders one report.
type results struct {
	r *report.Report
	o format.Options
	v *format.View
	// run is the UUID of the result, of which what is said of this run alone is derived.
	run string
	// tool is that of the component that is tokenaudit.
	tool string
	// collected has when each source was read, by its id.
	collected map[string]string
	views     []framework
	// risks has the UUIDs of the risks of each rule.
	risks map[string][]relatedRisk
}

func render(w io.Writer, r *report.Report, o format.Options) error {
	d := &results{r: r, o: o, v: format.NewView(r), tool: identify("tool"), collected: map[string]string{}, risks: map[string][]relatedRisk{}}
	for i := range r.Sources {
		if at := r.Sources[i].CollectedAt; known(at) {
			d.collected[r.Sources[i].ID] = stamp(at)
		}
	}
	var err error
	if d.views, err = byFramework(r); err != nil {
		return err
	}
	d.run = d.identity()
	for f := range d.findings() {
		d.risks[f.Rule] = append(d.risks[f.Rule], relatedRisk{identify("risk", f.Fingerprint)})
	}
	return d.write(newStream(w))
}

// identity returns the UUID of the result: another one wherever something else was
// judged, found or shown.
func (d *results) identity() string {
	r := d.r
	before := ""
	if r.Baseline != nil {
		before = stamp(r.Baseline.At)
	}
	words := []string{
		"result", stamp(r.At), r.Tool.Version, r.Policies.Digest, r.Policies.OPA, r.ConfigDigest, r.WaiversDigest, r.ScopeNote(), before,
		string(d.o.MinSeverity), string(d.o.Decision.Verdict), d.o.Decision.Reason,
	}
	if b := d.o.Bundle; b.File != "" {
		words = append(words, b.File, b.SHA256)
	}
	for _, e := range r.Evidence {
		words = append(words, string(e.Kind), e.File, e.SHA256)
	}
	for _, view := range d.views {
		words = append(words, view.ID)
	}
	for i := range r.Sources {
		words = append(words, r.Sources[i].ID, stamp(r.Sources[i].CollectedAt))
	}
	for f := range d.findings() {
		words = append(words, f.Fingerprint, string(f.Status))
	}
	for _, setting := range r.Relaxed {
		words = append(words, setting.String())
	}
	for _, gap := range r.Gaps {
		words = append(words, gap.Rule, gap.Source, gap.Reason)
	}
	return identify(words...)
}

// findings returns the findings of the report, and those of its baseline of which nobody
// knows whether they still stand.
func (d *results) findings() iter.Seq[*report.Finding] {
	return func(yield func(*report.Finding) bool) {
		for _, findings := range [][]*report.Finding{d.r.Findings, d.r.Stale} {
			for _, f := range findings {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func (d *results) write(s *stream) error {
	plan := identify("plan", d.run)
	s.open("assessment-results", "{")
	s.put("uuid", identify("document", d.run))
	s.put("metadata", metadata{
		Title: "Audit of API tokens", LastModified: stamp(d.r.At), Version: stamp(d.r.At), OSCALVersion: oscalVersion, Props: d.toolProps(),
	})
	s.put("import-ap", importPlan{"#" + plan, "There is no OSCAL assessment plan. The resource identifies the rules, the configuration and the waivers of this audit."})
	s.open("results", "[")
	s.open("", "{")
	d.writeResult(s)
	s.close("}")
	s.close("]")
	s.open("back-matter", "{")
	s.put("resources", d.resources(plan))
	s.close("}")
	s.close("}")
	return s.end()
}

func (d *results) writeResult(s *stream) {
	start, end := d.period()
	s.put("uuid", d.run)
	s.put("title", "Audit of API tokens at "+stamp(d.r.At))
	s.put("description", d.summary())
	s.put("start", start)
	if end != "" {
		s.put("end", end)
	}
	s.put("props", d.resultProps())
	s.open("local-definitions", "{")
	list(s, "components", d.components())
	list(s, "inventory-items", d.inventoryItems())
	s.put("assessment-assets", d.assets())
	s.close("}")
	s.put("reviewed-controls", d.reviewed())
	list(s, "observations", d.observations())
	list(s, "risks", d.allRisks())
	list(s, "findings", d.controls())
}

// period returns when the first source was read, and the audit time; the end is empty
// where the audit was made as of an earlier time.
func (d *results) period() (start, end string) {
	first := d.r.At
	for i := range d.r.Sources {
		if at := d.r.Sources[i].CollectedAt; known(at) && at.Before(first) {
			first = at
		}
	}
	late := slices.ContainsFunc(d.r.Sources, func(s report.Source) bool { return s.CollectedAt.After(d.r.At) })
	if late {
		return stamp(first), ""
	}
	return stamp(first), stamp(d.r.At)
}

// collectedAt returns when a source was read, or else the audit time.
func (d *results) collectedAt(source string) string {
	if at, ok := d.collected[source]; ok {
		return at
	}
	return stamp(d.r.At)
}

func (d *results) summary() string {
	n := d.r.Summary.Findings
	text := fmt.Sprintf("%s of %s judged by %s. Findings: %d critical, %d high, %d medium, %d low, %d info; %s waived. ",
		safetext.Plural(d.r.Summary.Tokens, "token", "tokens"), safetext.Plural(d.r.Summary.Sources, "source", "sources"), safetext.Plural(len(d.r.Rules), "rule", "rules"),
		n.Critical, n.High, n.Medium, n.Low, n.Info, safetext.Plural(d.r.Summary.Statuses.Waived, "verdict", "verdicts"))
	if n := len(d.r.Lowered()); n > 0 {
		text += safetext.Plural(n, "setting asks", "settings ask") + " less than controls need. "
	}
	if d.r.Complete {
		return prose(text + cmp.Or(strings.Join(d.r.MayLack(), "; "), "Everything was measured") + ".")
	}
	return prose(text + "The measurement is incomplete: the observations name what is missing.")
}

func (d *results) toolProps() []property {
	var p props
	p.add("tool", d.r.Tool.Name)
	p.add("tool-version", d.r.Tool.Version)
	return p
}

func (d *results) resultProps() []property {
	var p props
	p.add("complete", strconv.FormatBool(d.r.Complete))
	p.add("verdict", string(d.o.Decision.Verdict))
	p.add("verdict-reason", d.o.Decision.Reason)
	p.add("scope", d.r.ScopeNote())
	if d.r.Baseline != nil {
		p.add("baseline", stamp(d.r.Baseline.At))
	}
	return p
}

// resources returns what the audit was made by, and the files on which its verdicts
// rest besides the inventory, and the bundle that the report was sealed in.
func (d *results) resources(plan string) []resource {
	var p props
	p.add("policies-digest", d.r.Policies.Digest)
	p.add("opa-version", d.r.Policies.OPA)
	p.add("config-digest", d.r.ConfigDigest)
	p.add("waivers-digest", d.r.WaiversDigest)
	list := []resource{{UUID: plan, Title: "Rules and configuration", Description: "The rules, the configuration and the waivers of this audit, by their digests.", Props: p}}
	for _, e := range d.r.Evidence {
		var p props
		p.add("kind", string(e.Kind))
		list = append(list, resource{
			UUID: identify("evidence", d.run, string(e.Kind), e.File, e.SHA256), Title: line(e.File), Description: "A file, in addition to the inventory, on which verdicts are based.", Props: p,
			Links: []resourceLink{{Href: format.URISegment(e.File), Hashes: []hash{{"SHA-256", value(e.SHA256)}}}},
		})
	}
	if b := d.o.Bundle; b.File != "" {
		list = append(list, resource{
			UUID: identify("bundle", d.run, b.File, b.SHA256), Title: line(b.File), Description: "The sealed bundle of this audit: the report and everything it is based on, to be verified and judged again.",
			Links: []resourceLink{{Href: format.URISegment(b.File), Hashes: []hash{{"SHA-256", b.SHA256}}}},
		})
	}
	return list
}

func (d *results) origins() []origin {
	return []origin{{[]actor{{Type: "tool", UUID: d.tool}}}}
}

// deadline returns the end of the last day of a waiver; empty for what is not a date.
func deadline(expires string) string {
	day, err := time.Parse(time.DateOnly, expires)
	if err != nil || !known(day) {
		return ""
	}
	return stamp(day.AddDate(0, 0, 1).Add(-time.Second))
}

// countsText returns "3 fail, 10 pass"; "none" for none.
func countsText(c policies.Counts) string {
	var parts []string
	for _, count := range []struct {
		n    int
		name string
	}{{c.Fail, "fail"}, {c.Waived, "waived"}, {c.NotEvaluated, "not evaluated"}, {c.Pass, "pass"}, {c.NotApplicable, "not applicable"}} {
		if count.n > 0 {
			parts = append(parts, safetext.Thousands(count.n)+" "+count.name)
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
