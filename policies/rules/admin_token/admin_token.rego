# METADATA
# title: Token has administrator rights
# description: |
#   An active token fails if its level is admin: it can change who may do what, or how the
#   project itself is set up.
#
#   A leaked token of an administrator is a leaked project. Hardly any program needs such
#   rights every day; one that does needs them for one task and one hour.
# custom:
#   goal: No token has administrator rights
#   severity: high
#   fix: rights
#   subject: token
#   select:
#     status: [active]
#   controls:
#     owasp_nhi: ["NHI5:2025"]
#     nist_800_53: [AC-6, AC-6(5)]
#     cis_v8: ["5.4"]
#     iso_27001: [A.8.2]
#     soc2: [CC6.3]
#     pci_dss: ["7.2.5"]
#   remediation:
#     default: Give the token only the rights that it needs.
#     contentful: A personal access token can do what its owner can. Create it as a dedicated user, who is a member of the spaces it works on, and neither owner nor admin.
#     datocms: Give the token a role of its own, without access to tokens, roles, webhooks, environments and project settings. A token that DatoCMS made with full access can only be deleted.
#     directus: Give the user a role and policies without admin_access, and without permissions to write roles, policies, access, permissions, settings, flows or other users. A static token needs none of them to work on content.
#     ghost: Ghost gives every custom integration an admin key, which may invite staff and replace the theme. Where only the content key is used, regenerate the admin key, do not store it anywhere, and waive the finding. Delete integrations that nobody needs.
#     strapi: Replace the admin token with one that has only the actions it needs.
#     wordpress: Move the application password to a user whose role is not administrator.
#     terraform: "In the datocms_role that role_id names, switch off the arguments that make it an administrator: can_manage_access_tokens, can_manage_users, can_manage_sso, can_manage_webhooks, can_manage_environments, can_manage_build_triggers, can_promote_environments and can_edit_site."
package tokenaudit.rules.admin_token

import data.tokenaudit.lib

deny contains finding if {
	some token in input.tokens
	token.access.level == "admin"
	finding := {
		"token": token.id,
		"message": sprintf("%s is an administrator", [lib.token(token.kind, token.name)]),
		"evidence": {"access": token.access.level, "grants": token.access.grants},
	}
}

unknown contains gap if {
	some token in input.tokens
	token.access.level == "unknown"
	gap := {"token": token.id, "reason": lib.told(token.access.reason, "what the token can do could not be read")}
}
