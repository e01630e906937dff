# METADATA
# title: A stack has room for one more management token
# description: |
#   A source fails if its number of valid management tokens is at its limit or one below. The
#   vendor's pages disagree on the limit of a Contentstack stack, 10 or 30, so it is a parameter.
#
#   At the limit the next token that somebody makes silently ends the oldest one, and with it
#   whatever used that: a release pipeline, an import, a site.
# custom:
#   severity: medium
#   subject: source
#   kinds: [management]
#   controls:
#     nist_800_53: [AC-2]
#   params:
#     limit:
#       type: integer
#       minimum: 1
#       default: 10
#       description: How many valid management tokens a stack may have.
#   remediation:
#     default: Delete management tokens that nobody needs.
#     contentstack: Delete management tokens that nobody needs under Settings, Tokens, the expired ones first. Ask support which limit your plan has, and set the parameter to it.
package tokenaudit.rules.token_limit_near

# The other CMSes refuse a token too many, and so do no harm.
applies contains input.source.id if input.source.cms == "contentstack"

deny contains finding if {
	count(certain) >= input.params.limit - 1
	finding := {
		"message": sprintf("%q has %d valid management tokens and may have %d: %s", [input.source.name, count(certain), input.params.limit, next]),
		"evidence": {"valid": count(certain), "limit": input.params.limit, "oldest": oldest},
	}
}

unknown contains gap if {
	count(certain) < input.params.limit - 1
	count(valid) >= input.params.limit - 1
	gap := {"reason": sprintf("of %d management tokens it is not known whether they have expired", [count(valid) - count(certain)])}
}

valid := [token |
	input.source.cms == "contentstack"
	some token in input.tokens
	token.kind == "management"
	token.status == "active"
]

certain := [token |
	some token in valid
	token.expiry.state != "unknown"
]

# The token that the next one too many would end, if the dates are known. All times are in
# UTC, and without the Z at their end they sort as texts, with fractions of a second as well.
oldest := min([[trim_suffix(token.created_at.at, "Z"), token.id] | some token in valid; token.created_at.state == "at"])[1] if undated == 0

oldest := "" if undated > 0

undated := count([1 | some token in valid; token.created_at.state != "at"])

next := sprintf("%s ends %s", [one_too_many, who])

one_too_many := "the next one but one" if count(certain) < input.params.limit

one_too_many := "the next one" if count(certain) >= input.params.limit

who := sprintf("the oldest, %q", [name_of(oldest)]) if oldest != ""

who := "the oldest" if oldest == ""

name_of(id) := name if {
	some token in valid
	token.id == id
	name := token.name
}
