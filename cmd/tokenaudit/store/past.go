package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/store/observation"
	"github.com/tokenaudit/tokenaudit/collectors/history"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
)

// Past returns what the runs before a moment knew of tokens: since when they are there, and
// of those whose last use is told in words, enough of what was said to narrow it.
func (s *Store) Past(ctx context.Context, before time.Time) ([]history.Reading, error) {
	var past []history.Reading
	err := s.reading(ctx, func(t *tx) error {
		p := t.readings(t.before(before))
		t.words(p)
		firsts := t.firsts(p.last)
		past = append(p.saying(firsts), firsts...)
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
	run  int
	at   time.Time
	of   *contentOf
	uses map[string]inventory.LastUsed
	// says: it says something of the past.
	says bool
}

// contentOf is what a reading read of a source, whole the kinds of tokens of which it saw all.
type contentOf struct {
	source report.Source
	whole  map[inventory.Kind]bool
}

func (t *tx) readings(last int) *readings {
	p := &readings{last: last, all: map[string][]*readingOf{}, wholly: map[sourceKind][]*readingOf{}}
	contents := map[string]*contentOf{}
	var source, collected, content string
	t.Each(func(scan func(...any)) error {
		var r readingOf
		scan(&r.run, &source, &collected, &content)
		if err := parseTimes([]string{collected}, &r.at); err != nil {
			return err
		}
		if contents[content] == nil {
			contents[content] = &contentOf{}
		}
		r.of = contents[content]
		p.all[source] = append(p.all[source], &r)
		return nil
	}, `SELECT run, source, collected_at, content FROM reading WHERE run <= ? ORDER BY run`, last)
	for id, content := range contents {
		var text string
		if t.One([]any{&text}, `SELECT data FROM body WHERE id = ?`, id); t.Err == nil {
			t.Err = json.Unmarshal([]byte(text), &content.source.Source)
		}
		content.whole = history.WholeKinds(content.source.Units)
	}
	return p
}

func (r *readingOf) use(token string, u inventory.LastUsed) {
	if r.uses == nil {
		r.uses = map[string]inventory.LastUsed{}
	}
	r.uses[token] = u
}

// firsts returns the readings that saw tokens first, by source and time, also where they
// have been pruned. They tell no more of these tokens.
func (t *tx) firsts(last int) []history.Reading {
	type reading struct{ source, collected string }
	tokens := map[reading]map[string]inventory.LastUsed{}
	var token string
	var p reading
	t.Each(func(scan func(...any)) error {
		scan(&token, &p.source, &p.collected)
		if tokens[p] == nil {
			tokens[p] = map[string]inventory.LastUsed{}
		}
		tokens[p][token] = inventory.LastUsed{State: inventory.LastUsedUnknown}
		return nil
	}, `SELECT token, source, first_collected FROM token WHERE first_run <= ?`, last)
	firsts := make([]history.Reading, 0, len(tokens))
	for p, uses := range tokens {
		first := history.Reading{Source: p.source, Uses: uses}
		t.Err = cmp.Or(t.Err, parseTimes([]string{p.collected}, &first.At))
		firsts = append(firsts, first)
	}
	slices.SortFunc(firsts, func(a, b history.Reading) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), a.At.Compare(b.At))
	})
	return firsts
}

// saying returns the readings that say something, by source and time: of the use of a token,
// or that one was not there yet, the last time before it was seen first. The latest do so of
// the tokens that nobody has seen yet.
func (p *readings) saying(firsts []history.Reading) []history.Reading {
	seen := map[string][]time.Time{}
	for _, f := range firsts {
		seen[f.Source] = append(seen[f.Source], f.At)
	}
	var past []history.Reading
	for _, source := range sortedKeys(p.all) {
		byTime := slices.Clone(p.all[source])
		slices.SortStableFunc(byTime, func(a, b *readingOf) int { return a.at.Compare(b.at) })
		kinds := map[inventory.Kind]bool{}
		for _, r := range byTime {
			for kind, whole := range r.of.whole {
				if whole {
					kinds[kind] = true
				}
			}
		}
		for _, at := range seen[source] {
			first, _ := slices.BinarySearchFunc(byTime, at, func(r *readingOf, at time.Time) int { return r.at.Compare(at) })
			lastBefore(byTime[:first], len(kinds))
		}
		lastBefore(byTime, len(kinds))
		byTime[len(byTime)-1].says = true // the source was looked at
		for _, r := range byTime {
			if r.says || len(r.uses) > 0 {
				past = append(past, history.Reading{Source: source, At: r.at, Units: r.of.source.Units, Uses: r.uses})
			}
		}
	}
	return past
}

