package wordpress

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The options of an entry besides its name and address.
const (
	optionUsername = "username"
	optionPassword = "password"
)

// Definition tells tokenaudit about WordPress.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "WordPress",
		Options: append(instance.Options("blog"), collectors.Option{
			Key: optionUsername, Type: collectors.OptionString, Required: true, Example: "token-audit",
			Help: "The login name of a user who may list and edit users.",
		}, collectors.Option{
			Key: optionPassword, Type: collectors.OptionSecret, Required: true, Example: "WORDPRESS_APP_PASSWORD",
			Help: "An application password of that user, not the login password.",
		}),
		Kinds:       map[inventory.SourceKind][]inventory.Kind{inventory.KindInstance: {inventory.Personal}},
		NeverExpire: []inventory.Kind{inventory.Personal},
		Facts:       facts(),
		Parts: map[string]inventory.FactSupport{
			"owner.state":       inventory.Reported(),
			"owner.last_active": inventory.NotReported(reasonNoActivity),
			"exposure":          inventory.NotReported("the lists show no secrets"),
		},
		LeastPrivilege: leastPrivilege,
		New:            newCollector,
	}
}

const (
	reasonNoEnvironments = "WordPress has no environments: an application password opens the whole site"
	reasonNoBranches     = "WordPress has no branches"
	reasonNoUpdate       = "WordPress does not report when an application password was changed"
	reasonNoWords        = "WordPress application passwords have no description"
	reasonNoActivity     = "WordPress does not record when a user was last active"
)

// facts says what WordPress can tell about application passwords.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess: inventory.Reported(),
		// Known by design: see scope.
		inventory.FactEnvironments: inventory.Reported(),
		inventory.FactBranches:     inventory.NotReported(reasonNoBranches),
		inventory.FactCreatedAt:    inventory.Reported(),
		inventory.FactUpdatedAt:    inventory.NotReported(reasonNoUpdate),
		// A password is deleted, and then gone from the list: one that is listed is not revoked.
		inventory.FactRevokedAt:   inventory.Reported(),
		inventory.FactExpiry:      inventory.Reported(),
		inventory.FactLastUsed:    inventory.Reported(),
		inventory.FactOwner:       inventory.ReportedPartly(reasonNoActivity),
		inventory.FactDescription: inventory.NotReported(reasonNoWords),
		inventory.FactTraits:      inventory.Reported(),
	}
}

const leastPrivilege = `WordPress has no credential that can only read: to see the application passwords of others a user has to be allowed
to edit them, and may then also set their passwords. Treat this one like an administrator's. The smallest role that works
has the capabilities ` + "`read`, `list_users` and `edit_users`" + `:

1. Make the role and a user for the audit, for example with WP-CLI:

       wp role create token_auditor "Token auditor"
       wp cap add token_auditor read list_users edit_users
       wp user create token-audit token-audit@example.com --role=token_auditor

2. As an administrator make an application password for that user: *Users > token-audit > Application Passwords*, or
   ` + "`POST /wp-json/wp/v2/users/<id>/application-passwords`" + ` with ` + "`{\"name\": \"tokenaudit\"}`" + `. It is shown once; spaces do not matter.
3. Give tokenaudit the login name as ` + "`username`" + ` and the application password as ` + "`password`" + `. The login password does not work.

Without ` + "`edit_users`" + ` WordPress leaves out users without saying so; tokenaudit notices, and reports the list as cut off.
On a multisite network ` + "`edit_users`" + ` also needs ` + "`manage_network_users`" + `, the list holds the users of this site only, and a super
admin's passwords are shown to super admins only. The site has to use HTTPS, and the web server has to pass the
Authorization header on to PHP.
`
