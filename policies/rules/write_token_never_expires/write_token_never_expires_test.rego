package tokenaudit.rules.write_token_never_expires_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.write_token_never_expires as rule

never := object.union(fixtures.token, {"expiry": {"state": "never"}})

judged(change) := fixtures.input_of([object.union(never, change)], {})

test_write_token_that_never_expires_fails if {
	some finding in rule.deny with input as judged({})
	finding.message == `management token "deploy" can write and never expires`
	finding.evidence == {"expiry": "never", "expiry_supported": true}
}

test_token_without_support_for_expiry_fails_too if {
	count(rule.deny) == 1 with input as judged({"expiry": {"supported": false}})
}

test_token_that_expires_passes if {
	count(rule.deny) == 0 with input as judged({"expiry": {"state": "at"}})
}
