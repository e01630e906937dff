# METADATA
# title: Read-only token never expires
# description: |
#   An active token that cannot write fails if it never expires although the CMS could give
#   such a token an expiry. Where the CMS cannot, the rule does not apply.
#
#   A read-only token that leaks shows drafts, prices and names to whoever found it for as long
#   as it works. An expiry date costs little where the CMS offers it.
# custom:
#   goal: Read-only tokens expire where the CMS supports it
#   severity: low
#   fix: expiry
#   subject: token
#   select:
#     write: false
#   requires: [expiry]
#   controls:
#     owasp_nhi: ["NHI7:2025"]
#     nist_800_53: [IA-5]
#     iso_27001: [A.5.17]
#     soc2: [CC6.1]
#   remediation:
#     default: Give the token an expiry date, or replace it with one that has one.
#     contentful: Contentful cannot add an expiry to an existing token. Create a new personal access token with an expiry, move its users over, then revoke this one.
#     contentstack: Edit the management token under Settings, Tokens and set an expiry date.
#     strapi: Create a new token with a lifespan of 7, 30 or 90 days, move its users over, then delete this one.
#     terraform: Set expires_in, in seconds. That replaces the token, so prepare what uses it.
package tokenaudit.rules.read_token_never_expires

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.expiry.supported
}

deny contains finding if {
	some token in input.tokens
	token.expiry.state == "never"
	finding := {
		"token": token.id,
		"message": sprintf("%s cannot write, but never expires although the CMS supports it", [lib.token(token.kind, token.name)]),
		"evidence": {"expiry": token.expiry.state, "access": token.access.write},
	}
}
