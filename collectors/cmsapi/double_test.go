package cmsapi

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi/pacing"
)

// wire is a network on which a function answers. It needs no goroutine of its
// own, so it works in a bubble of synctest.
type wire func(r *http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// reply makes an answer; headers come as name, value pairs.
func reply(status int, body string, headers ...string) (*http.Response, error) {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, nil
}

func newSession(t *testing.T, o Options) *Session {
	t.Helper()
	s, err := NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

const credential = "CFPAT-s3cret-credential"

// newClient makes a client of w; change may be nil.
func newClient(t *testing.T, w wire, o Options, change func(*Config)) *Client {
	t.Helper()
	o.Transport = w
	c := Config{CMS: "paper", BaseURL: "https://api.paper.example",
		Authorize: func(h http.Header) { h.Set("Authorization", "Bearer "+credential) }}
	if change != nil {
		change(&c)
	}
	client, err := newSession(t, o).Client(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// get asks for /things and returns the error, which is nil or an *Error.
func get(t *testing.T, c *Client) (*Response, *Error) {
	t.Helper()
	var out struct {
		Items []string `json:"items"`
	}
	r, err := c.Get(t.Context(), Request{Path: "/things"}, &out)
	return r, AsError(err)
}

// sleepOrEnd waits as a server does, until the client gives up.
func sleepOrEnd(r *http.Request, d time.Duration) error { return pacing.Sleep(r.Context(), d) }
