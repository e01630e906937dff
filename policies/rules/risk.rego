# METADATA
# title: Risk of a token
# description: |
#   How much harm an active token can do, who could hold it, for how long, and whether anybody
#   would miss it, in points that add up to a score from 0 to 100. A fact that is not known makes
#   a range of it: the least and the most it could be.
# custom:
#   params:
#     severe:
#       type: integer
#       minimum: 1
#       maximum: 100
#       default: 60
#       description: Scores from this one up are severe.
#     high:
#       type: integer
#       minimum: 1
#       maximum: 100
#       default: 45
#       description: Scores from this one up are high.
#     moderate:
#       type: integer
#       minimum: 1
#       maximum: 100
#       default: 30
#       description: Scores from this one up are moderate, those below it low.
#     production_labels:
#       type: array
#       default: [env=production, env=prod, environment=production, stage=production]
#       description: The labels of sources that serve the public.
#     idle_days:
#       type: integer
#       minimum: 1
#       maximum: 364
#       default: 30
#       description: How many days without use make a token idle, and an owner who was not seen.
package tokenaudit.risk

import data.tokenaudit.lib

# What the token can do.

factors contains {"token": token.id, "factor": "access", "min": right.points, "max": right.points, "reason": right.reason} if {
	some token in input.tokens
	right := rights[token.access.level]
}

factors contains {"token": token.id, "factor": "access", "min": 0, "max": 35, "reason": lib.told(token.access.reason, "its rights could not be read")} if {
	some token in input.tokens
	token.access.level == "unknown"
}

factors contains {"token": token.id, "factor": "manages-tokens", "min": told.min, "max": 15, "reason": told.reason} if {
	some token in input.tokens
	told := managing[token.access.manages_tokens]
}

factors contains {"token": token.id, "factor": "environments", "min": points, "max": points, "reason": sprintf("opens %d environments", [token.environments.effective])} if {
	some token in input.tokens
	token.environments.effective > 1
	points := environment_points(token.environments.effective)
}

factors contains {"token": token.id, "factor": "environments", "min": 0, "max": 5, "reason": "which environments it opens is not known"} if {
	some token in input.tokens
	token.environments.state == "unknown"
}

factors contains {"token": token.id, "factor": "production", "min": 5, "max": 5, "reason": "its source is labelled as production"} if {
	some key, value in input.source.labels
	sprintf("%s=%s", [key, value]) in input.params.production_labels
	some token in input.tokens
}

# Who could hold it. A leak counts where it was found: that nobody looked is no sign of one.

factors contains {"token": token.id, "factor": "leaked", "min": 40, "max": 40, "reason": "its secret has leaked"} if {
	some token in input.tokens
	some leak in token.exposure.found
	leak.match == "exact"
}

factors contains {"token": token.id, "factor": "leaked", "min": 0, "max": 40, "reason": "a string that ends like its secret has leaked"} if {
	some token in input.tokens
	token.exposure.state == "found"
	not leaked(token)
}

factors contains {"token": token.id, "factor": "owner-gone", "min": 15, "max": 15, "reason": reason} if {
	some token in input.tokens
	token.owner.type != "none"
	token.owner.state in {"deactivated", "removed"}
	reason := sprintf("its %s is %s", [lib.called("owner", token.owner.name, token.owner.id), token.owner.state])
}

factors contains {"token": token.id, "factor": "owner-gone", "min": 0, "max": 15, "reason": lib.told(token.owner.reason, "whether its owner is still there is not known")} if {
	some token in input.tokens
	token.owner.type != "none"
	token.owner.state == "unknown"
}

factors contains {"token": token.id, "factor": "holder", "min": 3, "max": 3, "reason": "belongs to nobody: anyone who has a copy can use it"} if {
	some token in input.tokens
	token.owner.type == "none"
}

factors contains {"token": token.id, "factor": "holder", "min": 0, "max": 3, "reason": "whether it belongs to anybody is not known"} if {
	some token in input.tokens
	token.owner.type == "unknown"
	not token.kind in personal_kinds
}

factors contains {"token": token.id, "factor": "holder", "min": use.min, "max": 4, "reason": use.reason} if {
	some token in input.tokens
	token.kind in personal_kinds
	token.owner.type != "none"
	use := other_use(token)
}

factors contains {"token": token.id, "factor": "secret-readable", "min": told.min, "max": 5, "reason": told.reason} if {
	some token in input.tokens
	told := readable[token.secret.readable]
}

# For how long.

factors contains {"token": token.id, "factor": "expiry", "min": 8, "max": 8, "reason": "never expires"} if {
	some token in input.tokens
	token.expiry.state == "never"
}

