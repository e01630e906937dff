package oscal

import (
	"cmp"
	"iter"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// ofOSCAL is the system of facets that OSCAL defines.
const ofOSCAL = "http://csrc.nist.gov/ns/oscal"

// allRisks returns a risk for each finding.
func (d *results) allRisks() iter.Seq[risk] {
	return func(yield func(risk) bool) {
		for f := range d.findings() {
			if !yield(d.risk(f)) {
				return
			}
		}
	}
}

// title returns what a finding is called: that of its rule.
func (d *results) title(f *report.Finding) string { return cmp.Or(d.v.Title(f.Rule), f.Rule) }

func (d *results) risk(f *report.Finding) risk {
	var p props
	p.add("rule", f.Rule)
	p.add("fingerprint", f.Fingerprint)
	p.add("subject", f.Subject())
	p.add("key", f.Key)
	p.add("baseline", string(f.Baseline))
	p.add("team", f.Team)
	p.add("address", f.Address)
	if f.Origin != nil {
		p.place(*f.Origin)
	}
	statement := f.Message
	if rule := d.v.Rules[f.Rule]; rule != nil {
		statement = cmp.Or(strings.Join(strings.Fields(rule.Description), " "), statement)
	}
	risk := risk{
		UUID: identify("risk", f.Fingerprint), Title: line(d.title(f)), Description: prose(f.Message), Statement: prose(statement), Links: links(f.URL), Status: "open",
		Characterization: []characterization{{d.origins()[0], facets(f)}},
	}
	if f.Resolution != "" {
		// A finding of the baseline: whether it still stands was not observed.
		p.add("not-checked", f.Resolution.Text())
	} else {
		risk.Observations = []relatedObservation{{d.discoveryID(f)}}
	}
	if !f.FirstSeen.IsZero() {
		p.add("first-seen", stamp(f.FirstSeen))
	}
	if f.Reopened > 0 {
		p.add("reopened", strconv.Itoa(f.Reopened))
	}
	if f.OverdueDays > 0 {
		p.add("overdue-days", strconv.Itoa(f.OverdueDays))
	}
	risk.Props, risk.Deadline = p, deadline(f.Due)
	switch {
	case f.WaivedAt(d.r.At) && f.Waiver != nil:
		risk.Status, risk.Deadline = "deviation-approved", deadline(f.Waiver.Expires)
		risk.Remediations = []response{acceptance(f)}
	case f.Remediation != "":
		risk.Remediations = []response{{
			UUID: identify("recommendation", f.Fingerprint), Lifecycle: "recommendation", Title: "What removes the finding", Description: prose(f.Remediation),
		}}
	}
	return risk
}

// facets returns the severity of a finding and the risk of its token.
func facets(f *report.Finding) []facet {
	list := []facet{{"severity", ofOSCAL, cmp.Or(value(string(f.Severity)), "unknown")}}
	if score := f.Risk; score != nil {
		list = append(list, facet{"risk-min", namespace, strconv.Itoa(score.Min)}, facet{"risk-max", namespace, strconv.Itoa(score.Max)})
		if band := value(string(score.Band)); band != "" {
			list = append(list, facet{"risk-band", namespace, band})
		}
	}
	return list
}

// acceptance is a waiver as the response to a risk. It is the plan of whoever owns the
// system, no recommendation of the tool, and nothing was done about the risk.
func acceptance(f *report.Finding) response {
	w := f.Waiver
	p := props{{Name: "type", Value: "accept"}}
	p.add("owner", w.Owner)
	p.add("approved-by", w.ApprovedBy)
	p.add("expires", w.Expires)
	p.place(w.Origin)
	return response{UUID: identify("waiver", f.Fingerprint), Lifecycle: "planned", Title: "Accepted by a waiver", Description: prose(w.Reason), Props: p}
}

// place adds where something is declared.
func (p *props) place(o inventory.Origin) {
	p.add("file", o.File)
	if o.Line > 0 {
		p.add("line", strconv.Itoa(o.Line))
	}
}
