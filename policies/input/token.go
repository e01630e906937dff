package input

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
// Terms are never changed once built, so they are shared freely.

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
	return ast.StringTerm(value)
}

// An Encoder builds the tokens of one source. It shares the terms of texts that
// many tokens have and of parts that are like those of the token before: most
// tokens of a list differ in little.
type Encoder struct {
	words    map[string]*ast.Term
	access   memo[inventory.Access]
	scope    memo[inventory.Scope]
	created  memo[inventory.Timestamp]
	updated  memo[inventory.Timestamp]
	revoked  memo[inventory.Timestamp]
	expiry   memo[inventory.Expiry]
	lastUsed memo[inventory.LastUsed]
	traits   memo[inventory.Traits]
	owner    memo[inventory.Owner]
	secret   memo[inventory.Secret]
	exposure memo[inventory.Exposure]
	origin   memo[inventory.Origin]
}

// NewEncoder returns an Encoder that has seen no token.
func NewEncoder() *Encoder { return &Encoder{words: map[string]*ast.Term{}} }

// memo remembers the last value of a part and its term.
type memo[T any] struct {
	value T
	term  *ast.Term
}

func (m *memo[T]) of(value *T, same func(a, b *T) bool, build func(*T) *ast.Term) *ast.Term {
	if m.term == nil || !same(&m.value, value) {
		m.value, m.term = *value, build(value)
	}
	return m.term
}

func same[T comparable](a, b *T) bool { return *a == *b }

func sameAccess(a, b *inventory.Access) bool {
	return a.Level == b.Level && a.Write == b.Write && a.Assumed == b.Assumed && a.Reason == b.Reason &&
		a.ManagesTokens == b.ManagesTokens && slices.Equal(a.Grants, b.Grants)
}

func sameScope(a, b *inventory.Scope) bool {
	return a.State == b.State && a.Reason == b.Reason && a.Effective == b.Effective && slices.Equal(a.Items, b.Items)
}

func sameUse(a, b *inventory.LastUsed) bool {
	return a.State == b.State && a.At.Equal(b.At) && a.Earliest.Equal(b.Earliest) && a.Latest.Equal(b.Latest) &&
		a.Reason == b.Reason && a.Evidence == b.Evidence && a.Word == b.Word && slices.Equal(a.Chain, b.Chain)
}

func sameExposure(a, b *inventory.Exposure) bool {
	return a.State == b.State && a.Reason == b.Reason && len(a.Found) == 0 && len(b.Found) == 0
}

// word shares the terms of texts that come again and again.
func (e *Encoder) word(value string) *ast.Term {
	term, ok := e.words[value]
	if !ok {
		term = text(value)
		e.words[value] = term
	}
	return term
}

// Token builds one token of the input.
func (e *Encoder) Token(token *inventory.Token, derived *Derived) *ast.Term {
	f := make(fields, 0, 40)
	f.text(KeyID, token.ID)
	f.text(keyRef, token.Ref)
	f.text(keyTwin, token.Twin)
	f.add(KeyCMS, e.word(token.CMS))
	f.add(KeySource, e.word(token.Source))
	f.text(keyName, token.Name)
	f.text(keyDescription, token.Description)
	f.text(keyURL, token.URL)
	f.add(KeyKind, e.word(string(token.Kind)))
	f.add(keyAPIs, list(e, token.APIs))
	f.add(keyAccess, e.access.of(&token.Access, sameAccess, e.accessTerm))
	f.add(keyRole, e.roleTerm(token.Role))
	f.add(keyEnvironments, e.scope.of(&token.Environments, sameScope, e.scopeTerm))
	if token.Branches != nil {
		f.add(keyBranches, e.scopeTerm(token.Branches))
	}
	f.add(keyCreatedAt, e.created.of(&token.CreatedAt, same, e.timestampTerm))
	f.add(keyUpdatedAt, e.updated.of(&token.UpdatedAt, same, e.timestampTerm))
	f.add(keyRevokedAt, e.revoked.of(&token.RevokedAt, same, e.timestampTerm))
	f.add(keyExpiry, e.expiry.of(&token.Expiry, same, e.expiryTerm))
	if seen := token.FirstSeen; seen != nil {
		bounds := make(fields, 0, 2)
		bounds.time(keyNotBefore, seen.NotBefore)
		bounds.time(KeyAt, seen.At)
		f.add(keyFirstSeen, bounds.term())
	}
	f.add(keyLastUsed, e.lastUsed.of(&token.LastUsed, sameUse, e.lastUsedTerm))
	if token.LastUsedByAPI != nil {
		f.add(keyLastUsedByAPI, e.lastUsedByAPITerm(token.LastUsedByAPI))
	}
	f.add(keyTraits, e.traits.of(&token.Traits, same, e.traitsTerm))
	f.add(keyOwner, e.owner.of(&token.Owner, same, e.ownerTerm))
	f.add(keySecret, e.secret.of(&token.Secret, same, e.secretTerm))
	exposure := token.Exposed()
	f.add(keyExposure, e.exposure.of(&exposure, sameExposure, e.exposureTerm))
	f.add(keyPlanned, e.word(string(token.Planned)))
	f.text(keyAddress, token.Address)
	f.add(keyOrigin, e.origin.of(&token.Origin, same, originTerm))
	e.derived(&f, derived)
	return f.term()
}

