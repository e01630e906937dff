package report

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
	"unicode/utf8"
)

func TestOneLine(t *testing.T) {
	for s, want := range map[string]string{
		"plain":                           "plain",
		"it's C:\\x #1 a:b a::b # # 50%":  "it's C:\\x #1 a:b a::b # # 50%",
		"é 名 👍 naïve":                     "é 名 👍 naïve",
		"a\nb\r\nc\td":                    `a\nb\r\nc\td`,
		"\x1b[31m":                        `\x1b[31m`,
		"\u009b\u0085":                    `\x9b\x85`,
		"a\u202eb\u200b":                  `a\u202eb\u200b`,
		"\U000e0041":                      `\U000e0041`,
		"\xff":                            `\xff`,
		"::error::x":                      `\x3a:error::x`,
		" ::error::x":                     ` \x3a:error::x`,
		"a ::error::x":                    `a \x3a:error::x`,
		"##[error]x":                      `\x23#[error]x`,
		"a ##vso[x]":                      `a \x23#vso[x]`,
		"Z" + strings.Repeat("\u0335", 6): "Z\u0335\u0335\u0335\u0335" + `\u0335\u0335`,
	} {
		if got := oneLine(s); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzOneLine(f *testing.F) {
	for _, name := range hostileNames() {
		if len(name) < 1000 {
			f.Add(name)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := oneLine(s)
		if problem := harm(got); problem != "" || strings.ContainsAny(got, "\n\t") {
			t.Errorf("oneLine(%q) = %q: %s", s, got, problem)
		}
		if again := oneLine(got); again != got {
			t.Errorf("a second time gives %q, not %q", again, got)
		}
	})
}

var (
	ciCommand     = regexp.MustCompile(`(?m)^\s*::|##`)
	invisibleRune = func(r rune) bool { return r != '\n' && r != '\t' && !isVisible(r) }
)

// harm says what in a text could harm a terminal or a CI system, or "".
func harm(text string) string {
	if !utf8.ValidString(text) {
		return "it is not UTF-8"
	}
	if i := strings.IndexFunc(text, invisibleRune); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		return "it has an invisible " + escapeRune(r)
	}
	if at := ciCommand.FindStringIndex(text); at != nil {
		return "a CI system would obey " + text[at[0]:min(len(text), at[0]+20)]
	}
	return ""
}

// TestHostileNamesAreHarmless puts every hostile name, wherever a name can be,
// through every format.
func TestHostileNamesAreHarmless(t *testing.T) {
	r := readable(hostileReport())
	for _, format := range Formats() {
		t.Run(format.Name, func(t *testing.T) {
			for _, o := range []RenderOptions{{}, {Terminal: true, Width: 120, Suppressed: true}} {
				document := rendered(t, format.Name, r, o)
				text := string(document)
				if format.Name == "markdown" {
					// Its headings are no commands: they have a blank behind the ##.
					text = regexp.MustCompile(`(?m)^##+ `).ReplaceAllString(text, "")
				}
				if problem := harm(text); problem != "" {
					t.Error(problem)
				}
				if parse, ok := parsers[format.Name]; ok {
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
				t.Errorf("a spreadsheet would calculate %q", cutRunes(cell, 40))
			}
		}
	}
}

func TestCSVCell(t *testing.T) {
	for text, want := range map[string]string{
		"-85": "-85", "7": "7", "+7": "'+7", "-85 ": "'-85 ", "-1+1": "'-1+1", "=1": "'=1", " @x": "' @x", "web": "web", "": "",
	} {
		if got := csvCell(text); got != want {
			t.Errorf("csvCell(%q) = %q, want %q", text, got, want)
		}
	}
}

var (
	// codeSpan is a run of backticks, text, and the same run: RE2 has no back
	// references, so the runs that occur are listed.
	ownMarkup   = regexp.MustCompile(`</?(details|summary|b|sub)>`)
	ownLink     = regexp.MustCompile(`\[\]\(https://[A-Za-z0-9._~%/?=-]+\)`)
	reference   = regexp.MustCompile(`&#\d+;`)
	markdownish = regexp.MustCompile("[<>\\[\\]`@]|https?:|www\\.|\\*[^*]|~~")
)

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
			t.Errorf("%q has a meaning in %q", found, cutRunes(text, 200))
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

func TestMarkdownTablesKeepTheirColumns(t *testing.T) {
	escaped := regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]`)
	for _, name := range hostileNames() {
		row := "| " + mdCode(name) + " | " + mdText(name) + " | " + mdLink(name, name) + " |"
		if cells := strings.Count(escaped.ReplaceAllString(row, ""), "|"); cells != 4 {
			t.Errorf("%d bars in %q", cells, cutRunes(row, 200))
		}
	}
}

func TestSafeURL(t *testing.T) {
	for s, want := range map[string]string{
		"https://app.contentful.com/spaces/x?y=1#z": "https://app.contentful.com/spaces/x?y=1#z",
		"http://127.0.0.1:8080/x":                   "http://127.0.0.1:8080/x",
		"http://localhost/x":                        "http://localhost/x",
		"http://[::1]:1/x":                          "http://[::1]:1/x",
		"http://example.com/x":                      "",
		"javascript:alert(1)":                       "",
		"JaVaScRiPt:alert(1)":                       "",
		"data:text/html,x":                          "",
		"https://user:password@example.com/":        "",
		"//example.com":                             "",
		"https://":                                  "",
		"https://a\nb":                              "",
		"/relative":                                 "",
		"":                                          "",
	} {
		if got := safeURL(s); got != want {
			t.Errorf("safeURL(%q) = %q, want %q", s, got, want)
		}
	}
}
