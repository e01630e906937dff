package codec

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// mutator writes JSON values nearly as they are.
type mutator struct {
	*rand.Rand
	b strings.Builder
}

func pickOf[T any](m *mutator, of []T) T { return of[m.IntN(len(of))] }

// oddValues stand in the place of a value, oddTexts in that of a text.
var (
	oddValues = []string{
		"null", "true", "false", "truefalse", "nul", "", "{}", "[]", "[{}]", `{"a":{}}`, `[null]`, `[""]`, `"at"`, `"none"`, `"unknown"`, `"all"`, `"yes"`, `"content_delivery"`,
		"0", "-0", "1", "-1", "01", "1.0", "0.0", "1e2", "1E-2", "-", "+1", ".5", "1.", "0x1", "NaN", "1e999999999", "0.00000000000000001",
		"999999999999999999", "9999999999999999999", "-99999999999999999", strings.Repeat("[", 40) + strings.Repeat("]", 40), strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
	}
	oddTexts = []string{
		`""`, `"\u0061t"`, `"a\u0074"`, `"at "`, `"AT"`, `"\ud800"`, `"\ud83d\udd11"`, `"\ud83d\ud83d"`, `"\udd11\ud83d"`, `"\\ud800"`, `"\q"`, `"\u12"`, `"\`, `"x`, "\"\xff\"", "\"\x01\"", "\"\t\"",
		"\"\u2028\"", "\"\ufeff\"", `"äöüß"`, `"äöüßx"`, `"🔑🔑🔑🔑"`, `"🔑🔑🔑🔑🔑"`, `"e\u0301"`, `"\/"`, `"\"\\\b\f\n\r\t"`, `"` + strings.Repeat("x", 400) + `"`,
		`"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.123456789Z"`, `"2026-01-02T03:04:05.1234567890Z"`, `"2026-01-02T03:04:05+23:59"`, `"2026-01-02T03:04:05-00:00"`,
		`"2026-01-02T03:04:05+24:00"`, `"2026-01-02T03:04:05-01:60"`, `"2026-01-02T03:04:05,5Z"`, `"2026-01-02T3:04:05Z"`, `"2026-01-02t03:04:05z"`, `"2026-01-02 03:04:05Z"`,
		`"2026-12-31T23:59:60Z"`, `"2026-01-02T24:00:00Z"`, `"2025-02-29T00:00:00Z"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999999Z"`, `"10000-01-01T00:00:00Z"`,
		`"2026-01-02T03:04:05\u005a"`, `"2026-01-02T03:04:05.Z"`, `"2026-01-02T03:04:05"`, `"2026-01-02"`, `"2026-01-02T03:04:05ZZ"`,
	}
	oddNames = []string{"", "x", "id", "at", "state", "reason", "\u0130d", "ſtate", "\\u0069d", "Id", "i d"}
)

// mutated writes the value of raw, which is JSON, with about one change in it.
func mutated(raw string, seed uint64) string {
	var value any
	d := json.NewDecoder(strings.NewReader(raw))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return raw
	}
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 1))}
	m.value(value)
	return m.b.String()
}

// rarely is true for about one part of a token.
func (m *mutator) rarely() bool { return m.IntN(200) == 0 }

func (m *mutator) value(value any) {
	if m.rarely() {
		m.b.WriteString(pickOf(m, oddValues))
		return
	}
	if m.IntN(50) == 0 {
		m.b.WriteString(pickOf(m, []string{" ", "\n", "\t\r", "\v", "\u00a0"}))
	}
	switch value := value.(type) {
	case map[string]any:
		m.object(value)
	case []any:
		m.b.WriteByte('[')
		for i, item := range value {
			m.comma(i)
			m.value(item)
		}
		m.b.WriteByte(']')
	case string:
		if m.rarely() {
			m.b.WriteString(pickOf(m, oddTexts))
			return
		}
		m.scalar(value)
	default:
		m.scalar(value)
	}
}

func (m *mutator) object(object map[string]any) {
	names := slices.Sorted(maps.Keys(object))
	if m.rarely() {
		names = slices.Delete(names, 0, min(1, len(names)))
	}
	m.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	if m.rarely() {
		names = append(names, names...)
	}
	m.b.WriteByte('{')
	for i, name := range names {
		m.comma(i)
		value := object[name]
		switch m.IntN(1000) {
		case 0:
			name = pickOf(m, oddNames)
		case 1:
			name = strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
		case 2:
			m.b.WriteString(`"` + pickOf(m, oddNames) + `":1,`)
		case 3:
			m.b.WriteString(strconv.Quote(name) + ":")
			m.value(value)
			m.b.WriteByte(',')
		}
		m.b.WriteString(`"` + name + `":`)
		m.value(value)
	}
	m.b.WriteByte('}')
}

func (m *mutator) comma(i int) {
	if (i > 0) != (m.IntN(2000) == 0) {
		m.b.WriteByte(',')
	}
}

func (m *mutator) scalar(value any) {
	text, _ := json.Marshal(value) // what was decoded can be encoded
	m.b.Write(text)
}