// derived adds what evaluation derives.
func (e *Encoder) derived(f *fields, derived *Derived) {
	f.add(keyStatus, e.word(string(derived.Status)))
	f.count(keyAgeDays, derived.AgeDays)
	f.days(keyAge, derived.Age)
	f.count(keyExpiresInDays, derived.ExpiresInDays)
	f.count(keyLifetimeDays, derived.LifetimeDays)
	if unused := derived.UnusedDays; unused != nil {
		r := make(fields, 0, 3)
		r.number(keyMin, unused.Min)
		r.count(keyMax, unused.Max)
		r.count(keyRecord, unused.Record)
		f.add(keyUnusedDays, r.term())
	}
	f.count(keyOwnerIdleDays, derived.OwnerIdleDays)
	f.add(keyTeam, e.word(derived.Team))
	if derived.TeamUnknown != "" {
		f.text(keyTeamUnknown, derived.TeamUnknown)
	}
	if derived.Review != nil {
		f.add(keyReview, e.reviewTerm(derived.Review))
	}
}

func (e *Encoder) reviewTerm(r *Review) *ast.Term {
	f := make(fields, 0, 9)
	f.add(keyDate, e.word(r.Date))
	f.add(keyReviewer, e.word(r.Reviewer))
	f.add(keyDecision, e.word(string(r.Decision)))
	f.add(keyBy, e.word(r.By))
	f.number(keyDays, r.Days)
	f.count(keyOverdueDays, r.OverdueDays)
	f.add(keyBeforeChange, e.word(string(r.BeforeChange)))
	f.add(keyBeforeMade, e.word(string(r.BeforeCreation)))
	f.text(keyReason, r.Reason)
	return f.term()
}

func list[T ~string](e *Encoder, values []T) *ast.Term {
	if len(values) == 0 {
		return emptyArray
	}
	terms := make([]*ast.Term, len(values))
	for i, value := range values {
		terms[i] = e.word(string(value))
	}
	return ast.ArrayTerm(terms...)
}

func (e *Encoder) accessTerm(access *inventory.Access) *ast.Term {
	f := make(fields, 0, 6)
	f.add(keyLevel, e.word(string(access.Level)))
	f.flag(keyWrite, access.Write)
	f.flag(keyAssumed, access.Assumed)
	f.text(keyReason, access.Reason)
	f.add(keyManagesTokens, e.word(string(access.ManagesTokens)))
	f.add(keyGrants, list(e, access.Grants))
	return f.term()
}

func (e *Encoder) roleTerm(role *inventory.Role) *ast.Term {
	if role == nil {
		return ast.InternedNullTerm
	}
	return ast.ObjectTerm(
		[2]*ast.Term{KeyID, e.word(role.ID)},
		[2]*ast.Term{keyName, e.word(role.Name)},
		[2]*ast.Term{keyLevel, e.word(string(role.Level))})
}

func (e *Encoder) scopeTerm(scope *inventory.Scope) *ast.Term {
	items := emptyArray
	if len(scope.Items) > 0 {
		terms := make([]*ast.Term, len(scope.Items))
		for i := range scope.Items {
			item := &scope.Items[i]
			terms[i] = ast.ObjectTerm(
				[2]*ast.Term{KeyID, e.word(item.ID)},
				[2]*ast.Term{keyName, e.word(item.Name)},
				[2]*ast.Term{keyPrimary, e.word(string(item.Primary))},
				[2]*ast.Term{keyExists, e.word(string(item.Exists))},
				[2]*ast.Term{keyAliasOf, e.word(item.AliasOf)})
		}
		items = ast.ArrayTerm(terms...)
	}
	return ast.ObjectTerm(
		[2]*ast.Term{keyState, e.word(string(scope.State))},
		[2]*ast.Term{keyReason, text(scope.Reason)},
		[2]*ast.Term{keyItems, items},
		[2]*ast.Term{keyEffective, ast.InternedTerm(scope.Effective)})
}

