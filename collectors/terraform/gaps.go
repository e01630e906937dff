package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/code"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/masking"
	"github.com/tokenaudit/tokenaudit/collectors/terraform/tfaddress"
)

// unitTypes stands for the resources of CMSes that may be tokens, and of which it is
// not known what they are. It is there only where a plan has such.
const unitTypes = "resource_types"

// tokenLike is a type of resource that makes tokens, by its name.
var tokenLike = regexp.MustCompile(`^(contentful|contentstack|datocms|directus|ghost|strapi|wordpress)_([a-z0-9_]+_)?(tokens?|api_?keys?|app_?keys?|application_passwords?)$`)

// strange reports whether a change makes, or keeps, a resource whose type is called
// like a token and is not known.
func strange(kind string, change json.RawMessage) bool {
	if !tokenLike.MatchString(kind) {
		return false
	}
	var c struct {
		Actions []string `json:"actions"`
	}
	return json.Unmarshal(change, &c) != nil || !slices.Equal(c.Actions, []string{"delete"})
}

// typesUnit is the unit of types that are not known.
func typesUnit(types map[string]bool) inventory.Unit {
	names := slices.Sorted(maps.Keys(types))
	shown := strings.Join(names[:min(len(names), code.MaxShownGaps)], ", ")
	return inventory.PartialUnit(unitTypes, inventory.ErrUnreadable,
		redact.Text(masking.Cut(fmt.Sprintf("the plan has resources of unknown types that may be tokens: %s", shown))),
		"Scan what they create once it exists, and accept the gap for the plan.", kinds()...)
}

// missing is the address of a resource that the configuration declares, and of which
// the plan has no change, not even that it stays as it is; empty if there is none.
// Older versions of Terraform do not say that a plan is of a part (-target).
func (p *Plan) missing(c *tfjson.Config) string {
	if c == nil || c.RootModule == nil {
		return ""
	}
	there := map[declared]bool{}
	for _, change := range p.changes {
		there[declared{tfaddress.WithoutKeys(change.module), change.kind, change.name}] = true
	}
	return missingIn("", c.RootModule, there)
}

func missingIn(address string, m *tfjson.ConfigModule, there map[declared]bool) string {
	for _, r := range m.Resources {
		if r == nil || r.Mode != tfjson.ManagedResourceMode || !makesTokens(r.Type) || r.CountExpression != nil || r.ForEachExpression != nil {
			continue // there may be none
		}
		if !there[declared{address, r.Type, r.Name}] {
			return tfaddress.Within(address, r.Type+"."+r.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.ModuleCalls)) {
		call := m.ModuleCalls[name]
		if call == nil || call.Module == nil || call.CountExpression != nil || call.ForEachExpression != nil {
			continue
		}
		if found := missingIn(tfaddress.Within(address, "module."+name), call.Module, there); found != "" {
			return found
		}
	}
	return ""
}

// makesTokens reports whether resources of a type are tokens.
func makesTokens(kind string) bool {
	switch kind {
	case typeAPIKey, typeDeliveryKey, typePersonalToken, typeAppKey, typeAccessToken:
		return true
	}
	return false
}
