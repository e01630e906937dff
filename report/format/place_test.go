package format

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
)

func TestURIPath(t *testing.T) {
	for s, want := range map[string]string{
		"contentful/spaces/abc/api_keys/6gv": "contentful/spaces/abc/api_keys/6gv",
		"a:b/c d":                            "a%3Ab/c%20d", "../x": "~../x", "a//b/.": "a/~/b/~.", "%41": "%2541", "é": "%C3%A9",
	} {
		if got := URIPath(s); got != want {
			t.Errorf("uriPath(%q) = %q, want %q", s, got, want)
		}
	}
	long := URISegment(strings.Repeat("名", 5000))
	if _, err := url.PathUnescape(long); err != nil || len(long) > uriMaxSegment || long == URISegment(strings.Repeat("名", 5001)) {
		t.Errorf("a long segment became %q: %v", long, err)
	}
}

func TestRepositoryPath(t *testing.T) {
	for file, want := range map[string]string{
		"tokenaudit.yaml": "tokenaudit.yaml", "./a/../b.yaml": "b.yaml", "/etc/x": "", "../x": "", "a/../../x": "", `C:\x`: "", `a\b.tf`: "a/b.tf", "": "", "https://x": "",
	} {
		if got := RepositoryPath(file); got != want {
			t.Errorf("repositoryPath(%q) = %q, want %q", file, got, want)
		}
	}
}

// A report names ten hard-coded credentials, and says so where there are more. What was waived,
// or is of a token, is none of them.
func TestHardCodedIn(t *testing.T) {
	for n, want := range map[int]string{1: "1 hard-coded credential", 10: "10 hard-coded credentials", 12: "12 hard-coded credentials; these 10 first"} {
		r := &report.Report{Findings: []*report.Finding{
			{Address: "provider.contentful", Status: policies.Waived},
			{Address: "provider.contentful", Status: policies.Fail, Token: "contentful/spaces/web/api_keys/1"},
		}}
		for range n {
			r.Findings = append(r.Findings, &report.Finding{Address: "provider.contentful", Status: policies.Fail})
		}
		if first, all := HardCodedIn(r); all != want || len(first) != min(n, 10) {
			t.Errorf("of %d credentials %d are named, and all are called %q, want %q", n, len(first), all, want)
		}
	}
}
