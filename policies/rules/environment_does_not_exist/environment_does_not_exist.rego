# METADATA
# title: Token names an environment that does not exist
# description: |
#   A token fails if its scope names an environment that its source does not have.
#
#   A scope with a dead name is a mistake or a leftover, and it opens whatever environment is
#   given that name next, without anybody deciding that.
# custom:
#   goal: Tokens name only environments that exist
#   severity: medium
#   fix: environments
#   subject: token
#   select:
#     status: [active, expired, revoked]
#   requires: [environments]
#   controls:
#     owasp_nhi: ["NHI8:2025"]
#     nist_800_53: [AC-6(7)]
#     iso_27001: [A.5.18]
#   remediation:
#     default: Take the environment out of the token's scope, or delete the token if nothing is left.
#     contentful: Edit the API key under Settings, API keys and leave out the environment that is gone.
#     contentstack: Edit the delivery token under Settings, Tokens and leave out the environment that is gone.
#     terraform: Name the environments of the key in its configuration. A provider that is given none may plan one of its own.
package tokenaudit.rules.environment_does_not_exist

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.environments.state != "all"
}

deny contains finding if {
	some token in input.tokens
	some environment in token.environments.items
	environment.exists == "no"
	missing := [item.id | some item in token.environments.items; item.exists == "no"]
	finding := {
		"token": token.id,
		"message": sprintf("%s names environments that do not exist: %s", [lib.token(token.kind, token.name), lib.names(token.environments, missing)]),
		"evidence": {"missing": missing},
	}
}

unknown contains gap if {
	some token in input.tokens
	some environment in token.environments.items
	environment.exists == "unknown"
	untold := [item.id | some item in token.environments.items; item.exists == "unknown"]
	gap := {
		"token": token.id,
		"reason": sprintf("could not check whether these environments exist: %s", [lib.names(token.environments, untold)]),
	}
}
