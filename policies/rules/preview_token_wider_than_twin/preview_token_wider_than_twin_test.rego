package tokenaudit.rules.preview_token_wider_than_twin_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.preview_token_wider_than_twin as rule

item(id, alias_of) := {"id": id, "name": "", "primary": "no", "exists": "yes", "alias_of": alias_of}

listed(items) := {"environments": {"state": "listed", "items": items}}

every_one(items) := {"environments": {"state": "all", "items": items}}

judged(preview, delivery) := fixtures.input_of([object.union(fixtures.delivery, delivery), object.union(fixtures.preview, preview)], {})

main := item("main", "")

draft := item("draft", "")

test_wider_preview_token_fails if {
	some finding in rule.deny with input as judged(listed([main, draft]), listed([main]))
	finding.token == fixtures.preview.id
	finding.message == `preview token "website" opens environments that its delivery token does not: draft`
	finding.evidence.more == {"draft"}
}

test_what_does_not_exist_is_named_as_such if {
	gone := object.union(item("gone", ""), {"exists": "no"})
	some finding in rule.deny with input as judged(listed([main, draft, gone]), listed([main]))
	finding.message == `preview token "website" opens environments that its delivery token does not: draft; names environments that do not exist and that its delivery token does not name: gone`
}

test_what_could_not_be_checked_is_named_as_such if {
	many := [object.union(item(sprintf("env-%d", [n]), ""), {"exists": "unknown"}) | some n in numbers.range(1, 11)]
	some finding in rule.deny with input as judged(listed(many), listed([main]))
	startswith(finding.message, `preview token "website" may open environments that its delivery token does not (could not check whether they exist): env-1, env-10`)
	endswith(finding.message, " and 1 more")
}

test_everything_is_wider_than_a_list if {
	some finding in rule.deny with input as judged(every_one([main]), listed([main]))
	finding.message == `preview token "website" opens every environment, but its delivery token does not`
}

test_same_or_narrower_passes if {
	count(rule.deny) == 0 with input as judged(listed([main]), listed([main]))
	count(rule.deny) == 0 with input as judged(listed([main]), listed([main, draft]))
	count(rule.deny) == 0 with input as judged(listed([main]), every_one([main]))
	count(rule.deny) == 0 with input as judged(every_one([main]), every_one([main]))
	count(rule.unknown) == 0 with input as judged(listed([main]), listed([main]))
	rule.applies == {fixtures.preview.id} with input as judged(listed([main]), listed([main]))
}

test_an_alias_is_its_target if {
	count(rule.deny) == 0 with input as judged(listed([item("live", "main")]), listed([main]))
	count(rule.deny) == 0 with input as judged(listed([main]), listed([item("live", "main")]))
	count(rule.deny) == 1 with input as judged(listed([item("live", "draft")]), listed([main]))
}

test_unknown_twin_is_unknown if {
	some gap in rule.unknown with input as judged(listed([main]), {"environments": {"state": "unknown", "items": []}})
	gap.reason == "which environments its delivery token opens could not be read"
	some absent in rule.unknown with input as fixtures.input_of([fixtures.preview], {})
	absent.reason == "its delivery token is not in the inventory"
	count(rule.deny) == 0 with input as fixtures.input_of([fixtures.preview], {})
}

test_token_without_twin_is_none_of_our_business if {
	count(rule.applies) == 0 with input as fixtures.input_of([object.union(fixtures.preview, {"twin": ""})], {})
}
