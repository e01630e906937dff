package tokenaudit.rules.person_token_as_service_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.person_token_as_service as rule

mine := object.union(fixtures.token, {
	"kind": "personal",
	"owner": {"type": "person", "id": "u1", "name": "Ada", "state": "active"},
	"owner_idle_days": 40,
})

judged(change) := fixtures.input_of([object.union(mine, change)], {"owner_idle_days": 30})

test_token_at_work_without_its_owner_fails if {
	some finding in rule.deny with input as judged({})
	finding.message == `personal token "deploy" was used within the last 2 days, but its owner "Ada" was last seen 40 days ago`
	finding.evidence.max_owner_idle_days == 30
}

test_one_day_is_singular if {
	some finding in rule.deny with input as judged({"owner_idle_days": 30, "unused_days": {"min": 0, "max": 0}})
	contains(finding.message, "was used within the last day, but its owner")
	tight := object.union(judged({"owner_idle_days": 1, "unused_days": {"min": 0, "max": 0}}), {"params": {"owner_idle_days": 1}})
	some one in rule.deny with input as tight
	endswith(one.message, "was last seen 1 day ago")
}

test_owner_without_a_name_is_called_by_id if {
	some finding in rule.deny with input as judged({"owner": {"name": ""}})
	contains(finding.message, `but its owner "u1" was last seen 40 days ago`)
	some nobody in rule.deny with input as judged({"owner": {"name": "", "id": ""}})
	contains(nobody.message, "but its owner, whose name is unknown, was last seen 40 days ago")
}

test_at_the_thresholds if {
	count(rule.deny) == 0 with input as judged({"owner_idle_days": 29, "unused_days": {"min": 0, "max": 0}})
	count(rule.deny) == 1 with input as judged({"owner_idle_days": 30, "unused_days": {"min": 0, "max": 0}})
	count(rule.deny) == 1 with input as judged({"unused_days": {"min": 10, "max": 10}})
	count(rule.deny) == 0 with input as judged({"unused_days": {"min": 11, "max": 11}})
}

between(low, high) := {"last_used": {"state": "between"}, "unused_days": {"min": low, "max": high}}

test_bounds_decide_or_say_so if {
	count(rule.deny) == 1 with input as judged(between(5, 10))
	count(rule.deny) == 0 with input as judged(between(5, 11))
	some gap in rule.unknown with input as judged(between(5, 11))
	gap.reason == "the owner was last seen 40 days ago, and whether the token was used since is not known exactly enough"
	count(rule.unknown) == 0 with input as judged(between(5, 10))
	count(rule.unknown) == 0 with input as judged(between(11, 60))
}

test_a_record_shorter_than_the_threshold_does_not_decide if {
	count(rule.unknown) == 1 with input as silent({"min": 0, "record": 10})
	count(rule.unknown) == 0 with input as silent({"min": 0, "record": 11})
}

test_no_use_since_the_token_was_made_decides if {
	count(rule.unknown) == 0 with input as silent({"min": 5, "max": 9, "record": 10})
	count(rule.unknown) == 1 with input as silent({"min": 5, "max": 10, "record": 10})
	count(rule.unknown) == 1 with input as silent({"min": 5, "max": 20, "record": 10})
}

silent(days) := object.union(
	fixtures.input_of([], {"owner_idle_days": 30}),
	{"tokens": [object.union(
		object.remove(mine, ["unused_days"]),
		{"last_used": {"state": "none_on_record"}, "unused_days": days},
	)]},
)

test_owner_who_never_signed_in_is_a_program if {
	program := object.remove(object.union(mine, {"owner": {"last_active": {"state": "none"}}}), ["owner_idle_days"])
	seen := fixtures.input_of([program], {"owner_idle_days": 30})
	count(rule.deny) == 0 with input as seen
	some explanation in rule.allow with input as seen
	explanation.message == `the owner "Ada" of personal token "deploy" has never signed in: an account made for a program`
	count(rule.allow) == 0 with input as judged({"owner": {"last_active": {"state": "at"}}})
	nameless := fixtures.input_of([object.union(program, {"owner": {"name": ""}})], {"owner_idle_days": 30})
	some by_id in rule.allow with input as nameless
	contains(by_id.message, `the owner "u1" of personal token`)
}

test_unused_token_is_no_automation if {
	count(rule.deny) == 0 with input as judged({"last_used": {"state": "never"}})
	count(rule.deny) == 0 with input as judged({"last_used": {"state": "none_on_record"}})
	rule.applies == {mine.id} with input as judged({})
}

test_what_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged({"owner": {"type": "app"}})
}
