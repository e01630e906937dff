package tokenaudit.rules.owner_gone_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.owner_gone as rule

person := {"owner": {"type": "person", "id": "u1", "name": "Ada", "state": "active"}}

judged(change) := fixtures.input_of([object.union_n([fixtures.token, person, change])], {})

test_gone_owner_fails[state] if {
	some state in ["deactivated", "removed"]
	some finding in rule.deny with input as judged({"owner": {"state": state}})
	finding.message == sprintf(`management token "deploy" still works although its owner "Ada" is %s`, [state])
	finding.evidence == {"owner": "u1", "owner_name": "Ada", "owner_state": state}
}

test_nameless_owner_is_called_by_id if {
	some finding in rule.deny with input as judged({"owner": {"state": "removed", "name": ""}})
	contains(finding.message, `its owner "u1" is`)
}

test_owner_of_whom_nothing_is_known if {
	some finding in rule.deny with input as judged({"owner": {"state": "removed", "name": "", "id": ""}})
	contains(finding.message, "its owner, whose name is unknown, is removed")
}

test_active_owner_passes if {
	count(rule.deny) == 0 with input as judged({})
	rule.applies == {fixtures.token.id} with input as judged({})
}

test_unknown_owner_is_left_to_the_engine if {
	count(rule.deny) == 0 with input as judged({"owner": {"type": "unknown", "state": "unknown"}})
	rule.applies == {fixtures.token.id} with input as judged({"owner": {"type": "unknown", "state": "unknown"}})
}

test_what_is_none_of_our_business if {
	count(rule.applies) == 0 with input as judged({"owner": {"type": "none"}})
}

test_a_token_that_works_no_more_is_inert if {
	refused := {"owner": {"state": "deactivated"}, "apis": []}
	count(rule.applies) == 0 with input as judged(refused)
}
