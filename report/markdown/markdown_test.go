package markdown

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

func TestMarkdownTablesKeepTheirColumns(t *testing.T) {
	escaped := regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]`)
	for _, name := range reporttest.HostileNames() {
		row := "| " + mdCode(name) + " | " + mdText(name) + " | " + mdLink(name, name) + " |"
		if cells := strings.Count(escaped.ReplaceAllString(row, ""), "|"); cells != 4 {
			t.Errorf("%d bars in %q", cells, safetext.CutRunes(row, 200))
		}
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	for name, r := range map[string]*report.Report{"large": reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(30, 100)), "hostile": reporttest.Hostile()} {
		document := renderedMarkdown(t, r, format.Options{Gate: report.DefaultGate()})
		if len(document) > markdownLimit {
			t.Errorf("%s: %d bytes", name, len(document))
		}
		if !bytes.Contains(document, []byte("Not shown here")) {
			t.Errorf("%s: nothing says what was cut", name)
		}
		if opened, closed := bytes.Count(document, []byte("<details")), bytes.Count(document, []byte("</details>")); opened != closed {
			t.Errorf("%s: %d details opened, %d closed", name, opened, closed)
		}
	}
	// What is left out is counted: rows and remainder are all findings.
	r := reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(30, 100))
	document := string(renderedMarkdown(t, r, format.Options{}))
	rows := strings.Count(document, "| `Token ")
	for _, rule := range []string{"delivery-token-can-write", "write-token-never-expires", "delivery-token-one-environment", "unused-token"} {
		if i := strings.Index(document, " of the findings of "+rule); i > 0 {
			words := strings.Fields(document[:i])
			n := 0
			for _, digit := range words[len(words)-1] {
				if digit >= '0' && digit <= '9' {
					n = n*10 + int(digit-'0')
				}
			}
			rows += n
		}
	}
	if rows != 3000 {
		t.Errorf("rows shown and rows counted are %d, want 3,000", rows)
	}
}

// Whoever asks for the controls gets them, however many findings there are to
// fill the room of a comment.
func TestMarkdownHasRoomForControls(t *testing.T) {
	r := reporttest.Sample()
	for i := range 2000 {
		f := new(*r.Findings[0])
		f.Token = fmt.Sprintf("%s%d", f.Token, i)
		r.Findings = append(r.Findings, f)
	}
	document := renderedMarkdown(t, r, format.Options{Gate: report.DefaultGate(), Framework: reporttest.Framework(t, "owasp-nhi")})
	if len(document) > markdownLimit || !bytes.Contains(document, []byte("Not shown here")) {
		t.Fatalf("the document has %d bytes and was not cut", len(document))
	}
	if !bytes.Contains(document, []byte("Improper Offboarding")) || !bytes.Contains(document, []byte("NHI10")) {
		t.Error("the controls are not shown")
	}
}

func renderedMarkdown(t *testing.T, r *report.Report, o format.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Format().Render(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Findings are grouped as asked, those that are part of another one with that; what is cut
// is counted.
func TestMarkdownGroups(t *testing.T) {
	document := string(renderedMarkdown(t, reporttest.Sample(), format.Options{Gate: report.DefaultGate(), GroupBy: format.ByOwner}))
	for _, text := range []string{"<summary><b>shop</b> (2 findings)</summary>", "| Severity | Rule | Name | Token | What is wrong |", "| critical | `delivery-token-can-write` | `Full-access API token` |"} {
		if !strings.Contains(document, text) {
			t.Errorf("%q is not in\n%s", text, document)
		}
	}
	parts := reporttest.Sample()
	twin := new(*parts.Findings[0])
	twin.Rule, twin.Fingerprint = "unused-token", "twin"
	parts.Findings = append(parts.Findings, twin)
	for i := range parts.Rules {
		if parts.Rules[i].ID == twin.Rule {
			parts.Rules[i].PartOf = parts.Findings[0].Rule
		}
	}
	if document := string(renderedMarkdown(t, parts, format.Options{GroupBy: format.ByCMS})); !strings.Contains(document, mdText(" (with unused-token)")) {
		t.Errorf("the part is not named in\n%s", document)
	}
	large := reporttest.Build(reporttest.SampleOptions(), reporttest.LargeSources(30, 100))
	document = string(renderedMarkdown(t, large, format.Options{GroupBy: format.ByToken}))
	_, groups, _ := strings.Cut(document, "<details>")
	shown := strings.Count(groups, "| `Token ")
	if want := "; " + safetext.Thousands(3000-shown) + " findings. "; len(document) > markdownLimit || shown == 0 || !strings.Contains(document, want) {
		t.Errorf("%d bytes, %d findings shown, want %q: %s", len(document), shown, want, document[len(document)-400:])
	}
}
