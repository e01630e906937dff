// Package trend renders how findings and tokens have developed over many runs: as JSON,
// CSV, rows for a table, and charts for a page.
package trend

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// Schema names the version of the JSON.
const Schema = "tokenaudit/trend/v1"

// Trend is how things have developed. Its lists are sorted, and may be nil.
type Trend struct {
	// Periods are runs, or weeks of runs, oldest first.
	Periods []Period
	// Fixes are by severity, worst first, and by team.
	Fixes []Fix
}

// Period is a run, or what the runs of a week say together.
type Period struct {
	// From is the first moment of the period, UTC, and At the audit time of its last run, of
	// which Open, Overdue and Tokens are.
	From time.Time `json:"from"`
	At   time.Time `json:"at"`
	// Runs is how many there were; at least 1.
	Runs int `json:"runs"`
	// Complete is false where a run of the period did not see everything: its counts are
	// then the least that there may be.
	Complete bool `json:"complete"`
	// Open counts the findings that were not waived; a severity without any may be left out.
	Open map[policies.Severity]int `json:"open"`
	// Overdue counts those of them that were past their deadline.
	Overdue int `json:"overdue"`
	// New, Reopened and Resolved count what became of findings in the period. What the first of
	// all runs found is not new: nobody had looked before.
	New      int `json:"new"`
	Reopened int `json:"reopened"`
	Resolved int `json:"resolved"`
	// Tokens counts the tokens by kind; nil where it is unknown.
	Tokens map[inventory.Kind]int `json:"tokens,omitempty"`
}

// Fix says how long it took to remove the findings that are resolved.
type Fix struct {
	Severity policies.Severity `json:"severity"`
	// Team is empty for no team.
	Team     string `json:"team,omitempty"`
	Findings int    `json:"findings"`
	// Days is the sum over the findings of the days from first seen to resolved.
	Days int `json:"days"`
}

// Mean returns the days that a finding was there, with one decimal; empty without findings.
func (f Fix) Mean() string {
	if f.Findings == 0 {
		return ""
	}
	return strconv.FormatFloat(f.mean(), 'f', 1, 64)
}

func (f Fix) mean() float64 { return float64(f.Days) / float64(max(f.Findings, 1)) }

// WriteJSON writes all of it.
func (t *Trend) WriteJSON(w io.Writer) error {
	out := json.NewEncoder(safetext.NewJSONWriter(w))
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	err := out.Encode(struct {
		Schema  string   `json:"schema"`
		Periods []Period `json:"periods"`
		Fixes   []Fix    `json:"fixes"`
	}{Schema, append([]Period{}, t.Periods...), append([]Fix{}, t.Fixes...)})
	if err != nil {
		return fmt.Errorf("write the trend: %w", err)
	}
	return nil
}

// kinds are those that any period has tokens of, sorted.
func (t *Trend) kinds() []inventory.Kind {
	known := map[inventory.Kind]bool{}
	for i := range t.Periods {
		for kind := range t.Periods[i].Tokens {
			known[kind] = true
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// WriteCSV writes one row a period, then one for each mean time to fix.
func (t *Trend) WriteCSV(w io.Writer) error {
	columns := []string{"record", "from", "at", "runs", "complete"}
	for _, s := range report.AllSeverities() {
		columns = append(columns, "open_"+string(s))
	}
	columns = append(columns, "overdue", "new", "reopened", "resolved", "severity", "team", "findings", "mean_days_to_fix")
	for _, kind := range t.kinds() {
		columns = append(columns, safetext.CSVCell("tokens_"+string(kind)))
	}
	out := csv.NewWriter(w)
	rows := [][]string{columns}
	for i := range t.Periods {
		rows = append(rows, t.csvPeriod(&t.Periods[i]))
	}
	for _, f := range t.Fixes {
		row := make([]string, len(columns))
		row[0] = "fix"
		copy(row[slices.Index(columns, "severity"):], []string{string(f.Severity), safetext.CSVCell(f.Team), strconv.Itoa(f.Findings), f.Mean()})
		rows = append(rows, row)
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write the trend: %w", err)
	}
	return nil
}

func (t *Trend) csvPeriod(p *Period) []string {
	row := []string{"period", p.From.UTC().Format(time.RFC3339), p.At.UTC().Format(time.RFC3339), strconv.Itoa(p.Runs), strconv.FormatBool(p.Complete)}
	for _, s := range report.AllSeverities() {
		row = append(row, strconv.Itoa(p.Open[s]))
	}
	row = append(row, strconv.Itoa(p.Overdue), strconv.Itoa(p.New), strconv.Itoa(p.Reopened), strconv.Itoa(p.Resolved), "", "", "", "")
	for _, kind := range t.kinds() {
		cell := ""
		if p.Tokens != nil {
			cell = strconv.Itoa(p.Tokens[kind])
		}
		row = append(row, cell)
	}
	return row
}

// PeriodRows returns the periods as people read them, and the titles of the columns.
func (t *Trend) PeriodRows() (columns []string, rows [][]string) {
	columns = []string{"until", "runs"}
	for _, s := range report.AllSeverities() {
		columns = append(columns, string(s))
	}
	columns = append(columns, "overdue", "new", "reopened", "resolved", "tokens", "complete")
	for i := range t.Periods {
		p := &t.Periods[i]
		row := []string{p.At.UTC().Format(time.DateOnly), safetext.Thousands(p.Runs)}
		for _, s := range report.AllSeverities() {
			row = append(row, safetext.Thousands(p.Open[s]))
		}
		row = append(row, safetext.Thousands(p.Overdue), safetext.Thousands(p.New), safetext.Thousands(p.Reopened), safetext.Thousands(p.Resolved), tokensText(p), "yes")
		if !p.Complete {
			row[len(row)-1] = "no"
		}
		rows = append(rows, row)
	}
	return columns, rows
}

func tokensText(p *Period) string {
	if p.Tokens == nil {
		return "unknown"
	}
	sum := 0
	for _, n := range p.Tokens {
		sum += n
	}
	return safetext.Thousands(sum)
}

// FixRows returns the mean times to fix as people read them: severity, team, how many findings
// were fixed, and the mean of their days.
func (t *Trend) FixRows() [][]string {
	var rows [][]string
	for _, f := range t.Fixes {
		team := f.Team
		if team == "" {
			team = report.Unassigned
		}
		rows = append(rows, []string{string(f.Severity), team, safetext.Thousands(f.Findings), f.Mean()})
	}
	return rows
}
