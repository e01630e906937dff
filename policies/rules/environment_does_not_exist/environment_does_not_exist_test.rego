package tokenaudit.rules.environment_does_not_exist_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.environment_does_not_exist as rule

judged(items) := fixtures.input_of([object.union(fixtures.delivery, {"environments": {"items": items}})], {})

item(id, exists) := {"id": id, "name": "", "primary": "no", "exists": exists, "alias_of": ""}

test_missing_environment_fails if {
	some finding in rule.deny with input as judged([item("main", "yes"), item("old", "no")])
	finding.message == `delivery token "website" names environments that do not exist: old`
	finding.evidence == {"missing": ["old"]}
}

test_long_lists_are_cut_and_counted if {
	many := [item(sprintf("env-%d", [n]), exists) | some exists in ["no", "unknown"]; some n in numbers.range(1, 76)]
	some finding in rule.deny with input as judged(many)
	endswith(finding.message, "env-9, env-10 and 66 more")
	some gap in rule.unknown with input as judged(many)
	endswith(gap.reason, "env-9, env-10 and 66 more")
}

test_existing_environments_pass if {
	count(rule.deny) == 0 with input as judged([item("main", "yes")])
	count(rule.unknown) == 0 with input as judged([item("main", "yes")])
	rule.applies == {fixtures.delivery.id} with input as judged([item("main", "yes")])
}

test_untold_existence_is_unknown if {
	some gap in rule.unknown with input as judged([item("main", "yes"), item("other", "unknown")])
	gap.reason == "could not check whether these environments exist: other"
	count(rule.deny) == 0 with input as judged([item("other", "unknown")])
}

test_all_environments_are_none_of_our_business if {
	count(rule.applies) == 0 with input as fixtures.input_of([object.union(fixtures.delivery, {"environments": {"state": "all"}})], {})
}

test_unknown_scope_is_left_to_the_engine if {
	unknown := object.union(fixtures.delivery, {"environments": {"state": "unknown", "items": []}})
	rule.applies == {fixtures.delivery.id} with input as fixtures.input_of([unknown], {})
}
