package inventory

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// recall decodes tokens, and remembers the members it has already checked: the
// tokens of a source have most of theirs in common, and checking and decoding
// one costs more than all else that is done to it. A member that is byte for
// byte one that has passed is not checked again.
//
// It relies on the shape of the token schema: an object with properties,
// required ones, and no others, is valid if each property is (a test holds the
// schema to it). Whatever recall does not understand it leaves to fragment.token,
// which gives the errors.
type recall struct {
	schema   *jsonschema.Schema
	limits   Limits
	members  map[string]member
	required uint64
	// recent and older are what is remembered, by name and text of the member.
	// When recent is full it becomes older, and older is forgotten.
	recent, older map[string]func(*Token)
}

const (
	// maxRemembered bounds each of the two maps, and maxRememberedText the
	// length of a member that is worth it: together 2 MiB a worker and map.
	maxRemembered     = 2048
	maxRememberedText = 1024
)

// member is how one member of a token is decoded.
type member struct {
	// bit tells which members a token has.
	bit    uint64
	schema *jsonschema.Schema
	// remember: many tokens have the same text.
	remember bool
	// decode gives what puts the member into a token. The value has passed the
	// schema; raw is its text.
	decode func(value any, raw []byte) (func(*Token), error)
}

func newRecall(schema *jsonschema.Schema, l Limits) *recall {
	l.Depth-- // members are one level below their token
	r := &recall{schema: schema, limits: l, members: memberDecoders(), recent: map[string]func(*Token){}}
	next := uint64(1)
	for name, m := range r.members {
		m.bit, m.schema = next, schema.Properties[name]
		r.members[name] = m
		next <<= 1
	}
	for _, name := range schema.Required {
		r.required |= r.members[name].bit
	}
	return r
}

// token decodes a token, or gives the first thing wrong with it.
func (r *recall) token(f fragment, t *Token) *PlaceError {
	if !r.fill(f.raw, t) {
		*t = Token{}
		return f.token(r.schema, r.limits.deeper(), t)
	}
	t.normalise()
	return f.first(t.problems().found)
}

// fill decodes a token that is right, and gives false for any other.
func (r *recall) fill(raw []byte, t *Token) bool {
	p := &parser{raw: raw, maxDepth: r.limits.Depth, maxString: r.limits.String}
	if p.next() != '{' {
		return false
	}
	p.at++
	seen := uint64(0)
	for {
		name, bad := p.name()
		if bad != nil {
			return false
		}
		m, known := r.members[name]
		if !known || m.schema == nil || seen&m.bit != 0 {
			return false
		}
		seen |= m.bit
		p.space()
		length, ended := (&valueEnd{maxDepth: r.limits.Depth + 1}).scan(raw[p.at:])
		if !ended || !r.apply(name, m, raw[p.at:p.at+length], t) {
			return false
		}
		p.at += length
		more, bad := p.more('}')
		if bad != nil {
			return false
		}
		if !more {
			break
		}
	}
	p.space()
	return p.at == len(raw) && seen&r.required == r.required
}

// apply puts one member into the token, if it is right.
func (r *recall) apply(name string, m member, raw []byte, t *Token) bool {
	remember := m.remember && len(raw) <= maxRememberedText
	var key string
	if remember {
		key = name + "\x00" + string(raw)
		if set, ok := r.known(key); ok {
			set(t)
			return true
		}
	}
	value, bad := parse(raw, r.limits)
	if bad != nil || m.schema.Validate(value) != nil {
		return false
	}
	set, err := m.decode(value, raw)
	if err != nil {
		return false
	}
	if remember {
		r.store(key, set)
	}
	set(t)
	return true
}

func (r *recall) known(key string) (func(*Token), bool) {
	if set, ok := r.recent[key]; ok {
		return set, true
	}
	set, ok := r.older[key]
	if ok {
		r.store(key, set)
	}
	return set, ok
}

func (r *recall) store(key string, set func(*Token)) {
	if len(r.recent) >= maxRemembered {
		r.recent, r.older = make(map[string]func(*Token), maxRemembered), r.recent
	}
	r.recent[key] = set
}

// deeper undoes what newRecall took off for the members.
func (l Limits) deeper() Limits {
	l.Depth++
	return l
}

// memberDecoders says how each member of a token is decoded. A test holds it
// to the fields of Token.
func memberDecoders() map[string]member {
	return map[string]member{
		"id":               text(false, func(t *Token, s string) { t.ID = s }),
		"ref":              text(false, func(t *Token, s string) { t.Ref = s }),
		"twin":             text(false, func(t *Token, s string) { t.Twin = s }),
		"cms":              text(true, func(t *Token, s string) { t.CMS = s }),
		"source":           text(true, func(t *Token, s string) { t.Source = s }),
		"name":             text(false, func(t *Token, s string) { t.Name = s }),
		"description":      text(false, func(t *Token, s string) { t.Description = s }),
		"url":              text(false, func(t *Token, s string) { t.URL = s }),
		"kind":             text(true, func(t *Token, s string) { t.Kind = Kind(s) }),
		"apis":             shared(func(t *Token, v []API) { t.APIs = v }),
		"access":           shared(func(t *Token, v Access) { t.Access = v }),
		"role":             shared(func(t *Token, v *Role) { t.Role = copied(v) }),
		"environments":     shared(func(t *Token, v Scope) { t.Environments = v }),
		"branches":         shared(func(t *Token, v *Scope) { t.Branches = copied(v) }),
		"created_at":       shared(func(t *Token, v Timestamp) { t.CreatedAt = v }),
		"updated_at":       shared(func(t *Token, v Timestamp) { t.UpdatedAt = v }),
		"revoked_at":       shared(func(t *Token, v Timestamp) { t.RevokedAt = v }),
		"expiry":           shared(func(t *Token, v Expiry) { t.Expiry = v }),
		"first_seen":       shared(func(t *Token, v *FirstSeen) { t.FirstSeen = copied(v) }),
		"last_used":        shared(func(t *Token, v LastUsed) { v.Chain = slices.Clone(v.Chain); t.LastUsed = v }),
		"last_used_by_api": shared(func(t *Token, v map[API]LastUsed) { t.LastUsedByAPI = maps.Clone(v) }),
		"traits":           shared(func(t *Token, v Traits) { t.Traits = v }),
		"owner":            shared(func(t *Token, v Owner) { t.Owner = v }),
		"secret":           shared(func(t *Token, v Secret) { t.Secret = v }),
		"planned":          text(true, func(t *Token, s string) { t.Planned = Planned(s) }),
		"address":          text(false, func(t *Token, s string) { t.Address = s }),
		"origin":           shared(func(t *Token, v Origin) { t.Origin = v }),
	}
}

// text is a string member.
func text(remember bool, set func(*Token, string)) member {
	return member{remember: remember, decode: func(value any, _ []byte) (func(*Token), error) {
		s, _ := value.(string) // the schema has seen to it
		return func(t *Token) { set(t, s) }, nil
	}}
}

// shared is a member whose value may be in many tokens: set must not hand out
// what can be changed through a token. Slices can, and normalise copies them.
func shared[T any](set func(*Token, T)) member {
	return member{remember: true, decode: func(_ any, raw []byte) (func(*Token), error) {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, err
		}
		return func(t *Token) { set(t, v) }, nil
	}}
}

func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}
