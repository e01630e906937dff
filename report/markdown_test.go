package report

import (
	"regexp"
	"strings"
	"testing"
)

func TestMarkdownTablesKeepTheirColumns(t *testing.T) {
	escaped := regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]`)
	for _, name := range hostileNames() {
		row := "| " + mdCode(name) + " | " + mdText(name) + " | " + mdLink(name, name) + " |"
		if cells := strings.Count(escaped.ReplaceAllString(row, ""), "|"); cells != 4 {
			t.Errorf("%d bars in %q", cells, cutRunes(row, 200))
		}
	}
}
