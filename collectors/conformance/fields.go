package conformance

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxFields bounds the faults of one endpoint.
const maxFields = 400

// Fields names all fields of a JSON document: "items" is a member, "items[]" an
// element, "items[].sys.id" a member of it. Elements are not told apart.
func Fields(body []byte) []string {
	document, ok := parsed(body)
	if !ok {
		return nil
	}
	found := map[string]bool{}
	walk("", document, func(field string, _ any) { found[field] = true })
	return slices.Sorted(maps.Keys(found))
}

func parsed(body []byte) (any, bool) {
	var document any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(&document)
	return document, err == nil
}

// walk visits all fields below v, containers before what they hold.
func walk(field string, v any, visit func(string, any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			below := strings.TrimPrefix(field+"."+key, ".")
			visit(below, v[key])
			walk(below, v[key], visit)
		}
	case []any:
		for _, element := range v {
			visit(field+"[]", element)
			walk(field+"[]", element, visit)
		}
	}
}

// removed stands for a member that is to be taken out.
type removed struct{}

// rewrite replaces fields of a document. change says what becomes of each;
// containers come after what they hold. It returns the document.
func rewrite(field string, v any, change func(field string, v any) any) any {
	switch container := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(container)) {
			below := strings.TrimPrefix(field+"."+key, ".")
			switch next := change(below, rewrite(below, container[key], change)).(type) {
			case removed:
				delete(container, key)
			default:
				container[key] = next
			}
		}
	case []any:
		for i, element := range container {
			if next := change(field+"[]", rewrite(field+"[]", element, change)); next != any(removed{}) {
				container[i] = next
			}
		}
	}
	return v
}

// mutation is what becomes of a field.
type mutation struct {
	name string
	to   func(any) any
}

var (
	// A scalar becomes a container and a container a scalar, so that no tolerance
	// for numbers as strings can make sense of it.
	wrongType = mutation{"of a wrong type", func(v any) any {
		if isContainer(v) {
			return "unexpected"
		}
		return map[string]any{"unexpected": []any{1}}
	}}
	otherType = mutation{"of another wrong type", func(v any) any {
		if isContainer(v) {
			return 7
		}
		return []any{map[string]any{"unexpected": 1}}
	}}
	null    = mutation{"null", func(any) any { return nil }}
	missing = mutation{"missing", func(any) any { return removed{} }}
)

func isContainer(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// fieldFaults spoil one field at all its places, which must not look like any
// other value; at its first place, which must not cost the other tokens; and
// all values at once.
func fieldFaults(sc scope) []fault {
	var all []fault
	fields := Fields(sc.body)
	for _, field := range fields[:min(len(fields), maxFields)] {
		add := func(name string, m mutation, change func(string, mutation) func() func(string, any) any) {
			f := fault{name: name + " " + m.name, expect: honest, serve: rewritten(change(field, m))}
			if (m.name == null.name || m.name == missing.name) && slices.Contains(sc.endpoint.Nullable, field) {
				f.expect = honestOrNull
			}
			if m.name == wrongType.name && slices.Contains(sc.endpoint.Textual, field) {
				f.expect = honestOrNull
			}
			all = append(all, f)
		}
		add(field, wrongType, wherever)
		add(field, null, wherever)
		if !strings.HasSuffix(field, "[]") { // a shorter list is another truth
			add(field, missing, wherever)
		}
		if occurrences(sc.body, field) > 1 {
			add("first "+field, otherType, atFirst)
		}
	}
	if hasScalars(sc.body) {
		for _, m := range []mutation{wrongType, otherType, null, missing} {
			all = append(all, fault{name: "every field " + m.name, expect: marked, classes: unreadableClasses, serve: rewritten(everywhere(m))})
		}
	}
	return all
}

// occurrences counts the places of a field.
func occurrences(body []byte, field string) int {
	document, _ := parsed(body)
	n := 0
	walk("", document, func(f string, _ any) {
		if f == field {
			n++
		}
	})
	return n
}

func hasScalars(body []byte) bool {
	document, _ := parsed(body)
	found := false
	walk("", document, func(_ string, v any) { found = found || !isContainer(v) })
	return found
}

// atFirst spoils a field where it occurs first.
func atFirst(field string, m mutation) func() func(string, any) any {
	return func() func(string, any) any {
		done := false
		return func(f string, v any) any {
			if f != field || done {
				return v
			}
			done = true
			return m.to(v)
		}
	}
}

// wherever spoils a field at all its places.
func wherever(field string, m mutation) func() func(string, any) any {
	return func() func(string, any) any {
		return func(f string, v any) any {
			if f != field {
				return v
			}
			return m.to(v)
		}
	}
}

// everywhere spoils all values that are no containers.
func everywhere(m mutation) func() func(string, any) any {
	return func() func(string, any) any {
		return func(_ string, v any) any {
			if isContainer(v) {
				return v
			}
			return m.to(v)
		}
	}
}

// rewritten serves the healthy answer with fields replaced.
func rewritten(change func() func(string, any) any) func(http.ResponseWriter, *http.Request, exchange) {
	return func(w http.ResponseWriter, r *http.Request, x exchange) {
		a := x.healthy(r)
		document, ok := parsed(a.Body.Bytes())
		if !ok {
			pass(w, a, a.Body.Bytes())
			return
		}
		body, err := json.Marshal(rewrite("", document, change()))
		if err != nil {
			body = a.Body.Bytes()
		}
		pass(w, a, body)
	}
}

// hostile is a name that is dangerous to print; the mark stands for bytes that
// are no UTF-8.
const (
	hostile     = "MARK<script>alert(1)</script>\x00\x1b[31m\r\n::error::\u202e\u2028'\"=1+1|`"
	invalidUTF8 = "\xff\xfe\xc3("
)

// textFaults put hostile text into everything that people can name.
func textFaults(sc scope) []fault {
	named := func(field string) bool {
		key := field[strings.LastIndexAny(field, ".]")+1:]
		return slices.Contains([]string{"name", "description", "title", "firstName", "lastName", "first_name", "last_name", "full_name"}, key)
	}
	if !slices.ContainsFunc(Fields(sc.body), named) {
		return nil
	}
	return []fault{{name: "hostile names", expect: harmless, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
		a := x.healthy(r)
		document, _ := parsed(a.Body.Bytes())
		body, err := json.Marshal(rewrite("", document, func(field string, v any) any {
			if _, isText := v.(string); isText && named(field) {
				return hostile
			}
			return v
		}))
		if err != nil {
			body = a.Body.Bytes()
		}
		pass(w, a, bytes.ReplaceAll(body, []byte("MARK"), []byte(invalidUTF8)))
	}}}
}
