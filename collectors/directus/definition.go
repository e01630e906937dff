package directus

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// optionToken is the option that holds the credential.
const optionToken = "token"

// Definition tells tokenaudit about Directus.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "Directus",
		Options: append(instance.Options("backoffice"), collectors.Option{
			Key: optionToken, Type: collectors.OptionSecret, Required: true, Example: "DIRECTUS_TOKEN",
			Help: "The static token of a user who may read users, roles, policies, permissions and activity.",
		}),
		Kinds:       map[inventory.SourceKind][]inventory.Kind{inventory.KindInstance: {inventory.Personal}},
		NeverExpire: []inventory.Kind{inventory.Personal},
		Facts:       facts(),
		Parts: map[string]inventory.FactSupport{
			"owner.state": inventory.Reported(),
			"exposure":    inventory.NotReported("the list masks the tokens"),
		},
		LeastPrivilege: leastPrivilege,
		New:            newCollector,
	}
}

const (
	reasonNoEnvironments = "Directus has no environments: a static token opens the whole server"
	reasonNoBranches     = "Directus has no branches"
	reasonNoReads        = "Directus records neither the use of a static token nor what it reads, and the activity log has nothing that its user wrote"
	reasonSessions       = "Directus does not record the use of a static token, and its activity log does not tell the token from the logins of its user"
	reasonUse            = "Directus does not record the use of a static token; what its user wrote shows that it was used, unless the user also logs in"
	reasonChanged        = "the user was changed after its creation, and the activity log does not tell whether its token was"
	reasonNoCreation     = "the activity log does not have the creation of the user"
	reasonCreation       = "Directus shows when a static token was made only in its activity log, as long as that is kept and if the user was not changed since"
	reasonNoUpdate       = "the activity log has neither the creation of the user nor a change"
	reasonUpdates        = "Directus shows when a user was changed only in its activity log, as long as that is kept"
	reasonNoZone         = "Directus on SQLite writes last_access in the time zone of the server, which it does not report"
)

// facts says what Directus can tell about static tokens.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess: inventory.Reported(),
		// Known by design: see instance.Scope.
		inventory.FactEnvironments: inventory.Reported(),
		inventory.FactBranches:     inventory.NotReported(reasonNoBranches),
		inventory.FactCreatedAt:    inventory.ReportedPartly(reasonCreation),
		inventory.FactUpdatedAt:    inventory.ReportedPartly(reasonUpdates),
		// A token is taken away from its user, who is then not on the list.
		inventory.FactRevokedAt: inventory.Reported(),
		inventory.FactExpiry:    inventory.Reported(),
		inventory.FactLastUsed:  inventory.ReportedPartly(reasonUse),
		inventory.FactOwner:     inventory.ReportedPartly(reasonNoZone),
		// The description of the user.
		inventory.FactDescription: inventory.Reported(),
		inventory.FactTraits:      inventory.Reported(),
	}
}

const leastPrivilege = `The least-privilege credential is the static token of a user who may read what says who has a token and what
it can do, and nothing else. One call makes the user, with a role and a policy of its own. Send it as an administrator, and put
32 random bytes of your own in for the token, such as ` + "`openssl rand -hex 32`" + ` prints:

    POST /roles
    Authorization: Bearer <a token of an administrator>
    Content-Type: application/json

    {"name": "Token audit",
     "users": {"create": [
       {"first_name": "Token audit", "description": "Lists tokens for tokenaudit", "token": "<random>"}]},
     "policies": {"create": [{"policy": {"name": "Token audit", "admin_access": false, "app_access": false,
       "permissions": {"create": [
         {"collection": "directus_users", "action": "read", "permissions": {},
          "fields": ["id", "first_name", "last_name", "email", "description", "status", "token", "last_access", "role"]},
         {"collection": "directus_roles", "action": "read", "permissions": {}, "fields": ["id", "name", "parent"]},
         {"collection": "directus_policies", "action": "read", "permissions": {},
          "fields": ["id", "name", "admin_access", "app_access", "ip_access"]},
         {"collection": "directus_access", "action": "read", "permissions": {},
          "fields": ["id", "role", "user", "policy"]},
         {"collection": "directus_permissions", "action": "read", "permissions": {},
          "fields": ["id", "policy", "collection", "action", "fields", "permissions"]},
         {"collection": "directus_activity", "action": "read",
          "permissions": {"collection": {"_neq": "directus_shares"}},
          "fields": ["action", "user", "timestamp", "collection", "item"]}]}}}]}}

The user has no password and no access to the app, and through its role none of what the public policy allows. Of the tokens
Directus shows it ten asterisks, as it does everybody. Leave no field out: Directus refuses a whole list for one that is
missing. Add no filter: Directus leaves out what a filter excludes without saying so; tokenaudit notices, and reports the list
as cut off. An ` + "`ip_access`" + ` on the policy, with the address of the audit, makes the token useless elsewhere.

**Shares are not read.** A share link opens one item for whoever has it, until its ` + "`date_end`" + ` or for its ` + "`max_uses`" + `, where it
has them. Its id is its secret, so a credential that lists shares opens all of them that have no password; therefore the policy
leaves them out of the activity log, too. Look at them as an administrator:
GET /shares?fields=name,collection,date_end,max_uses
`
