package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/difference"
	"github.com/tokenaudit/tokenaudit/report/format"
	"github.com/tokenaudit/tokenaudit/report/markdown"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
)

// TestHostileNamesAreHarmless puts every hostile name, wherever a name can be,
// through every format.
func TestHostileNamesAreHarmless(t *testing.T) {
	if testing.Short() {
		t.Skip("many worlds, one after the other: nothing for the race detector")
	}
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
	"slack":         func(t *testing.T, document []byte) { parseJSON(t, document) },
	"teams":         func(t *testing.T, document []byte) { parseJSON(t, document) },
	"jira":          func(t *testing.T, document []byte) { parseJSON(t, document) },
	"webhook":       func(t *testing.T, document []byte) { parseJSON(t, document) },
	"oscal":         func(t *testing.T, document []byte) { parseJSON(t, document) },
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
		t.Error("it is not JSON")
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

// platformReference are the signs that platforms look for in the text that Markdown
// leaves: mentions, references to issues, merge requests, snippets, labels,
// milestones and alerts, addresses, emoji.
var platformReference = regexp.MustCompile(`(?i)@[\w"]|(?:^|\W)[#!$~%&^][\w"]|\b(?:GH|GL)-\d|\w:/|\bwww\.\w|:[a-z]\w*:|mailto:\w`)

// withoutReferences complains of what a platform would follow once Markdown and
// HTML are read.
func withoutReferences(t *testing.T, document []byte) {
	t.Helper()
	for line := range strings.Lines(string(document)) {
		text := ownMarkup.ReplaceAllString(ownLink.ReplaceAllString(withoutCode(line), ""), "")
		text = html.UnescapeString(regexp.MustCompile("^#+ ").ReplaceAllString(text, ""))
		if found := platformReference.FindString(text); found != "" {
			t.Errorf("a platform would follow %q in %q", found, safetext.CutRunes(text, 200))
		}
	}
}

func TestMarkdownRefersToNothing(t *testing.T) {
	for _, name := range append(reporttest.HostileNames(), "see GH-12", "gl-3", "octo/cat#7", "~bug ~\"big bug\" %v1 %\"v 1\" &5 $12 ^alert#1", "a@b.example", "mailto:a@b.example", "https:/evil", "fix #1, !2") {
		withoutReferences(t, []byte(safetext.MarkdownText(name)))
	}
	withoutReferences(t, rendered(t, "markdown", reporttest.Readable(reporttest.Hostile()), format.Options{}))
}

// hostileDifference has every hostile name wherever a difference can show one.
func hostileDifference(t *testing.T) *difference.Difference {
	t.Helper()
	before, after := reporttest.Readable(reporttest.Hostile()), reporttest.Readable(reporttest.Hostile())
	for i := range after.Tokens {
		token := &after.Tokens[i]
		switch i % 3 {
		case 0:
			token.ID += "/new"
		case 1:
			token.Name += "!"
			token.Access.Grants = append(token.Access.Grants, token.Name)
		}
	}
	for i := range after.Sources {
		if i%4 == 0 {
			after.Sources[i].ID += "/new"
		}
	}
	for i, f := range after.Findings {
		if i%2 == 0 {
			f.Key += "/new"
			f.Fingerprint = report.Fingerprint(f.Rule, f.Source, f.Token, f.Key)
		}
	}
	return difference.Between(reporttest.Snapshot(t, before), reporttest.Snapshot(t, after))
}

// hostileDecisions has every hostile name wherever people explain themselves.
func hostileDecisions() *difference.Decisions {
	d := &difference.Decisions{}
	for _, name := range reporttest.HostileNames() {
		w := policies.Waiver{Rule: name, Token: name, Reason: name, Owner: name, ApprovedBy: name, Expires: name}
		d.Waived = append(d.Waived, &report.Finding{Rule: name, Token: name, Waiver: &w})
		d.Unwaived = append(d.Unwaived, &report.Finding{Rule: name, Token: name, TokenName: name, Message: name})
		d.WaiversEnded = append(d.WaiversEnded, difference.EndedWaiver{Waiver: w, Why: "expired"})
		d.GapsAccepted = append(d.GapsAccepted, report.AcceptedGap{Source: name, Unit: name, Owner: name, Reason: name, Expires: name})
		d.Rules = append(d.Rules, difference.RuleChange{Rule: name, Field: "params." + name, Old: name, New: name})
	}
	return d
}

func TestHostileDifferenceIsHarmless(t *testing.T) {
	all := hostileDifference(t)
	if len(all.FindingsNew) == 0 || len(all.Added) == 0 || len(all.Removed) == 0 || len(all.Changed) == 0 {
		t.Fatalf("%d new findings, %d added, %d removed, %d changed: too little to try", len(all.FindingsNew), len(all.Added), len(all.Removed), len(all.Changed))
	}
	// A comment has no room for all, so each part is tried on its own too.
	for _, d := range []*difference.Difference{
		all, {FindingsNew: all.FindingsNew}, {FindingsNew: []*report.Finding{}, FindingsResolved: all.FindingsResolved}, {FindingsStale: all.FindingsStale},
		{Decisions: hostileDecisions()}, {Added: all.Added}, {Removed: all.Removed}, {Changed: all.Changed}, {Unknown: all.Unknown}, {SourcesAdded: all.SourcesAdded, SourcesRemoved: all.SourcesRemoved},
	} {
		var b bytes.Buffer
		if err := markdown.WriteDifference(&b, d); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 65_536 {
			t.Errorf("%d bytes, more than a comment takes", b.Len())
		}
		if problem := reporttest.Harm(regexp.MustCompile(`(?m)^##+ `).ReplaceAllString(b.String(), "")); problem != "" {
			t.Error(problem)
		}
		parseMarkdown(t, b.Bytes())
		withoutReferences(t, b.Bytes())
	}
}
