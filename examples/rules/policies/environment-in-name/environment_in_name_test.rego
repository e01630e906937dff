package custom.rules.environment_in_name_test

import data.custom.rules.environment_in_name as rule

production := {"id": "master", "name": "", "primary": "yes", "exists": "yes", "alias_of": ""}

staging := {"id": "blt1", "name": "Staging", "primary": "no", "exists": "yes", "alias_of": ""}

judged(name, environment) := input_of(
	[object.union(delivery, {"name": name, "environments": {"items": [environment]}})],
	{"primary_word": "production"},
)

test_name_without_the_environment_fails if {
	some finding in rule.deny with input as judged("website", staging)
	finding.token == delivery.id
	finding.message == `delivery token "website" does not end with Staging`
	finding.evidence == {"environments": ["blt1"], "words": ["Staging"]}
}

test_primary_environment_has_a_word_of_its_own if {
	count(rule.deny) == 1 with input as judged("website master", production)
	count(rule.deny) == 0 with input as judged("website production", production)
}

test_name_with_the_environment_passes if {
	rule.applies == {delivery.id} with input as judged("website staging", staging)
	count(rule.deny) == 0 with input as judged("website staging", staging)
}

test_unknown_primary_finds_nothing if {
	count(rule.deny) == 0 with input as judged("website", object.union(staging, {"primary": "unknown"}))
}

test_one_name_of_an_alias_and_its_target_is_enough if {
	alias := {"id": "green", "name": "", "primary": "no", "exists": "yes", "alias_of": "master"}
	both := {"environments": {"items": [alias, production]}}
	params := {"primary_word": "production"}
	count(rule.deny) == 0 with input as input_of([object.union_n([delivery, both, {"name": "shop production"}])], params)
	count(rule.deny) == 0 with input as input_of([object.union_n([delivery, both, {"name": "shop green"}])], params)
	some finding in rule.deny with input as input_of([object.union_n([delivery, both, {"name": "shop"}])], params)
	finding.message == `delivery token "shop" does not end with green or production`
}

test_several_environments_not_applicable if {
	several := object.union(delivery, {"environments": {"effective": 2, "items": [production, staging]}})
	count(rule.applies) == 0 with input as input_of([several], {"primary_word": "production"})
}
