package ghost

import (
	"fmt"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// right is what a role allows.
type right struct {
	level   inventory.Level
	manages inventory.Ternary
}

// rightOf is what the role of a name allows; false for one that is not Ghost's
// own. Source: the fixtures and the list of endpoints for API keys of Ghost
// 6.65; Ghost Explore: the migrations of 5.3.
//
// Whoever may invite staff counts as an administrator: integrations may invite
// super editors, editors authors. Only administrators reach the list of
// integrations with its secrets; backups export the table of all keys.
func rightOf(role string) (right, bool) {
	switch role {
	case "Owner", "Administrator", "DB Backup Integration":
		return right{inventory.LevelAdmin, inventory.Yes}, true
	case "Admin Integration", "Super Editor", "Editor":
		return right{inventory.LevelAdmin, inventory.No}, true
	case "Author", "Contributor", "Self-Serve Migration Integration", "Scheduler Integration":
		return right{inventory.LevelWrite, inventory.No}, true
	case "Ghost Explore Integration":
		return right{inventory.LevelRead, inventory.No}, true
	}
	return right{}, false
}

// roles are the names of a site's roles by id. A nil map with a reason stands for
// a list that could not be read.
type roles struct {
	names  map[string]string
	reason string
}

// adminAccess is what an Admin API key can do: its role decides.
func (r roles) adminAccess(k apiKey) (inventory.Access, *inventory.Role) {
	id := string(k.RoleID.Value)
	if id == "" {
		reason := k.RoleID.Reason("role_id")
		if reason == "" {
			reason = "role_id is empty"
		}
		return inventory.AssumedAccess(reason, inventory.Unknown), nil
	}
	name, known := r.names[id]
	if !known {
		reason := r.reason
		if reason == "" {
			reason = fmt.Sprintf("the role %s of the key is not in the list of roles", cmsapi.Word(id))
		}
		return inventory.AssumedAccess(reason, inventory.Unknown), &inventory.Role{ID: id, Level: inventory.LevelUnknown}
	}
	access, level := roleAccess(name)
	return access, &inventory.Role{ID: id, Name: name, Level: level}
}

// roleAccess is what somebody of a role can do.
func roleAccess(name string) (inventory.Access, inventory.Level) {
	right, known := rightOf(name)
	if !known {
		return inventory.AssumedAccess(fmt.Sprintf("what the role %s allows is not known", cmsapi.Word(name)), inventory.Unknown, name), inventory.LevelUnknown
	}
	return inventory.NewAccess(right.level, right.manages, name), right.level
}

// contentAccess is what every Content API key can do: read what is published.
func contentAccess() inventory.Access {
	return inventory.NewAccess(inventory.LevelRead, inventory.No)
}
