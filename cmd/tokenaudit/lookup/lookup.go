// Package lookup finds a source or a token among many.
package lookup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/suggest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Find returns the source that has the token, or is the subject itself, the id of the
// subject, and the latest time of collection. The subject is an id, the end of one, or a
// name that only one has. sources hands over all sources, one at a time.
func Find(ctx context.Context, sources func(context.Context, func(inventory.Source) error) error, subject string) (inventory.Source, string, time.Time, error) {
	var latest time.Time
	missing := 0
	near := suggest.NewSearch(subject)
	exact, loose := match{is: func(id, _ string) bool { return id == subject }}, match{is: func(id, name string) bool {
		return strings.HasSuffix(id, "/"+subject) || name == subject
	}}
	err := sources(ctx, func(s inventory.Source) error {
		if s.CollectedAt.After(latest) {
			latest = s.CollectedAt
		}
		for _, u := range s.Units {
			if u.Status != inventory.UnitComplete {
				missing++
			}
		}
		exact.see(&s)
		loose.see(&s)
		if len(loose.ids)+len(exact.ids) == 0 {
			offer(near, subject, &s)
		}
		return nil
	})
	if err != nil {
		return inventory.Source{}, "", time.Time{}, err
	}
	found := loose
	if len(exact.ids) > 0 {
		found = exact
	}
	switch {
	case len(found.ids) == 1:
		return *found.source, found.ids[0], latest, nil
	case len(found.ids) > 1:
		shown := found.ids[:min(len(found.ids), 3)]
		err = fmt.Errorf("%d tokens or sources are called %q, such as %s; give more of the id", len(found.ids), subject, strings.Join(shown, " and "))
	case missing > 0:
		err = fmt.Errorf("there is no token or source %q in what could be read; lists that are missing: %d%s", subject, missing, near.DidYouMean())
	default:
		err = fmt.Errorf("there is no token or source %q%s", subject, cmp.Or(near.DidYouMean(), "; `tokenaudit collect` lists all"))
	}
	return inventory.Source{}, "", time.Time{}, errors.New(safetext.OneLine(err.Error()))
}

// offer shows a search the source and its tokens, each by its id, its name, and as much of
// the end of its id as the subject may be.
func offer(near *suggest.Search, subject string, s *inventory.Source) {
	parts := strings.Count(subject, "/") + 1
	named := func(id, name string) {
		near.Offer(id, id)
		near.Offer(end(id, parts), id)
		near.Offer(name, id)
	}
	named(s.ID, s.Name)
	for i := range s.Tokens {
		named(s.Tokens[i].ID, s.Tokens[i].Name)
	}
}

// end returns the last parts of an id.
func end(id string, parts int) string {
	at := len(id)
	for range parts {
		if at = strings.LastIndexByte(id[:at], '/'); at < 0 {
			return id
		}
	}
	return id[at+1:]
}

// match keeps the ids that fit what somebody asked for, and the first source
// that one of them is in.
type match struct {
	is     func(id, name string) bool
	source *inventory.Source
	ids    []string
}

func (m *match) see(s *inventory.Source) {
	before := len(m.ids)
	if m.is(s.ID, s.Name) {
		m.ids = append(m.ids, s.ID)
	}
	for i := range s.Tokens {
		if t := &s.Tokens[i]; m.is(t.ID, t.Name) {
			m.ids = append(m.ids, t.ID)
		}
	}
	if before == 0 && len(m.ids) > 0 {
		m.source = s
	}
}
