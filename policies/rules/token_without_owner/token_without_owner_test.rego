package tokenaudit.rules.token_without_owner_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.token_without_owner as rule

judged(change) := fixtures.input_of([object.union(fixtures.token, change)], {})

test_token_without_team_fails if {
	some finding in rule.deny with input as judged({})
	finding.token == fixtures.token.id
	finding.message == `no team answers for management token "deploy"`
	count(rule.unknown) == 0 with input as judged({})
}

test_token_of_a_team_passes if {
	count(rule.deny) == 0 with input as judged({"team": "web"})
	count(rule.unknown) == 0 with input as judged({"team": "web"})
}

test_team_that_may_be_another_passes if {
	either := {"team": "web", "team_unknown": "hidden"}
	count(rule.deny) == 0 with input as judged(either)
	count(rule.unknown) == 0 with input as judged(either)
}

test_unknown_owner_is_unknown if {
	hidden := {"team_unknown": "hidden"}
	count(rule.deny) == 0 with input as judged(hidden)
	some gap in rule.unknown with input as judged(hidden)
	gap == {"token": fixtures.token.id, "reason": "hidden"}
}
