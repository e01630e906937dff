package main

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/report"
)

// TestNothingLeaks runs every command and every format with the most verbose
// logging against CMSes all of whose secrets are planted, with planted
// credentials, and finds none of them in what is printed or written. Nothing
// but GET and HEAD reaches a server on the way.
func TestNothingLeaks(t *testing.T) {
	f := newFixture(t)
	everywhere := []string{"scan", "-v", "--save-inventory", "inventory.json"}
	for _, format := range report.FormatNames() {
		everywhere = append(everywhere, "-o", format+"="+format+".out")
	}
	runs := [][]string{
		everywhere,
		{"collect", "-v"},
		{"doctor", "-v"},
		{"evaluate", "-v", "inventory.json"},
		{"explain", "-v", "unused-token", "contentful/organizations/acme/access_tokens/t-idle"},
		{"merge", "-v", "inventory.json"},
		{"diff", "-v", "inventory.json", "json.out"},
		{"gate", "-v", "json.out"},
		{"convert", "-v", "json.out"},
		{"waivers", "check", "-v"},
		{"demo", "-v"},
		{"rules", "list", "-v"},
		{"schema", "config", "-v"},
		{"init", "-v", "fresh.yaml"},
	}
	for _, format := range report.FormatNames() {
		runs = append(runs, []string{"scan", "-v", "-o", format})
	}
	for _, args := range runs {
		got := f.execute(t.Context(), args...)
		if got.code == 2 {
			t.Errorf("%s: %s", strings.Join(args, " "), got.err)
		}
		f.noSecret(t, strings.Join(args, " "), got)
	}
	// The same once more while every list answers 403 with what it holds in the
	// body, as a careless server might.
	for cms, l := range f.cms {
		if err := l.Inject(emulator.Fault{Act: refuseWithBody}); err != nil {
			t.Fatalf("%s: %v", cms, err)
		}
	}
	for _, args := range runs {
		f.noSecret(t, "refused: "+strings.Join(args, " "), f.execute(t.Context(), args...))
	}
	f.onlyReads(t)
}

// refuseWithBody sends the emulator's own body with status 403.
func refuseWithBody(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(&statusWriter{ResponseWriter: w}, r)
}

type statusWriter struct{ http.ResponseWriter }

func (w *statusWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(http.StatusForbidden) }

// noSecret looks for secrets in an outcome and in every file of the working directory.
func (f *fixture) noSecret(t *testing.T, name string, got outcome) {
	t.Helper()
	if emulator.ContainsSecret([]byte(got.out)) {
		t.Errorf("%s: stdout holds a secret", name)
	}
	if emulator.ContainsSecret([]byte(got.err)) {
		t.Errorf("%s: stderr holds a secret", name)
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if emulator.ContainsSecret(text) {
			t.Errorf("%s: the file %s holds a secret", name, path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// onlyReads demands that every CMS was asked, by nothing but GET and HEAD.
func (f *fixture) onlyReads(t *testing.T) {
	t.Helper()
	for cms, l := range f.cms {
		requests := l.Requests()
		if len(requests) == 0 {
			t.Errorf("%s was not asked", cms)
		}
		for _, r := range requests {
			if !slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method) {
				t.Errorf("%s was sent a %s %s", cms, r.Method, r.Path)
			}
		}
	}
}

// TestLeaksWouldBeFound guards the guard: the CMSes do send secrets.
func TestLeaksWouldBeFound(t *testing.T) {
	f := newFixture(t)
	for cms, path := range map[string]string{"contentful": "/spaces/shop/api_keys", "contentstack": "/v3/stacks/delivery_tokens", "datocms": "/access_tokens"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url[cms]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+contentfulSecret("auditor"))
		request.Header.Set("Authtoken", contentstackSecret("auditor"))
		request.Header.Set("Api_key", contentstackSecret("stack"))
		if cms == "datocms" {
			request.Header.Set("Authorization", "Bearer "+datocmsSecret("auditor"))
			request.Header.Set("X-Api-Version", "3")
		}
		request.Header.Set("Accept", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var body strings.Builder
		if err := response.Write(&body); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || !emulator.ContainsSecret([]byte(body.String())) {
			t.Errorf("%s: status %d, no secret in\n%s", cms, response.StatusCode, body.String())
		}
	}
}
