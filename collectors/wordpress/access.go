package wordpress

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// accessOf is what a user can do, and with that each of the user's application
// passwords: they have no scope of their own. Roles do not decide, because any
// plugin can invent one; capabilities do. Every user may make more application
// passwords for itself.
func accessOf(u user) inventory.Access {
	if reason := u.Capabilities.Reason("capabilities"); reason != "" {
		return inventory.AssumedAccess(reason, inventory.Yes)
	}
	highest, strange := inventory.LevelNone, ""
	var grants []string
	for _, name := range slices.Sorted(maps.Keys(u.Capabilities.Members)) {
		value := u.Capabilities.Members[name]
		granted, given := value.Get()
		level, known := capabilityLevel(name)
		// A user has each of its roles as a capability. One whose role is called
		// like a capability of WordPress has that.
		if slices.Contains(u.Roles.Items, name) && !known || given && !bool(granted) {
			continue
		}
		if !given || !known {
			strange = name
			continue
		}
		if grants = append(grants, name); level.Compare(highest) > 0 {
			highest = level
		}
	}
	if len(u.Capabilities.Broken) > 0 {
		strange = u.Capabilities.Broken[0]
	}
	// What is not understood cannot make a user who writes a harmless one.
	if strange != "" && !highest.AtLeast(inventory.LevelWrite) {
		return inventory.AssumedAccess(fmt.Sprintf("what the capability %s allows is not known", cmsapi.Word(strange)), inventory.Yes, grants...)
	}
	return inventory.NewAccess(highest, inventory.Yes, grants...)
}

// roleLevels are numbers that WordPress keeps for old plugins.
var roleLevels = regexp.MustCompile(`^level_([0-9]|10)$`)

// capabilityLevel is what one capability allows; false for one that is not
// WordPress's own and not named like one.
func capabilityLevel(name string) (inventory.Level, bool) {
	switch name {
	case "read", "list_users", "export", "view_site_health_checks":
		return inventory.LevelRead, true
	case "manage_options", "edit_users", "create_users", "delete_users", "promote_users", "remove_users",
		"activate_plugins", "install_plugins", "update_plugins", "edit_plugins", "delete_plugins", "upload_plugins",
		"install_themes", "update_themes", "edit_themes", "delete_themes", "upload_themes",
		"edit_files", "update_core", "unfiltered_upload", "setup_network", "upgrade_network",
		"create_sites", "delete_sites", "delete_site":
		return inventory.LevelAdmin, true
	case "switch_themes", "edit_theme_options", "customize", "edit_dashboard", "install_languages", "update_languages":
		return inventory.LevelSchema, true
	}
	switch {
	case roleLevels.MatchString(name):
		return inventory.LevelNone, true
	case strings.HasPrefix(name, "manage_network"), name == "manage_sites":
		return inventory.LevelAdmin, true
	case strings.HasPrefix(name, "read_"):
		return inventory.LevelRead, true
	}
	for _, verb := range []string{"edit_", "publish_", "delete_", "create_", "manage_", "moderate_", "upload_", "assign_", "import", "unfiltered_html"} {
		if strings.HasPrefix(name, verb) {
			return inventory.LevelWrite, true
		}
	}
	return inventory.LevelUnknown, false
}
