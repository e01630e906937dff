package notify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/notify"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/message"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

// fakeJira is a Jira of one project. It refuses what the OpenAPI document of REST API v3
// (developer.atlassian.com/cloud/jira/platform/swagger-v3.v3.json) does not allow: unknown
// members, a document that is none, a transition that there is not.
type fakeJira struct {
	t  *testing.T
	mu sync.Mutex
	// issues are in the order in which they were made.
	issues []*fakeIssue
	// stuck: no transition leads to Done.
	stuck bool
	// did are the changes, in order.
	did []string
}

type fakeIssue struct {
	Key, Summary string
	Labels       []string
	Done         bool
	Comments     int
}

// strict decodes a body that has no members but those of into.
func (j *fakeJira) strict(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil || r.Header.Get("Content-Type") != "application/json" {
		j.t.Errorf("%s %s: %v, %s", r.Method, r.URL.Path, err, r.Header.Get("Content-Type"))
		w.WriteHeader(http.StatusBadRequest)
		return false
	}
	return true
}

func (j *fakeJira) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		if err := json.NewEncoder(w).Encode(body); err != nil {
			j.t.Error(err)
		}
	}
}

func (j *fakeJira) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rest/api/3/search/jql", j.search)
	mux.HandleFunc("POST /rest/api/3/issue", j.create)
	mux.HandleFunc("POST /rest/api/3/issue/{key}/comment", j.comment)
	mux.HandleFunc("GET /rest/api/3/issue/{key}/transitions", j.transitions)
	mux.HandleFunc("POST /rest/api/3/issue/{key}/transitions", j.transition)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j.mu.Lock()
		defer j.mu.Unlock()
		if user, password, ok := r.BasicAuth(); !ok || user != "bot@example.com" || password != "jira-t0ken" {
			j.t.Errorf("%s %s without the credential", r.Method, r.URL.Path)
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			j.t.Errorf("%s %s is not a request of this API", r.Method, r.URL.Path)
		}
		mux.ServeHTTP(w, r)
	})
}

var jql = regexp.MustCompile(`^project = "SEC" AND labels = "([a-z0-9-]+)" AND statusCategory != Done ORDER BY created DESC$`)

func (j *fakeJira) search(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Expand          string   `json:"expand"`
		Fields          []string `json:"fields"`
		FieldsByKeys    bool     `json:"fieldsByKeys"`
		JQL             string   `json:"jql"`
		MaxResults      int32    `json:"maxResults"`
		NextPageToken   string   `json:"nextPageToken"`
		Properties      []string `json:"properties"`
		ReconcileIssues []int64  `json:"reconcileIssues"`
	}
	if !j.strict(w, r, &q) {
		return
	}
	parts := jql.FindStringSubmatch(q.JQL)
	if parts == nil {
		j.t.Errorf("JQL %q", q.JQL)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	found := []any{}
	for _, i := range slices.Backward(j.issues) {
		if !i.Done && slices.Contains(i.Labels, parts[1]) && len(found) < int(q.MaxResults) {
			found = append(found, map[string]any{"id": "1", "key": i.Key, "self": "https://jira.example/1", "fields": map[string]any{"status": map[string]any{"name": "To Do"}}})
		}
	}
	j.answer(w, http.StatusOK, map[string]any{"issues": found, "isLast": true})
}

func (j *fakeJira) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Fields struct {
			Project struct {
				Key string `json:"key"`
			} `json:"project"`
			Type struct {
				Name string `json:"name"`
			} `json:"issuetype"`
			Summary     string         `json:"summary"`
			Description map[string]any `json:"description"`
			Labels      []string       `json:"labels"`
		} `json:"fields"`
	}
	if !j.strict(w, r, &body) {
		return
	}
	f := body.Fields
	if f.Project.Key != "SEC" || f.Type.Name != "Task" || f.Summary == "" || len([]rune(f.Summary)) > 255 || len(f.Labels) != 2 || problemOf(f.Description) != "" {
		j.t.Errorf("%+v: %s", f, problemOf(f.Description))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	issue := &fakeIssue{Key: fmt.Sprintf("SEC-%d", len(j.issues)+1), Summary: f.Summary, Labels: f.Labels}
	j.issues = append(j.issues, issue)
	j.did = append(j.did, "made "+issue.Key)
	j.answer(w, http.StatusCreated, map[string]any{"id": "1", "key": issue.Key, "self": "https://jira.example/1"})
}

// problemOf says what is wrong with a document of the Atlassian Document Format.
func problemOf(node map[string]any) string {
	if node["type"] == "text" {
		if text, _ := node["text"].(string); text == "" {
			return "an empty text"
		}
		return ""
	}
	content, _ := node["content"].([]any)
	if len(content) == 0 || node["type"] == "doc" && node["version"] != 1.0 {
		return fmt.Sprintf("an empty %v", node["type"])
	}
	for _, c := range content {
		if problem := problemOf(c.(map[string]any)); problem != "" {
			return problem
		}
	}
	return ""
}

