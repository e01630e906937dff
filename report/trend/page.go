package trend

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

var (
	//go:embed section.html
	sectionText string
	//go:embed section.css
	sectionStyle string
	//go:embed page.css
	pageStyle string
)

// sectionTemplate is parsed once a process, on first use.
var sectionTemplate = sync.OnceValues(func() (*template.Template, error) { return template.New("trend").Parse(sectionText) })

// Style returns the style of what WriteSection writes. It expects the page to define the
// colors that it names.
func Style() string { return sectionStyle }

const (
	// maxBars is how many periods a chart shows: a year of weeks. Older ones are in the table.
	maxBars = 53
	// maxKinds is how many kinds of tokens have a color of their own.
	maxKinds = 5

	chartWidth  = 960.0
	chartMargin = 18.0
	chartFloor  = 150.0
	chartHeight = 120.0
	// widest is the room of a period where there are few.
	widest = 96.0
	// fixWidth is the length of the longest bar of a mean time to fix.
	fixWidth = 160.0
)

// section is what the template shows.
type section struct {
	Span, Note string
	Charts     []chart
	Fixes      []fixRow
	Figures    []figures
	// Alone: the section is all that there is on the page.
	Alone bool
}

// figures are the numbers of some charts.
type figures struct {
	Title   string
	Columns []string
	Rows    [][]string
}

// fixRow is a mean time to fix. Width is that of its bar, of fixWidth.
type fixRow struct{ Severity, Team, Findings, Mean, Width string }

// chart is a chart of upright bars. Label says in words what it shows.
type chart struct {
	Title, Label string
	Legend       []key
	Bars         []bar
}

type key struct{ Class, Name string }

// bar is a period. Values are empty and Day is nil where there is no room for them.
type bar struct {
	Segments []segment
	Values   []label
	Day      *label
}

type segment struct{ Class, X, Y, W, H, Title string }

type label struct{ X, Y, Text string }

// column is what a bar stacks, in the order of the legend; side puts a second stack next to it.
// Both are nil where it is unknown.
type column struct{ stack, side []int }

// WriteSection writes the section of a page, with the id trend. It needs Style, and runs no
// script.
func (t *Trend) WriteSection(w io.Writer) error { return t.write(w, false) }

func (t *Trend) write(w io.Writer, alone bool) error {
	parsed, err := sectionTemplate()
	if err != nil {
		return fmt.Errorf("parse the section: %w", err)
	}
	if err := parsed.Execute(w, t.section(alone)); err != nil {
		return fmt.Errorf("write the section: %w", err)
	}
	return nil
}

