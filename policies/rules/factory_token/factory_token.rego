# METADATA
# title: Token was created by the CMS itself
# description: |
#   An active token fails if the CMS made it, not a member: DatoCMS gave older projects a
#   read-only and a full-access token without a role.
#
#   Nobody asked for such a token, so nobody owns it. It cannot be edited, and its rights are
#   those that the vendor chose for everybody.
# custom:
#   goal: Tokens that the CMS created itself are replaced
#   severity: medium
#   fix: delete
#   subject: token
#   select:
#     status: [active]
#   requires: [traits]
#   controls:
#     owasp_nhi: ["NHI5:2025"]
#     nist_800_53: [AC-2, AC-6]
#     iso_27001: [A.5.17]
#   remediation:
#     default: Make a token of your own with the rights that are needed, move what uses the old one to it, then delete the old one.
#     datocms: Make a token with a role of its own under Project settings, API tokens, move what uses the old one to it, then delete the old one. A token that DatoCMS made can be deleted and rotated, but not edited, and DatoCMS does not make a new one.
#     ghost: Ghost makes these for its own integrations, and never replaces them. Delete the built-in integrations that nobody uses (DELETE /ghost/api/admin/integrations/<id>/). Regenerate the keys of those that Ghost Admin needs, and waive them.
#     terraform: Declare a datocms_access_token with a datocms_role of its own, move what uses the old one to it, then take the old one out of the configuration and apply.
package tokenaudit.rules.factory_token

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.traits.factory == "yes"
	finding := {
		"token": token.id,
		"message": sprintf("%s was made by %s itself", [lib.token(token.kind, token.name), token.cms]),
		"evidence": {"factory": token.traits.factory, "access": token.access.write},
	}
}
