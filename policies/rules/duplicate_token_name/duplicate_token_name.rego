# METADATA
# title: Several tokens share a name
# description: |
#   A source fails for each name that several of its active tokens share. The preview token of a
#   delivery token shares its name by design and does not count, and neither do the tokens of
#   people, who name theirs as they like.
#
#   When a token has to be revoked in a hurry, a name that stands for two tokens costs time or takes
#   the wrong one down.
# custom:
#   goal: Every token has a unique name
#   severity: low
#   fix: other
#   subject: source
#   select:
#     kinds: [delivery, preview, management, app]
#   controls:
#     nist_800_53: [AC-2, CM-8]
#     cis_v8: ["5.5"]
#     iso_27001: [A.5.9]
#   remediation:
#     default: Give each token a name that says what uses it.
#     contentful: Rename the API keys under Settings, API keys.
#     contentstack: Rename the tokens under Settings, Tokens.
#     datocms: Rename the tokens under Project settings, API tokens.
#     terraform: Give the resource another name.
package tokenaudit.rules.duplicate_token_name

deny contains finding if {
	some name in shared
	ids := [id | some [called, id] in pairs; called == name]
	finding := object.union(
		{
			"key": name,
			"message": sprintf("%d active tokens of %q are called %q", [count(ids), input.source.name, name]),
			"evidence": {"tokens": ids},
		},
		changed(ids),
	)
}

# Names and ids in order, so that one pass finds the names that follow themselves.
# Comparing each token with each other would take minutes in a large source.
pairs := sort(named) if count({name | some [name, _] in named}) < count(named)

named := [[name, token.id] |
	some token in input.tokens
	token.twin == ""
	name := trim_space(token.name)
	name != ""
]

shared := {name |
	some i, [name, _] in pairs
	pairs[i + 1][0] == name
}

# A change that brings another token of a name is where to stop it.
changed(ids) := {"token": min(news)} if {
	news := planned & {id | some id in ids}
	count(news) > 0
}

changed(ids) := {} if count(planned & {id | some id in ids}) == 0

planned := {token.id |
	some token in input.tokens
	token.planned in {"create", "update", "replace"}
}
