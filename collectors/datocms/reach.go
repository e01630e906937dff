package datocms

import (
	"fmt"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// environments are the environments of a project. DatoCMS has no aliases.
type environments struct {
	// list is sorted by id.
	list []inventory.Environment
	// reason says why an id that is not in list may exist nevertheless; empty if
	// the list was read to its end.
	reason string
}

// find returns an environment by id; exists is unknown for one that is not in a
// list that could not be read to its end.
func (e environments) find(id string) (found inventory.Environment, exists inventory.Ternary) {
	i, ok := slices.BinarySearchFunc(e.list, id, func(env inventory.Environment, id string) int {
		switch {
		case env.ID < id:
			return -1
		case env.ID > id:
			return 1
		}
		return 0
	})
	switch {
	case ok:
		return e.list[i], inventory.Yes
	case e.reason != "":
		return inventory.Environment{ID: id, Primary: inventory.Unknown}, inventory.Unknown
	}
	return inventory.Environment{ID: id, Primary: inventory.No}, inventory.No
}

// enterable reports whether a role with this environments_access may enter an
// environment.
func (e environments) enterable(access, id string) inventory.Ternary {
	env, exists := e.find(id)
	if exists == inventory.No || access == "none" {
		return inventory.No
	}
	allowed := inventory.Yes
	switch access {
	case "primary_only":
		allowed = env.Primary
	case "sandbox_only":
		allowed = not(env.Primary)
	}
	if allowed == inventory.Yes {
		return exists
	}
	return allowed
}

// anyEnterable reports whether a role may enter some environment. A project
// always has a primary one.
func (e environments) anyEnterable(access string) inventory.Ternary {
	switch access {
	case "all", "primary_only":
		return inventory.Yes
	case "sandbox_only":
		answer := inventory.No
		if e.reason != "" {
			answer = inventory.Unknown
		}
		for _, env := range e.list {
			switch env.Primary {
			case inventory.No:
				return inventory.Yes
			case inventory.Unknown:
				answer = inventory.Unknown
			}
		}
		return answer
	}
	return inventory.No
}

func not(t inventory.Ternary) inventory.Ternary {
	switch t {
	case inventory.Yes:
		return inventory.No
	case inventory.No:
		return inventory.Yes
	}
	return inventory.Unknown
}

// why says why something about environments is not known.
func (e environments) why() string {
	if e.reason != "" {
		return e.reason
	}
	return "DatoCMS does not say which environment is the primary one"
}

// level returns the least and the most that the rights can amount to. They
// differ only where it is not known which environments exist, or which of them
// is the primary one.
func (r rights) level(envs environments) (least, most inventory.Level) {
	least, most = inventory.LevelNone, inventory.LevelNone
	count := func(level inventory.Level, applies inventory.Ternary) {
		if applies != inventory.No {
			most = higher(most, level)
		}
		if applies == inventory.Yes {
			least = higher(least, level)
		}
	}
	somewhere := envs.anyEnterable(r.access)
	for _, f := range roleFlags() {
		switch {
		case !r.flags[f.name]:
		case f.perEnvironment:
			count(f.level, somewhere)
		default:
			count(f.level, inventory.Yes)
		}
	}
	for _, g := range slices.Concat(r.items, r.uploads) {
		level := inventory.LevelRead
		if g.changes() {
			level = inventory.LevelWrite
		}
		count(level, envs.enterable(r.access, g.environment))
	}
	if r.triggers || r.indexes {
		count(inventory.LevelTrigger, inventory.Yes)
	}
	return least, most
}

func higher(a, b inventory.Level) inventory.Level {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

// decided returns the level that two bounds leave, or why they leave it open:
// whether it reaches to writing is what must not be guessed.
func decided(least, most inventory.Level, why string) (inventory.Level, string) {
	if least.AtLeast(inventory.LevelWrite) == most.AtLeast(inventory.LevelWrite) {
		return most, ""
	}
	return inventory.LevelUnknown, why
}

// readable returns the environments that the rights open for reading: those that
// may be entered, and in which some record may be read.
func (r rights) readable(envs environments) inventory.Scope {
	var items []inventory.ScopeItem
	// With a gap in the list, "all" may be more than what is known.
	open := r.access == "all" && envs.reason != ""
	for _, g := range r.items {
		if g.changes() {
			continue
		}
		answer := envs.enterable(r.access, g.environment)
		if answer == inventory.No {
			continue
		}
		open = open || answer == inventory.Unknown
		env, exists := envs.find(g.environment)
		items = append(items, inventory.ScopeItem{ID: env.ID, Name: env.Name, Primary: env.Primary, Exists: exists})
	}
	switch {
	case open:
		return inventory.UnknownScope(fmt.Sprintf("which environments the role reaches is not known: %s", envs.why()), items...)
	case r.access == "all" && len(items) == len(envs.list) && len(items) > 0:
		// It may enter environments that are made later, too.
		return inventory.AllScope(items...)
	}
	return inventory.NewScope(items...)
}
