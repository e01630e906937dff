package engine

import (
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/input"
)

// The oracle is the built-in rules a second time, in plain Go, written from
// their pages. It shares nothing with the engine but the inventory: neither the
// METADATA nor the day counts nor the table of facts, and it compares moments
// where the engine compares days. What both say is compared on random
// inventories; make bench-rules borrows it to see what judging costs where
// nothing is policy as code.

// oracleParams are the parameters of the rules.
type oracleParams struct {
	maxIdle       int
	noRecord      string
	ownerIdle     int
	maxAge        int
	maxLifetime   int
	within        int
	limit         int
	deliveryLimit int
	reviewEvery   int
	writeEvery    int
}

func defaultOracleParams() oracleParams {
	return oracleParams{maxIdle: 90, noRecord: "fail", ownerIdle: 30, maxAge: 365, maxLifetime: 365, within: 14, limit: 10, deliveryLimit: 20, reviewEvery: 90, writeEvery: 60}
}

// settings are those that give the rules of an engine these parameters.
func (p oracleParams) settings() policies.Settings {
	rule := func(params map[string]any) policies.RuleSettings { return policies.RuleSettings{Params: params} }
	return policies.Settings{Rules: map[string]policies.RuleSettings{
		"token-without-owner":     {On: true},
		"unused-token":            rule(map[string]any{"max_idle_days": p.maxIdle, "no_record": p.noRecord}),
		"person-token-as-service": rule(map[string]any{"owner_idle_days": p.ownerIdle}),
		"token-not-rotated":       rule(map[string]any{"max_age_days": p.maxAge}),
		"token-lifetime-too-long": rule(map[string]any{"max_lifetime_days": p.maxLifetime}),
		"token-expires-soon":      rule(map[string]any{"within_days": p.within}),
		"token-not-reviewed":      rule(map[string]any{"review_every_days": p.reviewEvery, "write_every_days": p.writeEvery}),
		"token-limit-near":        rule(map[string]any{"limit": p.limit, "delivery_limit": p.deliveryLimit}),
	}}
}

// oracleRule is one rule. A nil function says nothing of any subject.
type oracleRule struct {
	// kinds are those the rule judges; nil for all.
	kinds []inventory.Kind
	// use: the rule is about the use of tokens, which those to be made have none of.
	use bool
	// applies reports whether the rule is about the token; nil for all tokens.
	applies func(*oracleToken) bool
	// lacks reports whether a fact is unknown without which nothing is said.
	lacks func(*oracleToken) bool
	// deny and unknown report whether something is wrong, or cannot be decided.
	deny, unknown func(*oracleToken) bool
	// source judges a source as a whole.
	source func(*oracleSource) oracleAnswer
}

// oracleAnswer is what a rule says of a source, lists that were not read aside.
type oracleAnswer struct{ applies, deny, unknown bool }

// oracleSource is a source under judgement.
type oracleSource struct {
	*inventory.Source
	oracleParams
	at time.Time
	// place finds the tokens of the source.
	place map[string]*inventory.Token
}

// oracleToken is a token under judgement.
type oracleToken struct {
	*inventory.Token
	source *oracleSource
}

// oracleVerdicts are the verdicts of one rule on one source.
type oracleVerdicts struct {
	// tokens runs parallel to the tokens of the source; nil for a rule about sources.
	tokens []policies.Status
	// source is the verdict of a rule about sources.
	source policies.Status
	// missing counts the lists that a rule about tokens lacks.
	missing int
}

func newOracleSource(source *inventory.Source, at time.Time, p oracleParams) *oracleSource {
	s := &oracleSource{Source: source, oracleParams: p, at: at, place: make(map[string]*inventory.Token, len(source.Tokens))}
	for i := range source.Tokens {
		s.place[source.Tokens[i].ID] = &source.Tokens[i]
	}
	return s
}

func (s *oracleSource) token(i int) *oracleToken { return &oracleToken{&s.Tokens[i], s} }

