package custom.rules.owner_at_company_test

import data.custom.rules.owner_at_company as rule

judged(change) := input_of([object.union(management, change)], {"domains": ["meridian.example", "meridian.test"]})

owned(owner) := judged({"owner": owner})

test_owner_from_outside_fails if {
	some finding in rule.deny with input as owned({"name": "kim@agency.example"})
	finding.token == management.id
	finding.message == `management token "deploy" belongs to kim@agency.example`
	finding.evidence == {"owner": "kim@agency.example", "domain": "agency.example"}
}

test_a_domain_that_only_ends_like_ours_fails if {
	count(rule.deny) == 1 with input as owned({"name": "kim@not-meridian.example"})
}

test_owner_of_the_company_passes[name] if {
	some name in ["ada@meridian.example", "ada@MERIDIAN.test"]
	rule.applies == {management.id} with input as owned({"name": name})
	count(rule.deny) == 0 with input as owned({"name": name})
	count(rule.unknown) == 0 with input as owned({"name": name})
}

test_name_without_an_address_is_unknown if {
	some gap in rule.unknown with input as owned({"name": "Ada"})
	gap == {"token": management.id, "reason": "the CMS shows no address of the owner"}
	count(rule.deny) == 0 with input as owned({"name": "Ada"})
}

test_unknown_owner_is_unknown_with_the_reason_of_the_cms if {
	nobody := {"type": "unknown", "id": "", "name": ""}
	some gap in rule.unknown with input as owned(object.union(nobody, {"reason": "members cannot be listed"}))
	gap.reason == "members cannot be listed"
	some other in rule.unknown with input as owned(nobody)
	other.reason == "it is not known whose token it is"
}

test_token_of_nobody_not_applicable[type] if {
	some type in ["none", "app"]
	count(rule.applies) == 0 with input as owned({"type": type})
}
