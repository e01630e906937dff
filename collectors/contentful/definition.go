package contentful

import (
	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The options of an entry.
const (
	optionOrganization = "organization"
	optionSpaces       = "spaces"
	optionRegion       = "region"
	optionToken        = "token"

	defaultRegion = "us"
)

// Definition tells tokenaudit about Contentful.
func Definition() collectors.Definition {
	return collectors.Definition{
		CMS:   CMS,
		Title: "Contentful",
		Options: []collectors.Option{
			{
				Key: optionOrganization, Type: collectors.OptionString, Example: "0AbCdEfGhIjKlMnOpQrStU", Placeholder: true,
				Help: "The id of the organization whose tokens and spaces are audited.",
			},
			{
				Key: optionSpaces, Type: collectors.OptionStrings, Example: "abc123xyz", Placeholder: true,
				Help: "The ids of the spaces to audit. With organization, only these of its spaces are audited; without it, no personal tokens are.",
			},
			{
				Key: optionRegion, Type: collectors.OptionString, Default: defaultRegion, Enum: []string{"us", "eu"}, Example: defaultRegion,
				Help: "Where the organization's data is stored; a token of one region is not valid in the other.",
			},
			{
				Key: optionToken, Type: collectors.OptionSecret, Required: true, Example: "CONTENTFUL_MANAGEMENT_TOKEN",
				Help: "A Content Management API token (CFPAT-...) with the scope content_management_read.",
			},
		},
		AnyOf: [][]string{{optionOrganization, optionSpaces}},
		Kinds: map[inventory.SourceKind][]inventory.Kind{
			inventory.KindOrganization: tokenKinds(),
			inventory.KindSpace:        keyKinds(),
		},
		NeverExpire: keyKinds(),
		Facts:       facts(),
		Parts: map[string]inventory.FactSupport{
			"traits.factory": inventory.ReportedPartly(reasonFactoryKeys + ", and the personal token of its onboarding only by its name"),
			"exposure":       inventory.ReportedPartly("the lists show the secrets of API keys, and of personal access tokens the last four characters alone"),
		},
		// CFPAT- and 43 characters of base64 (detector of TruffleHog; Contentful's documentation).
		Suffixes:       []exposure.Suffix{{CMS: CMS, Kind: inventory.Personal, Prefix: "CFPAT-", Length: 49, Shown: 4}},
		LeastPrivilege: leastPrivilege,
		New:            newCollector,
	}
}

const (
	reasonKeyUse       = "Contentful does not report the use of API keys"
	reasonNoBranches   = "Contentful has no branches"
	reasonFactoryKeys  = "Contentful does not mark the API keys that it makes with a space: they are recognized by name and description"
	reasonNotices      = "notices before the expiry are documented for personal access tokens only"
	reasonTokenNoWords = "personal, CLI and OAuth tokens have no description"
)

// facts says what Contentful can tell about tokens of all kinds.
func facts() inventory.Facts {
	return inventory.Facts{
		inventory.FactAccess:       inventory.ReportedPartly("what a member's token may change depends on roles that only owners and admins may read"),
		inventory.FactEnvironments: inventory.Reported(),
		inventory.FactBranches:     inventory.NotReported(reasonNoBranches),
		inventory.FactCreatedAt:    inventory.Reported(),
		inventory.FactUpdatedAt:    inventory.Reported(),
		inventory.FactRevokedAt:    inventory.Reported(),
		inventory.FactExpiry:       inventory.Reported(),
		inventory.FactLastUsed:     inventory.ReportedPartly(reasonKeyUse),
		inventory.FactOwner:        inventory.ReportedPartly("the state of an owner is shown to owners and admins of the organization only"),
		inventory.FactDescription:  inventory.ReportedPartly(reasonTokenNoWords),
		inventory.FactTraits:       inventory.ReportedPartly(reasonFactoryKeys + "; " + reasonNotices),
	}
}

// factsOf narrows facts to the tokens of one kind of source.
func factsOf(kind inventory.SourceKind) inventory.Facts {
	f := facts()
	switch kind {
	case inventory.KindOrganization:
		f[inventory.FactLastUsed] = inventory.Reported()
		f[inventory.FactDescription] = inventory.NotReported(reasonTokenNoWords)
		f[inventory.FactTraits] = inventory.ReportedPartly("a personal token that Contentful made is recognized only by its name, which the organization's list does not show")
	case inventory.KindSpace:
		f[inventory.FactAccess] = inventory.Reported()
		f[inventory.FactLastUsed] = inventory.NotReported(reasonKeyUse)
		f[inventory.FactDescription] = inventory.Reported()
		f[inventory.FactTraits] = inventory.ReportedPartly(reasonFactoryKeys + "; a key with another name that was made within a minute of its space may be one of them")
	}
	return f
}

const leastPrivilege = `The least-privilege credential is a personal access token with the scope
` + "`content_management_read`" + ` alone, of a user created for this purpose:

1. Invite a user for the audit. To list all personal, CLI and OAuth tokens of the organization it needs the
   organization role **Owner** or **Admin** (Organization settings, Users): Contentful shows that list to nobody
   else. Without it the audit reads that user's own tokens only, and reports the rest as a gap.
2. For spaces alone, without the organization's tokens, membership of each space with a role that may read API
   keys (permission *API keys*) is enough.
3. Signed in as that user, create the token under Account settings, CMA tokens, with read-only access and an
   expiry date, or by ` + "`POST /users/me/access_tokens`" + ` with the body
   ` + "`{\"name\": \"tokenaudit\", \"scopes\": [\"content_management_read\"], \"expiresIn\": 7776000}`" + `.
4. Press *Authorize* next to the new token for each space that is audited, and, if the organization enforces
   token authorization, for the organization. Contentful rejects an unauthorized token there as invalid.

It is not documented whether Contentful shows API keys to a token of that scope. If the lists of API keys are
refused although the user may read them, use ` + "`content_management_manage`" + `.

Contentful's lists of API keys contain the keys themselves. Anyone who may list them can use them, whatever the scope
of the token: treat the audit's credential accordingly.
`
