package format

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/safetext"
	"github.com/tokenaudit/tokenaudit/report/triage"
)

// InCode reports whether a finding is about code whose line is known, in a file below the
// working folder.
func InCode(f *report.Finding) bool { return Place(f) != "" && RepositoryPath(f.Origin.File) != "" }

// Place returns "main.tf:12" for a finding about code whose line is known, else "".
func Place(f *report.Finding) string {
	if f.Address == "" || f.Origin == nil || f.Origin.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d", cmp.Or(RepositoryPath(f.Origin.File), f.Origin.File), f.Origin.Line)
}

// A HardCoded is a credential in the code: it belongs to no token, and is to be fixed before any.
type HardCoded struct{ Fingerprint, Place, Wrong, Fix string }

// HardCodedIn returns the credentials in the code that failed: the first of them, which a
// report names, and all of them in words ("12 hard-coded credentials; these 10 first").
func HardCodedIn(r *report.Report) (first []HardCoded, all string) {
	var found []HardCoded
	for _, f := range r.Findings {
		if f.IsLiteral() && f.Status == policies.Fail {
			found = append(found, HardCoded{f.Fingerprint, cmp.Or(Place(f), f.Address), f.Message, f.Remediation})
		}
	}
	first = found[:min(len(found), triage.First)]
	all = safetext.Plural(len(found), "hard-coded credential", "hard-coded credentials")
	if len(first) < len(found) {
		all += fmt.Sprintf("; these %d first", len(first))
	}
	return first, all
}

// RepositoryPath returns a file as a path below the working folder, or "": code
// scanning refuses whatever looks absolute or leaves the checkout.
func RepositoryPath(file string) string {
	file = path.Clean(strings.ReplaceAll(file, `\`, "/"))
	if file == "." || file == ".." || strings.HasPrefix(file, "/") || strings.HasPrefix(file, "../") || strings.Contains(file, ":") {
		return ""
	}
	return file
}

// URIPath percent-encodes a path for a relative URI: no colon, which readers
// take for a scheme, no leading "./", no segment with a meaning of its own.
func URIPath(s string) string {
	segments := strings.Split(s, "/")
	for i, segment := range segments {
		segments[i] = URISegment(segment)
	}
	return strings.Join(segments, "/")
}

// uriMaxSegment bounds a segment; a longer one is cut and told apart by a hash.
const uriMaxSegment = 200

// URISegment percent-encodes one segment of a path, cut where it is too long.
func URISegment(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	encoded := b.String()
	if strings.Trim(encoded, ".") == "" {
		return "~" + encoded
	}
	if len(encoded) > uriMaxSegment {
		sum := sha256.Sum256([]byte(s))
		head := encoded[:uriMaxSegment-40]
		if i := strings.LastIndexByte(head, '%'); i > len(head)-3 {
			head = head[:i]
		}
		return head + "~" + hex.EncodeToString(sum[:16])
	}
	return encoded
}
