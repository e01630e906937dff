package table

import (
	"io"

	"github.com/tokenaudit/tokenaudit/report/format"
)

// ColumnKind says how a column is fitted into a terminal.
type ColumnKind int

// The kinds of columns.
const (
	// ColumnWord is cut at its end.
	ColumnWord ColumnKind = iota
	// ColumnWhole is short and never cut.
	ColumnWhole
	// ColumnID is cut in its middle: what tells ids apart is at their end.
	ColumnID
	// ColumnProse is a sentence, which is wrapped.
	ColumnProse
)

// Column is a column of a table that is no report.
type Column struct {
	Title string
	Kind  ColumnKind
}

// WriteTable writes rows of untrusted text as the table format does: aligned and
// fitted on a terminal, whole and tab-separated elsewhere. Terminal and Width of
// the options count. Without rows, only a pipe gets the titles.
func WriteTable(w io.Writer, columns []Column, rows [][]string, o format.Options) error {
	p := newPage(w, o)
	fitted := make([]column, len(columns))
	for i, c := range columns {
		fitted[i] = column{title: c.Title, whole: c.Kind == ColumnWhole, middle: c.Kind == ColumnID, prose: c.Kind == ColumnProse}
	}
	if len(rows) == 0 && !o.Terminal {
		p.separated(fitted, nil)
	}
	p.table(fitted, rows)
	return p.close()
}
