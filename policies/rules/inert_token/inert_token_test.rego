package tokenaudit.rules.inert_token_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.inert_token as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

delivering(change) := fixtures.input_of([object.union(fixtures.delivery, change)], {})

test_no_api_fails if {
	some finding in rule.deny with input as judged({"apis": []})
	finding.message == `management token "deploy" can do nothing: it reaches no API`
}

test_no_permission_fails if {
	some finding in rule.deny with input as judged({"access": {"level": "none"}})
	finding.message == `management token "deploy" can do nothing: it has no permission`
}

test_no_environment_fails if {
	some finding in rule.deny with input as delivering({"environments": {"items": [], "effective": 0}})
	finding.message == `delivery token "website" can do nothing: it opens no environment`
}

test_one_reason_is_enough if {
	count(rule.deny) == 1 with input as judged({"apis": [], "access": {"level": "none"}})
	count(rule.deny) == 1 with input as delivering({"access": {"level": "none"}, "environments": {"items": [], "effective": 0}})
}

test_useful_token_passes if {
	count(rule.deny) == 0 with input as judged({})
	count(rule.unknown) == 0 with input as judged({})
}

test_management_token_needs_no_environment if {
	count(rule.deny) == 0 with input as judged({"environments": {"items": [], "effective": 0}})
	count(rule.unknown) == 0 with input as judged({"environments": {"state": "unknown"}})
}

test_unknown_facts_are_unknown if {
	count(rule.unknown) == 1 with input as judged({"access": {"level": "unknown"}})
	count(rule.unknown) == 1 with input as delivering({"environments": {"state": "unknown", "effective": 0}})
	count(rule.deny) == 0 with input as delivering({"environments": {"state": "unknown", "effective": 0}})
}

test_the_reason_of_the_token_is_told if {
	some gap in rule.unknown with input as judged({"access": {"level": "unknown", "reason": "the role is hidden"}})
	gap.reason == "the role is hidden"
}
