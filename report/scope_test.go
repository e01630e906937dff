package report

import (
	"strings"
	"testing"
)

// What people read says that a report is about a part.
func TestFormatsSayWhatWasLeftOut(t *testing.T) {
	r := sampleReport()
	r.Scope = &Scope{Sources: []string{"contentful/x"}, Rules: []string{"unused-token"}, Shard: "1/3"}
	for _, format := range []string{"table", "markdown", "html"} {
		text := string(rendered(t, format, r, RenderOptions{}))
		if !strings.Contains(text, "Of a part only, as asked: sources contentful/x; rules unused-token; shard 1/3") {
			t.Errorf("%s does not say that it is about a part", format)
		}
	}
	r.Scope = nil
	for _, format := range []string{"table", "markdown", "html"} {
		if strings.Contains(string(rendered(t, format, r, RenderOptions{})), "Of a part only") {
			t.Errorf("%s calls a whole a part", format)
		}
	}
}
