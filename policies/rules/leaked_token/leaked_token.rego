# METADATA
# title: Secret of the token has leaked
# description: |
#   An active token fails if a report of a leak scanner, which scan --leaks was given, has its
#   secret: the whole string, compared by a keyed hash while the list was read. A token whose
#   CMS shows no secrets is not evaluated. A string that only ends like the secret is left to
#   possibly-leaked-token.
#
#   Whoever can read the file, or the history of the repository, can use the token, and it
#   still works. Removing the string from the file does not revoke it.
# custom:
#   goal: No active token has a leaked secret
#   severity: critical
#   fix: secret
#   subject: token
#   only_with: leaks
#   select:
#     status: [active]
#     planned: false
#   controls:
#     owasp_nhi: ["NHI2:2025"]
#     nist_800_53: [IA-5]
#     iso_27001: [A.5.17]
#   remediation:
#     default: Make a new token, move what uses the old one to it, then delete the old one. Until then, look for use that is not yours. Deleting the string where it was found is not enough.
#     contentful: Make a new API key under Settings, API keys, move what uses the old one to it, then delete the old one. Contentful cannot give a key another secret.
#     contentstack: Make a new token under Settings, Tokens, move what uses the old one to it, then delete the old one.
#     datocms: Rotate the token under Project settings, API tokens. The old secret stops working at once, so prepare what uses it first.
#     ghost: Regenerate the key under Settings, Integrations. The old secret stops working at once, so prepare what uses it first.
package tokenaudit.rules.leaked_token

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	places := exact(token)
	count(places) > 0
	finding := {
		"token": token.id,
		"message": sprintf("the secret of %s has leaked: %s", [lib.token(token.kind, token.name), lib.leaks(places)]),
		"evidence": {"places": count(places), "found": array.slice(places, 0, 10)},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.exposure.state == "unknown"
	gap := {"token": token.id, "reason": token.exposure.reason}
}

unknown contains gap if {
	some token in input.tokens
	token.exposure.state == "found"
	count(exact(token)) == 0
	gap := {"token": token.id, "reason": "only strings that end like the secret were found, see possibly-leaked-token"}
}

exact(token) := [leak | some leak in token.exposure.found; leak.match == "exact"]
