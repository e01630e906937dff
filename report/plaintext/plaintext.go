// Package plaintext renders the Markdown of guides and rule pages as text for a
// terminal.
package plaintext

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// Render renders Markdown as text of a width: paragraphs, items and cells
// are wrapped, code blocks stay as they are, headings below the first level are
// written in capitals as in a manual page, and the marks go. It knows what guides
// and rule pages have: headings, paragraphs, lists, tables, code and emphasis. The
// text may be a custom rule's: nothing of it reaches the terminal as a control.
func Render(text string, width int) string {
	p := &page{width: width}
	fenced := false
	for line := range strings.SplitSeq(strings.TrimSpace(strings.ReplaceAll(text, "\t", "    ")), "\n") {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			p.flush()
			fenced = !fenced
		case fenced:
			p.put(strings.Repeat(" ", codeIndent) + line)
		default:
			p.line(line)
		}
	}
	p.flush()
	return strings.TrimRight(p.out.String(), "\n") + "\n"
}

const (
	// codeIndent is by how much code blocks are indented, in Markdown and here.
	codeIndent = 4
	// leastWidth is what an indented text may use of however narrow a terminal.
	leastWidth = 20
)

// page is a text that is being rendered.
type page struct {
	out   strings.Builder
	width int
	// words are those of the paragraph or item that is being read, and mark is what
	// its first line begins with.
	words []string
	mark  string
	// indent is that of the further lines of the item that is being read, 0 outside
	// of lists.
	indent int
	// header is the first row of the table that is being read.
	header []string
}

var (
	headingLine = regexp.MustCompile(`^(#+) (.*)$`)
	itemLine    = regexp.MustCompile(`^( *)([-*]|\d+\.) (.*)$`)
	ruleRow     = regexp.MustCompile(`^[|: -]+$`)
	emphasis    = regexp.MustCompile(`\*\*([^*]+)\*\*|\*([^* ][^*]*)\*`)
	link        = regexp.MustCompile(`\[([^\]]*)\]\(([^)]*)\)`)
)

func (p *page) line(line string) {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	switch item := itemLine.FindStringSubmatch(line); {
	case line == "":
		p.flush()
		p.header = nil
		p.put("")
	case strings.HasPrefix(line, "|"):
		p.flush()
		p.row(line)
	case headingLine.MatchString(line):
		p.flush()
		p.indent = 0
		p.heading(headingLine.FindStringSubmatch(line))
	case len(p.words) == 0 && indent >= p.indent+codeIndent:
		p.put(line)
	case item != nil:
		p.flush()
		p.mark = item[1] + item[2] + " "
		p.indent = len(p.mark)
		p.words = strings.Fields(item[3])
	default:
		if len(p.words) == 0 {
			if indent == 0 {
				p.indent = 0
			}
			p.mark = strings.Repeat(" ", p.indent)
		}
		p.words = append(p.words, strings.Fields(line)...)
	}
}

// heading writes a heading, whose parts are its line, its marks and its text.
func (p *page) heading(parts []string) {
	text := inline(parts[2])
	if len(parts[1]) > 1 {
		text = strings.ToUpper(text)
	}
	p.wrap("", text, 0)
}

// flush writes the paragraph or item that has been read.
func (p *page) flush() {
	if len(p.words) == 0 {
		return
	}
	p.wrap(p.mark, inline(strings.Join(p.words, " ")), p.indent)
	p.words = nil
}

// row writes a row of a table: its first cell, and below it the others with their
// headings.
func (p *page) row(line string) {
	cells := strings.Split(strings.Trim(strings.ReplaceAll(line, `\|`, "\x00"), "| "), "|")
	for i, cell := range cells {
		cells[i] = inline(strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|"))
	}
	switch {
	case p.header == nil:
		p.header = cells
	case !ruleRow.MatchString(line):
		p.put(cells[0])
		for i, cell := range cells[1:] {
			if i+1 < len(p.header) {
				cell = p.header[i+1] + ": " + cell
			}
			p.wrap("  ", cell, codeIndent)
		}
	}
}

// wrap writes a text whose first line begins with a mark and whose others are
// indented.
func (p *page) wrap(mark, text string, indent int) {
	for i, line := range table.Wrap(text, max(p.width-indent, leastWidth)) {
		if i > 0 {
			mark = strings.Repeat(" ", indent)
		}
		p.put(mark + line)
	}
}

func (p *page) put(line string) { fmt.Fprintf(&p.out, "%s\n", safetext.OneLine(line)) }

// inline takes the marks of code, emphasis and links from a text. A link keeps
// its target where that can be opened.
func inline(text string) string {
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 { // the others are code
		parts[i] = link.ReplaceAllStringFunc(parts[i], func(s string) string {
			of := link.FindStringSubmatch(s)
			if strings.HasPrefix(of[2], "https://") {
				return of[1] + " (" + of[2] + ")"
			}
			return of[1]
		})
		parts[i] = emphasis.ReplaceAllString(parts[i], "$1$2")
	}
	return strings.Join(parts, "")
}
