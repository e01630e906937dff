package tokenaudit.rules.token_lifetime_too_long_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_lifetime_too_long as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {"max_lifetime_days": 365})

test_at_the_threshold if {
	count(rule.deny) == 0 with input as judged({"lifetime_days": 364})
	some finding in rule.deny with input as judged({"lifetime_days": 365})
	finding.message == `management token "deploy" has a lifetime of 365 days, until 2027-03-02`
	finding.evidence.max_lifetime_days == 365
}

test_what_is_none_of_our_business[name] if {
	some name, change in {
		"a token that never expires": {"expiry": {"state": "never"}},
	}
	count(rule.applies) == 0 with input as judged(change)
}

test_unknown_expiry_is_unknown if {
	rule.applies == {fixtures.token.id} with input as judged({"expiry": {"state": "unknown"}})
	{gap.reason | some gap in rule.unknown} == {"when the token expires is not known"} with input as judged({"expiry": {"state": "unknown"}})
	{gap.reason | some gap in rule.unknown} == {"hidden"} with input as judged({"expiry": {"state": "unknown", "reason": "hidden"}})
	count(rule.unknown) == 0 with input as judged({})
}

# It expires in 100 days.
undated(change) := object.union(
	fixtures.input_of([], {"max_lifetime_days": 365}),
	{"tokens": [object.union_n([
		object.remove(fixtures.token, ["age_days", "lifetime_days"]),
		{"created_at": {"state": "unknown", "reason": "DatoCMS tells no date of creation"}},
		change,
	])]},
)

test_an_earlier_inventory_proves_the_lifetime if {
	some finding in rule.deny with input as undated({"age": {"min": 265, "max": 300}})
	finding.message == `management token "deploy" has a lifetime of at least 365 days, until 2027-03-02: an earlier inventory has it`
	finding.evidence.age == {"min": 265, "max": 300}
}

test_bounds_that_straddle_the_threshold_decide_nothing[age] if {
	some age in [{}, {"age": {"min": 264}}, {"age": {"min": 10, "max": 264}}]
	count(rule.deny) == 0 with input as undated(age)
	{gap.reason | some gap in rule.unknown} == {"DatoCMS tells no date of creation"} with input as undated(age)
}

test_a_token_that_was_not_there_long_ago_lives_shortly if {
	count(rule.deny) == 0 with input as undated({"age": {"min": 10, "max": 263}})
	count(rule.unknown) == 0 with input as undated({"age": {"min": 10, "max": 263}})
}

test_a_creation_that_the_cms_does_not_have_is_unknown if {
	none := object.union(undated({}), {"tokens": [object.union(token, {"created_at": {"state": "none", "reason": ""}}) | some token in undated({}).tokens]})
	{gap.reason | some gap in rule.unknown} == {"when the token was created is not known"} with input as none
}

test_one_day_is_singular if {
	strict := {"params": {"max_lifetime_days": 1}}
	some finding in rule.deny with input as object.union(judged({"lifetime_days": 1}), strict)
	contains(finding.message, "has a lifetime of 1 day, until")
	some old in rule.deny with input as object.union(undated({"age": {"min": 0}, "expires_in_days": 1}), strict)
	contains(old.message, "has a lifetime of at least 1 day, until")
}
