# METADATA
# title: Write token never expires
# description: |
#   An active token that can write fails if it never expires. A token of a CMS that has no
#   expiry fails too: the risk is the same, only the remedy differs. A date ten years away
#   counts as never.
#
#   A token that can write and never expires stays usable for anyone who ever copied it: from a
#   laptop, a build log or a former colleague's notes. An expiry date bounds how long a leak
#   that nobody noticed can be used.
# custom:
#   goal: Write tokens expire
#   severity: high
#   fix: expiry
#   subject: token
#   select:
#     kinds: [management, personal, oauth, cli, app]
#     write: true
#   requires: [expiry]
#   controls:
#     owasp_nhi: ["NHI7:2025"]
#     nist_800_53: [IA-5]
#     iso_27001: [A.5.17]
#     soc2: [CC6.1]
#     pci_dss: ["8.6.3"]
#   remediation:
#     default: Give the token an expiry date, or replace it with one that has one.
#     contentful: Contentful cannot add an expiry to an existing token. Create a new personal access token with an expiry, move its users over, then revoke this one.
#     contentstack: Edit the management token under Settings, Tokens and set an expiry date, with the e-mail notification switched on.
#     datocms: DatoCMS tokens cannot expire. Rotate it on a schedule, or switch off its access to the Content Management API so that it can only read.
#     strapi: Create a new token with a lifespan of 7, 30 or 90 days, move its users over, then delete this one.
#     wordpress: Application passwords cannot expire. Rotate it on a schedule, or move it to a user whose role cannot write.
#     directus: Static tokens cannot expire. Rotate it on a schedule, or give its user a policy that only reads.
#     ghost: Neither Admin API keys nor staff access tokens can expire. Regenerate them on a schedule, and delete integrations that nobody needs.
#     terraform: Set expires_in, in seconds, where the resource has it; that replaces the token, so prepare what uses it. A datocms_access_token cannot expire, so set can_access_cma = false, or let role_id name a datocms_role that only reads. A contentful_app_key cannot expire either, so apply with -replace=ADDRESS on a schedule.
package tokenaudit.rules.write_token_never_expires

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.expiry.state == "never"
	finding := {
		"token": token.id,
		"message": sprintf("%s can write and never expires", [lib.token(token.kind, token.name)]),
		"evidence": {"expiry": token.expiry.state, "expiry_supported": token.expiry.supported},
	}
}
