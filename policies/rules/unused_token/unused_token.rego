# METADATA
# title: Unused tokens are removed
# description: |
#   An active token fails if it is proven idle for max_idle_days, counted from its creation if
#   it was never used. Where a CMS tells the last use only roughly, the rule decides when the
#   bounds decide, and says so when they do not. Where the record of a CMS is shorter than
#   max_idle_days and shows no use (DatoCMS says "never" for that), the token fails by decision
#   and the finding is marked as not proven; the parameter no_record changes that. The token of
#   the scan itself is left out: the scan is its last use.
#
#   A token that nobody uses is all risk and no use: nobody would notice its theft, and nobody
#   would miss it.
# custom:
#   severity: medium
#   subject: token
#   requires: [last_used]
#   controls:
#     owasp_nhi: ["NHI1:2025"]
#     nist_800_53: [AC-2(3)]
#     cis_v8: ["5.3"]
#     soc2: [CC6.2, CC6.3]
#     pci_dss: ["8.2.6"]
#   params:
#     max_idle_days:
#       type: integer
#       minimum: 1
#       default: 90
#       description: Fail from this many days without use on.
#     no_record:
#       type: string
#       enum: [fail, unknown]
#       default: fail
#       description: What to say of a token whose CMS has no use on record, but whose record is shorter than max_idle_days.
#   remediation:
#     default: Ask its owner, then delete the token. Note what would need it again.
#     contentful: Delete the API key under Settings, API keys, or revoke the personal access token under Settings, CMA tokens.
#     contentstack: Delete the token under Settings, Tokens.
#     datocms: Delete the token under Project settings, API tokens. Deleting asks who inherits the records that it created.
#     directus: Set the static token of the user to null, or delete the user.
package tokenaudit.rules.unused_token

applies contains token.id if {
	some token in input.tokens
	token.status == "active"
	not token.id == input.source.auditor.token
}

deny contains finding if {
	some token in input.tokens
	token.unused_days.min >= input.params.max_idle_days
	token.status == "active"
	finding := {
		"token": token.id,
		"message": sprintf("%s token %q %s", [token.kind, token.name, idle(token)]),
		"evidence": evidence(token, true),
	}
}

deny contains finding if {
	some token in input.tokens
	token.last_used.state == "none_on_record"
	input.params.no_record == "fail"
	undecided(token)
	finding := {
		"token": token.id,
		"message": sprintf(
			"%s token %q has no use on record since %s, when the record of %s begins: %d days",
			[token.kind, token.name, day(token.last_used.latest), token.cms, token.unused_days.min],
		),
		"evidence": evidence(token, false),
	}
}

unknown contains gap if {
	some token in input.tokens
	token.last_used.state == "none_on_record"
	input.params.no_record == "unknown"
	undecided(token)
	gap := {
		"token": token.id,
		"reason": sprintf(
			"no use on record since %s, which is %d days: less than the %d that would prove it unused",
			[day(token.last_used.latest), token.unused_days.min, input.params.max_idle_days],
		),
	}
}

unknown contains gap if {
	some token in input.tokens
	token.last_used.state == "between"
	token.unused_days.max >= input.params.max_idle_days
	undecided(token)
	gap := {
		"token": token.id,
		"reason": sprintf(
			"last used between %s and %s: the %d days lie in between",
			[day(token.last_used.earliest), day(token.last_used.latest), input.params.max_idle_days],
		),
	}
}

unknown contains gap if {
	some token in input.tokens
	token.last_used.state == "never"
	not token.unused_days.max
	undecided(token)
	gap := {
		"token": token.id,
		"reason": sprintf("never used, and all that is known of its age is that it is at least %d days", [token.unused_days.min]),
	}
}

# An active token whose bounds have the threshold in between.
undecided(token) if {
	token.status == "active"
	token.unused_days.min < input.params.max_idle_days
	not used(token)
}

# A function, because a comparison with an upper bound that is not there would
# be undefined, and so would be its negation.
used(token) if token.unused_days.max < input.params.max_idle_days

idle(token) := sprintf("was last used %d days ago, on %s", [token.unused_days.min, day(token.last_used.at)]) if {
	token.last_used.state == "at"
}

idle(token) := sprintf("was last used at least %d days ago, before %s", [token.unused_days.min, day(token.last_used.latest)]) if {
	token.last_used.state == "between"
}

idle(token) := sprintf("was never used since its creation %d days ago", [token.unused_days.min]) if {
	token.last_used.state == "never"
}

idle(token) := sprintf("has had no use on record for at least %d days", [token.unused_days.min]) if {
	token.last_used.state == "none_on_record"
}

evidence(token, proven) := {
	"last_used": token.last_used.state,
	"source_of_evidence": token.last_used.evidence,
	"unused_days": token.unused_days,
	"max_idle_days": input.params.max_idle_days,
	"proven": proven,
}

day(time) := substring(time, 0, 10)
