package main

import (
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// TestBadConfiguration: each mistake is one line that names file and line, gives
// exit code 2 from every command that reads the sources, and sends nothing.
func TestBadConfiguration(t *testing.T) {
	f := newFixture(t)
	good := f.config()
	secret := contentfulSecret("literal")
	entry := func(token string) string {
		return "version: 1\nsources:\n  - cms: contentful\n    organization: acme\n    base_url: " + f.url["contentful"] + "\n    token: " + token + "\n"
	}
	for _, test := range []struct{ name, text, want string }{
		{"unknown key", strings.Replace(good, "organization: acme", "organisation: acme", 1), "bad.yaml:4: sources[0].organisation: unknown key; did you mean organization?"},
		{"wrong type", strings.Replace(good, "organization: acme", "organization: [acme]", 1), "bad.yaml:4: sources[0].organization: must be text, not a list"},
		{"missing variable", entry("{env: ABSENT_VARIABLE}"), "bad.yaml:6: sources[0].token: the environment variable ABSENT_VARIABLE is not set"},
		{"missing file", entry("{file: absent}"), "bad.yaml:6: sources[0].token: cannot read the secret's file: no such file or directory"},
		{"failing command", entry("{command: [\"false\"]}"), "bad.yaml:6: sources[0].token: the secret's command failed: exit status 1"},
		{"literal secret", entry(secret), "bad.yaml:6: sources[0].token: secrets are not allowed in the file; write token: {env: CONTENTFUL_MANAGEMENT_TOKEN}"},
		{"two identical entries", good + strings.TrimPrefix(entry("{env: CONTENTFUL_MANAGEMENT_TOKEN}"), "version: 1\nsources:\n"), "the same source as sources[0] on line 3"},
		{"key twice", good + "gate: {}\ngate: {}\n", ": gate: the key is given twice"},
		{"bad date", good + "waivers: [{rule: a, token: b, reason: c, owner: d, approved_by: e, expires: 2027-02-30}]\n", "waivers[0].expires: must be a date that exists"},
		{"no YAML", "sources: [", "bad.yaml:1: not valid YAML: "},
		{"wrong region", strings.Replace(good, "organization: acme", "organization: acme\n    region: moon", 1), "sources[0].region: must be us or eu"},
		{"unknown rule", good + "policies: {rules: {unusd-token: off}}\n", "policies.rules.unusd-token: unknown rule"},
	} {
		write(t, "bad.yaml", test.text)
		for _, command := range [][]string{{"scan"}, {"collect"}, {"doctor"}, {"explain", "unused-token", "contentful/x"}} {
			if test.name == "unknown rule" && command[0] != "scan" && command[0] != "explain" {
				continue
			}
			got := f.execute(t.Context(), append(command, "-c", "bad.yaml")...)
			if got.code != 2 || got.out != "" {
				t.Errorf("%s: %s: exit code %d, stdout %q", test.name, command[0], got.code, got.out)
			}
			if strings.Count(got.err, "\n") != 1 || !strings.HasPrefix(got.err, "tokenaudit: bad.yaml:") || !strings.Contains(got.err, test.want) {
				t.Errorf("%s: %s: stderr\n%swant\n%s", test.name, command[0], got.err, test.want)
			}
			if emulator.ContainsSecret([]byte(got.err)) {
				t.Errorf("%s: %s: the error holds the secret", test.name, command[0])
			}
		}
	}
	for cms, l := range f.cms {
		if n := len(l.Requests()); n > 0 {
			t.Errorf("%d requests were sent to %s", n, cms)
		}
	}
}
