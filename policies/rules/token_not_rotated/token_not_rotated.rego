# METADATA
# title: Token has not been rotated
# description: |
#   An active token fails if it was created max_age_days or more days ago. Most CMSes give a
#   token no new date when its secret is replaced in place, so age is counted from creation.
#   Where a CMS does not tell the creation, earlier inventories (--previous) bound it: a token
#   that was there a year ago is at least a year old.
#
#   The older a secret, the more places have seen it: laptops, logs, backups, people who left.
#   Rotation ends what leaked without anybody noticing.
# custom:
#   goal: Tokens are rotated
#   severity: medium
#   fix: secret
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
#     max_age_days:
#       type: integer
#       minimum: 1
#       default: 365
#       stricter: lower
#       description: Fail when the token is at least this many days old.
#   remediation:
#     default: Make a new token, move what uses the old one to it, then delete the old one.
#     contentful: Create a new API key or personal access token, move its users over, then delete or revoke this one.
#     contentstack: Create a new token under Settings, Tokens, move its users over, then delete this one.
#     datocms: Rotate the token under Project settings, API tokens. The old secret stops working at once, so prepare its users first.
#     directus: Set a new static token on the user. The old one stops working at once, so prepare what uses it first.
#     ghost: Make a new integration, move what uses the old one to it, then delete the old one. Regenerating a key ends the old secret, but leaves the date of its creation as it is.
#     strapi: Create a new token and delete this one. Regenerating it leaves the date of its creation as it is.
#     terraform: Apply with -replace=ADDRESS. With create_before_destroy the new token is there before the old one goes; then what uses it has to be moved over in the same run.
package tokenaudit.rules.token_not_rotated

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.age_days >= input.params.max_age_days
	finding := {
		"token": token.id,
		"message": sprintf("%s was created %s ago, on %s", [lib.token(token.kind, token.name), lib.quantity(token.age_days, "day"), lib.day(token.created_at.at)]),
		"evidence": {
			"created_at": token.created_at.at,
			"age_days": token.age_days,
			"max_age_days": input.params.max_age_days,
		},
	}
}

deny contains finding if {
	some token in input.tokens
	token.created_at.state != "at"
	token.age.min >= input.params.max_age_days
	finding := {
		"token": token.id,
		"message": sprintf("%s is at least %s old: an earlier inventory has it", [lib.token(token.kind, token.name), lib.quantity(token.age.min, "day")]),
		"evidence": {
			"age": token.age,
			"max_age_days": input.params.max_age_days,
		},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.created_at.state != "at"
	not old(token)
	not young(token)
	gap := {"token": token.id, "reason": lib.told(token.created_at.reason, "when the token was created is not known")}
}

old(token) if token.age.min >= input.params.max_age_days

young(token) if token.age.max < input.params.max_age_days
