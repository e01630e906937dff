// Package notify sends messages about a report to the webhooks and the Jira that the
// configuration names, and to nothing else. It is the only package that sends anything but
// GET and HEAD; it knows no credential of a CMS.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/message"
	"github.com/tokenaudit/tokenaudit/report/parts"
)

// Type says what a target is.
type Type string

// The types of targets.
const (
	Slack   Type = "slack"
	Teams   Type = "teams"
	Jira    Type = "jira"
	Webhook Type = "webhook"
)

// Target is where messages go.
type Target struct {
	Type Type
	// URL returns the URL of the webhook, which is a secret, or of the site of Jira.
	URL func() string
	// Teams are those whose part of the report is told; nil for everything.
	Teams []string
	// MinSeverity leaves findings below it out; empty for none.
	MinSeverity policies.Severity
	// Issues say where issues go; for Jira.
	Issues Issues
}

// Issues say which issues are made in a Jira.
type Issues struct {
	// Project is a key, such as SEC, and IssueType a name, such as Task.
	Project, IssueType string
	// Per is what an issue is about.
	Per message.Per
	// User is the address of the account, and Token returns its API token. Without a user,
	// the token is a bearer token.
	User  string
	Token func() string
}

// total bounds all that is sent to a target, with every wait.
const total = time.Minute

// Sender sends messages.
type Sender struct {
	// Version of the program.
	Version string
	// Transport replaces the network, for tests; nil for the real one.
	Transport http.RoundTripper
	// Wait replaces the waits between attempts, for tests; nil for real ones.
	Wait func(ctx context.Context, d time.Duration) error
	// Gate is the one whose verdict is told.
	Gate report.Gate
}

// Send tells a target what there is to tell of a report, and returns a line that says what
// was done. No error holds the URL or what the target answered.
func (s *Sender) Send(ctx context.Context, t Target, r *report.Report) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, total)
	defer cancel()
	if len(t.Teams) > 0 {
		var err error
		if r, err = parts.OfTeams(r, t.Teams); err != nil {
			return "", err
		}
	}
	u, err := parseURL(t.URL())
	if err != nil {
		return "", err
	}
	o := format.Options{Gate: s.Gate, MinSeverity: t.MinSeverity, Decision: s.Gate.Decide(r)}
	m := message.Of(r, o)
	c := s.client(u)
	if t.Type == Jira {
		return newJira(c, t).tell(ctx, m, r)
	}
	if m.Empty() {
		return "nothing to tell", nil
	}
	f, err := formatOf(t.Type)
	if err != nil {
		return "", err
	}
	var body bytes.Buffer
	if err := f.Render(&body, r, o); err != nil {
		return "", err
	}
	if err := c.send(ctx, request{method: http.MethodPost, url: u, body: json.RawMessage(body.Bytes())}, nil); err != nil {
		return "", err
	}
	return m.Summary(), nil
}

func formatOf(t Type) (format.Format, error) {
	switch t {
	case Slack:
		return message.Slack(), nil
	case Teams:
		return message.Teams(), nil
	case Webhook:
		return message.Webhook(), nil
	}
	return format.Format{}, fmt.Errorf("unknown target %q", t)
}
