package policies

import (
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// This file builds the input of the rules straight from the Go structs, without
// a round trip through JSON. The input has the shape of the common schema with
// one difference: every text is present, empty where the CMS gives none, so
// that a comparison in a rule is never undefined. A time is absent where there
// is none, and so is a day count whose fact is unknown.
//
// Terms are never changed once built, so the constant ones are shared by all
// evaluations.

var (
	emptyText  = ast.StringTerm("")
	emptyArray = ast.ArrayTerm()
	emptyTable = ast.ObjectTerm()
)

// fields collects the members of one object.
type fields [][2]*ast.Term

func (f *fields) add(key, value *ast.Term)         { *f = append(*f, [2]*ast.Term{key, value}) }
func (f *fields) text(key *ast.Term, value string) { f.add(key, text(value)) }
func (f *fields) flag(key *ast.Term, value bool)   { f.add(key, ast.InternedTerm(value)) }
func (f *fields) number(key *ast.Term, value int)  { f.add(key, ast.InternedTerm(value)) }

func (f *fields) time(key *ast.Term, value time.Time) {
	if !value.IsZero() {
		f.add(key, ast.StringTerm(value.UTC().Format(time.RFC3339Nano)))
	}
}

func (f *fields) count(key *ast.Term, value *int) {
	if value != nil {
		f.number(key, *value)
	}
}

// days adds a range of days, unless it is nil.
func (f *fields) days(key *ast.Term, value *DayRange) {
	if value == nil {
		return
	}
	r := make(fields, 0, 2)
	r.number(keyMin, value.Min)
	r.count(keyMax, value.Max)
	f.add(key, r.term())
}

func (f fields) term() *ast.Term { return ast.ObjectTerm(f...) }

func text(value string) *ast.Term {
	if value == "" {
		return emptyText
	}
	return ast.InternedTerm(value)
}

func texts[T ~string](values []T) *ast.Term {
	if len(values) == 0 {
		return emptyArray
	}
	terms := make([]*ast.Term, len(values))
	for i, value := range values {
		terms[i] = text(string(value))
	}
	return ast.ArrayTerm(terms...)
}

// word is the term of a value of one of the schema's small vocabularies.
func word[T ~string](value T) *ast.Term { return text(string(value)) }

// tokenTerm builds one token of the input.
func tokenTerm(token *inventory.Token, derived *Derived) *ast.Term {
	f := make(fields, 0, 38)
	f.text(keyID, token.ID)
	f.text(keyRef, token.Ref)
	f.text(keyTwin, token.Twin)
	f.text(keyCMS, token.CMS)
	f.text(keySource, token.Source)
	f.text(keyName, token.Name)
	f.text(keyDescription, token.Description)
	f.text(keyURL, token.URL)
	f.add(keyKind, word(token.Kind))
	f.add(keyAPIs, texts(token.APIs))
	f.add(keyAccess, accessTerm(&token.Access))
	f.add(keyRole, roleTerm(token.Role))
	f.add(keyEnvironments, scopeTerm(&token.Environments))
	if token.Branches != nil {
		f.add(keyBranches, scopeTerm(token.Branches))
	}
	f.add(keyCreatedAt, timestampTerm(&token.CreatedAt))
	f.add(keyUpdatedAt, timestampTerm(&token.UpdatedAt))
	f.add(keyRevokedAt, timestampTerm(&token.RevokedAt))
	f.add(keyExpiry, expiryTerm(&token.Expiry))
	if seen := token.FirstSeen; seen != nil {
		bounds := make(fields, 0, 2)
		bounds.time(keyNotBefore, seen.NotBefore)
		bounds.time(keyAt, seen.At)
		f.add(keyFirstSeen, bounds.term())
	}
	f.add(keyLastUsed, lastUsedTerm(&token.LastUsed))
	if token.LastUsedByAPI != nil {
		f.add(keyLastUsedByAPI, lastUsedByAPITerm(token.LastUsedByAPI))
	}
	f.add(keyTraits, ast.ObjectTerm(
		[2]*ast.Term{keyFactory, word(token.Traits.Factory)},
		[2]*ast.Term{keyNotifies, word(token.Traits.NotifiesBeforeExpiry)}))
	f.add(keyOwner, ownerTerm(&token.Owner))
	f.add(keySecret, ast.ObjectTerm(
		[2]*ast.Term{keyReadable, word(token.Secret.Readable)},
		[2]*ast.Term{keyHint, text(token.Secret.Hint)}))
	f.add(keyPlanned, word(token.Planned))
	f.text(keyAddress, token.Address)
	f.add(keyOrigin, originTerm(token.Origin))

	f.add(keyStatus, word(derived.Status))
	f.count(keyAgeDays, derived.AgeDays)
	f.days(keyAge, derived.Age)
	f.count(keyExpiresInDays, derived.ExpiresInDays)
	f.count(keyLifetimeDays, derived.LifetimeDays)
	f.days(keyUnusedDays, derived.UnusedDays)
	f.count(keyOwnerIdleDays, derived.OwnerIdleDays)
	return f.term()
}

func accessTerm(access *inventory.Access) *ast.Term {
	f := make(fields, 0, 6)
	f.add(keyLevel, word(access.Level))
	f.flag(keyWrite, access.Write)
	f.flag(keyAssumed, access.Assumed)
	f.text(keyReason, access.Reason)
	f.add(keyManagesTokens, word(access.ManagesTokens))
	f.add(keyGrants, texts(access.Grants))
	return f.term()
}

func roleTerm(role *inventory.Role) *ast.Term {
	if role == nil {
		return ast.InternedNullTerm
	}
	return ast.ObjectTerm(
		[2]*ast.Term{keyID, text(role.ID)},
		[2]*ast.Term{keyName, text(role.Name)},
		[2]*ast.Term{keyLevel, word(role.Level)})
}

func scopeTerm(scope *inventory.Scope) *ast.Term {
	items := emptyArray
	if len(scope.Items) > 0 {
		terms := make([]*ast.Term, len(scope.Items))
		for i := range scope.Items {
			item := &scope.Items[i]
			terms[i] = ast.ObjectTerm(
				[2]*ast.Term{keyID, text(item.ID)},
				[2]*ast.Term{keyName, text(item.Name)},
				[2]*ast.Term{keyPrimary, word(item.Primary)},
				[2]*ast.Term{keyExists, word(item.Exists)},
				[2]*ast.Term{keyAliasOf, text(item.AliasOf)})
		}
		items = ast.ArrayTerm(terms...)
	}
	return ast.ObjectTerm(
		[2]*ast.Term{keyState, word(scope.State)},
		[2]*ast.Term{keyReason, text(scope.Reason)},
		[2]*ast.Term{keyItems, items},
		[2]*ast.Term{keyEffective, ast.InternedTerm(scope.Effective)})
}

func timestampTerm(stamp *inventory.Timestamp) *ast.Term {
	f := make(fields, 0, 3)
	f.add(keyState, word(stamp.State))
	f.time(keyAt, stamp.At)
	f.text(keyReason, stamp.Reason)
	return f.term()
}

func expiryTerm(expiry *inventory.Expiry) *ast.Term {
	f := make(fields, 0, 5)
	f.add(keyState, word(expiry.State))
	f.time(keyAt, expiry.At)
	f.add(keyPrecision, word(expiry.Precision))
	f.flag(keySupported, expiry.Supported)
	f.text(keyReason, expiry.Reason)
	return f.term()
}

func lastUsedTerm(used *inventory.LastUsed) *ast.Term {
	f := make(fields, 0, 7)
	f.add(keyState, word(used.State))
	f.time(keyAt, used.At)
	f.time(keyEarliest, used.Earliest)
	f.time(keyLatest, used.Latest)
	f.text(keyReason, used.Reason)
	f.text(keyEvidence, used.Evidence)
	f.text(keyWord, used.Word)
	if len(used.Chain) > 0 {
		links := make([]*ast.Term, len(used.Chain))
		for i := range used.Chain {
			links[i] = observationTerm(&used.Chain[i])
		}
		f.add(keyChain, ast.ArrayTerm(links...))
	}
	return f.term()
}

func observationTerm(o *inventory.Observation) *ast.Term {
	f := make(fields, 0, 7)
	f.time(keyCollectedAt, o.CollectedAt)
	f.add(keyState, word(o.State))
	f.time(keyAt, o.At)
	f.time(keyEarliest, o.Earliest)
	f.time(keyLatest, o.Latest)
	f.text(keyEvidence, o.Evidence)
	f.text(keyWord, o.Word)
	return f.term()
}

func lastUsedByAPITerm(uses map[inventory.API]inventory.LastUsed) *ast.Term {
	f := make(fields, 0, len(uses))
	for api, used := range uses {
		f.add(word(api), lastUsedTerm(&used))
	}
	return f.term()
}

func ownerTerm(owner *inventory.Owner) *ast.Term {
	f := make(fields, 0, 8)
	f.add(keyType, word(owner.Type))
	f.text(keyID, owner.ID)
	f.text(keyName, owner.Name)
	f.add(keyState, word(owner.State))
	f.add(keyLevel, word(owner.Level))
	f.text(keyRole, owner.Role)
	f.add(keyLastActive, timestampTerm(&owner.LastActive))
	f.text(keyReason, owner.Reason)
	return f.term()
}

func originTerm(origin inventory.Origin) *ast.Term {
	return ast.ObjectTerm(
		[2]*ast.Term{keyFile, text(origin.File)},
		[2]*ast.Term{keyLine, ast.InternedTerm(origin.Line)})
}

// sourceTerm builds the source of the input, without its tokens.
func sourceTerm(source *inventory.Source) *ast.Term {
	f := make(fields, 0, 19)
	f.text(keyID, source.ID)
	f.text(keyCMS, source.CMS)
	f.add(keyKind, word(source.Kind))
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
	f.add(keyOrigin, originTerm(source.Origin))
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
		f := make(fields, 0, 6)
		f.text(keyName, unit.Name)
		f.add(keyKinds, texts(unit.Kinds))
		f.add(keyStatus, word(unit.Status))
		f.add(keyError, word(unit.Error))
		f.text(keyDetail, unit.Detail)
		f.text(keyHint, unit.Hint)
		terms[i] = f.term()
	}
	return ast.ArrayTerm(terms...)
}

