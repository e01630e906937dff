package spacerole

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestRightOfRole(t *testing.T) {
	t.Parallel()
	const policies = `,"policies":[{"effect":"allow","actions":["read"]}]`
	for _, test := range []struct {
		name, role string
		level      inventory.Level
		keys       inventory.Ternary
	}{
		{"all forms of nothing", `{"permissions":{"ContentModel":null,"Settings":[],"Tags":null}` + policies + `}`, inventory.LevelRead, inventory.No},
		{"keys to read", `{"permissions":{"ContentDelivery":["read"]}` + policies + `}`, inventory.LevelRead, inventory.Yes},
		{"keys to make", `{"permissions":{"ContentDelivery":"all"}` + policies + `}`, inventory.LevelWrite, inventory.Yes},
		{"keys to manage", `{"permissions":{"ContentDelivery":["manage"]}` + policies + `}`, inventory.LevelWrite, inventory.Yes},
		{"model", `{"permissions":{"ContentModel":["manage"]}` + policies + `}`, inventory.LevelSchema, inventory.No},
		{"model to read", `{"permissions":{"ContentModel":["read"]}` + policies + `}`, inventory.LevelRead, inventory.No},
		{"settings", `{"permissions":{"Settings":"all"}` + policies + `}`, inventory.LevelSchema, inventory.No},
		{"tags", `{"permissions":{"Tags":"all"}` + policies + `}`, inventory.LevelWrite, inventory.No},
		{"a permission nobody knows", `{"permissions":{"Teleport":"all"}` + policies + `}`, inventory.LevelSchema, inventory.No},
		{"content", `{"permissions":{},"policies":[{"effect":"allow","actions":["read","publish"]}]}`, inventory.LevelWrite, inventory.No},
		{"content, in a word", `{"permissions":{},"policies":[{"effect":"allow","actions":"all","constraint":["equals",{"doc":"sys.type"},"Entry"]}]}`, inventory.LevelWrite, inventory.No},
		{"denied", `{"permissions":{},"policies":[{"effect":"deny","actions":"all"}]}`, inventory.LevelRead, inventory.No},
		{"no permissions", `{"policies":[]}`, inventory.LevelUnknown, inventory.Unknown},
		{"no policies", `{"permissions":{}}`, inventory.LevelUnknown, inventory.No},
		{"words nobody knows", `{"permissions":{"ContentModel":["audit"]}` + policies + `}`, inventory.LevelUnknown, inventory.Unknown},
		{"a null among the words", `{"permissions":{"ContentModel":["read",null]}` + policies + `}`, inventory.LevelUnknown, inventory.Unknown},
		{"an action nobody knows", `{"permissions":{},"policies":[{"effect":"allow","actions":["read","teleport"]}]}`, inventory.LevelUnknown, inventory.No},
		{"an effect nobody knows", `{"permissions":{},"policies":[{"effect":"perhaps","actions":"all"}]}`, inventory.LevelUnknown, inventory.No},
		{"no actions", `{"permissions":{},"policies":[{"effect":"allow"}]}`, inventory.LevelUnknown, inventory.No},
		{"more policies than a role has", `{"permissions":{},"policies":[` + strings.Repeat(`{"effect":"allow","actions":["read"]},`, 1000) + `{"effect":"allow","actions":["read"]}]}`, inventory.LevelUnknown, inventory.No},
		{"more permissions than there are", `{"permissions":{"x":"` + strings.Repeat("read", 1<<15) + `"}` + policies + `}`, inventory.LevelUnknown, inventory.Unknown},
		{"a permission of a wrong type", `{"permissions":{"ContentModel":7}` + policies + `}`, inventory.LevelUnknown, inventory.Unknown},
	} {
		var role Role
		if err := json.Unmarshal([]byte(test.role), &role); err != nil {
			t.Fatal(err)
		}
		got := role.Right()
		if got.Level != test.level || got.Keys != test.keys {
			t.Errorf("%s: got %s, keys %s; want %s, %s", test.name, got.Level, got.Keys, test.level, test.keys)
		}
		if got.Level == inventory.LevelUnknown && got.Reason == "" {
			t.Errorf("%s: unknown without a reason", test.name)
		}
	}
}
