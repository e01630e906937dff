# METADATA
# title: Management token can write everything
# description: |
#   An active management token fails if its scope is every module of the stack, with the right
#   to write. Contentstack writes that as $all.
#
#   Such a token changes content types, roles and webhooks as easily as an entry. A program
#   that publishes entries needs the modules it works on, and a leak then costs these alone.
# custom:
#   goal: No management token can write everything
#   severity: high
#   fix: rights
#   subject: token
#   select:
#     kinds: [management]
#     cms: [contentstack] # the others grant no such scope: admin-token judges their roles
#   controls:
#     owasp_nhi: ["NHI5:2025"]
#     nist_800_53: [AC-6]
#     iso_27001: [A.5.15]
#     soc2: [CC6.3]
#     pci_dss: ["7.2.5"]
#   remediation:
#     default: List the modules that the token works on, and give it no others.
#     contentstack: Make a new management token whose scope names the modules and branches it works on, move its users over, then delete this one. Give it Read if that is enough.
package tokenaudit.rules.write_scope_everything

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	"$all:write" in token.access.grants
	finding := {
		"token": token.id,
		"message": sprintf("%s can write every module of the stack", [lib.token(token.kind, token.name)]),
		"evidence": {"grants": token.access.grants},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.access.level == "unknown"
	gap := {"token": token.id, "reason": "the scope of the token could not be read"}
}
