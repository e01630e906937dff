package tokenaudit.rules.revocation_overdue_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.revocation_overdue as rule

review := {
	"date": "2026-10-23",
	"reviewer": "ada@example.com",
	"decision": "revoke",
	"by": "2026-11-20",
	"days": 30,
	"overdue_days": 2,
	"before_change": "no",
	"before_creation": "no",
	"reason": "",
}

judged(review_of) := fixtures.input_of([object.union(fixtures.token, {"review": review_of})], {})

test_overdue_revocation_fails if {
	some finding in rule.deny with input as judged(review)
	finding.message == `management token "deploy" should have been revoked by 2026-11-20, 2 days ago, as ada@example.com decided on 2026-10-23`
	finding.evidence == {"reviewed": "2026-10-23", "reviewer": "ada@example.com", "by": "2026-11-20", "overdue_days": 2}
	count(rule.unknown) == 0 with input as judged(review)
}

test_changed_token_is_still_to_be_revoked if {
	count(rule.deny) == 1 with input as judged(object.union(review, {"before_change": "yes"}))
}

test_revocation_in_time_passes if {
	early := object.remove(review, ["overdue_days"])
	count(rule.deny) == 0 with input as judged(early)
	count(rule.unknown) == 0 with input as judged(early)
}

test_other_decisions_pass if {
	some decision in ["keep", "change"]
	other := object.union(object.remove(review, ["overdue_days"]), {"decision": decision, "by": ""})
	count(rule.deny) == 0 with input as judged(other)
	count(rule.unknown) == 0 with input as judged(other)
}

test_token_without_review_passes if {
	count(rule.deny) == 0 with input as fixtures.input_of([fixtures.token], {})
	count(rule.unknown) == 0 with input as fixtures.input_of([fixtures.token], {})
}

test_later_token_passes if {
	later := object.union(review, {"before_creation": "yes"})
	count(rule.deny) == 0 with input as judged(later)
	count(rule.unknown) == 0 with input as judged(later)
}

test_unknown_creation_is_unknown if {
	hidden := object.union(review, {"before_creation": "unknown"})
	count(rule.deny) == 0 with input as judged(hidden)
	some gap in rule.unknown with input as judged(hidden)
	gap.reason == "it is not known whether the token was made after its review of 2026-10-23, which names it by a glob"
}
