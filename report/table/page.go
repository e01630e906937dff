package table

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/olekukonko/tablewriter"
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

// close gives the first error.
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
	// middle: what tells two cells apart is at their end, as in an id, so the
	// middle is cut.
	middle bool
	// whole: short and needed whole, so it is never cut.
	whole bool
	// prose: a sentence, wrapped and not cut.
	prose bool
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
	columns, rows, widths := layOut(columns, rows, p.width)
	var lines [][]string
	for _, row := range rows {
		lines = append(lines, linesOf(columns, row, widths)...)
	}
	var text bytes.Buffer
	t := tablewriter.NewTable(&text, tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
		Borders:  tw.BorderNone,
		Symbols:  tw.NewSymbols(tw.StyleNone),
		Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
	})), tablewriter.WithConfig(tablewriter.Config{
		Header: plainCells(), Row: plainCells(),
		Behavior: tw.Behavior{TrimSpace: tw.Off, Header: tw.Control{Hide: tw.Off}},
	}))
	titles := make([]any, len(columns))
	for i, c := range columns {
		titles[i] = safetext.CutWidth(c.title, widths[i])
	}
	t.Header(titles...)
	if err := t.Bulk(lines); err != nil {
		return err
	}
	if err := t.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		p.put(strings.TrimRight(line, " \n") + "\n")
	}
	return nil
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
			lines[0][i] = c.cut(row[i], widths[i])
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

func (c column) cut(s string, width int) string {
	if c.middle {
		return cutMiddle(s, width)
	}
	return safetext.CutWidth(s, width)
}

// least is the width below which a column is not cut any further. Of ids it
// leaves the last part, by which they can be told and asked for.
func (c column) least(rows [][]string, column int) int {
	switch {
	case c.prose:
		return leastProse
	case c.middle:
		least := leastColumn
		for _, row := range rows {
			least = max(least, displaywidth.String(lastPart(row[column])+safetext.Ellipsis))
		}
		return min(least, mostLast)
	}
	return leastColumn
}

// tooNarrow tells a column that cannot be read at a width.
func (c column) tooNarrow(rows [][]string, column, width int) bool {
	switch {
	case c.whole:
		return false
	case !c.prose:
		return width == leastColumn
	}
	return width < leastProse && slices.ContainsFunc(rows, func(row []string) bool { return displaywidth.String(row[column]) > width })
}

// lastPart is the last part of an id, with the slash before it.
func lastPart(id string) string { return id[max(0, strings.LastIndexByte(id, '/')):] }

// cutMiddle cuts out of the middle and keeps more of the end, with the whole last
// part of an id where there is room.
func cutMiddle(s string, columns int) string {
	if len(s) <= columns || displaywidth.String(s) <= columns {
		return s
	}
	room := columns / 3
	if last := displaywidth.String(lastPart(s)); last < columns {
		room = min(room, columns-last)
	}
	head := safetext.CutWidth(s, max(room, 1)) // ends in the ellipsis
	room = columns - displaywidth.String(head)
	var starts, widths []int
	offset := 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		starts, widths = append(starts, offset), append(widths, g.Width())
		offset += len(g.Value())
	}
	tail := len(s)
	for i := len(starts) - 1; i >= 0 && widths[i] <= room; i-- {
		room -= widths[i]
		tail = starts[i]
	}
	return head + s[tail:]
}

// layOut finds the widths of the columns, and drops optional ones, the last
// first, for which there is no room.
func layOut(columns []column, rows [][]string, width int) ([]column, [][]string, []int) {
	for {
		total := width - columnGap*len(columns)
		if width == 0 {
			return columns, rows, fitColumns(columns, rows, 0)
		}
		widths := fitColumns(columns, rows, total)
		drop, tight, sum := -1, false, 0
		for i, c := range columns {
			sum += widths[i]
			if c.optional {
				drop = i
			}
			tight = tight || c.tooNarrow(rows, i, widths[i])
		}
		if drop < 0 || sum <= total && !tight {
			return columns, rows, widths
		}
		columns = slices.Delete(slices.Clone(columns), drop, drop+1)
		for i, row := range rows {
			rows[i] = slices.Delete(row, drop, drop+1)
		}
	}
}

const (
	// leastColumn is the least width of a column of words.
	leastColumn = 10
	// leastProse is the least width in which a sentence can be read.
	leastProse = 20
	// mostProse bounds what one hostile name can fill the terminal with.
	mostProse = 800
	// mostLast bounds what is kept of the end of an id.
	mostLast = 26
)

// fitColumns shares the width out: every column gets what it needs, and the
// widest give first where that is too much.
func fitColumns(columns []column, rows [][]string, total int) []int {
	if total <= 0 {
		return wholeColumns(columns, rows)
	}
	widths, least := make([]int, len(columns)), make([]int, len(columns))
	sum := 0
	for i, c := range columns {
		least[i] = c.least(rows, i)
		widths[i] = displaywidth.String(c.title)
		for _, row := range rows {
			widths[i] = min(max(widths[i], displaywidth.String(row[i])), total)
		}
		sum += widths[i]
	}
	// On a terminal that has no room even for the least, all are cut alike.
	for _, floor := range [][]int{least, slices.Repeat([]int{leastColumn}, len(columns))} {
		sum = narrow(columns, widths, floor, sum, total)
	}
	return widths
}

// wholeColumns gives every column what its longest cell needs, within bounds that
// no ordinary name or id comes to.
func wholeColumns(columns []column, rows [][]string) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = displaywidth.String(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], displaywidth.String(row[i]))
		}
		bound := wordWidth
		switch {
		case c.prose:
			bound = proseWidth
		case c.middle, c.whole:
			bound = idWidth
		}
		widths[i] = min(widths[i], bound)
	}
	return widths
}

// narrow takes from the widest column until the sum fits the total, or nothing is
// left to take, and gives the sum.
func narrow(columns []column, widths, least []int, sum, total int) int {
	for ; sum > total; sum-- {
		widest := -1
		for i, w := range widths {
			if !columns[i].whole && w > least[i] && (widest < 0 || w > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return sum
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
