# What tokenaudit asks of each rule, asked in Rego of one document with all
# sources: its output sets, judged on one source at a time, findings only for
# tokens of the rule's kinds to which it applies.
#
# says[rule] and data.rules[rule] (kinds, params, subject) are generated from the
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
	kinds := {token.id: token.kind | some token in given.tokens}
	some rule, about in data.rules # regal ignore:unresolved-reference

	# Each rule sees one source, as in tokenaudit.
	# regal ignore:with-outside-test-context
	said := says[rule] with input as {"source": given.source, "tokens": given.tokens, "at": input.at, "params": about.params}
	answer := {"rule": rule, "source": given.source.id, "facts": given.source.facts, "about": about, "kinds": kinds, "said": said}
]

judges(answer, subject) if {
	applies(answer, subject)
	of_kind(answer, subject)
	told(answer)
}

applies(answer, subject) if subject in answer.said.applies

applies(answer, _) if not answer.said.applies

of_kind(answer, _) if count(answer.about.kinds) == 0

of_kind(answer, _) if answer.about.subject == "source"

of_kind(answer, subject) if answer.kinds[subject] in answer.about.kinds

# The one required fact of which the sources of the benchmark differ, and whose
# lack a deny set does not see: an empty description says nothing where the CMS
# has none.
told(answer) if not "description" in answer.about.requires

told(answer) if answer.facts.description.reported == "yes"
