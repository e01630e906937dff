package codec

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// hostile makes texts of tokens that are nearly right. In the texts of its
// members T stands for a time.
type hostile struct{ *rand.Rand }

func (h hostile) pick(of []string) string { return of[h.IntN(len(of))] }

var hostileStamps = []string{
	`{"state":"at","at":"T"}`,
	`{"at":"T","state":"at"}`,
	`{"state":"none"}`,
	`{"state":"unknown","reason":"T"}`,
	`{"state":"unknown","reason":"before T"}`,
	`{"state":"at","at":"T","reason":"\"T"}`,
	`{"state":"at","at":"T","reason":"T\""}`,
	`{"state":"at","at":"T","at":"T"}`,
	`{"state":"at","At":"T"}`,
	`{"state":"at","at":"\u0032T"}`,
	`{"state":"at","at":"T\u005a"}`,
	`{"T":"T","state":"at"}`,
	`{"state":"at","at":T}`,
	`{"state":"at","at":"T"T"}`,
	`{"state":"at","at":["T"]}`,
	`{"state":"at","at":null}`,
	"{\n\t\"state\" : \"at\" ,\r\n\"at\":\t\"T\" }",
	`{"state":"at","at":"T"}}`,
	`{"state":"at","at":"T"} {}`,
	`{"state":"at","at":"T",}`,
	`[]`, `null`, `"T"`, `1.0`, ``,
}

var hostileMembers = map[string][]string{
	"id":           {`"a"`, `"\u0061"`, `""`, `"T"`, `null`, `"\ud800"`, `"\ud83d\udd11"`, `"\ud83d\ud83d"`, `"\\ud800"`, `"\q"`, "\"\xff\"", "\"\x01\"", "\"\t\"", `"a`, `a"`, `"a""b"`, `"\u2028"`},
	"ref":          {`"r"`, `""`, `"a long one that is longer than all others are"`},
	"twin":         {`""`, `"x"`, `{}`},
	"cms":          {`"c"`, `""`, `"\u0063"`},
	"source":       {`"s"`, `""`},
	"name":         {`"n"`, `""`, `"\"\\\/\b\f\n\r\t"`, `"T"`, `"T\"`},
	"url":          {`"u"`, `["u"]`, `7`},
	"kind":         {`"delivery"`, `"app"`, `"Delivery"`, `""`, `"\u0061pp"`},
	"apis":         {`["content_delivery"]`, `[]`, `["content_management","content_delivery","content_delivery"]`, `["x"]`, `null`},
	"access":       {`{"level":"read","write":false,"assumed":false,"manages_tokens":"no","grants":["b","a","a"]}`, `{"level":"read","write":true,"assumed":false,"manages_tokens":"no","grants":[]}`, `{}`},
	"role":         {`null`, `{"id":"1","level":"read"}`, `{"id":"","level":"read"}`, `{"id":"1","level":"read","level":"read"}`},
	"environments": {`{"state":"all","items":[],"effective":0}`, `{"state":"listed","items":[{"id":"b","primary":"yes","exists":"yes"},{"id":"a","primary":"yes","exists":"yes"}],"effective":2}`, `{"state":"listed","items":[],"effective":0.0}`, `{"state":"listed","items":[],"effective":1}`},
	"branches":     {`{"state":"all","items":[],"effective":0}`, `null`, `{"state":"listed","items":[{"id":"b","primary":"yes","exists":"yes"}],"effective":1}`},
	"created_at":   hostileStamps, "updated_at": hostileStamps, "revoked_at": hostileStamps,
	"expiry": {
		`{"state":"at","at":"T","precision":"day","supported":true}`,
		`{"state":"never","at":"T","precision":"instant","supported":true}`,
		`{"state":"unknown","reason":"T","supported":true}`,
		`{"state":"unknown","reason":"T","supported":true,"at":"T","precision":"day"}`,
		`{"state":"at","at":"T","precision":"T","supported":true}`,
	},
	"first_seen": {`{"at":"T"}`, `{"not_before":"T","at":"T"}`, `null`},
	"last_used": {
		`{"state":"at","at":"T","evidence":"cms"}`,
		`{"state":"between","earliest":"T","latest":"T","evidence":"cms"}`,
		`{"state":"between","latest":"T","earliest":"T","evidence":"cms"}`,
		`{"latest":"T","state":"none_on_record","evidence":"cms"}`,
		`{"state":"between","latest":"T","earliest":"T","evidence":"T"}`,
		`{"state":"at","at":"T","evidence":"T"}`,
		`{"state":"at","at":"T","evidence":"cms","word":"T"}`,
		`{"state":"at","at":"T","earliest":"T","latest":"T","evidence":"cms"}`,
		`{"state":"at","at":"T","evidence":"cms","chain":[{"state":"at","at":"T","collected_at":"T"},{"state":"never"}]}`,
		`{"state":"never","evidence":"cms","chain":[{"state":"never","at":"T"}]}`,
		`{"state":"never","evidence":"cms","chain":[]}`,
		`{"state":"unknown","reason":"T"}`,
	},
	"last_used_by_api": {
		`{"content_delivery":{"state":"at","at":"T","evidence":"cms"}}`,
		`{"content_delivery":{"state":"at","at":"T","evidence":"cms","chain":[{"state":"at","at":"T"}]}}`,
		`{}`, `{"x":{"state":"never"}}`,
	},
	"traits": {`{"factory":"no","notifies_before_expiry":"no"}`, `{"factory":"no"}`},
	"owner": {
		`{"type":"person","state":"active","level":"read","last_active":{"state":"at","at":"T"}}`,
		`{"type":"person","state":"active","level":"read","last_active":{"state":"at","at":"T"},"name":"T"}`,
		`{"type":"unknown","state":"active","level":"read","last_active":{"state":"unknown","reason":"T"},"reason":"T"}`,
	},
	"secret":   {`{"readable":"no"}`, `{"readable":"no","hint":"abcde"}`},
	"exposure": {`{"state":"none"}`, `{"state":"found","found":[{"tool":"a","match":"exact","date":"T"}]}`, `{"state":"found"}`, `{"state":"unknown","reason":"T"}`, `null`},
	"planned":  {`"create"`, `"delete"`},
	"address":  {`"a"`, `""`},
	"origin":   {`{"file":"f"}`, `{"file":"f","line":0}`},
}

