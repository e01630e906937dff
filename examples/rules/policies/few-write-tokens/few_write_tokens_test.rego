package custom.rules.few_write_tokens_test

import data.custom.rules.few_write_tokens as rule

called(id) := object.union(management, {"id": id})

judged(tokens) := input_of(tokens, {"most": 2})

test_more_than_the_most_fail if {
	some finding in rule.deny with input as judged([called("c"), called("a"), called("b")])
	finding.message == `"Shop" has 3 tokens that can write, and may have 2`
	finding.evidence == {"tokens": ["a", "b", "c"], "most": 2}
}

test_the_most_pass if {
	count(rule.deny) == 0 with input as judged([called("a"), called("b")])
}

test_tokens_whose_rights_could_not_be_read_leave_it_open if {
	unread := object.union(called("c"), {"access": {"level": "unknown", "assumed": true}})
	count(rule.deny) == 0 with input as judged([called("a"), called("b"), unread])
	some gap in rule.unknown with input as judged([called("a"), called("b"), unread])
	gap.reason == "2 tokens can write, and of 1 more it could not be read"
	count(rule.unknown) == 0 with input as judged([called("a"), unread])
}

test_what_is_proven_stands if {
	unread := object.union(called("d"), {"access": {"level": "unknown", "assumed": true}})
	count(rule.deny) == 1 with input as judged([called("a"), called("b"), called("c"), unread])
	count(rule.unknown) == 0 with input as judged([called("a"), called("b"), called("c"), unread])
}
