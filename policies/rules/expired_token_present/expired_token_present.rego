# METADATA
# title: Expired token was not deleted
# description: |
#   A token fails if it has expired and is still in the list. A revoked one does not count: to
#   revoke it was the cleanup.
#
#   A list full of dead tokens hides the living ones, and a CMS that lets an expiry be moved
#   lets a dead token come back to life.
# custom:
#   goal: Expired tokens are deleted
#   severity: low
#   fix: delete
#   subject: token
#   select:
#     status: [active, expired]
#   requires: [expiry]
#   controls:
#     owasp_nhi: ["NHI1:2025"]
#     nist_800_53: [AC-2]
#     cis_v8: ["5.3"]
#   remediation:
#     default: Delete the token.
#     contentful: Revoke the token under Settings, CMA tokens, so that it counts as revoked. Contentful does not delete tokens.
#     contentstack: Delete the management token under Settings, Tokens.
#     terraform: Take the resource out of the configuration and apply. If something still needs a token, apply with -replace=ADDRESS instead.
package tokenaudit.rules.expired_token_present

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.status == "expired"
	finding := {
		"token": token.id,
		"message": sprintf("%s expired on %s and is still there", [lib.token(token.kind, token.name), lib.day(token.expiry.at)]),
		"evidence": {"expires_at": token.expiry.at, "expires_in_days": token.expires_in_days},
	}
}
