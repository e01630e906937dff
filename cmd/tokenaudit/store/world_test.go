package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/policies/risk"
	"github.com/tokenaudit/tokenaudit/report"
)

// company is an estate that changes by the day, and how it is audited.
type company struct {
	random *rand.Rand
	day    int
	// sources are by id; a source that is gone is left out.
	sources map[string]*estate
	// limit is the parameter of the rule "old" and decides what it finds.
	limit int
	// off are rules that are switched off.
	off map[string]bool
	// waived are the tokens of which findings are waived.
	waived map[string]bool
	// config changes when what is read does.
	config int
	next   int
}

type estate struct {
	cms    string
	tokens map[string]*pass
}

// pass is a token: its level and age decide what is found.
type pass struct {
	kind  inventory.Kind
	level int
	age   int
	// used is the day of the last use.
	used int
	// owner is unknown on some days: the rule "owner" cannot decide then.
	owner int
}

var worldRules = []string{"admin", "old", "owner", "source"}

func newCompany(seed uint64) *company {
	c := &company{random: rand.New(rand.NewPCG(seed, 17)), sources: map[string]*estate{}, limit: 20, off: map[string]bool{}, waived: map[string]bool{}}
	for i := range 4 {
		c.addSource([]string{"north", "south"}[i%2])
	}
	return c
}

func (c *company) addSource(cms string) {
	c.next++
	s := &estate{cms: cms, tokens: map[string]*pass{}}
	c.sources[fmt.Sprintf("%s/sources/%d", cms, c.next)] = s
	for range 3 {
		c.addToken(s)
	}
}

func (c *company) addToken(s *estate) {
	c.next++
	kind := []inventory.Kind{inventory.Delivery, inventory.Management}[c.random.IntN(2)]
	s.tokens[fmt.Sprintf("t%d", c.next)] = &pass{kind: kind, level: c.random.IntN(3), age: c.random.IntN(40), owner: c.random.IntN(3)}
}

func (c *company) chance(percent int) bool { return c.random.IntN(100) < percent }

// live lets a day pass.
func (c *company) live() {
	c.day++
	for _, id := range sortedKeys(c.sources) {
		s := c.sources[id]
		for _, name := range sortedKeys(s.tokens) {
			t := s.tokens[name]
			t.age++
			switch chance := c.random.IntN(100); {
			case chance < 4:
				t.level = c.random.IntN(3)
			case chance < 8:
				t.age = 0
			case chance < 12:
				t.owner = c.random.IntN(3)
			case chance < 22:
				t.used = c.day
			case chance < 25:
				delete(s.tokens, name)
			}
		}
		// Some come back under their old id.
		if c.chance(10) {
			s.tokens[fmt.Sprintf("t%d", 1+c.random.IntN(c.next))] = &pass{kind: inventory.Delivery, level: 2, age: c.random.IntN(40)}
		}
		if c.chance(10) {
			c.addToken(s)
		}
		if c.chance(3) {
			delete(c.sources, id)
		}
	}
	if c.chance(5) {
		c.addSource([]string{"north", "south"}[c.random.IntN(2)])
	}
	if c.chance(6) {
		c.limit = 10 + 10*c.random.IntN(3)
	}
	if c.chance(6) {
		rule := worldRules[c.random.IntN(len(worldRules))]
		c.off[rule] = !c.off[rule]
	}
	if c.chance(15) {
		c.config++
	}
	if c.chance(15) {
		c.waived[fmt.Sprintf("t%d", 1+c.random.IntN(c.next))] = c.chance(60)
	}
}

// scan is one run, as the program would have it: what it saw, and its report.
type scan struct{ Input }

