package terraform

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// master is the id of the default environment of every space of Contentful, or
// of the alias in its place. Neither can be deleted.
const master = "master"

// space is a space of Contentful as far as the plan and the live inventory tell.
type space struct {
	// id is empty for a space that is to be made.
	id string
	// live is nil where no live inventory has the space.
	live *inventory.Source
	// known are its environments and aliases.
	known map[string]inventory.Environment
	// reason says why there may be others; empty if there are none.
	reason string
	// declares: the plan declares environments of the space.
	declares bool
	// gone are the environments that the plan deletes.
	gone map[string]bool
}

// space returns the space that a resource belongs to.
func (w *planState) space(c change) space {
	key := w.spaceKey(c)
	if s, ok := w.spaces[key]; ok {
		return s
	}
	s := w.newSpace(c, key)
	w.spaces[key] = s
	return s
}

// keyOfID begins the key of a space whose id is known.
const keyOfID = "id "

// spaceKey tells spaces apart: by id, or by the resource that is to make them.
// It is empty where neither is known.
func (w *planState) spaceKey(c change) string {
	v, known := c.values(w.after)["space_id"].text()
	if !known && c.values(w.after) == nil {
		v, known = c.values(!w.after)["space_id"].text()
	}
	if known {
		return keyOfID + v
	}
	if made := w.plan.refersTo(c, "space_id", typeSpace); len(made) == 1 {
		return "address " + made[0].address
	}
	return ""
}

func (w *planState) newSpace(c change, key string) space {
	s := space{
		known: map[string]inventory.Environment{}, gone: map[string]bool{},
		reason: "the plan does not show which environments the space has, and no live inventory of it is given",
	}
	if id, ok := strings.CutPrefix(key, keyOfID); ok {
		s.id = id
		s.takeLive(w.live[cmsapi.Path("contentful/spaces/{}", s.id)])
	} else if made := w.plan.refersTo(c, "space_id", typeSpace); len(made) == 1 && !made[0].keeps() {
		// A space that is to be made will have master, and what the plan declares.
		s.reason = ""
	}
	if key != "" {
		for _, e := range w.environments[key] {
			s.take(w, e)
		}
	}
	if _, ok := s.known[master]; !ok {
		s.known[master] = inventory.Environment{ID: master}
	}
	s.decidePrimary()
	return s
}

func (s *space) takeLive(live *inventory.Source) {
	if live == nil {
		return
	}
	s.live = live
	for _, e := range live.Environments {
		s.known[e.ID] = e
	}
	s.reason = cmp.Or(unread(live, "environments"), unread(live, "environment_aliases"))
}

// unread says why a supporting list of a live source is not whole; empty if it is.
func unread(s *inventory.Source, name string) string {
	for _, u := range s.Units {
		if u.Name != name {
			continue
		}
		if u.Status == inventory.UnitComplete {
			return ""
		}
		return "the list " + name + " of " + s.ID + " was not read completely"
	}
	return "the inventory does not have the list " + name + " of " + s.ID
}

// take adds, or takes away, an environment or an alias that the plan declares.
func (s *space) take(w *planState, c change) {
	if c.values(w.after) == nil {
		for _, id := range environmentIDs(c.values(!w.after), c.kind) {
			if id != "" && id != master && w.after {
				delete(s.known, id)
				s.gone[id] = true
			}
		}
		return
	}
	o := c.values(w.after)
	s.declares = true
	for _, id := range environmentIDs(o, c.kind) {
		if id == "" {
			continue
		}
		e := inventory.Environment{ID: id, Name: s.known[id].Name}
		if c.kind == typeEnvironmentAlias {
			e.AliasOf = cmp.Or(o["target_environment_id"].orText(""), o["environment_id"].orText(""), s.known[id].AliasOf)
		}
		s.known[id] = e
		return
	}
}

// environmentIDs returns the id of an environment or alias, the surest first. A
// provider may give its own id, made of several, to what the CMS calls by one;
// where the id is decided later the name is all there is.
func environmentIDs(o object, kind string) []string {
	if kind == typeEnvironmentAlias {
		return []string{o["environment_alias_id"].orText(""), o["alias_id"].orText(""), o["id"].orText("")}
	}
	return []string{o["environment_id"].orText(""), o["id"].orText(""), o["name"].orText("")}
}

func (s *space) decidePrimary() {
	target := s.known[master].AliasOf
	for id, e := range s.known {
		switch {
		case id == master || id == target:
			e.Primary = inventory.Yes
		case s.reason == "" || target != "":
			e.Primary = inventory.No
		default:
			e.Primary = inventory.Unknown
		}
		s.known[id] = e
	}
}

// all returns the environments and aliases, sorted.
func (s *space) all() []inventory.Environment {
	return slices.SortedFunc(maps.Values(s.known), func(a, b inventory.Environment) int { return cmp.Compare(a.ID, b.ID) })
}

// item makes one environment of a key's scope. written reports whether somebody
// wrote the name down: one that only a provider came up with, and that is not
// among the environments that the plan declares, does not exist.
func (s *space) item(id string, written bool) inventory.ScopeItem {
	e, ok := s.known[id]
	item := inventory.ScopeItem{ID: id, Name: e.Name, Primary: e.Primary, AliasOf: e.AliasOf, Exists: inventory.Yes}
	if ok {
		return item
	}
	item.Primary, item.Exists = inventory.Unknown, inventory.Unknown
	if s.reason == "" || s.gone[id] || s.declares && !written {
		item.Primary, item.Exists = inventory.No, inventory.No
	}
	return item
}