func factsTerm(facts inventory.Facts) *ast.Term {
	f := make(fields, 0, len(facts))
	for fact, support := range facts {
		f.add(word(fact), ast.ObjectTerm(
			[2]*ast.Term{keyReported, word(support.Reported)},
			[2]*ast.Term{keyReason, text(support.Reason)}))
	}
	return f.term()
}

func limitsTerm(limits map[string]inventory.Limit) *ast.Term {
	f := make(fields, 0, len(limits))
	for name, limit := range limits {
		f.add(text(name), ast.ObjectTerm(
			[2]*ast.Term{keyMax, ast.InternedTerm(limit.Max)},
			[2]*ast.Term{keySource, text(limit.Source)}))
	}
	return f.term()
}

func environmentsTerm(environments []inventory.Environment) *ast.Term {
	terms := make([]*ast.Term, len(environments))
	for i := range environments {
		environment := &environments[i]
		terms[i] = ast.ObjectTerm(
			[2]*ast.Term{keyID, text(environment.ID)},
			[2]*ast.Term{keyName, text(environment.Name)},
			[2]*ast.Term{keyPrimary, word(environment.Primary)},
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
			[2]*ast.Term{keyPlace, word(literal.Place)},
			[2]*ast.Term{keyCMS, text(literal.CMS)},
			[2]*ast.Term{keyOrigin, originTerm(literal.Origin)})
	}
	return ast.ArrayTerm(terms...)
}

