package safetext

import (
	"encoding/json"
	"strings"
)

// JSON returns a value as JSON on one line, untrusted text made harmless.
func JSON(v any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "(cannot be shown)"
	}
	return OneLine(strings.TrimSpace(b.String()))
}
