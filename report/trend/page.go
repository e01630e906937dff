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
	//go:embed page.html
	pageText string
	//go:embed style.css
	style string
)

// pageTemplate is parsed once a process, on first use.
var pageTemplate = sync.OnceValues(func() (*template.Template, error) { return template.New("trend").Parse(pageText) })

const (
	// maxBars is how many periods a chart shows: a year of weeks. Older ones are in the table.
	maxBars = 53
	// maxKinds is how many kinds of tokens have a color of their own.
	maxKinds = 5

	chartWidth  = 960.0
	chartFloor  = 150.0
	chartHeight = 120.0
)

// page is what the template shows.
type page struct {
	Span, Note string
	Charts     []chart
	Fixes      [][]string
	Columns    []string
	Rows       [][]string
}

// chart is a chart of upright bars. Label says in words what it shows.
type chart struct {
	Title, Label string
	Legend       []key
	Bars         []bar
}

type key struct{ Class, Name string }

// bar is a period. Value and Day are nil where there is no room for them.
type bar struct {
	Segments   []segment
	Value, Day *label
}

type segment struct{ Class, X, Y, W, H, Title string }

type label struct{ X, Y, Text string }

// column is what a bar stacks, in the order of the legend; side puts a second stack next to it.
// Both are nil where it is unknown.
type column struct{ stack, side []int }

// WriteHTML writes one page that needs nothing else, and runs no script.
func (t *Trend) WriteHTML(w io.Writer) error {
	parsed, err := pageTemplate()
	if err != nil {
		return fmt.Errorf("parse the page: %w", err)
	}
	var body bytes.Buffer
	if err := parsed.Execute(&body, t.page()); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	_, err = fmt.Fprintf(w, `<!DOCTYPE html>
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
%s</body>
</html>
`, base64.StdEncoding.EncodeToString(sum[:]), style, body.String())
	return err
}

func (t *Trend) page() page {
	p := page{Span: "No runs", Charts: t.charts(), Fixes: t.fixRows()}
	p.Columns, p.Rows = t.periodRows()
	for _, row := range p.Fixes {
		row[1] = safetext.CutRunes(safetext.OneLine(row[1]), 200)
	}
	if n := len(t.Periods); n > 0 {
		p.Span = fmt.Sprintf("%s to %s", day(t.Periods[0].From), day(t.Periods[n-1].At))
		if n > maxBars {
			p.Note = fmt.Sprintf("The charts show the last %d of %d periods.", maxBars, n)
		}
	}
	return p
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
		charts = append(charts, draw("Overdue findings", []key{{"overdue", "overdue"}}, periods, func(p *Period) column { return column{stack: []int{p.Overdue}} }))
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
	step := chartWidth / float64(len(periods))
	every := 1 + len(periods)/14 // labels that do not touch
	for i := range periods {
		x, w := float64(i)*step+step*0.12, step*0.76
		b := bar{}
		on := fmt.Sprintf("%s: ", day(periods[i].At))
		if columns[i].side != nil {
			w /= 2
			b.Segments = stack(columns[i].side, legend[len(columns[i].stack):], x+w, w, most, on)
		}
		b.Segments = append(stack(columns[i].stack, legend, x, w, most, on), b.Segments...)
		middle := coordinate(float64(i)*step + step/2)
		if n := max(sum(columns[i].stack), sum(columns[i].side)); n > 0 && i%every == 0 && columns[i].side == nil {
			b.Value = &label{middle, coordinate(chartFloor - chartHeight*float64(n)/float64(most) - 6), safetext.Thousands(n)}
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
