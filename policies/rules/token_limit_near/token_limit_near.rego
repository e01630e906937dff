# METADATA
# title: Token limit is nearly reached
# description: |
#   A source fails if its number of valid management tokens, or of delivery tokens, is at its
#   limit or one below. The vendor's pages disagree on the limits of a Contentstack stack, 10 or
#   30 management tokens, 20 delivery tokens or as many as the plan says, so they are parameters.
#
#   At the limit the next management token that somebody makes silently ends the oldest one, and
#   with it whatever used that: a release pipeline, an import, a site. At the limit of delivery
#   tokens none can be replaced without taking a site down first.
# custom:
#   goal: A stack stays below its token limit
#   severity: medium
#   fix: other
#   subject: source
#   select:
#     kinds: [management, delivery]
#     cms: [contentstack] # the others refuse a token too many, which does no harm
#   controls:
#     nist_800_53: [AC-2]
#   params:
#     limit:
#       type: integer
#       minimum: 1
#       default: 10
#       stricter: lower
#       description: How many valid management tokens a stack may have.
#     delivery_limit:
#       type: integer
#       minimum: 1
#       default: 20
#       stricter: lower
#       description: How many delivery tokens a stack may have.
#   remediation:
#     default: Delete tokens that nobody needs.
#     contentstack: Delete tokens that nobody needs under Settings, Tokens, the expired ones first. Ask support which limits your plan has, and set the parameters to them.
package tokenaudit.rules.token_limit_near

import data.tokenaudit.lib

deny contains finding if {
	some kind, limit in limits
	n := count(certain(kind))
	n > 0
	n >= limit - 1
	finding := object.union(key[kind], {
		"message": sprintf("%q has %s%s%s", [input.source.name, at_least(kind), lib.quantity(n, noun[kind]), room(kind, n, limit)]),
		"evidence": object.union({"valid": n, "limit": limit}, first_to_end(kind)),
	})
}

unknown contains gap if {
	some kind, limit in limits
	n := count(certain(kind))
	n < limit - 1
	count(valid[kind]) >= limit - 1
	gap := {"reason": sprintf("whether %s are still valid is not known", [lib.quantity(count(valid[kind]) - n, sprintf("%s token", [kind]))])}
}

limits := {"management": input.params.limit, "delivery": input.params.delivery_limit}

parameter := {"management": "limit", "delivery": "delivery_limit"}

noun := {"management": "valid management token", "delivery": "delivery token"}

key := {"management": {}, "delivery": {"key": "delivery_tokens"}}

valid := {"management": management, "delivery": delivery}

management := [token |
	some token in input.tokens
	token.kind == "management"
]

delivery := [token |
	some token in input.tokens
	token.kind == "delivery"
]

certain(kind) := [token |
	some token in valid[kind]
	token.expiry.state != "unknown"
	token.revoked_at.state != "unknown"
]

# Whether there may be more tokens of a kind than those that certainly are valid.
more(kind) if count(valid[kind]) > count(certain(kind))

more(kind) if {
	some unit in input.source.units
	unit.status != "complete"
	kind in unit.kinds
}

at_least(kind) := "at least " if more(kind)

at_least(kind) := "" if not more(kind)

room(kind, n, limit) := sprintf(" and may have %d: %s", [limit, next(kind, limit - n)]) if n <= limit

room(kind, n, limit) := sprintf(", more than the %d that the parameter %s allows: set it to the limit of your plan", [limit, parameter[kind]]) if n > limit

# What happens when there are so many tokens left to the limit.
next("management", 0) := sprintf("the next one ends %s", [who])

next("management", 1) := sprintf("the one after the next ends %s", [who]) if not more("management")

next("management", 1) := "the next one may end the oldest" if more("management")

next("delivery", 0) := "there is no room for more"

next("delivery", 1) := "there is room for one more" if not more("delivery")

next("delivery", 1) := "there is room for at most one more" if more("delivery")

who := sprintf("the oldest, %q", [name_of(oldest)]) if oldest != ""

who := "the oldest" if oldest == ""

first_to_end("management") := {"oldest": oldest}

first_to_end("delivery") := {}

# The management token that the next one too many would end, if all of them and their dates are
# known. All times are in UTC, and without the Z at their end they sort as texts, with fractions
# of a second as well.
oldest := min([[trim_suffix(token.created_at.at, "Z"), token.id] | some token in management])[1] if all_dated

oldest := "" if not all_dated

all_dated if {
	count(management) > 0
	not more("management")
	every token in management { token.created_at.state == "at" }
}

name_of(id) := name if {
	some token in management
	token.id == id
	name := token.name
}
