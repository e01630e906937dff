package contentstack

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The keys of a source entry.
const (
	optionRegion       = "region"
	optionOrganization = "organization"
	optionStacks       = "stacks"
	optionAPIKey       = "api_key"
	optionAuthtoken    = "authtoken"
	optionOAuthToken   = "oauth_token"
)

// Definition declares Contentstack.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "Contentstack",
		Options: []collectors.Option{
			{
				Key: optionRegion, Type: collectors.OptionString, Default: defaultRegion, Enum: regionNames(),
				Help: "The region of the organization; a stack can be reached in its own region only.", Example: "eu",
			},
			{
				Key: optionOrganization, Type: collectors.OptionString,
				Help:    "The uid of an organization: all of its stacks are audited, or only those listed under stacks.",
				Example: "blt0123456789abcdef", Placeholder: true,
			},
			{
				Key: optionStacks, Type: collectors.OptionObjects, Help: "The stacks to audit; all of the organization if empty.",
				Items: []collectors.Option{{
					Key: optionAPIKey, Type: collectors.OptionSecret, Required: true,
					Help: "The API key of the stack (stack > Settings > Stack).", Example: "CONTENTSTACK_API_KEY",
				}},
			},
			{
				Key: optionAuthtoken, Type: collectors.OptionSecret, Help: "The authtoken of a user session; users who log in by single sign-on get none.",
				Example: "CONTENTSTACK_AUTHTOKEN",
			},
			{
				Key: optionOAuthToken, Type: collectors.OptionSecret, Help: "The access token of an OAuth app; it is valid for an hour.",
				Example: "CONTENTSTACK_OAUTH_TOKEN",
			},
		},
		OneOf:       [][]string{{optionAuthtoken, optionOAuthToken}},
		AnyOf:       [][]string{{optionOrganization, optionStacks}},
		Kinds:       map[inventory.SourceKind][]inventory.Kind{inventory.KindStack: {inventory.Delivery, inventory.Preview, inventory.Management}},
		NeverExpire: []inventory.Kind{inventory.Delivery, inventory.Preview},
		Facts:       facts(),
		Parts: map[string]inventory.FactSupport{
			"owner.last_active": inventory.NotReported(reasonLastActive),
			"exposure":          inventory.ReportedPartly("the lists show the secrets of delivery and preview tokens, and not those of management tokens"),
		},
		LeastPrivilege: leastPrivilege,
		New:            newCollector,
	}
}

// facts says what the API can tell. No token has a field for its use, and
// neither the audit log nor the analytics name the token of a request.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess:       inventory.Reported(),
		inventory.FactEnvironments: inventory.Reported(),
		inventory.FactBranches:     inventory.Reported(),
		inventory.FactCreatedAt:    inventory.ReportedPartly(reasonPreviewTime),
		inventory.FactUpdatedAt:    inventory.ReportedPartly(reasonPreviewTime),
		inventory.FactRevokedAt:    inventory.Reported(),
		inventory.FactExpiry:       inventory.Reported(),
		inventory.FactLastUsed:     {Reported: inventory.SupportNo, Reason: reasonLastUsed},
		inventory.FactOwner:        inventory.ReportedPartly(reasonPreviewCreator),
		inventory.FactDescription:  inventory.Reported(),
		inventory.FactTraits:       inventory.Reported(),
	}
}

// limits are the quotas of a stack. The vendor's pages disagree; the one with
// the latest date is taken.
func limits() map[string]inventory.Limit {
	return map[string]inventory.Limit{
		"management_tokens": {
			Max:    10,
			Source: "Contentstack, Content Management API reference of 2026-06-02; the page on limitations of 2026-03-25 says 30",
		},
	}
}

const leastPrivilege = `Contentstack has two credentials that can list tokens. A management token is not one of them: the tokens module is closed to it.

**An OAuth app (least privilege, and the only way with single sign-on).** In Developer Hub make an app for your organization with these scopes, and nothing that ends in ` + "`:write`" + `:

- ` + "`cm.stack.delivery-tokens:read`, `cm.stack.management-tokens:read`" + `
- ` + "`cm.stacks.management:read`, `cm.stack.users:read`" + `
- ` + "`cm.environments.management:read`, `cm.branches.management:read`, `cm.branch-aliases.management:read`" + `
- ` + "`organization:read`" + ` (user token only: shows which creators of tokens have left)

Install it, authorize it as an admin of the stacks, and pass the access token as ` + "`oauth_token`" + `. It is valid for an hour, so fetch it right before the scan, for example with ` + "`oauth_token: {command: [...]}`" + `.

It is not documented whether an app token, which has no user, may list tokens; if a list is refused to it, authorize the app for a user token.

**An authtoken.** Users who log in through an identity provider (single sign-on) get none: use an OAuth app. The vendor's other way, to switch off SSO Strict Mode so that people can log in by password, weakens the whole organization. Without single sign-on, create a dedicated user for the audit, and invite it with the role Admin into every stack to audit: only the owner and the admins of a stack can see its management tokens. Make it an admin of the organization, too, or list the stacks to audit: for a mere member, stacks that nobody shares with it are a gap. Log in once (` + "`csdx auth:login`" + `), and pass the session's authtoken as ` + "`authtoken`" + `. Do not log in on every run: a user has 20 sessions, and each further one silently ends the oldest. An authtoken can also write whatever its user can, and both credentials are shown the secrets of delivery tokens; tokenaudit sends only GET and keeps none of them.

**When tokens expire.** A management token expires at midnight UTC of its expiry date. The vendor does not say at which end of that day: tokenaudit counts the token as active until the day is over, so renew what must not stop before the day begins. Delivery tokens do not expire, an authtoken has no date but at most 20 live at once, and an OAuth access token is valid for an hour.
`