// judge says what a rule says of the source.
func (s *oracleSource) judge(rule oracleRule) oracleVerdicts {
	lists, missing := 0, 0
	for _, u := range s.Units {
		if slices.ContainsFunc(u.Kinds, rule.judges) {
			lists++
			if u.Status != inventory.UnitComplete {
				missing++
			}
		}
	}
	if rule.source != nil {
		concerned := rule.kinds == nil || lists > 0 || slices.ContainsFunc(s.Tokens, func(t inventory.Token) bool { return rule.judges(t.Kind) })
		answer := rule.source(s)
		answer.applies = answer.applies && concerned
		return oracleVerdicts{source: answer.status(missing > 0)}
	}
	v := oracleVerdicts{tokens: make([]policies.Status, len(s.Tokens)), missing: missing}
	for i := range s.Tokens {
		v.tokens[i] = rule.token(s.token(i))
	}
	return v
}

// counts counts the verdicts of all rules on a source.
func (s *oracleSource) counts() map[string]policies.Counts {
	counts := make(map[string]policies.Counts, len(oracleRules))
	for id, rule := range oracleRules {
		c, v := policies.Counts{}, s.judge(rule)
		for _, status := range v.tokens {
			count(&c, status)
		}
		if rule.source != nil {
			count(&c, v.source)
		}
		c.NotEvaluated += v.missing
		counts[id] = c
	}
	return counts
}

func count(c *policies.Counts, status policies.Status) {
	switch status {
	case policies.Fail:
		c.Fail++
	case policies.Pass:
		c.Pass++
	case policies.NotEvaluated:
		c.NotEvaluated++
	case policies.NotApplicable:
		c.NotApplicable++
	case policies.Waived:
		c.Waived++
	}
}

func (r oracleRule) judges(kind inventory.Kind) bool {
	return r.kinds == nil || slices.Contains(r.kinds, kind)
}

// live: the token exists, and more than a plan tells of it.
func (t *oracleToken) live() bool {
	listed := t.Planned == inventory.PlannedUpdate || t.Planned == inventory.PlannedUnchanged
	return t.Planned == "" || listed && t.source.Kind != inventory.KindPlan
}

func (r oracleRule) token(t *oracleToken) policies.Status {
	made := t.Planned == inventory.PlannedUpdate || t.Planned == inventory.PlannedUnchanged
	unmade := t.Planned == inventory.PlannedCreate || t.Planned == inventory.PlannedReplace
	switch {
	case !r.judges(t.Kind),
		r.use && (unmade || made && t.LastUsed.State == inventory.LastUsedUnknown),
		r.applies != nil && !r.applies(t):
		return policies.NotApplicable
	case r.lacks != nil && r.lacks(t):
		return policies.NotEvaluated
	case r.deny(t):
		return policies.Fail
	case r.unknown != nil && r.unknown(t):
		return policies.NotEvaluated
	}
	return policies.Pass
}

// status: what is proven stands, only a pass needs the lists.
func (a oracleAnswer) status(missing bool) policies.Status {
	switch {
	case !a.applies:
		return policies.NotApplicable
	case a.deny:
		return policies.Fail
	case missing || a.unknown:
		return policies.NotEvaluated
	}
	return policies.Pass
}

// passed reports whether so many days lie between two moments, or more.
func passed(from time.Time, days int, to time.Time) bool {
	return !from.UTC().AddDate(0, 0, days).After(to)
}

// apart is the same of a moment of which only bounds are known; a zero
// earliest is not a bound.
func apart(earliest, latest time.Time, days int, to time.Time) inventory.Ternary {
	switch {
	case passed(latest, days, to):
		return inventory.Yes
	case !earliest.IsZero() && !passed(earliest, days, to):
		return inventory.No
	}
	return inventory.Unknown
}

// fullDays are the whole days between two moments, floored.
func fullDays(from, to time.Time) int {
	const day = 24 * time.Hour
	d := to.Sub(from)
	days := int(d / day)
	if d%day < 0 {
		days--
	}
	return days
}

