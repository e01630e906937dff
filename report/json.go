package report

import (
	"encoding/json"
	"io"
)

// renderJSON writes the interchange format (design, section 8.1).
func renderJSON(w io.Writer, r *Report, _ RenderOptions) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
