package codec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	inv "github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/codec"
	"github.com/tokenaudit/tokenaudit/collectors/inventory/sample"
)

func ignore(inv.Source) error { return nil }

// TestReadRefuses changes a good document in one place and expects the error
// that names it.
func TestReadRefuses(t *testing.T) {
	good := write(t, false, inv.Inventory{
		Tool:    inv.Tool{Name: "tokenaudit", Version: "1.0.0"},
		Sources: []inv.Source{sample.Source("datocms/projects/1", 1), sample.Source("datocms/projects/2", 2)},
	})
	end := strings.LastIndex(good, `"facts"`)
	units := strings.TrimRight(good[strings.LastIndex(good[:end], `"units"`):end], ", \n")
	from := func(text string) string { return good[max(0, strings.LastIndex(good, text)):] }
	tests := []struct {
		name, from, to string
		last           bool // change the last occurrence, not the first
		pointer, want  string
	}{
		{"not JSON", "{", "hello", false, "", "expected '{', found 'h'"},
		{"no object", good, "[]", false, "", "expected '{', found '['"},
		{"empty", good, "", false, "", "the document is empty"},
		{"UTF-16", good, "\xff\xfe{\x00", false, "", "the document is UTF-16, as PowerShell's > writes it, not UTF-8"},
		{"compressed", good, "\x1f\x8b\x08", false, "", "the document is compressed by gzip"},
		{"report", "tokenaudit/inventory/v1", "tokenaudit/report/v1", false, "/schema", "the document is a report, not an inventory"},
		{"cut off between sources", from("    {\n      \"id\""), "", false, "/sources/1", "ends too early: expected '{'"},
		{"cut off in a token", from("\"planned\""), "", false, "/sources/1/tokens/1", "in the middle of a value"},
		{"cut off in a source", from("\"units\""), "", false, "/sources/1", "expected"},
		{"cut off at the end", "\n}\n", "", true, "", "expected a comma or '}'"},
		{"trailing text", "\n}\n", "\n}\n{}", true, "", "unexpected text after the document: '{'"},
		{"no version", `"schema": "tokenaudit/inventory/v1",`, "", false, "", "the document is not an inventory: expected the schema tokenaudit/inventory/v1"},
		{"wrong version", "tokenaudit/inventory/v1", "something/v1", false, "/schema", `value must be "tokenaudit/inventory/v1"`},
		{"newer version", "inventory/v1", "inventory/v2", false, "/schema", "version 2 of the inventory schema, but this program reads v1"},
		{"unknown root key", `"tool":`, `"extra": 1, "tool":`, false, "", "unknown key 'extra'"},
		{"unknown source key", `"units":`, `"unit": [], "units":`, true, "/sources/1", "unknown key 'unit'"},
		{"unknown token keys", `"planned":`, `"a": 1, "Level": 2, "planned":`, true, "/sources/1/tokens/1", "unknown key 'Level', 'a'"},
		{"hostile key", `"planned":`, `"\u001b[31m": 1, "planned":`, true, "/sources/1/tokens/1", `unknown key '\x1b[31m'`},
		{"key twice in a token", `"ref": `, `"ref": "x", "ref": `, true, "/sources/1/tokens/1", `the key "ref" occurs twice`},
		{"key twice in a value", `"level": `, `"level": "read", "level": `, true, "/sources/1/tokens/1/owner", `the key "level" occurs twice`},
		{"key twice in a source", `"units": `, `"units": [], "units": `, true, "/sources/1/units", "the key occurs twice"},
		{"no units", units, `"units": []`, true, "/sources/1/units", "must have a list of tokens"},
		{"no list of tokens", units, `"units": [{"name": "roles", "status": "complete"}]`, true, "/sources/1/units", "must have a list of tokens"},
		{"a kind without a list", `"kind": "management"`, `"kind": "cli"`, true, "/sources/1/tokens/1/kind", `is "cli", which no unit of the source has`},
		{"tokens twice", `"tokens": [`, `"tokens": [], "tokens": [`, true, "/sources/1/tokens", "the key occurs twice"},
		{"key twice in the document", `"tool": `, `"tool": {}, "tool": `, false, "/tool", "the key occurs twice"},
		{"missing token key", `"ref": "0001",`, "", true, "/sources/1/tokens/1", "missing properties: 'ref'"},
		{"missing tokens", `"tokens": [`, `"units2": [`, true, "/sources/1", "missing properties: 'tokens'"},
		{"tokens are no array", from(`"tokens": [`), `"tokens": 7}]}`, true, "/sources/1/tokens", "expected array, but got number"},
		{"sources are no array", from(`"sources": [`), `"sources": null}`, false, "/sources", "expected array, but got null"},
		{"token is not an object", from("        {\n          \"id\""), "7]}]}", false, "/sources/1/tokens/1", "expected object, but got number"},
		{"bad word", `"state": "at"`, `"state": "perhaps"`, true, "/sources/1/tokens/1/owner/last_active/state", `value must be one of "at", "none", "unknown"`},
		{"bad time", `"at": "2026-12-22T00:00:00Z"`, `"at": "soon"`, true, "/sources/1/tokens/1/expiry/at", "is not a valid date-time"},
		{"time with an escape", `"at": "2026-12-22T00:00:00Z"`, `"at": "2026-12-22T00:00:00\u005a"`, true, "/sources/1/tokens/1", "cannot be read"},
		{"hour of one digit", `"at": "2026-12-22T00:00:00Z"`, `"at": "2026-12-22T0:00:00Z"`, true, "/sources/1/tokens/1/expiry/at", "is not a valid date-time"},
		{"comma in a time", `"at": "2026-12-22T00:00:00Z"`, `"at": "2026-12-22T00:00:00,5Z"`, true, "/sources/1/tokens/1/expiry/at", "is not a valid date-time"},
		{"zone of a day", `"at": "2026-12-22T00:00:00Z"`, `"at": "2026-12-22T00:00:00+24:00"`, true, "/sources/1/tokens/1/expiry/at", "is not a valid date-time"},
		{"zone of sixty minutes", `"at": "2026-12-22T00:00:00Z"`, `"at": "2026-12-22T00:00:00-01:60"`, true, "/sources/1/tokens/1/expiry/at", "is not a valid date-time"},
		{"leap second", `"at": "2026-12-22T00:00:00Z"`, `"at": "2026-12-22T23:59:60Z"`, true, "/sources/1/tokens/1/expiry/at", "is not a valid date-time"},
		{"wrong type", `"write": true`, `"write": "yes"`, true, "/sources/1/tokens/1/access/write", "expected boolean, but got string"},
		{"fraction for a whole number", `"effective": 1`, `"effective": 1.0`, true, "/sources/1/tokens/1/environments/effective", "cannot be number 1.0"},
		{"monstrous number", `"effective": 1`, `"effective": 1e999999999`, true, "/sources/1/tokens/1/environments/effective", "a number must be plain"},
		{"broken number", `"effective": 1`, `"effective": 01`, true, "/sources/1/tokens/1/environments/effective", `this is not a number`},
		{"long hint", `"hint": "9f3a"`, `"hint": "9f3ab"`, true, "/sources/1/tokens/1/secret/hint", "length must be <= 4"},
		{"broken UTF-8", `"ref": "0001"`, "\"ref\": \"\xff\"", true, "/sources/1/tokens/1/ref", "not valid UTF-8"},
		{"raw control character", `"ref": "0001"`, "\"ref\": \"\t\"", true, "/sources/1/tokens/1/ref", "control character"},
		{"bad escape", `"ref": "0001"`, `"ref": "\q"`, true, "/sources/1/tokens/1/ref", "an escape that JSON does not know"},
		{"half a character", `"ref": "0001"`, `"ref": "\ud83d"`, true, "/sources/1/tokens/1/ref", "an escape of an unpaired surrogate"},
		{"the wrong half", `"ref": "0001"`, `"ref": "\udd11\ud83d"`, true, "/sources/1/tokens/1/ref", "an escape of an unpaired surrogate"},
		{"half a character and a letter", `"ref": "0001"`, `"ref": "\ud83d\u0041"`, true, "/sources/1/tokens/1/ref", "an escape of an unpaired surrogate"},
		{"half a character in a key", `"planned":`, `"\ud83d": 1, "planned":`, true, "/sources/1/tokens/1", "an escape of an unpaired surrogate"},
		{"half a character in a member of a source", `"cms": "datocms"`, `"cms": "\\\uD83D\\"`, false, "/sources/0/cms", "an escape of an unpaired surrogate"},
		{"missing comma", `"ref": "0001",`, `"ref": "0001"`, true, "/sources/1/tokens/1", "expected a comma or '}'"},
		{"missing colon", `"ref": "0001"`, `"ref" "0001"`, true, "/sources/1/tokens/1", `expected a colon after the key "ref"`},
		{"bare word", `"ref": "0001"`, `"ref": nil`, true, "/sources/1/tokens/1/ref", `this is not a JSON value`},
		{"write against level", `"write": true`, `"write": false`, true, "/sources/1/tokens/1/access/write", `is false, which contradicts the level "schema"`},
		{"unknown without reason", `"reason": "not told"`, `"reason": ""`, true, "/sources/1/tokens/1/updated_at/reason", "must say why"},
		{"wrong count", `"effective": 1`, `"effective": 0`, true, "/sources/1/tokens/1/environments/effective", "is 0, but the items add up to 1"},
		{"failed unit without class", `"error": "permission_denied",`, ``, true, "/sources/1/units/1/error", "is not a value that the schema allows"},
		{"unit twice", `"name": "roles"`, `"name": "access_tokens"`, true, "/sources/1/units/1/name", "occurs twice"},
		{"fact with a bad word", `"reported": "partly"`, `"reported": "maybe"`, true, "/sources/1/facts/updated_at/reported", "value must be one of"},
		{"token of another source", `"source": "datocms/projects/2"`, `"source": "datocms/projects/1"`, true, "/sources/1/tokens/1/source", "is not the id of the enclosing source"},
		{"token twice", "datocms/projects/2/access_tokens/0001", "datocms/projects/2/access_tokens/0000", true, "/sources/1/tokens/1/id", "occurs twice"},
		{"token twice in two sources", "datocms/projects/2/access_tokens/0001", "datocms/projects/1/access_tokens/0000", true, "/sources/1/tokens/1/id", "occurs twice"},
		{"source twice", `"id": "datocms/projects/2"`, `"id": "datocms/projects/1"`, false, "/sources/1/id", "occurs twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := strings.Index(good, tt.from)
			if tt.last {
				at = strings.LastIndex(good, tt.from)
			}
			if at < 0 {
				t.Fatalf("the document has no %q", tt.from)
			}
			doc := good[:at] + tt.to + good[at+len(tt.from):]
			err := codec.Read(t.Context(), strings.NewReader(doc), codec.Limits{}, ignore)
			var place *codec.PlaceError
			if !errors.As(err, &place) {
				t.Fatalf("got %v, want a *PlaceError", err)
			}
			if place.Pointer != tt.pointer {
				t.Errorf("pointer is %q, want %q (%v)", place.Pointer, tt.pointer, err)
			}
			if !strings.Contains(place.Message, tt.want) {
				t.Errorf("message is %q, want %q in it", place.Message, tt.want)
			}
			if before := doc[:place.Offset]; strings.Count(before, "\n")+1 != place.Line {
				t.Errorf("line %d does not match byte %d", place.Line, place.Offset)
			}
		})
	}
}

