package inventory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Check finds what the JSON Schema cannot express: facts that contradict each
// other, an unknown without a reason, an order that Normalise would have made.
// Its error joins one line for each, `<pointer>: <message>`, the pointer being
// relative to the token. Reading an inventory and the conformance suite of the
// collectors both enforce it.
func (t Token) Check() error { return t.problems().err() }

// Check does for a source what Token.Check does for a token, and checks each
// of its tokens and that they belong to the source.
func (s Source) Check() error {
	p := s.headProblems()
	ids := make(map[string]struct{}, len(s.Tokens))
	for i, t := range s.Tokens {
		at := p.in("tokens", strconv.Itoa(i))
		at.require(t.Source == s.ID, "source", "is not the id of the enclosing source")
		key := t.Key()
		_, repeated := ids[key]
		at.require(!repeated, "id", "%q occurs twice", t.ID)
		ids[key] = struct{}{}
		unlisted := s.Unlisted(t.Kind)
		at.require(unlisted == "", "kind", "%s", unlisted)
		at.add(t.problems())
	}
	return p.err()
}

// Unlisted is what is wrong with a token whose kind no list of the source has; empty
// for others. Whether all tokens of such a kind were read, nobody could tell.
func (s Source) Unlisted(kind Kind) string {
	if slices.ContainsFunc(s.Units, func(u Unit) bool { return slices.Contains(u.Kinds, kind) }) {
		return ""
	}
	return fmt.Sprintf("is %q, which no unit of the source has among its kinds", kind)
}

// Problems is what the error of Check joins.
func (t Token) Problems() []Problem { return t.problems().found }

// HeadProblems is what Check finds wrong with a source apart from its tokens.
func (s Source) HeadProblems() []Problem { return s.headProblems().found }

// Key is what has to be unique over an inventory. A planned token may carry the ID
// of the live token that the plan will change.
func (t Token) Key() string {
	if t.Planned != "" {
		return "planned\x00" + t.ID
	}
	return t.ID
}

func (t Token) problems() *problems {
	p := &problems{}
	p.text("id", t.ID)
	p.text("ref", t.Ref)
	p.text("cms", t.CMS)
	p.text("source", t.Source)
	p.word("kind", t.Kind.valid(), string(t.Kind))
	for i, api := range t.APIs {
		p.word("apis/"+strconv.Itoa(i), api.valid(), string(api))
		p.require(i == 0 || t.APIs[i-1].rank() < api.rank(), "apis", "must be distinct and in the order delivery, preview, management")
	}
	t.Access.check(p.in("access"))
	if t.Role != nil {
		p.in("role").text("id", t.Role.ID)
		p.word("role/level", t.Role.Level.valid(), string(t.Role.Level))
	}
	t.Environments.check(p.in("environments"))
	if t.Branches != nil {
		t.Branches.check(p.in("branches"))
	}
	t.CreatedAt.check(p.in("created_at"))
	t.UpdatedAt.check(p.in("updated_at"))
	t.RevokedAt.check(p.in("revoked_at"))
	t.Expiry.check(p.in("expiry"))
	t.LastUsed.check(p.in("last_used"))
	known := 0
	for _, api := range []API{ContentDelivery, ContentPreview, ContentManagement} {
		if use, ok := t.LastUsedByAPI[api]; ok {
			known++
			use.check(p.in("last_used_by_api", string(api)))
		}
	}
	if known < len(t.LastUsedByAPI) {
		for _, api := range slices.Sorted(maps.Keys(t.LastUsedByAPI)) {
			p.require(api.valid(), "last_used_by_api", "%q is not an API", api)
		}
	}
	p.word("traits/factory", t.Traits.Factory.valid(), string(t.Traits.Factory))
	p.word("traits/notifies_before_expiry", t.Traits.NotifiesBeforeExpiry.valid(), string(t.Traits.NotifiesBeforeExpiry))
	t.Owner.check(p.in("owner"))
	p.word("secret/readable", t.Secret.Readable.valid(), string(t.Secret.Readable))
	p.require(utf8.RuneCountInString(t.Secret.Hint) <= 4, "secret/hint", "must have at most 4 characters")
	if t.Exposure != nil {
		t.Exposure.check(p.in("exposure"))
	}
	p.word("planned", t.Planned.valid(), string(t.Planned))
	return p
}

