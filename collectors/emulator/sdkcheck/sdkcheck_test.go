//go:build sdkcheck

// Package sdkcheck proves the emulators against clients that nobody here wrote:
// the official JavaScript SDKs of the three CMSes list, page and provoke errors, and
// what they say is compared with what was seeded.
//
// It needs Node and the packages of package.json; `make sdk-check` installs
// them and runs it.
package sdkcheck

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentful"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/contentstack"
	"github.com/tokenaudit/tokenaudit/collectors/emulator/datocms"
)

// given is what a script gets on its standard input.
type given struct {
	// URL answers with the real rate limit; FreeURL has none.
	URL, FreeURL string
	// Secrets by name.
	Secrets map[string]string
	// Seeded is what the emulator holds, in words of the script's own.
	Seeded any
}

func TestContentfulSDK(t *testing.T) {
	limited := contentful.New(contentfulSeed(), contentful.Options{})
	free := contentful.New(contentfulSeed(), contentful.Options{Options: emulator.Options{NoLimits: true}})
	run(t, "contentful.mjs", given{
		URL: serve(t, limited), FreeURL: serve(t, free),
		Secrets: map[string]string{
			"owner":       emulator.Secret(contentful.PersonalForm(), "owner"),
			"member":      emulator.Secret(contentful.PersonalForm(), "member"),
			"revoked":     emulator.Secret(contentful.PersonalForm(), "3"),
			"deliveryKey": emulator.Secret(contentful.KeyForm(), "key0"),
		},
		Seeded: seededContentful(free),
	})
	expectStatus(t, limited.Requests(), http.StatusTooManyRequests)
}

func TestContentstackSDK(t *testing.T) {
	limited := contentstack.New(contentstackSeed(), contentstack.Options{})
	free := contentstack.New(contentstackSeed(), contentstack.Options{Options: emulator.Options{NoLimits: true}})
	run(t, "contentstack.mjs", given{
		URL: serve(t, limited), FreeURL: serve(t, free),
		Secrets: map[string]string{
			"owner":     emulator.Secret(contentstack.UserForm(), "owner"),
			"developer": emulator.Secret(contentstack.UserForm(), "developer"),
			"apiKey":    emulator.Secret(contentstack.UserForm(), "shop"),
			"foreign":   emulator.Secret(emulator.PlainSecretForm(), "foreign"),
			"scanner":   emulator.Secret(contentstack.TokenForm(), "bltm000"),
		},
		Seeded: seededContentstack(free),
	})
	expectStatus(t, limited.Requests(), http.StatusTooManyRequests)
}

func TestDatoCMSSDK(t *testing.T) {
	limited := datocms.New(datoCMSSeed(), datocms.Options{})
	free := datocms.New(datoCMSSeed(), datocms.Options{Options: emulator.Options{NoLimits: true}})
	// The official client asks again for as long as an error calls itself transient.
	transient := emulator.Fault{Route: "GET /site", Times: 2, Act: datocms.Transient(http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE")}
	if err := limited.Inject(transient); err != nil {
		t.Fatal(err)
	}
	run(t, "datocms.mjs", given{
		URL: serve(t, limited), FreeURL: serve(t, free),
		Secrets: map[string]string{
			"admin":    emulator.Secret(datocms.TokenForm(), "300"),
			"editor":   emulator.Secret(datocms.TokenForm(), "301"),
			"delivery": emulator.Secret(datocms.TokenForm(), "400"),
		},
		Seeded: seededDatoCMS(free),
	})
	expectStatus(t, limited.Requests(), http.StatusTooManyRequests)
	expectStatus(t, limited.Requests(), http.StatusServiceUnavailable)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s, err := emulator.Serve(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.URL()
}

// run hands a script what is given and prints what it checked.
func run(t *testing.T, script string, g given) {
	t.Helper()
	input, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	node := exec.CommandContext(t.Context(), "node", script)
	node.Stdin, node.Stdout, node.Stderr = bytes.NewReader(input), &output, &output
	// The SDKs must not take a proxy for traffic to loopback.
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			node.Env = append(node.Env, variable)
		}
	}
	node.WaitDelay = 10 * time.Second
	err = node.Run()
	t.Logf("%s:\n%s", script, output.Bytes())
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// expectStatus makes sure that a script met what it was to survive.
func expectStatus(t *testing.T, requests []emulator.Request, status int) {
	t.Helper()
	for _, r := range requests {
		if r.Status == status {
			return
		}
	}
	t.Errorf("none of %d requests was answered %d", len(requests), status)
}
