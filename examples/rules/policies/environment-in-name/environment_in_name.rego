# METADATA
# title: Delivery token is not named after its environment
# description: |
#   An active delivery token that opens one environment fails if its name does not end with the
#   word for that environment: primary_word for the primary one, else the environment's name.
#
#   Whoever replaces a token picks it by its name. One that says nothing of its environment ends
#   up in the configuration of another.
# custom:
#   goal: Delivery tokens are named after their environment
#   severity: low
#   subject: token
#   select:
#     kinds: [delivery]
#   requires: [environments]
#   params:
#     primary_word:
#       type: string
#       default: production
#       description: The word for the primary environment.
#   remediation:
#     default: Rename the token, so that its name ends with the environment that it opens.
package custom.rules.environment_in_name

# Tokens of several environments are another rule's: delivery-token-one-environment.
applies contains token.id if {
	some token in input.tokens
	token.environments.effective == 1
}

deny contains finding if {
	some token in input.tokens
	environments := token.environments.items
	every environment in environments { word_for(environment) }
	words := sort({word_for(environment) | some environment in environments})
	not ends_with_one(lower(token.name), words)
	finding := {
		"token": token.id,
		"message": sprintf("delivery token %q does not end with %s", [token.name, concat(" or ", words)]),
		"evidence": {"environments": [environment.id | some environment in environments], "words": words},
	}
}

# A scope that names an alias and its target opens one environment by two names.
ends_with_one(name, words) if {
	some word in words
	endswith(name, lower(word))
}

# An environment of which it is not known whether it is the primary one has no word: the rule
# then finds nothing, and the token is not evaluated.
word_for(environment) := input.params.primary_word if environment.primary == "yes"

word_for(environment) := label(environment) if environment.primary == "no"

# Some CMSes have ids alone, others a name next to it that people know.
label(environment) := environment.name if environment.name != ""

label(environment) := environment.id if environment.name == ""
