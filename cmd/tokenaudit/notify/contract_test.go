package notify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// contract is an OpenAPI 3.0 document that a fake is held to.
type contract struct {
	Paths map[string]map[string]operation
	// raw is the document.
	raw      map[string]any
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
}

type operation struct {
	Parameters []struct {
		In, Name string
		Required bool
		Schema   struct{ Type string }
	}
	RequestBody *body
	Responses   map[string]body
}

// body is a body of a request or an answer, by its media type.
type body struct {
	Content map[string]struct{ Schema json.RawMessage }
}

// publishedContract is the environment variable that names a copy of Atlassian's document.
const publishedContract = "JIRA_OPENAPI"

func readContract(t *testing.T, file string) *contract {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	c.compiler.Draft, c.compiler.AssertFormat = jsonschema.Draft4, true
	for _, into := range []any{c, &c.raw} {
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.compiler.AddResource("openapi.json", bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return c
}

// jiraContract is that of Jira: ours, or Atlassian's where there is a copy.
func jiraContract(t *testing.T) *contract {
	t.Helper()
	if file := os.Getenv(publishedContract); file != "" {
		return readContract(t, file)
	}
	return readContract(t, "testdata/jira.openapi.json")
}

// find returns the operation of a request, and where it is in the document.
func (c *contract) find(r *http.Request) (operation, string, bool) {
	asked := strings.Split(r.URL.EscapedPath(), "/")
	for path, operations := range c.Paths {
		parts := strings.Split(path, "/")
		matches := len(parts) == len(asked)
		for i := 0; matches && i < len(parts); i++ {
			matches = parts[i] == asked[i] || strings.HasPrefix(parts[i], "{") && asked[i] != ""
		}
		if method := strings.ToLower(r.Method); matches {
			o, ok := operations[method]
			escaped := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path)
			return o, "openapi.json#/paths/" + escaped + "/" + method, ok
		}
	}
	return operation{}, "", false
}

// requestProblems says what a request has that the document does not allow.
func (c *contract) requestProblems(r *http.Request, data []byte) (problems []string) {
	o, at, ok := c.find(r)
	if !ok {
		return []string{"unknown operation"}
	}
	query := r.URL.Query()
	for _, p := range o.Parameters {
		if p.In != "query" {
			continue
		}
		if p.Required && !query.Has(p.Name) {
			problems = append(problems, "the parameter "+p.Name+" is missing")
		}
		query.Del(p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		problems = append(problems, "unknown parameter "+name)
	}
	if o.RequestBody == nil {
		if len(data) > 0 {
			problems = append(problems, "it takes no body")
		}
		return problems
	}
	return append(problems, c.bodyProblems(*o.RequestBody, at+"/requestBody", r.Header, data)...)
}

// responseProblems says what an answer has that the document does not allow.
func (c *contract) responseProblems(r *http.Request, status int, header http.Header, data []byte) []string {
	o, at, _ := c.find(r)
	answer, ok := o.Responses[fmt.Sprint(status)]
	switch {
	case !ok:
		return []string{fmt.Sprintf("unexpected status %d", status)}
	case len(data) == 0 && (status == http.StatusNoContent || len(answer.Content) == 0):
		return nil
	}
	return c.bodyProblems(answer, fmt.Sprintf("%s/responses/%d", at, status), header, data)
}

func (c *contract) bodyProblems(b body, at string, header http.Header, data []byte) []string {
	media := header.Get("Content-Type")
	content, ok := b.Content[media]
	if !ok {
		return []string{fmt.Sprintf("unexpected media type %q", media)}
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return []string{err.Error()}
	}
	if content.Schema == nil {
		return nil
	}
	at += "/content/" + strings.ReplaceAll(media, "/", "~1") + "/schema"
	schema := c.schemas[at]
	if schema == nil {
		var err error
		if schema, err = c.compiler.Compile(at); err != nil {
			return []string{err.Error()}
		}
		c.schemas[at] = schema
	}
	if err := schema.Validate(value); err != nil {
		return []string{fmt.Sprintf("%#v", err)}
	}
	return nil
}

// holds returns a handler that asks next, and reports what the contract does not allow of the
// request and of the answer. A request with a problem does not reach next.
func (c *contract) holds(report func(string), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			report(err.Error())
			return
		}
		if problems := c.requestProblems(r, data); len(problems) > 0 {
			report(fmt.Sprintf("%s %s: %s", r.Method, r.URL, strings.Join(problems, "; ")))
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		if problems := c.responseProblems(r, answer.Code, answer.Header(), answer.Body.Bytes()); len(problems) > 0 {
			report(fmt.Sprintf("the answer of %s %s: %s", r.Method, r.URL, strings.Join(problems, "; ")))
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		if _, err := w.Write(answer.Body.Bytes()); err != nil && answer.Code != http.StatusNoContent {
			report(err.Error())
		}
	})
}

// The fake notices what the contract does not allow.
func TestJiraContractIsStrict(t *testing.T) {
	c := readContract(t, "testdata/jira.openapi.json")
	const (
		search = `{"jql": "project = SEC", "fields": ["status"], "maxResults": 1}`
		issue  = `{"fields": {"project": {"key": "SEC"}, "issuetype": {"name": "Task"}, "summary": "s", "labels": ["l"],
			"description": {"type": "doc", "version": 1, "content": [{"type": "paragraph"}]}}}`
	)
	for name, tt := range map[string]struct {
		method, url, request string
		status               int
		answer               string
		want                 string
	}{
		"a search":                 {"POST", "/rest/api/3/search/jql", search, 200, `{"issues": [{"id": "1", "key": "SEC-1", "fields": {}}]}`, ""},
		"an issue":                 {"POST", "/rest/api/3/issue", issue, 201, `{"id": "1", "key": "SEC-1", "self": "https://jira.example/1"}`, ""},
		"transitions":              {"GET", "/rest/api/3/issue/SEC-1/transitions", "", 200, `{"transitions": []}`, ""},
		"a transition":             {"POST", "/rest/api/3/issue/SEC-1/transitions", `{"transition": {"id": "31"}}`, 204, "", ""},
		"the search that was":      {"POST", "/rest/api/3/search", search, 200, `{}`, "unknown operation"},
		"another version":          {"POST", "/rest/api/2/issue", issue, 201, `{}`, "unknown operation"},
		"another method":           {"PUT", "/rest/api/3/issue/SEC-1/transitions", `{}`, 204, "", "unknown operation"},
		"no key":                   {"GET", "/rest/api/3/issue//transitions", "", 200, `{}`, "unknown operation"},
		"a slash in the key":       {"GET", "/rest/api/3/issue/SEC-1/x/transitions", "", 200, `{}`, "unknown operation"},
		"another parameter":        {"GET", "/rest/api/3/issue/SEC-1/transitions?startAt=0", "", 200, `{}`, "unknown parameter startAt"},
		"a body for GET":           {"GET", "/rest/api/3/issue/SEC-1/transitions", `{}`, 200, `{}`, "takes no body"},
		"no fields":                {"POST", "/rest/api/3/search/jql", `{"jql": "project = SEC", "maxResults": 1}`, 200, `{}`, `missing properties: 'fields'`},
		"a member of before":       {"POST", "/rest/api/3/search/jql", strings.Replace(search, `"jql"`, `"startAt": 0, "jql"`, 1), 200, `{}`, `'startAt' not allowed`},
		"text for a document":      {"POST", "/rest/api/3/issue/SEC-1/comment", `{"body": "done"}`, 201, `{}`, "expected object"},
		"a summary too long":       {"POST", "/rest/api/3/issue", strings.Replace(issue, `"s"`, `"`+strings.Repeat("s", 256)+`"`, 1), 201, `{}`, "length must be <= 255"},
		"a label with a space":     {"POST", "/rest/api/3/issue", strings.Replace(issue, `"l"`, `"a b"`, 1), 201, `{}`, "does not match pattern"},
		"an answer without a key":  {"POST", "/rest/api/3/search/jql", search, 200, `{"issues": [{"id": "1", "fields": {}}]}`, `missing properties: 'key'`},
		"an answer without issues": {"POST", "/rest/api/3/search/jql", search, 200, `{}`, `missing properties: 'issues'`},
		"a total, which is gone":   {"POST", "/rest/api/3/search/jql", search, 200, `{"issues": [], "total": 0}`, `'total' not allowed`},
		"another status":           {"POST", "/rest/api/3/issue", issue, 200, `{}`, "unexpected status 200"},
		"an answer without a body": {"POST", "/rest/api/3/issue", issue, 201, "", "EOF"},
	} {
		var said []string
		r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.url, strings.NewReader(tt.request))
		r.Header.Set("Content-Type", "application/json")
		c.holds(func(s string) { said = append(said, s) }, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.answer)
		})).ServeHTTP(httptest.NewRecorder(), r)
		if all := strings.Join(said, "\n"); (tt.want == "") != (all == "") || !strings.Contains(all, tt.want) {
			t.Errorf("%s: %q, want %q", name, all, tt.want)
		}
	}
}