// runOf scans the company as of today, by some of its sources and rules, with outages.
func (c *company) runOf(at time.Time) scan {
	var scope report.Scope
	if c.chance(15) {
		scope.Sources = []string{[]string{"north/*", "south/*"}[c.random.IntN(2)]}
	}
	if c.chance(10) {
		scope.Rules = []string{worldRules[c.random.IntN(len(worldRules))]}
	}
	lost := map[string]bool{"north": c.chance(8), "south": c.chance(8)}
	r := &report.Report{
		Schema: report.Schema, Tool: inventory.Tool{Name: "tokenaudit", Version: "1"}, At: at, ConfigDigest: fmt.Sprint("config", c.config),
		Policies: report.PolicySet{Digest: fmt.Sprint(c.limit, c.off), OPA: "1"}, Scope: scope.Compact(), Complete: true,
		Tokens: []report.Token{}, Findings: []*report.Finding{}, Gaps: []report.Gap{},
	}
	in := Input{Report: r, Definitions: map[string]string{}}
	for _, rule := range worldRules {
		if c.off[rule] || (len(scope.Rules) > 0 && scope.Rules[0] != rule) {
			continue
		}
		r.Rules = append(r.Rules, report.Rule{ID: rule})
		in.Definitions[rule] = "1"
		if rule == "old" {
			in.Definitions[rule] = fmt.Sprint(c.limit)
		}
	}
	for _, id := range sortedKeys(c.sources) {
		s := c.sources[id]
		if len(scope.Sources) > 0 && !policies.Glob(scope.Sources[0], id) {
			continue
		}
		if lost[s.cms] && c.chance(70) {
			continue
		}
		in.Sources = append(in.Sources, c.read(id, s, at, lost[s.cms]))
		c.judge(r, &in.Sources[len(in.Sources)-1], s, in.Definitions)
	}
	return scan{Input: in}
}

// read reads a source, not always wholly.
func (c *company) read(id string, s *estate, at time.Time, lost bool) inventory.Source {
	source := inventory.Source{ID: id, CMS: s.cms, Kind: inventory.KindSpace, Name: id, CollectedAt: at.Add(-time.Minute), Facts: inventory.Facts{}, Tokens: []inventory.Token{}}
	status := map[inventory.Kind]inventory.UnitStatus{}
	for _, kind := range []inventory.Kind{inventory.Delivery, inventory.Management} {
		unit := inventory.CompleteUnit(string(kind), kind)
		switch chance := c.random.IntN(20); chance {
		case 0:
			unit = inventory.FailedUnit(string(kind), inventory.ErrTimeout, "no answer", "", kind)
		case 1:
			unit = inventory.PartialUnit(string(kind), inventory.ErrTruncated, "cut off", "", kind)
		}
		status[kind] = unit.Status
		source.Units = append(source.Units, unit)
	}
	if lost {
		unit := inventory.FailedUnit("sources", inventory.ErrTimeout, "no answer", "")
		unit.Sources, unit.Kinds = true, nil
		// A list without kinds may hold any: this one holds sources.
		unit.Kinds = []inventory.Kind{inventory.OAuth}
		source.Units = append(source.Units, unit)
	}
	for _, name := range sortedKeys(s.tokens) {
		t := s.tokens[name]
		if status[t.kind] == inventory.UnitFailed || (status[t.kind] == inventory.UnitPartial && c.chance(50)) {
			continue
		}
		used := inventory.UsedBetween(source.CollectedAt.AddDate(0, 0, -7), source.CollectedAt)
		if c.day-t.used > 7 {
			used = inventory.NoUseOnRecord(source.CollectedAt.AddDate(0, 0, -7))
		}
		source.Tokens = append(source.Tokens, inventory.Token{
			ID: id + "/" + name, CMS: s.cms, Source: id, Name: name, Kind: t.kind, APIs: []inventory.API{},
			Access: inventory.Access{Level: []inventory.Level{inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin}[t.level]}, LastUsed: used,
		})
	}
	return source
}

