// Package prometheus renders a report as metrics for the node exporter's textfile
// collector.
package prometheus

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Labels are words of the program, rules and CMSes, and the labels that the
// configuration gives to sources, never names or ids of tokens and sources: the
// number of series does not grow with the inventory.
const (
	maxLabelValue = 100
	maxCMSes      = 50
)

// expiryWindows are the days within which expiring tokens are counted.
var expiryWindows = []int{7, 14, 30, 90, 365}

// Format is the Prometheus text format.
func Format() format.Format {
	return format.Format{
		Name: "prometheus", Help: "metrics for the node exporter's textfile collector", Whole: true, UsesTokens: true,
		Write: renderPrometheus,
	}
}

// renderPrometheus writes the text format for the node exporter's textfile
// collector. Every value is a gauge: a report is a state, not a process.
func renderPrometheus(w io.Writer, r *report.Report, o format.Options) error {
	p := &metrics{w: bufio.NewWriter(w), r: r, cms: map[string]string{}, labels: newSourceLabels(r)}
	p.run(o.Decision)
	p.findings()
	p.ages()
	p.gaps()
	p.relaxed()
	p.waivers()
	p.inventory()
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// metrics writes families of gauges. The first error sticks.
type metrics struct {
	w   *bufio.Writer
	r   *report.Report
	cms map[string]string
	// labels are the configured ones.
	labels sourceLabels
	err    error
}

// sample is one series: labels as pairs of name and value.
type sample struct {
	labels []string
	value  float64
}

// family writes one metric, its series in order.
func (p *metrics) family(name, help string, samples ...sample) {
	if p.err != nil || len(samples) == 0 {
		return
	}
	_, p.err = fmt.Fprintf(p.w, "# HELP tokenaudit_%s %s\n# TYPE tokenaudit_%s gauge\n", name, help, name)
	slices.SortStableFunc(samples, func(a, b sample) int { return slices.Compare(a.labels, b.labels) })
	for _, s := range samples {
		if p.err != nil {
			return
		}
		_, p.err = fmt.Fprintf(p.w, "tokenaudit_%s%s %s\n", name, labelText(s.labels), strconv.FormatFloat(s.value, 'f', -1, 64))
	}
}

func labelText(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	var parts []string
	for i := 0; i+1 < len(labels); i += 2 {
		parts = append(parts, labels[i]+`="`+escape.Replace(labelValue(labels[i+1]))+`"`)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// labelValue makes untrusted text a value: it has no NUL, which joins labels to a key.
func labelValue(text string) string {
	return safetext.CutRunes(safetext.OneLine(text), maxLabelValue)
}

// cmsLabel bounds the number of CMSes: an inventory from outside may name any.
func (p *metrics) cmsLabel(cms string) string {
	if label, ok := p.cms[cms]; ok {
		return label
	}
	label := cms
	if len(p.cms) >= maxCMSes {
		label = "other"
	}
	p.cms[cms] = label
	return label
}

// seriesKey joins labels to a key, their values as they are written: those that are cut to
// one text are one series.
func seriesKey(labels []string) string {
	labels = slices.Clone(labels)
	for i := 1; i < len(labels); i += 2 {
		labels[i] = labelValue(labels[i])
	}
	return strings.Join(labels, "\x00")
}

// tally counts by the key of a series.
type tally map[string]float64

func (t tally) add(n float64, labels ...string) { t[seriesKey(labels)] += n }

func (t tally) samples() []sample {
	samples := make([]sample, 0, len(t))
	for key, n := range t {
		samples = append(samples, sample{strings.Split(key, "\x00"), n})
	}
	return samples
}

func (p *metrics) run(d report.Decision) {
	p.family("build_info", "The program, engine and rules that made the report; always 1.",
		sample{[]string{"opa", p.r.Policies.OPA, "policies", p.r.Policies.Digest, "version", p.r.Tool.Version}, 1})
	p.family("audit_timestamp_seconds", "The audit time.", sample{nil, float64(p.r.At.Unix())})
	p.family("complete", "1 if everything was measured, else 0.", sample{nil, boolean(p.r.Complete)})
	p.family("exit_code", "What the gate decides, regardless of --no-fail: 0 clean, 1 findings, 3 incomplete.", sample{nil, float64(d.Verdict.Code())})
	sources, tokens, risks := tally{}, tally{}, tally{}
	for i := range p.r.Sources {
		s := &p.r.Sources[i]
		labels := p.labels.with(s.ID, "cms", p.cmsLabel(s.CMS))
		sources.add(1, labels...)
		tokens.add(float64(s.Tokens), labels...)
		if s.Risk == nil {
			continue
		}
		for _, band := range risk.AllBands() {
			risks.add(float64(s.Risk.Certain.Of(band)), slices.Concat(labels, []string{"band", string(band), "by", "certain"})...)
			risks.add(float64(s.Risk.Possible.Of(band)), slices.Concat(labels, []string{"band", string(band), "by", "possible"})...)
		}
	}
	p.family("risk_tokens", "Tokens by the band of their risk: by what is known for certain, and by what unknown facts make possible.", risks.samples()...)
	p.family("sources", "Sources that were audited.", sources.samples()...)
	p.family("source_tokens", "Tokens that were found.", tokens.samples()...)
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (p *metrics) findings() {
	bySeverity, fresh := tally{}, tally{}
	for i := range p.r.Rules {
		rule := &p.r.Rules[i]
		for _, set := range p.labels.sets {
			bySeverity.add(0, slices.Concat([]string{"rule", rule.ID, "severity", string(rule.Severity), "status", string(policies.Fail)}, set)...)
		}
	}
	for _, f := range p.r.Findings {
		bySeverity.add(1, p.labels.with(f.Source, "rule", f.Rule, "severity", string(f.Severity), "status", string(f.Status))...)
		fresh.add(boolean(f.Baseline.IsNew() && f.Status == policies.Fail), "severity", string(f.Severity))
	}
	p.family("findings", "Findings by rule; waived ones are counted separately.", bySeverity.samples()...)
	if p.r.Baseline != nil {
		for _, s := range report.AllSeverities() {
			fresh.add(0, "severity", string(s))
		}
		p.family("new_findings", "Findings that the earlier run did not have.", fresh.samples()...)
		p.family("resolved_findings", "Findings of the earlier run that are gone.", sample{nil, float64(len(p.r.Resolved))})
		p.family("stale_findings", "Findings of the earlier run that could not be checked again.", sample{nil, float64(len(p.r.Stale))})
	}
	verdicts := tally{}
	for i := range p.r.Rules {
		rule, c := p.r.Rules[i].ID, p.r.Rules[i].Statuses
		for status, n := range map[policies.Status]int{policies.Fail: c.Fail, policies.Pass: c.Pass, policies.NotEvaluated: c.NotEvaluated, policies.NotApplicable: c.NotApplicable, policies.Waived: c.Waived} {
			verdicts.add(float64(n), "rule", rule, "status", string(status))
		}
	}
	p.family("verdicts", "Verdicts by rule and status.", verdicts.samples()...)
}

func (p *metrics) gaps() {
	unread := tally{}
	for i := range p.r.Sources {
		unread.add(0, p.labels.with(p.r.Sources[i].ID, "accepted", "no", "cms", p.cmsLabel(p.r.Sources[i].CMS), "error", "")...)
	}
	for _, unit := range p.r.Unread() {
		accepted := "no"
		if unit.Accepted != nil {
			accepted = "yes"
		}
		unread.add(1, p.labels.with(unit.Source, "accepted", accepted, "cms", p.cmsLabel(unit.CMS), "error", string(unit.Error))...)
	}
	p.family("unread_lists", "Lists that could not be read in full.", unread.samples()...)
	errs := tally{}
	for i := range p.r.Rules {
		errs.add(0, "rule", p.r.Rules[i].ID)
	}
	for _, e := range p.r.RuleErrors {
		errs.add(1, "rule", e.Rule)
	}
	p.family("rule_errors", "Sources on which a rule could not run.", errs.samples()...)
}

func (p *metrics) relaxed() {
	relaxed := tally{}
	for i := range p.r.Rules {
		relaxed.add(0, "rule", p.r.Rules[i].ID)
	}
	for _, s := range p.r.Lowered() {
		relaxed.add(1, "rule", s.Rule)
	}
	p.family("relaxed_settings", "Settings by which a rule asks less than its controls need.", relaxed.samples()...)
}

func (p *metrics) waivers() {
	v := format.NewView(p.r)
	var samples []sample
	for _, state := range []format.WaiverState{format.WaiverApplied, format.WaiverExpired, format.WaiverExpiring, format.WaiverUnmatched} {
		samples = append(samples, sample{[]string{"state", strings.ReplaceAll(string(state), " ", "_")}, float64(v.WaiverCount[state])})
	}
	p.family("waivers", "Waivers by state.", samples...)
}

// inventory needs the tokens; a report without them has none of these.
func (p *metrics) inventory() {
	if p.r.Tokens == nil {
		if p.err == nil {
			_, p.err = p.w.WriteString("# The report was made without its inventory (--no-inventory): there are no series for kinds of tokens and their expiry.\n")
		}
		return
	}
	tokens, expiring, next := tally{}, tally{}, tally{}
	for i := range p.r.Tokens {
		t := &p.r.Tokens[i]
		cms := p.cmsLabel(t.CMS)
		tokens.add(1, p.labels.with(t.Source, "cms", cms, "kind", string(t.Kind), "status", string(t.Status), "write", strconv.FormatBool(t.Access.Write))...)
		if t.Expiry.State != inventory.ExpiryAt || t.Status != input.Active || t.ExpiresInDays == nil {
			continue
		}
		for _, window := range expiryWindows {
			expiring.add(boolean(*t.ExpiresInDays < window), p.labels.with(t.Source, "cms", cms, "within_days", strconv.Itoa(window))...)
		}
		key := seriesKey(p.labels.with(t.Source, "cms", cms, "kind", string(t.Kind)))
		at := float64(t.Expiry.At.Unix())
		if have, ok := next[key]; !ok || at < have {
			next[key] = at
		}
	}
	p.family("tokens", "Tokens by kind, status and whether they can write.", tokens.samples()...)
	p.family("expiring_tokens", "Active tokens that expire within the given number of days of the audit.", expiring.samples()...)
	p.family("next_expiry_timestamp_seconds", "When the next active token expires.", next.samples()...)
}
