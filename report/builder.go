package report

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/deadlines"
	"github.com/tokenaudit/tokenaudit/policies/relaxation"
)

// BuildOptions are what a report says besides the judgements.
type BuildOptions struct {
	Tool inventory.Tool
	// At is the audit time.
	At time.Time
	// Rules are the loaded rules.
	Rules []policies.Rule
	// PolicyDigest identifies rules and settings, OPAVersion the engine.
	PolicyDigest string
	OPAVersion   string
	// ConfigDigest and WaiversDigest are empty where there is no configuration.
	ConfigDigest  string
	WaiversDigest string
	// Relaxed are the settings by which rules ask less than their controls need.
	Relaxed []relaxation.Relaxation
	// Evidence are the files besides the inventory on which verdicts rest.
	Evidence []Evidence
	// Scope is nil for a run over everything configured.
	Scope *Scope
	// Waivers are all that the configuration has; the engine applies them, the
	// report says what became of them.
	Waivers []policies.Waiver
	// AcceptedGaps are all that the configuration has; their State is ignored.
	AcceptedGaps []AcceptedGap
	// Teams are those that the configuration assigns tokens to, sorted; nil for none.
	Teams []string
	// Deadlines of the configuration; nil for none.
	Deadlines *deadlines.Deadlines
	// OmitTokens leaves the inventory out of the report (--no-inventory).
	OmitTokens bool
	// OmitEvidence leaves out the evidence of findings, which is half of a large
	// report, where nothing that is made of the report shows it.
	OmitEvidence bool
}

// Builder gathers judged sources into a Report. Its methods may be called
// concurrently, and the order of the calls does not matter.
type Builder struct {
	options BuildOptions
	rules   map[string]policies.Rule

	mu     sync.Mutex
	report Report
	// tokens are those of each source: one list that grew would be copied again and again.
	tokens   [][]Token
	counts   map[string]policies.Counts
	gaps     map[gapKey]*Gap
	labelled labelledCounts
}

type gapKey struct{ rule, source, team, reason string }

// NewBuilder makes an empty Builder.
func NewBuilder(options BuildOptions) *Builder {
	b := &Builder{
		options: options,
		rules:   make(map[string]policies.Rule, len(options.Rules)),
		counts:  make(map[string]policies.Counts, len(options.Rules)),
		gaps:    make(map[gapKey]*Gap),
	}
	for _, rule := range options.Rules {
		b.rules[rule.ID] = rule
	}
	return b
}

// Add takes one judged source. result must be the judgement of this source:
// result.Derived runs parallel to source.Tokens. The Builder keeps the tokens
// unless OmitTokens is set; the caller must not change them afterwards.
func (b *Builder) Add(source inventory.Source, result policies.Result) {
	part := b.convert(source, result)

	b.mu.Lock()
	defer b.mu.Unlock()
	b.report.Sources = append(b.report.Sources, part.source)
	b.report.Findings = append(b.report.Findings, part.findings...)
	b.report.Allowed = append(b.report.Allowed, part.allowed...)
	b.tokens = append(b.tokens, part.tokens)
	for _, e := range result.Errors {
		b.report.RuleErrors = append(b.report.RuleErrors, RuleError(e))
	}
	for _, group := range part.groups {
		b.labelled.add(group)
	}
	for rule, counts := range result.Counts {
		b.counts[rule] = b.counts[rule].Plus(counts)
	}
	for key, gap := range part.gaps {
		b.addGap(key, gap)
	}
}

func (b *Builder) addGap(key gapKey, gap *Gap) {
	have, ok := b.gaps[key]
	if !ok {
		b.gaps[key] = gap
		return
	}
	have.Count += gap.Count
	for _, id := range gap.Sample {
		have.Sample = sampled(have.Sample, id)
	}
}

// Restrict replaces Scope of the options: an inventory tells only at its end what
// it was restricted to.
func (b *Builder) Restrict(scope *Scope) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.options.Scope = scope
}

