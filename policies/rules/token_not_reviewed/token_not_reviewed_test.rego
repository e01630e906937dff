package tokenaudit.rules.token_not_reviewed_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_not_reviewed as rule

review := {
	"date": "2026-10-23",
	"reviewer": "ada@example.com",
	"decision": "keep",
	"by": "",
	"days": 30,
	"before_change": "no",
	"before_creation": "no",
	"reason": "",
}

judged(token, change) := fixtures.input_of(
	[object.union(token, {"review": object.union(review, change)})],
	{"review_every_days": 90, "write_every_days": 60},
)

test_token_without_review_fails if {
	never := fixtures.input_of([fixtures.token], {"review_every_days": 90, "write_every_days": 60})
	some finding in rule.deny with input as never
	finding.message == `management token "deploy" has no review`
	finding.evidence == {"every_days": 60}
	count(rule.unknown) == 0 with input as never
}

test_reviewed_token_passes if {
	count(rule.deny) == 0 with input as judged(fixtures.token, {})
	count(rule.unknown) == 0 with input as judged(fixtures.token, {})
}

test_write_token_is_due_sooner if {
	count(rule.deny) == 0 with input as judged(fixtures.token, {"days": 59})
	count(rule.deny) == 1 with input as judged(fixtures.token, {"days": 60})
	count(rule.deny) == 0 with input as judged(fixtures.delivery, {"days": 89})
	count(rule.deny) == 1 with input as judged(fixtures.delivery, {"days": 90})
}

test_write_token_is_never_due_later if {
	laxer := fixtures.input_of([object.union(fixtures.token, {"review": review})], {"review_every_days": 30, "write_every_days": 60})
	count(rule.deny) == 1 with input as laxer
}

test_finding_says_when if {
	some finding in rule.deny with input as judged(fixtures.token, {"days": 61})
	finding.message == `management token "deploy" was last reviewed 61 days ago, on 2026-10-23 by ada@example.com, and is due every 60 days`
	finding.evidence == {
		"reviewed": "2026-10-23",
		"reviewer": "ada@example.com",
		"decision": "keep",
		"review_days": 61,
		"every_days": 60,
		"before_change": "no",
	}
}

test_changed_token_fails if {
	some finding in rule.deny with input as judged(fixtures.token, {"before_change": "yes"})
	finding.message == `management token "deploy" was changed after its last review, on 2026-10-23 by ada@example.com`
}

test_overdue_and_changed_token_has_one_finding if {
	count(rule.deny) == 1 with input as judged(fixtures.token, {"days": 60, "before_change": "yes"})
}

test_unknown_change_is_unknown if {
	hidden := judged(fixtures.token, {"before_change": "unknown", "reason": "hidden"})
	count(rule.deny) == 0 with input as hidden
	some gap in rule.unknown with input as hidden
	gap == {"token": fixtures.token.id, "reason": "hidden"}
}

test_overdue_review_fails_whatever_is_unknown if {
	hidden := judged(fixtures.token, {"days": 60, "before_change": "unknown", "reason": "hidden"})
	count(rule.deny) == 1 with input as hidden
	count(rule.unknown) == 0 with input as hidden
}