func (t *oracleToken) status() input.TokenStatus {
	at := t.source.at
	switch {
	case t.RevokedAt.State == inventory.TimestampAt && !t.RevokedAt.At.After(at):
		return input.Revoked
	case t.Expiry.State == inventory.ExpiryAt && !t.end().After(at):
		return input.Expired
	}
	return input.Active
}

func (t *oracleToken) active() bool { return t.status() == input.Active }

// end is when a token with an expiry date ends: a day counts to its end, UTC.
func (t *oracleToken) end() time.Time {
	if t.Expiry.Precision == inventory.PrecisionDay {
		return t.Expiry.At.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	}
	return t.Expiry.At
}

// born bounds the creation; a zero earliest is not a bound, and so is not ok.
func (t *oracleToken) born() (earliest, latest time.Time, ok bool) {
	switch {
	case t.CreatedAt.State == inventory.TimestampAt:
		return t.CreatedAt.At, t.CreatedAt.At, true
	case t.FirstSeen != nil:
		return t.FirstSeen.NotBefore, t.FirstSeen.At, true
	}
	return time.Time{}, time.Time{}, false
}

// old reports whether the token has existed for so many days.
func (t *oracleToken) old(days int) inventory.Ternary {
	earliest, latest, ok := t.born()
	if !ok {
		return inventory.Unknown
	}
	return apart(earliest, latest, days, t.source.at)
}

// idle reports whether the token has been without use for so many days.
func (t *oracleToken) idle(days int) inventory.Ternary {
	used, at := t.LastUsed, t.source.at
	switch used.State {
	case inventory.LastUsedAt:
		return apart(used.At, used.At, days, at)
	case inventory.LastUsedBetween:
		return apart(used.Earliest, used.Latest, days, at)
	case inventory.LastUsedNever:
		return t.old(days)
	case inventory.LastUsedNoneOnRecord:
		// Since the record began, if the token is that old; else since it was made.
		if old := t.old(days); old != inventory.Yes || passed(used.Latest, days, at) {
			return old
		}
	}
	return inventory.Unknown
}

// lately reports whether the token was used within the last days.
func (t *oracleToken) lately(days int) inventory.Ternary {
	used, at := t.LastUsed, t.source.at
	switch used.State {
	case inventory.LastUsedAt:
		return not(apart(used.At, used.At, days, at))
	case inventory.LastUsedBetween:
		return not(apart(used.Earliest, used.Latest, days, at))
	case inventory.LastUsedNever:
		return inventory.No
	case inventory.LastUsedNoneOnRecord:
		record := max(0, fullDays(used.Latest, at))
		earliest, _, ok := t.born()
		if record >= days || ok && !earliest.IsZero() && max(0, fullDays(earliest, at)) < record {
			return inventory.No
		}
	}
	return inventory.Unknown
}

func not(answer inventory.Ternary) inventory.Ternary {
	switch answer {
	case inventory.Yes:
		return inventory.No
	case inventory.No:
		return inventory.Yes
	}
	return inventory.Unknown
}

// livesFor reports whether so many days lie between creation and expiry. Where
// only bounds are known, the days until now and those from now on are floored.
func (t *oracleToken) livesFor(days int) inventory.Ternary {
	if t.Expiry.State != inventory.ExpiryAt {
		return inventory.Unknown
	}
	earliest, latest, ok := t.born()
	if t.CreatedAt.State == inventory.TimestampAt {
		return inventory.TernaryOf(passed(earliest, days, t.end()))
	}
	left := fullDays(t.source.at, t.end())
	switch {
	case ok && fullDays(latest, t.source.at)+left >= days:
		return inventory.Yes
	case ok && !earliest.IsZero() && fullDays(earliest, t.source.at)+left+1 < days:
		return inventory.No
	}
	return inventory.Unknown
}

func (t *oracleToken) reaches(apis ...inventory.API) bool {
	return slices.ContainsFunc(t.APIs, func(api inventory.API) bool { return slices.Contains(apis, api) })
}

func (t *oracleToken) delivers() bool {
	return t.reaches(inventory.ContentDelivery, inventory.ContentPreview)
}
