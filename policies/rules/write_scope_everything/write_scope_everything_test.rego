package tokenaudit.rules.write_scope_everything_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.write_scope_everything as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

test_everything_writable_fails if {
	some finding in rule.deny with input as judged({"access": {"grants": ["$all:read", "$all:write", "branch:read"]}})
	finding.message == `management token "deploy" can write every module of the stack`
}

test_narrower_scopes_pass[name] if {
	some name, grants in {
		"everything readable": ["$all:read"],
		"some writable": ["content_type:write", "entry:write"],
		"nothing": [],
	}
	count(rule.deny) == 0 with input as judged({"access": {"grants": grants}})
}

test_unread_scope_is_unknown if {
	count(rule.unknown) == 1 with input as judged({"access": {"level": "unknown"}})
	count(rule.unknown) == 0 with input as judged({})
}
