# METADATA
# title: Secret of the token may have leaked
# description: |
#   An active token fails if a report of a leak scanner, which scan --leaks was given, has a
#   string that begins like the tokens of this kind, is as long, and ends with the characters
#   that the CMS shows of the secret. Contentful shows the last four of a personal access token,
#   and nothing else: one string in sixteen million ends like it by chance. The rule is about
#   tokens whose ending the CMS shows; leaked-token is about whole secrets.
#
#   The string is most probably the secret, and the token still works.
# custom:
#   goal: No leaked string ends like the secret of an active token
#   severity: high
#   fix: secret
#   subject: token
#   only_with: leaks
#   select:
#     cms: [contentful]
#     kinds: [personal]
#     status: [active]
#     planned: false
#   controls:
#     owasp_nhi: ["NHI2:2025"]
#     nist_800_53: [IA-5]
#     iso_27001: [A.5.17]
#   remediation:
#     default: Check whether the string is the token's secret. If it is, or if you cannot tell, make a new token, move what uses the old one to it, and revoke the old one.
#     contentful: Check whether the string is the token's secret. If it is, or if you cannot tell, make a new personal access token, move what uses the old one to it, and revoke the old one under Settings, CMA tokens.
package tokenaudit.rules.possibly_leaked_token

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.secret.hint != ""
}

deny contains finding if {
	some token in input.tokens
	places := [leak | some leak in token.exposure.found; leak.match == "suffix"]
	count(places) > 0
	finding := {
		"token": token.id,
		"message": sprintf("a leaked string ends like the secret of %s (%s): %s", [lib.token(token.kind, token.name), token.secret.hint, lib.leaks(places)]),
		"evidence": {"places": count(places), "found": array.slice(places, 0, 10)},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.exposure.state == "unknown"
	gap := {"token": token.id, "reason": token.exposure.reason}
}
