package tokenaudit.risk_test

import data.tokenaudit.fixtures
import data.tokenaudit.risk

params := {"severe": 60, "high": 45, "moderate": 30, "production_labels": ["env=production"], "idle_days": 30}

judged(change) := object.union(fixtures.input_of([object.union(fixtures.token, change)], params), {"verdicts": {}})

# The factors of the one token, by name.
factors[factor.factor] := [factor.min, factor.max, factor.reason] if some factor in risk.factors

test_access if {
	factors.access == [25, 25, "can change content"] with input as judged({})
	factors.access == [35, 35, "has administrator rights"] with input as judged({"access": {"level": "admin"}})
	not factors.access with input as judged({"access": {"level": "none"}})
	factors.access == [0, 35, "the role is gone"] with input as judged({"access": {"level": "unknown", "reason": "the role is gone"}})
}

test_manages_tokens if {
	not factors["manages-tokens"] with input as judged({})
	factors["manages-tokens"] == [15, 15, "can create tokens, or read the secrets of others"] with input as judged({"access": {"manages_tokens": "yes"}})
	factors["manages-tokens"][0] == 0 with input as judged({"access": {"manages_tokens": "unknown"}})
}

test_environments if {
	not factors.environments with input as judged({})
	factors.environments == [3, 3, "opens 2 environments"] with input as judged({"environments": {"effective": 2}})
	factors.environments == [5, 5, "opens 78 environments"] with input as judged({"environments": {"state": "all", "effective": 78}})
	factors.environments == [0, 5, "which environments it opens is not known"] with input as judged({"environments": {"state": "unknown", "effective": 0}})
}

test_production if {
	not factors.production with input as judged({})
	factors.production == [5, 5, "its source is labelled as production"] with input as object.union(judged({}), {"source": {"labels": {"env": "production"}}})
	not factors.production with input as object.union(judged({}), {"source": {"labels": {"env": "test"}}})
}

test_owner_gone if {
	not factors["owner-gone"] with input as judged({"owner": {"type": "person"}})
	factors["owner-gone"] == [15, 15, `its owner "Omar" is removed`] with input as judged({"owner": {"type": "person", "name": "Omar", "state": "removed"}})
	factors["owner-gone"] == [0, 15, "whether its owner is still there is not known"] with input as judged({"owner": {"type": "person", "state": "unknown"}})
	not factors["owner-gone"] with input as judged({"owner": {"type": "none", "state": "unknown"}})
}

mine := {"kind": "personal", "owner": {"type": "person"}, "owner_idle_days": 31, "unused_days": {"min": 3, "max": 3}}

found(match) := {"exposure": {"state": "found", "found": [{"tool": "gitleaks", "rule": "", "file": ".env", "line": 3, "commit": "", "match": match}]}}

test_leaked if {
	not factors.leaked with input as judged({"exposure": {"state": "unknown"}})
	factors.leaked == [40, 40, "its secret has leaked"] with input as judged(found("exact"))
	factors.leaked == [0, 40, "a string that ends like its secret has leaked"] with input as judged(found("suffix"))
}

test_holder if {
	factors.holder == [3, 3, "belongs to nobody: anyone who has a copy can use it"] with input as judged({})
	factors.holder == [0, 3, "whether it belongs to anybody is not known"] with input as judged({"owner": {"type": "unknown"}})
	factors.holder == [4, 4, "something other than its owner uses it: the owner was last seen 31 days ago"] with input as judged(mine)
	strict := object.union(judged(object.union(mine, {"owner_idle_days": 1, "unused_days": {"min": 0, "max": 0}})), {"params": {"idle_days": 1}})
	factors.holder[2] == "something other than its owner uses it: the owner was last seen 1 day ago" with input as strict
	not factors.holder with input as judged(object.union(mine, {"owner_idle_days": 29}))
	factors.holder == [0, 4, "whether its owner or something else uses it is not known"] with input as judged(object.union(mine, {"unused_days": {"min": 3, "max": 100}}))
	not factors.holder with input as judged(object.union(mine, {"unused_days": {"min": 30, "max": 30}}))
	not factors.holder with input as judged(object.union(mine, {"last_used": {"state": "never"}}))
}

test_secret_readable if {
	not factors["secret-readable"] with input as judged({})
	factors["secret-readable"] == [5, 5, "anyone who may list the tokens can read its secret"] with input as judged({"secret": {"readable": "yes"}})
	factors["secret-readable"][1] == 5 with input as judged({"secret": {"readable": "unknown"}})
}

test_expiry if {
	factors.expiry == [3, 3, "works for another 100 days"] with input as judged({})
	not factors.expiry with input as judged({"expires_in_days": 90})
	factors.expiry == [5, 5, "works for another 366 days"] with input as judged({"expires_in_days": 366})
	factors.expiry == [8, 8, "never expires"] with input as judged({"expiry": {"state": "never"}})
	factors.expiry == [0, 8, "whether it expires is not known"] with input as judged({"expiry": {"state": "unknown"}})
}

test_age if {
	factors.age == [0, 5, "how old it is is not known exactly"] with input as judged({})
	factors.age == [2, 2, "was created 100 days ago, and its secret has not changed since"] with input as judged({"age": {"min": 100, "max": 100}})
	factors.age == [2, 5, "how old it is is not known exactly"] with input as judged({"age": {"min": 100}})
	factors.age == [2, 5, "was created between 100 and 400 days ago, and its secret has not changed since"] with input as judged({"age": {"min": 100, "max": 400}})
	not factors.age with input as judged({"planned": "create"})
}

test_idle if {
	not factors.idle with input as judged({})
	factors.idle == [7, 7, "has not been used for 365 days"] with input as judged({"unused_days": {"min": 365, "max": 365}})
	factors.idle == [4, 7, "has not been used for between 30 and 365 days"] with input as judged({"unused_days": {"min": 30, "max": 365}})
	not factors.idle with input as judged({"planned": "replace"})
	unknown := object.union(judged({}), {"tokens": [object.remove(fixtures.token, {"unused_days"})]})
	factors.idle == [0, 7, "how long it has not been used is not known exactly"] with input as unknown
}

verdict(status, severity) := {"rule": sprintf("custom/%s", [severity]), "severity": severity, "status": status}

of_custom_rules(verdicts) := object.union(judged({}), {"verdicts": {fixtures.token.id: verdicts}})

test_custom_findings if {
	not factors["custom-findings"] with input as judged({})
	factors["custom-findings"] == [10, 10, "custom rules found something: custom/high, custom/low"] with input as of_custom_rules([verdict("waived", "high"), verdict("fail", "low")])
	factors["custom-findings"] == [2, 20, "custom rules found something: custom/critical, custom/low"] with input as of_custom_rules([verdict("not_evaluated", "critical"), verdict("fail", "low")])
	factors["custom-findings"] == [0, 5, "custom rules could not decide: custom/medium"] with input as of_custom_rules([verdict("not_evaluated", "medium")])
}
