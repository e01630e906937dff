package input

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// SourceTerm builds the source of the input, without its tokens.
func SourceTerm(source *inventory.Source) *ast.Term {
	f := make(fields, 0, 19)
	f.text(KeyID, source.ID)
	f.text(KeyCMS, source.CMS)
	f.add(KeyKind, text(string(source.Kind)))
	f.text(keyName, source.Name)
	f.text(keyHost, source.Host)
	f.text(keyRegion, source.Region)
	f.text(keyOrganization, source.Organization)
	f.add(keyLabels, labelsTerm(source.Labels))
	f.text(keyURL, source.URL)
	f.time(keyCollectedAt, source.CollectedAt)
	f.add(keyUnits, unitsTerm(source.Units))
	f.add(keyFacts, factsTerm(source.Facts))
	f.add(keyLimits, limitsTerm(source.Limits))
	f.add(keyEnvironments, environmentsTerm(source.Environments))
	f.add(keyAuditor, auditorTerm(&source.Auditor))
	f.add(keyLiterals, literalsTerm(source.Literals))
	f.time(keyNeverAfter, source.NeverAfter)
	f.add(keyOrigin, originTerm(&source.Origin))
	return f.term()
}

func labelsTerm(labels map[string]string) *ast.Term {
	if len(labels) == 0 {
		return emptyTable
	}
	f := make(fields, 0, len(labels))
	for key, value := range labels {
		f.text(text(key), value)
	}
	return f.term()
}

func unitsTerm(units []inventory.Unit) *ast.Term {
	terms := make([]*ast.Term, len(units))
	for i := range units {
		unit := &units[i]
		f := make(fields, 0, 7)
		f.text(keyName, unit.Name)
		f.add(keyKinds, kindList(unit.Kinds))
		f.add(keySources, ast.InternedTerm(unit.Sources))
		f.add(keyStatus, text(string(unit.Status)))
		f.add(keyError, text(string(unit.Error)))
		f.text(keyDetail, unit.Detail)
		f.text(keyHint, unit.Hint)
		terms[i] = f.term()
	}
	return ast.ArrayTerm(terms...)
}

func kindList(kinds []inventory.Kind) *ast.Term {
	terms := make([]*ast.Term, len(kinds))
	for i, kind := range kinds {
		terms[i] = text(string(kind))
	}
	return ast.ArrayTerm(terms...)
}

func factsTerm(facts inventory.Facts) *ast.Term {
	f := make(fields, 0, len(facts))
	for fact, support := range facts {
		f.add(text(string(fact)), ast.ObjectTerm(
			[2]*ast.Term{keyReported, text(string(support.Reported))},
			[2]*ast.Term{keyReason, text(support.Reason)}))
	}
	return f.term()
}

func limitsTerm(limits map[string]inventory.Limit) *ast.Term {
	f := make(fields, 0, len(limits))
	for name, limit := range limits {
		f.add(text(name), ast.ObjectTerm(
			[2]*ast.Term{keyMax, ast.InternedTerm(limit.Max)},
			[2]*ast.Term{KeySource, text(limit.Source)}))
	}
	return f.term()
}

func environmentsTerm(environments []inventory.Environment) *ast.Term {
	terms := make([]*ast.Term, len(environments))
	for i := range environments {
		environment := &environments[i]
		terms[i] = ast.ObjectTerm(
			[2]*ast.Term{KeyID, text(environment.ID)},
			[2]*ast.Term{keyName, text(environment.Name)},
			[2]*ast.Term{keyPrimary, text(string(environment.Primary))},
			[2]*ast.Term{keyAliasOf, text(environment.AliasOf)})
	}
	return ast.ArrayTerm(terms...)
}

func literalsTerm(literals []inventory.Literal) *ast.Term {
	terms := make([]*ast.Term, len(literals))
	for i := range literals {
		literal := &literals[i]
		terms[i] = ast.ObjectTerm(
			[2]*ast.Term{keyAddress, text(literal.Address)},
			[2]*ast.Term{keyAttribute, text(literal.Attribute)},
			[2]*ast.Term{keyPlace, text(string(literal.Place))},
			[2]*ast.Term{KeyCMS, text(literal.CMS)},
			[2]*ast.Term{keyOrigin, originTerm(&literal.Origin)})
	}
	return ast.ArrayTerm(terms...)
}

func auditorTerm(auditor *inventory.Auditor) *ast.Term {
	f := make(fields, 0, 5)
	f.text(KeyToken, auditor.Token)
	f.add(keyReadsSecrets, text(string(auditor.ReadsSecrets)))
	f.add(keyWrites, text(string(auditor.Writes)))
	f.add(keyNecessary, text(string(auditor.Necessary)))
	f.text(keyDetail, auditor.Detail)
	return f.term()
}
