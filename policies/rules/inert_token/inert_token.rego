# METADATA
# title: Token can do nothing
# description: |
#   An active token fails if it can do nothing: it reaches no API, its permissions are empty, or
#   it is a delivery token without an environment.
#
#   Such a token is a leftover. It does no harm today, and does whatever somebody gives it
#   tomorrow, in the hands of anyone who has had it since.
# custom:
#   goal: Tokens that can do nothing are deleted
#   severity: low
#   fix: delete
#   subject: token
#   select:
#     audit_credential: skip # it is weak on purpose
#   controls:
#     owasp_nhi: ["NHI1:2025"]
#     nist_800_53: [AC-2, AC-6(7)]
#     cis_v8: ["5.3"]
#   remediation:
#     default: Delete the token, or give it the one right that it needs.
#     contentful: Delete the API key under Settings, API keys.
#     contentstack: Delete the token under Settings, Tokens.
#     datocms: Delete the token under Project settings, API tokens.
#     directus: Set the static token of the user to null. It works again as soon as somebody activates the user or gives it a policy.
#     strapi: Delete the custom token, whose list of permissions is empty.
#     terraform: "Take the resource out of the configuration, or let it reach something: name an environment in environments, or set can_access_cda, can_access_cda_preview or can_access_cma and let role_id name a datocms_role that may read."
package tokenaudit.rules.inert_token

import data.tokenaudit.lib

deny contains finding(token, "it reaches no API") if {
	some token in input.tokens
	count(token.apis) == 0
}

deny contains finding(token, "it has no permission") if {
	some token in input.tokens
	token.access.level == "none"
	count(token.apis) > 0
}

deny contains finding(token, "it opens no environment") if {
	some token in input.tokens
	token.environments.effective == 0
	token.environments.state == "listed"
	token.kind in {"delivery", "preview"}
	token.access.level != "none"
	count(token.apis) > 0
}

unknown contains gap if {
	some token in input.tokens
	token.access.level == "unknown"
	gap := {"token": token.id, "reason": lib.told(token.access.reason, "what the token can do could not be read")}
}

unknown contains gap if {
	some token in input.tokens
	token.environments.state == "unknown"
	token.kind in {"delivery", "preview"}
	gap := {"token": token.id, "reason": lib.told(token.environments.reason, "which environments the token opens could not be read")}
}

finding(token, reason) := {
	"token": token.id,
	"message": sprintf("%s can do nothing: %s", [lib.token(token.kind, token.name), reason]),
	"evidence": {"apis": token.apis, "access": token.access.level, "environments": token.environments.effective},
}
