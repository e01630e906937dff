package codec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// judged holds the shape of a token against the schema: what fits is valid, and can be
// decoded. It reports whether the token fits, and whether the schema accepts it.
func judged(t *testing.T, token string, l Limits) (fits, valid bool) {
	t.Helper()
	s := mustCompile(t).token
	value, bad := parse([]byte(token), l)
	valid = bad == nil && violations(s.full, value) == nil
	fits = s.shape.fits([]byte(token), l)
	if fits && !valid {
		t.Fatalf("limits %+v: it fits, and is not valid (%v):\n%s", l, bad, token)
	}
	if fits {
		if err := json.Unmarshal([]byte(token), new(inventory.Token)); err != nil {
			t.Fatalf("it fits, and cannot be decoded (%v):\n%s", err, token)
		}
	}
	return fits, valid
}

// FuzzShape: whatever of the text of a token fits the shape, the schema accepts. A
// seed that is not 0 changes a token that is JSON in its parts.
func FuzzShape(f *testing.F) {
	tokens := savedTokens(f)
	for i, token := range tokens {
		f.Add(token, uint64(0), uint16(1000), uint8(32))
		f.Add(token, uint64(i+1), uint16(1000), uint8(32))
		f.Add(token, uint64(i+1), uint16(i), uint8(i%6))
	}
	for seed := range uint64(200) {
		f.Add(mutated(tokens[int(seed)%len(tokens)], seed), uint64(0), uint16(1000), uint8(32))
	}
	f.Fuzz(func(t *testing.T, token string, seed uint64, maxString uint16, maxDepth uint8) {
		if seed != 0 {
			token = mutated(token, seed)
		}
		judged(t, token, Limits{String: int(maxString), Depth: int(maxDepth)}.orDefault())
	})
}

// What the schema accepts of tokens that are nearly right fits the shape, but for what is
// written with escapes where a word or a time stands, and numbers such as 1.0.
func TestShapeOfMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("one after the other: nothing for the race detector")
	}
	tokens := savedTokens(t)
	count := map[string]int{}
	for seed := range uint64(6000) {
		token := mutated(tokens[int(seed)%len(tokens)], seed+1)
		var l Limits
		if seed%5 == 0 {
			l = Limits{Depth: 1 + int(seed%6), String: 20 + int(seed%61)}
		}
		fits, valid := judged(t, token, l.orDefault())
		switch {
		case fits:
			count["fits"]++
		case !valid:
			count["refused"]++
		case strings.ContainsAny(token, `\`) || strings.Contains(token, "1.0") || strings.Contains(token, "0.0"):
			count["left to the schema"]++
		default:
			t.Errorf("it is valid, and does not fit:\n%s", token)
		}
	}
	for _, kind := range []string{"fits", "refused", "left to the schema"} {
		if count[kind] < 5 {
			t.Errorf("%s: only %d", kind, count[kind])
		}
	}
}

// The length of a text is that of its characters.
func TestShapeOfLengths(t *testing.T) {
	for hint, want := range map[string]bool{`"äöüß"`: true, `"🔑🔑🔑🔑"`: true, `"äöüßx"`: false, `""`: true} {
		token := strings.Replace(savedTokens(t)[0], `"9f3a"`, hint, 1)
		if fits, valid := judged(t, token, Limits{}.orDefault()); fits != want || valid != want || !strings.Contains(token, hint) {
			t.Errorf("hint %s: fits: %t, valid: %t", hint, fits, valid)
		}
	}
	token := strings.Replace(savedTokens(t)[0], `"ref": "0000"`, `"ref": ""`, 1)
	if fits, valid := judged(t, token, Limits{}.orDefault()); fits || valid {
		t.Errorf("no ref: fits: %t, valid: %t", fits, valid)
	}
}

// Every token that the program writes fits: no value is made of it for the schema.
func TestShapeOfSavedTokens(t *testing.T) {
	for _, token := range savedTokens(t) {
		if fits, _ := judged(t, token, Limits{}.orDefault()); !fits {
			t.Errorf("it does not fit:\n%s", token)
		}
	}
}

// savedTokens are the tokens of the inventories that tests of the repository have.
func savedTokens(t testing.TB) []string {
	t.Helper()
	var tokens []string
	for _, path := range []string{
		"testdata/inventory.json", "../../../testdata/premerge/inventory.json", "../../datocms/testdata/golden.json",
		"../../contentstack/testdata/golden/organization.json", "../../terraform/testdata/labd-create.golden.json",
	} {
		raw, err := os.ReadFile(filepath.FromSlash(path))
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Sources []struct{ Tokens []json.RawMessage }
		}
		if err := json.Unmarshal(raw, &document); err != nil {
			t.Fatal(err)
		}
		for _, s := range document.Sources {
			for _, token := range s.Tokens {
				tokens = append(tokens, string(token))
			}
		}
	}
	return tokens
}

// The shape knows every keyword of the schema of a token, and the members of an object
// have a bit each.
func TestShapeKnowsTheKeywords(t *testing.T) {
	known := []string{
		"$ref", "additionalProperties", "description", "enum", "format", "items", "maxLength", "minLength", "minimum",
		"properties", "propertyNames", "required", "type",
	}
	var schema struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(inventory.SchemaJSON(), &schema); err != nil {
		t.Fatal(err)
	}
	var check func(at string, schema any)
	check = func(at string, schema any) {
		keywords, ok := schema.(map[string]any)
		if !ok {
			return // additionalProperties can be false
		}
		if keywords["$ref"] != nil && len(keywords) > 1 || keywords["format"] != nil && keywords["format"] != "date-time" {
			t.Errorf("%s: %v", at, keywords)
		}
		for keyword, value := range keywords {
			if !slices.Contains(known, keyword) {
				t.Errorf("%s: the shape does not know the keyword %s", at, keyword)
			}
			if keyword == "type" {
				for _, name := range words(value) {
					if beginnings[name] == "" {
						t.Errorf("%s: the shape does not know the type %s", at, name)
					}
				}
			}
			if members, ok := value.(map[string]any); ok && keyword == "properties" {
				if len(members) > 64 {
					t.Errorf("%s: %d members do not fit into 64 bits", at, len(members))
				}
				for name, member := range members {
					check(at+"/"+name, member)
				}
				continue
			}
			check(at+"/"+keyword, value)
		}
	}
	for name, part := range schema.Defs {
		check(name, part)
	}
}

// words are a word, or a list of them.
func words(value any) []string {
	if word, ok := value.(string); ok {
		return []string{word}
	}
	var all []string
	for _, word := range value.([]any) {
		all = append(all, word.(string))
	}
	return all
}

func TestParseDepth(t *testing.T) {
	for depth, want := range map[int]bool{3: true, 4: false} {
		raw := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		if _, bad := parse([]byte(raw), Limits{Depth: 2}.orDefault()); (bad == nil) != want {
			t.Errorf("depth %d: %v", depth, bad)
		}
	}
}

// TestParseSurrogates: a character outside the basic plane has two escapes.
func TestParseSurrogates(t *testing.T) {
	for raw, want := range map[string]string{
		`"\ud83d\uDD11"`:              "\U0001f511",
		`"a\ud83d\udd11\ud83d\udd11"`: "a\U0001f511\U0001f511",
		`"\\ud83d"`:                   `\ud83d`,
		`"\ufffd\u0041\n"`:            "\ufffdA\n",
	} {
		if got, bad := parse([]byte(raw), Limits{}.orDefault()); bad != nil || got != want {
			t.Errorf("%s: %q, %v", raw, got, bad)
		}
	}
}

func mustCompile(t testing.TB) schemas {
	t.Helper()
	s, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
