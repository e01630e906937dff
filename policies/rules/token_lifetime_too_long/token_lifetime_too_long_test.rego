package tokenaudit.rules.token_lifetime_too_long_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_lifetime_too_long as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {"max_lifetime_days": 365})

test_at_the_threshold if {
	count(rule.deny) == 0 with input as judged({"lifetime_days": 364})
	some finding in rule.deny with input as judged({"lifetime_days": 365})
	finding.message == `management token "deploy" lives for 365 days, until 2027-03-02`
	finding.evidence.max_lifetime_days == 365
}

test_what_is_none_of_our_business[name] if {
	some name, change in {
		"a token that never expires": {"expiry": {"state": "never"}},
		"an expired token": {"status": "expired"},
		"a revoked token": {"status": "revoked"},
	}
	count(rule.applies) == 0 with input as judged(change)
}

test_an_expired_token_is_not_denied if {
	count(rule.deny) == 0 with input as judged({"status": "expired", "lifetime_days": 1000})
}

test_unknown_expiry_is_left_to_the_engine if {
	rule.applies == {fixtures.token.id} with input as judged({"expiry": {"state": "unknown"}})
}
