package tokenaudit.rules.token_not_rotated_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_not_rotated as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {"max_age_days": 365})

test_at_the_threshold if {
	count(rule.deny) == 0 with input as judged({"age_days": 364})
	some finding in rule.deny with input as judged({"age_days": 365})
	finding.message == `management token "deploy" was created 365 days ago, on 2026-08-14`
	finding.evidence == {"created_at": "2026-08-14T12:00:00Z", "age_days": 365, "max_age_days": 365}
}

test_young_token_passes if {
	rule.applies == {fixtures.token.id} with input as judged({})
}

test_expired_and_revoked_tokens_are_none_of_our_business[status] if {
	some status in ["expired", "revoked"]
	count(rule.applies) == 0 with input as judged({"status": status})
	count(rule.deny) == 0 with input as judged({"status": status, "age_days": 1000})
}
