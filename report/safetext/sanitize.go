// Package safetext makes text that a CMS sent harmless where it is shown: in a
// terminal, a CI log, Markdown, CSV and JSON.
package safetext

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Names of tokens, sources and owners are written by whoever may make a token:
// an attacker's text on the way to a terminal, a CI log, a spreadsheet, a
// browser. Each format passes them through the function made for it here.

// Ellipsis ends what was cut.
const Ellipsis = "…"

// maxMarks is how many combining marks one letter may carry; no script needs
// more, and a pile of them covers the lines around it.
const maxMarks = 4

// OneLine makes untrusted text one line that only shows characters: whatever
// moves the cursor, changes colours or direction, ends a line, or cannot be
// seen becomes a visible escape, and so does what a CI system would read as a
// command to itself.
func OneLine(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	wordStart, marks := true, 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		rest := s[i+size:]
		visible := IsVisible(r)
		if r >= 0x300 && unicode.Is(unicode.Mn, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !visible || marks > maxMarks:
			b.WriteString(EscapeRune(r))
		case r == '#' && strings.HasPrefix(rest, "#"):
			// ##[command], ##vso[command] and ##teamcity[command] count anywhere in a line.
			b.WriteString(`\x23`)
		case r == ':' && wordStart && strings.HasPrefix(rest, ":"):
			// ::command:: counts at the start of a line, where wrapping may put any word.
			b.WriteString(`\x3a`)
		default:
			b.WriteRune(r)
		}
		wordStart = unicode.IsSpace(r) || !visible
		i += size
	}
	return b.String()
}

// isPlain tells, fast, that oneLine has nothing to do.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == '#' || c == ':' && (i+1 < len(s) && s[i+1] == ':') {
			return false
		}
	}
	return true
}

// IsVisible reports whether a rune shows as itself. Format characters (bidi
// controls, zero-width ones, tags) and private ones do not; neither do blanks
// other than the plain space, which pass for one.
func IsVisible(r rune) bool {
	if r < 0x7f {
		return r >= ' '
	}
	if unicode.Is(unicode.Zs, r) {
		return r == ' ' || r == '\u00a0' || r == '\u3000'
	}
	return unicode.IsGraphic(r) && !invisible(r)
}

// invisible are graphic by category, yet show nothing: fillers and variation
// selectors other than those of emoji.
func invisible(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u3164', '\uffa0', '\u17b4', '\u17b5':
		return true
	}
	return r >= 0xFE00 && r <= 0xFE0D || r >= 0xE0100 && r <= 0xE01EF
}

// EscapeRune returns a character as a visible escape.
func EscapeRune(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if r < 0x100 {
		return inHex(`\x00`, r)
	}
	if r < 0x10000 {
		return inHex(`\u0000`, r)
	}
	return inHex(`\U00000000`, r)
}

// inHex ends an escape in a character's hexadecimal digits, in place of its zeros. A text
// may be escaped from its first character to its last.
func inHex(zeros string, r rune) string {
	var room [8]byte
	digits := strconv.AppendInt(room[:0], int64(r), 16)
	return zeros[:len(zeros)-len(digits)] + string(digits)
}

// CutWidth cuts text to a number of columns of a terminal, ending in an
// ellipsis. The text must have gone through oneLine.
func CutWidth(s string, columns int) string {
	if columns <= 0 {
		return ""
	}
	if len(s) <= columns || displaywidth.String(s) <= columns {
		return s
	}
	return displaywidth.TruncateString(s, columns, Ellipsis)
}

// CutRunes cuts text to a number of characters, ending in an ellipsis.
func CutRunes(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := 0
	for i := range s {
		if runes == n-1 {
			return s[:i] + Ellipsis
		}
		runes++
	}
	return s
}

// CSVCell keeps a spreadsheet from reading untrusted text as a formula: what
// starts like one gets an apostrophe before it. A number, such as the days since
// an expiry, is none.
func CSVCell(s string) string {
	if _, err := strconv.Atoi(s); err == nil && !strings.HasPrefix(s, "+") {
		return s
	}
	s = OneLine(s)
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0\u3000"))
	switch first {
	case '=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠':
		return "'" + s
	}
	return s
}

// MarkdownCode shows untrusted text as a code span: no Markdown, no HTML, no
// mention and no reference in it is followed. It can stand in a table.
func MarkdownCode(s string) string {
	s = OneLine(s)
	if strings.TrimSpace(s) == "" {
		return "` `"
	}
	if strings.Contains(s, "|") {
		// A table cell ends at a pipe without a backslash; pairs of backslashes
		// keep a backslash of the text from taking part.
		s = strings.NewReplacer(`\`, `\\`, "|", `\|`).Replace(s)
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// MarkdownText shows text that quotes untrusted text as prose: what has a
// meaning in Markdown or HTML is written as a character reference. Platforms
// look for mentions, references, addresses and emoji after Markdown is done,
// where a character reference is its character again: an invisible joiner
// breaks those.
func MarkdownText(s string) string {
	s = OneLine(s)
	var b strings.Builder
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		switch {
		case r == ':' && next == ' ':
			b.WriteByte(':') // neither an address nor an emoji
		case strings.ContainsRune("\\`*_[]<>#!|~&:$@%^", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
		if refers(s[:i], r, next) {
			b.WriteString(joiner)
		}
	}
	return strings.ReplaceAll(b.String(), "www.", "www&#46;"+joiner)
}

// joiner is U+2060, which nobody sees and no reference has inside.
const joiner = "&#8288;"

// refers reports whether a platform may take a character, with what is before
// and behind it, for the sign of a reference: GitHub's @name, #1, GH-1 and
// :emoji:, GitLab's !1, $1, ~label, %milestone, &1 and ^alert, and any address.
func refers(before string, r, next rune) bool {
	word := unicode.IsLetter(next) || unicode.IsDigit(next) || next == '_'
	switch r {
	case '@':
		return true
	case '#', '!', '$', '~', '%', '&', '^':
		return word || next == '"'
	case ':':
		return next == '/' || unicode.IsLetter(next)
	case '-':
		before = strings.ToUpper(before)
		return unicode.IsDigit(next) && (strings.HasSuffix(before, "GH") || strings.HasSuffix(before, "GL"))
	}
	return false
}

// longestRun is the length of the longest run of c in s.
func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// SafeURL returns an address that a reader may follow by a click, or "": https,
// or http to this machine, with a host and without credentials.
func SafeURL(s string) string {
	if s != OneLine(s) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return ""
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return u.String()
	}
	return ""
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
