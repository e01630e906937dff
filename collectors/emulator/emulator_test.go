package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/conc"
)

// noon is the time of all tests.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// answer is what a test sees of a response.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   any
}

// at walks a decoded body: strings are members, numbers are elements.
func (a answer) at(path ...any) any {
	value := a.body
	for _, step := range path {
		switch s := step.(type) {
		case string:
			o, _ := value.(map[string]any)
			value = o[s]
		case int:
			items, _ := value.([]any)
			if s >= len(items) {
				return nil
			}
			value = items[s]
		}
	}
	return value
}

// all gives one member of every element of a list.
func all(list any, path ...any) []any {
	var out []any
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, answer{body: item}.at(path...))
	}
	return out
}

// ask sends one request. Header lines are "Name: value"; a body is JSON text.
func ask(t *testing.T, h http.Handler, method, target, body string, header ...string) answer {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	if len(a.raw) > 0 && a.header.Get("Content-Encoding") == "" {
		_ = json.Unmarshal(a.raw, &a.body)
	}
	return a
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

func TestSecretsAreRecognised(t *testing.T) {
	forms := map[string]SecretForm{
		"contentful personal": ContentfulPersonalForm(), "contentful key": ContentfulKeyForm(),
		"contentstack token": ContentstackTokenForm(), "contentstack user": ContentstackUserForm(),
		"datocms token": DatoCMSTokenForm(), "plain": PlainSecretForm(),
	}
	for name, form := range forms {
		secret := Secret(form, "seed")
		if len(secret) != len(form.prefix)+form.length {
			t.Errorf("%s: %q has %d characters", name, secret, len(secret))
		}
		if secret != Secret(form, "seed") || secret == Secret(form, "other seed") {
			t.Errorf("%s: a secret depends on its seed and on nothing else", name)
		}
		if ContainsSecret([]byte(secret[len(secret)-4:])) {
			t.Errorf("%s: the last four characters of %q are shown on purpose and look like a leak", name, secret)
		}
		for shift := range 3 {
			text := strings.Repeat("x", shift) + secret + "tail"
			for encoding, leak := range map[string]string{
				"plain": text, "upper": strings.ToUpper(text), "hex": fmt.Sprintf("%x", text),
				"base64": base64Text(text),
			} {
				if !ContainsSecret([]byte(leak)) {
					t.Errorf("%s, %s, shift %d: %q is not recognised", name, encoding, shift, leak)
				}
			}
		}
	}
	if ContainsSecret([]byte("a report of 312 tokens, fingerprint 5ec2e7e")) {
		t.Error("ordinary text is taken for a secret")
	}
}

func TestWindows(t *testing.T) {
	steps := []struct {
		after       time.Duration
		ok          bool
		remaining   int
		wait        time.Duration
		description string
	}{
		{0, true, 1, 0, "first"},
		{600 * time.Millisecond, true, 0, 0, "second"},
		{300 * time.Millisecond, false, 0, 100 * time.Millisecond, "a third within the period"},
		{100 * time.Millisecond, true, 0, 0, "the first has left the window"},
		{0, false, 0, 600 * time.Millisecond, "the second is still in it"},
	}
	w, now := newWindow(time.Second, false), noon
	for _, s := range steps {
		now = now.Add(s.after)
		remaining, wait, ok := w.take("k", 2, now)
		equal(t, s.description, []any{ok, remaining, wait}, []any{s.ok, s.remaining, s.wait})
	}
	if _, _, ok := w.take("another key", 2, now); !ok {
		t.Error("keys share a window")
	}
	fixed := newWindow(time.Second, true)
	for range 2 {
		fixed.take("k", 2, noon.Add(900*time.Millisecond))
	}
	_, wait, ok := fixed.take("k", 2, noon.Add(950*time.Millisecond))
	equal(t, "fixed window, full", []any{ok, wait}, []any{false, 50 * time.Millisecond})
	if _, _, ok := fixed.take("k", 2, noon.Add(time.Second)); !ok {
		t.Error("a fixed window opens on the full period")
	}
}

func TestServeEndsWithItsContextAndWithClose(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{})
	begun := make(chan struct{})
	hang := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		close(begun)
		Hang()(w, r, next)
	}
	if err := c.Inject(Fault{Route: "/users/me", Act: hang}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Serve(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan error)
	go func() {
		_, err := http.Get(s.URL() + "/users/me")
		asked <- err
	}()
	<-begun
	cancel()
	if err := <-asked; err == nil {
		t.Error("a hanging request got an answer from a server that ended")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

func TestFaults(t *testing.T) {
	const route = "GET /spaces/{space}/api_keys"
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	// A kept connection that breaks is tried again by Go's client.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s, err := Serve(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	get := func() (*http.Response, []byte, error) {
		r, _ := http.NewRequest(http.MethodGet, s.URL()+"/spaces/shop/api_keys", nil)
		r.Header.Set("Authorization", "Bearer "+fixtureToken("owner"))
		response, err := client.Do(r)
		if err != nil {
			return nil, nil, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, 1<<22))
		return response, body, err
	}
	_, own, err := get()
	if err != nil || !json.Valid(own) {
		t.Fatalf("without a fault: %v, %s", err, own)
	}

	checks := []struct {
		name  string
		act   Action
		check func(*http.Response, []byte, error) bool
	}{
		{"respond", RespondJSON(http.StatusTeapot, `{"a":1}`), func(r *http.Response, b []byte, err error) bool {
			return err == nil && r.StatusCode == http.StatusTeapot && string(b) == `{"a":1}`
		}},
		{"redirect", Redirect(307, s.URL()+"/organizations"), func(r *http.Response, _ []byte, err error) bool {
			return err == nil && r.Request.URL.Path == "/organizations"
		}},
		{"disconnect", Disconnect(), func(_ *http.Response, _ []byte, err error) bool { return err != nil }},
		{"shorten", Shorten(0.5), func(_ *http.Response, b []byte, err error) bool {
			return err == nil && !json.Valid(b) && bytes.HasPrefix(own, b)
		}},
		{"break off", BreakOff(0.5), func(_ *http.Response, b []byte, err error) bool {
			return err != nil && len(b) == len(own)/2
		}},
		{"drip", Drip(time.Nanosecond), func(_ *http.Response, b []byte, err error) bool {
			return err == nil && bytes.Equal(b, own)
		}},
		{"delay", Delay(time.Nanosecond), func(_ *http.Response, b []byte, err error) bool {
			return err == nil && bytes.Equal(b, own)
		}},
		{"rewrite", Rewrite(func(body any) any { body.(map[string]any)["total"] = 99; return body }),
			func(_ *http.Response, b []byte, err error) bool {
				return err == nil && strings.Contains(string(b), `"total":99`)
			}},
		{"rewrite text", RewriteText(func(b []byte) []byte { return append(b, "\xff"...) }),
			func(_ *http.Response, b []byte, err error) bool {
				return err == nil && bytes.Equal(b, append(bytes.Clone(own), 0xff))
			}},
		{"flood", Flood(3 << 20), func(_ *http.Response, b []byte, err error) bool {
			return err == nil && len(b) >= 3<<20 && !json.Valid(b)
		}},
		{"endless gzip", EndlessGzip(), func(_ *http.Response, b []byte, err error) bool {
			return err == nil && len(b) == 1<<22
		}},
	}
	for _, tt := range checks {
		t.Run(tt.name, func(t *testing.T) {
			if err := c.Inject(Fault{Route: route, Times: 1, Act: tt.act}); err != nil {
				t.Fatal(err)
			}
			if r, b, err := get(); !tt.check(r, b, err) {
				t.Errorf("answer: %v, %d bytes %.80q, error %v", r, len(b), b, err)
			}
			if _, b, err := get(); err != nil || !bytes.Equal(b, own) {
				t.Errorf("after its one time the fault still acts: %v, %s", err, b)
			}
			c.ClearFaults()
		})
	}
}

