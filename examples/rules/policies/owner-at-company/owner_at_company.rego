# METADATA
# title: Write token belongs to somebody from outside
# description: |
#   An active token that can write fails if the address of its owner is of none of the domains of
#   the company. Where the CMS tells no owner, or no address, the token is not evaluated.
#
#   Tokens of an agency or of a freelancer outlive their contract, and nobody in the company can
#   replace them.
# custom:
#   goal: Write tokens belong to people of the company
#   severity: medium
#   subject: token
#   select:
#     write: true
#   params:
#     domains:
#       type: array
#       default: [meridian.example]
#       description: The domains of the company's addresses, in lower case.
#   remediation:
#     default: Have somebody of the company make a token in its place, then delete it.
package custom.rules.owner_at_company

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	not token.owner.type in {"none", "app"}
}

deny contains finding if {
	some token in input.tokens
	domain := domain_of(token.owner.name)
	not domain in input.params.domains
	finding := {
		"token": token.id,
		"message": sprintf("%s belongs to %s", [lib.token(token.kind, token.name), token.owner.name]),
		"evidence": {"owner": token.owner.name, "domain": domain},
	}
}

# What is unknown is not a pass: without this set, a token without an address would be fine.
unknown contains gap if {
	some token in input.tokens
	token.owner.type == "unknown"
	gap := {"token": token.id, "reason": lib.told(token.owner.reason, "it is not known whose token it is")}
}

unknown contains gap if {
	some token in input.tokens
	token.owner.type == "person"
	not domain_of(token.owner.name)
	gap := {"token": token.id, "reason": lib.told(token.owner.reason, "the CMS shows no address of the owner")}
}

# Undefined for what is not an address.
domain_of(address) := lower(parts[1]) if {
	parts := split(address, "@")
	count(parts) == 2
}
