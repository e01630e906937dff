package tokenaudit.rules.delivery_token_can_write_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.delivery_token_can_write as rule

judged(change) := fixtures.input_of([object.union(fixtures.delivery, change)], {})

writes := {"access": {"level": "write", "write": true}}

admin := {"role": {"id": "1", "name": "Admin", "level": "admin"}}

test_delivery_token_that_writes_fails if {
	some finding in rule.deny with input as judged(object.union(writes, {"apis": ["content_delivery", "content_management"]}))
	finding.message == `delivery token "website" delivers content and can write`
	finding.evidence == {"apis": ["content_delivery", "content_management"], "access": "write", "role": ""}
}

test_evidence_names_the_role if {
	some finding in rule.deny with input as judged(object.union(writes, admin))
	finding.evidence.role == "Admin"
}

test_preview_counts_as_delivery if {
	count(rule.deny) == 1 with input as judged(object.union(writes, {"apis": ["content_preview"]}))
}

test_delivery_token_that_reads_passes if {
	count(rule.deny) == 0 with input as judged({})
	count(rule.allow) == 0 with input as judged({})
}

test_write_role_without_a_way_to_write_passes_with_a_word if {
	count(rule.deny) == 0 with input as judged(admin)
	some explanation in rule.allow with input as judged(admin)
	explanation.message == `the role "Admin" of delivery token "website" could write, but the token reaches only the delivery API, which cannot`
}

test_the_word_names_what_the_token_reaches if {
	some preview in rule.allow with input as judged(object.union(admin, {"apis": ["content_preview"]}))
	endswith(preview.message, "reaches only the preview API, which cannot")
	some both in rule.allow with input as judged(object.union(admin, {"apis": ["content_delivery", "content_preview"]}))
	endswith(both.message, "reaches only the delivery and preview APIs, which cannot")
}

test_write_role_that_reaches_the_management_api_gets_no_word if {
	reaching := object.union(admin, {"apis": ["content_delivery", "content_management"]})
	count(rule.allow) == 0 with input as judged(reaching)
}

test_reading_role_needs_no_word if {
	count(rule.allow) == 0 with input as judged({"role": {"id": "1", "name": "Reader", "level": "read"}})
}

test_level_that_nobody_knows_is_unknown if {
	unread := {"access": {"level": "unknown"}}
	fixtures.ids(rule.unknown) == {fixtures.delivery.id} with input as judged(unread)
	count(rule.unknown) == 0 with input as judged(object.union(unread, {"access": {"write": true, "assumed": true}}))
	count(rule.unknown) == 0 with input as judged({})
}