func TestPlaceErrorNamesTheByte(t *testing.T) {
	doc := write(t, false, inv.Inventory{Sources: []inv.Source{sample.Source("s", 60)}})
	at := strings.LastIndex(doc, `"never"`)
	if at >= 0 {
		t.Fatal("the sample has the word already")
	}
	at = strings.LastIndex(doc, `"between"`)
	doc = doc[:at] + `"sometime"` + doc[at+len(`"between"`):]
	err := codec.Read(t.Context(), strings.NewReader(doc), codec.Limits{}, ignore)
	want := fmt.Sprintf(`sources/0/tokens/59/last_used_by_api/content_management/state: value must be one of "at", "between", "never", "none_on_record", "unknown" (line %d, byte %d)`,
		1+strings.Count(doc[:at], "\n"), at)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestReadLimits(t *testing.T) {
	doc := write(t, false, inv.Inventory{Sources: []inv.Source{sample.Source("a", 3), sample.Source("b", 2)}})
	tests := []struct {
		name   string
		limits codec.Limits
		want   string
	}{
		{"document", codec.Limits{Document: 100}, "document: the document is larger than 100 bytes"},
		{"value", codec.Limits{Value: 500}, "the value is larger than 500 bytes"},
		{"sources", codec.Limits{Sources: 1}, "sources: there are more than 1 sources"},
		{"tokens", codec.Limits{TokensPerSource: 2}, "sources/0/tokens: the source has more than 2 tokens"},
		{"string", codec.Limits{String: 20}, "the string is longer than 20 bytes"},
		{"depth", codec.Limits{Depth: 2}, "values are nested more than 2 levels deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := codec.Read(t.Context(), strings.NewReader(doc), tt.limits, ignore)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("endless string", func(t *testing.T) {
		endless := io.MultiReader(strings.NewReader(`{"sources": [{"tokens": [{"id": "`), repeat('x'))
		err := codec.Read(t.Context(), endless, codec.Limits{Value: 1 << 20}, ignore)
		if err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("endless white space", func(t *testing.T) {
		endless := io.MultiReader(strings.NewReader(`{`), repeat(' '))
		err := codec.Read(t.Context(), endless, codec.Limits{Document: 1 << 20}, ignore)
		if err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("endless brackets", func(t *testing.T) {
		endless := io.MultiReader(strings.NewReader(`{"tool": `), repeat('['))
		err := codec.Read(t.Context(), endless, codec.Limits{}, ignore)
		if err == nil || !strings.Contains(err.Error(), "nested more than 32 levels deep") {
			t.Errorf("got %v", err)
		}
	})
}

// repeat is a document that never ends.
type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

func TestReadSkipsByteOrderMark(t *testing.T) {
	document := write(t, false, sampleInventory())
	read, err := codec.ReadAll(t.Context(), strings.NewReader("\ufeff"+document), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(document, write(t, false, read)); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
}

// TestReadForeignOrder: JSON objects have no order, so tokens may come first.
func TestReadForeignOrder(t *testing.T) {
	doc := write(t, true, inv.Inventory{Tool: inv.Tool{Name: "x"}, Sources: []inv.Source{sample.Source("a", 2)}})
	head, tokens, _ := strings.Cut(doc, `"tokens":`)
	at := strings.Index(head, `{`+"\n"+`"schema"`)
	start := strings.Index(head, `"sources":[`) + len(`"sources":[`)
	tokens = strings.TrimSuffix(strings.TrimSpace(tokens), "}\n]\n}")
	source := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(head[start:]), "{"), ",")
	members := strings.TrimSuffix(head[at+1:start], `"sources":[`)
	doc = `{"sources":[{"tokens":` + tokens + `,` + source + `}],` + strings.TrimSuffix(strings.TrimSpace(members), ",") + `}`
	got, err := codec.ReadAll(t.Context(), strings.NewReader(doc), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := normal(inv.Inventory{Schema: inv.Schema, Tool: inv.Tool{Name: "x"}, Sources: []inv.Source{sample.Source("a", 2)}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadNormalises(t *testing.T) {
	s := sample.Source("a", 2)
	doc := write(t, false, inv.Inventory{Sources: []inv.Source{s}})
	doc = strings.ReplaceAll(doc, `"2026-11-22T09:30:00Z"`, `"2026-11-22T11:30:00+02:00"`)
	doc = strings.ReplaceAll(doc, `a/access_tokens/0000"`, `a/access_tokens/9999"`)
	got, err := codec.ReadAll(t.Context(), strings.NewReader(doc), codec.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Sources[0].CollectedAt; c != sample.CollectedAt() {
		t.Errorf("collected_at is %v", c)
	}
	if first := got.Sources[0].Tokens[0].ID; first != "a/access_tokens/0001" {
		t.Errorf("the first token is %s", first)
	}
}

func TestReadAllowsPlannedTwin(t *testing.T) {
	live, planned := sample.Source("a", 1), sample.Source("terraform/root", 1)
	live.Tokens[0].Planned, live.Tokens[0].Address = "", ""
	planned.Tokens[0].ID = live.Tokens[0].ID
	doc := write(t, false, inv.Inventory{Sources: []inv.Source{live, planned}})
	if err := codec.Read(t.Context(), strings.NewReader(doc), codec.Limits{}, ignore); err != nil {
		t.Errorf("a planned token may carry the id of the live one: %v", err)
	}
}

// TestReadOrder: sources arrive in the order of the document, however long
// each takes to decode, and the first fault in the document is the one reported.
func TestReadOrder(t *testing.T) {
	var i inv.Inventory
	for n := range 40 {
		i.Sources = append(i.Sources, sample.Source(fmt.Sprintf("s%02d", n), (n*37)%90))
	}
	doc := write(t, true, i)
	var ids []string
	err := codec.Read(t.Context(), strings.NewReader(doc), codec.Limits{}, func(s inv.Source) error {
		ids = append(ids, s.ID)
		return nil
	})
	if err != nil || len(ids) != 40 {
		t.Fatalf("%d sources, %v", len(ids), err)
	}
	for n, id := range ids {
		if id != i.Sources[n].ID {
			t.Fatalf("source %d is %s", n, id)
		}
	}
	bad := strings.ReplaceAll(doc, `s07/access_tokens/0003"`, `"`)
	bad = strings.ReplaceAll(bad, `s09/access_tokens/0001"`, `"`)
	for range 20 {
		err := codec.Read(t.Context(), strings.NewReader(bad), codec.Limits{}, ignore)
		if err == nil || !strings.HasPrefix(err.Error(), "sources/7/tokens/3/id: ") {
			t.Fatalf("got %v", err)
		}
	}
}

func TestReadStops(t *testing.T) {
	doc := write(t, true, inv.Inventory{Sources: []inv.Source{sample.Source("a", 300), sample.Source("b", 300), sample.Source("c", 300)}})
	t.Run("fn fails", func(t *testing.T) {
		enough := errors.New("enough")
		calls := 0
		err := codec.Read(t.Context(), strings.NewReader(doc), codec.Limits{}, func(inv.Source) error { calls++; return enough })
		if !errors.Is(err, enough) || calls != 1 {
			t.Errorf("got %v after %d calls", err, calls)
		}
	})
	t.Run("context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := codec.Read(ctx, strings.NewReader(doc), codec.Limits{}, func(inv.Source) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("reader fails", func(t *testing.T) {
		broken := errors.New("broken pipe")
		err := codec.Read(t.Context(), io.MultiReader(strings.NewReader(doc[:5000]), failing{broken}), codec.Limits{}, ignore)
		if !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
