package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// find gives the source that has the token, or is the subject itself, the id of
// the subject, and the latest time of collection.
func find(ctx context.Context, sources feed, subject string) (inventory.Source, string, time.Time, error) {
	var latest latestTime
	missing := 0
	exact, loose := match{is: func(id, _ string) bool { return id == subject }}, match{is: func(id, name string) bool {
		return strings.HasSuffix(id, "/"+subject) || name == subject
	}}
	err := sources(ctx, func(s inventory.Source) error {
		latest.see(s.CollectedAt)
		for _, u := range s.Units {
			if u.Status != inventory.UnitComplete {
				missing++
			}
		}
		exact.see(&s)
		loose.see(&s)
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
		return *found.source, found.ids[0], latest.time, nil
	case len(found.ids) > 1:
		shown := found.ids[:min(len(found.ids), 3)]
		err = fmt.Errorf("%d tokens or sources are called %q, such as %s; give more of the id", len(found.ids), subject, strings.Join(shown, " and "))
	case missing > 0:
		err = fmt.Errorf("there is no token or source %q in what could be read; lists that are missing: %d", subject, missing)
	default:
		err = fmt.Errorf("there is no token or source %q; `tokenaudit collect` lists all", subject)
	}
	return inventory.Source{}, "", time.Time{}, errors.New(safetext.OneLine(err.Error()))
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
