# METADATA
# title: Write access is unused
# description: |
#   An active token that can write and also delivers content fails if the CMS has no use of its
#   management API on record. CMSes that do not report use per API leave this
#   undecided. The token of the scan itself is left out: the scan is what uses that API.
#
#   Such a token does its work through the delivery API alone. Made delivery-only it does the
#   same work and can no longer be used to change content, even on a role that could write.
# custom:
#   goal: Unused write access is removed
#   severity: medium
#   fix: rights
#   part_of: unused-token
#   subject: token
#   select:
#     write: true
#     apis: [content_management]
#     audit_credential: skip
#   controls:
#     owasp_nhi: ["NHI5:2025"]
#     nist_800_53: [AC-6, AC-6(7)]
#     iso_27001: [A.5.18]
#     soc2: [CC6.3]
#     pci_dss: ["7.2.5"]
#   remediation:
#     default: Remove the token's access to the management API, and leave it the delivery API.
#     datocms: Edit the token under Project settings, API tokens and switch off its access to the Content Management API. Its role may stay as it is, because the delivery API cannot write.
#     terraform: Set can_access_cma = false on the datocms_access_token. The role may stay as it is, because the delivery API cannot write.
package tokenaudit.rules.unused_write_access

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	count(token.apis) > 1
	not token.id == input.source.auditor.token
}

deny contains finding if {
	some token in input.tokens
	use := token.last_used_by_api.content_management
	use.state in {"never", "none_on_record"}
	finding := {
		"token": token.id,
		"message": sprintf("%s can write, and has no use of the management API on record%s", [lib.token(token.kind, token.name), since(use)]),
		"evidence": {"management_use": use.state, "apis": token.apis},
	}
}

unknown contains gap if {
	some token in input.tokens
	not told(token)
	gap := {"token": token.id, "reason": reason(token)}
}

told(token) if token.last_used_by_api.content_management.state != "unknown"

# A word that is not understood is another reason than none.
reason(token) := told if {
	told := token.last_used_by_api.content_management.reason
	told != ""
} else := sprintf("%s does not report when the management API was last used", [token.cms])

since(use) := sprintf(" since %s", [lib.day(use.latest)]) if use.state == "none_on_record"

since(use) := "" if use.state == "never"
