package format

import (
	"net/url"
	"strings"
	"testing"
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
