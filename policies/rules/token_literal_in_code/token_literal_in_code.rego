# METADATA
# title: Credential is hard-coded
# description: |
#   A plan fails for each credential of a CMS that is hard-coded in its configuration: in
#   a provider block, as the default of a variable, in a header, or in another argument of a
#   resource. The value itself is never shown.
#
#   Whoever can read the repository has the credential, and so has every copy and every build
#   log. Removing it later does not revoke it: it stays in the history.
# custom:
#   goal: No credential is hard-coded
#   severity: critical
#   fix: secret
#   subject: source
#   select:
#     planned: true
#   waiver_needs_key: true
#   controls:
#     owasp_nhi: ["NHI2:2025"]
#     nist_800_53: [IA-5]
#     iso_27001: [A.5.17]
#   remediation:
#     default: Revoke the credential, because the history of the repository keeps it, and pass a new one in an environment variable or a sensitive variable without a default.
#     terraform: Revoke the credential, because the history of the repository keeps it. Leave the argument out and set the provider's environment variable, or use a sensitive variable without a default.
package tokenaudit.rules.token_literal_in_code

deny contains finding if {
	some literal in input.source.literals
	finding := {
		"key": sprintf("%s %s", [literal.address, literal.attribute]),
		"message": sprintf("hard-coded credential%s in %s of %s", [system(literal.cms), literal.attribute, literal.address]),
		"evidence": {"address": literal.address, "attribute": literal.attribute, "place": literal.place},
	}
}

# The configuration and the code, where constants are looked for, hold no tokens.
unknown contains gap if {
	some unit in input.source.units
	count(unit.kinds) == 0
	unit.status != "complete"
	gap := {"reason": sprintf("the %s behind the plan %s: %s", [unit.name, how(unit.status), unit.detail])}
}

how("partial") := "was read only in part"

how(status) := "could not be read" if status != "partial"

system("") := ""

system(cms) := sprintf(" for %s", [cms]) if cms != ""
