# METADATA
# title: Source has too many tokens that can write
# description: |
#   A source fails if more than `most` of its active tokens can write. Where only tokens whose
#   rights could not be read bring it above that, it is not evaluated.
#
#   Each of them can change or delete what is published, and each has to be found and replaced
#   after an incident.
# custom:
#   goal: Few tokens of a source can write
#   severity: medium
#   subject: source
#   select:
#     write: true
#   params:
#     most:
#       type: integer
#       minimum: 0
#       default: 5
#       description: How many tokens that can write a source may have.
#   remediation:
#     default: Delete the tokens that nobody uses, and let one integration have one token.
package custom.rules.few_write_tokens

deny contains finding if {
	count(writers) > input.params.most
	finding := {
		"message": sprintf("%q has %d tokens that can write, and may have %d", [input.source.name, count(writers), input.params.most]),
		"evidence": {"tokens": sort(writers), "most": input.params.most},
	}
}

unknown contains gap if {
	count(writers) <= input.params.most
	count(writers) + count(perhaps) > input.params.most
	gap := {"reason": sprintf("%d tokens can write, and of %d more it could not be read", [count(writers), count(perhaps)])}
}

# Where the rights of a token could not be read, write is assumed: it must not look like one
# that can, nor like one that cannot.
writers := [token.id | some token in input.tokens; not token.access.assumed]

perhaps := [token.id | some token in input.tokens; token.access.assumed]
