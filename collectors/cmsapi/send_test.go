package cmsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

func TestFailuresAreClassifiedAndRetriedWithinBounds(t *testing.T) {
	t.Parallel()
	broken := &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	tests := map[string]struct {
		answer func(n int, r *http.Request) (*http.Response, error)
		change func(*Config)
		class  inventory.ErrorClass // empty for success
		asked  int
		says   string
	}{
		"success":            {func(int, *http.Request) (*http.Response, error) { return reply(200, `{"items":[]}`) }, nil, "", 1, ""},
		"401":                {status(401), nil, inventory.ErrUnauthorized, 1, "Unauthorized"},
		"403":                {status(403), nil, inventory.ErrPermissionDenied, 1, "Forbidden"},
		"404":                {status(404), nil, inventory.ErrNotFound, 1, "Not Found"},
		"409":                {status(409), nil, inventory.ErrUnavailable, 1, "Conflict"},
		"412":                {status(412), nil, inventory.ErrUnreadable, 1, "Precondition Failed"},
		"a status of nobody": {status(599), nil, inventory.ErrUnavailable, 1, "the server refused the request"},
		"500":                {status(500), nil, inventory.ErrUnavailable, 3, "Internal Server Error"},
		"503, then well": {func(n int, _ *http.Request) (*http.Response, error) {
			return reply(map[bool]int{true: 503, false: 200}[n < 3], `{}`)
		}, nil, "", 3, ""},
		"not worth a retry":   {status(502), func(c *Config) { c.Retry = func(Failure) bool { return false } }, inventory.ErrUnavailable, 1, "Bad Gateway"},
		"a transient 422":     {status(422), func(c *Config) { c.Retry = func(f Failure) bool { return f.Status == 422 } }, inventory.ErrUnreadable, 3, "Unprocessable"},
		"a broken connection": {func(int, *http.Request) (*http.Response, error) { return nil, broken }, nil, inventory.ErrUnavailable, 3, "connection reset"},
		"broken once": {func(n int, _ *http.Request) (*http.Response, error) {
			if n == 1 {
				return nil, broken
			}
			return reply(200, `{}`)
		}, nil, "", 2, ""},
		"never answers":   {func(_ int, r *http.Request) (*http.Response, error) { return nil, sleepOrEnd(r, 1e6*time.Hour) }, nil, inventory.ErrTimeout, 2, "no complete response in time"},
		"a byte a second": {func(_ int, r *http.Request) (*http.Response, error) { return endless(r, time.Second, 1), nil }, nil, inventory.ErrTimeout, 2, "no complete response in time"},
		"an endless body": {func(_ int, r *http.Request) (*http.Response, error) { return endless(r, 0, 1<<10), nil }, nil, inventory.ErrTruncated, 1, "larger than 1 MiB"},
		"a claim of 2 GiB": {func(_ int, r *http.Request) (*http.Response, error) {
			a := endless(r, time.Hour, 1)
			a.ContentLength = 2 << 30
			return a, nil
		}, nil, inventory.ErrTruncated, 1, "larger than 1 MiB"},
		"a body that breaks": {func(_ int, _ *http.Request) (*http.Response, error) { return breaking(`{"items":[`), nil }, nil, inventory.ErrTruncated, 3, "was cut off"},
		"HTML": {func(int, *http.Request) (*http.Response, error) {
			return reply(200, "<html>", "Content-Type", "text/html; charset=utf-8")
		}, nil, inventory.ErrUnreadable, 1, "not JSON but text/html"},
		"an empty body":        {func(int, *http.Request) (*http.Response, error) { return reply(200, "") }, nil, inventory.ErrUnreadable, 1, "empty"},
		"cut JSON":             {func(int, *http.Request) (*http.Response, error) { return reply(200, `{"items":["a"`) }, nil, inventory.ErrTruncated, 1, "is cut off"},
		"broken JSON":          {func(int, *http.Request) (*http.Response, error) { return reply(200, `{"items":[}`) }, nil, inventory.ErrUnreadable, 1, "invalid JSON in the response at byte 11"},
		"two documents":        {func(int, *http.Request) (*http.Response, error) { return reply(200, `{} {}`) }, nil, inventory.ErrUnreadable, 1, "invalid JSON in the response at byte"},
		"another type":         {func(int, *http.Request) (*http.Response, error) { return reply(200, `["s3cret"]`) }, nil, inventory.ErrUnreadable, 1, "the response is a JSON array"},
		"another type within":  {func(int, *http.Request) (*http.Response, error) { return reply(200, `{"items":"s3cret"}`) }, nil, inventory.ErrUnreadable, 1, "items in the response is a string"},
		"too deep":             {func(int, *http.Request) (*http.Response, error) { return reply(200, strings.Repeat("[", 20000)) }, nil, inventory.ErrUnreadable, 1, "invalid JSON in the response at byte"},
		"invalid UTF-8":        {func(int, *http.Request) (*http.Response, error) { return reply(200, "{\"items\":[\"a\xff\"]}") }, nil, "", 1, ""},
		"a byte order mark":    {func(int, *http.Request) (*http.Response, error) { return reply(200, "\xef\xbb\xbf{}") }, nil, "", 1, ""},
		"another host":         {redirect("https://evil.example/things"), nil, inventory.ErrUnreadable, 1, "a redirect to another host was refused"},
		"another port":         {redirect("https://api.paper.example:444/things"), nil, inventory.ErrUnreadable, 1, "another port"},
		"to www":               {redirect("https://www.api.paper.example/things"), nil, inventory.ErrUnreadable, 1, "another host (www.api.paper.example)"},
		"to plain http":        {redirect("http://api.paper.example/things"), nil, inventory.ErrUnreadable, 1, "to http, which is not encrypted, was refused"},
		"a host by //":         {redirect("//evil.example/things"), nil, inventory.ErrUnreadable, 1, "another host"},
		"no target":            {redirect(""), nil, inventory.ErrUnreadable, 1, "without a valid target"},
		"in a circle":          {redirect("/things"), nil, inventory.ErrUnreadable, 6, "too many redirects"},
		"to the same host":     {moved("/elsewhere?x=1"), nil, "", 2, ""},
		"to the same, by name": {moved("https://API.paper.example:443/elsewhere?x=1"), nil, "", 2, ""},
		"304":                  {status(304), nil, inventory.ErrUnreadable, 1, "Not Modified"},
		"429 for ever":         {limited("Retry-After", "1"), nil, inventory.ErrRateLimited, 10, "10 times in a row"},
		"429 with a date":      {limited("Retry-After", "Sat, 01 Jan 2000 00:00:05 GMT"), nil, inventory.ErrRateLimited, 10, "10 times in a row"},
		"429 without headers":  {limited(), nil, inventory.ErrRateLimited, 10, "10 times in a row"},
		"429 with nonsense":    {limited("Retry-After", "soon"), nil, inventory.ErrRateLimited, 10, "10 times in a row"},
		"429 for too long":     {limited("Retry-After", "900"), nil, inventory.ErrRateLimited, 1, "asks for a wait of 15m0s: the limit is 1m0s"},
		"429 until a far date": {limited("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"), nil, inventory.ErrRateLimited, 1, "asks for a wait of 8760h0m0s"},
		"429 for ages":         {limited("Retry-After", "99999999999999999999"), nil, inventory.ErrRateLimited, 1, "asks for a wait of 8760h0m0s"},
		"429, below zero":      {limited("Retry-After", "-5"), nil, inventory.ErrRateLimited, 10, "10 times in a row"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				client := newClient(t, func(r *http.Request) (*http.Response, error) { asked++; return test.answer(asked, r) },
					Options{MaxBody: 1 << 20}, test.change)
				_, err := get(t, client)
				if asked != test.asked {
					t.Errorf("asked %d times, want %d", asked, test.asked)
				}
				switch {
				case (err == nil) != (test.class == ""):
					t.Fatalf("got %v", err)
				case err == nil:
					return
				}
				if err.Class != test.class || err.Path != "/things" || !strings.Contains(err.Message, test.says) {
					t.Errorf("got %s: %v, want %s: %s", err.Class, err, test.class, test.says)
				}
				if strings.Contains(err.Error(), "s3cret") {
					t.Errorf("the error quotes the answer: %v", err)
				}
			})
		})
	}
}

