package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Past returns what the runs before a moment knew of tokens: since when they are there, and
// of those whose last use is told in words, enough of what was said to narrow it.
func (s *Store) Past(ctx context.Context, before time.Time) (*history.History, error) {
	past := &history.History{}
	err := s.reading(ctx, func(t *tx) error {
		p := t.readings(t.before(before))
		t.words(p)
		p.tell(past)
		t.firsts(p.last, past)
		return t.Err
	})
	if err != nil {
		return nil, fmt.Errorf("what the store knows of the past: %w", err)
	}
	return past, nil
}

// before returns the number of the last run before a moment; 0 for none.
func (t *tx) before(at time.Time) (n int) {
	t.One([]any{&n}, `SELECT COALESCE(MAX(run), 0) FROM run WHERE at < ?`, stamp(at))
	return n
}

// readings are those of all sources until the run last.
type readings struct {
	last int
	// all are by source, in the order of the runs.
	all map[string][]*readingOf
	// wholly are those that wholly read the lists with a kind of tokens, as whole returns them.
	wholly map[sourceKind][]*readingOf
}

type sourceKind struct {
	source string
	kind   inventory.Kind
}

// readingOf is one reading of a source.
type readingOf struct {
	run    int
	at     time.Time
	source *inventory.Source
	uses   map[string]inventory.LastUsed
	// firsts: it saw tokens first. says: it says something of the past.
	firsts, says bool
}

func (t *tx) readings(last int) *readings {
	p := &readings{last: last, all: map[string][]*readingOf{}, wholly: map[sourceKind][]*readingOf{}}
	contents := map[string]*inventory.Source{}
	t.Each(func(scan func(...any)) error {
		var r readingOf
		var source, collected, content, id string
		scan(&r.run, &source, &collected, &id, &content)
		at, err := time.Parse(timeFormat, collected)
		if err != nil {
			return fmt.Errorf("the time of a reading: %w", err)
		}
		r.at = at.UTC()
		if contents[id] == nil {
			contents[id] = &inventory.Source{}
			if err := json.Unmarshal([]byte(content), contents[id]); err != nil {
				return fmt.Errorf("a source: %w", err)
			}
		}
		r.source = contents[id]
		p.all[source] = append(p.all[source], &r)
		return nil
	}, `SELECT g.run, g.source, g.collected_at, g.content, b.data FROM reading g JOIN body b ON b.id = g.content WHERE g.run <= ? ORDER BY g.run`, last)
	return p
}

func (r *readingOf) use(token string, u inventory.LastUsed) {
	if r.uses == nil {
		r.uses = map[string]inventory.LastUsed{}
	}
	r.uses[token] = u
}

// firsts tells which reading saw each token first, also where it has been pruned.
func (t *tx) firsts(last int, past *history.History) {
	type moment struct {
		source string
		at     time.Time
	}
	tokens := map[moment]map[string]inventory.LastUsed{}
	t.Each(func(scan func(...any)) error {
		var token, source, collected string
		scan(&token, &source, &collected)
		at, err := time.Parse(timeFormat, collected)
		if err != nil {
			return fmt.Errorf("the time of a reading: %w", err)
		}
		m := moment{source, at.UTC()}
		if tokens[m] == nil {
			tokens[m] = map[string]inventory.LastUsed{}
		}
		tokens[m][token] = inventory.LastUsed{State: inventory.LastUsedUnknown}
		return nil
	}, `SELECT token, source, first_collected FROM token WHERE first_run <= ?`, last)
	for m, uses := range tokens {
		past.See(history.Reading{Source: m.source, At: m.at, Uses: uses})
	}
}

// Previous returns what Past does as inventories of earlier runs, the earliest first: such of
// their sources and tokens as say something. What they do not tell of a last use is unknown.
func (s *Store) Previous(ctx context.Context, before time.Time) ([]inventory.Inventory, error) {
	var all []inventory.Inventory
	err := s.reading(ctx, func(t *tx) error {
		p := t.readings(t.before(before))
		t.words(p)
		t.noteFirsts(p)
		for _, run := range p.saying() {
			inv, err := t.inventoryOf(run, p)
			if err != nil {
				return err
			}
			all = append(all, inv)
		}
		return t.Err
	})
	if err != nil {
		return nil, fmt.Errorf("what the store knows of the past: %w", err)
	}
	return all, nil
}

// noteFirsts notes at the readings that are still kept which tokens they saw first.
func (t *tx) noteFirsts(p *readings) {
	t.Each(func(scan func(...any)) error {
		var token, source, collected string
		scan(&token, &source, &collected)
		for _, r := range p.all[source] {
			if r.at.Format(timeFormat) != collected {
				continue
			}
			if _, told := r.uses[token]; !told {
				r.use(token, inventory.UnknownUse("it is not told here"))
			}
			r.firsts = true
			break
		}
		return nil
	}, `SELECT token, source, first_collected FROM token WHERE first_run <= ?`, p.last)
}

