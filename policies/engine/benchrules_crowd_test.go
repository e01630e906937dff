package engine

import (
	"cmp"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/compile"
)

// A crowd is a large number of tokens like those of the demo's company: its
// sources are repeated with other ids, names and dates. Its size is the number
// of its tokens.
type crowd struct {
	size    int
	sources []crowdSource
}

// crowdSource is one source of a crowd: count tokens, like those of a model.
type crowdSource struct {
	id    string
	model *inventory.Source
	count int
}

// sourceSizes are the sizes that the sources of a crowd have in turn.
var sourceSizes = []int{100, 300, 100, 1000, 200, 500}

// largestSource bounds the one large source of a crowd.
const largestSource = 20000

// newCrowd spreads size tokens over sources like the models. A tenth of them,
// but not more than largestSource, is in one: the first model that has people's tokens.
func newCrowd(size int, models []inventory.Source) crowd {
	models = slices.DeleteFunc(slices.Clone(models), func(s inventory.Source) bool {
		unread := func(u inventory.Unit) bool { return u.Status != inventory.UnitComplete }
		return len(s.Tokens) == 0 || slices.ContainsFunc(s.Units, unread)
	})
	c := crowd{size: size}
	add := func(model *inventory.Source, count int) {
		id := fmt.Sprintf("%s-%05d", model.ID, len(c.sources))
		c.sources = append(c.sources, crowdSource{id: id, model: model, count: count})
	}
	large := min(size/10, largestSource)
	add(&models[max(0, slices.IndexFunc(models, func(s inventory.Source) bool { return s.Tokens[0].Kind == inventory.Personal }))], large)
	for i, left := 0, size-large; left > 0; i++ {
		count := min(left, sourceSizes[i%len(sourceSizes)])
		add(&models[i%len(models)], count)
		left -= count
	}
	slices.SortFunc(c.sources, func(a, b crowdSource) int { return cmp.Compare(a.id, b.id) })
	return c
}

// all returns the sources of the crowd, sorted by id, each made when it is asked for.
func (c crowd) all() iter.Seq[inventory.Source] {
	return func(yield func(inventory.Source) bool) {
		for _, s := range c.sources {
			if !yield(s.source()) {
				return
			}
		}
	}
}

// source makes the source. No two tokens have the same id, name and dates, as
// in life; what else tokens have in common in the demo they have here.
func (c crowdSource) source() inventory.Source {
	s := *c.model
	s.ID = c.id
	s.Auditor.Token = ""
	s.Tokens = make([]inventory.Token, c.count)
	for i := range s.Tokens {
		token := c.model.Tokens[i%len(c.model.Tokens)]
		copied := fmt.Sprintf("-%d", i/len(c.model.Tokens))
		again := func(id string) string { return c.id + strings.TrimPrefix(id, c.model.ID) + copied }
		token.ID, token.Ref, token.Source = again(token.ID), token.Ref+copied, c.id
		token.Name += copied
		if token.Twin != "" {
			token.Twin = again(token.Twin)
		}
		earlier(time.Duration(i%40000)*time.Second, &token.CreatedAt.At, &token.UpdatedAt.At,
			&token.LastUsed.At, &token.LastUsed.Earliest, &token.Owner.LastActive.At)
		s.Tokens[i] = token
	}
	s.Normalise()
	return s
}

// earlier moves times back, unless they are not set.
func earlier(by time.Duration, times ...*time.Time) {
	for _, t := range times {
		if !t.IsZero() {
			*t = t.Add(-by)
		}
	}
}

// save writes the inventory of the crowd to a file.
func (c crowd) save(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := codec.NewWriter(f, inventory.Tool{Name: "bench-rules"})
	w.Compact = true
	for s := range c.all() {
		if s.CollectedAt.After(w.CollectedUntil) {
			w.CollectedUntil = s.CollectedAt
		}
	}
	for s := range c.all() {
		if err := w.WriteSource(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// unasked switches off the rules that ask nothing without reviews, of which tokenaudit has
// none here, and the risk of tokens; the other contestants know nothing of either.
func unasked() policies.Settings {
	return policies.Settings{Rules: map[string]policies.RuleSettings{"token-not-reviewed": {Off: true}, "revocation-overdue": {Off: true}, compile.RiskID: {Off: true}}}
}
