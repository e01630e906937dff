package cmsapi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// The promise is kept at the transport, where no collector can get around it.
func TestOnlyGETAndHEADLeaveTheProgram(t *testing.T) {
	t.Parallel()
	var sent []string
	session := newSession(t, Options{Transport: wire(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.Method+" "+r.URL.String())
		return reply(200, "")
	})})
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "get", ""} {
		r := &http.Request{Method: method, URL: &url.URL{Scheme: "https", Host: "api.paper.example", Path: "/" + method}}
		_, _ = session.transport.RoundTrip(r)
	}
	body := httptest.NewRequest(http.MethodGet, "https://api.paper.example/body", strings.NewReader("x"))
	_, _ = session.transport.RoundTrip(body)
	for _, plain := range []string{"http://api.paper.example/", "http://127.0.0.1.example/", "ftp://api.paper.example/", "http://10.0.0.1/", "http://[::2]/"} {
		_, _ = session.transport.RoundTrip(httptest.NewRequest(http.MethodGet, plain, nil))
	}
	for _, loopback := range []string{"http://127.0.0.1:1/", "http://localhost/", "http://[::1]/", "http://127.9.9.9/", "http://[::ffff:127.0.0.1]/"} {
		_, _ = session.transport.RoundTrip(httptest.NewRequest(http.MethodGet, loopback, nil))
	}
	want := "GET https://api.paper.example/GET, HEAD https://api.paper.example/HEAD, GET http://127.0.0.1:1/, GET http://localhost/, " +
		"GET http://[::1]/, GET http://127.9.9.9/, GET http://[::ffff:127.0.0.1]/"
	if got := strings.Join(sent, ", "); got != want {
		t.Errorf("sent %s", got)
	}
}

func TestBaseURLsAreChecked(t *testing.T) {
	t.Parallel()
	session := newSession(t, Options{})
	for _, good := range []string{"https://api.example.com", "https://api.example.com:8443/", "http://127.0.0.1:8080", "http://localhost:1"} {
		if _, err := session.Client(Config{CMS: "paper", BaseURL: good}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "api.example.com", "http://api.example.com", "https://", "https://user:s3cret@api.example.com", "ftp://api.example.com",
		"https://api.example.com/v3", "https://api.example.com?token=s3cret", "https://api.example.com#s3cret", "https://s3cret\x7f@x", "https://:443"} {
		_, err := session.Client(Config{CMS: "paper", BaseURL: bad})
		if err == nil {
			t.Errorf("%q was accepted", bad)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error quotes a secret: %v", err)
		}
	}
}

// The path cannot lead to another host, and an id not to another path.
func TestPathsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	var asked []string
	client := newClient(t, func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Host+" "+r.URL.RequestURI())
		return reply(200, "{}")
	}, Options{}, nil)
	for _, path := range []string{"//evil.example/x", "/a/../b", Path("/spaces/{}/keys/{}", "a/b?c#d", ".."), Path("/{}/{}", "{}", "é")} {
		if _, err := client.Get(t.Context(), Request{Path: path}, nil); err != nil {
			t.Error(err)
		}
	}
	want := "api.paper.example //evil.example/x, api.paper.example /a/../b, api.paper.example /spaces/a%2Fb%3Fc%23d/keys/%2E%2E, api.paper.example /%7B%7D/%C3%A9"
	if got := strings.Join(asked, ", "); got != want {
		t.Errorf("asked %s", got)
	}
	for _, bad := range []string{"", "x", "https://evil.example/", "/%zz"} {
		if _, err := client.Get(t.Context(), Request{Path: bad}, nil); AsError(err) == nil || AsError(err).Class != inventory.ErrInternal {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// A body that unpacks to more than the cap is not read to its end.
func TestTheCapCountsUnpackedBytes(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		block := bytes.Repeat([]byte{' '}, 1<<20)
		for r.Context().Err() == nil {
			if _, err := zip.Write(block); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	client, err := newSession(t, Options{MaxBody: 8 << 20}).Client(Config{CMS: "paper", BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, client); err == nil || err.Class != inventory.ErrTruncated {
		t.Errorf("got %v", err)
	}
}

func TestTheLogHoldsNoHeaderAndNoBody(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	client := newClient(t, func(*http.Request) (*http.Response, error) {
		return reply(200, `{"items":["b0dy"]}`, "X-Head", "h3ader")
	},
		Options{Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}, nil)
	if _, err := client.Get(t.Context(), Request{Path: "/spaces/" + credential, Query: url.Values{"q": {"qu3ry"}}}, nil); err != nil {
		t.Fatal(err)
	}
	line := out.String()
	for _, want := range []string{"level=DEBUG", "msg=request", "cms=paper", "method=GET", "host=api.paper.example", "path=/spaces/[REDACTED]", "status=200", "duration="} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %s", want, line)
		}
	}
	for _, secret := range []string{"b0dy", "h3ader", "qu3ry", "s3cret"} {
		if strings.Contains(line, secret) {
			t.Errorf("%q is in %s", secret, line)
		}
	}
}

// Whatever form the credential has on the wire, an error that echoes it is
// scrubbed.
func TestEchoedCredentialsAreScrubbed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"bearer":          {Authorize: func(h http.Header) { h.Set("Authorization", "Bearer s3cret-value") }},
		"basic":           {Authorize: func(h http.Header) { h.Set("Authorization", "Basic YWRtaW46czNjcmV0LXZhbHVl") }},
		"a header":        {Authorize: func(h http.Header) { h.Set("authtoken", "s3cret-value") }},
		"a client header": {Header: http.Header{"Api_key": {"s3cret-value"}}},
		"a longer twin":   {Authorize: func(h http.Header) { h.Set("authtoken", "s3cret") }, Header: http.Header{"Api_key": {"s3cret-value"}}},
	} {
		c.CMS, c.BaseURL = "paper", "https://api.paper.example"
		c.Classify = func(f Failure) *Error { return &Error{Message: string(f.Body)} }
		session := newSession(t, Options{Transport: wire(func(*http.Request) (*http.Response, error) {
			return reply(400, "bad: s3cret-value, YWRtaW46czNjcmV0LXZhbHVl, r3quest-header")
		})})
		client, err := session.Client(c)
		if err != nil {
			t.Fatal(err)
		}
		_, failed := client.Get(t.Context(), Request{Path: "/x", Header: http.Header{"X-Api-Key": {"r3quest-header"}}}, nil)
		text := failed.Error()
		if strings.Contains(text, "s3cret") || strings.Contains(text, "-value") || strings.Contains(text, "r3quest") {
			t.Errorf("%s: %s", name, text)
		}
		if name == "basic" && strings.Contains(text, "YWR") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// cmsBehindProxy is an https server that only the proxy of the test knows.
const cmsBehindProxy = "https://cms.example.com"

// TestThroughAProxyWithACompanyCA runs in a process of its own, because Go
// reads the environment of proxies once.
func TestThroughAProxyWithACompanyCA(t *testing.T) {
	t.Parallel()
	if os.Getenv("CMSAPI_PROXY_CHILD") != "" {
		askThroughTheProxy(t)
		return
	}
	var authorized atomic.Bool
	// The certificate of httptest is good for any name below example.com.
	cms := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorized.Store(r.Header.Get("Authorization") == "Bearer "+credential)
		_, _ = io.WriteString(w, `{}`)
	}))
	cms.Config.ErrorLog = log.New(io.Discard, "", 0)
	cms.StartTLS()
	defer cms.Close()
	var connects atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != "cms.example.com:443" || r.Header.Get("Authorization") != "" {
			t.Errorf("the proxy got %s %s", r.Method, r.Host)
		}
		connects.Add(1)
		tunnel(t, w, cms.Listener.Addr().String())
	}))
	defer proxy.Close()
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cms.Certificate().Raw})
	child := exec.Command(os.Args[0], "-test.run=^TestThroughAProxyWithACompanyCA$")
	child.Env = append(os.Environ(), "CMSAPI_PROXY_CHILD="+string(bundle), "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if connects.Load() != 2 || !authorized.Load() {
		t.Errorf("%d connections through the proxy, authorised: %v", connects.Load(), authorized.Load())
	}
}