// Report returns what was gathered so far, sorted, with its summary. It shares
// its elements with the Builder: read it, and call it once, at the end.
func (b *Builder) Report() *Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.report
	r.Schema = Schema
	r.Tool = b.options.Tool
	r.Policies = PolicySet{Digest: b.options.PolicyDigest, OPA: b.options.OPAVersion}
	r.ConfigDigest, r.WaiversDigest = b.options.ConfigDigest, b.options.WaiversDigest
	r.Evidence = slices.SortedFunc(slices.Values(b.options.Evidence), compareEvidence)
	r.Scope = b.options.Scope
	r.At = b.options.At.UTC()
	r.Teams, r.Deadlines = b.options.Teams, b.options.Deadlines
	r.Rules = b.reportRules()
	r.Relaxed = append([]relaxation.Relaxation{}, b.options.Relaxed...)
	r.Labelled = b.labelled.list()
	r.Gaps = b.reportGaps()
	r.AcceptedGaps = b.options.AcceptedGaps
	if !b.options.OmitTokens {
		if r.Tokens = slices.Concat(b.tokens...); r.Tokens == nil {
			r.Tokens = []Token{}
		}
	}
	r.Findings = sorted(r.Findings, CompareFindings)
	r.Settle()
	r.Waivers = r.UseOf(b.options.Waivers)
	return &r
}

// Settle sorts the lists of a report that was put together, but for its findings, and
// derives what depends on all of it: what became of the accepted gaps, whether it is
// complete, and its summary.
func (r *Report) Settle() {
	r.Sources = sorted(r.Sources, compareSources)
	r.Gaps = sorted(r.Gaps, compareGaps)
	r.Allowed = sorted(r.Allowed, compareAllowed)
	// Shards may share a file, or each have its own.
	r.Evidence = slices.Compact(slices.SortedFunc(slices.Values(r.Evidence), compareEvidence))
	r.RuleErrors = sorted(r.RuleErrors, compareRuleErrors)
	slices.SortStableFunc(r.Tokens, func(a, b Token) int { return strings.Compare(a.ID, b.ID) })
	r.AcceptedGaps = r.judgeGaps(r.AcceptedGaps)
	r.Complete = complete(r)
	r.Summary = summarize(r)
}

// complete is the definition of Report.Complete.
func complete(r *Report) bool {
	return len(r.Sources) > 0 && len(r.RuleErrors) == 0 && len(r.Unread()) == 0
}

func summarize(r *Report) Summary {
	s := Summary{Sources: len(r.Sources)}
	for i := range r.Sources {
		s.Tokens += r.Sources[i].Tokens
	}
	for _, f := range r.Findings {
		if f.Status == policies.Fail {
			s.Findings.add(f.Severity)
		}
	}
	for i := range r.Rules {
		s.Statuses = s.Statuses.Plus(r.Rules[i].Statuses)
	}
	return s
}

func (b *Builder) reportRules() []Rule {
	rules := make([]Rule, 0, len(b.options.Rules))
	for _, rule := range b.options.Rules {
		rules = append(rules, Rule{
			ID: rule.ID, Title: rule.Title, Goal: rule.Goal, Description: rule.Description, Severity: rule.Severity,
			Controls:    orEmpty(rule.Controls),
			Remediation: orEmpty(rule.Remediation),
			Fix:         rule.Fix,
			PartOf:      rule.PartOf,
			Params:      orEmpty(rule.Values), WaiverNeedsKey: rule.WaiverNeedsKey,
			Statuses: b.counts[rule.ID],
		})
	}
	return sorted(rules, compareRules)
}

func (b *Builder) reportGaps() []Gap {
	gaps := make([]Gap, 0, len(b.gaps))
	for _, gap := range b.gaps {
		gaps = append(gaps, *gap)
	}
	return sorted(gaps, compareGaps)
}

// orEmpty returns a copy that is never nil.
func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}