// lastBefore marks the last readings that saw all tokens of a kind, of each of so many kinds.
func lastBefore(all []*readingOf, kinds int) {
	seen := map[inventory.Kind]bool{}
	for _, r := range slices.Backward(all) {
		if len(seen) == kinds {
			return
		}
		for kind, whole := range r.of.whole {
			if whole && !seen[kind] {
				seen[kind], r.says = true, true
			}
		}
	}
}

// wordedUse is what readings from one run until another said of the use of a token.
type wordedUse struct {
	source, kind string

	from, to int
	use      string
}

// words notes what was said of tokens whose last use is told in words.
func (t *tx) words(p *readings) {
	all := map[string][]wordedUse{}
	var token string
	var w wordedUse
	t.Each(func(scan func(...any)) error {
		scan(&token, &w.source, &w.kind, &w.from, &w.to, &w.use)
		all[token] = append(all[token], w)
		return nil
	}, `SELECT token, source, kind, from_run, COALESCE(to_run, ?), last_use FROM token_version WHERE worded = 1 AND from_run <= ?`, p.last+1, p.last)
	said := map[string]inventory.LastUsed{}
	for token, wordings := range all {
		if t.Err == nil {
			slices.SortFunc(wordings, func(a, b wordedUse) int { return a.from - b.from })
			t.Err = p.wordsOf(token, wordings, said)
		}
	}
}

// wordsOf notes what was said of one token: of each wording the first reading, the last, and
// so many between them that each was taken after the latest moment that the next one tells:
// to go from one to the next is all that a chain of what was said needs, and years of nightly
// readings are not held in memory. What was said before the earliest moment of the last use
// is left out, too: a chain ends there.
func (p *readings) wordsOf(token string, wordings []wordedUse, said map[string]inventory.LastUsed) error {
	var earliest time.Time
	latest := true
	for _, w := range slices.Backward(wordings) {
		readings := p.ofWording(&w)
		if len(readings) == 0 {
			continue
		}
		last := readings[len(readings)-1]
		if !latest && !last.at.After(earliest) {
			return nil
		}
		use, known := said[w.use]
		if !known {
			var of observation.LastUse
			if err := json.Unmarshal([]byte(w.use), &of); err != nil {
				return fmt.Errorf("the last use of a token: %w", err)
			}
			use = of.LastUsed
			said[w.use] = use
		}
		if latest {
			earliest = observation.Absolute(use, last.at).Earliest
			latest = false
		}
		for _, r := range links(readings, use) {
			if r.at.After(earliest) {
				r.use(token, observation.Absolute(use, r.at))
			}
		}
	}
	return nil
}

// links returns the readings of one wording that a chain needs, the last one first.
func links(readings []*readingOf, use inventory.LastUsed) []*readingOf {
	i := len(readings) - 1
	chain := []*readingOf{readings[i]}
	for i > 0 {
		latest := observation.Absolute(use, readings[i].at).Latest
		for i--; i > 0 && readings[i-1].at.After(latest); {
			i--
		}
		chain = append(chain, readings[i])
	}
	return chain
}

// ofWording returns the readings that are known to have seen the token while it was worded so:
// those that wholly read its list, and the one that saw the wording first.
func (p *readings) ofWording(w *wordedUse) []*readingOf {
	first := between(p.all[w.source], w.from, w.from+1)
	whole := between(p.whole(w.source, inventory.Kind(w.kind)), w.from, w.to)
	if len(whole) > 0 && len(first) > 0 && whole[0] == first[0] {
		return whole
	}
	return slices.Concat(first, whole)
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
			if !report.UnreadKind(&r.of.source, kind) {
				all = append(all, r)
			}
		}
		p.wholly[of] = all
	}
	return p.wholly[of]
}
