package tokenaudit.rules.possibly_leaked_token_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.possibly_leaked_token as rule

leak := {"tool": "trufflehog", "rule": "ContentfulPersonalAccessToken", "file": "deploy.sh", "line": 7, "commit": "", "match": "suffix"}

judged(exposure) := fixtures.input_of([object.union(fixtures.token, {"cms": "contentful", "kind": "personal", "secret": {"readable": "no", "hint": "9f3a"}, "exposure": exposure})], {})

found(leaks) := judged({"state": "found", "reason": "", "found": leaks})

test_suffix_fails if {
	some finding in rule.deny with input as found([leak])
	finding.message == `a leaked string ends like the secret of personal token "deploy" (9f3a): trufflehog found it in deploy.sh, line 7`
	finding.evidence == {"places": 1, "found": [leak]}
	rule.applies == {fixtures.token.id} with input as found([leak])
}

test_exact_match_is_left_to_another_rule if {
	count(rule.deny) == 0 with input as found([object.union(leak, {"match": "exact"})])
}

test_token_without_an_end_not_applicable if {
	count(rule.applies) == 0 with input as fixtures.input_of([fixtures.token], {})
}

test_unknown_exposure_is_unknown if {
	some gap in rule.unknown with input as judged({"state": "unknown", "reason": "hidden", "found": []})
	gap == {"token": fixtures.token.id, "reason": "hidden"}
}

test_compared_secret_passes if {
	count(rule.deny) == 0 with input as judged({"state": "none", "reason": "", "found": []})
	count(rule.unknown) == 0 with input as judged({"state": "none", "reason": "", "found": []})
}