func status(code int) func(int, *http.Request) (*http.Response, error) {
	return func(int, *http.Request) (*http.Response, error) { return reply(code, "s3cret words of the server") }
}

func limited(headers ...string) func(int, *http.Request) (*http.Response, error) {
	return func(int, *http.Request) (*http.Response, error) { return reply(429, "", headers...) }
}

func redirect(to string) func(int, *http.Request) (*http.Response, error) {
	return func(int, *http.Request) (*http.Response, error) { return reply(302, "", "Location", to) }
}

// moved redirects once, and answers only what was moved, with the credential.
func moved(to string) func(int, *http.Request) (*http.Response, error) {
	return func(n int, r *http.Request) (*http.Response, error) {
		if n == 1 {
			return reply(308, "", "Location", to)
		}
		if r.URL.RequestURI() != "/elsewhere?x=1" || r.Header.Get("Authorization") == "" || r.URL.Scheme != "https" {
			return reply(400, "")
		}
		return reply(200, `{}`)
	}
}

// endless makes a body that goes on with chunk bytes after each pause.
func endless(r *http.Request, pause time.Duration, chunk int) *http.Response {
	body := readerFunc(func(p []byte) (int, error) {
		if err := sleepOrEnd(r, pause); err != nil {
			return 0, err
		}
		n := min(chunk, len(p))
		for i := range p[:n] {
			p[i] = ' '
		}
		return n, nil
	})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: -1}
}

