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

test_at_the_thresholds if {
	count(rule.deny) == 0 with input as judged({"owner_idle_days": 29})
	count(rule.deny) == 1 with input as judged({"owner_idle_days": 30})
	count(rule.deny) == 1 with input as judged({"unused_days": {"min": 29, "max": 29}})
	count(rule.deny) == 0 with input as judged({"unused_days": {"min": 30, "max": 30}})
}

between(low, high) := {"last_used": {"state": "between"}, "unused_days": {"min": low, "max": high}}

test_bounds_decide_or_say_so if {
	count(rule.deny) == 1 with input as judged(between(5, 29))
	count(rule.deny) == 0 with input as judged(between(5, 30))
	some gap in rule.unknown with input as judged(between(5, 30))
	gap.reason == "the owner was last seen 40 days ago, and whether the token was used since is not known exactly enough"
	count(rule.unknown) == 0 with input as judged(between(5, 29))
	count(rule.unknown) == 0 with input as judged(between(30, 60))
}

test_unused_token_is_no_automation if {
	count(rule.deny) == 0 with input as judged({"last_used": {"state": "never"}})
	count(rule.deny) == 0 with input as judged({"last_used": {"state": "none_on_record"}})
	rule.applies == {mine.id} with input as judged({})
}

test_what_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged({"owner": {"type": "app"}})
	count(rule.applies) == 0 with input as judged({"status": "expired"})
	count(rule.deny) == 0 with input as judged({"status": "expired"})
}
