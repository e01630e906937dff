package report

import (
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/risk"
)

// sampleSize is how many token ids a Gap names.
const sampleSize = 3

// part is what one source adds to a report. It is made without the lock.
type part struct {
	source   Source
	findings []*Finding
	allowed  []Allowed
	tokens   []Token
	gaps     map[gapKey]*Gap
	// groups are the verdicts of the source by what they can be told apart by.
	groups []Labelled
	// origin is that of the source, nil where it is unknown.
	origin *inventory.Origin
	shared shared
}

func (b *Builder) convert(source inventory.Source, result policies.Result) part {
	p := part{source: WithoutTokens(source), gaps: map[gapKey]*Gap{}, groups: b.groups(&source, &result), origin: originOf(source.Origin), shared: newShared()}
	p.source.Team, p.source.NotAsked, p.source.Uncertain = result.Team, result.NotAsked, result.Uncertain
	p.source.Risk = countRisks(result.Risks)
	subjects := make([]subject, len(source.Tokens))
	index := make(map[string]int, len(source.Tokens))
	for i := range source.Tokens {
		index[source.Tokens[i].ID] = i
		subjects[i].token = &source.Tokens[i]
		if i < len(result.Derived) {
			subjects[i].team = result.Derived[i].Team
		}
		if i < len(result.Risks) {
			subjects[i].risk = &result.Risks[i]
		}
	}
	if !b.options.OmitTokens {
		p.tokens = make([]Token, len(source.Tokens))
		for i, token := range source.Tokens {
			p.tokens[i] = Token{Token: token, Verdicts: map[string]policies.Status{}}
			if i < len(result.Derived) {
				p.tokens[i].Derived = result.Derived[i]
			}
			if i < len(result.Risks) {
				p.tokens[i].Risk = &result.Risks[i]
			}
		}
	}
	p.findings = make([]*Finding, 0, countFindings(result.Verdicts))
	for _, verdict := range result.Verdicts {
		s := &subject{}
		if i, ok := index[verdict.Token]; ok {
			s = &subjects[i]
			if p.tokens != nil {
				p.tokens[i].note(verdict)
			}
		}
		team := s.team
		if b.rules[verdict.Rule].Subject == policies.SubjectSource {
			team = result.Team
		}
		b.take(&p, verdict, s, team)
	}
	return p
}

// subject is what a verdict is about.
type subject struct {
	// token is nil for the source itself.
	token *inventory.Token
	// team is empty for none.
	team string
	// risk is nil where it was not judged.
	risk *risk.Risk
}

func countFindings(verdicts []policies.Verdict) int {
	n := 0
	for i := range verdicts {
		if verdicts[i].Status == policies.Fail || verdicts[i].Status == policies.Waived {
			n++
		}
	}
	return n
}

// WithoutTokens returns the source as a report shows it.
func WithoutTokens(source inventory.Source) Source {
	s := Source{Source: source, Tokens: len(source.Tokens)}
	s.Source.Tokens = nil
	if s.Units == nil {
		s.Units = []inventory.Unit{}
	}
	if s.Facts == nil {
		s.Facts = inventory.Facts{}
	}
	return s
}

// note records a verdict on the token. One rule can have several findings on a
// token; a fail must not be hidden by a waived one.
func (t *Token) note(v policies.Verdict) {
	if v.Status == policies.Pass || v.Status == policies.NotApplicable || t.Verdicts[v.Rule] == policies.Fail {
		return
	}
	t.Verdicts[v.Rule] = v.Status
}

// take files a verdict; team is empty for none.
func (b *Builder) take(p *part, v policies.Verdict, s *subject, team string) {
	switch v.Status {
	case policies.Fail, policies.Waived:
		f := b.placed(p, v, s)
		f.Team = team
		if !b.options.OmitEvidence {
			f.Evidence = newObject(v.Evidence)
		}
		p.findings = append(p.findings, f)
	case policies.NotEvaluated:
		p.addGap(v, team, b.aboutUnread(&v))
	case policies.Pass:
		if v.Message != "" {
			p.allowed = append(p.allowed, Allowed{Rule: v.Rule, Source: p.source.ID, Token: v.Token, Team: team, Message: v.Message})
		}
	}
}