func (j *fakeJira) find(w http.ResponseWriter, r *http.Request) *fakeIssue {
	for _, i := range j.issues {
		if i.Key == r.PathValue("key") {
			return i
		}
	}
	j.t.Errorf("%s %s: unknown issue", r.Method, r.URL.Path)
	w.WriteHeader(http.StatusNotFound)
	return nil
}

func (j *fakeJira) comment(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Body map[string]any `json:"body"`
	}
	issue := j.find(w, r)
	if issue == nil || !j.strict(w, r, &body) {
		return
	}
	if problem := problemOf(body.Body); problem != "" || body.Body["type"] != "doc" {
		j.t.Errorf("a comment: %s", problem)
	}
	issue.Comments++
	j.did = append(j.did, "commented on "+issue.Key)
	j.answer(w, http.StatusCreated, map[string]any{"id": "1"})
}

func (j *fakeJira) transitions(w http.ResponseWriter, r *http.Request) {
	if j.find(w, r) == nil {
		return
	}
	status := func(id, category string) map[string]any {
		return map[string]any{"id": id, "name": "Go", "to": map[string]any{"name": "There", "statusCategory": map[string]any{"id": 1, "key": category}}}
	}
	list := []any{status("11", "indeterminate")}
	if !j.stuck {
		list = append(list, status("31", "done"))
	}
	j.answer(w, http.StatusOK, map[string]any{"expand": "transitions", "transitions": list})
}

func (j *fakeJira) transition(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Transition struct {
			ID string `json:"id"`
		} `json:"transition"`
	}
	issue := j.find(w, r)
	if issue == nil || !j.strict(w, r, &body) {
		return
	}
	if body.Transition.ID != "31" || j.stuck {
		j.t.Errorf("unknown transition %q", body.Transition.ID)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	issue.Done = true
	j.did = append(j.did, "closed "+issue.Key)
	j.answer(w, http.StatusNoContent, nil)
}

func (j *fakeJira) tell(t *testing.T, target notify.Target, r *report.Report) (did []string, _ error) {
	t.Helper()
	j.did = nil
	sender := notify.Sender{Version: "test", Gate: report.DefaultGate(), Wait: noWait}
	line, err := sender.Send(t.Context(), target, r)
	if err == nil && line == "" {
		t.Error("it does not say what it did")
	}
	return j.did, err
}

func newFakeJira(t *testing.T, per message.Per) (*fakeJira, notify.Target) {
	t.Helper()
	j := &fakeJira{t: t}
	server := httptest.NewServer(j.handler())
	t.Cleanup(server.Close)
	return j, notify.Target{Type: notify.Jira, URL: func() string { return server.URL + "/" }, Issues: notify.Issues{
		Project: "SEC", IssueType: "Task", Per: per, User: "bot@example.com", Token: func() string { return "jira-t0ken" },
	}}
}

// night is a report with these findings, each TOKEN or TOKEN/RULE, compared with another.
func night(t *testing.T, incomplete bool, now, before []string) *report.Report {
	t.Helper()
	r := reporttest.Readable(reporttest.Empty())
	base := reporttest.Sample()
	r.Rules, r.Sources = base.Rules, base.Sources[:1]
	r.Complete = !incomplete
	for i := range r.Sources[0].Units {
		r.Sources[0].Units[i].Status, r.Sources[0].Units[i].Error = "complete", ""
		if incomplete {
			r.Sources[0].Units[i].Status, r.Sources[0].Units[i].Error = "failed", "timeout"
		}
	}
	finding := func(text string) *report.Finding {
		f := new(*base.Findings[0])
		token, rule, ok := strings.Cut(text, "/")
		if ok {
			f.Rule = rule
		}
		f.Status, f.Token, f.TokenName, f.Team = policies.Fail, token, token, "team of "+token
		f.Fingerprint = report.Fingerprint(f.Rule, f.Source, f.Token, "")
		return f
	}
	r.Baseline = &report.BaselineRef{At: r.At}
	for _, text := range now {
		f := finding(text)
		f.Baseline = report.BaselineNew
		if slices.Contains(before, text) {
			f.Baseline = report.BaselineUnchanged
		}
		r.Findings = append(r.Findings, f)
	}
	for _, text := range before {
		if f := finding(text); !slices.Contains(now, text) {
			f.Resolution = report.ResolvedPasses
			if incomplete {
				f.Resolution = report.StaleUnread
				r.Stale = append(r.Stale, f)
				continue
			}
			r.Resolved = append(r.Resolved, f)
		}
	}
	return r
}

