package main

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/collection"
	"github.com/tokenaudit/tokenaudit/collectors"
)

// On a terminal what a check says stays to the right of its name; a program that reads a pipe
// finds it on one line.
func TestDoctorFitsTheTerminal(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("several words ", 20))
	d := collection.Diagnosis{Checks: []collectors.Check{{Name: "list of things", Status: collectors.CheckFailed, Detail: "short", Hint: long}, {Name: "list", Status: collectors.CheckFailed, Detail: long, Hint: long}}}
	printed := func(terminal bool) string {
		var out bytes.Buffer
		a := newProgram(ioStreams{in: strings.NewReader(""), out: &out, err: &out})
		a.Registry = collectors.Registry{}
		a.OutTerminal, a.Width = terminal, 70
		if err := printDiagnoses(a, []collection.Diagnosis{d}, false); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	const column = len("  failed   list of things  ")
	for i, line := range strings.Split(strings.TrimSpace(printed(true)), "\n")[1:] {
		if len(line) > 70 || i > 1 && strings.TrimSpace(line[:column]) != "" {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if text := printed(false); strings.Count(text, long+"\n") != 2 {
		t.Errorf("a pipe gets\n%s", text)
	}
}

// nowhere is a network without names.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}}
}

// Whoever mistypes an address reads which one, wherever that shows.
func TestHostThatCannotBeResolvedIsNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tokenaudit.yaml", `version: 1
sources:
  - {cms: strapi, name: intranet, base_url: "https://cdn.exmaple.com", token: {env: TOKEN}}
  - {cms: contentful, organization: acme, base_url: "https://cdn.exmaple.com", token: {env: TOKEN}}
  - {cms: contentstack, organization: bltacme, base_url: "https://cdn.exmaple.com", authtoken: {env: TOKEN}}
  - {cms: datocms, base_url: "https://cdn.exmaple.com", projects: [{name: blog, token: {env: TOKEN}}]}
`)
	for _, args := range [][]string{{"doctor"}, {"scan"}, {"scan", "-o", "markdown"}} {
		var out, errs bytes.Buffer
		code := run(t.Context(), ioStreams{
			environ: []string{"TOKEN=5ec2e75ec2e75ec2e75ec2e75ec2e7"}, in: strings.NewReader(""), out: &out, err: &errs, transport: nowhere{}, unpaced: true,
		}, args)
		text := strings.ReplaceAll(out.String(), "&quot;", `"`)
		if n := strings.Count(text, `cannot resolve host "cdn.exmaple.com": no such host`); code != 3 || n < 4 {
			t.Errorf("%v: exit code %d, the host is named %d times in\n%s%s", args, code, n, text, errs.String())
		}
		if strings.Contains(text, "\n  ok ") {
			t.Errorf("%v: something is well although nothing was reached:\n%s", args, text)
		}
	}
}
