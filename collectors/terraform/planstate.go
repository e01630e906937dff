package terraform

import (
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// planState is how things stand before or after a change.
type planState struct {
	plan  *Plan
	after bool
	// at is the audit time.
	at time.Time
	// live are the sources of a live inventory, by id.
	live map[string]*inventory.Source
	// byRef finds live tokens by CMS and the CMS's own id, withRole by the id of
	// their role.
	byRef    map[[2]string][]*inventory.Token
	withRole map[string][]*inventory.Token
	// roles are the declared roles of DatoCMS by id.
	roles map[string][]change
	// environments are the changes of environments by space, see spaceKey.
	environments map[string][]change
	spaces       map[string]space
	// projects are the live DatoCMS projects by the provider's name for them, "" for
	// its only one; nil where they cannot be told apart.
	projects map[string]*inventory.Source
	// described are the ids of the tokens that the plan makes or changes.
	described map[string]bool
}

func newPlanState(p *Plan, live map[string]*inventory.Source, at time.Time, after bool) *planState {
	w := &planState{
		plan: p, after: after, at: at, live: live,
		byRef: map[[2]string][]*inventory.Token{}, withRole: map[string][]*inventory.Token{},
		roles: map[string][]change{}, environments: map[string][]change{}, spaces: map[string]space{},
		projects: map[string]*inventory.Source{}, described: map[string]bool{},
	}
	for _, s := range live {
		for i := range s.Tokens {
			t := &s.Tokens[i]
			w.byRef[[2]string{t.CMS, t.Ref}] = append(w.byRef[[2]string{t.CMS, t.Ref}], t)
			if t.Role != nil && t.CMS == cmsDatoCMS {
				w.withRole[t.Role.ID] = append(w.withRole[t.Role.ID], t)
			}
		}
	}
	for _, c := range p.changes {
		switch c.kind {
		case typeRole:
			if id := w.identity(c, "id"); id != "" && c.values(after) != nil {
				w.roles[id] = append(w.roles[id], c)
			}
		case typeEnvironment, typeEnvironmentAlias:
			key := w.spaceKey(c)
			w.environments[key] = append(w.environments[key], c)
		}
	}
	w.findProjects()
	return w
}

// tokens makes the tokens of one change; none where the resource does not exist
// in this state.
func (w *planState) tokens(c change) []inventory.Token {
	if c.values(w.after) == nil {
		return nil
	}
	switch c.kind {
	case typeAPIKey, typeDeliveryKey:
		return w.apiKey(c)
	case typePersonalToken:
		return w.personalToken(c)
	case typeAppKey:
		return w.appKey(c)
	case typeAccessToken:
		return w.accessToken(c)
	}
	return nil
}

// liveByRef finds the one live token with the CMS's own id; nil if there is
// none, or if more than one could be meant.
func (w *planState) liveByRef(cms, ref string, kinds ...inventory.Kind) *inventory.Token {
	var found *inventory.Token
	if ref == "" {
		return nil
	}
	for _, t := range w.byRef[[2]string{cms, ref}] {
		if len(kinds) > 0 && t.Kind != kinds[0] {
			continue
		}
		if found != nil {
			return nil
		}
		found = t
	}
	return found
}

// liveWithRole finds a live token whose role is known, by the role's id.
func (w *planState) liveWithRole(id string) *inventory.Token {
	var found *inventory.Token
	for _, t := range w.withRole[id] {
		if t.Role.Level == inventory.LevelUnknown {
			continue
		}
		if found == nil || t.ID < found.ID {
			found = t
		}
	}
	return found
}

// adopt returns a token the identity of the live one.
func (w *planState) adopt(t *inventory.Token, live *inventory.Token) {
	if live != nil {
		t.ID, t.Source = live.ID, live.Source
	}
}

// findProjects finds out which live DatoCMS project the provider works on: the
// one that has the tokens that the plan knows by id. Several provider blocks
// may be several projects.
func (w *planState) findProjects() {
	if w.plan.datoProviders != 1 || len(w.live) == 0 {
		return
	}
	ambiguous := map[string]bool{}
	for _, c := range w.plan.changes {
		if c.kind != typeAccessToken || c.before == nil {
			continue
		}
		id, _ := c.before["id"].text()
		t := w.liveByRef(cmsDatoCMS, id)
		if t == nil {
			continue
		}
		name := c.before["project"].orText("")
		if other := w.projects[name]; other != nil && other.ID != t.Source {
			ambiguous[name] = true
		}
		w.projects[name] = w.live[t.Source]
	}
	for name := range ambiguous {
		delete(w.projects, name)
	}
}

// projectOf returns the live project that a DatoCMS resource is of; nil if unknown.
func (w *planState) projectOf(c change) *inventory.Source {
	v := c.values(w.after)["project"]
	if v.state == later || v.state == hidden {
		return nil
	}
	return w.projects[v.orText("")]
}
