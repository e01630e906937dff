package tokenaudit.rules.token_manages_tokens_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_manages_tokens as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

test_token_that_manages_tokens_fails if {
	some finding in rule.deny with input as judged({"access": {"manages_tokens": "yes"}})
	finding.message == `management token "deploy" can read or create other tokens`
}

test_other_tokens_pass if {
	count(rule.deny) == 0 with input as judged({})
	count(rule.deny) == 0 with input as judged({"access": {"manages_tokens": "unknown"}})
}
