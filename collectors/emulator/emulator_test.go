package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/emulator/cmstest"
)

// fixture is an emulator of two routes, without rate limits.
func fixture() *Core {
	c := NewCore(Options{NoLimits: true})
	for _, pattern := range []string{"GET /spaces/{space}/keys", "GET /spaces"} {
		c.Handle(pattern, func(w http.ResponseWriter, r *http.Request) {
			c.Write(w, r, OK(Object{"total": 2, "items": []Object{{"name": "Website"}, {"name": "Old"}}}).Freeze())
		})
	}
	c.Handle("", http.NotFound)
	return c
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
	w, now := NewWindow(time.Second, false), cmstest.Noon()
	for _, s := range steps {
		now = now.Add(s.after)
		remaining, wait, ok := w.Take("k", 2, now)
		cmstest.Equal(t, s.description, []any{ok, remaining, wait}, []any{s.ok, s.remaining, s.wait})
	}
	if _, _, ok := w.Take("another key", 2, now); !ok {
		t.Error("keys share a window")
	}
	fixed := NewWindow(time.Second, true)
	for range 2 {
		fixed.Take("k", 2, cmstest.Noon().Add(900*time.Millisecond))
	}
	_, wait, ok := fixed.Take("k", 2, cmstest.Noon().Add(950*time.Millisecond))
	cmstest.Equal(t, "fixed window, full", []any{ok, wait}, []any{false, 50 * time.Millisecond})
	if _, _, ok := fixed.Take("k", 2, cmstest.Noon().Add(time.Second)); !ok {
		t.Error("a fixed window opens on the full period")
	}
}

func TestServeEndsWithItsContextAndWithClose(t *testing.T) {
	c := fixture()
	begun := make(chan struct{})
	hang := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		close(begun)
		Hang()(w, r, next)
	}
	if err := c.Inject(Fault{Route: "/spaces", Act: hang}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Serve(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan error)
	go func() {
		_, err := http.Get(s.URL() + "/spaces")
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
	const route = "GET /spaces/{space}/keys"
	c := fixture()
	// A kept connection that breaks is tried again by Go's client.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	s, err := Serve(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	get := func() (*http.Response, []byte, error) {
		r, _ := http.NewRequest(http.MethodGet, s.URL()+"/spaces/shop/keys", nil)
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
		{"redirect", Redirect(307, s.URL()+"/spaces"), func(r *http.Response, _ []byte, err error) bool {
			return err == nil && r.Request.URL.Path == "/spaces"
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
	c := fixture()
	second := func(r *http.Request) bool { return r.URL.Query().Get("skip") == "1" }
	err := c.Inject(
		Fault{Route: "/spaces/shop/keys", Match: second, Act: RespondJSON(500, "{}")},
		Fault{Route: "GET /spaces", Skip: 1, Times: 1, Act: RespondJSON(503, "{}")},
	)
	if err != nil {
		t.Fatal(err)
	}
	var statuses []int
	for _, path := range []string{
		"/spaces/shop/keys", "/spaces/shop/keys?skip=1", "/spaces", "/spaces", "/spaces",
	} {
		statuses = append(statuses, cmstest.Get(t, c, path).Status)
	}
	if want := []int{200, 500, 200, 503, 200}; !slices.Equal(statuses, want) {
		t.Errorf("statuses: got %v, want %v", statuses, want)
	}
	requests := c.Requests()
	cmstest.Equal(t, "logged request", requests[1], Request{
		"GET", "/spaces/shop/keys", "skip=1", "GET /spaces/{space}/keys", 500,
	})
	for _, route := range []string{"GET /nowhere", "/nowhere", "spaces"} {
		if err := c.Inject(Fault{Route: route, Act: Hang()}); err == nil {
			t.Errorf("a fault on %q can never act and was accepted", route)
		}
	}
}
