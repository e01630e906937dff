package tokenaudit.rules.unused_write_access_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.unused_write_access as rule

both := object.union(fixtures.token, {"cms": "datocms", "apis": ["content_delivery", "content_management"]})

judged(change) := fixtures.input_of([object.union(both, change)], {})

management(use) := {"last_used_by_api": {"content_management": use}}

test_no_use_on_record_fails if {
	unused := management({"state": "none_on_record", "latest": "2026-10-01T00:00:00Z"})
	some finding in rule.deny with input as judged(unused)
	finding.message == `management token "deploy" can write, and has no use of the management API on record since 2026-10-01`
	count(rule.unknown) == 0 with input as judged(unused)
}

test_never_used_fails if {
	some finding in rule.deny with input as judged(management({"state": "never"}))
	finding.message == `management token "deploy" can write, and has no use of the management API on record`
}

test_used_passes if {
	some use in [{"state": "at", "at": "2026-11-01T00:00:00Z"}, {"state": "between", "earliest": "2026-10-01T00:00:00Z", "latest": "2026-10-31T00:00:00Z"}]
	count(rule.deny) == 0 with input as judged(management(use))
	count(rule.unknown) == 0 with input as judged(management(use))
	rule.applies == {both.id} with input as judged(management(use))
}

test_untold_use_is_unknown if {
	some gap in rule.unknown with input as judged({})
	gap.reason == "datocms does not report when the management API was last used"
	count(rule.unknown) == 1 with input as judged(management({"state": "unknown"}))
	some word in rule.unknown with input as judged(management({"state": "unknown", "reason": "a word that is not documented"}))
	word.reason == "a word that is not documented"
	count(rule.deny) == 0 with input as judged(management({"state": "unknown"}))
}

test_a_token_for_management_alone_is_none_of_our_business if {
	alone := object.union(management({"state": "never"}), {"apis": ["content_management"]})
	count(rule.applies) == 0 with input as judged(alone)
}
