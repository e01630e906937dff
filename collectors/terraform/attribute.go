package terraform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/masking"
)

// valueState says what a plan tells of an attribute.
type valueState int

const (
	// absent: the resource has no such attribute, or leaves it to the provider.
	absent valueState = iota
	null
	known
	// later: known only after the change is applied.
	later
	// hidden: marked as sensitive, so that it is not looked at.
	hidden
)

// value is one attribute of a resource.
type value struct {
	state valueState
	// is holds a known value: string, bool, json.Number, []any or map[string]any.
	is any
	// unknown has the shape of is, with true for each part known only later.
	unknown any
}

// attributes lists what is kept of each type of resource. None of them is a
// secret: access_token, preview_token, token, value and headers are not here.
func attributes() map[string][]string {
	key := []string{"id", "space_id", "name", "description", "environments"}
	role := []string{"id", "name", "project", inheritance, "environments_access"}
	return map[string][]string{
		typeAPIKey:           append([]string{"preview_id"}, key...),
		typeDeliveryKey:      append([]string{"api_key_id", "preview_api_key_id"}, key...),
		typePersonalToken:    {"id", "name", "scopes", "expires_in", "expires_at", "revoked_at"},
		typeAppKey:           {"id", "organization_id", "app_definition_id", "key_kid", "created_at", "updated_at", "last_used_at"},
		typeEnvironment:      {"id", "space_id", "name", "environment_id"},
		typeEnvironmentAlias: {"id", "space_id", "alias_id", "environment_id", "environment_alias_id", "target_environment_id"},
		typeSpace:            {"id", "name"},
		typeAccessToken:      {"id", "name", "role_id", "project", "can_access_cda", "can_access_cda_preview", "can_access_cma"},
		typeRole:             append(role, rolePermissions()...),
	}
}

// kept takes the attributes of a type out of the values of a resource. It is
// nil where values is: the resource does not exist then.
func kept(kind string, values, unknown, sensitive any) object {
	if values == nil && unknown == nil {
		return nil
	}
	all, _ := values.(map[string]any)
	untold, _ := unknown.(map[string]any)
	secret, _ := sensitive.(map[string]any)
	o := object{}
	for _, name := range attributes()[kind] {
		v := value{is: all[name], unknown: untold[name]}
		_, given := all[name]
		switch {
		case marked(secret[name]) || sensitive == true:
			v = value{state: hidden}
		case v.unknown == true || unknown == true:
			v = value{state: later}
		case v.is != nil:
			v.state = known
		case given:
			v.state = null
		}
		o[name] = v
	}
	return o
}

// marked reports whether any part of a value is marked as sensitive.
func marked(mark any) bool {
	switch m := mark.(type) {
	case bool:
		return m
	case []any:
		if slices.ContainsFunc(m, marked) {
			return true
		}
	case map[string]any:
		for _, part := range m {
			if marked(part) {
				return true
			}
		}
	}
	return false
}

// reason says why an attribute has no value that can be judged.
func (v value) reason(name string) string {
	switch v.state {
	case absent:
		return "the plan has no " + name
	case null:
		return name + " is null in the plan"
	case later:
		return name + " is known only after the change is applied"
	case hidden:
		return name + " is marked as sensitive in the plan, so it is not looked at"
	default:
		return name + " in the plan has an undocumented type"
	}
}

// text returns a known text, cut to what is kept.
func (v value) text() (string, bool) {
	if v.state != known {
		return "", false
	}
	switch is := v.is.(type) {
	case string:
		return masking.Cut(is), is != ""
	case json.Number:
		return masking.Cut(is.String()), true
	}
	return "", false
}

// orText returns a known text, or fallback.
func (v value) orText(fallback string) string {
	if s, ok := v.text(); ok {
		return s
	}
	return fallback
}

// flag returns a known boolean.
func (v value) flag() inventory.Ternary {
	switch is := v.is.(type) {
	case bool:
		return inventory.TernaryOf(is)
	case string:
		if b, err := strconv.ParseBool(is); err == nil {
			return inventory.TernaryOf(b)
		}
	}
	return inventory.Unknown
}

// maxList bounds how many elements of a list are kept.
const maxList = 10_000

// texts returns a list of texts; the reason says why it, or a part of it, is not known.
func (v value) texts(name string) (list []string, reason string) {
	if v.state != known {
		return nil, v.reason(name)
	}
	items, ok := v.is.([]any)
	if !ok || len(items) > maxList {
		return nil, v.reason(name)
	}
	masks, _ := v.unknown.([]any)
	for i, item := range items {
		s, ok := item.(string)
		switch {
		case i < len(masks) && masks[i] == true:
			reason = fmt.Sprintf("a part of %s is known only after the change is applied", name)
		case !ok || s == "":
			reason = v.reason(name)
		default:
			list = append(list, masking.Cut(s))
		}
	}
	if reason == "" && marked(v.unknown) {
		reason = fmt.Sprintf("a part of %s is known only after the change is applied", name)
	}
	return list, reason
}

// whole reports whether no part of a known value is left for later.
func (v value) whole() bool { return v.state == known && !marked(v.unknown) }
