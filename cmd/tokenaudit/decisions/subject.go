package decisions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/cli"
	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/lookup"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/policies/owners"
)

// about is what an entry is about.
type about struct {
	// id is that of a token or a source, or a glob.
	id string
	// name is that of the one token; empty else.
	name string
	// teams answer for it; none where that is not known.
	teams []string
}

// target is what an entry is to be about, as a command line names it.
type target struct {
	// token is an id, the end of one, a name, or a glob.
	token string
	// name is a glob on the names of tokens; empty for all.
	name string
	// tokensOnly: a source will not do.
	tokensOnly bool
}

// find finds what a target stands for, in what is known.
func (o placed) find(ctx context.Context, have known, teams owners.Patterns, of target) (about, error) {
	glob := strings.Contains(of.token, "*")
	switch {
	case have.sources != nil && glob:
		return o.matched(ctx, have, teams, of)
	case have.sources == nil && !glob && !strings.Contains(of.token, "/"):
		return about{}, cli.Misuse(fmt.Errorf("%q is not the id of a token, such as datocms/projects/77/access_tokens/312: give an id, or --inventory or --report to find it by its name", of.token))
	case have.sources == nil:
		o.unseen(of.token)
		return about{id: of.token}, nil
	}
	source, id, _, err := lookup.Find(ctx, have.sources, of.token)
	if err != nil {
		return about{}, fmt.Errorf("%s: %w", o.from(), err)
	}
	if strings.Contains(id, "*") {
		return about{}, fmt.Errorf("the id %q has a *, which would match other tokens, too: an entry cannot name it alone", id)
	}
	found := about{id: id}
	var token *inventory.Token
	if i := slices.IndexFunc(source.Tokens, func(t inventory.Token) bool { return t.ID == id }); i >= 0 {
		token = &source.Tokens[i]
		found.name = token.Name
	} else if of.tokensOnly {
		return about{}, fmt.Errorf("%s: %s is a source: give the id of one of its tokens, or %s/* for all of them", o.from(), id, id)
	}
	if team := teams.Team(&source, token); team != "" {
		found.teams = []string{team}
	}
	return found, nil
}

// unseen notes that nothing was given to look an id up in: one that is nobody's, such as the end
// of an id, covers nothing.
func (o placed) unseen(id string) {
	if !strings.Contains(id, "*") {
		o.program.Note("%q was not looked up and has to be a whole id; --inventory or --report looks it up", id)
	}
}

// matched is what a glob matches.
func (o placed) matched(ctx context.Context, have known, teams owners.Patterns, of target) (about, error) {
	matched, answer := 0, map[string]bool{}
	err := have.sources(ctx, func(s inventory.Source) error {
		if !of.tokensOnly && policies.Glob(of.token, s.ID) {
			matched++
			answer[teams.Team(&s, nil)] = true
		}
		for i := range s.Tokens {
			if t := &s.Tokens[i]; policies.Glob(of.token, t.ID) && (of.name == "" || policies.Glob(of.name, t.Name)) {
				matched++
				answer[teams.Team(&s, t)] = true
			}
		}
		return nil
	})
	if err != nil {
		return about{}, err
	}
	if matched == 0 {
		what := "token or source"
		if of.tokensOnly {
			what = "token"
		}
		return about{}, fmt.Errorf("%s: no %s matches %q; `tokenaudit collect` lists all", o.from(), what, of.token)
	}
	delete(answer, "")
	return about{id: of.token, teams: slices.Sorted(maps.Keys(answer))}, nil
}
