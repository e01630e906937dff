package tokenaudit.rules.expiry_notification_off_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.expiry_notification_off as rule

silent := object.union(fixtures.token, {"traits": {"notifies_before_expiry": "no"}})

judged(change) := fixtures.input_of([object.union(silent, change)], {})

test_silent_token_fails if {
	some finding in rule.deny with input as judged({})
	finding.message == `nobody is notified before management token "deploy" expires on 2027-03-02`
}

test_token_with_notification_passes if {
	count(rule.deny) == 0 with input as judged({"traits": {"notifies_before_expiry": "yes"}})
	rule.applies == {silent.id} with input as judged({"traits": {"notifies_before_expiry": "yes"}})
}

test_a_token_that_never_expires_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged({"expiry": {"state": "never"}})
}