func (a Access) check(p *problems) {
	p.word("level", a.Level.valid(), string(a.Level))
	p.word("manages_tokens", a.ManagesTokens.valid(), string(a.ManagesTokens))
	if a.Level.known() {
		p.require(!a.Assumed, "assumed", "must be false where the level is known")
		p.require(a.Write == a.Level.AtLeast(LevelWrite), "write", "is %t, which contradicts the level %q", a.Write, a.Level)
		return
	}
	p.require(a.Write, "write", "must be true where the level is unknown: it has to be assumed")
	p.require(a.Assumed, "assumed", "must be true where the level is unknown")
	p.reason(a.Reason)
}

func (s Scope) check(p *problems) {
	p.word("state", s.State.valid(), string(s.State))
	for i, item := range s.Items {
		at := p.in("items", strconv.Itoa(i))
		at.text("id", item.ID)
		at.word("primary", item.Primary.valid(), string(item.Primary))
		at.word("exists", item.Exists.valid(), string(item.Exists))
		at.require(i == 0 || s.Items[i-1].ID < item.ID, "id", "items must be distinct and sorted by id")
	}
	circle := aliasCircle(s.Items)
	p.require(circle == "", "items", "alias %q leads back to itself", circle)
	want := 0
	switch s.State {
	case ScopeListed:
		want = NewScope(s.Items...).Effective
	case ScopeAll:
		want = AllScope(s.Items...).Effective
	case ScopeUnknown:
		p.reason(s.Reason)
	}
	p.require(s.Effective == want, "effective", "is %d, but the items add up to %d", s.Effective, want)
}

func (t Timestamp) check(p *problems) {
	p.word("state", t.State.valid(), string(t.State))
	p.present("at", t.At, t.State == TimestampAt, t.State == TimestampAt)
	if t.State == TimestampUnknown {
		p.reason(t.Reason)
	}
}

func (e Expiry) check(p *problems) {
	p.word("state", e.State.valid(), string(e.State))
	p.present("at", e.At, e.State == ExpiryAt, e.State != ExpiryUnknown)
	p.require(e.Precision.valid() || e.Precision == "" && e.At.IsZero(), "precision", "must say how exact the date is: instant or day")
	p.require(e.Supported || e.At.IsZero(), "supported", "must be true for a token that has an expiry date")
	if e.State == ExpiryUnknown {
		p.reason(e.Reason)
	}
}

func (u LastUsed) check(p *problems) {
	p.word("state", u.State.valid(), string(u.State))
	at, between, none := u.State == LastUsedAt, u.State == LastUsedBetween, u.State == LastUsedNoneOnRecord
	p.present("at", u.At, at, at)
	p.present("earliest", u.Earliest, between, between)
	p.present("latest", u.Latest, between || none, between || none)
	p.require(!between || !u.Latest.Before(u.Earliest), "latest", "is before earliest")
	if u.State == LastUsedUnknown {
		p.reason(u.Reason)
	} else {
		p.text("evidence", u.Evidence)
	}
}

func (o Owner) check(p *problems) {
	p.word("type", o.Type.valid(), string(o.Type))
	p.word("state", o.State.valid(), string(o.State))
	p.word("level", o.Level.valid(), string(o.Level))
	o.LastActive.check(p.in("last_active"))
	if o.Type == OwnerUnknown || o.State == OwnerStateUnknown || o.Level == LevelUnknown {
		p.reason(o.Reason)
	}
}

