# METADATA
# title: Token should have been revoked
# description: |
#   An active token fails if its last review decided to revoke it, and the day by which that was
#   to be done is over. A later review takes the decision back. A token that was made after the
#   review is another one, and passes; where it is not known when the token was made, a review
#   that names it by its id is about it, and for one that names it by a glob the token is not
#   evaluated.
#
#   A person found that nobody should have this access. Until it is gone, the review has changed
#   nothing.
# custom:
#   goal: Tokens that a review decided to revoke are revoked in time
#   severity: high
#   fix: delete
#   subject: token
#   only_with: reviews
#   select:
#     status: [active]
#     planned: false
#   controls:
#     owasp_nhi: ["NHI1:2025"]
#     nist_800_53: [AC-2]
#     cis_v8: ["6.2"]
#     iso_27001: [A.5.18]
#     soc2: [CC6.2, CC6.3]
#     pci_dss: ["7.2.5.1"]
#   remediation:
#     default: Revoke the token, as the review decided. If it is needed after all, record a new review with `tokenaudit reviews add`.
package tokenaudit.rules.revocation_overdue

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	late(token)
	token.review.before_creation == "no"
	finding := {
		"token": token.id,
		"message": sprintf(
			"%s should have been revoked by %s, %s ago, as %s decided on %s",
			[lib.token(token.kind, token.name), token.review.by, lib.quantity(token.review.overdue_days, "day"), token.review.reviewer, token.review.date],
		),
		"evidence": {
			"reviewed": token.review.date,
			"reviewer": token.review.reviewer,
			"by": token.review.by,
			"overdue_days": token.review.overdue_days,
		},
	}
}

unknown contains gap if {
	some token in input.tokens
	late(token)
	token.review.before_creation == "unknown"
	gap := {
		"token": token.id,
		"reason": sprintf("it is not known whether the token was made after its review of %s, which names it by a glob", [token.review.date]),
	}
}

late(token) if {
	token.review.decision == "revoke"
	token.review.overdue_days > 0
}
