# METADATA
# title: Owner of the token has left
# description: |
#   An active token fails if its owner is deactivated or no longer a member. A token that the
#   CMS refuses for that reason, as Directus does, reaches nothing and is left to inert-token.
#
#   The person is gone, and the credential still works: nobody renews it, nobody watches it,
#   and whoever left may still have it.
# custom:
#   goal: Tokens are revoked when their owner leaves
#   severity: high
#   fix: owner
#   subject: token
#   select:
#     status: [active]
#   requires: [owner]
#   controls:
#     owasp_nhi: ["NHI1:2025"]
#     nist_800_53: [AC-2, AC-2(3)]
#     cis_v8: ["6.2"]
#     iso_27001: [A.5.18]
#     soc2: [CC6.2]
#   remediation:
#     default: Find out what uses the token, give it a new one, then delete this one.
#     contentful: Revoke the token under Organization settings, CMA tokens.
#     contentstack: Make a new token under Settings, Tokens as a current member, move its users over, then delete this one.
#     wordpress: Delete the application password, or the user.
#     terraform: Apply with -replace=ADDRESS and the credential of a current member, because the token belongs to the person who applies it, then move what uses the old one to the new one.
package tokenaudit.rules.owner_gone

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.owner.type != "none"
	count(token.apis) > 0
}

deny contains finding if {
	some token in input.tokens
	token.owner.state in {"deactivated", "removed"}
	finding := {
		"token": token.id,
		"message": sprintf("%s still works although its %s is %s", [lib.token(token.kind, token.name), lib.called("owner", token.owner.name, token.owner.id), token.owner.state]),
		"evidence": {"owner": token.owner.id, "owner_name": token.owner.name, "owner_state": token.owner.state},
	}
}