func breaking(body string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: -1,
		Body: io.NopCloser(io.MultiReader(strings.NewReader(body), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF })))}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestTheWaitsOfADomainAreBoundedInTotal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Two waits of 50 s and a tenth more at most fit in, and a third never does.
		asked := 0
		client := newClient(t, func(*http.Request) (*http.Response, error) { asked++; return reply(429, "", "Retry-After", "50") },
			Options{TotalWait: 2 * time.Minute}, nil)
		began := time.Now()
		_, err := get(t, client)
		if err == nil || err.Class != inventory.ErrRateLimited || !strings.Contains(err.Message, "would take more than 2m0s") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); asked != 3 || took < 100*time.Second || took > 2*time.Minute {
			t.Errorf("asked %d times in %v", asked, took)
		}
	})
}

// A domain that was given up is left alone: what comes later ends at once, and
// nothing is sent until the time the server has named.
func TestADomainThatIsGivenUpIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			if asked++; asked == 1 {
				return reply(429, "", "Retry-After", "900")
			}
			return reply(200, `{}`)
		}, Options{}, nil)
		began := time.Now()
		for range 5 {
			if _, err := get(t, client); err == nil || err.Class != inventory.ErrRateLimited || err.Hint == "" {
				t.Errorf("got %v", err)
			}
		}
		if asked != 1 || time.Since(began) != 0 {
			t.Errorf("asked %d times in %v", asked, time.Since(began))
		}
		time.Sleep(901 * time.Second)
		if _, err := get(t, client); err != nil {
			t.Errorf("after the time: %v", err)
		}
	})
}

// The end of the context ends every wait at once, and is not dressed up as a
// failure of the CMS.
func TestTheEndOfTheContextEndsEveryWait(t *testing.T) {
	t.Parallel()
	tests := map[string]wire{
		"the answer":   func(r *http.Request) (*http.Response, error) { return nil, sleepOrEnd(r, time.Hour) },
		"the body":     func(r *http.Request) (*http.Response, error) { return endless(r, time.Second, 1), nil },
		"a pause":      func(*http.Request) (*http.Response, error) { return reply(429, "", "Retry-After", "50") },
		"the next try": func(*http.Request) (*http.Response, error) { return reply(503, "", "Retry-After", "50") },
		"the limiter":  func(*http.Request) (*http.Response, error) { return reply(301, "", "Location", "/things") },
	}
	for name, w := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, w, Options{Timeout: time.Minute}, func(c *Config) { c.Limit.Rate = 0.2 })
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				_, err := client.Get(ctx, Request{Path: "/things"}, nil)
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
					t.Errorf("ended with %v after %v", err, time.Since(began))
				}
				if e := (*Error)(nil); errors.As(err, &e) {
					t.Errorf("the end of the run is an error of the CMS: %v", e)
				}
			})
		})
	}
}

func TestServersAreAskedAgainAfterWhatTheySay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			return reply(503, "", "Retry-After", "20")
		}, Options{}, nil)
		_, _ = get(t, client)
		if gap := at[1].Sub(at[0]); len(at) != 3 || gap < 20*time.Second || gap > 23*time.Second {
			t.Errorf("asked at %v", at)
		}
	})
}

func TestClassifyDecidesAndIsCleanedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, func(*http.Request) (*http.Response, error) {
			return reply(403, "your token "+credential+" is bad")
		}, Options{}, func(c *Config) {
			c.Classify = func(f Failure) *Error {
				return &Error{Class: inventory.ErrUnauthorized, Code: "Bad-Code",
					Message: "\x1b[31m" + string(f.Body) + "\u202e\r\n" + strings.Repeat("x ", 5000), Hint: "Use " + credential, Err: fmt.Errorf("inner %s", credential)}
			}
		})
		response, err := get(t, client)
		if response == nil || response.Status != 403 || err.Class != inventory.ErrUnauthorized || err.Status != 403 {
			t.Fatalf("got %v, %+v", response, err)
		}
		if err.Code != "Bad-Code" || !strings.HasPrefix(err.Message, "[31myour token [REDACTED] is bad x x") || len([]rune(err.Message)) > 301 {
			t.Errorf("got %q, %q", err.Code, err.Message)
		}
		if all := fmt.Sprintf("%+v %v %v %v", *err, err, err.Hint, err.Err); strings.Contains(all, "s3cret") {
			t.Errorf("the credential is in %s", all)
		}
	})
}
