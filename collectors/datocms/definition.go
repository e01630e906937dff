package datocms

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The options of an entry.
const (
	optionProjects = "projects"
	optionName     = "name"
	optionID       = "id"
	optionToken    = "token"
)

// Definition tells tokenaudit about DatoCMS.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "DatoCMS",
		Options: []collectors.Option{
			{
				Key: optionProjects, Type: collectors.OptionObjects, Required: true,
				Help: "The projects to audit; every project needs an API token of its own.",
				Items: []collectors.Option{
					{
						Key: optionName, Type: collectors.OptionString, Required: true, Example: "blog",
						Help: "A name of your choice, used where the project itself cannot be read.",
					},
					{
						Key: optionID, Type: collectors.OptionString, Example: "77",
						Help: "The id of the project, as in the id of its source (datocms/projects/77); with it the source has that id even where the project cannot be read.",
					},
					{
						Key: optionToken, Type: collectors.OptionSecret, Required: true, Example: "DATOCMS_API_TOKEN",
						Help: "An API token of the project that may use the Content Management API.",
					},
				},
			},
		},
		Kinds:       map[inventory.SourceKind][]inventory.Kind{inventory.KindProject: listTokens.kinds},
		NeverExpire: listTokens.kinds,
		Facts:       facts(),
		Parts: map[string]inventory.FactSupport{
			"exposure": inventory.ReportedPartly("the list shows secrets only to a role that may manage API tokens"),
		},
		LeastPrivilege: leastPrivilege,
		New:            newCollector,
	}
}

const (
	reasonNoCreation  = "DatoCMS does not report when a token was created"
	reasonNoUpdate    = "DatoCMS does not report when a token was changed or rotated"
	reasonNoOwner     = "DatoCMS does not report who made a token"
	reasonNoBranches  = "DatoCMS has no branches"
	reasonNoWords     = "DatoCMS tokens have no description"
	reasonLegacyReach = "DatoCMS does not document which environments a token without a role can read"
)

// facts says what DatoCMS can tell about its tokens.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess:       inventory.Reported(),
		inventory.FactEnvironments: inventory.ReportedPartly(reasonLegacyReach),
		inventory.FactBranches:     inventory.NotReported(reasonNoBranches),
		inventory.FactCreatedAt:    inventory.NotReported(reasonNoCreation),
		inventory.FactUpdatedAt:    inventory.NotReported(reasonNoUpdate),
		// A token is deleted, and then gone from the list: one that is listed is not revoked.
		inventory.FactRevokedAt:   inventory.Reported(),
		inventory.FactExpiry:      inventory.Reported(),
		inventory.FactLastUsed:    inventory.Reported(),
		inventory.FactOwner:       inventory.NotReported(reasonNoOwner),
		inventory.FactDescription: inventory.NotReported(reasonNoWords),
		inventory.FactTraits:      inventory.Reported(),
	}
}

const leastPrivilege = `The least-privilege credential is an API token with a role that can only read, one for each project:

1. In *Project Settings > Roles* make a role "Token audit". Give it no permission on records or uploads, no
   environment, and none of the administrative permissions.
2. In *Project Settings > API Tokens* make a token with that role. Switch *Access the Content Management API* on
   and both switches for the Content Delivery API off.
3. Run ` + "`tokenaudit doctor`" + `. If it says that the role may not list API tokens, add *Manage API tokens*
   (` + "`can_manage_access_tokens`" + `) to the role; if it may not list roles, add *Manage users and roles*
   (` + "`can_manage_users`" + `). DatoCMS does not document whether reading needs them, so add them only then.

Whoever has *Manage API tokens* is sent the secret of every token with the list, and can make new ones: without it
no secret crosses the network. tokenaudit keeps none in either case, and reports a credential that could do more
than it must. DatoCMS tokens cannot expire, so rotate this one too.
`
