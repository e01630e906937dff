# METADATA
# title: Delivery token opens several environments
# description: |
#   A token that reaches the delivery or the preview API fails if it opens more than one
#   environment. Aliases are resolved first, so an alias and its target are one. Names of
#   environments that do not exist count, because the token opens whatever gets that name. A
#   preview token with the scope of its delivery token is judged with it.
#
#   A website needs one environment. A token that opens several lets whoever holds it read the
#   others: unreleased content, test data, another brand.
# custom:
#   goal: A delivery token opens one environment
#   severity: medium
#   fix: environments
#   subject: token
#   select:
#     status: [active, expired, revoked]
#     apis: [content_delivery, content_preview]
#   requires: [environments]
#   controls:
#     owasp_nhi: ["NHI8:2025"]
#     iso_27001: [A.8.31]
#     cis_v8: ["16.8"]
#     pci_dss: ["6.5.3"]
#   remediation:
#     default: Make one token for each environment, and give each application the one it needs.
#     contentful: Edit the API key under Settings, API keys, and leave only one environment. Make a separate key for each of the others.
#     contentstack: Edit the delivery token under Settings, Tokens, and leave only one publishing environment. Make a separate token for each of the others.
#     datocms: Give the token a role whose environment access is "primary only", or whose permissions let it read one environment.
#     terraform: Name one environment in the environments of the key, and declare a separate key for each of the others. For a datocms_access_token, set environments_access to primary_only in the datocms_role that role_id names.
package tokenaudit.rules.delivery_token_one_environment

import data.tokenaudit.lib

applies contains token.id if {
	some token in input.tokens
	not token.id in twins
}

deny contains finding if {
	some token in input.tokens
	token.environments.effective > 1
	finding := {
		"token": token.id,
		"message": sprintf("%s %s", [lib.token(token.kind, token.name), scope_of(token.environments)]),
		"evidence": {
			"environments": [item.id | some item in token.environments.items],
			"effective": token.environments.effective,
			"scope": token.environments.state,
		},
	}
}

allow contains explanation if {
	some token in input.tokens
	token.environments.state == "all"
	token.environments.effective == 1
	explanation := {
		"token": token.id,
		"message": sprintf("%s opens every environment, and there is only one now", [lib.token(token.kind, token.name)]),
	}
}

# Preview tokens that open what their delivery token opens.
twins := {twin.id |
	some twin in input.source_tokens
	twin.twin != ""
	twin.environments.state != "unknown"
	delivery := scopes[twin.twin]
	delivery.state == twin.environments.state
	delivery.items == twin.environments.items
}

scopes := {token.id: token.environments |
	some token in input.source_tokens
	token.kind == "delivery"
}

# Where one environment exists of several, the whole is named before its parts.
scope_of(scope) := concat("; ", opens(scope)) if several(scope)

scope_of(scope) := sprintf("has a scope of %d environments: %s", [scope.effective, concat("; ", opens(scope))]) if {
	not several(scope)
}

several(scope) if count(lib.reached(scope, "yes") - aliases(scope)) > 1

several(scope) if count(opens(scope)) == 1

# What a scope opens, what it may open, and what it only names.
opens(scope) := [words |
	some exists in ["yes", "unknown", "no"]
	ids := sort(lib.reached(scope, exists) - aliases(scope))
	count(ids) > 0
	words := sprintf("%s: %s", [opened(scope.state, exists, count(ids)), lib.names(scope, ids)])
]

# An alias may point to an alias, which is then no environment of its own.
aliases(scope) := {item.id | some item in scope.items; item.alias_of != ""}

opened("listed", "yes", n) := sprintf("opens %s", [lib.quantity(n, "environment")])

opened("all", "yes", n) := sprintf("opens every environment, %d now", [n])

opened(_, "unknown", 1) := "may open 1 environment (could not check whether it exists)"

opened(_, "unknown", n) := sprintf("may open %d environments (could not check whether they exist)", [n]) if n != 1

opened(_, "no", n) := sprintf("names %s that %s not exist", [lib.quantity(n, "environment"), do(n)])

do(1) := "does"

do(n) := "do" if n != 1
