package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/builtin"
	"github.com/tokenaudit/tokenaudit/policies/engine"
	"github.com/tokenaudit/tokenaudit/report/plaintext"
)

// What is shown of a guide or of a rule's page fits the terminal, and has no marks
// of Markdown.
func TestPagesAreTextOnATerminal(t *testing.T) {
	pages := map[string]func(width int) string{}
	for _, d := range builtin.Definitions() {
		pages["guide of "+d.CMS] = func(width int) string { return plaintext.Render(d.LeastPrivilege, width) }
	}
	loaded, err := engine.Load(t.Context(), engine.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range loaded.Known() {
		pages[r.ID] = func(width int) string { return plaintext.Render(ruleText(r, nil, nil), width) }
	}
	marks := regexp.MustCompile("`|\\*\\*|^#|^\\||\\]\\(")
	for name, page := range pages {
		for _, width := range []int{60, 100} {
			t.Run(fmt.Sprintf("%s at %d", name, width), func(t *testing.T) {
				for line := range strings.SplitSeq(page(width), "\n") {
					code := strings.HasPrefix(line, "    ")
					if len(line) > width && !code {
						t.Errorf("%d columns: %s", len(line), line)
					}
					if marks.MatchString(line) {
						t.Errorf("Markdown: %s", line)
					}
				}
			})
		}
	}
}

// rules show renders the page for a person, and pipes it as the Markdown it is.
func TestRulesShowRendersOnATerminal(t *testing.T) {
	text := shownRule(t, "unused-token", 60)
	for _, want := range []string{"\nWHAT IT CHECKS\n", "\nmax_idle_days\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if text := shownRule(t, "unused-token", 0); !strings.HasPrefix(text, "# ") || !strings.Contains(text, "| `max_idle_days` |") {
		t.Errorf("a pipe gets the Markdown of the page, not\n%s", text)
	}
}

// shownRule is what rules show prints: on a terminal of a width, or piped where it
// is 0.
func shownRule(t *testing.T, id string, width int) string {
	t.Helper()
	var out bytes.Buffer
	a := newProgram(ioStreams{in: strings.NewReader(""), out: &out, err: &out})
	a.OutTerminal, a.Width = width > 0, width
	if err := execute(t.Context(), a, []string{"rules", "show", id}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
