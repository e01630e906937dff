package tokenaudit.rules.token_not_rotated_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_not_rotated as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {"max_age_days": 365})

test_at_the_threshold if {
	count(rule.deny) == 0 with input as judged({"age_days": 364})
	some finding in rule.deny with input as judged({"age_days": 365})
	finding.message == `management token "deploy" was created 365 days ago, on 2026-08-14`
	finding.evidence == {"created_at": "2026-08-14T12:00:00Z", "age_days": 365, "max_age_days": 365}
}

unknown_creation := {"created_at": {"state": "unknown", "reason": "DatoCMS tells no date of creation"}}

undated(age) := object.union(
	fixtures.input_of([], {"max_age_days": 365}),
	{"tokens": [object.union_n([object.remove(fixtures.token, ["age_days"]), unknown_creation, age])]},
)

test_an_earlier_inventory_proves_the_age if {
	some finding in rule.deny with input as undated({"age": {"min": 365}})
	finding.message == `management token "deploy" is at least 365 days old: an earlier inventory has it`
	finding.evidence.age.min == 365
	count(rule.unknown) == 0 with input as undated({"age": {"min": 365}})
}

test_bounds_that_straddle_the_threshold_decide_nothing[age] if {
	some age in [{}, {"age": {"min": 364}}, {"age": {"min": 10, "max": 365}}]
	count(rule.deny) == 0 with input as undated(age)
	some gap in rule.unknown with input as undated(age)
	gap.token == fixtures.token.id
	gap.reason == "DatoCMS tells no date of creation"
}

test_a_creation_that_the_cms_does_not_have_is_unknown if {
	some gap in rule.unknown with input as undated({"created_at": {"state": "none", "reason": ""}})
	gap.reason == "when the token was created is not known"
}

test_a_token_that_was_not_there_a_year_ago_is_young if {
	count(rule.deny) == 0 with input as undated({"age": {"min": 10, "max": 364}})
	count(rule.unknown) == 0 with input as undated({"age": {"min": 10, "max": 364}})
}

test_one_day_is_singular if {
	strict := {"params": {"max_age_days": 1}}
	some finding in rule.deny with input as object.union(judged({"age_days": 1}), strict)
	contains(finding.message, "was created 1 day ago")
	some old in rule.deny with input as object.union(undated({"age": {"min": 1}}), strict)
	contains(old.message, "is at least 1 day old")
}
