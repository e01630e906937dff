package codec

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// recall decodes tokens, and remembers the members it has already checked: the
// tokens of a source have most of theirs in common, and checking and decoding
// one costs more than all else that is done to it. A member that is byte for
// byte one that has passed, but for the times in it, is not checked again.
//
// It relies on the shape of the token schema: an object with properties,
// required ones, and no others, is valid if each property is (a test holds the
// schema to it). Whatever recall does not understand it leaves to fragment.token,
// which gives the errors.
type recall struct {
	schema *jsonschema.Schema
	// limits are those of a token, within those of a member of one.
	limits, within Limits
	members        map[string]member
	// required are the bits of the members that a token has to have.
	required uint64
	// recent and older are what is remembered, by pattern. When recent is full it
	// becomes older, and older is forgotten.
	recent, older map[string]remembered
	// recentText is the length of all patterns in recent.
	recentText int
	// now is the pattern of the member that is being read.
	now pattern
}

const (
	// maxRemembered bounds the text of each of the two maps, in bytes. What is
	// decoded from it is at worst twenty times that, for each worker.
	maxRemembered = 512 << 10
	// maxMember is how long a member may be that is worth remembering, in bytes.
	maxMember = 1024
)

// member is how one member of a token is decoded.
type member struct {
	name string
	// bit tells which members a token has.
	bit    uint64
	schema *jsonschema.Schema
	// text takes a string that few tokens have in common; nil for other members.
	text func(*inventory.Token, string)
	// decode gives what puts the member into a token. Its text has passed the schema.
	decode func(raw []byte) (func(*inventory.Token), error)
	// times are those of the member in a token: what differs between members that
	// are the same else. Nil if it has none.
	times func(*inventory.Token) [maxTimes]*time.Time
}

// remembered is a member that has passed.
type remembered struct {
	// set puts it into a token, but for its times.
	set func(*inventory.Token)
	// places says which of the member's times each time of its text is.
	places []int
}

// put puts the member and its times, in the order of its text, into a token.
func (m remembered) put(into member, times []time.Time, t *inventory.Token) {
	m.set(t)
	if len(m.places) == 0 {
		return
	}
	targets := into.times(t)
	for i, place := range m.places {
		*targets[place] = times[i]
	}
}

func newRecall(schema *jsonschema.Schema, l Limits) *recall {
	r := &recall{schema: schema, limits: l, within: l, members: memberDecoders(), recent: map[string]remembered{}}
	r.within.Depth-- // members are one level below their token
	next := uint64(1)
	for name, m := range r.members {
		m.name, m.bit, m.schema = name, next, schema.Properties[name]
		r.members[name] = m
		next <<= 1
	}
	for _, name := range schema.Required {
		r.required |= r.members[name].bit
	}
	return r
}

// token decodes a token, or gives the first thing wrong with it.
func (r *recall) token(f fragment, t *inventory.Token) *PlaceError {
	if !r.fill(f.raw, t) {
		*t = inventory.Token{}
		return f.token(r.schema, r.limits, t)
	}
	t.Normalise()
	return f.first(problemsOf(t.Problems()))
}

