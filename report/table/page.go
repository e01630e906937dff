package table

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

const (
	// proseWidth, wordWidth and idWidth are the widest columns where there is no
	// terminal: one hostile name must not push everything else out of sight.
	proseWidth = 100
	wordWidth  = 80
	idWidth    = 300
	// leastWidth is the narrowest page; a narrower terminal breaks its lines.
	leastWidth = 60
	// columnGap is what stands between two columns.
	columnGap = 2
)

// style is an ANSI style of a heading. Cells have none: a table measures them.
type style string

const (
	plain  style = ""
	bold   style = "\x1b[1m"
	red    style = "\x1b[1;31m"
	yellow style = "\x1b[1;33m"
	green  style = "\x1b[1;32m"
	blue   style = "\x1b[1;34m"
	reset        = "\x1b[0m"
)

// page writes text in sections: aligned, and fitted to the width of a terminal,
// or tab-separated and whole. The first error of the writer sticks.
type page struct {
	w *bufio.Writer
	o format.Options
	// tabs separate the cells of a row; nothing is aligned or wrapped.
	tabs bool
	// width is 0 where nothing is cut or wrapped.
	width   int
	started bool
	err     error
}

func newPage(w io.Writer, o format.Options) *page {
	width := 0
	if o.Width > 0 {
		width = max(o.Width, leastWidth)
	}
	return &page{w: bufio.NewWriter(w), o: o, width: width}
}

// newTabs returns a page of tab-separated rows.
func newTabs(w io.Writer, o format.Options) *page {
	o.Color = false
	return &page{w: bufio.NewWriter(w), o: o, tabs: true}
}

func (p *page) put(s string) {
	if p.err == nil {
		_, p.err = p.w.WriteString(s)
	}
}

// close returns the first error.
func (p *page) close() error {
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// heading begins a section.
func (p *page) heading(s style, text string) {
	if p.started {
		p.put("\n")
	}
	p.started = true
	p.styled(s, p.fitted(text))
}

// styled writes one line in a style where colours are wanted.
func (p *page) styled(s style, line string) {
	if p.o.Color && s != plain {
		line = string(s) + line + reset
	}
	p.put(line + "\n")
}

// fitted cuts a line on a terminal.
func (p *page) fitted(line string) string {
	line = safetext.OneLine(line)
	if p.width > 0 {
		return safetext.CutWidth(line, p.width)
	}
	return line
}

// paragraph writes text behind a label, wrapped to the width.
func (p *page) paragraph(label, text string) {
	text = safetext.OneLine(text)
	if p.width == 0 {
		p.put(label + text + "\n")
		return
	}
	indent := strings.Repeat(" ", displaywidth.String(label))
	for i, line := range Wrap(text, p.width-len(indent)) {
		if i == 0 {
			p.put(label + line + "\n")
		} else {
			p.put(indent + line + "\n")
		}
	}
}

// name writes an id on a line of its own, so that it can be copied.
func (p *page) name(id string) {
	p.put("  " + safetext.CutWidth(safetext.OneLine(id), idWidth) + "\n")
}

// item writes text as an indented point of a list, whole.
func (p *page) item(text string) {
	text = safetext.CutWidth(safetext.OneLine(text), mostProse)
	if p.width == 0 {
		p.put("  " + text + "\n")
		return
	}
	for i, line := range Wrap(text, p.width-4) {
		if i > 0 {
			p.put("  ")
		}
		p.put("  " + line + "\n")
	}
}

// column is a column of a table.
type column struct {
	title string
	// id: people paste it elsewhere, so it is not cut. On a terminal that has no
	// room for it, it is on a line of its own below its row.
	id bool
	// whole: short and needed whole, so it is never cut.
	whole bool
	// prose: a sentence, wrapped and not cut.
	prose bool
	// below: on lines of its own below its row, everywhere.
	below bool
	// optional: left out of a terminal that has no room to show it readably.
	optional bool
}

// table writes rows of untrusted text under their titles.
func (p *page) table(columns []column, rows [][]string) {
	if p.err != nil || len(rows) == 0 {
		return
	}
	for _, row := range rows {
		for i := range row {
			row[i] = safetext.OneLine(row[i])
		}
	}
	if p.tabs {
		p.separated(columns, rows)
		return
	}
	if err := p.aligned(columns, rows); err != nil {
		p.err = err
	}
}

func (p *page) separated(columns []column, rows [][]string) {
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	p.put(strings.Join(titles, "\t") + "\n")
	for _, row := range rows {
		p.put(strings.Join(row, "\t") + "\n")
	}
}

func (p *page) aligned(columns []column, rows [][]string) error {
	all := columns
	columns, rows, widths, below := layOut(columns, rows, p.width)
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = safetext.CutWidth(c.title, widths[i])
	}
	// A table may have a million rows: each is written before the next one is laid out.
	var text bytes.Buffer
	t := tablewriter.NewTable(&text, tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
		Borders:  tw.BorderNone,
		Symbols:  tw.NewSymbols(tw.StyleNone),
		Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
	})), tablewriter.WithConfig(tablewriter.Config{
		Header: plainCells(), Row: plainCells(),
		Behavior: tw.Behavior{TrimSpace: tw.Off, Header: tw.Control{Hide: tw.Off}},
		Stream:   tw.StreamConfig{Enable: true},
		Widths:   tw.CellWidth{PerColumn: taken(columns, titles, rows, widths)},
	}))
	if err := t.Start(); err != nil {
		return err
	}
	t.Header(titles)
	for i, row := range rows {
		for _, line := range linesOf(columns, row, widths) {
			if err := t.Append(line); err != nil {
				return err
			}
		}
		p.trimmed(&text)
		p.below(all, below[i])
	}
	return t.Close()
}