// hostileOrder are the members, first those that a token has to have.
var hostileOrder = []string{
	"id", "ref", "cms", "source", "name", "kind", "apis", "access", "role", "environments", "created_at", "updated_at",
	"revoked_at", "expiry", "last_used", "traits", "owner", "secret",
	"twin", "url", "branches", "first_seen", "last_used_by_api", "exposure", "planned", "address", "origin",
}

const (
	needed = 18 // members of hostileOrder
	common = 7  // times of hostileTimes
)

// hostileTimes are the common ones, those that are right, or taken for right, in
// another form, and wrong ones. The beginnings of years are what learn tries.
var hostileTimes = []string{
	"2026-01-02T03:04:05Z", "2025-12-31T23:59:59Z", "2026-01-02T03:04:05.5Z", "2001-01-01T00:00:00Z", "2002-01-01T00:00:00Z",
	"2000-01-01T00:00:00Z", "2026-01-02T03:04:05.123456789Z",
	"2000-01-01T00:00:00+00:00", "2001-01-01T00:00:00+00:00", "2002-01-01T00:00:00+00:00", "2004-01-01T00:00:00+00:00", "2001-01-01T01:00:00+01:00",
	"2026-01-02T03:04:05.1234567890Z", "2026-01-02T03:04:05.12345678901234567890Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05,5Z",
	"2026-01-02t03:04:05z", "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z", "2026-12-31T23:59:60Z", "2026-01-02T24:00:00Z",
	"2025-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "10000-01-01T00:00:00Z",
	"\x01", `\u0001`, "", "Z", "2026-01-02T03:04:05ZZ", " 2026-01-02T03:04:05Z", `\"2026-01-02T03:04:05Z`, `2026-01-02T03:04:05Z\"`,
	"2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05+23:59", "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05-01:60", "2026-01-02T3:04:05Z", "x2026-01-02T03:04:05.1234567890Z", `2026-01-02T03:04:05Z","at":"2026-01-02T03:04:05Z`,
}

// template returns the names and texts of a token's members, of which one or two may be odd.
func (h hostile) template() [][2]string {
	var members [][2]string
	for i, name := range hostileOrder {
		if i >= needed && h.IntN(2) == 0 {
			continue
		}
		text := hostileMembers[name][0]
		if h.IntN(2*needed) == 0 || name == "last_used" {
			text = h.pick(hostileMembers[name])
		}
		members = append(members, [2]string{name, text})
	}
	h.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return members
}

// token puts the members together, and times into them.
func (h hostile) token(members [][2]string) string {
	odd := h.IntN(4) == 0
	texts := make([]string, len(members))
	for i, m := range members {
		var b strings.Builder
		for k, part := range strings.Split(m[1], "T") {
			if k > 0 {
				b.WriteString(h.time(odd))
			}
			b.WriteString(part)
		}
		texts[i] = strconv.Quote(m[0]) + ":" + b.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}

func (h hostile) time(odd bool) string {
	if odd && h.IntN(12) == 0 {
		return h.pick(hostileTimes)
	}
	return h.pick(hostileTimes[:common])
}

// spoil changes a byte or two.
func (h hostile) spoil(token string) string {
	const bytes = "{}[]\",:\\ \n\t\x00\x01\x02\xffZT0129-u"
	raw := []byte(token)
	for range 1 + h.IntN(2) {
		at := h.IntN(len(raw))
		switch c := bytes[h.IntN(len(bytes))]; h.IntN(3) {
		case 0:
			raw[at] = c
		case 1:
			raw = append(raw[:at], append([]byte{c}, raw[at:]...)...)
		case 2:
			raw = append(raw[:at], raw[at+1:]...)
		}
	}
	return string(raw)
}

// TestRecallOfHostileTokens: a token is decoded, or refused, the same whether
// recall has seen it, one that is the same but for its times, or none.
func TestRecallOfHostileTokens(t *testing.T) {
	s := mustCompile(t)
	for seed := range uint64(300) {
		h := hostile{rand.New(rand.NewPCG(seed, 9))}
		var l Limits
		if h.IntN(6) == 0 {
			l = Limits{Depth: h.IntN(6), String: h.IntN(45)}
		}
		r := newRecall(s.token, l.orDefault())
		members := h.template()
		for range 4 {
			raw := h.token(members)
			if h.IntN(8) == 0 {
				raw = h.spoil(raw)
			}
			if !sameWithout(t, r, raw) {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}
