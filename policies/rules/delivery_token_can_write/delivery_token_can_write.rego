# METADATA
# title: Delivery token can write
# description: |
#   A token that reaches the delivery or the preview API fails if it can write. A token on a
#   role that could write passes, and the report says why, if it reaches the delivery API
#   alone, which cannot write.
#
#   Tokens that read content for a website are handed to browsers, build systems and partners.
#   One that can also write turns each of these places into a way to change what is published.
# custom:
#   goal: Delivery tokens only read
#   severity: high
#   fix: rights
#   subject: token
#   select:
#     status: [active, expired, revoked]
#     apis: [content_delivery, content_preview]
#   controls:
#     owasp_nhi: ["NHI5:2025"]
#     nist_800_53: [AC-6]
#     iso_27001: [A.5.15, A.8.3]
#     soc2: [CC6.3]
#     pci_dss: ["7.2.5"]
#   remediation:
#     default: Use one token for reading and another one for writing, and give each only the rights that it needs.
#     contentful: Read content with a delivery API key; keep personal access tokens for tools that write.
#     contentstack: Read content with a delivery token; keep the management token for tools that write.
#     datocms: Switch off the token's access to the Content Management API, or give it a role that only reads.
#     strapi: Make a read-only token, or a custom one with find and findOne alone, for reading.
#     terraform: Set can_access_cma = false on the datocms_access_token, or let role_id name a datocms_role that only reads.
package tokenaudit.rules.delivery_token_can_write

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.access.write
	finding := {
		"token": token.id,
		"message": sprintf("%s delivers content and can write", [lib.token(token.kind, token.name)]),
		"evidence": {"apis": token.apis, "access": token.access.level, "role": role_name(token)},
	}
}

# A level that was not read comes with an assumed write access, which fails. This is for
# inventories from elsewhere that say neither.
unknown contains gap if {
	some token in input.tokens
	token.access.level == "unknown"
	not token.access.write
	gap := {"token": token.id, "reason": "what the token can do could not be read"}
}

allow contains explanation if {
	some token in input.tokens
	token.role.level in {"write", "schema", "admin"}
	not token.access.write
	not "content_management" in token.apis
	explanation := {
		"token": token.id,
		"message": sprintf("the %s of %s could write, but the token reaches only the %s, which cannot", [lib.called("role", token.role.name, token.role.id), lib.token(token.kind, token.name), reached(token.apis)]),
	}
}

reached(apis) := "delivery API" if not "content_preview" in apis

reached(apis) := "preview API" if not "content_delivery" in apis

reached(apis) := "delivery and preview APIs" if {
	"content_delivery" in apis
	"content_preview" in apis
}

default role_name(_) := ""

role_name(token) := token.role.name
