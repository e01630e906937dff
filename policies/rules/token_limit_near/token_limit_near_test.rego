package tokenaudit.rules.token_limit_near_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_limit_near as rule

tokens(n, change) := [token |
	some i in numbers.range(1, n)
	token := object.union_n([
		fixtures.token,
		{
			"id": sprintf("t%d", [i]),
			"name": sprintf("name %d", [i]),
			"created_at": {"at": sprintf("2026-%02d-01T00:00:00Z", [13 - i])},
		},
		change,
	])
]

judged(list) := fixtures.input_of(list, {"limit": 5, "delivery_limit": 7})

test_one_below_the_limit_fails if {
	some finding in rule.deny with input as judged(tokens(4, {}))
	finding.message == `"Shop" has 4 valid management tokens and may have 5: the one after the next ends the oldest, "name 4"`
	finding.evidence == {"valid": 4, "limit": 5, "oldest": "t4"}
}

test_at_the_limit_fails if {
	some finding in rule.deny with input as judged(tokens(5, {}))
	finding.message == `"Shop" has 5 valid management tokens and may have 5: the next one ends the oldest, "name 5"`
}

test_fractions_of_a_second_tell_which_is_the_oldest if {
	times := ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.25Z", "2026-01-01T00:00:00.2Z"]
	list := [object.union(token, {"created_at": {"at": times[i]}}) | some i, token in tokens(4, {})]
	some finding in rule.deny with input as judged(list)
	finding.evidence.oldest == "t2"
}

test_two_below_the_limit_passes if {
	count(rule.deny) == 0 with input as judged(tokens(3, {}))
	count(rule.unknown) == 0 with input as judged(tokens(3, {}))
}

test_unknown_age_names_nobody if {
	some finding in rule.deny with input as judged(tokens(4, {"created_at": {"state": "unknown"}}))
	finding.message == `"Shop" has 4 valid management tokens and may have 5: the one after the next ends the oldest`
}

test_unknown_expiry_is_unknown_where_it_matters if {
	unread := tokens(2, {"expiry": {"state": "unknown"}})
	some gap in rule.unknown with input as judged(array.concat(unread, tokens(2, {})))
	gap.reason == "whether 2 management tokens are still valid is not known"
	count(rule.unknown) == 0 with input as judged(unread)
	count(rule.deny) == 1 with input as judged(array.concat(unread, tokens(4, {})))
}

test_unknown_revocation_is_unknown_where_it_matters if {
	count(rule.unknown) == 1 with input as judged(tokens(4, {"revoked_at": {"state": "unknown"}}))
	count(rule.deny) == 0 with input as judged(tokens(4, {"revoked_at": {"state": "unknown"}}))
}

test_the_oldest_is_named_only_where_it_is_certain if {
	unread := [object.union(token, {"id": "u", "expiry": {"state": "unknown"}}) | some token in tokens(1, {})]
	some finding in rule.deny with input as judged(array.concat(unread, tokens(4, {})))
	finding.message == `"Shop" has at least 4 valid management tokens and may have 5: the next one may end the oldest`
	finding.evidence.oldest == ""
	some full in rule.deny with input as judged(array.concat(unread, tokens(5, {})))
	full.message == `"Shop" has at least 5 valid management tokens and may have 5: the next one ends the oldest`
}

unread(kind) := {"source": {"units": [object.union(fixtures.unit, {"kinds": [kind], "status": "partial"})]}}

test_list_that_was_read_in_part_has_at_least_these if {
	some finding in rule.deny with input as object.union(judged(tokens(4, {})), unread("management"))
	finding.message == `"Shop" has at least 4 valid management tokens and may have 5: the next one may end the oldest`
	some other in rule.deny with input as object.union(judged(tokens(4, {})), unread("delivery"))
	startswith(other.message, `"Shop" has 4 valid management tokens`)
}

test_more_tokens_than_the_limit_show_that_it_is_another if {
	some finding in rule.deny with input as judged(tokens(6, {}))
	finding.message == `"Shop" has 6 valid management tokens, more than the 5 that the parameter limit allows: set it to the limit of your plan`
	some delivery in rule.deny with input as judged(tokens(8, {"kind": "delivery"}))
	delivery.message == `"Shop" has 8 delivery tokens, more than the 7 that the parameter delivery_limit allows: set it to the limit of your plan`
}

test_delivery_tokens_have_a_limit_of_their_own if {
	count(rule.deny) == 0 with input as judged(tokens(5, {"kind": "delivery"}))
	some finding in rule.deny with input as judged(tokens(6, {"kind": "delivery"}))
	finding == {
		"key": "delivery_tokens",
		"message": `"Shop" has 6 delivery tokens and may have 7: there is room for one more`,
		"evidence": {"valid": 6, "limit": 7},
	}
	some full in rule.deny with input as judged(tokens(7, {"kind": "delivery"}))
	full.message == `"Shop" has 7 delivery tokens and may have 7: there is no room for more`
	some partial in rule.deny with input as object.union(judged(tokens(6, {"kind": "delivery"})), unread("delivery"))
	partial.message == `"Shop" has at least 6 delivery tokens and may have 7: there is room for at most one more`
}

test_preview_tokens_do_not_count if {
	count(rule.deny) == 0 with input as judged(tokens(9, {"kind": "preview"}))
}

test_both_limits_are_two_findings if {
	both := array.concat(tokens(4, {}), [object.union(token, {"id": sprintf("d-%s", [token.id])}) | some token in tokens(6, {"kind": "delivery"})])
	count(rule.deny) == 2 with input as judged(both)
}

test_a_source_without_tokens_passes_whatever_the_limit if {
	count(rule.deny) == 0 with input as fixtures.input_of([], {"limit": 1, "delivery_limit": 1})
}
