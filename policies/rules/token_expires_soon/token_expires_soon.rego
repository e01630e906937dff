# METADATA
# title: Token expires soon
# description: |
#   An active token fails if it expires within within_days days. This is about availability:
#   what uses the token stops working on that day.
#
#   An expiry that nobody sees coming takes a website's content or a release pipeline down, and
#   teaches people to ask for tokens that never expire.
# custom:
#   goal: Tokens are renewed before they expire
#   severity: low
#   fix: secret
#   subject: token
#   select:
#     status: [active]
#   requires: [expiry]
#   controls:
#     nist_800_53: [IA-5]
#   params:
#     within_days:
#       type: integer
#       minimum: 0
#       default: 14
#       stricter: higher
#       description: Fail when this many days or fewer are left.
#   remediation:
#     default: Make a new token, move what uses the old one to it, and let the old one expire.
#     contentstack: Edit the management token under Settings, Tokens and set a later expiry date, or make a new one. The token expires at midnight UTC of its date; whether at the start or the end of that day is not documented, so finish before the day begins.
#     terraform: Set a longer expires_in, in seconds, or apply with -replace=ADDRESS before the token expires. Both make a new token, so prepare what uses it.
package tokenaudit.rules.token_expires_soon

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.expiry.state != "never"
}

deny contains finding if {
	some token in input.tokens
	token.expires_in_days <= input.params.within_days
	finding := {
		"token": token.id,
		"message": sprintf("%s expires in %s, on %s", [lib.token(token.kind, token.name), lib.quantity(token.expires_in_days, "day"), lib.day(token.expiry.at)]),
		"evidence": {
			"expires_at": token.expiry.at,
			"expires_in_days": token.expires_in_days,
			"within_days": input.params.within_days,
		},
	}
}
