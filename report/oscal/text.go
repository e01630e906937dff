package oscal

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// The bounds of texts, in characters before they are escaped.
const (
	maxLine  = 200
	maxProse = 2_000
	maxValue = 1_000
)

// line returns untrusted text as one line of OSCAL's Markdown; a dash for none.
func line(text string) string { return markup(text, maxLine) }

// prose returns untrusted text as a paragraph of OSCAL's Markdown; a dash for none.
func prose(text string) string { return markup(text, maxProse) }

// beginsBlock matches what would begin a list or a heading, and not a paragraph.
var beginsBlock = regexp.MustCompile(`^([-+=]|[0-9]+[.)])`)

func markup(text string, most int) string {
	text = cmp.Or(strings.TrimSpace(safetext.CutRunes(safetext.OneLine(text), most)), "–")
	marked := safetext.MarkdownText(text)
	// {{ inserts the value of a parameter.
	marked = strings.ReplaceAll(marked, "{{", "&#123;&#123;")
	if beginsBlock.MatchString(marked) {
		marked = fmt.Sprintf("&#%d;", marked[0]) + marked[1:]
	}
	return marked
}

// value returns untrusted text as a string of OSCAL, which is one line without blanks at
// its ends; empty for none.
func value(text string) string {
	return strings.TrimSpace(safetext.CutRunes(safetext.OneLine(text), maxValue))
}

// props are properties in the namespace of tokenaudit.
type props []property

// add adds a property unless its value is empty.
func (p *props) add(name, text string) {
	if v := value(text); v != "" {
		*p = append(*p, property{Name: name, NS: namespace, Value: v})
	}
}

// stamp returns a time as OSCAL has it, in UTC.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// known reports whether a time is one that OSCAL can hold, and not a zero for none.
func known(t time.Time) bool { return t.Year() >= 1900 && t.Year() < 3000 }
