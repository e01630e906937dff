package message

import (
	"io"
	"strings"
	"unicode/utf16"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The limits of Slack's Block Kit: 50 blocks a message, 3,000 characters the text of a
// section, 150 that of a header (docs.slack.dev/reference/block-kit/blocks). Messages of
// some 13,000 characters are refused besides (github.com/slackapi/bolt-js/issues/2509).
const (
	slackBlocks  = 50
	slackText    = 3_000
	slackHeader  = 150
	slackMessage = 12_000
)

type slackDocument struct {
	// Text is what notifications show.
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type string        `json:"type"`
	Text slackTextBody `json:"text"`
}

// slackTextBody is always plain text, in which Slack obeys no markup, without emoji.
type slackTextBody struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji bool   `json:"emoji"`
}

// Slack is a message to an incoming webhook of Slack.
func Slack() format.Format {
	return format.Format{
		Name: "slack", Help: "what has changed, for an incoming webhook of Slack", News: true,
		Write: func(w io.Writer, r *report.Report, o format.Options) error {
			return safetext.WriteJSON(w, Of(r, o).slack())
		},
	}
}

// slackEscape takes their meaning from the characters that Slack parses in every text
// (docs.slack.dev/messaging/formatting-message-text): no mention and no link is without <.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func slackPlain(kind, text string) slackBlock {
	return slackBlock{kind, slackTextBody{Type: "plain_text", Text: text}}
}

// units is the length of a text as JavaScript counts it, which is never less than its
// number of characters.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

func (m *Message) slack() slackDocument {
	title := slackEscape.Replace(safetext.CutRunes(m.Summary(), slackHeader))
	p := slackPage{budget: slackMessage - units(title)}
	p.section(append(m.lead(), m.missingLines()...)...)
	for _, kind := range kinds() {
		p.items(m, kind)
	}
	p.flush()
	return slackDocument{Text: title, Blocks: append([]slackBlock{slackPlain("header", title)}, p.blocks...)}
}

// slackPage packs lines into blocks.
type slackPage struct {
	blocks []slackBlock
	open   strings.Builder
	// budget is how many characters the message may still have.
	budget int
}

// section adds lines to a section of their own.
func (p *slackPage) section(lines ...string) {
	p.flush()
	for _, line := range lines {
		p.put(plain(line))
	}
}

// reserve is what is kept free for the lines that say what is left out, of each kind.
const reserve = 4 * 80

// items adds the items of a kind, as far as there is room.
func (p *slackPage) items(m *Message, kind Kind) {
	total := m.count(kind)
	if total == 0 {
		return
	}
	p.section(m.heading(kind))
	n := 0
	for _, item := range m.Items {
		if item.Kind != kind {
			continue
		}
		line := plain("• " + item.line())
		if n == maxItems || !p.fits(line, reserve) {
			break
		}
		p.put(line)
		n++
	}
	if n < total {
		p.put(left(total-n, m.what(kind)))
	}
}

// fits reports whether a line may be added, so that some characters and blocks stay free.
func (p *slackPage) fits(line string, free int) bool {
	return units(slackEscape.Replace(line)) < p.budget-free && len(p.blocks) < slackBlocks-3*len(kinds())
}

func (p *slackPage) put(line string) {
	line = slackEscape.Replace(line)
	if units(p.open.String())+1+units(line) > slackText {
		p.flush()
	}
	if p.open.Len() > 0 {
		p.open.WriteByte('\n')
	}
	p.open.WriteString(line)
	p.budget -= units(line) + 1
}

func (p *slackPage) flush() {
	if p.open.Len() > 0 {
		p.blocks = append(p.blocks, slackPlain("section", p.open.String()))
		p.open.Reset()
	}
}
