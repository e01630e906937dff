package tokenaudit.rules.factory_token_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.factory_token as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

test_factory_token_fails if {
	some finding in rule.deny with input as judged({"cms": "datocms", "traits": {"factory": "yes"}})
	finding.message == `management token "deploy" was made by datocms itself`
}

test_other_tokens_pass if {
	count(rule.deny) == 0 with input as judged({})
	count(rule.deny) == 0 with input as judged({"traits": {"factory": "unknown"}})
}
