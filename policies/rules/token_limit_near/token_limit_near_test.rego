package tokenaudit.rules.token_limit_near_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_limit_near as rule

tokens(n, change) := [token |
	some i in numbers.range(1, n)
	token := object.union(
		object.union(fixtures.token, {
			"id": sprintf("t%d", [i]),
			"name": sprintf("name %d", [i]),
			"created_at": {"at": sprintf("2026-0%d-01T00:00:00Z", [10 - i])},
		}),
		change,
	)
]

judged(list) := fixtures.input_of(list, {"limit": 5})

test_one_below_the_limit_fails if {
	some finding in rule.deny with input as judged(tokens(4, {}))
	finding.message == `"Shop" has 4 valid management tokens and may have 5: the next one but one ends the oldest, "name 4"`
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
	rule.applies == {"contentstack/stacks/blt1"} with input as judged(tokens(3, {}))
}

test_only_valid_management_tokens_count if {
	count(rule.deny) == 0 with input as judged(tokens(9, {"status": "expired"}))
	count(rule.deny) == 0 with input as judged(tokens(9, {"kind": "delivery"}))
}

test_unknown_age_names_nobody if {
	some finding in rule.deny with input as judged(tokens(4, {"created_at": {"state": "unknown"}}))
	finding.message == `"Shop" has 4 valid management tokens and may have 5: the next one but one ends the oldest`
}

test_unknown_expiry_is_unknown_where_it_matters if {
	unread := tokens(2, {"expiry": {"state": "unknown"}})
	some gap in rule.unknown with input as judged(array.concat(unread, tokens(2, {})))
	gap.reason == "of 2 management tokens it is not known whether they have expired"
	count(rule.unknown) == 0 with input as judged(unread)
	count(rule.deny) == 1 with input as judged(array.concat(unread, tokens(4, {})))
}

test_other_cms_is_none_of_our_business if {
	elsewhere := object.union(judged([]), {"source": {"cms": "datocms"}})
	count(rule.applies) == 0 with input as elsewhere
}
