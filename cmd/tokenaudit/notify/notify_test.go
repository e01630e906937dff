package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/cmd/tokenaudit/notify"
	"github.com/tokenaudit/tokenaudit/policies"
	"github.com/tokenaudit/tokenaudit/report"
	"github.com/tokenaudit/tokenaudit/report/reporttest"
)

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// hook is a webhook that answers with these statuses, the last one again and again.
type hook struct {
	*httptest.Server
	statuses []int
	header   http.Header
	bodies   []string
}

func newHook(t *testing.T, header http.Header, statuses ...int) *hook {
	t.Helper()
	h := &hook{statuses: statuses, header: header}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.URL.Path != "/services/s3cret" || r.URL.RawQuery != "sig=s3cret" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		status := h.statuses[min(len(h.bodies), len(h.statuses)-1)]
		h.bodies = append(h.bodies, string(body))
		for name := range h.header {
			w.Header().Set(name, h.header.Get(name))
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "s3cret answer")
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) target(kind notify.Type) notify.Target {
	return notify.Target{Type: kind, URL: func() string { return h.URL + "/services/s3cret?sig=s3cret" }}
}

func TestSend(t *testing.T) {
	for kind, member := range map[notify.Type]string{notify.Slack: "blocks", notify.Teams: "attachments", notify.Webhook: "items"} {
		h := newHook(t, nil, http.StatusOK)
		line, err := (&notify.Sender{Gate: report.DefaultGate()}).Send(t.Context(), h.target(kind), reporttest.Compared(t))
		if err != nil || line != "API tokens: 1 overdue, 1 new, 1 gone; the measurement is incomplete" || len(h.bodies) != 1 {
			t.Fatalf("%s: %q, %v, %d requests", kind, line, err, len(h.bodies))
		}
		var body map[string]any
		if err := json.Unmarshal([]byte(h.bodies[0]), &body); err != nil || body[member] == nil {
			t.Errorf("%s: %v in %s", kind, err, h.bodies[0])
		}
	}
}

// Attempts are bounded, and no error has the URL or the answer.
func TestSendFails(t *testing.T) {
	seconds := func(n int) http.Header { return http.Header{"Retry-After": {fmt.Sprint(n)}} }
	for name, tt := range map[string]struct {
		header   http.Header
		statuses []int
		requests int
		want     string
	}{
		"refused":             {nil, []int{404}, 1, "it answered 404 not found"},
		"busy once":           {seconds(1), []int{429, 200}, 2, ""},
		"broken twice":        {nil, []int{500, 503, 200}, 3, ""},
		"broken":              {nil, []int{502}, 3, "it answered 502 bad gateway"},
		"busy for long":       {seconds(3600), []int{429}, 1, "it answered 429 and asks to wait 1h0m0s"},
		"busy for a nonsense": {http.Header{"Retry-After": {"-5, soon"}}, []int{429, 200}, 2, ""},
		"a redirect":          {http.Header{"Location": {"https://evil.example/"}}, []int{302}, 1, "the response is a redirect, which is not followed: give the URL that it leads to"},
		"a redirect to it":    {http.Header{"Location": {"/services/s3cret?sig=s3cret"}}, []int{307}, 1, "the response is a redirect, which is not followed: give the URL that it leads to"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHook(t, tt.header, tt.statuses...)
			_, err := (&notify.Sender{Gate: report.DefaultGate(), Wait: noWait}).Send(t.Context(), h.target(notify.Slack), reporttest.Compared(t))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) || len(h.bodies) != tt.requests {
				t.Errorf("got %v after %d requests", err, len(h.bodies))
			}
		})
	}
}

func TestSendRefusesURLs(t *testing.T) {
	for _, text := range []string{"", "s3cret", "http://hooks.example.com/s3cret", "ftp://x/s3cret", "https://user:s3cret@x/", "https:///s3cret", "://s3cret", "http://127.0.0.1.example.com/s3cret", "https://x/%zzs3cret"} {
		target := notify.Target{Type: notify.Slack, URL: func() string { return text }}
		if _, err := (&notify.Sender{}).Send(t.Context(), target, reporttest.Compared(t)); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "must begin with https://") {
			t.Errorf("%q: %v", text, err)
		}
	}
	h := newHook(t, nil, http.StatusOK)
	h.Close()
	if _, err := (&notify.Sender{Wait: noWait}).Send(t.Context(), h.target(notify.Slack), reporttest.Compared(t)); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("nobody is there: %v", err)
	}
}

// What a server sends is quoted nowhere, however broken it is.
func TestSendQuotesNoServer(t *testing.T) {
	for _, answer := range []string{"s3cret\r\n\r\n", "HTTP/1.1 s3cret\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: s3cret\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: s3cret\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\ns3cret", ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(connection, answer)
			_ = connection.Close()
		}))
		target := notify.Target{Type: notify.Slack, URL: func() string { return server.URL + "/s3cret" }}
		_, err := (&notify.Sender{Gate: report.DefaultGate(), Wait: noWait}).Send(t.Context(), target, reporttest.Compared(t))
		server.Close()
		if err == nil || err.Error() != "the exchange with it broke off" {
			t.Errorf("%q: %v", answer, err)
		}
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer server.Close()
	target := notify.Target{Type: notify.Slack, URL: func() string { return server.URL + "/s3cret" }}
	if _, err := (&notify.Sender{Wait: noWait}).Send(t.Context(), target, reporttest.Compared(t)); err == nil || err.Error() != "its certificate is not trusted" {
		t.Errorf("got %v", err)
	}
}

// A target may want a part, and gets nothing where there is nothing to tell.
func TestSendTellsAPart(t *testing.T) {
	h := newHook(t, nil, http.StatusOK)
	target := h.target(notify.Webhook)
	target.MinSeverity = policies.Critical
	r := reporttest.Compared(t)
	if _, err := (&notify.Sender{Gate: report.DefaultGate()}).Send(t.Context(), target, r); err != nil || strings.Contains(h.bodies[0], `"severity":"low"`) || !strings.Contains(h.bodies[0], `"severity":"critical"`) {
		t.Errorf("%v, %s", err, h.bodies)
	}
	quiet := night(t, false, []string{"a"}, []string{"a"})
	if line, err := (&notify.Sender{Gate: report.DefaultGate()}).Send(t.Context(), target, quiet); err != nil || line != "nothing to tell" || len(h.bodies) != 1 {
		t.Errorf("%q, %v, %d requests", line, err, len(h.bodies))
	}
	blind := night(t, true, nil, []string{"a"})
	if line, err := (&notify.Sender{Gate: report.DefaultGate()}).Send(t.Context(), target, blind); err != nil || line != "API tokens: nothing new; the measurement is incomplete" || len(h.bodies) != 2 {
		t.Errorf("%q, %v, %d requests", line, err, len(h.bodies))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := (&notify.Sender{Gate: report.DefaultGate()}).Send(ctx, target, blind); err == nil || err.Error() != "it was not sent in time" {
		t.Errorf("got %v", err)
	}
}