func auditorTerm(auditor *inventory.Auditor) *ast.Term {
	f := make(fields, 0, 5)
	f.text(keyToken, auditor.Token)
	f.add(keyReadsSecrets, word(auditor.ReadsSecrets))
	f.add(keyWrites, word(auditor.Writes))
	f.add(keyNecessary, word(auditor.Necessary))
	f.text(keyDetail, auditor.Detail)
	return f.term()
}

// chunkTokens is how many tokens a rule about tokens judges in one query.
// Between 100 and 1,000 a token costs the same; more costs more again.
const chunkTokens = 1000

// chunks splits the indexes of tokens for the rules about tokens. A preview
// token stays with the delivery token that it is the twin of, because rules
// compare the two; so a chunk may be slightly longer than size.
func chunks(tokens []inventory.Token, size int) [][]int {
	if len(tokens) <= size {
		return [][]int{indexes(len(tokens))}
	}
	place := make(map[string]int, len(tokens))
	for i := range tokens {
		place[tokens[i].ID] = i
	}
	twins := map[int][]int{}
	isTwin := make([]bool, len(tokens))
	for i := range tokens {
		if main, ok := place[tokens[i].Twin]; ok && tokens[i].Twin != "" && main != i && tokens[main].Twin == "" {
			twins[main] = append(twins[main], i)
			isTwin[i] = true
		}
	}
	var all [][]int
	var current []int
	for i := range tokens {
		if isTwin[i] {
			continue
		}
		current = append(append(current, i), twins[i]...)
		if len(current) >= size {
			all = append(all, current)
			current = nil
		}
	}
	if len(current) > 0 {
		all = append(all, current)
	}
	return slices.Clip(all)
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
