# METADATA
# title: Scan uses a stronger credential than it needs
# description: |
#   A live source fails if the credential of this scan may read secrets or write there, although
#   a weaker one would do. Where the CMS offers nothing weaker, the source passes and the report
#   says so.
#
#   The auditor's credential opens every project at once and is stored in a pipeline. It must not be
#   the most valuable one to steal.
# custom:
#   goal: The scan uses the weakest credential that can list tokens
#   severity: medium
#   fix: rights
#   subject: source
#   select:
#     planned: false # a plan is read from a file, without a credential
#   controls:
#     owasp_nhi: ["NHI5:2025"]
#     nist_800_53: [AC-5, AC-6]
#     iso_27001: [A.5.3, A.8.2]
#     soc2: [CC6.3]
#   remediation:
#     default: Scan with the weakest credential that can list tokens. "tokenaudit doctor" prints how to create it.
#     contentful: Make a personal access token with the scope content_management_read for a user created for this purpose.
#     contentstack: Use an OAuth app whose scopes only read, instead of a member's authtoken.
#     datocms: Give the token of the scan a role without permission to manage API tokens and without any permission to write.
#     directus: Make a user with the role and the policy that "tokenaudit doctor" prints, and scan with its static token.
package tokenaudit.rules.audit_credential_too_strong

deny contains finding if {
	strong
	input.source.auditor.necessary == "no"
	finding := object.union(
		{
			"message": sprintf("the credential of this scan %s at %q, and a weaker one would do", [powers, input.source.name]),
			"evidence": {
				"reads_secrets": input.source.auditor.reads_secrets,
				"writes": input.source.auditor.writes,
				"detail": input.source.auditor.detail,
			},
		},
		credential,
	)
}

unknown contains gap if {
	strong
	not input.source.auditor.necessary in {"yes", "no"}
	gap := {"reason": sprintf("the credential of this scan %s, and it is not known whether a weaker one would do", [powers])}
}

unknown contains gap if {
	not strong
	not weak
	gap := {"reason": "what the credential of this scan may do here is not known"}
}

allow contains explanation if {
	strong
	input.source.auditor.necessary == "yes"
	explanation := {"message": sprintf("the credential of this scan %s at %q, but the CMS offers none that is weaker", [powers, input.source.name])}
}

strong if input.source.auditor.reads_secrets == "yes"

strong if input.source.auditor.writes == "yes"

weak if {
	input.source.auditor.reads_secrets == "no"
	input.source.auditor.writes == "no"
}

powers := concat(" and ", [power |
	some power, has in {"can read secrets": input.source.auditor.reads_secrets, "can write": input.source.auditor.writes}
	has == "yes"
])

credential := {"token": input.source.auditor.token} if listed

credential := {} if not listed

listed if {
	some token in input.source_tokens
	token.id == input.source.auditor.token
}
