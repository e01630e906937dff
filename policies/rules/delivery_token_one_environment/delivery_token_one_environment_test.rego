package tokenaudit.rules.delivery_token_one_environment_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.delivery_token_one_environment as rule

two := {"environments": {
	"items": [
		{"id": "main", "name": "", "primary": "yes", "exists": "yes", "alias_of": ""},
		{"id": "staging", "name": "", "primary": "no", "exists": "yes", "alias_of": ""},
	],
	"effective": 2,
}}

judged(tokens) := fixtures.input_of(tokens, {})

test_two_environments_fail if {
	some finding in rule.deny with input as judged([object.union(fixtures.delivery, two)])
	finding.message == `delivery token "website" opens 2 environments: main, staging`
	finding.evidence == {"environments": ["main", "staging"], "effective": 2, "scope": "listed"}
}

test_all_environments_fail_when_there_are_several if {
	all := object.union(fixtures.delivery, object.union(two, {"environments": {"state": "all"}}))
	count(rule.deny) == 1 with input as judged([all])
}

test_one_environment_passes if {
	count(rule.deny) == 0 with input as judged([fixtures.delivery])
	rule.applies == {fixtures.delivery.id} with input as judged([fixtures.delivery])
}

test_an_alias_and_its_target_are_one if {
	alias := object.union(fixtures.delivery, object.union(two, {"environments": {"effective": 1}}))
	count(rule.deny) == 0 with input as judged([alias])
}

test_all_of_one_environment_passes_with_a_word if {
	all := object.union(fixtures.delivery, {"environments": {"state": "all"}})
	count(rule.deny) == 0 with input as judged([all])
	fixtures.ids(rule.allow) == {all.id} with input as judged([all])
}

test_management_token_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged([object.union(fixtures.token, two)])
	count(rule.deny) == 0 with input as judged([object.union(fixtures.token, two)])
}

test_twin_with_the_scope_of_its_delivery_token_is_judged_with_it if {
	tokens := [object.union(fixtures.delivery, two), object.union(fixtures.preview, two)]
	rule.applies == {fixtures.delivery.id} with input as judged(tokens)
}

test_twin_with_another_scope_is_judged_by_itself if {
	tokens := [fixtures.delivery, object.union(fixtures.preview, two)]
	rule.applies == {fixtures.delivery.id, fixtures.preview.id} with input as judged(tokens)
	fixtures.ids(rule.deny) == {fixtures.preview.id} with input as judged(tokens)
}

test_twin_of_a_token_that_is_not_there_is_judged_by_itself if {
	rule.applies == {fixtures.preview.id} with input as judged([fixtures.preview])
}

test_twin_of_unknown_scope_is_not_taken_for_the_same if {
	unknown := {"environments": {"state": "unknown", "items": [], "effective": 0}}
	tokens := [object.union(fixtures.delivery, unknown), object.union(fixtures.preview, unknown)]
	rule.applies == {fixtures.delivery.id, fixtures.preview.id} with input as judged(tokens)
}

test_long_lists_are_cut_in_the_message if {
	items := [{"id": sprintf("env-%d", [n]), "name": "", "primary": "no", "exists": "yes", "alias_of": ""} | some n in numbers.range(1, 30)]
	many := object.union(fixtures.delivery, {"environments": {"items": items, "effective": 30}})
	some finding in rule.deny with input as judged([many])
	contains(finding.message, "env-10")
	not contains(finding.message, "env-11")
	count(finding.evidence.environments) == 30
}
