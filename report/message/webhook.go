package message

import (
	_ "embed"
	"io"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Schema names the version of the message for other programs.
const Schema = "tokenaudit/message/v1"

//go:embed schema.json
var schemaJSON []byte

// SchemaJSON returns the JSON Schema of the message for other programs.
func SchemaJSON() []byte { return schemaJSON }

const (
	// webhookItems and webhookMissing bound the lists, and webhookText every text, in
	// characters: a message has some 3 MB at most, if every character takes six bytes.
	webhookItems, webhookMissing = 200, 100
	webhookText                  = 300
)

// Webhook is a message for any other program.
func Webhook() format.Format {
	return format.Format{
		Name: "webhook", Help: "what has changed, as JSON for any other program", News: true,
		Write: func(w io.Writer, r *report.Report, o format.Options) error {
			return safetext.WriteJSON(w, Of(r, o).webhook())
		},
	}
}

type webhookDocument struct {
	Schema   string         `json:"schema"`
	Tool     inventory.Tool `json:"tool"`
	At       time.Time      `json:"at"`
	Complete bool           `json:"complete"`
	Verdict  report.Verdict `json:"verdict"`
	ExitCode int            `json:"exit_code"`
	Reason   string         `json:"reason"`
	// Baseline is null without one: every finding counts as new then.
	Baseline *report.BaselineRef `json:"baseline"`
	Teams    []string            `json:"teams,omitempty"`
	Summary  string              `json:"summary"`
	Counts   map[Kind]int        `json:"counts"`
	Items    []webhookItem       `json:"items"`
	Missing  []string            `json:"missing"`
	LeftOut  webhookLeftOut      `json:"left_out"`
}

type webhookLeftOut struct {
	Items   int `json:"items"`
	Missing int `json:"missing"`
}

type webhookItem struct {
	Kind        Kind              `json:"kind"`
	Fingerprint string            `json:"fingerprint"`
	Rule        string            `json:"rule"`
	Title       string            `json:"title"`
	Severity    policies.Severity `json:"severity"`
	CMS         string            `json:"cms"`
	Source      string            `json:"source"`
	Token       string            `json:"token,omitempty"`
	TokenName   string            `json:"token_name,omitempty"`
	Team        string            `json:"team,omitempty"`
	Message     string            `json:"message"`
	Remediation string            `json:"remediation"`
	// Resolution says why what is gone is gone.
	Resolution report.Resolution `json:"resolution,omitempty"`
	// OpenDays is nil where it is unknown, and Due empty without a deadline.
	OpenDays    *int   `json:"open_days,omitempty"`
	Due         string `json:"due,omitempty"`
	OverdueDays int    `json:"overdue_days,omitempty"`
	URL         string `json:"url,omitempty"`
}

func (m *Message) webhook() webhookDocument {
	cut := func(s string) string { return safetext.CutRunes(s, webhookText) }
	d := webhookDocument{
		Schema: Schema, Tool: m.report.Tool, At: m.report.At, Complete: m.report.Complete, Verdict: m.gate.Verdict, ExitCode: m.gate.Code, Reason: cut(m.gate.Reason),
		Baseline: m.report.Baseline, Teams: m.Teams, Summary: m.Summary(), Counts: map[Kind]int{}, Items: []webhookItem{}, Missing: []string{},
	}
	for _, kind := range kinds() {
		d.Counts[kind] = m.count(kind)
	}
	for i, item := range m.Items {
		if i == webhookItems {
			d.LeftOut.Items = len(m.Items) - i
			break
		}
		d.Items = append(d.Items, webhookItem{
			item.Kind, item.Fingerprint, item.Rule, cut(item.Title), item.Severity, item.CMS, cut(item.Source), cut(item.Token), cut(item.TokenName), cut(item.Team),
			cut(item.Message), cut(item.Remediation), item.Resolution, item.OpenDays, item.Due, item.OverdueDays, safetext.SafeURL(item.URL),
		})
	}
	for i, text := range m.Missing {
		if i == webhookMissing {
			d.LeftOut.Missing = len(m.Missing) - i
			break
		}
		d.Missing = append(d.Missing, cut(text))
	}
	return d
}