factors contains {"token": token.id, "factor": "expiry", "min": points, "max": points, "reason": sprintf("works for another %d days", [token.expires_in_days])} if {
	some token in input.tokens
	token.expires_in_days > 90
	token.expiry.state == "at"
	points := expiry_points(token.expires_in_days)
}

factors contains {"token": token.id, "factor": "expiry", "min": 0, "max": 8, "reason": lib.told(token.expiry.reason, "whether it expires is not known")} if {
	some token in input.tokens
	token.expiry.state == "unknown"
}

factors contains {"token": token.id, "factor": "age", "min": age_points(token.age.min), "max": age_points(token.age.max), "reason": reason} if {
	some token in input.tokens
	token.age.max >= 90
	not token.planned in not_yet
	reason := long("was created %s ago, and its secret has not changed since", token.age.min, token.age.max)
}

factors contains {"token": token.id, "factor": "age", "min": age_points(object.get(token, ["age", "min"], 0)), "max": 5, "reason": "how old it is is not known exactly"} if {
	some token in input.tokens
	not token.age.max
	not token.planned in not_yet
}

# Whether anybody would miss it. A token that something else than its owner uses has as many
# points as one that nobody uses.

factors contains {"token": token.id, "factor": "idle", "min": idle_points(token.unused_days.min), "max": idle_points(token.unused_days.max), "reason": reason} if {
	some token in input.tokens
	token.unused_days.max >= input.params.idle_days
	not token.planned in not_yet
	reason := long("has not been used for %s", token.unused_days.min, token.unused_days.max)
}

factors contains {"token": token.id, "factor": "idle", "min": idle_points(object.get(token, ["unused_days", "min"], 0)), "max": 7, "reason": "how long it has not been used is not known exactly"} if {
	some token in input.tokens
	not token.unused_days.max
	not token.planned in not_yet
}

# What custom rules found.

factors contains {"token": id, "factor": "custom-findings", "min": worst(found), "max": worst(found | open), "reason": reason} if {
	some id, verdicts in input.verdicts
	found := {v | some v in verdicts; v.status != "not_evaluated"}
	open := {v | some v in verdicts; v.status == "not_evaluated"}
	reason := sprintf("%s: %s", [words[count(found) > 0], lib.list(sort({v.rule | some v in verdicts}))])
}

rights := {
	"read": {"points": 5, "reason": "can read"},
	"trigger": {"points": 10, "reason": "can start builds and webhooks"},
	"write": {"points": 25, "reason": "can change content"},
	"schema": {"points": 30, "reason": "can change the content model"},
	"admin": {"points": 35, "reason": "has administrator rights"},
}

managing := {
	"yes": {"min": 15, "reason": "can create tokens, or read the secrets of others"},
	"unknown": {"min": 0, "reason": "whether it can create tokens, or read the secrets of others, is not known"},
}

readable := {
	"yes": {"min": 5, "reason": "anyone who may list the tokens can read its secret"},
	"unknown": {"min": 0, "reason": "whether anyone who may list the tokens can read its secret is not known"},
}

environment_points(n) := 5 if {
	n > 5
} else := 3

leaked(token) if {
	some leak in token.exposure.found
	leak.match == "exact"
}

personal_kinds := {"personal", "cli", "oauth"}

# Whether something else than its owner uses the token. Of an owner who was seen nothing else
# can be told apart; a token that was not used nobody uses.
other_use(token) := {"min": 4, "reason": reason} if {
	token.owner_idle_days >= input.params.idle_days
	token.unused_days.max < input.params.idle_days
	token.last_used.state in {"at", "between"}
	reason := sprintf("something other than its owner uses it: the owner was last seen %s ago", [lib.quantity(token.owner_idle_days, "day")])
} else := {"min": 0, "reason": "whether its owner or something else uses it is not known"} if {
	not owner_seen(token)
	not unused(token)
}

owner_seen(token) if token.owner_idle_days < input.params.idle_days

unused(token) if token.last_used.state == "never"

unused(token) if token.unused_days.min >= input.params.idle_days

expiry_points(n) := 5 if {
	n > 365
} else := 3

age_points(days) := 5 if {
	days >= 365
} else := 2 if {
	days >= 90
} else := 0

idle_points(days) := 7 if {
	days >= 365
} else := 4 if {
	days >= input.params.idle_days
} else := 0

# A planned token that does not exist has neither an age nor a use.
not_yet := {"create", "replace"}

# long says how many days it is, as far as that is known.
long(format, least, most) := sprintf(format, [lib.quantity(least, "day")]) if {
	least == most
} else := sprintf(format, [sprintf("between %d and %s", [least, lib.quantity(most, "day")])])

words := {true: "custom rules found something", false: "custom rules could not decide"}

severities := {"critical": 20, "high": 10, "medium": 5, "low": 2, "info": 0}

worst(verdicts) := max({0} | {severities[v.severity] | some v in verdicts})
