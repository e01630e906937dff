# METADATA
# title: Token is unused
# description: |
#   An active token fails if it is proven idle for max_idle_days, counted from its creation if
#   it was never used. Where the last use or the creation is known only roughly, the rule
#   decides when the bounds decide, and the token is not evaluated when they do not. Where a CMS
#   has no use on record (DatoCMS says "never" for that), but its record is too short or the age
#   of the token not known well enough to prove max_idle_days, the token fails by decision and
#   the finding is marked as not proven; the parameter no_record changes that. The token of the
#   scan itself is left out: the scan is its last use.
#
#   A token that nobody uses is all risk and no use: nobody would notice its theft, and nobody
#   would miss it.
# custom:
#   goal: Unused tokens are deleted
#   severity: medium
#   fix: delete
#   subject: token
#   select:
#     audit_credential: skip
#   requires: [last_used]
#   controls:
#     owasp_nhi: ["NHI1:2025"]
#     nist_800_53: [AC-2(3)]
#     cis_v8:
#       - id: "5.3"
#         needs: {max_idle_days: {max: 45}}
#     soc2: [CC6.2, CC6.3]
#     pci_dss:
#       - id: "8.2.6"
#         needs: {max_idle_days: {max: 90}}
#   params:
#     max_idle_days:
#       type: integer
#       minimum: 1
#       default: 90
#       stricter: lower
#       description: Fail when the token has been unused for at least this many days.
#     no_record:
#       type: string
#       enum: [fail, unknown]
#       default: fail
#       stricter: first
#       description: The verdict for a token that has no use on record and is not proven idle for max_idle_days.
#   remediation:
#     default: Ask its owner, then delete the token. Note what would need it again.
#     contentful: Delete the API key under Settings, API keys, or revoke the personal access token under Settings, CMA tokens.
#     contentstack: Delete the token under Settings, Tokens.
#     datocms: Delete the token under Project settings, API tokens. Deleting asks who inherits the records that it created.
#     directus: Set the static token of the user to null, or delete the user.
#     terraform: Ask its owner, then take the resource out of the configuration and apply.
package tokenaudit.rules.unused_token

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.unused_days.min >= input.params.max_idle_days
	finding := {
		"token": token.id,
		"message": sprintf("%s %s", [lib.token(token.kind, token.name), idle(token)]),
		"evidence": evidence(token, true),
	}
}

deny contains finding if {
	input.params.no_record == "fail"
	some token in input.tokens
	token.last_used.state == "none_on_record"
	undecided(token)
	finding := {
		"token": token.id,
		"message": sprintf("%s has %s (not proven unused)", [lib.token(token.kind, token.name), no_record(token)]),
		"evidence": evidence(token, false),
	}
}

unknown contains gap if {
	input.params.no_record == "unknown"
	some token in input.tokens
	token.last_used.state == "none_on_record"
	undecided(token)
	gap := {"token": token.id, "reason": no_record(token)}
}

unknown contains gap if {
	some token in input.tokens
	token.last_used.state in {"at", "between", "never"}
	undecided(token)
	gap := {"token": token.id, "reason": bounds(token)}
}

# An active token whose bounds have the threshold in between, or that has no upper bound.
undecided(token) if {
	token.unused_days.min < input.params.max_idle_days
	not used(token)
}

# A function, because a comparison with an upper bound that is not there would
# be undefined, and so would be its negation.
used(token) if token.unused_days.max < input.params.max_idle_days

idle(token) := sprintf("was last used %s ago, on %s", [days(token), lib.day(token.last_used.at)]) if {
	token.last_used.state == "at"
}

idle(token) := sprintf("was last used at least %s ago, not after %s", [days(token), lib.day(token.last_used.latest)]) if {
	token.last_used.state == "between"
}

idle(token) := sprintf("was never used since its creation %s ago", [days(token)]) if {
	token.last_used.state == "never"
	exact(token)
}

idle(token) := sprintf("was never used since its creation at least %s ago", [days(token)]) if {
	token.last_used.state == "never"
	not exact(token)
}

idle(token) := sprintf("has had no use on record for at least %s", [days(token)]) if {
	token.last_used.state == "none_on_record"
}

exact(token) if token.unused_days.min == token.unused_days.max

days(token) := lib.quantity(token.unused_days.min, "day")

limit := lib.quantity(input.params.max_idle_days, "day")

no_record(token) := sprintf(
	"no use on record since %s, when the record of %s begins: %s",
	[lib.day(token.last_used.latest), token.cms, lib.quantity(token.unused_days.record, "day")],
) if {
	token.unused_days.record < input.params.max_idle_days
}

no_record(token) := sprintf(
	"no use on record since %s, %s ago, but it may be younger than %s",
	[lib.day(token.last_used.latest), lib.quantity(token.unused_days.record, "day"), limit],
) if {
	token.unused_days.record >= input.params.max_idle_days
}

# Why the bounds do not decide.
bounds(token) := sprintf(
	"never used, and made between %d and %s ago: the limit of %s lies in between",
	[token.unused_days.min, lib.quantity(token.unused_days.max, "day"), limit],
) if {
	token.last_used.state == "never"
}

bounds(token) := sprintf("never used, and all that is known of its age is that it is at least %s", [days(token)]) if {
	token.last_used.state == "never"
	not token.unused_days.max
}

bounds(token) := sprintf(
	"last used between %s and %s: the limit of %s lies in between",
	[lib.day(token.last_used.earliest), lib.day(token.last_used.latest), limit],
) if {
	token.last_used.state == "between"
}

bounds(token) := sprintf("last used at least %s ago, and how much longer is not known", [days(token)]) if {
	token.last_used.state == "between"
	not token.unused_days.max
}

evidence(token, proven) := {
	"last_used": token.last_used.state,
	"source_of_evidence": token.last_used.evidence,
	"unused_days": token.unused_days,
	"max_idle_days": input.params.max_idle_days,
	"proven": proven,
}
