package notify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/message"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// maxIssues is how many issues are made or commented on in a run, and how many are closed:
// nobody wants a thousand of a first run.
const maxIssues = 50

// jira keeps an issue for each token, or team, that has findings. It is found again by a
// label, made of the id. See REST API v3, developer.atlassian.com/cloud/jira/platform/rest/v3.
type jira struct {
	*client
	issues Issues
	least  policies.Severity
}

func newJira(c *client, t Target) *jira {
	c.authorize = func(r *http.Request) {
		if t.Issues.User == "" {
			r.Header.Set("Authorization", "Bearer "+t.Issues.Token())
			return
		}
		r.SetBasicAuth(t.Issues.User, t.Issues.Token())
	}
	return &jira{client: c, issues: t.Issues, least: t.MinSeverity}
}

// tell makes an issue for each token or team to which something happened, or comments on
// the one that is open, and closes those of which everything is resolved.
func (j *jira) tell(ctx context.Context, m *message.Message, r *report.Report) (string, error) {
	var made, commented, closed, left int
	var errs []error
	groups := m.Groups(j.issues.Per)
	for i := range groups {
		if made+commented == maxIssues || ctx.Err() != nil {
			left = len(groups) - i
			break
		}
		did, err := j.keep(ctx, m, &groups[i])
		if err != nil {
			errs = append(errs, err)
		}
		made, commented = made+did.made, commented+did.commented
		if len(errs) > 2 {
			break
		}
	}
	if len(errs) == 0 {
		var err error
		if closed, err = j.closeResolved(ctx, r); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		if err := j.measured(ctx, m); err != nil {
			errs = append(errs, err)
		}
	}
	text := fmt.Sprintf("%s made, %d commented on, %d closed", safetext.Plural(made, "issue", "issues"), commented, closed)
	if left > 0 {
		text += fmt.Sprintf("; %d more to make in later runs", left)
	}
	if len(errs) > 0 {
		return "", fmt.Errorf("%w (%s)", errs[0], text)
	}
	return text, nil
}

// did counts what was done.
type did struct{ made, commented int }

// keep makes the issue about a group, or comments on the one that is open. Without a
// baseline nobody knows what is new, and nobody wants a comment every night, also where
// something stays overdue.
func (j *jira) keep(ctx context.Context, m *message.Message, g *message.Group) (did, error) {
	key, err := j.find(ctx, message.LabelOf(g.Key))
	switch {
	case err != nil:
		return did{}, err
	case key == "":
		return did{made: 1}, j.create(ctx, m.Issue(g))
	case !m.Compared || !slices.ContainsFunc(g.Items, func(i message.Item) bool { return !m.Told(&i) }):
		return did{}, nil
	}
	return did{commented: 1}, j.comment(ctx, key, m.Document(g))
}

// measured keeps an issue open as long as something could not be measured.
func (j *jira) measured(ctx context.Context, m *message.Message) error {
	issue := m.Overview()
	key, err := j.find(ctx, issue.Fields.Labels[1])
	switch {
	case err != nil:
		return err
	case key == "" && m.Incomplete():
		return j.create(ctx, issue)
	case key != "" && !m.Incomplete():
		return j.resolve(ctx, key, "Everything was measured.")
	}
	return nil
}

// find returns the key of the issue with a label that is not done; empty for none.
func (j *jira) find(ctx context.Context, label string) (string, error) {
	var found struct {
		Issues []struct {
			Key string `json:"key"`
		} `json:"issues"`
	}
	body := map[string]any{
		"jql":    fmt.Sprintf(`project = "%s" AND labels = "%s" AND statusCategory != Done ORDER BY created DESC`, j.issues.Project, label),
		"fields": []string{"status"}, "maxResults": 1,
	}
	if err := j.send(ctx, request{method: http.MethodPost, url: j.at("rest/api/3/search/jql"), body: body}, &found); err != nil {
		return "", fmt.Errorf("search for issues: %w", err)
	}
	if len(found.Issues) == 0 {
		return "", nil
	}
	return found.Issues[0].Key, checkKey(found.Issues[0].Key)
}

// checkKey refuses what would lead elsewhere as a part of a path.
func checkKey(key string) error {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') }) {
		return errors.New("search for issues: the response has an issue without a key")
	}
	return nil
}

func (j *jira) create(ctx context.Context, issue message.Issue) error {
	issue.Fields.Project, issue.Fields.Type = &message.IssueProject{Key: j.issues.Project}, &message.IssueType{Name: j.issues.IssueType}
	if err := j.send(ctx, request{method: http.MethodPost, url: j.at("rest/api/3/issue"), body: issue, once: true}, nil); err != nil {
		return fmt.Errorf("make an issue: %w", err)
	}
	return nil
}

func (j *jira) comment(ctx context.Context, key string, body message.Node) error {
	r := request{method: http.MethodPost, url: j.at("rest/api/3/issue", key, "comment"), body: map[string]any{"body": body}, once: true}
	if err := j.send(ctx, r, nil); err != nil {
		return fmt.Errorf("comment on %s: %w", key, err)
	}
	return nil
}

// closeResolved closes the issues of what has no finding any more, and returns how many it
// closed. What could not be checked again, what is waived, and what is not judged any more
// is not resolved.
func (j *jira) closeResolved(ctx context.Context, r *report.Report) (int, error) {
	open := map[string]bool{}
	for _, list := range [][]*report.Finding{r.Findings, r.Stale} {
		for _, f := range list {
			if j.least == "" || report.Reaches(f.Severity, j.least) {
				open[j.issues.Per.Key(f)] = true
			}
		}
	}
	closed, looked := 0, 0
	for _, f := range r.Resolved {
		key := j.issues.Per.Key(f)
		if f.Resolution == report.ResolvedRuleOff {
			open[key] = true // nobody has looked
		}
		if open[key] || looked == maxIssues {
			continue
		}
		open[key] = true // once
		looked++
		issue, err := j.find(ctx, message.LabelOf(key))
		if err != nil {
			return closed, err
		}
		if issue == "" {
			continue
		}
		if err := j.resolve(ctx, issue, "No finding is left: "+f.Resolution.Text()+"."); err != nil {
			return closed, err
		}
		closed++
	}
	return closed, nil
}

// resolve comments on an issue, and takes it to a status that is done.
func (j *jira) resolve(ctx context.Context, key, why string) error {
	var list struct {
		Transitions []struct {
			ID string `json:"id"`
			To struct {
				Category struct {
					Key string `json:"key"`
				} `json:"statusCategory"`
			} `json:"to"`
		} `json:"transitions"`
	}
	to := j.at("rest/api/3/issue", key, "transitions")
	if err := j.send(ctx, request{method: http.MethodGet, url: to}, &list); err != nil {
		return fmt.Errorf("close %s: %w", key, err)
	}
	for _, t := range list.Transitions {
		if t.To.Category.Key != "done" {
			continue
		}
		if err := j.comment(ctx, key, message.Text(why)); err != nil {
			return err
		}
		body := map[string]any{"transition": map[string]string{"id": t.ID}}
		if err := j.send(ctx, request{method: http.MethodPost, url: to, body: body, once: true}, nil); err != nil {
			return fmt.Errorf("close %s: %w", key, err)
		}
		return nil
	}
	return fmt.Errorf("close %s: no transition that this account may make leads to a status that is done", key)
}
