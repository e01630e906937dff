package tokenaudit.rules.token_expires_soon_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_expires_soon as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {"within_days": 14})

test_at_the_threshold if {
	count(rule.deny) == 0 with input as judged({"expires_in_days": 15})
	some finding in rule.deny with input as judged({"expires_in_days": 14})
	finding.message == `management token "deploy" expires in 14 days, on 2027-03-02`
}

test_on_its_last_day if {
	count(rule.deny) == 1 with input as judged({"expires_in_days": 0})
	some finding in rule.deny with input as judged({"expires_in_days": 1})
	contains(finding.message, " expires in 1 day, on ")
}

test_what_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged({"expiry": {"state": "never"}})
}

test_unknown_expiry_is_left_to_the_engine if {
	rule.applies == {fixtures.token.id} with input as judged({"expiry": {"state": "unknown"}})
}
