package tokenaudit.rules.leaked_token_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.leaked_token as rule

leak := {
	"tool": "gitleaks",
	"rule": "generic-api-key",
	"file": "config/.env",
	"line": 3,
	"commit": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
	"date": "2026-11-01T09:00:00Z",
	"match": "exact",
}

judged(exposure) := fixtures.input_of([object.union(fixtures.token, {"exposure": exposure})], {})

found(leaks) := judged({"state": "found", "reason": "", "found": leaks})

test_leaked_secret_fails if {
	some finding in rule.deny with input as found([leak])
	finding.message == `the secret of management token "deploy" has leaked: gitleaks found it in config/.env, line 3, commit 0a1b2c3d4e5f`
	finding.evidence == {"places": 1, "found": [leak]}
	count(rule.unknown) == 0 with input as found([leak])
}

test_further_places_are_counted if {
	some finding in rule.deny with input as found([leak, object.union(leak, {"line": 4}), object.union(leak, {"line": 5})])
	endswith(finding.message, "commit 0a1b2c3d4e5f, and 2 more places")
	finding.evidence.places == 3
}

test_place_of_which_little_is_known if {
	some finding in rule.deny with input as found([object.union(leak, {"file": "", "line": 0, "commit": ""})])
	endswith(finding.message, "has leaked: gitleaks found it in a place that it does not name")
}

test_suffix_is_left_to_another_rule if {
	suffix := object.union(leak, {"match": "suffix"})
	count(rule.deny) == 0 with input as found([suffix])
	some gap in rule.unknown with input as found([suffix])
	gap.token == fixtures.token.id
	contains(gap.reason, "possibly-leaked-token")
}

test_exact_counts_beside_a_suffix if {
	some finding in rule.deny with input as found([leak, object.union(leak, {"match": "suffix"})])
	finding.evidence.places == 1
}

test_unknown_exposure_is_unknown if {
	some gap in rule.unknown with input as judged({"state": "unknown", "reason": "hidden", "found": []})
	gap == {"token": fixtures.token.id, "reason": "hidden"}
}

test_compared_secret_passes if {
	count(rule.deny) == 0 with input as judged({"state": "none", "reason": "", "found": []})
	count(rule.unknown) == 0 with input as judged({"state": "none", "reason": "", "found": []})
}

test_one_further_place if {
	some finding in rule.deny with input as found([leak, object.union(leak, {"line": 4})])
	endswith(finding.message, "commit 0a1b2c3d4e5f, and 1 more place")
}
