# METADATA
# title: No team answers for the token
# description: |
#   An active or expired token fails if no pattern in the owners of the configuration assigns
#   it to a team. Where a pattern asks for the owner, and the CMS does not report who that is, it
#   is not known whether a team answers for the token, and it is not evaluated.
#
#   A finding that nobody is responsible for stays. The maker of a token is seldom the one who can replace it,
#   and in an incident the question whom to call must have an answer already.
# custom:
#   goal: A team answers for every token
#   severity: low
#   off: true
#   fix: other
#   subject: token
#   only_with: owners
#   select:
#     status: [active, expired]
#   controls:
#     nist_800_53: [AC-2, CM-8]
#     cis_v8: ["5.5"]
#     iso_27001: [A.5.9]
#   remediation:
#     default: Add a pattern to owners in the configuration, or to the file of the team, that matches the token; `tokenaudit owners check` lists what is left. If no team wants it, find out who uses it, and delete it if nobody does.
#     terraform: Add a pattern to owners in the configuration, or to the file of the team, that matches the token; one on its name also matches the token that it becomes.
package tokenaudit.rules.token_without_owner

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.team == ""
	not token.team_unknown
	finding := {
		"token": token.id,
		"message": sprintf("no team answers for %s", [lib.token(token.kind, token.name)]),
	}
}

unknown contains gap if {
	some token in input.tokens
	token.team == ""
	token.team_unknown
	gap := {"token": token.id, "reason": token.team_unknown}
}
