package tokenaudit.rules.admin_token_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.admin_token as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

test_administrator_fails if {
	some finding in rule.deny with input as judged({"access": {"level": "admin", "grants": ["can_manage_users"]}})
	finding.message == `management token "deploy" is an administrator`
	finding.evidence == {"access": "admin", "grants": ["can_manage_users"]}
}

test_every_other_level_passes[level] if {
	some level in ["none", "read", "trigger", "write", "schema"]
	count(rule.deny) == 0 with input as judged({"access": {"level": level}})
	count(rule.unknown) == 0 with input as judged({"access": {"level": level}})
}

test_unknown_level_is_unknown if {
	rule.unknown == {{"token": fixtures.token.id, "reason": "no right"}} with input as judged({"access": {"level": "unknown", "reason": "no right"}})
	some gap in rule.unknown with input as judged({"access": {"level": "unknown"}})
	gap.reason == "what the token can do could not be read"
	count(rule.deny) == 0 with input as judged({"access": {"level": "unknown"}})
}
