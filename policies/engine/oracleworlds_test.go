package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
)

// What is unknown is something in truth. A world is a source of which all that
// an inventory does not tell, or tells by bounds, is told; the inventory may be
// of each of its worlds. So a rule may let a token pass only if it does in all
// of them, and what it has proven to be wrong must be wrong in all of them.

// world settles the last use and the creation of all tokens within their
// bounds, and if all is set also what nobody knows. It reports whether what is
// known of a token contradicts itself, as made-up facts may.
func (d dice) world(s inventory.Source, all bool) (world inventory.Source, possible bool) {
	s.Tokens = slices.Clone(s.Tokens)
	if all {
		s.Facts = inventory.Facts{}
		for _, fact := range inventory.AllFacts() {
			s.Facts[fact] = inventory.Reported()
		}
	}
	for i := range s.Tokens {
		t := &s.Tokens[i]
		if all && t.Description == "" {
			t.Description = pick(d, "", "what it is for")
		}
		if all {
			d.settle(t)
		}
		if !d.settleTimes(t, all) {
			return s, false
		}
	}
	return s, true
}

// settleTimes chooses a creation and a last use that is not before it.
func (d dice) settleTimes(t *inventory.Token, all bool) bool {
	if t.CreatedAt.State != inventory.TimestampAt && (all || t.FirstSeen != nil) {
		earliest, latest := time.Time{}, auditTime
		if t.FirstSeen != nil {
			earliest, latest = t.FirstSeen.NotBefore, t.FirstSeen.At
		}
		if earliest.IsZero() {
			earliest = latest.AddDate(-2, 0, 0)
		}
		t.CreatedAt = at(d.between(earliest, latest))
	}
	created := time.Time{}
	if t.CreatedAt.State == inventory.TimestampAt {
		created = t.CreatedAt.At
	}
	use := t.LastUsed
	switch use.State {
	case inventory.LastUsedNever:
		return true
	case inventory.LastUsedAt:
		return !use.At.Before(created)
	case inventory.LastUsedBetween:
		if created.After(use.Earliest) {
			use.Earliest = created
		}
	case inventory.LastUsedNoneOnRecord:
		if created.After(use.Latest) || d.one(2) {
			t.LastUsed = inventory.NeverUsed()
			return true
		}
		use.Earliest = use.Latest.AddDate(-1, 0, 0)
		if created.After(use.Earliest) {
			use.Earliest = created
		}
	case inventory.LastUsedUnknown:
		if !all {
			return true
		}
		if d.one(3) || created.After(auditTime) {
			t.LastUsed = inventory.NeverUsed()
			return true
		}
		use.Latest, use.Earliest = auditTime, created
	}
	if use.Earliest.After(use.Latest) {
		return false
	}
	t.LastUsed = inventory.UsedAt(d.between(use.Earliest, use.Latest))
	return true
}

// between is one of the two, or a moment between them.
func (d dice) between(earliest, latest time.Time) time.Time {
	if gap := latest.Sub(earliest); gap > 0 && !d.one(3) {
		return earliest.Add(time.Duration(d.Int64N(int64(gap))))
	}
	return pick(d, earliest, latest)
}

// settle chooses what nobody knows of a token, times aside.
func (d dice) settle(t *inventory.Token) {
	if t.Access.Level == inventory.LevelUnknown {
		t.Access = inventory.NewAccess(pick(d, inventory.LevelNone, inventory.LevelRead, inventory.LevelWrite, inventory.LevelAdmin), t.Access.ManagesTokens, t.Access.Grants...)
	}
	for _, answer := range []*inventory.Ternary{&t.Access.ManagesTokens, &t.Traits.Factory, &t.Traits.NotifiesBeforeExpiry} {
		if *answer == inventory.Unknown {
			*answer = pick(d, inventory.Yes, inventory.No)
		}
	}
	if t.Exposure != nil && t.Exposure.State == inventory.ExposureUnknown { // without a report nothing is asked
		t.Exposure = pick(d, &inventory.Exposure{State: inventory.ExposureNone},
			&inventory.Exposure{State: inventory.ExposureFound, Found: []inventory.Leak{{Tool: "gitleaks", Match: inventory.MatchExact}}})
	}
	d.settleScope(&t.Environments)
	if t.Expiry.State == inventory.ExpiryUnknown {
		t.Expiry = pick(d, inventory.NeverExpires(t.Expiry.Supported), inventory.Expiry{State: inventory.ExpiryAt, At: pick(d, d.ahead(), d.ago()), Precision: inventory.PrecisionInstant, Supported: true})
	}
	if t.UpdatedAt.State == inventory.TimestampUnknown {
		t.UpdatedAt = pick(d, inventory.None(), at(d.ago()))
	}
	if t.RevokedAt.State == inventory.TimestampUnknown {
		t.RevokedAt = pick(d, inventory.None(), at(d.ago()))
	}
	if t.Owner.Type == inventory.OwnerUnknown {
		t.Owner.Type = pick(d, inventory.OwnerPerson, inventory.OwnerApp, inventory.OwnerNone)
	}
	if t.Owner.State == inventory.OwnerStateUnknown {
		t.Owner.State = pick(d, inventory.OwnerActive, inventory.OwnerRemoved)
	}
	if t.Owner.LastActive.State == inventory.TimestampUnknown {
		t.Owner.LastActive = pick(d, inventory.None(), at(d.ago()))
	}
	uses := map[inventory.API]inventory.LastUsed{}
	for _, api := range t.APIs {
		if uses[api] = t.LastUsedByAPI[api]; uses[api].Evidence == "" {
			uses[api] = pick(d, inventory.NeverUsed(), inventory.UsedAt(d.ago()))
		}
	}
	t.LastUsedByAPI = uses
}