// taken returns the widths that the columns take, with the gap behind each: no more than
// their longest cell, as it is cut or wrapped. tablewriter breaks a cell that it takes for
// wider, and measures by the environment, so that it is asked.
func taken(columns []column, titles []string, rows [][]string, widths []int) tw.Mapper[int, int] {
	most := make([]int, len(columns))
	measure := func(line []string) {
		for i, cell := range line {
			most[i] = max(most[i], twwidth.Width(cell))
		}
	}
	measure(titles)
	for _, row := range rows {
		for _, line := range linesOf(columns, row, widths) {
			measure(line)
		}
	}
	mapped := tw.NewMapper[int, int]()
	for i, width := range most {
		mapped.Set(i, width+columnGap)
	}
	return mapped
}

// trimmed writes lines without the blanks at their ends, and empties the buffer.
func (p *page) trimmed(text *bytes.Buffer) {
	for line := range strings.Lines(text.String()) {
		p.put(strings.TrimRight(line, " \n") + "\n")
	}
	text.Reset()
}

// below writes what there was no room for in a row, by column.
func (p *page) below(columns []column, texts []string) {
	for i, text := range texts {
		switch {
		case text == "":
		case columns[i].id:
			p.name(text)
		default:
			p.item(text)
		}
	}
}

// plainCells has the table leave cells alone: they are ready when they come.
func plainCells() tw.CellConfig {
	return tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
		Padding:    tw.CellPadding{Global: tw.Padding{Left: "", Right: strings.Repeat(" ", columnGap), Overwrite: true}},
	}
}

// linesOf fits a row into the widths of its columns: prose takes as many lines as
// it needs, the rest is cut.
func linesOf(columns []column, row []string, widths []int) [][]string {
	lines := [][]string{make([]string, len(row))}
	for i, c := range columns {
		if !c.prose {
			lines[0][i] = safetext.CutWidth(row[i], widths[i])
			continue
		}
		for n, part := range Wrap(safetext.CutWidth(row[i], mostProse), widths[i]) {
			if n == len(lines) {
				lines = append(lines, make([]string, len(row)))
			}
			lines[n][i] = part
		}
	}
	return lines
}

// Wrap breaks text into lines of at most columns, at blanks where there are any.
func Wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for displaywidth.String(word) > columns {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			head := strings.TrimSuffix(safetext.CutWidth(word, columns), safetext.Ellipsis)
			if head == "" {
				break
			}
			lines, word = append(lines, head), word[len(head):]
		}
		switch {
		case line == "":
			line = word
		case displaywidth.String(line)+1+displaywidth.String(word) <= columns:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || lines == nil {
		lines = append(lines, line)
	}
	return lines
}
