package main

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/report/output"
)

// TestNothingLeaks runs every command and every format with the most verbose
// logging against CMSes all of whose secrets are planted, with planted
// credentials, and finds none of them in what is printed or written. Nothing
// but GET and HEAD reaches a server on the way.
func TestNothingLeaks(t *testing.T) {
	plan := plantedPlan(t)
	f := newFixture(t)
	f.random = knownKey{}
	hashes := hashesOf(plantedSecrets())
	leaked := leakReports(t)
	dumps := dumpGoroutines(t)
	write(t, "plan.json", plan)
	write(t, "tokens.yaml", "version: 1\nsources: [{id: contentstack/stacks/bltstack, tokens: [{name: deploy, kind: management, expiry: never}]}]\n")
	everywhere := []string{"scan", "-v", "--save-inventory", "inventory.json", "--seal", "audit.tar", "--seal-key", "seal.key", "--leaks", leaked.gitleaks, "--leaks", leaked.trufflehog}
	again := []string{"convert", "-v", "json.out"}
	for _, format := range output.FormatNames() {
		everywhere = append(everywhere, "-o", format+"="+format+".out")
		again = append(again, "-o", format+"="+format+".again")
	}
	write(t, "owners.yaml", "version: 1\nowners: [{team: web, owns: [{source: contentful/*}]}]\n")
	runs := [][]string{
		{"keygen", "-v", "seal.key"},
		everywhere,
		{"verify", "-v", "audit.tar", "--key", "seal.key.pub", "--re-derive"},
		{"seal", "-v", "inventory.json", "--report", "json.out", "--seal", "saved.tar", "--seal-key", "seal.key"},
		{"scan", "-v", "--store", "history.db", "--leaks", leaked.gitleaks, "-o", "csv"},
		{"evaluate", "-v", "--store", "history.db", "inventory.json"},
		{"history", "runs", "-v", "--store", "history.db", "-o", "json"},
		{"history", "findings", "-v", "--store", "history.db", "-o", "json"},
		{"history", "token", "-v", "--store", "history.db", "contentful/spaces/shop/api_keys/k1", "-o", "json"},
		{"history", "trend", "-v", "--store", "history.db"},
		{"history", "show", "-v", "--store", "history.db", "--seal", "past.tar", "-o", "json=past.json"},
		{"history", "export", "-v", "--store", "history.db", "-o", "history.jsonl"},
		{"history", "import", "-v", "--store", "other.db", "history.jsonl"},
		{"store", "prune", "-v", "--store", "other.db", "--keep", "400d"},
		{"collect", "-v"},
		{"collect", "-v", "--leaks", leaked.github},
		{"leaks", "-v", leaked.folder},
		{"leaks", "-v", "-o", "json", leaked.folder},
		{"leaks", "-v", "-o", "sarif", leaked.folder, leaked.gitleaks},
		{"explain", "--inventory", "inventory.json", "leaked-token", "contentful/spaces/shop/api_keys/k1"},
		{"doctor", "-v"},
		{"evaluate", "-v", "inventory.json"},
		{"evaluate", "-v", "--framework", "owasp-nhi", "--baseline", "json.out", "--previous", "inventory.json", "inventory.json"},
		{"evaluate", "-v", "--terraform-plan", "shop=plan.json", "-o", "json", "inventory.json"},
		{"evaluate", "-v", "--manifest", "tokens.yaml"},
		{"manifest", "init", "-v", "inventory.json"},
		{"drift", "-v", "--manifest", "tokens.yaml", "inventory.json"},
		{"explain", "-v", "unused-token", "contentful/organizations/acme/access_tokens/t-idle"},
		{"show", "-v", "--store", "history.db", "contentful/organizations/acme/access_tokens/t-idle"},
		{"merge", "-v", "inventory.json"},
		{"diff", "-v", "inventory.json", "json.out"},
		{"diff", "-o", "markdown", "inventory.json", "json.out"},
		{"gate", "-v", "json.out"},
		again,
		{"reviews", "todo", "-v", "inventory.json"},
		{"reviews", "todo", "-v", "-o", "json", "inventory.json"},
		{"reviews", "add", "-v", "-c", "owners.yaml", "t-idle", "--inventory", "inventory.json", "--decision", "keep", "--reviewer", "r", "--note", "n", "--at", "2026-11-22"},
		{"waivers", "check", "-v"},
		{"waivers", "add", "-v", "-c", "owners.yaml", "unused-token", "t-idle", "--inventory", "inventory.json", "--reason", "r", "--owner", "o", "--approved-by", "a", "--expires", "2027-01-31", "--at", "2026-11-22"},
		{"gaps", "accept", "-v", "-c", "owners.yaml", "contentful/spaces/shop", "api_keys", "--reason", "r", "--owner", "o", "--approved-by", "a", "--expires", "2027-01-31", "--at", "2026-11-22"},
		{"owners", "check", "-v", "-c", "owners.yaml", "inventory.json"},
		{"demo", "-v"},
		{"rules", "list", "-v"},
		{"rules", "show", "-v", "unused-token"},
		{"rules", "new", "-v", "ours"},
		{"rules", "test", "-v", "policies"},
		{"rules", "input", "-v", "--inventory", "inventory.json"},
		{"schema", "config", "-v"},
		{"completion", "bash", "-v"},
		{"version", "-v"},
		{"init", "-v", "fresh.yaml"},
	}
	for _, format := range output.FormatNames() {
		runs = append(runs, []string{"scan", "-v", "-o", format})
	}
	everyCommand(t, runs)
	for _, args := range runs {
		got := f.execute(t.Context(), args...)
		if got.code == 2 {
			t.Errorf("%s: %s", strings.Join(args, " "), got.err)
		}
		f.noSecret(t, strings.Join(args, " "), got)
		noHash(t, strings.Join(args, " "), got, hashes)
	}
	if dump := dumps(); emulator.ContainsSecret(dump) || holdsAny(dump, hashes) {
		t.Error("a dump of the goroutines holds a secret or a hash")
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

// everyCommand demands that each command there is has a run.
func everyCommand(t *testing.T, runs [][]string) {
	t.Helper()
	a := newProgram(ioStreams{out: io.Discard, err: io.Discard})
	ran := map[*cobra.Command]bool{}
	root := newRoot(a)
	for _, args := range runs {
		if cmd, _, err := root.Find(args); err == nil {
			ran[cmd] = true
		}
	}
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, below := range cmd.Commands() {
			visit(below)
		}
		if cmd.Runnable() && cmd.HasParent() && !cmd.HasSubCommands() && !ran[cmd] {
			t.Errorf("%s has no run", cmd.CommandPath())
		}
	}
	visit(root)
}

// plantedPlan is the plan of the sample repository with planted secrets in the
// places of its invented ones.
func plantedPlan(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../testdata/premerge/bad/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	planted := regexp.MustCompile(`"[^"]*FAKE[^"]*"`).ReplaceAllStringFunc(string(text), func(string) string {
		n++
		return `"` + contentfulSecret(fmt.Sprint("plan ", n)) + `"`
	})
	if n < 2 {
		t.Fatalf("the plan has only %d secrets", n)
	}
	return planted
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
		if err != nil || d.IsDir() || path == "plan.json" {
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
