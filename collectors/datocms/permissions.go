package datocms

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// roleFlag is one of the booleans of a role.
type roleFlag struct {
	name string
	// level is what the flag alone amounts to.
	level inventory.Level
	// perEnvironment: it acts inside environments, and is worth nothing to a
	// role that may enter none. Flags of the project always count.
	perEnvironment bool
	// recent: answers of older servers lack it, which means false. Any other
	// flag that is missing makes the role unreadable.
	recent bool
}

// roleFlags lists the 20 booleans: 16 that change something, 4 that read logs
// or search.
func roleFlags() []roleFlag {
	const (
		read, write   = inventory.LevelRead, inventory.LevelWrite
		schema, admin = inventory.LevelSchema, inventory.LevelAdmin
	)
	return []roleFlag{
		{name: "can_manage_access_tokens", level: admin},
		{name: "can_manage_users", level: admin},
		{name: "can_manage_sso", level: admin},
		{name: "can_manage_webhooks", level: admin},
		{name: "can_manage_environments", level: admin},
		{name: "can_manage_build_triggers", level: admin},
		{name: "can_promote_environments", level: admin},
		{name: "can_edit_site", level: admin},
		{name: "can_edit_schema", level: schema, perEnvironment: true},
		{name: "can_edit_favicon", level: write, perEnvironment: true},
		{name: "can_edit_environment", level: write, perEnvironment: true},
		{name: "can_manage_menu", level: write, perEnvironment: true},
		{name: "can_manage_shared_filters", level: write, perEnvironment: true},
		{name: "can_manage_upload_collections", level: write, perEnvironment: true, recent: true},
		{name: "can_manage_workflows", level: write, perEnvironment: true},
		{name: "can_manage_search_indexes", level: write, recent: true},
		{name: "can_access_audit_log", level: read},
		{name: "can_perform_site_search", level: read},
		{name: "can_access_build_events_log", level: read},
		{name: "can_access_search_index_events_log", level: read, recent: true},
	}
}

const (
	flagManageTokens = "can_manage_access_tokens"
	actionRead       = "read"
	actionAll        = "all"
)

// The concrete actions that "all" stands for.
func itemActions() []string {
	return []string{actionRead, "create", "update", "publish", "duplicate", "delete", "edit_creator", "take_over", "move_to_stage"}
}

func uploadActions() []string {
	return []string{actionRead, "create", "update", "delete", "edit_creator", "replace_asset", "move"}
}

// grant is an action that a role allows in an environment, in some part of its
// content at least.
type grant struct{ environment, action string }

// changes tells an action that changes content. One that is not known here is
// taken for such.
func (g grant) changes() bool { return g.action != actionRead }

// rights are the permissions of a role after what it denies is taken off.
type rights struct {
	// flags that are true, by name.
	flags map[string]bool
	// access is environments_access: all, primary_only, sandbox_only or none.
	access string
	// items and uploads are sorted and distinct.
	items, uploads []grant
	// triggers and indexes: may it fire build triggers, or the indexing of a search index.
	triggers, indexes bool
	// strange is a permission that grants something nobody documented; empty for none.
	strange string
}

// readRights makes sense of final_permissions. What is not understood makes
// the whole role unreadable: the reason says why.
func readRights(p finalPermissions) (rights, string) {
	r := rights{flags: map[string]bool{}}
	for _, f := range roleFlags() {
		value, given := p.flags.Members[f.name]
		switch {
		case given && value.State == cmsapi.FieldGiven:
			r.flags[f.name] = value.Value
		case given || slices.Contains(p.flags.Broken, f.name):
			return rights{}, f.name + " is not a boolean"
		case !f.recent:
			return rights{}, f.name + " is missing"
		}
	}
	r.strange = p.strange()
	r.access = p.lists.EnvironmentsAccess.Value
	switch r.access {
	case "all", "primary_only", "sandbox_only", "none":
	case "":
		return rights{}, p.lists.EnvironmentsAccess.Reason("environments_access")
	default:
		return rights{}, fmt.Sprintf("environments_access is %s, which is not documented", cmsapi.Word(r.access))
	}
	l := p.lists
	var reasons [4]string
	r.items, reasons[0] = residual("item_type", itemActions(), l.PositiveItems, l.NegativeItems)
	r.uploads, reasons[1] = residual("upload", uploadActions(), l.PositiveUploads, l.NegativeUploads)
	r.triggers, reasons[2] = fires("build_trigger", l.PositiveTriggers, l.NegativeTriggers)
	r.indexes, reasons[3] = fires("search_index", optional(l.PositiveIndexes), optional(l.NegativeIndexes))
	for _, reason := range reasons {
		if reason != "" {
			return rights{}, reason
		}
	}
	return r, ""
}

