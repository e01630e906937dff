# METADATA
# title: Token has no description
# description: |
#   An active token fails if its description is empty. A preview token is judged with the
#   delivery token that it belongs to.
#
#   Nobody dares to delete a token whose purpose nobody knows, so it stays forever. One
#   sentence and a name end that.
# custom:
#   goal: Every token has a description
#   severity: low
#   fix: other
#   subject: token
#   select:
#     status: [active]
#   requires: [description]
#   controls:
#     nist_800_53: [AC-2, CM-8]
#     cis_v8: ["5.5"]
#     iso_27001: [A.5.9]
#   remediation:
#     default: Say in the description what uses the token and whom to ask about it.
#     contentful: Edit the API key under Settings, API keys and fill in its description.
#     contentstack: Edit the token under Settings, Tokens and fill in its description.
#     directus: Fill in the description of the user that the token belongs to.
#     ghost: Fill in the description of the integration under Settings, Integrations. A staff access token has none, so waive it, and say who uses it in the reason.
#     strapi: Edit the token under Settings, API Tokens and fill in its description.
#     terraform: Set the description of the resource.
package tokenaudit.rules.undocumented_token

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.twin == ""
}

deny contains finding if {
	some token in input.tokens
	trim_space(token.description) == ""
	finding := {
		"token": token.id,
		"message": sprintf("%s has no description", [lib.token(token.kind, token.name)]),
	}
}