// headProblems checks a source without its tokens.
func (s Source) headProblems() *problems {
	p := &problems{}
	p.text("id", s.ID)
	p.text("cms", s.CMS)
	p.word("kind", s.Kind.valid(), string(s.Kind))
	p.require(!s.CollectedAt.IsZero(), "collected_at", "must be set")
	// Without a list of tokens the source would be complete whatever was read of it.
	p.require(slices.ContainsFunc(s.Units, func(u Unit) bool { return len(u.Kinds) > 0 }),
		"units", "must have a list of tokens: a unit with their kinds")
	names := map[string]struct{}{}
	for i, u := range s.Units {
		u.check(p.in("units", strconv.Itoa(i)), names)
	}
	for _, fact := range AllFacts() {
		s.Facts[fact].check(p.in("facts", string(fact)))
	}
	for _, fact := range slices.Sorted(maps.Keys(s.Facts)) {
		p.require(fact.valid(), "facts", "%q is not a fact", fact)
	}
	for i, e := range s.Environments {
		at := p.in("environments", strconv.Itoa(i))
		at.text("id", e.ID)
		at.word("primary", e.Primary.valid(), string(e.Primary))
	}
	for i, l := range s.Literals {
		at := p.in("literals", strconv.Itoa(i))
		at.text("address", l.Address)
		at.text("attribute", l.Attribute)
		at.word("place", l.Place.valid(), string(l.Place))
	}
	p.word("auditor/reads_secrets", s.Auditor.ReadsSecrets.valid(), string(s.Auditor.ReadsSecrets))
	p.word("auditor/writes", s.Auditor.Writes.valid(), string(s.Auditor.Writes))
	p.word("auditor/necessary", s.Auditor.Necessary.valid(), string(s.Auditor.Necessary))
	return p
}

func (u Unit) check(p *problems, names map[string]struct{}) {
	p.text("name", u.Name)
	_, repeated := names[u.Name]
	p.require(!repeated, "name", "%q occurs twice", u.Name)
	names[u.Name] = struct{}{}
	for i, kind := range u.Kinds {
		p.word("kinds/"+strconv.Itoa(i), kind.valid(), string(kind))
		p.require(!slices.Contains(u.Kinds[:i], kind), "kinds/"+strconv.Itoa(i), "%q occurs twice", kind)
	}
	p.word("status", u.Status.valid(), string(u.Status))
	if u.Status == UnitComplete {
		p.require(u.Error == "", "error", "must be empty for a complete unit")
		return
	}
	p.word("error", u.Error.valid(), string(u.Error))
	p.text("detail", u.Detail)
}

func (f FactSupport) check(p *problems) {
	p.word("reported", f.Reported.valid(), string(f.Reported))
	if f.Reported != SupportYes {
		p.reason(f.Reason)
	}
}

// Problem is one thing that is wrong with a token or a source, at a JSON pointer
// without its leading slash, relative to it.
type Problem struct{ Pointer, Message string }

// problems collects what is wrong. A child made by in writes to its parent's list.
type problems struct {
	found  []Problem
	root   *problems
	prefix string
}

func (p *problems) in(names ...string) *problems {
	child := &problems{root: p.target(), prefix: p.prefix}
	for _, name := range names {
		child.prefix += name + "/"
	}
	return child
}

func (p *problems) target() *problems {
	if p.root != nil {
		return p.root
	}
	return p
}

func (p *problems) require(ok bool, name, format string, args ...any) {
	if ok {
		return
	}
	t := p.target()
	t.found = append(t.found, Problem{p.prefix + name, fmt.Sprintf(format, args...)})
}

func (p *problems) text(name, value string) { p.require(value != "", name, "must not be empty") }

func (p *problems) word(name string, valid bool, word string) {
	if !valid { // passing the word on makes a copy of it
		p.require(false, name, "%q is not a value that the schema allows", word)
	}
}

func (p *problems) reason(reason string) {
	p.require(reason != "", "reason", "must say why the fact is unknown")
}

// present checks a time that the state demands, allows or forbids.
func (p *problems) present(name string, t time.Time, demanded, allowed bool) {
	p.require(!demanded || !t.IsZero(), name, "must be set in this state")
	p.require(allowed || t.IsZero(), name, "must not be set in this state")
}

func (p *problems) add(others *problems) {
	t := p.target()
	for _, other := range others.found {
		t.found = append(t.found, Problem{p.prefix + other.Pointer, other.Message})
	}
}

func (p *problems) err() error {
	lines := make([]error, len(p.found))
	for i, f := range p.found {
		lines[i] = errors.New(f.Pointer + ": " + f.Message)
	}
	return errors.Join(lines...)
}
