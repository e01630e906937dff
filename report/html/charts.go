package html

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies/input"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// barChart is a chart of upright bars, measured in the units of its view box.
type barChart struct {
	Width int
	// Label says all of it in words, for those who cannot see it.
	Label string
	Bars  []bar
}

type bar struct {
	Segments      []barSegment
	Count, Middle string
	CountY        string
	Label         []barLabel
}

type barSegment struct{ Class, X, Y, W, H, Title string }

type barLabel struct{ X, Y, Text string }

// bucket is what one bar counts. A label may have two lines.
type bucket struct {
	label       string
	write, read int
}

func (b bucket) total() int { return b.write + b.read }

// count adds a token to a bucket, by whether it can write.
func (b *bucket) count(t *report.Token) {
	if t.Access.Write {
		b.write++
	} else {
		b.read++
	}
}

const (
	chartFloor  = 150.0
	chartHeight = 120.0
)

// coordinate writes a number as short as it can be seen.
func coordinate(f float64) string {
	return strconv.FormatFloat(float64(int(f*10+0.5))/10, 'f', -1, 64)
}

// bars draws buckets into a width.
func bars(what string, buckets []bucket, width int) barChart {
	most := 1
	for _, b := range buckets {
		most = max(most, b.total())
	}
	chart := barChart{Width: width}
	step := float64(width) / float64(len(buckets))
	words := make([]string, 0, len(buckets))
	for i, b := range buckets {
		x, w := float64(i)*step+step*0.14, step*0.72
		middle := coordinate(float64(i)*step + step/2)
		column := bar{Middle: middle}
		y := chartFloor
		for _, part := range []struct {
			class, word string
			n           int
		}{{"write", "can write", b.write}, {"read", "can only read", b.read}} {
			if part.n == 0 {
				continue
			}
			h := max(chartHeight*float64(part.n)/float64(most), 2)
			y -= h
			column.Segments = append(column.Segments, barSegment{part.class, coordinate(x), coordinate(y), coordinate(w), coordinate(h),
				fmt.Sprintf("%s: %s, %s", strings.ReplaceAll(b.label, "\n", " "), safetext.Plural(part.n, "token", "tokens"), part.word)})
		}
		if n := b.total(); n > 0 {
			column.Count, column.CountY = safetext.Thousands(n), coordinate(y-6)
		}
		for j, line := range strings.Split(b.label, "\n") {
			column.Label = append(column.Label, barLabel{middle, coordinate(chartFloor + 17 + float64(j)*15), line})
		}
		chart.Bars = append(chart.Bars, column)
		words = append(words, strings.ReplaceAll(b.label, "\n", " ")+" "+safetext.Thousands(b.total()))
	}
	chart.Label = what + ": " + strings.Join(words, ", ")
	return chart
}

// expiryCharts count the tokens that expire in each of the next twelve months,
// and those without a date: most have none, and would flatten the months. What has
// expired or was revoked does not live and is not counted.
func expiryCharts(r *report.Report) (dated, undated barChart) {
	const months = 12
	first := time.Date(r.At.Year(), r.At.Month(), 1, 0, 0, 0, 0, time.UTC)
	var buckets []bucket
	for i := range months {
		month := first.AddDate(0, i, 0)
		label := month.Format("Jan")
		if i == 0 || month.Month() == time.January {
			label += "\n" + month.Format("2006")
		}
		buckets = append(buckets, bucket{label: label})
	}
	buckets = append(buckets, bucket{label: "later"})
	without := []bucket{{label: "never"}, {label: "unknown"}}
	for i := range r.Tokens {
		t := &r.Tokens[i]
		at := t.Expiry.At
		switch {
		case t.Status != input.Active:
		case t.Expiry.State == inventory.ExpiryNever:
			without[0].count(t)
		case t.Expiry.State != inventory.ExpiryAt:
			without[1].count(t)
		default:
			month := (at.Year()-first.Year())*12 + int(at.Month()-first.Month())
			buckets[min(max(month, 0), months)].count(t)
		}
	}
	return bars("Tokens by expiry", buckets, 960), bars("Tokens without an expiry date", without, 180)
}

// dayBuckets are the buckets of days; the last is unknown.
var dayLimits = []int{30, 90, 180, 365, 730}

func dayBuckets(last ...string) []bucket {
	labels := append([]string{"under 30", "30–89", "90–179", "180–364", "1–2 years", "over 2 y"}, last...)
	buckets := make([]bucket, len(labels))
	for i, label := range labels {
		buckets[i].label = label
	}
	return buckets
}

func dayBucket(days int) int {
	i, found := slices.BinarySearch(dayLimits, days)
	if found {
		i++
	}
	return i
}

func ageChart(r *report.Report) barChart {
	buckets := dayBuckets("unknown")
	for i := range r.Tokens {
		t := &r.Tokens[i]
		switch {
		case t.Status != input.Active:
		case t.AgeDays == nil:
			buckets[len(buckets)-1].count(t)
		default:
			buckets[dayBucket(*t.AgeDays)].count(t)
		}
	}
	return bars("Tokens by age in days", buckets, 560)
}

// idleChart counts what is proven: the least number of days.
func idleChart(r *report.Report) barChart {
	buckets := dayBuckets("no use\non record", "unknown")
	for i := range r.Tokens {
		t := &r.Tokens[i]
		switch {
		case t.Status != input.Active:
		case t.LastUsed.State == inventory.LastUsedNever || t.LastUsed.State == inventory.LastUsedNoneOnRecord:
			buckets[len(buckets)-2].count(t)
		case t.LastUsed.State == inventory.LastUsedUnknown || t.UnusedDays == nil:
			buckets[len(buckets)-1].count(t)
		default:
			buckets[dayBucket(t.UnusedDays.Min)].count(t)
		}
	}
	return bars("Tokens by idle time in days", buckets, 560)
}

// htmlMatrix counts tokens by CMS and level.
type htmlMatrix struct {
	Levels []inventory.Level
	Rows   []matrixRow
}

type matrixRow struct {
	CMS   string
	Cells []matrixCell
}

// matrixCell has a class for how dark it is, "" for none.
type matrixCell struct {
	Text, Class string
	Level       inventory.Level
}

var allLevels = []inventory.Level{
	inventory.LevelNone, inventory.LevelRead, inventory.LevelTrigger, inventory.LevelWrite, inventory.LevelSchema, inventory.LevelAdmin, inventory.LevelUnknown,
}

func newMatrix(tokens []report.Token) htmlMatrix {
	counts := map[string][]int{}
	most := 1
	for i := range tokens {
		t := &tokens[i]
		column := slices.Index(allLevels, t.Access.Level)
		if t.Status != input.Active || column < 0 {
			continue
		}
		if counts[t.CMS] == nil {
			counts[t.CMS] = make([]int, len(allLevels))
		}
		counts[t.CMS][column]++
		most = max(most, counts[t.CMS][column])
	}
	m := htmlMatrix{Levels: allLevels}
	for _, cms := range safetext.SortedKeys(counts) {
		row := matrixRow{CMS: htmlText(cms)}
		for i, n := range counts[cms] {
			cell := matrixCell{Text: "·"}
			if n > 0 {
				cell = matrixCell{safetext.Thousands(n), "h" + strconv.Itoa(min(1+5*n/(most+1), 5)), allLevels[i]}
			}
			row.Cells = append(row.Cells, cell)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}
