package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/console"
	"github.com/tokenaudit/tokenaudit/report/table"
)

// ListFormats are what commands that print a list take for -o.
func ListFormats() []string { return []string{"table", "tsv", "json"} }

// BindListFormat adds -o to a command that prints a list.
func BindListFormat(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVarP(format, "output", "o", "table", "`format`: "+strings.Join(ListFormats(), ", "))
}

// CheckListFormat checks the value of -o.
func CheckListFormat(format string) error {
	if !slices.Contains(ListFormats(), format) {
		return Misuse(fmt.Errorf("unknown format %q for -o: expected one of %s", format, strings.Join(ListFormats(), ", ")))
	}
	return nil
}

// PrintTable prints rows aligned, or tab-separated if the format is tsv.
func PrintTable(to *console.Streams, format string, columns []table.Column, rows [][]string) error {
	if format == "tsv" {
		return table.WriteTSV(to.Out, columns, rows)
	}
	return table.WriteTable(to.Out, columns, rows, to.Page())
}
