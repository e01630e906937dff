package tokenaudit.rules.token_literal_in_code_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_literal_in_code as rule

plan(literals) := object.union(fixtures.input_of([], {}), {"source": {"kind": "plan", "literals": literals}})

literal := {
	"address": "provider.contentful",
	"attribute": "cma_token",
	"place": "provider",
	"cms": "contentful",
	"origin": {"file": "main.tf", "line": 3},
}

test_literal_fails if {
	some finding in rule.deny with input as plan([literal])
	finding.key == "provider.contentful cma_token"
	finding.message == "hard-coded credential for contentful in cma_token of provider.contentful"
	finding.evidence == {"address": "provider.contentful", "attribute": "cma_token", "place": "provider"}
}

test_unknown_system_is_left_out if {
	some finding in rule.deny with input as plan([object.union(literal, {"cms": ""})])
	startswith(finding.message, "hard-coded credential in")
}

test_each_literal_is_a_finding if {
	count(rule.deny) == 2 with input as plan([literal, object.union(literal, {"attribute": "headers.Authorization"})])
}

test_plan_without_literals_passes if {
	count(rule.deny) == 0 with input as plan([])
}

test_unread_configuration_is_unknown if {
	unread := {"source": {"units": [object.union(fixtures.unit, {"name": "configuration", "status": "failed", "detail": "there is none"})]}}
	some gap in rule.unknown with input as object.union(plan([]), unread)
	gap.reason == "the configuration behind the plan could not be read: there is none"
}

test_code_read_in_part_is_unknown if {
	cut := {"source": {"units": [object.union(fixtures.unit, {"name": "code", "status": "partial", "detail": "more than 5000 files"})]}}
	some gap in rule.unknown with input as object.union(plan([]), cut)
	gap.reason == "the code behind the plan was read only in part: more than 5000 files"
}

test_read_configuration_is_known if {
	read := {"source": {"units": [object.union(fixtures.unit, {"name": "configuration"})]}}
	count(rule.unknown) == 0 with input as object.union(plan([]), read)
}