func TestJiraHasOneIssueForEachToken(t *testing.T) {
	j, target := newFakeJira(t, message.PerToken)
	for _, step := range []struct {
		name        string
		incomplete  bool
		now, before []string
		want        []string
	}{
		{"two tokens", false, []string{"a", "b"}, nil, []string{"made SEC-1", "made SEC-2"}},
		{"nothing new", false, []string{"a", "b"}, []string{"a", "b"}, nil},
		{"one more of a token", false, []string{"a", "a/x", "b"}, []string{"a", "b"}, []string{"commented on SEC-1"}},
		{"one of two is gone", false, []string{"a/x", "b"}, []string{"a", "a/x", "b"}, nil},
		{"nobody could look", true, nil, []string{"a/x", "b"}, []string{"made SEC-3"}},
		{"still", true, nil, []string{"a/x", "b"}, nil},
		{"all of a token are gone", false, []string{"b"}, []string{"a/x", "b"}, []string{"commented on SEC-1", "closed SEC-1", "commented on SEC-3", "closed SEC-3"}},
		{"it comes back", false, []string{"a", "b"}, []string{"b"}, []string{"made SEC-4"}},
	} {
		did, err := j.tell(t, target, night(t, step.incomplete, step.now, step.before))
		if diff := cmp.Diff(step.want, did); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", step.name, err, diff)
		}
	}
	if len(j.issues) != 4 || !strings.Contains(j.issues[0].Summary, "API token a: 1 finding") {
		t.Errorf("%+v", j.issues[0])
	}
}

func TestJiraForTeams(t *testing.T) {
	j, target := newFakeJira(t, message.PerTeam)
	for _, step := range []struct {
		now, before, want []string
	}{
		{[]string{"a", "a/x", "b"}, nil, []string{"made SEC-1", "made SEC-2"}},
		{[]string{"a/x"}, []string{"a", "a/x", "b"}, []string{"commented on SEC-2", "closed SEC-2"}},
	} {
		did, err := j.tell(t, target, night(t, false, step.now, step.before))
		if diff := cmp.Diff(step.want, did); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

func TestJiraIsBounded(t *testing.T) {
	j, target := newFakeJira(t, message.PerToken)
	var tokens []string
	for i := range 200 {
		tokens = append(tokens, fmt.Sprintf("t%d", i))
	}
	if did, err := j.tell(t, target, night(t, false, tokens, nil)); len(did) != 50 || err != nil {
		t.Errorf("%d requests that change something: %v", len(did), err)
	}
}

// Without a baseline every finding counts as new, each night.
func TestJiraDoesNotRepeatItself(t *testing.T) {
	j, target := newFakeJira(t, message.PerToken)
	r := night(t, false, []string{"a"}, nil)
	r.Baseline, r.Findings[0].Baseline = nil, ""
	for n, want := range []int{1, 0} {
		if did, err := j.tell(t, target, r); len(did) != want || err != nil {
			t.Errorf("run %d: %v, %v", n, did, err)
		}
	}
}

// What has become overdue is told once.
func TestJiraTellsOnceWhatIsOverdue(t *testing.T) {
	j, target := newFakeJira(t, message.PerToken)
	if _, err := j.tell(t, target, night(t, false, []string{"a"}, nil)); err != nil {
		t.Fatal(err)
	}
	for days, want := range map[int]int{1: 1, 2: 0, 30: 0} {
		r := night(t, false, []string{"a"}, []string{"a"})
		r.Baseline.At = r.At.AddDate(0, 0, -1)
		r.Findings[0].OverdueDays, r.Findings[0].Due = days, r.At.AddDate(0, 0, -days).Format("2006-01-02")
		if did, err := j.tell(t, target, r); len(did) != want || err != nil {
			t.Errorf("overdue for %d days: %v, %v", days, did, err)
		}
	}
}

func TestJiraSaysWhatItCannotDo(t *testing.T) {
	j, target := newFakeJira(t, message.PerToken)
	if _, err := j.tell(t, target, night(t, false, []string{"a"}, nil)); err != nil {
		t.Fatal(err)
	}
	j.stuck = true
	did, err := j.tell(t, target, night(t, false, nil, []string{"a"}))
	if err == nil || !strings.Contains(err.Error(), "close SEC-1: no transition that this account may make leads to a status that is done") || len(did) > 0 {
		t.Errorf("%v, %v", did, err)
	}
	r := night(t, false, nil, []string{"a"})
	r.Resolved[0].Resolution = report.ResolvedRuleOff
	j.stuck = false
	if did, err := j.tell(t, target, r); err != nil || len(did) > 0 {
		t.Errorf("a rule that is off closes issues: %v, %v", did, err)
	}
}

// What a Jira answers leads nowhere else, and is not quoted.
func TestJiraAnswersAreHostile(t *testing.T) {
	for _, answer := range []string{`{"issues":[{"key":"../../evil"}]}`, `{"issues":[{}]}`, `s3cret`, `{"issues": 5}`, "", string(bytes.Repeat([]byte("s3cret"), 1<<20))} {
		paths := map[string]bool{}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			paths[r.URL.Path] = true
			_, _ = w.Write([]byte(answer))
		}))
		_, target := newFakeJira(t, message.PerToken)
		target.URL = func() string { return server.URL }
		_, err := (&notify.Sender{Gate: report.DefaultGate(), Wait: noWait}).Send(t.Context(), target, night(t, false, []string{"a"}, nil))
		server.Close()
		if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "evil") || len(paths) != 1 {
			t.Errorf("%.30q: %v, %v", answer, err, paths)
		}
	}
}