// WriteHTML writes one page that needs nothing else, and runs no script.
func (t *Trend) WriteHTML(w io.Writer) error {
	var body bytes.Buffer
	if err := t.write(&body, true); err != nil {
		return err
	}
	style := pageStyle + sectionStyle
	sum := sha256.Sum256([]byte(style))
	_, err := fmt.Fprintf(w, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>API token audit: trend</title>
<style>%s</style>
</head>
<body>
<main>
<h1>API token audit</h1>
%s</main>
</body>
</html>
`, base64.StdEncoding.EncodeToString(sum[:]), style, body.String())
	return err
}

func (t *Trend) section(alone bool) section {
	s := section{Span: "No runs", Charts: t.charts(), Fixes: t.fixBars(), Alone: alone}
	if n := len(t.Periods); n > 0 {
		s.Figures = t.figures()
		s.Span = fmt.Sprintf("%s to %s", day(t.Periods[0].From), day(t.Periods[n-1].At))
		if n > maxBars {
			s.Note = fmt.Sprintf("The charts show the last %d of %d periods.", maxBars, n)
		}
	}
	return s
}

// figures are those of all periods.
func (t *Trend) figures() []figures {
	findings := figures{Title: "Findings by period"}
	findings.Columns, findings.Rows = t.PeriodRows()
	kinds := t.kinds()
	if len(kinds) == 0 {
		return []figures{findings}
	}
	tokens := figures{Title: "Tokens by kind and period", Columns: []string{findings.Columns[0]}}
	for _, kind := range kinds {
		tokens.Columns = append(tokens.Columns, safetext.OneLine(string(kind)))
	}
	for i := range t.Periods {
		row := []string{findings.Rows[i][0]}
		for _, kind := range kinds {
			row = append(row, kindText(&t.Periods[i], kind))
		}
		tokens.Rows = append(tokens.Rows, row)
	}
	return []figures{findings, tokens}
}

func kindText(p *Period, kind inventory.Kind) string {
	if p.Tokens == nil {
		return "unknown"
	}
	return safetext.Thousands(p.Tokens[kind])
}

// fixBars are the mean times to fix, with bars on one scale.
func (t *Trend) fixBars() []fixRow {
	most := 0.0
	for _, f := range t.Fixes {
		most = max(most, f.mean())
	}
	rows := make([]fixRow, len(t.Fixes))
	for i, cells := range t.FixRows() {
		rows[i] = fixRow{Severity: cells[0], Team: safetext.CutRunes(safetext.OneLine(cells[1]), 200), Findings: cells[2], Mean: cells[3], Width: "0"}
		if most > 0 {
			rows[i].Width = coordinate(fixWidth * t.Fixes[i].mean() / most)
		}
	}
	return rows
}

func day(at time.Time) string { return at.UTC().Format("2 Jan 2006") }

// charts are those for which there is something to show.
func (t *Trend) charts() []chart {
	periods := t.Periods[max(0, len(t.Periods)-maxBars):]
	if len(periods) == 0 {
		return nil
	}
	var severities []key
	for _, s := range report.AllSeverities() {
		severities = append(severities, key{string(s), string(s)})
	}
	charts := []chart{
		draw("Open findings by severity", severities, periods, func(p *Period) column {
			var c column
			for _, s := range report.AllSeverities() {
				c.stack = append(c.stack, p.Open[s])
			}
			return c
		}),
		draw("New and reopened against resolved", []key{{"new", "new"}, {"reopened", "reopened"}, {"resolved", "resolved"}}, periods, func(p *Period) column {
			return column{stack: []int{p.New, p.Reopened}, side: []int{p.Resolved}}
		}),
	}
	if slices.ContainsFunc(periods, func(p Period) bool { return p.Overdue > 0 }) {
		charts = append(charts, draw("Burn-down of overdue findings", []key{{"overdue", "overdue"}}, periods, func(p *Period) column { return column{stack: []int{p.Overdue}} }))
	}
	if legend, count := kindsOf(periods); len(legend) > 0 {
		charts = append(charts, draw("Tokens by kind", legend, periods, count))
	}
	return charts
}

// kindsOf returns the kinds with most tokens in the last period that has any, and counts by
// them; all others are counted together.
func kindsOf(periods []Period) ([]key, func(*Period) column) {
	most := map[inventory.Kind]int{}
	for i := range periods {
		for kind, n := range periods[i].Tokens {
			most[kind] = max(most[kind], n)
		}
	}
	kinds := slices.SortedFunc(func(yield func(inventory.Kind) bool) {
		for kind := range most {
			if !yield(kind) {
				return
			}
		}
	}, func(a, b inventory.Kind) int { return cmp.Or(most[b]-most[a], strings.Compare(string(a), string(b))) })
	named := kinds[:min(len(kinds), maxKinds)]
	var legend []key
	for i, kind := range named {
		legend = append(legend, key{"kind-" + strconv.Itoa(i+1), string(kind)})
	}
	if len(kinds) > len(named) {
		legend = append(legend, key{"kind-rest", "other"})
	}
	return legend, func(p *Period) column {
		if p.Tokens == nil {
			return column{}
		}
		stack := make([]int, len(legend))
		for kind, n := range p.Tokens {
			at := slices.Index(named, kind)
			if at < 0 {
				at = len(stack) - 1
			}
			stack[at] += n
		}
		return column{stack: stack}
	}
}

// draw makes a chart with a bar a period.
func draw(title string, legend []key, periods []Period, count func(*Period) column) chart {
	columns := make([]column, len(periods))
	most := 1
	for i := range periods {
		columns[i] = count(&periods[i])
		most = max(most, sum(columns[i].stack), sum(columns[i].side))
	}
	c := chart{Title: title, Legend: legend}
	step := min((chartWidth-2*chartMargin)/float64(len(periods)), widest)
	every := 1 + len(periods)/14 // labels that do not touch
	for i := range periods {
		x, w := chartMargin+float64(i)*step+step*0.12, step*0.76
		b := bar{}
		on := fmt.Sprintf("%s: ", day(periods[i].At))
		if columns[i].side != nil {
			w /= 2
			b.Segments = stack(columns[i].side, legend[len(columns[i].stack):], x+w, w, most, on)
		}
		b.Segments = append(stack(columns[i].stack, legend, x, w, most, on), b.Segments...)
		middle := coordinate(chartMargin + float64(i)*step + step/2)
		value := func(counts []int, x float64) {
			if n := sum(counts); n > 0 {
				b.Values = append(b.Values, label{coordinate(x), coordinate(chartFloor - chartHeight*float64(n)/float64(most) - 6), safetext.Thousands(n)})
			}
		}
		switch {
		case columns[i].side != nil && every == 1:
			value(columns[i].stack, x+w/2)
			value(columns[i].side, x+w*3/2)
		case columns[i].side == nil && i%every == 0:
			value(columns[i].stack, x+w/2)
		}
		if i%every == 0 {
			b.Day = &label{middle, coordinate(chartFloor + 17), periods[i].At.UTC().Format("2 Jan")}
		}
		c.Bars = append(c.Bars, b)
	}
	last := len(periods) - 1
	c.Label = fmt.Sprintf("%s: on %s %s, on %s %s; the figures are in the table", title, day(periods[0].At), words(columns[0], legend), day(periods[last].At), words(columns[last], legend))
	return c
}

// stack draws what one bar stacks.
func stack(counts []int, legend []key, x, w float64, most int, on string) []segment {
	var segments []segment
	y := chartFloor
	for i, n := range counts {
		if n == 0 {
			continue
		}
		h := chartHeight * float64(n) / float64(most)
		y -= h
		segments = append(segments, segment{legend[i].Class, coordinate(x), coordinate(y), coordinate(w), coordinate(h), on + safetext.Thousands(n) + " " + legend[i].Name})
	}
	return segments
}

// words says what a column counts.
func words(c column, legend []key) string {
	if c.stack == nil {
		return "unknown"
	}
	var parts []string
	for i, n := range append(slices.Clone(c.stack), c.side...) {
		parts = append(parts, safetext.Thousands(n)+" "+legend[i].Name)
	}
	return safetext.And(parts)
}

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// coordinate writes a number as short as it can be seen.
func coordinate(f float64) string {
	return strconv.FormatFloat(float64(int(f*10+0.5))/10, 'f', -1, 64)
}
