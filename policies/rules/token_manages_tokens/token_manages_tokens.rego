# METADATA
# title: Token can read or create other tokens
# description: |
#   An active token fails if it can read the secrets of other tokens or create tokens.
#
#   Anyone who holds such a token holds them all, and can make another one that nobody revokes with
#   the first. Everything that other rules ask of tokens ends there.
# custom:
#   goal: No token can read or create other tokens
#   severity: high
#   fix: rights
#   part_of: admin-token
#   subject: token
#   select:
#     status: [active]
#   requires: [access]
#   controls:
#     owasp_nhi: ["NHI5:2025"]
#     nist_800_53: [AC-6, AC-6(1)]
#     iso_27001: [A.8.2]
#     soc2: [CC6.1]
#   remediation:
#     default: Remove its right to read or create tokens.
#     contentful: A personal access token of an owner or admin can read every API key. Create it as a user who is neither, and whose space roles may not manage API keys.
#     datocms: Give the token a role without the permission to manage API tokens.
#     directus: Take admin_access and the permissions to write users, roles, policies, access and permissions away from the user. Whoever may set the field token, or a role, makes tokens.
#     ghost: The staff access token of an administrator or the owner reads the secrets of all integrations. Use the key of a custom integration instead, or regenerate the token and do not store it anywhere.
#     strapi: Take the actions that create, update or regenerate tokens out of the admin token's permissions.
#     wordpress: WordPress lets every user make more application passwords for themselves, so this finding stays as long as the password does. Move it to a user with the weakest role, who may not edit other users, so that another password opens little. Delete it when it is no longer needed.
#     terraform: "Set can_manage_access_tokens = false in the datocms_role that role_id names. A contentful_personal_access_token can do what its owner can, who is the person that applies it: use the credential of a user who may not manage API keys."
package tokenaudit.rules.token_manages_tokens

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.access.manages_tokens == "yes"
	finding := {
		"token": token.id,
		"message": sprintf("%s can read or create other tokens", [lib.token(token.kind, token.name)]),
		"evidence": {"manages_tokens": token.access.manages_tokens},
	}
}