func (d dice) settleScope(s *inventory.Scope) {
	items := slices.Clone(s.Items)
	if s.State == inventory.ScopeUnknown {
		items = append(items, d.scope().Items...)
	}
	for i := range items {
		switch {
		case items[i].Exists != inventory.Unknown:
		case items[i].AliasOf != "": // whose target somebody has read
			items[i].Exists = inventory.Yes
		default:
			items[i].Exists = pick(d, inventory.Yes, inventory.No)
		}
	}
	switch {
	case s.State == inventory.ScopeAll, s.State == inventory.ScopeUnknown && d.one(2):
		*s = inventory.AllScope(items...)
	default:
		*s = inventory.NewScope(items...)
	}
}

// inWorlds hands over random sources, each with some worlds that it may stand for, and
// returns the sum of what check returns. With everything a world settles what is unknown
// too, else bounds alone.
func inWorlds(t *testing.T, everything bool, check func(s, world *oracleSource) int) int {
	t.Helper()
	d := newDice(uint64(numberFrom(t, "ORACLE_SEED", 1)))
	want := numberFrom(t, "ORACLE_TOKENS", 20*oracleTokens)
	checked := 0
	for tokens := 0; tokens < want && !t.Failed(); {
		source := d.source(tokens, 14)
		tokens += len(source.Tokens)
		s := newOracleSource(&source, auditTime, pick(d, oracleTries...))
		for range 5 {
			if world, possible := d.world(source, everything); possible {
				checked += check(s, newOracleSource(&world, auditTime, s.oracleParams))
			}
		}
	}
	return checked
}

// TestPassHoldsInEveryWorld: what passes on what is known passes whatever the
// truth is. The oracle judges the worlds; that the engine says what it says is
// for TestEngineAgainstOracle.
func TestPassHoldsInEveryWorld(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	checked := inWorlds(t, true, func(s, world *oracleSource) int {
		passes := 0
		for id, rule := range oracleRules {
			if rule.source == nil {
				passes += s.passesIn(t, world, id, rule)
			}
		}
		return passes
	})
	t.Logf("%d passes hold", checked)
}

// passesIn fails where a token passes, or is not applicable, and fails in a
// world, and counts the passes.
func (s *oracleSource) passesIn(t *testing.T, world *oracleSource, id string, rule oracleRule) int {
	passes := 0
	before, after := s.judge(rule).tokens, world.judge(rule).tokens
	for i, status := range before {
		token := s.token(i)
		switch {
		case status == policies.Pass:
			passes++
		case status == policies.NotApplicable && !token.Access.Assumed && token.Planned == "" && token.Twin == "":
			// Whether a rule applies may rest on an assumed access, on the plan, and on
			// the twin, which is judged itself.
		default:
			continue
		}
		if after[i] == policies.Fail {
			t.Errorf("%s: %s is %s, and fails in a world\n%s\n%s", id, token.ID, status, s.describe(i), world.describe(i))
		}
	}
	return passes
}

// TestProofHoldsInEveryWorld: what fails on the bounds of a last use or of a
// creation fails at each moment within them, unless the rule says that it does
// so by decision.
func TestProofHoldsInEveryWorld(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
	checked := inWorlds(t, false, func(s, world *oracleSource) int {
		findings := 0
		for _, id := range []string{"unused-token", "token-not-rotated", "token-lifetime-too-long", "person-token-as-service"} {
			before, after := s.judge(oracleRules[id]).tokens, world.judge(oracleRules[id]).tokens
			for i, status := range before {
				if status != policies.Fail || id == "unused-token" && s.token(i).unusedByDecision() {
					continue
				}
				findings++
				if after[i] != policies.Fail {
					t.Errorf("%s: %s fails, and is %s in a world\n%s\n%s", id, s.token(i).ID, after[i], s.describe(i), world.describe(i))
				}
			}
		}
		return findings
	})
	t.Logf("%d findings hold", checked)
}