// What our contract names is in the published one, and of the same type.
func TestJiraContractIsPartOfThePublishedOne(t *testing.T) {
	file := os.Getenv(publishedContract)
	if file == "" {
		t.Skip("set " + publishedContract + " to a copy of Atlassian's document: see testdata/README.md")
	}
	ours, published := readContract(t, "testdata/jira.openapi.json"), readContract(t, file)
	compared := 0
	var within func(at string, our, their any)
	within = func(at string, our, their any) {
		o, theirs := ours.resolve(our), published.resolve(their)
		if theirs["type"] == nil {
			return // anything
		}
		compared++
		if _, ok := o["type"]; ok && o["type"] != theirs["type"] {
			t.Errorf("%s: type %v, published is %v", at, o["type"], theirs["type"])
		}
		if o["items"] != nil {
			within(at+"[]", o["items"], theirs["items"])
		}
		members, _ := o["properties"].(map[string]any)
		known, _ := theirs["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if len(known) == 0 {
				break // a map of anything
			}
			if known[name] == nil {
				t.Errorf("%s: the published one has no member %s", at, name)
				continue
			}
			within(at+"."+name, members[name], known[name])
		}
	}
	content := func(b *body) any {
		var schema any
		if b != nil && b.Content["application/json"].Schema != nil {
			if err := json.Unmarshal(b.Content["application/json"].Schema, &schema); err != nil {
				t.Error(err)
			}
		}
		return schema
	}
	for path, operations := range ours.Paths {
		for method, our := range operations {
			their, ok := published.Paths[path][method]
			if !ok {
				t.Errorf("the published one has no %s %s", method, path)
				continue
			}
			for _, p := range our.Parameters {
				if !slices.Contains(their.Parameters, p) {
					t.Errorf("the published %s %s has no parameter %+v", method, path, p)
				}
			}
			within(method+" "+path, content(our.RequestBody), content(their.RequestBody))
			if diff := cmp.Diff(slices.Sorted(maps.Keys(their.Responses)), slices.Sorted(maps.Keys(our.Responses))); diff != "" {
				t.Errorf("answers of %s %s (-published +ours):\n%s", method, path, diff)
			}
			for status, answer := range our.Responses {
				answered := their.Responses[status]
				within(method+" "+path+" "+status, content(&answer), content(&answered))
			}
		}
	}
	t.Logf("%d schemas compared", compared)
}

// resolve follows references, and the allOf of one schema that the published document uses
// to add a description to a reference.
func (c *contract) resolve(schema any) map[string]any {
	s, _ := schema.(map[string]any)
	for s != nil {
		all, _ := s["allOf"].([]any)
		ref, _ := s["$ref"].(string)
		switch {
		case len(all) == 1:
			s, _ = all[0].(map[string]any)
		case ref != "":
			components, _ := c.raw["components"].(map[string]any)
			schemas, _ := components["schemas"].(map[string]any)
			s, _ = schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any)
		default:
			return s
		}
	}
	return nil
}
