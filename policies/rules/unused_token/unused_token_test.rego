package tokenaudit.rules.unused_token_test

import data.tokenaudit.fixtures
import data.tokenaudit.rules.unused_token as rule

judged(change, no_record) := fixtures.input_of(
	[object.union(object.remove(fixtures.token, ["unused_days"]), change)],
	{"max_idle_days": 90, "no_record": no_record},
)

used(days) := judged({"unused_days": {"min": days, "max": days}}, "fail")

test_at_the_threshold if {
	count(rule.deny) == 0 with input as used(89)
	count(rule.deny) == 1 with input as used(90)
	count(rule.unknown) == 0 with input as used(89)
	count(rule.unknown) == 0 with input as used(90)
}

test_finding_says_when if {
	some finding in rule.deny with input as judged({"unused_days": {"min": 100, "max": 100}, "last_used": {"at": "2026-08-14T12:00:00Z"}}, "fail")
	finding.message == `management token "deploy" was last used 100 days ago, on 2026-08-14`
	finding.evidence == {
		"last_used": "at",
		"source_of_evidence": "cms",
		"unused_days": {"min": 100, "max": 100},
		"max_idle_days": 90,
		"proven": true,
	}
}

test_never_used_counts_from_the_creation if {
	some finding in rule.deny with input as judged({"unused_days": {"min": 95, "max": 95}, "last_used": {"state": "never"}}, "fail")
	finding.message == `management token "deploy" was never used since its creation 95 days ago`
	count(rule.deny) == 0 with input as judged({"unused_days": {"min": 5, "max": 5}, "last_used": {"state": "never"}}, "fail")
}

test_never_used_of_an_age_without_bound_is_unknown if {
	young := judged({"unused_days": {"min": 20}, "last_used": {"state": "never"}}, "fail")
	count(rule.deny) == 0 with input as young
	some gap in rule.unknown with input as young
	gap.reason == "never used, and all that is known of its age is that it is at least 20 days"
	some finding in rule.deny with input as judged({"unused_days": {"min": 95}, "last_used": {"state": "never"}}, "fail")
	finding.message == `management token "deploy" was never used since its creation at least 95 days ago`
}

test_never_used_of_an_age_around_the_threshold_is_unknown if {
	around := judged({"unused_days": {"min": 50, "max": 415}, "last_used": {"state": "never"}}, "fail")
	count(rule.deny) == 0 with input as around
	some gap in rule.unknown with input as around
	gap.reason == "never used, and made between 50 and 415 days ago: the limit of 90 days lies in between"
	count(rule.unknown) == 0 with input as judged({"unused_days": {"min": 50, "max": 89}, "last_used": {"state": "never"}}, "fail")
	count(rule.deny) == 1 with input as judged({"unused_days": {"min": 90, "max": 415}, "last_used": {"state": "never"}}, "fail")
}

between(low, high) := judged(
	{
		"unused_days": {"min": low, "max": high},
		"last_used": {"state": "between", "earliest": "2026-08-01T00:00:00Z", "latest": "2026-08-31T23:59:59Z"},
	},
	"fail",
)

test_bounds_decide_or_say_so if {
	some finding in rule.deny with input as between(90, 120)
	finding.message == `management token "deploy" was last used at least 90 days ago, not after 2026-08-31`
	count(rule.deny) == 0 with input as between(80, 89)
	count(rule.unknown) == 0 with input as between(80, 89)
	count(rule.deny) == 0 with input as between(89, 90)
	some gap in rule.unknown with input as between(89, 90)
	gap.reason == "last used between 2026-08-01 and 2026-08-31: the limit of 90 days lies in between"
}

test_a_use_without_earliest_bound_is_unknown if {
	some gap in rule.unknown with input as judged({"unused_days": {"min": 20}, "last_used": {"state": "between", "latest": "2026-11-02T00:00:00Z"}}, "fail")
	gap.reason == "last used at least 20 days ago, and how much longer is not known"
}

unrecorded(days) := {"unused_days": days, "cms": "datocms", "last_used": {"state": "none_on_record", "latest": "2026-10-01T00:00:00Z"}}

test_no_record_fails_by_decision if {
	some finding in rule.deny with input as judged(unrecorded({"min": 0, "record": 52}), "fail")
	finding.message == `management token "deploy" has no use on record since 2026-10-01, when the record of datocms begins: 52 days (not proven unused)`
	finding.evidence.proven == false
}

test_no_record_is_unknown_by_decision if {
	count(rule.deny) == 0 with input as judged(unrecorded({"min": 0, "record": 52}), "unknown")
	some gap in rule.unknown with input as judged(unrecorded({"min": 0, "record": 52}), "unknown")
	gap.reason == "no use on record since 2026-10-01, when the record of datocms begins: 52 days"
}

test_a_long_record_proves_nothing_of_a_token_of_unknown_age if {
	some days in [{"min": 0, "record": 92}, {"min": 20, "max": 100, "record": 92}]
	some finding in rule.deny with input as judged(unrecorded(days), "fail")
	finding.message == `management token "deploy" has no use on record since 2026-10-01, 92 days ago, but it may be younger than 90 days (not proven unused)`
	finding.evidence.proven == false
	fixtures.ids(rule.unknown) == {fixtures.token.id} with input as judged(unrecorded(days), "unknown")
}

test_a_long_record_of_an_old_token_is_proof if {
	some finding in rule.deny with input as judged(unrecorded({"min": 92, "record": 92}), "unknown")
	finding.message == `management token "deploy" has had no use on record for at least 92 days`
	finding.evidence.proven == true
}

test_a_young_token_without_record_passes if {
	count(rule.deny) == 0 with input as judged(unrecorded({"min": 10, "max": 10, "record": 52}), "fail")
	count(rule.unknown) == 0 with input as judged(unrecorded({"min": 10, "max": 10, "record": 52}), "unknown")
}

test_unknown_use_is_left_to_the_engine if {
	silent := judged({"last_used": {"state": "unknown"}}, "fail")
	count(rule.deny) == 0 with input as silent
	count(rule.unknown) == 0 with input as silent
}

test_a_limit_of_one_day_is_singular if {
	strict := {"params": {"max_idle_days": 1}}
	some gap in rule.unknown with input as object.union(between(0, 1), strict)
	contains(gap.reason, "the limit of 1 day lies in between")
}
