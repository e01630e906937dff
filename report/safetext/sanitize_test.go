package safetext_test

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/report/reporttest"
	"github.com/tokenaudit/tokenaudit/report/safetext"
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
		if got := safetext.OneLine(s); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzOneLine(f *testing.F) {
	for _, name := range reporttest.HostileNames() {
		if len(name) < 1000 {
			f.Add(name)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := safetext.OneLine(s)
		if problem := reporttest.Harm(got); problem != "" || strings.ContainsAny(got, "\n\t") {
			t.Errorf("oneLine(%q) = %q: %s", s, got, problem)
		}
		if again := safetext.OneLine(got); again != got {
			t.Errorf("a second time gives %q, not %q", again, got)
		}
	})
}

func TestCSVCell(t *testing.T) {
	for text, want := range map[string]string{
		"-85": "-85", "7": "7", "+7": "'+7", "-85 ": "'-85 ", "-1+1": "'-1+1", "=1": "'=1", " @x": "' @x", "web": "web", "": "",
	} {
		if got := safetext.CSVCell(text); got != want {
			t.Errorf("csvCell(%q) = %q, want %q", text, got, want)
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
		if got := safetext.SafeURL(s); got != want {
			t.Errorf("safeURL(%q) = %q, want %q", s, got, want)
		}
	}
}
