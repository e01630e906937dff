package terraform

import (
	"maps"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Source returns what there will be once the plan is applied at a moment, for a
// plan by itself.
func (p *Plan) Source(at time.Time) inventory.Source {
	_, after := Overlay(nil, at, p)
	return after[0]
}

// Overlay lays plans over a live inventory: before is how things stand now,
// after how they will stand once the plans are applied at the moment at. A token
// goes to its live source where that is known, so that rules about a whole
// source see it next to the others; else to the source of its plan. Both lists
// are sorted by id. Nothing of live is changed.
//
// A token of the plan that exists in the inventory keeps what only the CMS
// knows, such as its last use. What the plan leaves as it is has the state
// unchanged in both.
func Overlay(live []inventory.Source, at time.Time, plans ...*Plan) (before, after []inventory.Source) {
	at = at.UTC()
	index := map[string]*inventory.Source{}
	for i := range live {
		index[live[i].ID] = &live[i]
	}
	was, will := newStock(live), newStock(live)
	states := make([]*planState, 0, len(plans))
	for _, p := range plans {
		states = append(states, p.lay(index, was, will, at))
	}
	for _, next := range states {
		next.settleRoles(will.sources)
	}
	return was.sorted(), will.sorted()
}

// lay adds one plan to both states, and returns what is known of the one after it.
func (p *Plan) lay(live map[string]*inventory.Source, was, will *stock, at time.Time) *planState {
	old, next := newPlanState(p, live, at, false), newPlanState(p, live, at, true)
	was.take(p.source(at))
	own := p.source(at)
	own.Literals = slices.Clone(p.literals)
	for i, l := range own.Literals {
		own.Literals[i].Origin = p.literalOrigin(l)
	}
	will.take(own)
	next.settleEnvironments(will.sources)
	for _, c := range p.changes {
		for _, t := range old.tokens(c) {
			if was.find(t) == nil {
				was.add(t)
			}
			if c.action == remove || c.action == replace {
				will.drop(t)
			}
		}
	}
	for _, c := range p.changes {
		for _, t := range next.tokens(c) {
			next.described[t.ID] = t.Planned != inventory.PlannedUnchanged
			if there := will.find(t); there != nil {
				*there = merge(*there, t)
			} else {
				will.add(t)
			}
		}
	}
	return next
}

// source is the plan's own source, without tokens.
func (p *Plan) source(at time.Time) *inventory.Source {
	return &inventory.Source{
		ID: p.sourceID(), CMS: CMS, Kind: inventory.KindPlan, Name: p.Root, CollectedAt: at,
		Units: slices.Clone(p.units), Facts: p.facts(),
		Auditor: inventory.Auditor{
			ReadsSecrets: inventory.Unknown, Writes: inventory.No, Necessary: inventory.Unknown,
			Detail: "a plan is read from a file",
		},
		Origin: inventory.Origin{File: p.File}, Tokens: []inventory.Token{},
	}
}

// merge is a live token as it will be: what the plan declares, and what only
// the CMS can tell.
func merge(live, planned inventory.Token) inventory.Token {
	if planned.Planned == inventory.PlannedUnchanged {
		live.Planned, live.Address, live.Origin = planned.Planned, planned.Address, planned.Origin
		return live
	}
	planned.Ref, planned.URL, planned.Twin = live.Ref, live.URL, live.Twin
	planned.CreatedAt, planned.FirstSeen, planned.RevokedAt = live.CreatedAt, live.FirstSeen, live.RevokedAt
	planned.LastUsed, planned.LastUsedByAPI = live.LastUsed, live.LastUsedByAPI
	planned.Owner, planned.Traits, planned.Secret = live.Owner, live.Traits, live.Secret
	planned.Exposure = live.Exposure // an update leaves the secret as it is
	if planned.Expiry.State == inventory.ExpiryUnknown {
		planned.Expiry = live.Expiry
	}
	return planned
}

// settleEnvironments carries the environments that the plan makes, moves and
// deletes into the live spaces, and into the scopes of all their keys.
func (w *planState) settleEnvironments(will map[string]*inventory.Source) {
	for _, changes := range w.environments {
		s := w.space(changes[0])
		if s.live == nil {
			continue
		}
		source := will[s.live.ID]
		source.Environments = s.all()
		for i := range source.Tokens {
			scope := &source.Tokens[i].Environments
			for j := range scope.Items {
				if settled := s.item(scope.Items[j].ID, true); settled.Exists != inventory.Unknown {
					scope.Items[j] = settled
				}
			}
			switch scope.State {
			case inventory.ScopeListed:
				*scope = withReason(inventory.NewScope(scope.Items...), scope.Reason)
			case inventory.ScopeAll:
				*scope = withReason(inventory.AllScope(scope.Items...), scope.Reason)
			}
		}
	}
}

func withReason(s inventory.Scope, reason string) inventory.Scope {
	s.Reason = reason
	return s
}

// stock is the sources of one state while they are put together.
type stock struct {
	sources map[string]*inventory.Source
	// place finds the tokens by source and id.
	place map[[2]string]int
	// dropped are the tokens that are taken out in the end, by source and id.
	dropped map[[2]string]bool
}

// newStock copies what the overlay changes of sources.
func newStock(live []inventory.Source) *stock {
	s := &stock{sources: map[string]*inventory.Source{}, place: map[[2]string]int{}, dropped: map[[2]string]bool{}}
	for _, source := range live {
		source.Tokens = slices.Clone(source.Tokens)
		for i := range source.Tokens {
			source.Tokens[i].Environments.Items = slices.Clone(source.Tokens[i].Environments.Items)
		}
		s.take(&source)
	}
	return s
}

func (s *stock) take(source *inventory.Source) {
	s.sources[source.ID] = source
	for i := range source.Tokens {
		s.place[[2]string{source.ID, source.Tokens[i].ID}] = i
	}
}

// find returns the token with the id of another in its source; nil if there is none.
func (s *stock) find(t inventory.Token) *inventory.Token {
	key := [2]string{t.Source, t.ID}
	i, ok := s.place[key]
	if !ok || s.dropped[key] {
		return nil
	}
	return &s.sources[t.Source].Tokens[i]
}

func (s *stock) add(t inventory.Token) {
	source, key := s.sources[t.Source], [2]string{t.Source, t.ID}
	if i, ok := s.place[key]; ok {
		source.Tokens[i] = t
		delete(s.dropped, key)
		return
	}
	s.place[key] = len(source.Tokens)
	source.Tokens = append(source.Tokens, t)
}

func (s *stock) drop(t inventory.Token) { s.dropped[[2]string{t.Source, t.ID}] = true }

// sorted returns the sources in their normal form, without what was dropped, and
// without the preview tokens that hang on it.
func (s *stock) sorted() []inventory.Source {
	list := make([]inventory.Source, 0, len(s.sources))
	for _, id := range slices.Sorted(maps.Keys(s.sources)) {
		source := s.sources[id]
		source.Tokens = slices.DeleteFunc(source.Tokens, func(t inventory.Token) bool {
			return s.dropped[[2]string{id, t.ID}] || t.Twin != "" && s.dropped[[2]string{id, t.Twin}]
		})
		horizon := source.Horizon()
		for i := range source.Tokens {
			source.Tokens[i].Expiry = inventory.NormaliseExpiry(source.Tokens[i].Expiry, horizon)
		}
		source.Normalise()
		list = append(list, *source)
	}
	return list
}
