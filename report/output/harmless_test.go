package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// TestHostileNamesAreHarmless puts every hostile name, wherever a name can be,
// through every format.
func TestHostileNamesAreHarmless(t *testing.T) {
	r := reporttest.Readable(reporttest.Hostile())
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			for _, o := range []format.Options{{}, {Width: 120, Suppressed: true}} {
				document := rendered(t, f.Name, r, o)
				text := string(document)
				if f.Name == "markdown" {
					// Its headings are no commands: they have a blank behind the ##.
					text = regexp.MustCompile(`(?m)^##+ `).ReplaceAllString(text, "")
				}
				if problem := reporttest.Harm(text); problem != "" {
					t.Error(problem)
				}
				if parse, ok := parsers[f.Name]; ok {
					parse(t, document)
				}
			}
		})
	}
}

// parsers read a document as its readers do, and look for what they would obey.
var parsers = map[string]func(t *testing.T, document []byte){
	"json":          func(t *testing.T, document []byte) { parseJSON(t, document) },
	"sarif":         func(t *testing.T, document []byte) { parseJSON(t, document) },
	"gitlab":        func(t *testing.T, document []byte) { parseJSON(t, document) },
	"csv":           parseCSV,
	"csv-inventory": parseCSV,
	"junit": func(t *testing.T, document []byte) {
		decoder := xml.NewDecoder(bytes.NewReader(document))
		known := map[string]bool{"testsuites": true, "testsuite": true, "testcase": true, "properties": true, "property": true, "failure": true, "skipped": true, "error": true}
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if element, ok := token.(xml.StartElement); ok && !known[element.Name.Local] {
				t.Errorf("an element %s", element.Name.Local)
			}
		}
	},
	"markdown": parseMarkdown,
}

func parseJSON(t *testing.T, document []byte) {
	if !json.Valid(document) {
		t.Error("it is no JSON")
	}
}

func parseCSV(t *testing.T, document []byte) {
	rows, err := csv.NewReader(bytes.NewReader(document)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if _, err := strconv.Atoi(cell); err == nil && cell[0] != '+' {
				continue // a number is what it is
			}
			if strings.ContainsAny(string([]rune(strings.TrimLeft(cell, " \u00a0") + " ")[0]), "=+-@|%＝＋－＠") {
				t.Errorf("a spreadsheet would calculate %q", safetext.CutRunes(cell, 40))
			}
		}
	}
}

// parseMarkdown takes away what the report itself writes; nothing of the text
// that is left may have a meaning.
func parseMarkdown(t *testing.T, document []byte) {
	for line := range strings.Lines(string(document)) {
		text := withoutCode(line)
		text = ownLink.ReplaceAllString(text, "")
		text = ownMarkup.ReplaceAllString(text, "")
		text = reference.ReplaceAllString(text, "")
		text = strings.TrimPrefix(strings.TrimSpace(text), "**")
		text = strings.Replace(text, "** (exit code", " (exit code", 1)
		if found := markdownish.FindString(text); found != "" {
			t.Errorf("%q has a meaning in %q", found, safetext.CutRunes(text, 200))
		}
	}
}

// withoutCode removes the code spans of a line by the rule of CommonMark: a run
// of backticks closes at the next run of the same length.
func withoutCode(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		if line[i] != '`' {
			b.WriteByte(line[i])
			i++
			continue
		}
		open := len(line[i:]) - len(strings.TrimLeft(line[i:], "`"))
		end := -1
		for j := i + open; j < len(line); {
			if line[j] != '`' {
				j++
				continue
			}
			run := len(line[j:]) - len(strings.TrimLeft(line[j:], "`"))
			if run == open {
				end = j + run
				break
			}
			j += run
		}
		if end < 0 {
			b.WriteString(line[i : i+open])
			i += open
			continue
		}
		i = end
	}
	return b.String()
}

var (
	// codeSpan is a run of backticks, text, and the same run: RE2 has no back
	// references, so the runs that occur are listed.
	ownMarkup   = regexp.MustCompile(`</?(details|details open|summary|b|sub)>`)
	ownLink     = regexp.MustCompile(`\[\]\(https://[A-Za-z0-9._~%/?=-]+\)`)
	reference   = regexp.MustCompile(`&#\d+;`)
	markdownish = regexp.MustCompile("[<>\\[\\]`@]|https?:|www\\.|\\*[^*]|~~")
)
