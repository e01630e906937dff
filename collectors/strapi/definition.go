package strapi

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// optionToken is the option that holds the credential.
const optionToken = "token"

// Definition tells tokenaudit about Strapi.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "Strapi",
		Options: append(instance.Options("intranet"), collectors.Option{
			Key: optionToken, Type: collectors.OptionSecret, Required: true, Example: "STRAPI_ADMIN_TOKEN",
			Help: "An admin token of a super admin that may read the three lists of tokens.",
		}),
		Kinds: map[inventory.SourceKind][]inventory.Kind{inventory.KindInstance: {inventory.Delivery, inventory.Management}},
		Facts: facts(),
		Parts: map[string]inventory.FactSupport{
			"access.manages_tokens": inventory.ReportedPartly(reasonSecretsShown),
			"owner.last_active":     inventory.NotReported(reasonNoActivity),
			"exposure":              inventory.NotReported("the lists show no secrets"),
		},
		LeastPrivilege: leastPrivilege,
		New:            newCollector,
	}
}

const (
	reasonNoEnvironments = "Strapi has no environments: a token opens the whole server"
	reasonNoBranches     = "Strapi has no branches"
	reasonNoMaker        = "Strapi does not report who made a content API or transfer token"
	reasonNoUpdate       = "Strapi also updates updatedAt when it records a use, so it does not show when a used token was changed"
	reasonNoTransferUse  = "Strapi never records the use of a transfer token"
	reasonNoActivity     = "Strapi does not report when a person was last active"
	reasonOwnerState     = "Strapi's list does not say whether the owner of an admin token is active, or which roles the owner has"
	reasonSecretsShown   = "whether Strapi shows it the secret of a content API token depends on admin.secrets.encryptionKey of the server, which the API does not report"
	reasonFactory        = "Strapi does not mark the tokens that it made itself; only their date can prove it"
)

// facts says what Strapi can tell about its tokens.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess: inventory.Reported(),
		// Known by design: see scope.
		inventory.FactEnvironments: inventory.Reported(),
		inventory.FactBranches:     inventory.NotReported(reasonNoBranches),
		inventory.FactCreatedAt:    inventory.Reported(),
		inventory.FactUpdatedAt:    inventory.ReportedPartly(reasonNoUpdate),
		// A token is deleted, and then gone from the list: one that is listed is not revoked.
		inventory.FactRevokedAt:   inventory.Reported(),
		inventory.FactExpiry:      inventory.Reported(),
		inventory.FactLastUsed:    inventory.ReportedPartly(reasonNoTransferUse),
		inventory.FactOwner:       inventory.ReportedPartly(reasonNoMaker),
		inventory.FactDescription: inventory.Reported(),
		inventory.FactTraits:      inventory.ReportedPartly(reasonFactory),
	}
}

const leastPrivilege = `The least-privilege credential is an admin token that may read the three lists of tokens and nothing
else. **A super admin has to make it**: with the token of anybody else Strapi leaves out the admin tokens of all other
people, without saying so. Log in as a super admin, and send:

    POST /admin/admin-tokens
    Authorization: Bearer <the JWT of POST /admin/login>
    Content-Type: application/json

    {"name": "token audit", "description": "Lists tokens for tokenaudit", "lifespan": 7776000000, "adminPermissions": [
      {"action": "admin::api-tokens.read"},
      {"action": "admin::admin-tokens.read"},
      {"action": "admin::transfer.tokens.read"}]}

The secret is ` + "`data.accessKey`" + ` of the answer, shown once. The lifespan is 7, 30 or 90 days in milliseconds; null would
never expire. In the admin panel the same is done under *Settings > Admin tokens*.

The token stops working when its owner is deactivated, and is deleted with the owner. Where the server has
` + "`admin.secrets.encryptionKey`" + ` set, Strapi shows whoever may list content API tokens the secret of a single one;
tokenaudit only asks for the lists, which hold none.
`
