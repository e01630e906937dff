package tokenaudit.rules.undocumented_token_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.undocumented_token as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

test_token_without_description_fails[description] if {
	some description in ["", "  ", "\t\n"]
	some finding in rule.deny with input as judged({"description": description})
	finding.message == `management token "deploy" has no description`
}

test_token_with_description_passes if {
	count(rule.deny) == 0 with input as judged({})
	rule.applies == {fixtures.token.id} with input as judged({})
}

test_what_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged({"twin": fixtures.delivery.id})
}
