# METADATA
# title: Token lifetime is too long
# description: |
#   An active token fails if there are max_lifetime_days or more between its creation and its
#   expiry. A token that never expires is left to other rules. Where a CMS does not report
#   the creation, earlier inventories (--previous) bound it; where the bounds do not decide, or
#   the expiry is not known, the token is not evaluated.
#
#   The lifetime of a token bounds how long a leak can be used. An expiry date far away is
#   hardly better than none.
# custom:
#   goal: Tokens expire within the allowed lifetime
#   severity: medium
#   fix: expiry
#   subject: token
#   select:
#     status: [active]
#   controls:
#     owasp_nhi: ["NHI7:2025"]
#     nist_800_53: [IA-5]
#     iso_27001: [A.5.17]
#     soc2: [CC6.1]
#     pci_dss: ["8.6.3"]
#   params:
#     max_lifetime_days:
#       type: integer
#       minimum: 1
#       default: 365
#       stricter: lower
#       description: Fail when there are at least this many days between creation and expiry.
#   remediation:
#     default: Replace the token with one that expires earlier.
#     contentful: Contentful cannot change the expiry of a token. Create a new one with a shorter lifetime, move its users over, then revoke this one.
#     contentstack: Edit the management token under Settings, Tokens and set an earlier expiry date.
#     strapi: Create a new token with a lifespan of at most 90 days, move its users over, then delete this one.
#     terraform: Set a shorter expires_in, in seconds. That replaces the token, so prepare what uses it.
package tokenaudit.rules.token_lifetime_too_long

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.expiry.state != "never"
}

deny contains finding if {
	some token in input.tokens
	token.lifetime_days >= input.params.max_lifetime_days
	finding := {
		"token": token.id,
		"message": sprintf("%s has a lifetime of %s, until %s", [lib.token(token.kind, token.name), lib.quantity(token.lifetime_days, "day"), lib.day(token.expiry.at)]),
		"evidence": {
			"created_at": token.created_at.at,
			"expires_at": token.expiry.at,
			"lifetime_days": token.lifetime_days,
			"max_lifetime_days": input.params.max_lifetime_days,
		},
	}
}

deny contains finding if {
	some token in input.tokens
	token.created_at.state != "at"
	token.age.min + token.expires_in_days >= input.params.max_lifetime_days
	finding := {
		"token": token.id,
		"message": sprintf(
			"%s has a lifetime of at least %s, until %s: an earlier inventory has it",
			[lib.token(token.kind, token.name), lib.quantity(token.age.min + token.expires_in_days, "day"), lib.day(token.expiry.at)],
		),
		"evidence": {
			"age": token.age,
			"expires_at": token.expiry.at,
			"max_lifetime_days": input.params.max_lifetime_days,
		},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.expiry.state == "unknown"
	gap := {"token": token.id, "reason": lib.told(token.expiry.reason, "when the token expires is not known")}
}

unknown contains gap if {
	some token in input.tokens
	token.created_at.state != "at"
	token.expiry.state == "at"
	not short(token)
	gap := {"token": token.id, "reason": lib.told(token.created_at.reason, "when the token was created is not known")}
}

# Both day counts are floored, so their sum may be a day less than the lifetime.
short(token) if (token.age.max + token.expires_in_days) + 1 < input.params.max_lifetime_days