// placed makes a finding that says where it is.
func (b *Builder) placed(p *part, v policies.Verdict, s *subject) *Finding {
	source, token, shared := &p.source, s.token, &p.shared
	f := &Finding{
		Fingerprint: Fingerprint(v.Rule, source.ID, v.Token, v.Key),
		Rule:        v.Rule, Severity: v.Severity, Status: v.Status,
		CMS: source.CMS, Source: source.ID, Token: v.Token, Key: v.Key,
		Message:     v.Message,
		Remediation: b.rules[v.Rule].RemediationOf(source.CMS, token),
		URL:         source.URL,
		Origin:      p.origin,
		Waiver:      v.Waiver,
	}
	if token == nil {
		f.placeInCode(v.Evidence, source.Literals)
		return f
	}
	f.TokenName, f.Kind, f.Access = token.Name, same(shared.texts, token.Kind), same(shared.texts, token.Access.Level)
	f.Owner = shared.owners.of(ownerOf(&token.Owner))
	if s.risk != nil {
		f.Risk = shared.scores.of(s.risk.Score)
	}
	f.Planned, f.Address = same(shared.texts, token.Planned), token.Address
	if token.URL != "" {
		f.URL = same(shared.texts, token.URL)
	}
	if token.Origin.File != "" {
		f.Origin = shared.origins.of(token.Origin)
	}
	return f
}

func ownerOf(owner *inventory.Owner) Owner {
	o := Owner{Type: owner.Type, ID: owner.ID, Name: owner.Name, State: owner.State}
	if o.Type == inventory.OwnerUnknown || o.State == inventory.OwnerStateUnknown {
		o.Reason = owner.Reason
	}
	return o
}

// placeInCode returns a finding about a literal the line of the code that its
// evidence names.
func (f *Finding) placeInCode(evidence map[string]any, literals []inventory.Literal) {
	for i := range literals {
		l := &literals[i]
		if evidence["address"] != l.Address || evidence["attribute"] != l.Attribute {
			continue
		}
		f.Address = l.Address
		if origin := originOf(l.Origin); origin != nil {
			f.Origin = origin
		}
		return
	}
}

func originOf(o inventory.Origin) *inventory.Origin {
	if o.File == "" {
		return nil
	}
	return &o
}

func (p *part) addGap(v policies.Verdict, team string, unread bool) {
	key := gapKey{rule: v.Rule, source: p.source.ID, team: team, reason: v.Reason}
	gap, ok := p.gaps[key]
	if !ok {
		gap = &Gap{Rule: v.Rule, Severity: v.Severity, Source: p.source.ID, Team: team, Unread: unread, Reason: v.Reason, Sample: []string{}}
		p.gaps[key] = gap
	}
	gap.Count++
	if v.Token != "" {
		gap.Sample = sampled(gap.Sample, v.Token)
	}
}

// sampled keeps the first ids in order, so that a sample does not depend on
// the order in which the verdicts came.
func sampled(sample []string, id string) []string {
	i, _ := slices.BinarySearch(sample, id)
	if i == sampleSize {
		return sample
	}
	sample = slices.Insert(sample, i, id)
	return sample[:min(len(sample), sampleSize)]
}

// UseOf sorts waivers by what became of them in this report.
func (r *Report) UseOf(waivers []policies.Waiver) WaiverReport {
	covered := map[policies.Waiver]int{}
	for _, f := range r.Findings {
		if f.Waiver != nil {
			covered[*f.Waiver]++
		}
	}
	w := WaiverReport{Applied: []Waiver{}, Expired: []Waiver{}, Unmatched: []Waiver{}}
	for _, waiver := range waivers {
		days, _ := daysToEndOf(waiver.Expires, r.At)
		use := Waiver{Waiver: waiver, Findings: covered[waiver], ExpiresInDays: days}
		switch {
		case waiver.Expired(r.At):
			use.Findings = r.wouldCover(waiver)
			w.Expired = append(w.Expired, use)
		case use.Findings > 0:
			w.Applied = append(w.Applied, use)
		default:
			w.Unmatched = append(w.Unmatched, use)
		}
	}
	return w
}

// wouldCover counts the findings that an expired waiver does not cover any more.
func (r *Report) wouldCover(waiver policies.Waiver) int {
	if !r.canCover(waiver) {
		return 0
	}
	count := 0
	for _, f := range r.Findings {
		if f.Status == policies.Fail && f.CoveredBy(waiver) {
			count++
		}
	}
	return count
}
