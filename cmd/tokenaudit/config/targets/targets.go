// Package targets declares the keys of a target of messages in the configuration.
package targets

import (
	"regexp"
	"slices"

	"github.com/tokenaudit/tokenaudit/collectors"
)

// Options returns the keys of a target.
func Options() []collectors.Option {
	return []collectors.Option{
		{Key: "type", Type: collectors.OptionString, Required: true, Enum: []string{"slack", "teams", "jira", "webhook"}, Example: "slack", Help: "What the messages are for."},
		{Key: "url", Type: collectors.OptionSecret, Required: true, Help: "The URL of the webhook, which is a secret, or of the site of Jira, such as https://acme.atlassian.net."},
		{Key: "teams", Type: collectors.OptionStrings, Example: "web", Help: "Teams of `owners`, whose findings alone are sent; unassigned means no team."},
		{Key: "min_severity", Type: collectors.OptionString, Enum: []string{"critical", "high", "medium", "low", "info"}, Example: "high", Help: "Findings below this severity are not sent."},
		{Key: "project", Type: collectors.OptionString, Example: "SEC", Help: "For Jira, which needs it: the key of the project."},
		{Key: "issue_type", Type: collectors.OptionString, Default: "Task", Example: "Bug", Help: "For Jira: the type of the issues."},
		{Key: "per", Type: collectors.OptionString, Enum: []string{"token", "team"}, Default: "token", Example: "team", Help: "For Jira: whether there is an issue for each token or for each team."},
		{Key: "user", Type: collectors.OptionString, Example: "audit-bot@example.com", Help: "For Jira: the account of the token; without it, the token is a bearer token."},
		{Key: "token", Type: collectors.OptionSecret, Help: "For Jira, which needs it: the API token."},
	}
}

// projectKey is the form of a key as Jira has it, of at most 255 characters; it becomes part of
// a query. A count in the expression would be 200 KB of program at every start.
var projectKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// Problem says what is wrong with a key of a target of a type; empty for nothing. given
// reports whether the target has the key, and value is its text.
func Problem(kind, key string, given bool, value string) string {
	switch {
	case !slices.Contains([]string{"project", "issue_type", "per", "user", "token"}, key):
	case given && kind != "jira":
		return "is for type: jira alone"
	case !given && kind == "jira" && (key == "project" || key == "token"):
		return "missing; Jira needs it"
	case given && key == "project" && (len(value) > 255 || !projectKey.MatchString(value)):
		return "must be the key of a project, for example SEC"
	}
	return ""
}
