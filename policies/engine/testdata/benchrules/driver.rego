# What tokenaudit asks of each rule, asked in Rego of one document with all
# sources: its output sets, judged on one source at a time, findings only for
# tokens to which it applies. The document says which tokens of a source a rule
# selects: tokenaudit finds them before it asks OPA.
#
# says[rule] and data.rules[rule] (requires, params, subject) are generated from the
# rules, see benchrules_document_test.go.
package bench

findings := [finding |
	some answer in answers
	some denied in answer.said.deny
	subject := object.get(denied, "token", answer.source)
	judges(answer, subject)
	finding := {"rule": answer.rule, "source": answer.source, "finding": denied}
]

gaps := [gap |
	some answer in answers
	some unknown in object.get(answer.said, "unknown", [])
	subject := object.get(unknown, "token", answer.source)
	judges(answer, subject)
	gap := {"rule": answer.rule, "source": answer.source, "gap": unknown}
]

allowed := [pass |
	some answer in answers
	some allow in object.get(answer.said, "allow", [])
	subject := object.get(allow, "token", answer.source)
	judges(answer, subject)
	pass := {"rule": answer.rule, "source": answer.source, "pass": allow}
]

answers := [answer |
	some given in input.sources
	some rule, places in given.selected
	tokens := [token | some place in places; token := given.tokens[place]]
	about := data.rules[rule] # regal ignore:unresolved-reference

	# Each rule sees one source, as in tokenaudit.
	# regal ignore:with-outside-test-context
	said := says[rule] with input as {"source": given.source, "tokens": tokens, "source_tokens": given.tokens, "at": input.at, "params": about.params}
	answer := {"rule": rule, "source": given.source.id, "facts": given.source.facts, "about": about, "said": said}
]

judges(answer, subject) if {
	applies(answer, subject)
	told(answer)
}

applies(answer, subject) if subject in answer.said.applies

applies(answer, _) if not answer.said.applies

# The one required fact of which the sources of the benchmark differ, and whose
# lack a deny set does not see: an empty description says nothing where the CMS
# has none.
told(answer) if not "description" in answer.about.requires

told(answer) if answer.facts.description.reported == "yes"
