package message

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The limits of Jira Cloud: a summary has 255 characters, and one request creates 50 issues
// (developer.atlassian.com/cloud/jira/platform/rest/v3). A description has 32,767 characters,
// which maxIssueItems findings, with two lines of maxLine each, stay below.
const (
	jiraSummary   = 255
	jiraIssues    = 50
	maxIssueItems = 12
)

// jiraBulk is the body of POST /rest/api/3/issue/bulk.
type jiraBulk struct {
	Updates []Issue `json:"issueUpdates"`
}

// Issue is the body of POST /rest/api/3/issue, for a token or another subject. What the
// project asks for besides is to be added: project and issuetype at least.
type Issue struct {
	Fields IssueFields `json:"fields"`
}

// IssueFields are the fields of an issue.
type IssueFields struct {
	// Project and Type are nil until somebody says where issues go.
	Project *IssueProject `json:"project,omitempty"`
	Type    *IssueType    `json:"issuetype,omitempty"`
	Summary string        `json:"summary"`
	// Description is a document in the Atlassian Document Format, in which text is text: no
	// markup is obeyed.
	Description Node     `json:"description"`
	Labels      []string `json:"labels"`
}

// IssueProject names a project by its key.
type IssueProject struct {
	Key string `json:"key"`
}

// IssueType names a type of issues.
type IssueType struct {
	Name string `json:"name"`
}

// Node is a node of the Atlassian Document Format.
type Node struct {
	Version int    `json:"version,omitempty"`
	Type    string `json:"type"`
	Text    string `json:"text,omitempty"`
	Content []Node `json:"content,omitempty"`
}

// Label is on every issue.
const Label = "tokenaudit"

// Jira is the request that creates an issue for each token to which something happened.
func Jira() format.Format {
	return format.Format{
		Name: "jira", Help: "an issue for each token with something new, as a request of Jira's REST API v3", News: true,
		Write: func(w io.Writer, r *report.Report, o format.Options) error {
			return safetext.WriteJSON(w, Of(r, o).jira())
		},
	}
}

func (m *Message) jira() jiraBulk {
	bulk := jiraBulk{Updates: []Issue{}}
	groups := m.Groups(PerToken)
	for i := range groups {
		if len(bulk.Updates) == jiraIssues-1 {
			bulk.Updates = append(bulk.Updates, m.Overview(left(len(groups)-i, "tokens")))
			return bulk
		}
		bulk.Updates = append(bulk.Updates, m.Issue(&groups[i]))
	}
	if len(groups) == 0 && m.open > 0 {
		bulk.Updates = append(bulk.Updates, m.Overview())
	}
	return bulk
}

// Per says what an issue is about.
type Per string

// What issues are about.
const (
	PerToken Per = "token"
	PerTeam  Per = "team"
)

// Key returns what a finding belongs to: a token, or a source for a finding about one, or a
// team.
func (p Per) Key(f *report.Finding) string {
	switch {
	case p == PerToken:
		return f.Subject()
	case f.Team == "":
		return report.Unassigned
	}
	return f.Team
}

// Group are the items of one issue. What is gone is not among them: nothing is to be done
// about it.
type Group struct {
	// Key is the id of a token or source, or a team.
	Key   string
	Items []Item
}

// Groups returns the items that something is to be done about, in the order of the message.
func (m *Message) Groups(per Per) []Group {
	var groups []Group
	place := map[string]int{}
	for _, item := range m.Items {
		if item.Kind == Gone {
			continue
		}
		key := per.Key(item.Finding)
		at, ok := place[key]
		if !ok {
			at = len(groups)
			place[key] = at
			groups = append(groups, Group{Key: key})
		}
		groups[at].Items = append(groups[at].Items, item)
	}
	return groups
}

// LabelOf returns the label by which the issue about a key is found again: as a fingerprint,
// it holds nothing volatile.
func LabelOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return Label + "-" + hex.EncodeToString(sum[:16])
}

// Issue returns the issue about a group.
func (m *Message) Issue(g *Group) Issue {
	first := g.Items[0]
	name := first.TokenName
	if name == "" || first.Subject() != g.Key {
		name = g.Key
	}
	count := safetext.Plural(len(g.Items), "finding", "findings")
	summary := fmt.Sprintf("API token %s: %s, %s the worst", safetext.CutRunes(safetext.OneLine(name), maxName), count, worst(g.Items))
	return issue(summary, m.Document(g), LabelOf(g.Key))
}

func worst(items []Item) string {
	least := items[0].Severity
	for _, i := range items {
		if report.SeverityRank(i.Severity) < report.SeverityRank(least) {
			least = i.Severity
		}
	}
	return string(least)
}

func issue(summary string, description Node, labels ...string) Issue {
	return Issue{IssueFields{
		Summary: safetext.CutRunes(safetext.OneLine(summary), jiraSummary), Description: description, Labels: append([]string{Label}, labels...),
	}}
}

// Text is a document of one line.
func Text(line string) Node { return document([]string{line}, nil) }

// Overview is an issue about the run as a whole.
func (m *Message) Overview(lines ...string) Issue {
	return issue(m.Summary(), document(append(m.lines(), lines...), nil), Label+"-run")
}

// Document says what happened to the items of a group, and what was not measured.
func (m *Message) Document(g *Group) Node {
	var items []string
	for i, item := range g.Items {
		if i == maxIssueItems {
			items = append(items, left(len(g.Items)-i, "findings"))
			break
		}
		items = append(items, plain(fmt.Sprintf("%s: %s", item.Kind, item.line())))
		if item.Remediation != "" {
			items = append(items, plain("Fix: "+item.Remediation))
		}
	}
	return document(m.lines(), items)
}

// lines are what an issue says of the run.
func (m *Message) lines() []string { return append(m.lead(), m.missingLines()...) }

// document makes a document of paragraphs and a list.
func document(lines, items []string) Node {
	doc := Node{Version: 1, Type: "doc"}
	for _, line := range lines {
		doc.Content = append(doc.Content, paragraph(plain(line)))
	}
	if len(items) > 0 {
		list := Node{Type: "bulletList"}
		for _, item := range items {
			list.Content = append(list.Content, Node{Type: "listItem", Content: []Node{paragraph(item)}})
		}
		doc.Content = append(doc.Content, list)
	}
	return doc
}

func paragraph(text string) Node {
	return Node{Type: "paragraph", Content: []Node{{Type: "text", Text: text}}}
}
