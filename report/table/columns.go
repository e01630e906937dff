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
	// ColumnID is never cut: where there is no room it is below its row.
	ColumnID
	// ColumnProse is a sentence, which is wrapped.
	ColumnProse
)

// Column is a column of a table that is not a report.
type Column struct {
	Title string
	Kind  ColumnKind
}

// WriteTable writes rows of untrusted text as the table format does. Width of the
// options counts. Without rows it writes nothing.
func WriteTable(w io.Writer, columns []Column, rows [][]string, o format.Options) error {
	return newPage(w, o).rows(columns, rows)
}

// WriteTSV writes rows of untrusted text, whole and tab-separated, below their
// titles.
func WriteTSV(w io.Writer, columns []Column, rows [][]string) error {
	return newTabs(w, format.Options{}).rows(columns, rows)
}

func (p *page) rows(columns []Column, rows [][]string) error {
	fitted := make([]column, len(columns))
	for i, c := range columns {
		fitted[i] = column{title: c.Title, whole: c.Kind == ColumnWhole, id: c.Kind == ColumnID, prose: c.Kind == ColumnProse}
	}
	if len(rows) == 0 && p.tabs {
		p.separated(fitted, nil)
	}
	p.table(fitted, rows)
	return p.close()
}