// judge judges the tokens that were seen.
func (c *company) judge(r *report.Report, source *inventory.Source, s *estate, rules map[string]string) {
	one := report.WithoutTokens(*source)
	one.Tokens = len(source.Tokens)
	notAsked := c.chance(4)
	if _, ok := rules["admin"]; ok && notAsked {
		one.NotAsked = []policies.NotAsked{{Rule: "admin"}}
	}
	for i := range source.Tokens {
		seen := &source.Tokens[i]
		name := seen.ID[strings.LastIndexByte(seen.ID, '/')+1:]
		t := s.tokens[name]
		judged := report.Token{Token: *seen, Derived: input.Derived{Team: []string{"", "web", "shop"}[t.level%3]}, Verdicts: map[string]policies.Status{}, Risk: &risk.Risk{Score: risk.Score{Min: t.level, Max: t.level}}}
		fail := func(rule string, bad bool) {
			if _, ok := rules[rule]; ok && bad {
				c.add(r, &report.Finding{Rule: rule, Source: source.ID, CMS: source.CMS, Token: seen.ID, Kind: seen.Kind, Key: ""}, c.waived[name])
				judged.Verdicts[rule] = policies.Fail
			}
		}
		if !notAsked {
			fail("admin", t.level == 2)
		}
		fail("old", t.age > c.limit)
		if _, ok := rules["owner"]; ok && t.owner == 1 {
			judged.Verdicts["owner"] = policies.NotEvaluated
		}
		fail("owner", t.owner == 2)
		r.Tokens = append(r.Tokens, judged)
	}
	if _, ok := rules["source"]; ok {
		switch {
		case c.chance(10):
			r.Gaps = append(r.Gaps, report.Gap{Rule: "source", Source: source.ID})
		case len(source.Tokens) > 3:
			c.add(r, &report.Finding{Rule: "source", Source: source.ID, CMS: source.CMS}, false)
		}
	}
	r.Sources = append(r.Sources, one)
}

func (c *company) add(r *report.Report, f *report.Finding, waived bool) {
	f.Fingerprint = report.Fingerprint(f.Rule, f.Source, f.Token, f.Key)
	f.Status, f.Severity = policies.Fail, policies.High
	f.Message = fmt.Sprintf("%s since day %d", f.Rule, c.day)
	if waived {
		f.Status, f.Waiver = policies.Waived, &policies.Waiver{Owner: "o", ApprovedBy: "a", Expires: "2027-01-01"}
	}
	r.Findings = append(r.Findings, f)
}

// month simulates days of nightly runs, and some runs by hand.
func month(seed uint64, days int) []scan {
	c := newCompany(seed)
	begin := time.Date(2026, 10, 1, 3, 0, 0, 0, time.UTC)
	var runs []scan
	for range days {
		c.live()
		at := begin.AddDate(0, 0, c.day)
		if !c.chance(8) {
			runs = append(runs, c.runOf(at))
		}
		if c.chance(10) {
			runs = append(runs, c.runOf(at.Add(8*time.Hour)))
		}
	}
	return runs
}

// fate is what the model knows of a finding.
type fate struct {
	first    time.Time
	state    State
	reopened int
	// definition is that of the rule when it was seen last, and config that of the run which
	// read the source last.
	definition string
}

// model follows findings through the runs by the words of the issue, from what was scanned and not
// from what the store makes of it.
type model struct {
	fates map[string]*fate
	facts map[string]*report.Finding
	// configs are those of the runs that read a source last.
	configs map[string]string
	// tokens are those that nothing proves to be gone, by id.
	tokens map[string]inventory.Token
}

func newModel() *model {
	return &model{fates: map[string]*fate{}, facts: map[string]*report.Finding{}, configs: map[string]string{}, tokens: map[string]inventory.Token{}}
}