func TestFaultsAreCountedAndNarrowed(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	second := func(r *http.Request) bool { return r.URL.Query().Get("skip") == "1" }
	err := c.Inject(
		Fault{Route: "/organizations/acme/access_tokens", Match: second, Act: RespondJSON(500, "{}")},
		Fault{Route: "GET /spaces", Skip: 1, Times: 1, Act: RespondJSON(503, "{}")},
	)
	if err != nil {
		t.Fatal(err)
	}
	var statuses []int
	for _, path := range []string{
		"/organizations/acme/access_tokens", "/organizations/acme/access_tokens?skip=1", "/spaces", "/spaces", "/spaces",
	} {
		statuses = append(statuses, ask(t, c, "GET", path, "", bearer("owner")).status)
	}
	if want := []int{200, 500, 200, 503, 200}; !slices.Equal(statuses, want) {
		t.Errorf("statuses: got %v, want %v", statuses, want)
	}
	requests := c.Requests()
	equal(t, "logged request", requests[1], Request{
		"GET", "/organizations/acme/access_tokens", "skip=1", "GET /organizations/{organization}/access_tokens", 500,
	})
	for _, route := range []string{"GET /nowhere", "/nowhere", "spaces"} {
		if err := c.Inject(Fault{Route: route, Act: Hang()}); err == nil {
			t.Errorf("a fault on %q can never act and was accepted", route)
		}
	}
}

