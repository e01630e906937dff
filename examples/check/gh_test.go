package check

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeGitHub answers what the nightly comparison asks of GitHub, on a socket that gh
// is told to use instead of the network. It knows two artifacts: run 44's is of a
// pull request, run 33's of a scheduled run.
type fakeGitHub struct {
	*testing.T
	// issues are the bodies of the issues that were opened.
	issues []string
}

func (g *fakeGitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const actions = "/repos/acme/shop/actions/"
	artifact := func(run, created string) string {
		return `{"id": ` + run + `, "name": "tokens-baseline", "expired": false, "size_in_bytes": 9, "created_at": "` + created +
			`", "archive_download_url": "https://api.github.com` + actions + `artifacts/` + run + `/zip", "workflow_run": {"id": ` + run + `}}`
	}
	answer := func(text string) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
	switch r.URL.Path {
	case actions + "artifacts":
		if r.Method != http.MethodGet || r.URL.Query().Get("name") != "tokens-baseline" {
			g.Errorf("%s %s", r.Method, r.URL)
		}
		answer(`{"total_count": 2, "artifacts": [` + artifact("33", "2026-11-21T03:40:00Z") + "," + artifact("44", "2026-11-22T03:40:00Z") + `]}`)
	case actions + "runs/44":
		answer(`{"id": 44, "event": "pull_request"}`)
	case actions + "runs/33":
		answer(`{"id": 33, "event": "schedule"}`)
	case actions + "runs/33/artifacts":
		answer(`{"total_count": 1, "artifacts": [` + artifact("33", "2026-11-21T03:40:00Z") + `]}`)
	case actions + "artifacts/33/zip":
		var b bytes.Buffer
		archive := zip.NewWriter(&b)
		file, err := archive.Create("report.json")
		if err == nil {
			_, err = io.WriteString(file, "{}")
		}
		if err != nil || archive.Close() != nil {
			g.Error("no archive")
		}
		_, _ = w.Write(b.Bytes())
	case "/graphql":
		var query struct {
			Query     string
			Variables struct{ Input struct{ Title, Body string } }
		}
		if err := json.NewDecoder(r.Body).Decode(&query); err != nil {
			g.Error(err)
		}
		if !strings.Contains(query.Query, "createIssue") {
			answer(`{"data": {"repository": {"id": "R", "name": "shop", "owner": {"login": "acme"}, "hasIssuesEnabled": true, "viewerPermission": "WRITE"}}}`)
			return
		}
		g.issues = append(g.issues, query.Variables.Input.Title+"\n"+query.Variables.Input.Body)
		answer(`{"data": {"createIssue": {"issue": {"id": "I", "url": "https://github.com/acme/shop/issues/1"}}}}`)
	default:
		g.Errorf("nothing answers %s %s", r.Method, r.URL)
		http.NotFound(w, r)
	}
}

// TestGitHubCLI runs the steps of the nightly comparison that call gh with gh itself.
func TestGitHubCLI(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("gh"); err != nil {
		t.Skip("there is no gh")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "github")
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	g := &fakeGitHub{T: t}
	server := &http.Server{Handler: g}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	write(t, dir, "config.yml", "http_unix_socket: "+socket+"\n")
	var w struct {
		Jobs map[string]struct{ Steps []step }
	}
	parse(t, "../schedule/github/nightly-diff.yml", &w)
	work := t.TempDir()
	if err := os.Mkdir(filepath.Join(work, "difference"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(work, "difference"), "difference.md", "what is new\n")
	for _, job := range []string{"scan", "issue"} {
		for _, s := range w.Jobs[job].Steps {
			if !strings.Contains(s.Run, "gh ") {
				continue
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-ec", s.Run)
			cmd.Dir, cmd.Env = work, append(os.Environ(), "GH_TOKEN=x", "GH_CONFIG_DIR="+dir, "GITHUB_REPOSITORY=acme/shop", "NO_COLOR=1", "GH_NO_UPDATE_NOTIFIER=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", s.Name, err, out)
			}
		}
	}
	if got := read(t, filepath.Join(work, "yesterday", "report.json")); got != "{}" {
		t.Errorf("the baseline is %q", got)
	}
	if len(g.issues) != 1 || g.issues[0] != "Tokens: what newly fails\nwhat is new\n" {
		t.Errorf("the issues are %q", g.issues)
	}
}
