package tokenaudit.rules.audit_credential_too_strong_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.audit_credential_too_strong as rule

judged(auditor) := object.union(fixtures.input_of([fixtures.token], {}), {"source": {"auditor": auditor}})

both := {"reads_secrets": "yes", "writes": "yes", "necessary": "no", "detail": "an owner's session"}

test_needless_power_fails if {
	some finding in rule.deny with input as judged(both)
	finding.message == `the credential of this scan can read secrets and can write at "Shop", and a weaker one would do`
	finding.evidence == {"reads_secrets": "yes", "writes": "yes", "detail": "an owner's session"}
}

test_one_power_is_enough if {
	some finding in rule.deny with input as judged({"writes": "yes", "necessary": "no"})
	contains(finding.message, "can write at")
	count(rule.deny) == 1 with input as judged({"reads_secrets": "yes", "necessary": "no"})
}

test_finding_points_to_the_credential_if_it_is_listed if {
	some finding in rule.deny with input as judged(object.union(both, {"token": fixtures.token.id}))
	finding.token == fixtures.token.id
	some other in rule.deny with input as judged(object.union(both, {"token": "elsewhere"}))
	not other.token
}

test_weak_credential_passes if {
	count(rule.deny) == 0 with input as judged({})
	count(rule.unknown) == 0 with input as judged({})
	count(rule.allow) == 0 with input as judged({})
}

test_necessary_power_passes_with_a_word if {
	count(rule.deny) == 0 with input as judged(object.union(both, {"necessary": "yes"}))
	some explanation in rule.allow with input as judged(object.union(both, {"necessary": "yes"}))
	explanation.message == `the credential of this scan can read secrets and can write at "Shop", but the CMS offers none that is weaker`
}

test_unknown_power_is_unknown if {
	some gap in rule.unknown with input as judged({"writes": "unknown"})
	gap.reason == "what the credential of this scan may do here is not known"
	count(rule.unknown) == 1 with input as judged({"writes": "unknown", "reads_secrets": "unknown"})
}

test_unknown_necessity_is_unknown if {
	some gap in rule.unknown with input as judged(object.union(both, {"necessary": "unknown"}))
	gap.reason == "the credential of this scan can read secrets and can write, and it is not known whether a weaker one would do"
	count(rule.deny) == 0 with input as judged(object.union(both, {"necessary": "unknown"}))
}