// fill decodes a token that is right, and gives false for any other.
func (r *recall) fill(raw []byte, t *inventory.Token) bool {
	if r.limits.String < longestTime {
		return false // the lengths of keys, and of times that are remembered, are not looked at
	}
	p := &parser{raw: raw}
	if p.next() != '{' {
		return false
	}
	p.at++
	seen := uint64(0)
	for {
		m, known := r.members[string(p.plainName())]
		if !known || m.schema == nil || seen&m.bit != 0 {
			return false
		}
		seen |= m.bit
		p.space()
		length, ended := (&valueEnd{maxDepth: r.within.Depth + 1}).scan(raw[p.at:])
		if !ended || !r.apply(m, raw[p.at:p.at+length], t) {
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
func (r *recall) apply(m member, raw []byte, t *inventory.Token) bool {
	if m.text != nil {
		return r.applyText(m, raw, t)
	}
	if len(raw) > maxMember {
		set, ok := r.check(m, raw)
		if ok {
			set(t)
		}
		return ok
	}
	r.now.read(m, raw)
	if known, ok := r.known(r.now.key); ok && len(known.places) == len(r.now.times) {
		known.put(m, r.now.times, t)
		return true
	}
	set, ok := r.check(m, raw)
	if !ok {
		return false
	}
	set(t)
	if learned, ok := r.now.learn(m, set); ok {
		r.store(string(r.now.key), learned)
	}
	return true
}

// applyText puts a string into the token. The schema asks nothing of it but a
// least length of one.
func (r *recall) applyText(m member, raw []byte, t *inventory.Token) bool {
	p := &parser{raw: raw, maxString: r.within.String}
	if p.next() != '"' {
		return false
	}
	text, bad := p.text()
	if bad != nil || p.at < len(raw) || text == "" && m.schema.MinLength > 0 {
		return false
	}
	m.text(t, text)
	return true
}

// check checks a member and decodes it.
func (r *recall) check(m member, raw []byte) (func(*inventory.Token), bool) {
	value, bad := parse(raw, r.within)
	if bad != nil || m.schema.Validate(value) != nil {
		return nil, false
	}
	set, err := m.decode(raw)
	return set, err == nil
}

// known returns what is remembered by a pattern, and makes it recent.
func (r *recall) known(key []byte) (remembered, bool) {
	if m, ok := r.recent[string(key)]; ok {
		return m, true
	}
	m, ok := r.older[string(key)]
	if ok {
		r.store(string(key), m)
	}
	return m, ok
}

// store remembers a member that is not in recent.
func (r *recall) store(key string, m remembered) {
	if r.recentText+len(key) > maxRemembered {
		r.recent, r.older = make(map[string]remembered, len(r.recent)), r.recent
		r.recentText = 0
	}
	r.recent[key] = m
	r.recentText += len(key)
}

// memberDecoders says how each member of a token is decoded. A test holds it
// to the fields of Token.
func memberDecoders() map[string]member {
	return map[string]member{
		"id":               text(func(t *inventory.Token, s string) { t.ID = s }),
		"ref":              text(func(t *inventory.Token, s string) { t.Ref = s }),
		"twin":             text(func(t *inventory.Token, s string) { t.Twin = s }),
		"cms":              shared(func(t *inventory.Token, v string) { t.CMS = v }),
		"source":           shared(func(t *inventory.Token, v string) { t.Source = v }),
		"name":             text(func(t *inventory.Token, s string) { t.Name = s }),
		"description":      text(func(t *inventory.Token, s string) { t.Description = s }),
		"url":              text(func(t *inventory.Token, s string) { t.URL = s }),
		"kind":             shared(func(t *inventory.Token, v inventory.Kind) { t.Kind = v }),
		"apis":             shared(func(t *inventory.Token, v []inventory.API) { t.APIs = v }),
		"access":           shared(func(t *inventory.Token, v inventory.Access) { t.Access = v }),
		"role":             shared(func(t *inventory.Token, v *inventory.Role) { t.Role = clone(v) }),
		"environments":     shared(func(t *inventory.Token, v inventory.Scope) { t.Environments = v }),
		"branches":         shared(func(t *inventory.Token, v *inventory.Scope) { t.Branches = clone(v) }),
		"created_at":       timestamp(func(t *inventory.Token) *inventory.Timestamp { return &t.CreatedAt }),
		"updated_at":       timestamp(func(t *inventory.Token) *inventory.Timestamp { return &t.UpdatedAt }),
		"revoked_at":       timestamp(func(t *inventory.Token) *inventory.Timestamp { return &t.RevokedAt }),
		"expiry":           shared(func(t *inventory.Token, v inventory.Expiry) { t.Expiry = v }).with(expiryTimes),
		"first_seen":       shared(func(t *inventory.Token, v *inventory.FirstSeen) { t.FirstSeen = clone(v) }),
		"last_used":        shared(func(t *inventory.Token, v inventory.LastUsed) { t.LastUsed = v }).with(lastUsedTimes),
		"last_used_by_api": shared(func(t *inventory.Token, v map[inventory.API]inventory.LastUsed) { t.LastUsedByAPI = maps.Clone(v) }),
		"traits":           shared(func(t *inventory.Token, v inventory.Traits) { t.Traits = v }),
		"owner":            shared(func(t *inventory.Token, v inventory.Owner) { t.Owner = v }).with(ownerTimes),
		"secret":           shared(func(t *inventory.Token, v inventory.Secret) { t.Secret = v }),
		"exposure":         shared(func(t *inventory.Token, v *inventory.Exposure) { t.Exposure = clone(v) }),
		"planned":          shared(func(t *inventory.Token, v inventory.Planned) { t.Planned = v }),
		"address":          text(func(t *inventory.Token, s string) { t.Address = s }),
		"origin":           shared(func(t *inventory.Token, v inventory.Origin) { t.Origin = v }),
	}
}

// text is a string member that is not remembered.
func text(set func(*inventory.Token, string)) member { return member{text: set} }

// shared is a member whose value may be in many tokens: set must not hand out
// what can be changed through a token. Slices can, and normalise copies them.
func shared[T any](set func(*inventory.Token, T)) member {
	return member{decode: func(raw []byte) (func(*inventory.Token), error) {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, err
		}
		return func(t *inventory.Token) { set(t, v) }, nil
	}}
}

func (m member) with(times func(*inventory.Token) [maxTimes]*time.Time) member {
	m.times = times
	return m
}

func timestamp(field func(*inventory.Token) *inventory.Timestamp) member {
	return shared(func(t *inventory.Token, v inventory.Timestamp) { *field(t) = v }).
		with(func(t *inventory.Token) [maxTimes]*time.Time { return [maxTimes]*time.Time{&field(t).At} })
}

func expiryTimes(t *inventory.Token) [maxTimes]*time.Time { return [maxTimes]*time.Time{&t.Expiry.At} }

func ownerTimes(t *inventory.Token) [maxTimes]*time.Time {
	return [maxTimes]*time.Time{&t.Owner.LastActive.At}
}

func lastUsedTimes(t *inventory.Token) [maxTimes]*time.Time {
	return [maxTimes]*time.Time{&t.LastUsed.At, &t.LastUsed.Earliest, &t.LastUsed.Latest}
}

// clone returns a pointer to a copy; nil for nil.
func clone[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}
