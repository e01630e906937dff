package tokenaudit.rules.read_token_never_expires_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.read_token_never_expires as rule

never := object.union(fixtures.token, {"access": {"level": "read", "write": false}, "expiry": {"state": "never"}})

judged(change) := fixtures.input_of([object.union(never, change)], {})

test_reading_token_that_never_expires_fails if {
	some finding in rule.deny with input as judged({})
	finding.message == `management token "deploy" cannot write, but never expires although the CMS supports it`
}

test_token_that_expires_passes if {
	count(rule.deny) == 0 with input as judged({"expiry": {"state": "at"}})
	rule.applies == {never.id} with input as judged({"expiry": {"state": "at"}})
}

test_a_token_that_cannot_expire_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged({"expiry": {"supported": false}})
}
