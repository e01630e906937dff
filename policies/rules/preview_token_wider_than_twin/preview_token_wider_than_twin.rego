# METADATA
# title: Preview token opens more environments than its delivery token
# description: |
#   A preview token fails if it opens an environment that the delivery token it belongs to does
#   not. An alias counts as the environment that it points to.
#
#   The two are made together and look like one in the CMS, so a wider preview token goes
#   unnoticed; and it is the one that shows drafts.
# custom:
#   goal: A preview token opens no more environments than its delivery token
#   severity: medium
#   fix: environments
#   subject: token
#   select:
#     kinds: [preview]
#     status: [active, expired, revoked]
#   requires: [environments]
#   controls:
#     owasp_nhi: ["NHI8:2025"]
#     nist_800_53: [AC-6]
#     iso_27001: [A.8.31]
#   remediation:
#     default: Give both tokens the same environments.
#     contentful: Save the API key again under Settings, API keys with its environments. If the preview token does not follow, make a new key and delete this one.
#     contentstack: Delete the preview token of the delivery token and make it again.
#     terraform: The preview key follows the environments of its API key. Apply the configuration; if the two still differ, apply with -replace=ADDRESS.
package tokenaudit.rules.preview_token_wider_than_twin

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	token.twin != ""
}

deny contains finding if {
	some token in pairs
	twin := scopes[token.twin]
	twin.state == "listed"
	twin.items != token.environments.items
	wider := opened(token.environments) - opened(twin)
	count(wider) > 0
	finding := {
		"token": token.id,
		"message": sprintf("%s %s", [lib.token("preview", token.name), concat("; ", more(token.environments, wider))]),
		"evidence": {"more": wider, "scope": token.environments.state, "twin": token.twin},
	}
}

deny contains finding if {
	some token in pairs
	token.environments.state == "all"
	scopes[token.twin].state == "listed"
	finding := {
		"token": token.id,
		"message": sprintf("%s opens every environment, but its delivery token does not", [lib.token("preview", token.name)]),
		"evidence": {"scope": token.environments.state, "twin": token.twin},
	}
}

unknown contains gap if {
	some token in pairs
	not scopes[token.twin]
	gap := {"token": token.id, "reason": "its delivery token is not in the inventory"}
}

unknown contains gap if {
	some token in pairs
	scopes[token.twin].state == "unknown"
	gap := {"token": token.id, "reason": "which environments its delivery token opens could not be read"}
}

pairs := [token |
	some token in input.tokens
	token.twin != ""
]

scopes := {token.id: token.environments |
	some token in input.source_tokens
	token.kind == "delivery"
}

# Environments after aliases are resolved.
opened(scope) := {id | some item in scope.items; id := lib.target(item)}

# What the preview token opens, may open or only names beyond its delivery token.
more(scope, wider) := [words |
	some exists in ["yes", "unknown", "no"]
	ids := sort(lib.reached(scope, exists) & wider)
	count(ids) > 0
	words := sprintf("%s: %s", [beyond[exists], lib.names(scope, ids)])
]

beyond := {
	"yes": "opens environments that its delivery token does not",
	"unknown": "may open environments that its delivery token does not (could not check whether they exist)",
	"no": "names environments that do not exist and that its delivery token does not name",
}
