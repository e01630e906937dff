package tokenaudit.rules.expired_token_present_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.expired_token_present as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

test_expired_token_fails if {
	some finding in rule.deny with input as judged({"status": "expired", "expires_in_days": -3})
	finding.message == `management token "deploy" expired on 2027-03-02 and is still there`
	finding.evidence.expires_in_days == -3
}

test_active_token_passes if {
	count(rule.deny) == 0 with input as judged({})
}

test_revoked_token_is_none_of_our_business if {
	count(rule.deny) == 0 with input as judged({"status": "revoked"})
}
