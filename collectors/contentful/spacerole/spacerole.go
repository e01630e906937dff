// Package spacerole says what the roles of Contentful's spaces allow.
package spacerole

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// A Right is what somebody may do in the spaces of an organization.
type Right struct {
	// Level is the highest over all spaces; unknown for Reason.
	Level inventory.Level
	// Keys: may read or make API keys, whose lists hold the secrets.
	Keys   inventory.Ternary
	Reason string
}

// And returns what somebody may do who has both rights.
func (a Right) And(b Right) Right {
	switch {
	case a.Level == "":
		return b
	case a.Level == inventory.LevelAdmin:
		return a
	case b.Level == inventory.LevelAdmin:
		return b
	}
	both := Right{Level: a.Level, Keys: a.Keys, Reason: cmsapi.JoinReasons(a.Reason, b.Reason)}
	if b.Level.Compare(a.Level) > 0 {
		both.Level = b.Level
	}
	if a.Keys == inventory.Yes || b.Keys == inventory.Yes {
		both.Keys = inventory.Yes
	} else if b.Keys == inventory.Unknown {
		both.Keys = inventory.Unknown
	}
	return both
}

// Role is what the CMS says of a role of a space.
type Role struct {
	Permissions cmsapi.Field[permissions] `json:"permissions"`
	Policies    array[policy]             `json:"policies"`
}

type policy struct {
	Effect  cmsapi.Field[cmsapi.Text] `json:"effect"`
	Actions cmsapi.Field[words]       `json:"actions"`
}

// maxElements is how many policies of a role are read, or words of a permission.
const maxElements = 1000

// array is a list of no more than maxElements.
type array[T any] struct{ cmsapi.List[T] }

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (l *array[T]) UnmarshalJSON(b []byte) error {
	l.Decode(b, maxElements)
	return nil
}

// permissions are a role's, by what they are for.
type permissions map[string]cmsapi.Field[words]

// maxPermissions bounds the text of permissions, in bytes: there are six kinds.
const maxPermissions = 64 << 10

// UnmarshalJSON implements json.Unmarshaler.
func (p *permissions) UnmarshalJSON(b []byte) error {
	if len(b) > maxPermissions {
		return errors.New("the permissions are too long")
	}
	return json.Unmarshal(b, (*map[string]cmsapi.Field[words])(p))
}

// words is a word or an array of words: permissions and actions come in both
// forms.
type words []string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(b []byte) error {
	var word string
	if err := json.Unmarshal(b, &word); err == nil {
		*w = words{word}
		return nil
	}
	var list array[string]
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	if err := list.Err("words"); err != nil {
		return err
	}
	*w = list.Items
	return nil
}

// among reports whether all words are of the known ones.
func (w words) among(known ...string) bool {
	return !slices.ContainsFunc(w, func(word string) bool { return !slices.Contains(known, word) })
}

// beyond reports whether there is another word than the given one.
func (w words) beyond(word string) bool {
	return slices.ContainsFunc(w, func(other string) bool { return other != word })
}

// Right returns what the role allows: the content model and the settings
// are more than content, and the permission ContentDelivery is about API keys.
func (r Role) Right() Right {
	permissions, given := r.Permissions.Get()
	if !given {
		return Right{inventory.LevelUnknown, inventory.Unknown, r.Permissions.Reason("permissions")}
	}
	sum := Right{Level: inventory.LevelRead, Keys: inventory.No}
	for name, field := range permissions {
		sum = sum.And(rightOfPermission(name, field))
	}
	return sum.And(rightOfPolicies(r))
}

func rightOfPermission(name string, field cmsapi.Field[words]) Right {
	given := Right{Level: inventory.LevelRead, Keys: inventory.No}
	if field.State == cmsapi.FieldNull || field.State == cmsapi.FieldGiven && len(field.Value) == 0 {
		return given
	}
	if field.State == cmsapi.FieldWrong || !field.Value.among("read", "manage", "all") {
		return Right{inventory.LevelUnknown, inventory.Unknown, "a permission of a role of the owner cannot be read"}
	}
	manages := field.Value.beyond("read")
	switch {
	case name == "ContentDelivery":
		given.Keys = inventory.Yes
		if manages {
			given.Level = inventory.LevelWrite
		}
	case !manages:
	case name == "Tags":
		given.Level = inventory.LevelWrite
	default:
		// ContentModel, Settings, Environments, EnvironmentAliases, and what may
		// come: more than content.
		given.Level = inventory.LevelSchema
	}
	return given
}

// rightOfPolicies: a role writes content if any policy allows more than
// reading, wherever its constraint applies.
func rightOfPolicies(r Role) Right {
	unknown := Right{inventory.LevelUnknown, inventory.No, "a policy of a role of the owner cannot be read"}
	if r.Policies.Err("policies") != nil {
		return unknown
	}
	given := Right{Level: inventory.LevelRead, Keys: inventory.No}
	for _, p := range r.Policies.Items {
		switch actions, listed := p.Actions.Get(); {
		case p.Effect.Value == "deny":
		case !listed, p.Effect.Value != "allow",
			!actions.among("read", "create", "update", "delete", "publish", "unpublish", "archive", "unarchive", "all"):
			return unknown
		case actions.beyond("read"):
			given.Level = inventory.LevelWrite
		}
	}
	return given
}
