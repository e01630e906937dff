package report

import (
	"fmt"
	"io"
)

// renderTable writes what to fix first, for people.
func renderTable(w io.Writer, r *Report, o RenderOptions) error {
	d := o.Gate.Decide(r)
	_, err := fmt.Fprintf(w, "%s: %s\n", d.Verdict, d.Reason)
	return err
}