// A client that reads slowly must not hold up the others: the state is free
// while an answer is sent.
func TestStateIsFreeWhileAnAnswerIsSent(t *testing.T) {
	cf, cs, dc := contentfulFixture(ContentfulOptions{}), contentstackFixture(ContentstackOptions{}), datoCMSFixture(DatoCMSOptions{})
	for name, tt := range map[string]struct {
		h      http.Handler
		update func()
		path   string
		header []string
	}{
		"Contentful":   {cf, func() { cf.Update(func(*ContentfulState) {}) }, "/spaces/shop/api_keys", []string{bearer("owner")}},
		"Contentstack": {cs, func() { cs.Update(func(*ContentstackState) {}) }, deliveryPath, []string{apiKey("shop"), authtoken("owner")}},
		"DatoCMS":      {dc, func() { dc.Update(func(*DatoCMSState) {}) }, "/access_tokens", project("310")},
	} {
		t.Run(name, func(t *testing.T) {
			sent := false
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				tt.h.ServeHTTP(&updatingWriter{w, func() { tt.update(); sent = true }}, r)
			})
			if a := ask(t, h, "GET", tt.path, "", tt.header...); a.status != http.StatusOK || !sent {
				t.Errorf("status %d, updated while sending: %t", a.status, sent)
			}
		})
	}
}

// updatingWriter changes the state whenever a part of an answer is sent.
type updatingWriter struct {
	http.ResponseWriter
	update func()
}

func (w *updatingWriter) Write(b []byte) (int, error) {
	w.update()
	return w.ResponseWriter.Write(b)
}

func TestReadsAndUpdatesMayRunAtOnce(t *testing.T) {
	c := contentfulFixture(ContentfulOptions{Options: Options{NoLimits: true}})
	var group conc.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 20 {
				ask(t, c, "GET", "/organizations/acme/access_tokens", "", bearer("owner"))
				c.Update(func(s *ContentfulState) {
					s.Tokens[i%len(s.Tokens)].Scopes = []string{ContentfulRead}
				})
			}
		})
	}
	group.Wait()
	if n := len(c.Requests()); n != 160 {
		t.Errorf("%d of 160 requests were logged", n)
	}
	if c.ForgetRequests(); len(c.Requests()) != 0 {
		t.Error("the log still holds requests")
	}
}

// tokenaudit only reads, so there is nothing to write to: a scan that tried would
// get an error in every test.
func TestEmulatorsAnswerReadsOnly(t *testing.T) {
	cms := DemoCompany(noon, Options{})
	for _, pattern := range slices.Concat(cms.Contentful.Routes(), cms.Contentstack.Routes(), cms.DatoCMS.Routes()) {
		if !strings.HasPrefix(pattern, "GET ") {
			t.Errorf("%s is not a read", pattern)
		}
	}
	equal(t, "a write", ask(t, cms.Contentful, "DELETE", "/users/me", "", "Authorization: Bearer "+cms.ContentfulToken).status, 404)
}
