package ghost

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// optionToken is the option that holds the credential.
const optionToken = "token"

// Definition tells tokenaudit about Ghost.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "Ghost",
		Options: append(instance.Options("magazine"), collectors.Option{
			Key: optionToken, Type: collectors.OptionSecret, Required: true, Example: "GHOST_STAFF_TOKEN",
			Help: "A staff access token of an administrator or the owner; the admin API key of an integration does not work.",
		}),
		Kinds:       map[inventory.SourceKind][]inventory.Kind{inventory.KindInstance: {inventory.Delivery, inventory.Management, inventory.Personal}},
		NeverExpire: []inventory.Kind{inventory.Delivery, inventory.Management, inventory.Personal},
		Facts:       facts(),
		Parts: map[string]inventory.FactSupport{
			"owner.last_active": inventory.NotReported(reasonNoActivity),
			"exposure":          inventory.ReportedPartly("the list shows the secrets of API keys, and not that of a staff access token"),
		},
		LeastPrivilege: leastPrivilege,
		New:            newCollector,
	}
}

const (
	reasonNoEnvironments = "Ghost has no environments: a key opens the whole site"
	reasonNoBranches     = "Ghost has no branches"
	reasonNoUse          = "Ghost has a field for the last use of a key, but never sets it"
	reasonNoMaker        = "Ghost does not report who made an integration"
	reasonNoStaffDates   = "Ghost gives the dates of a staff access token only together with its secret"
	reasonNoActivity     = "Ghost also updates a person's last_seen when the staff access token is used"
)

// facts says what Ghost can tell about its keys.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess: inventory.Reported(),
		// Known by design: see reasonNoEnvironments.
		inventory.FactEnvironments: inventory.Reported(),
		inventory.FactBranches:     inventory.NotReported(reasonNoBranches),
		inventory.FactCreatedAt:    inventory.ReportedPartly(reasonNoStaffDates),
		inventory.FactUpdatedAt:    inventory.ReportedPartly(reasonNoStaffDates),
		// A key is deleted, and then gone from the list: one that is listed is not revoked.
		inventory.FactRevokedAt: inventory.Reported(),
		// Known by design: no key expires.
		inventory.FactExpiry:      inventory.Reported(),
		inventory.FactLastUsed:    inventory.NotReported(reasonNoUse),
		inventory.FactOwner:       inventory.ReportedPartly(reasonNoMaker),
		inventory.FactDescription: inventory.Reported(),
		inventory.FactTraits:      inventory.Reported(),
	}
}

const leastPrivilege = `Ghost has no credential that can only read: the list of integrations takes a staff access token of an
administrator or of the owner, and such a token can do nearly everything that person can, and never expires. The list
holds the secrets of all keys in the clear, too; tokenaudit drops them while it decodes the answer. Treat the
credential like the administrator's password:

1. Invite a staff user for the audit with the role *Administrator* (*Settings > Staff > Invite people*), so that the token
   is nobody else's. Authors, editors and super editors may not list integrations.
2. Log in as that user, open *Settings > Staff*, then the user's own profile, and copy *Staff access token*. It has the form
   ` + "`<24 hexadecimal digits>:<64 hexadecimal digits>`" + `.
3. Give it to tokenaudit as ` + "`token`" + `. For each request, it uses the token to sign a proof that is valid for five minutes; the
   token itself is not sent. The clocks of both machines must agree to within that time.

*Regenerate* in the same place invalidates the token; so does suspending or deleting the user. The admin API key of an
integration looks the same, but Ghost does not let it list integrations.

What Ghost does not show to this credential either:

* The staff access tokens of other people. Each is shown to its own user only, and requesting one creates it if there was
  none. Unless there is no other staff user, ` + "`staff_tokens`" + ` stays a gap: find out who has one, then accept it with
  ` + "`accept_gaps`" + `.
* The keys that Ghost made for its own work, such as scheduling posts (integrations of type *internal*).
* More than 100 integrations, unless ` + "`optimization.maxLimit`" + ` in Ghost's configuration allows for more.

` + "`base_url`" + ` is the scheme, host and port of Ghost Admin, and ` + "`folder`" + ` the path of a site in a subfolder.
`
