# METADATA
# title: No management token may write everything
# description: |
#   An active management token fails if its scope is every module of the stack, with the right
#   to write. Contentstack writes that as $all.
#
#   Such a token changes content types, roles and webhooks as easily as an entry. A program
#   that publishes entries needs the modules it works on, and a leak then costs these alone.
# custom:
#   severity: high
#   subject: token
#   kinds: [management]
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

# The other CMSes grant no such scope: their roles are the business of admin-token.
applies contains token.id if {
	some token in input.tokens
	token.cms == "contentstack"
	token.status == "active"
}

deny contains finding if {
	some token in input.tokens
	"$all:write" in token.access.grants
	token.cms == "contentstack"
	token.status == "active"
	finding := {
		"token": token.id,
		"message": sprintf("%s token %q may write every module of the stack", [token.kind, token.name]),
		"evidence": {"grants": token.access.grants},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.access.level == "unknown"
	token.cms == "contentstack"
	token.status == "active"
	gap := {"token": token.id, "reason": "the scope of the token could not be read"}
}
