package tokenaudit.rules.duplicate_token_name_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.duplicate_token_name as rule

called(id, change) := object.union_n([fixtures.token, {"id": id}, change])

judged(tokens) := fixtures.input_of(tokens, {})

test_shared_name_fails_once if {
	some finding in rule.deny with input as judged([called("b", {}), called("a", {}), called("c", {"name": " deploy "}), called("d", {"name": "other"})])
	finding == {
		"key": "deploy",
		"message": `3 active tokens of "Shop" are called "deploy"`,
		"evidence": {"tokens": ["a", "b", "c"]},
	}
}

test_each_shared_name_is_a_finding if {
	tokens := [called("a", {}), called("b", {}), called("c", {"name": "x"}), called("d", {"name": "x"})]
	{finding.key | some finding in rule.deny} == {"deploy", "x"} with input as judged(tokens)
}

test_planned_token_is_named if {
	tokens := [called("a", {}), called("b", {"planned": "create"}), called("c", {"planned": "unchanged"})]
	some finding in rule.deny with input as judged(tokens)
	finding.token == "b"
}

test_what_does_not_count[name] if {
	some name, change in {
		"another name": {"name": "other"},
		"no name": {"name": ""},
		"the preview twin": {"kind": "preview", "twin": "a"},
	}
	count(rule.deny) == 0 with input as judged([called("a", {}), called("b", change)])
}

test_two_without_names_pass if {
	count(rule.deny) == 0 with input as judged([called("a", {"name": ""}), called("b", {"name": " "})])
}
