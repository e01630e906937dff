package exposure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
	"github.com/tokenaudit/tokenaudit/collectors/redact"
	"github.com/tokenaudit/tokenaudit/collectors/strictjson"
)

const (
	// maxReport bounds a report, in bytes.
	maxReport = 256 << 20
	// maxFindings bounds the findings of all reports of a run.
	maxFindings = 1_000_000
	// maxText bounds what is kept of a name in a report, in bytes.
	maxText = 500
)

// expected is what every error about the form of a report ends with.
const expected = "expected the JSON report of gitleaks or betterleaks, the JSON lines of trufflehog, or the alerts of GitHub's secret-scanning API"

// Read takes in a report, whose form it recognizes. An error says what was expected, and
// quotes nothing of the report.
func (l *Leaks) Read(r io.Reader) error {
	report, err := readReport(r)
	defer clear(report)
	if err != nil {
		return err
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(report, []byte("\xef\xbb\xbf")))
	if len(text) == 0 {
		return errors.New("the report is empty, which may also mean that the scanner failed; omit --leaks if the scanner has found nothing")
	}
	n := 0
	for len(text) > 0 {
		value, rest := cutValue(text)
		if value == nil || !json.Valid(value) {
			return fmt.Errorf("not valid JSON after %d findings: %s", n, expected)
		}
		text = bytes.TrimSpace(rest)
		if value[0] == '{' {
			n++
			err = l.finding(value, n)
		} else {
			for element := range strictjson.Elements(value) {
				if n++; err == nil {
					err = l.finding(element, n)
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readReport reads a report whole, so that it can be overwritten.
func readReport(r io.Reader) ([]byte, error) {
	b, err := ReadAll(io.LimitReader(r, maxReport+1))
	if err == nil && len(b) > maxReport {
		err = fmt.Errorf("the report is larger than %d MiB", maxReport>>20)
	}
	return b, err
}

// cutValue cuts the first array or object off a text; nil if there is none that ends.
func cutValue(text []byte) (value, rest []byte) {
	if text[0] != '[' && text[0] != '{' {
		return nil, text
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			end := endOfString(text, i)
			if end < 0 {
				return nil, text
			}
			i = end - 1
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return text[:i+1], text[i+1:]
			}
		}
	}
	return nil, text
}

// endOfString is where a string ends that begins at i; -1 if it does not.
func endOfString(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// finding is what is read of a finding of any of the tools. encoding/json does not tell
// capitals from small letters, so a member stands for both spellings. None is a secret.
type finding struct {
	// Of gitleaks, and of betterleaks, which has the place in the next two.
	RuleID     string
	File       string
	StartLine  int
	Commit     string
	Date       string
	Attributes map[string]string
	Location   *struct{ StartLine int }

	// Of trufflehog. Data has one member, named for the kind of the source.
	DetectorName   string
	SourceMetadata *struct {
		Data map[string]struct {
			File, Commit, Timestamp, Link string
			Line                          int
		}
	}

	// Of GitHub.
	SecretType string `json:"secret_type"`
	CreatedAt  string `json:"created_at"`
	HTMLURL    string `json:"html_url"`
	First      *struct {
		Path      string `json:"path"`
		StartLine int    `json:"start_line"`
		CommitSHA string `json:"commit_sha"`
	} `json:"first_location_detected"`
}

// The names of the tools.
const (
	toolGitleaks    = "gitleaks"
	toolBetterleaks = "betterleaks"
	toolTrufflehog  = "trufflehog"
	toolGitHub      = "github"
)

// finding takes in the n-th finding of a report.
func (l *Leaks) finding(value []byte, n int) error {
	if len(l.places) >= maxFindings {
		return fmt.Errorf("the reports have more than %d findings", maxFindings)
	}
	var f finding
	var shape *json.UnmarshalTypeError
	// A member of another type is left out, and the others are read.
	if err := json.Unmarshal(value, &f); err != nil && !errors.As(err, &shape) || value[0] != '{' {
		return fmt.Errorf("finding %d is not an object: %s", n, expected)
	}
	leak, members := f.leak()
	if members == nil {
		return fmt.Errorf("finding %d has an unknown form: %s", n, expected)
	}
	leak.Line = max(0, leak.Line)
	l.places = append(l.places, inventory.Leak{})
	whole := false
	for i, member := range members {
		follow(value, []string{member}, func(text []byte) {
			withText(text, func(text []byte) {
				whole = whole || i == 0 && !redacted(text)
				l.add(text, len(l.places)-1)
				for _, name := range []*string{&leak.Rule, &leak.File, &leak.Commit} {
					*name = without(*name, text)
				}
			})
		})
	}
	if !whole {
		return fmt.Errorf("finding %d of %s has no secret that could be compared; make the report without %s", n, leak.Tool, hides[leak.Tool])
	}
	leak.Rule, leak.File, leak.Commit = shown(leak.Rule), shown(leak.File), shown(leak.Commit)
	l.places[len(l.places)-1] = leak
	l.strings++
	return nil
}

// without is a name without a secret: a file may be named by one, and an address have one
// in its query.
func without(name string, secret []byte) string {
	if len(secret) == 0 || !bytes.Contains([]byte(name), secret) {
		return name
	}
	return string(bytes.ReplaceAll([]byte(name), secret, []byte(redact.Mark)))
}

// hides is what leaves the secrets out of a report of a tool.
var hides = map[string]string{
	toolGitleaks: "--redact", toolBetterleaks: "--redact", toolTrufflehog: "a filter that removes Raw", toolGitHub: "hide_secret",
}

// redacted reports whether a tool has hidden a secret: gitleaks and betterleaks write
// REDACTED, or the beginning and three dots.
func redacted(text []byte) bool {
	return len(text) == 0 || bytes.Equal(text, []byte("REDACTED")) || bytes.HasSuffix(text, []byte("..."))
}

// leak is the place of a finding, and the members of it that may hold the secret, the
// first of which has to; nil for a finding of no tool.
func (f finding) leak() (inventory.Leak, []string) {
	switch {
	case f.SourceMetadata != nil || f.DetectorName != "":
		return f.ofTrufflehog(), []string{"Raw", "RawV2"}
	case f.SecretType != "":
		return f.ofGitHub(), []string{"secret"}
	case f.RuleID != "" && (f.Location != nil || f.Attributes != nil):
		leak := f.ofBetterleaks()
		if f.Location != nil {
			return leak, []string{"secret", "match"}
		}
		return leak, []string{"Secret", "Match"}
	case f.RuleID != "":
		return inventory.Leak{Tool: toolGitleaks, Rule: f.RuleID, File: f.File, Line: f.StartLine, Commit: f.Commit, Date: date(f.Date)}, []string{"Secret", "Match"}
	}
	return inventory.Leak{}, nil
}

func (f finding) ofBetterleaks() inventory.Leak {
	leak := inventory.Leak{Tool: toolBetterleaks, Rule: f.RuleID, Line: f.StartLine, File: f.File, Commit: f.Commit, Date: date(f.Date)}
	if f.Location != nil {
		leak.Line = f.Location.StartLine
	}
	for _, key := range []string{"url", "path"} {
		if v := f.Attributes[key]; v != "" {
			leak.File = v
		}
	}
	if v := f.Attributes["git.sha"]; v != "" {
		leak.Commit = v
	}
	if v := f.Attributes["git.date"]; v != "" {
		leak.Date = date(v)
	}
	return leak
}

func (f finding) ofTrufflehog() inventory.Leak {
	leak := inventory.Leak{Tool: toolTrufflehog, Rule: f.DetectorName}
	if f.SourceMetadata == nil || len(f.SourceMetadata.Data) != 1 {
		return leak
	}
	for _, at := range f.SourceMetadata.Data {
		leak.File, leak.Line, leak.Commit, leak.Date = at.File, at.Line, at.Commit, date(at.Timestamp)
		if leak.File == "" {
			leak.File = at.Link
		}
	}
	return leak
}

func (f finding) ofGitHub() inventory.Leak {
	leak := inventory.Leak{Tool: toolGitHub, Rule: f.SecretType, File: f.HTMLURL, Date: date(f.CreatedAt)}
	if f.First != nil && f.First.Path != "" {
		leak.File, leak.Line, leak.Commit = f.First.Path, f.First.StartLine, f.First.CommitSHA
	}
	return leak
}

// date reads the times that the tools write; zero for any other.
func date(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 -0700 -0700", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05 -0700"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1970 && t.Year() < 10_000 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// shown is what is kept of a name in a report.
func shown(s string) string {
	s = redact.Name(strings.ToValidUTF8(s, "?"))
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}
