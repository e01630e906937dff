package message

import (
	"encoding/json"
	"io"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// teamsBytes bounds the text of a card: the whole message may have 28 KB
// (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook,
// and the connector of Power Automate, learn.microsoft.com/connectors/teams), and some have
// measured 21 KB (rubydoc.info/gems/msteams_hermes).
const teamsBytes = 20_000

type teamsDocument struct {
	Type        string            `json:"type"`
	Attachments []teamsAttachment `json:"attachments"`
}

type teamsAttachment struct {
	ContentType string    `json:"contentType"`
	Content     teamsCard `json:"content"`
}

type teamsCard struct {
	Schema  string         `json:"$schema"`
	Type    string         `json:"type"`
	Version string         `json:"version"`
	Body    []teamsElement `json:"body"`
	MSTeams teamsWidth     `json:"msteams"`
}

type teamsWidth struct {
	Width string `json:"width"`
}

// teamsElement is a block of runs, in which no markup is obeyed; a TextBlock would obey
// Markdown (learn.microsoft.com/adaptive-cards/authoring-cards/text-features).
type teamsElement struct {
	Type    string     `json:"type"`
	Inlines []teamsRun `json:"inlines"`
}

type teamsRun struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Size   string `json:"size,omitempty"`
	Weight string `json:"weight,omitempty"`
}

// Teams is an Adaptive Card for a workflow of Microsoft Teams that a webhook starts.
func Teams() format.Format {
	return format.Format{
		Name: "teams", Help: "what has changed, as an Adaptive Card for a workflow of Microsoft Teams", News: true,
		Write: func(w io.Writer, r *report.Report, o format.Options) error {
			document, err := Of(r, o).teams()
			if err != nil {
				return err
			}
			return safetext.WriteJSON(w, document)
		},
	}
}

func (m *Message) teams() (teamsDocument, error) {
	p := teamsPage{budget: teamsBytes}
	p.put(teamsRun{Text: m.Summary(), Size: "Large", Weight: "Bolder"})
	for _, line := range append(m.lead(), m.missingLines()...) {
		p.put(teamsRun{Text: plain(line)})
	}
	for _, kind := range kinds() {
		p.items(m, kind)
	}
	card := teamsCard{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4", Body: p.body, MSTeams: teamsWidth{"Full"}}
	return teamsDocument{"message", []teamsAttachment{{"application/vnd.microsoft.card.adaptive", card}}}, p.err
}

// teamsPage gathers elements until there is no room.
type teamsPage struct {
	body []teamsElement
	// budget is how many bytes of JSON the elements may still have.
	budget int
	err    error
}

// items adds the items of a kind, as far as there is room.
func (p *teamsPage) items(m *Message, kind Kind) {
	total := m.count(kind)
	if total == 0 {
		return
	}
	p.put(teamsRun{Text: m.heading(kind), Weight: "Bolder"})
	n := 0
	for _, item := range m.Items {
		if item.Kind != kind {
			continue
		}
		element, size := p.element(teamsRun{Text: plain(item.line())})
		if n == maxItems || size > p.budget-teamsReserve {
			break
		}
		p.add(element, size)
		n++
	}
	if n < total {
		p.put(teamsRun{Text: left(total-n, m.what(kind))})
	}
}

// teamsReserve is kept free for the headings and the lines that say what is left out.
const teamsReserve = 2_000

func (p *teamsPage) put(run teamsRun) { p.add(p.element(run)) }

func (p *teamsPage) add(e teamsElement, size int) {
	p.body = append(p.body, e)
	p.budget -= size
}

// element returns an element and how many bytes it takes, indented as it is written.
func (p *teamsPage) element(run teamsRun) (teamsElement, int) {
	run.Type = "TextRun"
	e := teamsElement{"RichTextBlock", []teamsRun{run}}
	text, err := json.MarshalIndent(e, "          ", "  ")
	if err != nil {
		p.err = err
	}
	// What cannot be seen is escaped when it is written; plain has done so already.
	return e, len(text) + len(",\n          ")
}
