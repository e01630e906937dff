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
	open := object.union_n([fixtures.delivery, two, {"environments": {"state": "all"}}])
	count(rule.deny) == 1 with input as judged([open])
}

test_one_environment_passes if {
	count(rule.deny) == 0 with input as judged([fixtures.delivery])
	rule.applies == {fixtures.delivery.id} with input as judged([fixtures.delivery])
}

test_an_alias_and_its_target_are_one if {
	alias := object.union_n([fixtures.delivery, two, {"environments": {"effective": 1}}])
	count(rule.deny) == 0 with input as judged([alias])
}

test_all_of_one_environment_passes_with_a_word if {
	open := object.union(fixtures.delivery, {"environments": {"state": "all"}})
	count(rule.deny) == 0 with input as judged([open])
	fixtures.ids(rule.allow) == {open.id} with input as judged([open])
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

item(id, exists, alias_of) := {"id": id, "name": "", "primary": "no", "exists": exists, "alias_of": alias_of}

scoped(state, effective, items) := judged([object.union(fixtures.delivery, {"environments": {"state": state, "effective": effective, "items": items}})])

numbered(n, exists) := [item(sprintf("env-%03d", [i]), exists, "") | some i in numbers.range(1, n)]

test_long_lists_are_cut_and_counted if {
	some finding in rule.deny with input as scoped("listed", 30, numbered(30, "yes"))
	finding.message == `delivery token "website" opens 30 environments: env-001, env-002, env-003, env-004, env-005, env-006, env-007, env-008, env-009, env-010 and 20 more`
	count(finding.evidence.environments) == 30
}

test_what_does_not_exist_is_named_as_such if {
	some finding in rule.deny with input as scoped("listed", 77, array.concat([item("main", "yes", "")], numbered(76, "no")))
	finding.message == `delivery token "website" has a scope of 77 environments: opens 1 environment: main; names 76 environments that do not exist: env-001, env-002, env-003, env-004, env-005, env-006, env-007, env-008, env-009, env-010 and 66 more`
	some one in rule.deny with input as scoped("listed", 3, [item("a", "yes", ""), item("b", "yes", ""), item("gone", "no", "")])
	one.message == `delivery token "website" opens 2 environments: a, b; names 1 environment that does not exist: gone`
}

test_what_could_not_be_checked_is_named_as_such if {
	some finding in rule.deny with input as scoped("listed", 2, numbered(2, "unknown"))
	finding.message == `delivery token "website" may open 2 environments (could not check whether they exist): env-001, env-002`
	some two in rule.deny with input as scoped("listed", 2, [item("main", "yes", ""), item("qa", "unknown", "")])
	two.message == `delivery token "website" has a scope of 2 environments: opens 1 environment: main; may open 1 environment (could not check whether it exists): qa`
}

test_every_environment_is_more_than_those_of_now if {
	some finding in rule.deny with input as scoped("all", 2, numbered(2, "yes"))
	finding.message == `delivery token "website" opens every environment, 2 now: env-001, env-002`
}

test_alias_and_target_are_named_once if {
	items := [item("live", "yes", "master"), item("master", "yes", "master-2"), item("master-2", "yes", ""), item("staging", "yes", "")]
	some finding in rule.deny with input as scoped("listed", 2, items)
	finding.message == `delivery token "website" opens 2 environments: master-2 (alias master), staging`
}
