package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
)

// TestBadServers: whatever one CMS answers, the other ones get their verdicts,
// and the table says first what is missing and why.
func TestBadServers(t *testing.T) {
	html := func(status int) emulator.Action {
		return emulator.Respond(status, http.Header{"Content-Type": {"text/html"}}, "<html><body>Sign in</body></html>")
	}
	for _, test := range []struct {
		name  string
		act   emulator.Action
		class string
	}{
		{"401", emulator.RespondJSON(401, `{}`), "unauthorized"},
		{"403", emulator.RespondJSON(403, `{}`), "permission_denied"},
		{"404", emulator.RespondJSON(404, `{}`), "not_found"},
		{"412", emulator.RespondJSON(412, `{}`), ""},
		{"429", emulator.Respond(429, http.Header{"Retry-After": {"3600"}}, ""), "rate_limited"},
		{"500", emulator.RespondJSON(500, `{}`), "unavailable"},
		{"502 with HTML", html(502), "unavailable"},
		{"503 without a body", emulator.Respond(503, nil, ""), "unavailable"},
		{"HTML instead of JSON", html(200), "unreadable"},
		{"cut-off JSON", emulator.Shorten(0.5), "truncated"},
		{"closed connection", emulator.Disconnect(), "unavailable"},
	} {
		inBubble(t, test.name, func(t *testing.T, f *fixture) {
			if err := f.cms["contentful"].Inject(emulator.Fault{Act: test.act}); err != nil {
				t.Fatal(err)
			}
			got := f.execute(t.Context(), "scan", "--total-wait", "1s", "--max-wait", "1s")
			if got.code != 1 {
				t.Errorf("exit code %d, want 1 for the findings of the other sources\n%s", got.code, got.err)
			}
			if !strings.HasPrefix(strings.TrimSpace(got.out), "NOT READ: ") {
				t.Errorf("the table does not begin with what is missing:\n%s", got.out)
			}
			if test.class != "" && !strings.Contains(got.out, ": "+test.class+": ") {
				t.Errorf("the class %s is not told:\n%s", test.class, got.out)
			}
			if !strings.Contains(got.out, "contentstack/stacks/bltstack/management_tokens/bltm1") {
				t.Errorf("another CMS lost its findings:\n%s", got.out)
			}
			if incomplete := f.execute(t.Context(), "scan", "--fail-on", "none", "--total-wait", "1s", "--max-wait", "1s"); incomplete.code != 3 {
				t.Errorf("exit code %d without a threshold, want 3", incomplete.code)
			}
		})
	}
}

// TestInterruption: what was seen before the interruption is still judged and
// reported, the rest is marked as missing, and the exit code says incomplete.
func TestInterruption(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	hang := emulator.Action(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		cancel()
		<-r.Context().Done()
	})
	if err := f.cms["contentful"].Inject(emulator.Fault{Route: "GET /spaces/{space}/api_keys", Act: hang}); err != nil {
		t.Fatal(err)
	}
	got := f.execute(ctx, "scan", "--fail-on", "none", "-o", "json", "--save-inventory", "inventory.json")
	if got.code != 3 {
		t.Errorf("exit code %d, want 3", got.code)
	}
	if !strings.Contains(got.err, "tokenaudit: interrupted; what was seen until then follows") {
		t.Errorf("stderr: %s", got.err)
	}
	if !strings.Contains(got.out, `"complete": false`) || !strings.Contains(got.out, "contentful/spaces/shop") {
		t.Errorf("the report does not say what is missing:\n%s", got.out)
	}
	if saved := f.execute(t.Context(), "evaluate", "inventory.json", "--fail-on", "none"); saved.code != 3 {
		t.Errorf("the saved inventory gives exit code %d, want 3: %s", saved.code, saved.err)
	}
}

// TestInterruptedEvaluation: half an inventory gives no verdict.
func TestInterruptedEvaluation(t *testing.T) {
	f := newFixture(t)
	if got := f.execute(t.Context(), "collect", "-o", "inventory.json"); got.code != 0 {
		t.Fatal(got.err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := f.execute(ctx, "evaluate", "inventory.json", "-o", "json=report.json")
	if got.code != 2 || got.err != "tokenaudit: interrupted; there is no verdict\n" || got.out != "" {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat("report.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a report was left behind: %v", err)
	}
}

// TestTimeout: the time limit of a run acts like an interruption.
func TestTimeout(t *testing.T) {
	inBubble(t, "hanging server", func(t *testing.T, f *fixture) {
		if err := f.cms["contentful"].Inject(emulator.Fault{Act: emulator.Hang()}); err != nil {
			t.Fatal(err)
		}
		write(t, "tokenaudit.yaml", f.config()+"limits: {timeout: 1h}\n")
		got := f.execute(t.Context(), "scan", "--timeout", "5s")
		if got.code != 1 || !strings.Contains(got.out, "NOT READ: ") || !strings.Contains(got.out, "contentstack/stacks/bltstack/management_tokens/bltm1") {
			t.Errorf("exit code %d\n%s", got.code, got.out)
		}
		if !strings.Contains(got.err, "tokenaudit: the time limit was reached") {
			t.Errorf("stderr: %s", got.err)
		}
	})
}