func askThroughTheProxy(t *testing.T) {
	bundle := []byte(os.Getenv("CMSAPI_PROXY_CHILD"))
	ask := func(ca []byte) *Error {
		client, err := newSession(t, Options{CABundle: ca}).Client(Config{CMS: "paper", BaseURL: cmsBehindProxy,
			Authorize: func(h http.Header) { h.Set("Authorization", "Bearer "+credential) }})
		if err != nil {
			t.Fatal(err)
		}
		_, failed := get(t, client)
		return failed
	}
	if err := ask(nil); err == nil || !strings.Contains(err.Hint, "CA bundle") {
		t.Errorf("without the bundle: %v", err)
	}
	if err := ask(bundle); err != nil {
		t.Errorf("with the bundle: %v", err)
	}
}

// tunnel joins the client of a proxy with address.
func tunnel(t *testing.T, w http.ResponseWriter, address string) {
	upstream, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = upstream.Close() }()
	client, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = client.Close() }()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(upstream, bufio.NewReader(buffered))
		_ = upstream.Close()
	}()
	_, _ = io.Copy(client, upstream)
	_ = client.Close()
	<-done
}

func TestABundleWithoutCertificatesIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := NewSession(Options{CABundle: []byte("no certificate")}); err == nil || !strings.Contains(err.Error(), "no PEM certificate") {
		t.Errorf("got %v", err)
	}
}

// What is most often wrong with the address of a server of one's own comes with
// what to do.
func TestConnectionErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"Check the host and port of base_url, and that the server is running.":         &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)},
		"The server does not use TLS there: check the scheme and port of base_url.":    tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
		"Check base_url and region, and whether a proxy is needed (HTTPS_PROXY).":      &net.DNSError{Err: "no such host", Name: "cms.example", IsNotFound: true},
		"If a corporate proxy inspects TLS, pass its CA certificate as the CA bundle.": &tls.CertificateVerificationError{Err: errors.New("unknown authority")},
	} {
		if e := connectionError(&url.Error{Op: "Get", URL: "https://cms.example", Err: err}, "cms.example"); e.Hint != want || e.Class != inventory.ErrUnavailable {
			t.Errorf("%v: class %s, hint %q, want %q", err, e.Class, e.Hint, want)
		}
	}
	if e := AsError(context.Canceled); e.Hint != HintStopped {
		t.Errorf("a run that was stopped has the hint %q", e.Hint)
	}
}
