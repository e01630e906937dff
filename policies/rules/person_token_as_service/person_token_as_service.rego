# METADATA
# title: Automation uses a person's token
# description: |
#   An active personal token fails if it was used owner_idle_days or more after the last sign of
#   life of its owner: something else uses it. An owner who has never signed in at all is an
#   account that was made for a program, so its token passes, and the report says so. The token
#   of the scan itself is left out: the scan is what uses it.
#
#   An automation on somebody's personal token has that person's rights, acts in that person's
#   name, and stops on the day the person leaves.
# custom:
#   goal: Automations have tokens of their own
#   severity: medium
#   fix: owner
#   subject: token
#   select:
#     kinds: [personal, cli, oauth]
#     audit_credential: skip
#   requires: [last_used, owner]
#   controls:
#     owasp_nhi: ["NHI10:2025"]
#     nist_800_53: [AC-2, IA-5]
#     cis_v8: ["5.5"]
#     iso_27001: [A.5.16]
#   params:
#     owner_idle_days:
#       type: integer
#       minimum: 1
#       default: 30
#       stricter: lower
#       description: Fail if the token was used this many days, or more, after its owner was last seen.
#   remediation:
#     default: Give the automation a token of its own, with the rights its work needs, then delete this one.
#     contentful: Make a user for the automation, with the spaces and roles it needs, and create its token as that user; or use an app identity.
#     contentstack: Replace the personal login with a management token whose scope is what the automation needs.
#     directus: Make a user for the automation, with a role of its own and no password, give it a static token, then take the token away from the person.
#     wordpress: Make a user for the automation, with the role it needs, and create its application password there.
#     terraform: Apply with -replace=ADDRESS and the credential of a user made for the automation, because the token belongs to the person who applies it.
package tokenaudit.rules.person_token_as_service

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.owner.type in {"person", "unknown"}
}

deny contains finding if {
	some token in input.tokens
	token.last_used.state in {"at", "between"}
	token.owner_idle_days - token.unused_days.max >= input.params.owner_idle_days
	finding := {
		"token": token.id,
		"message": sprintf(
			"%s was used within the last %s, but its %s was last seen %s ago",
			[lib.token(token.kind, token.name), days(token.unused_days.max + 1), lib.called("owner", token.owner.name, token.owner.id), lib.quantity(token.owner_idle_days, "day")],
		),
		"evidence": {
			"owner": token.owner.id,
			"owner_name": token.owner.name,
			"owner_idle_days": token.owner_idle_days,
			"unused_days": token.unused_days,
			"max_owner_idle_days": input.params.owner_idle_days,
		},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.owner_idle_days >= input.params.owner_idle_days
	token.last_used.state in {"between", "none_on_record"}
	not recent(token)
	not before(token)
	gap := {
		"token": token.id,
		"reason": sprintf("the owner was last seen %s ago, and whether the token was used since is not known exactly enough", [lib.quantity(token.owner_idle_days, "day")]),
	}
}

allow contains explanation if {
	some token in input.tokens
	token.owner.last_active.state == "none"
	token.last_used.state in {"at", "between"}
	explanation := {
		"token": token.id,
		"message": sprintf("the %s of %s has never signed in: an account made for a program", [lib.called("owner", token.owner.name, token.owner.id), lib.token(token.kind, token.name)]),
	}
}

days(1) := "day"

days(n) := lib.quantity(n, "day") if n > 1

recent(token) if {
	token.last_used.state == "between"
	token.owner_idle_days - token.unused_days.max >= input.params.owner_idle_days
}

# It was certainly not used so long after the owner was seen last: the last use is older, the
# record shows none for so long, or none since the token was made.
before(token) if {
	token.last_used.state == "between"
	token.owner_idle_days - token.unused_days.min < input.params.owner_idle_days
}

before(token) if token.owner_idle_days - token.unused_days.record < input.params.owner_idle_days

before(token) if token.unused_days.record > token.unused_days.max