// strange is the first permission, by name, that is not documented and grants
// something; empty if there is none. One that denies may grant nothing.
func (p finalPermissions) strange() string {
	for _, name := range slices.Sorted(maps.Keys(p.flags.Members)) {
		known := isList(name) || strings.HasPrefix(name, "negative_") || slices.ContainsFunc(roleFlags(), func(f roleFlag) bool { return f.name == name })
		if !known && !p.flags.Members[name].nothing {
			return name
		}
	}
	return ""
}

// optional takes a list that older servers do not send for an empty one.
func optional[T any](l cmsapi.List[T]) cmsapi.List[T] {
	if l.State == cmsapi.FieldAbsent {
		l.State = cmsapi.FieldGiven
	}
	return l
}

// maxComparisons bounds how many pairs of a positive and a negative entry are
// compared. A role of a hundred models in ten environments stays far below.
const maxComparisons = 20_000_000

// residual returns what is left of the positive entries: an action survives
// unless one negative entry covers it whole. Several narrow ones that together
// cover it do not count, so the result is what the role allows at most.
func residual(name string, actions []string, positive, negative cmsapi.List[contentEntry]) ([]grant, string) {
	if reason := unreadable(name, positive, negative); reason != "" {
		return nil, reason
	}
	if len(positive.Items)*len(negative.Items)*len(actions) > maxComparisons {
		return nil, fmt.Sprintf("it has %d permissions of type %s and %d exceptions from them, too many to compare",
			len(positive.Items), name, len(negative.Items))
	}
	survivors := map[grant]bool{}
	for _, entry := range positive.Items {
		action, environment := entry.Action.Value, entry.Environment.Value
		concrete := []string{action}
		if action == actionAll {
			concrete = actions
		}
		for _, a := range concrete {
			g := grant{string(environment), a}
			if !survivors[g] && !slices.ContainsFunc(negative.Items, func(n contentEntry) bool { return n.covers(entry, a) }) {
				survivors[g] = true
			}
		}
	}
	return sortedGrants(survivors), ""
}

func sortedGrants(set map[grant]bool) []grant {
	grants := make([]grant, 0, len(set))
	for g := range set {
		grants = append(grants, g)
	}
	slices.SortFunc(grants, func(a, b grant) int {
		return strings.Compare(a.environment+"\x00"+a.action, b.environment+"\x00"+b.action)
	})
	return grants
}

// covers reports whether a negative entry takes action away from all that a
// positive one gives. One that something unknown may narrow does not.
func (n contentEntry) covers(positive contentEntry, action string) bool {
	if n.narrowed || n.Environment.State != cmsapi.FieldGiven || n.Environment.Value != positive.Environment.Value {
		return false
	}
	if denied := n.Action.Value; denied != actionAll && denied != action {
		return false
	}
	theirs := positive.restrictors()
	for i, mine := range n.restrictors() {
		if mine.Missing() {
			continue
		}
		value, given := mine.Get()
		if !given {
			return false
		}
		if other, ok := theirs[i].Get(); !ok || other != value {
			return false
		}
	}
	return true
}

// restrictors are the members that narrow an entry, those that do not narrow
// it as null.
func (n contentEntry) restrictors() [9]cmsapi.Field[cmsapi.Text] {
	return [9]cmsapi.Field[cmsapi.Text]{
		n.ItemType, n.Workflow, n.OnStage, n.ToStage, n.UploadCollection, n.MoveToUploadCollection, n.Locale,
		wide(n.OnCreator, "anyone"), wide(n.LocalizationScope, "all"),
	}
}

// wide replaces the word that stands for no restriction by null.
func wide(f cmsapi.Field[cmsapi.Text], word cmsapi.Text) cmsapi.Field[cmsapi.Text] {
	if f.State == cmsapi.FieldGiven && f.Value == word {
		return cmsapi.Field[cmsapi.Text]{State: cmsapi.FieldNull}
	}
	return f
}

// targeted is a permission to fire something.
type targeted interface {
	target() cmsapi.Field[cmsapi.Text]
	// narrowed: a member that nobody documented may restrict it.
	narrowed() bool
}

// fires reports whether anything is left of the permissions to fire things.
func fires[T targeted](name string, positive, negative cmsapi.List[T]) (bool, string) {
	if reason := unreadable(name, positive, negative); reason != "" {
		return false, reason
	}
	everything, denied := false, map[cmsapi.Text]bool{}
	for _, n := range negative.Items {
		if n.narrowed() {
			continue
		}
		everything = everything || n.target().State == cmsapi.FieldNull
		if one, ok := n.target().Get(); ok {
			denied[one] = true
		}
	}
	return !everything && slices.ContainsFunc(positive.Items, func(p T) bool {
		one, specific := p.target().Get()
		return !specific || !denied[one]
	}), ""
}

// unreadable says why two permission lists cannot be judged; empty if they can.
func unreadable[T any](name string, positive, negative cmsapi.List[T]) string {
	if err := positive.Err("positive_" + name + "_permissions"); err != nil {
		return err.Message
	}
	if err := negative.Err("negative_" + name + "_permissions"); err != nil {
		return err.Message
	}
	return ""
}
