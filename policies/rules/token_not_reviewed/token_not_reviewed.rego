# METADATA
# title: Access of the token was not reviewed
# description: |
#   An active token fails if the configuration has no review of it, if the last one is
#   as many days old as review_every_days says (write_every_days for a token that can write), or
#   if the token was changed, or made, after it: what a person looked at is then not what the
#   token is. Every change counts, because no CMS reports which change was to its rights. Where
#   it is not known when the token was last changed, it is not evaluated. The same goes for a
#   change on the day of the review, unless the review has a time. A review that is dated after the audit time does not count.
#
#   Rights are given for a reason, and reasons end without anybody taking the rights back. Only
#   a person can say whether a token is still needed, and needs what it has.
# custom:
#   goal: A person reviews the access of every token
#   severity: low
#   fix: other
#   subject: token
#   only_with: reviews
#   select:
#     status: [active]
#     planned: false
#   controls:
#     nist_800_53: [AC-2, "AC-6(7)"]
#     cis_v8: ["5.1"]
#     iso_27001: [A.5.18]
#     soc2: [CC6.3]
#     pci_dss: ["7.2.5.1"]
#   params:
#     review_every_days:
#       type: integer
#       minimum: 1
#       default: 90
#       stricter: lower
#       description: Fail when the last review is at least this many days old.
#     write_every_days:
#       type: integer
#       minimum: 1
#       default: 60
#       stricter: lower
#       description: The same for a token that can write, or is assumed to; review_every_days applies to it, too.
#   remediation:
#     default: Look at who needs the token, and for what. Decide, and record the decision with `tokenaudit reviews add TOKEN --decision keep --reviewer WHO --note WHY`; `tokenaudit reviews todo` lists what is due.
package tokenaudit.rules.token_not_reviewed

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	not token.review
	finding := {
		"token": token.id,
		"message": sprintf("%s has no review", [lib.token(token.kind, token.name)]),
		"evidence": {"every_days": every_days(token)},
	}
}

deny contains finding if {
	some token in input.tokens
	overdue(token)
	finding := {
		"token": token.id,
		"message": sprintf(
			"%s was last reviewed %s ago, on %s by %s, and is due every %s",
			[lib.token(token.kind, token.name), lib.quantity(token.review.days, "day"), token.review.date, token.review.reviewer, lib.quantity(every_days(token), "day")],
		),
		"evidence": evidence(token),
	}
}

deny contains finding if {
	some token in input.tokens
	token.review.before_change == "yes"
	not overdue(token)
	finding := {
		"token": token.id,
		"message": sprintf("%s was changed after its last review, on %s by %s", [lib.token(token.kind, token.name), token.review.date, token.review.reviewer]),
		"evidence": evidence(token),
	}
}

unknown contains gap if {
	some token in input.tokens
	token.review.before_change == "unknown"
	not overdue(token)
	gap := {"token": token.id, "reason": token.review.reason}
}

overdue(token) if token.review.days >= every_days(token)

every_days(token) := min({input.params.write_every_days, input.params.review_every_days}) if token.access.write

every_days(token) := input.params.review_every_days if not token.access.write

evidence(token) := {
	"reviewed": token.review.date,
	"reviewer": token.review.reviewer,
	"decision": token.review.decision,
	"review_days": token.review.days,
	"every_days": every_days(token),
	"before_change": token.review.before_change,
}
