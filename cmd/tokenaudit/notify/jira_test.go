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

// fakeJira is a Jira of one project: what it holds, and what becomes of it. What may be asked
// and answered is what its contract says.
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

// decode decodes a body, of which the contract was kept.
func (j *fakeJira) decode(r *http.Request, into any) {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		j.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
	}
}

// refuse answers what is not so at this Jira.
func (j *fakeJira) refuse(w http.ResponseWriter, status int, format string, args ...any) {
	j.t.Errorf(format, args...)
	w.WriteHeader(status)
}

func (j *fakeJira) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		j.t.Error(err)
	}
}

func (j *fakeJira) handler(c *contract) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rest/api/3/search/jql", j.search)
	mux.HandleFunc("POST /rest/api/3/issue", j.create)
	mux.HandleFunc("POST /rest/api/3/issue/{key}/comment", j.comment)
	mux.HandleFunc("GET /rest/api/3/issue/{key}/transitions", j.transitions)
	mux.HandleFunc("POST /rest/api/3/issue/{key}/transitions", j.transition)
	held := c.holds(func(problem string) { j.t.Error(problem) }, mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j.mu.Lock()
		defer j.mu.Unlock()
		if user, password, ok := r.BasicAuth(); !ok || user != "bot@example.com" || password != "jira-t0ken" {
			j.t.Errorf("%s %s without the credential", r.Method, r.URL.Path)
		}
		held.ServeHTTP(w, r)
	})
}

var jql = regexp.MustCompile(`^project = "SEC" AND labels = "([a-z0-9-]+)" AND statusCategory != Done ORDER BY created DESC$`)

func (j *fakeJira) search(w http.ResponseWriter, r *http.Request) {
	var q struct {
		JQL        string
		MaxResults int
	}
	j.decode(r, &q)
	parts := jql.FindStringSubmatch(q.JQL)
	if parts == nil {
		j.refuse(w, http.StatusBadRequest, "JQL %q", q.JQL)
		return
	}
	found := []any{}
	for _, i := range slices.Backward(j.issues) {
		if !i.Done && slices.Contains(i.Labels, parts[1]) && len(found) < q.MaxResults {
			found = append(found, map[string]any{"id": "1", "key": i.Key, "self": "https://jira.example/1", "fields": map[string]any{"status": map[string]any{"name": "To Do"}}})
		}
	}
	j.answer(w, http.StatusOK, map[string]any{"issues": found, "isLast": true})
}

func (j *fakeJira) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Fields struct {
			Project     struct{ Key string }
			IssueType   struct{ Name string }
			Summary     string
			Description map[string]any
			Labels      []string
		}
	}
	j.decode(r, &body)
	f := body.Fields
	if problem := problemOf(f.Description); f.Project.Key != "SEC" || f.IssueType.Name != "Task" || len(f.Labels) != 2 || problem != "" {
		j.refuse(w, http.StatusBadRequest, "%+v: %s", f, problem)
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
	j.refuse(w, http.StatusNotFound, "%s %s: unknown issue", r.Method, r.URL.Path)
	return nil
}

func (j *fakeJira) comment(w http.ResponseWriter, r *http.Request) {
	var body struct{ Body map[string]any }
	issue := j.find(w, r)
	if issue == nil {
		return
	}
	j.decode(r, &body)
	if problem := problemOf(body.Body); problem != "" {
		j.refuse(w, http.StatusBadRequest, "a comment: %s", problem)
		return
	}
	issue.Comments++
	j.did = append(j.did, "commented on "+issue.Key)
	j.answer(w, http.StatusCreated, map[string]any{"id": "1", "self": "https://jira.example/1/comment/1"})
}

func (j *fakeJira) transitions(w http.ResponseWriter, r *http.Request) {
	if j.find(w, r) == nil {
		return
	}
	status := func(id, category string) map[string]any {
		return map[string]any{"id": id, "name": "Go", "to": map[string]any{"id": id + "0", "name": "There", "statusCategory": map[string]any{"id": 1, "key": category}}}
	}
	list := []any{status("11", "indeterminate")}
	if !j.stuck {
		list = append(list, status("31", "done"))
	}
	j.answer(w, http.StatusOK, map[string]any{"expand": "transitions", "transitions": list})
}

func (j *fakeJira) transition(w http.ResponseWriter, r *http.Request) {
	var body struct{ Transition struct{ ID string } }
	issue := j.find(w, r)
	if issue == nil {
		return
	}
	j.decode(r, &body)
	if body.Transition.ID != "31" || j.stuck {
		j.refuse(w, http.StatusBadRequest, "unknown transition %q", body.Transition.ID)
		return
	}
	issue.Done = true
	j.did = append(j.did, "closed "+issue.Key)
	w.WriteHeader(http.StatusNoContent)
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
	server := httptest.NewServer(j.handler(jiraContract(t)))
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