func (e *Encoder) timestampTerm(stamp *inventory.Timestamp) *ast.Term {
	f := make(fields, 0, 3)
	f.add(keyState, e.word(string(stamp.State)))
	f.time(KeyAt, stamp.At)
	f.text(keyReason, stamp.Reason)
	return f.term()
}

func (e *Encoder) expiryTerm(expiry *inventory.Expiry) *ast.Term {
	f := make(fields, 0, 5)
	f.add(keyState, e.word(string(expiry.State)))
	f.time(KeyAt, expiry.At)
	f.add(keyPrecision, e.word(string(expiry.Precision)))
	f.flag(keySupported, expiry.Supported)
	f.text(keyReason, expiry.Reason)
	return f.term()
}

func (e *Encoder) lastUsedTerm(used *inventory.LastUsed) *ast.Term {
	f := make(fields, 0, 7)
	f.add(keyState, e.word(string(used.State)))
	f.time(KeyAt, used.At)
	f.time(keyEarliest, used.Earliest)
	f.time(keyLatest, used.Latest)
	f.text(keyReason, used.Reason)
	f.add(keyEvidence, e.word(used.Evidence))
	f.add(keyWord, e.word(used.Word))
	if len(used.Chain) > 0 {
		links := make([]*ast.Term, len(used.Chain))
		for i := range used.Chain {
			links[i] = e.observationTerm(&used.Chain[i])
		}
		f.add(keyChain, ast.ArrayTerm(links...))
	}
	return f.term()
}

func (e *Encoder) observationTerm(o *inventory.Observation) *ast.Term {
	f := make(fields, 0, 7)
	f.time(keyCollectedAt, o.CollectedAt)
	f.add(keyState, e.word(string(o.State)))
	f.time(KeyAt, o.At)
	f.time(keyEarliest, o.Earliest)
	f.time(keyLatest, o.Latest)
	f.add(keyEvidence, e.word(o.Evidence))
	f.add(keyWord, e.word(o.Word))
	return f.term()
}

func (e *Encoder) lastUsedByAPITerm(uses map[inventory.API]inventory.LastUsed) *ast.Term {
	f := make(fields, 0, len(uses))
	for api, used := range uses {
		f.add(e.word(string(api)), e.lastUsedTerm(&used))
	}
	return f.term()
}

func (e *Encoder) traitsTerm(traits *inventory.Traits) *ast.Term {
	return ast.ObjectTerm(
		[2]*ast.Term{keyFactory, e.word(string(traits.Factory))},
		[2]*ast.Term{keyNotifies, e.word(string(traits.NotifiesBeforeExpiry))})
}

func (e *Encoder) ownerTerm(owner *inventory.Owner) *ast.Term {
	f := make(fields, 0, 8)
	f.add(keyType, e.word(string(owner.Type)))
	f.text(KeyID, owner.ID)
	f.text(keyName, owner.Name)
	f.add(keyState, e.word(string(owner.State)))
	f.add(keyLevel, e.word(string(owner.Level)))
	f.add(keyRole, e.word(owner.Role))
	f.add(keyLastActive, e.timestampTerm(&owner.LastActive))
	f.text(keyReason, owner.Reason)
	return f.term()
}

func (e *Encoder) secretTerm(secret *inventory.Secret) *ast.Term {
	return ast.ObjectTerm(
		[2]*ast.Term{keyReadable, e.word(string(secret.Readable))},
		[2]*ast.Term{keyHint, text(secret.Hint)})
}

func (e *Encoder) exposureTerm(exposure *inventory.Exposure) *ast.Term {
	found := emptyArray
	if len(exposure.Found) > 0 {
		terms := make([]*ast.Term, len(exposure.Found))
		for i := range exposure.Found {
			terms[i] = e.leakTerm(&exposure.Found[i])
		}
		found = ast.ArrayTerm(terms...)
	}
	return ast.ObjectTerm(
		[2]*ast.Term{keyState, e.word(string(exposure.State))},
		[2]*ast.Term{keyReason, text(exposure.Reason)},
		[2]*ast.Term{keyFound, found})
}

func (e *Encoder) leakTerm(leak *inventory.Leak) *ast.Term {
	f := make(fields, 0, 7)
	f.add(keyTool, e.word(leak.Tool))
	f.text(keyRule, leak.Rule)
	f.text(keyFile, leak.File)
	f.number(keyLine, leak.Line)
	f.text(keyCommit, leak.Commit)
	f.time(keyDate, leak.Date)
	f.add(keyMatch, e.word(string(leak.Match)))
	return f.term()
}

func originTerm(origin *inventory.Origin) *ast.Term {
	return ast.ObjectTerm(
		[2]*ast.Term{keyFile, text(origin.File)},
		[2]*ast.Term{keyLine, ast.InternedTerm(origin.Line)})
}