func (m *model) see(s scan) {
	r := s.Report
	failing := map[string]bool{}
	for _, f := range r.Findings {
		failing[f.Fingerprint] = true
		was := m.fates[f.Fingerprint]
		if was == nil {
			was = &fate{first: r.At}
			m.fates[f.Fingerprint] = was
		}
		m.facts[f.Fingerprint] = f
		if was.state == StateResolved || was.state == StateGone {
			was.reopened++
		}
		was.state, was.definition = StateOpen, s.Definitions[f.Rule]
		if f.Status == policies.Waived {
			was.state = StateWaived
		}
	}
	for fingerprint, was := range m.fates {
		if !failing[fingerprint] && was.state != StateResolved && was.state != StateGone {
			m.miss(s, m.facts[fingerprint], was)
		}
	}
	m.seeTokens(s)
	for _, source := range s.Sources {
		m.configs[source.ID] = r.ConfigDigest
	}
}

func (m *model) seeTokens(s scan) {
	seen := map[string]inventory.Token{}
	read := map[string]*inventory.Source{}
	lost := map[string]bool{}
	for i := range s.Sources {
		source := &s.Sources[i]
		read[source.ID] = source
		for _, t := range source.Tokens {
			seen[t.ID] = t
		}
		for _, u := range source.Units {
			lost[source.CMS] = lost[source.CMS] || u.Sources
		}
	}
	partly := s.Report.Scope != nil && len(s.Report.Scope.Sources) > 0
	for id, t := range m.tokens {
		gone := !partly && !lost[t.CMS] && m.configs[t.Source] == s.Report.ConfigDigest
		if source := read[t.Source]; source != nil {
			gone = !slices.ContainsFunc(source.Units, func(u inventory.Unit) bool {
				return u.Status != inventory.UnitComplete && slices.Contains(u.Kinds, t.Kind)
			})
		}
		if gone {
			delete(m.tokens, id)
		}
	}
	maps.Copy(m.tokens, seen)
}

func (m *model) miss(s scan, f *report.Finding, was *fate) {
	i := slices.IndexFunc(s.Sources, func(source inventory.Source) bool { return source.ID == f.Source })
	restricted := s.Report.Scope
	asked := restricted == nil || len(restricted.Rules) == 0 || restricted.Rules[0] == f.Rule
	unseen := func() {
		if asked && was.state != StateWithdrawn {
			was.state = StateUnseen
		}
	}
	if i < 0 {
		lost := slices.ContainsFunc(s.Sources, func(source inventory.Source) bool {
			return source.CMS == f.CMS && slices.ContainsFunc(source.Units, func(u inventory.Unit) bool { return u.Sources })
		})
		switch {
		case restricted != nil && len(restricted.Sources) > 0:
		case lost:
			unseen()
		case m.configs[f.Source] == s.Report.ConfigDigest:
			was.state = StateGone
		}
		return
	}
	source := s.Sources[i]
	there := slices.IndexFunc(source.Tokens, func(t inventory.Token) bool { return t.ID == f.Token })
	if f.Token != "" && there < 0 {
		for _, unit := range source.Units {
			if !unit.Sources && unit.Status != inventory.UnitComplete && unit.Kinds[0] == f.Kind {
				unseen()
				return
			}
		}
		was.state = StateGone
		return
	}
	definition, loaded := s.Definitions[f.Rule]
	switch {
	case !asked:
	case !loaded:
		was.state = StateWithdrawn
	case m.undecided(s, f):
		unseen()
	case definition != was.definition:
		was.state = StateWithdrawn
	default:
		was.state = StateResolved
	}
}

func (m *model) undecided(s scan, f *report.Finding) bool {
	for i := range s.Report.Sources {
		source := &s.Report.Sources[i]
		if source.ID == f.Source && slices.ContainsFunc(source.NotAsked, func(n policies.NotAsked) bool { return n.Rule == f.Rule }) {
			return true
		}
	}
	if f.Token == "" {
		return slices.ContainsFunc(s.Report.Gaps, func(g report.Gap) bool { return g.Rule == f.Rule && g.Source == f.Source })
	}
	for i := range s.Report.Tokens {
		if t := &s.Report.Tokens[i]; t.ID == f.Token {
			return t.Verdicts[f.Rule] == policies.NotEvaluated
		}
	}
	return false
}