// saying returns the runs of which a reading says something: of the use of a token, that it
// is there, or that it was not there the last time before.
func (p *readings) saying() []int {
	runs := map[int]bool{}
	for _, all := range p.all {
		for i, r := range all {
			if len(r.uses) > 0 {
				r.says = true
			}
			for j := i - 1; r.firsts && j >= 0; j-- {
				all[j].says = true
				if !slices.ContainsFunc(all[j].source.Units, func(u inventory.Unit) bool { return u.Status != inventory.UnitComplete }) {
					break
				}
			}
		}
		for _, r := range all {
			if r.says {
				runs[r.run] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(runs))
}

// inventoryOf returns what the readings of a run say.
func (t *tx) inventoryOf(run int, p *readings) (inventory.Inventory, error) {
	o, err := t.recall(run)
	if err != nil {
		return inventory.Inventory{}, err
	}
	inv, err := o.Inventory()
	if err != nil {
		return inv, err
	}
	inv.Only, inv.OnlyLabels, inv.SourcesDigest, inv.CollectedUntil = nil, nil, "", time.Time{}
	var sources []inventory.Source
	for _, s := range inv.Sources {
		i := slices.IndexFunc(p.all[s.ID], func(r *readingOf) bool { return r.run == run && r.says })
		if i < 0 {
			continue
		}
		uses := p.all[s.ID][i].uses
		s.Tokens = slices.DeleteFunc(s.Tokens, func(token inventory.Token) bool {
			_, told := uses[token.ID]
			return !told
		})
		for j := range s.Tokens {
			if use := uses[s.Tokens[j].ID]; use.State == inventory.LastUsedUnknown {
				s.Tokens[j].LastUsed, s.Tokens[j].LastUsedByAPI = use, nil
			}
		}
		if s.CollectedAt.After(inv.CollectedUntil) {
			inv.CollectedUntil = s.CollectedAt
		}
		sources = append(sources, s)
	}
	inv.Sources = sources
	return inv, nil
}

// wordedUse is what readings from one run until another said of the use of a token.
type wordedUse struct {
	token, source, kind string

	from, to int
	use      string
}

// words notes what was said of tokens whose last use is told in words.
func (t *tx) words(p *readings) {
	var all []wordedUse
	t.Each(func(scan func(...any)) error {
		var w wordedUse
		scan(&w.token, &w.source, &w.kind, &w.from, &w.to, &w.use)
		all = append(all, w)
		return nil
	}, `SELECT v.token, v.source, v.kind, v.from_run, COALESCE(v.to_run, ?), u.data FROM token_version v JOIN body u ON u.id = v.last_use
		WHERE v.worded = 1 AND v.from_run <= ? ORDER BY v.token, v.from_run`, p.last+1, p.last)
	for begin := 0; begin < len(all) && t.Err == nil; {
		end := begin + 1
		for end < len(all) && all[end].token == all[begin].token {
			end++
		}
		t.Err = p.wordsOf(all[begin:end])
		begin = end
	}
}

// wordsOf notes what was said of one token: at the first reading of each wording, and at
// the last reading, the one before it, and those at distances that double. Any of them may
// be left out without anything untrue being told, and years of nightly readings are not
// held in memory.
func (p *readings) wordsOf(wordings []wordedUse) error {
	total := 0
	said := make([][]*readingOf, len(wordings))
	for i, w := range wordings {
		said[i] = between(p.whole(w.source, inventory.Kind(w.kind)), w.from, w.to)
		total += len(said[i])
	}
	before := 0
	for i, w := range wordings {
		var use lastUse
		if len(said[i]) > 0 {
			if err := json.Unmarshal([]byte(w.use), &use); err != nil {
				return fmt.Errorf("the last use of a token: %w", err)
			}
			said[i][0].use(w.token, absolute(use.LastUsed, said[i][0].at))
		}
		for back := 1; back <= total; back *= 2 {
			if at := total - back - before; at >= 0 && at < len(said[i]) {
				said[i][at].use(w.token, absolute(use.LastUsed, said[i][at].at))
			}
		}
		before += len(said[i])
	}
	return nil
}

// between returns the readings by the runs from one until before another.
func between(all []*readingOf, from, to int) []*readingOf {
	byRun := func(r *readingOf, run int) int { return r.run - run }
	begin, _ := slices.BinarySearchFunc(all, from, byRun)
	end, _ := slices.BinarySearchFunc(all, to, byRun)
	return all[begin:max(begin, end)]
}

// whole returns the readings of a source that wholly read the lists with a kind of tokens.
func (p *readings) whole(source string, kind inventory.Kind) []*readingOf {
	of := sourceKind{source, kind}
	if _, known := p.wholly[of]; !known {
		var all []*readingOf
		for _, r := range p.all[source] {
			if r.read(kind) {
				all = append(all, r)
			}
		}
		p.wholly[of] = all
	}
	return p.wholly[of]
}

// read reports whether the lists that hold a kind of tokens were wholly read.
func (r *readingOf) read(kind inventory.Kind) bool {
	return !slices.ContainsFunc(r.source.Units, func(u inventory.Unit) bool {
		return u.Status != inventory.UnitComplete && (len(u.Kinds) == 0 || slices.Contains(u.Kinds, kind))
	})
}

func (p *readings) tell(past *history.History) {
	for _, source := range sortedKeys(p.all) {
		for _, r := range p.all[source] {
			past.See(history.Reading{Source: source, At: r.at, Units: r.source.Units, Uses: r.uses})
		}
	}
}

// reopenings counts by fingerprint how often findings came back after they were over, until
// a run.
func (t *tx) reopenings(last int) map[string]int {
	counts := map[string]int{}
	was := map[string]State{}
	t.Each(func(scan func(...any)) error {
		var fingerprint string
		var now State
		scan(&fingerprint, &now)
		if was[fingerprint].over() && !now.over() {
			counts[fingerprint]++
		}
		was[fingerprint] = now
		return nil
	}, `SELECT fingerprint, state FROM finding_state WHERE from_run <= ? ORDER BY fingerprint, from_run`, last)
	return counts
}
