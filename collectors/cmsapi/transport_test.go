package cmsapi

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// planted is a secret of a list. It does not look like a credential, so nothing but
// silence hides it.
const planted = "hunTer2"

func quotes(text string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(planted))
}

// raw answers each connection with a text, whatever it asks, and closes it.
func raw(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var answering sync.WaitGroup
	answering.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			answering.Go(func() {
				defer c.Close()
				_, _ = c.Read(make([]byte, 4096))
				_, _ = io.WriteString(c, answer)
			})
		}
	})
	t.Cleanup(func() { l.Close(); answering.Wait() })
	return "http://" + l.Addr().String()
}

// Whatever of an answer is not HTTP, or not what was expected, is not quoted: not in
// the error, not in what lies below it, not in the log.
func TestBrokenAnswersAreNotQuoted(t *testing.T) {
	t.Parallel()
	log.SetOutput(io.Discard) // net/http quotes there what comes after an answer
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	const ok = "HTTP/1.1 200 OK\r\n"
	var asked sync.WaitGroup // all at once: what breaks off is asked for again seconds later
	defer asked.Wait()
	for name, answer := range map[string]string{
		"no HTTP":             planted + "\r\n\r\n",
		"version":             "HTTP/" + planted + " 200 OK\r\n\r\n",
		"status code":         "HTTP/1.1 " + planted + " OK\r\n\r\n",
		"status text":         "HTTP/1.1 403 " + planted + "\r\n\r\n",
		"unknown status":      "HTTP/1.1 499 " + planted + "\r\nContent-Length: 0\r\n\r\n",
		"no headers":          ok + planted,
		"no colon":            ok + planted + "\r\n\r\n",
		"header with a blank": ok + "X " + planted + ": x\r\n\r\n",
		"content length":      ok + "Content-Length: " + planted + "\r\n\r\n{}",
		"two lengths":         ok + "Content-Length: 2\r\nContent-Length: " + planted + "\r\n\r\n{}",
		"transfer encoding":   ok + "Transfer-Encoding: " + planted + "\r\n\r\n{}",
		"content encoding":    ok + "Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\n" + planted,
		"content type":        ok + "Content-Type: text/" + planted + "\r\nContent-Length: 1\r\n\r\n<",
		"a type of its own":   ok + "Content-Type: " + planted + "/x\r\nContent-Length: 1\r\n\r\n<",
		"chunk size":          ok + "Transfer-Encoding: chunked\r\n\r\n" + planted + "\r\n{}\r\n0\r\n\r\n",
		"chunk extension":     ok + "Transfer-Encoding: chunked\r\n\r\n2;" + planted + "\r\n{}x\r\n0\r\n\r\n",
		"after a chunk":       ok + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}" + planted + "\r\n0\r\n\r\n",
		"trailer":             ok + "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\n" + planted + "\r\n\r\n",
		"forbidden trailer":   ok + "Transfer-Encoding: chunked\r\nTrailer: " + planted + ", Content-Length\r\n\r\n0\r\n\r\n",
		"longer body":         ok + "Content-Length: 2\r\n\r\n{}" + planted,
		"redirect host":       "HTTP/1.1 302 Found\r\nLocation: https://" + planted + ".example/\r\n\r\n",
		"redirect user":       "HTTP/1.1 302 Found\r\nLocation: https://" + planted + "@evil.example/\r\n\r\n",
		"redirect scheme":     "HTTP/1.1 302 Found\r\nLocation: x" + planted + "://x/\r\n\r\n",
		"redirect path":       "HTTP/1.1 302 Found\r\nLocation: /" + planted + "\r\nContent-Length: 0\r\n\r\n",
		"redirect, broken":    "HTTP/1.1 302 Found\r\nLocation: http://[" + planted + "\r\nContent-Length: 0\r\n\r\n",
		"interim answers":     strings.Repeat("HTTP/1.1 103 Early\r\nLink: "+planted+"\r\n\r\n", 9) + ok + "\r\n",
		"upgrade":             "HTTP/1.1 101 Switching\r\nUpgrade: " + planted + "\r\nConnection: Upgrade\r\n\r\n",
		"retry after":         "HTTP/1.1 429 Slow\r\nRetry-After: " + planted + "\r\nContent-Length: 0\r\n\r\n",
		"failure":             "HTTP/1.1 400 Bad\r\nContent-Length: 18\r\n\r\n{\"code\":\"" + planted + "\"}",
		"broken body":         ok + "Content-Length: 19\r\n\r\n{\"items\":[" + planted + "]}",
		"body of another":     ok + "Content-Length: 23\r\n\r\n{\"items\":{\"" + planted + "\":1}}",
	} {
		var out bytes.Buffer
		session := newSession(t, Options{
			Timeout: 5 * time.Second, MaxWait: time.Millisecond, TotalWait: time.Millisecond,
			Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		client, err := session.Client(Config{CMS: "paper", BaseURL: raw(t, answer), Retry: func(Failure) bool { return false }})
		if err != nil {
			t.Fatal(err)
		}
		asked.Go(func() {
			_, failed := get(t, client)
			text := out.String()
			for err := error(failed); failed != nil && err != nil; err = errors.Unwrap(err) {
				text += fmt.Sprintf("%+v\n%#v\n", err, err.Error())
			}
			if quotes(text) {
				t.Errorf("%s: the answer is quoted:\n%s", name, text)
			}
		})
	}
}

// A collector may pass on what a server says, but nothing that looks like a
// credential.
func TestWordsOfTheServerHoldNoCredential(t *testing.T) {
	t.Parallel()
	const secret = "5ec2e7ed0c1b5ec2e7ed9f2a51"
	client := newClient(t, func(*http.Request) (*http.Response, error) { return reply(400, "the key "+secret+" is unknown") }, Options{}, func(c *Config) {
		c.Classify = func(f Failure) *Error { return &Error{Code: secret, Message: string(f.Body)} }
	})
	_, failed := get(t, client)
	if failed == nil || failed.Code != "" || failed.Message != "the key [REDACTED] is unknown" {
		t.Errorf("got %+v", failed)
	}
}

// The names in a certificate are the server's, and so are the words of a proxy.
func TestErrorsAreTheirTypesAlone(t *testing.T) {
	t.Parallel()
	certificate := &x509.Certificate{DNSNames: []string{planted}}
	verification := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, test := range []struct {
		err  error
		want string
	}{
		{verification(x509.HostnameError{Certificate: certificate, Host: "cms.example"}), "the server's certificate is for another host"},
		{verification(x509.UnknownAuthorityError{Cert: certificate}), "the server's certificate is signed by an authority that is not trusted"},
		{verification(x509.CertificateInvalidError{Cert: certificate, Reason: x509.Expired, Detail: planted}), "the server's certificate has expired or is not valid yet"},
		{verification(errors.New(planted)), "the server's certificate cannot be verified"},
		{tls.RecordHeaderError{Msg: planted}, "the server does not use TLS"},
		{errors.New("tls: " + planted), "the TLS handshake failed"},
		{&net.OpError{Op: "remote error", Err: errors.New(planted)}, "the TLS handshake failed"},
		{&net.DNSError{Err: planted, Name: planted}, `cannot resolve host "cms.example": the name server failed`},
		{&net.DNSError{Err: planted, Name: planted, IsNotFound: true}, `cannot resolve host "cms.example": no such host`},
		{&net.DNSError{Err: planted, Name: planted, IsTimeout: true}, `cannot resolve host "cms.example": the name server did not answer in time`},
		{&net.OpError{Op: "dial", Err: errors.New(planted)}, `cannot connect to host "cms.example:8443"`},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, `cannot connect to host "cms.example:8443": connection refused`},
		{&net.OpError{Op: "proxyconnect", Err: &net.DNSError{Name: planted}}, "the proxy cannot be used: cannot resolve its host: the name server failed"},
		{&net.OpError{Op: "socks connect", Err: errors.New(planted)}, "the proxy cannot be used: it did not connect"},
		{&proxyRefusal{407}, "the proxy refused the connection (status 407)"},
		{fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", errors.New(planted)), "the response is not valid HTTP"},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), "the server closed the connection"},
	} {
		e := connectionError(&url.Error{Op: "Get", URL: "https://" + planted, Err: test.err}, "cms.example:8443")
		if test.err.Error()[:4] == "tls:" {
			e = connectionError(test.err, "cms.example:8443")
		}
		if e.Message != test.want || quotes(e.Message+e.Hint) {
			t.Errorf("%v: got %q, want %q", test.err, e.Message, test.want)
		}
	}
}

func TestProxiesThatCannotBeUnderstoodAreRefused(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "http://proxy.example:3128": "", "proxy.example:3128": "", "http://user:s3cret@proxy.example": "", "socks5://localhost:1080": "", "https://[::1]:3128/": "",
		"http://[::1": "it is not a URL", "http://s3cret proxy": "it is not a URL", "http://user:s3cret@proxy:port": "it is not a URL", "http://%zzs3cret": "it is not a URL",
		"http://user:s3cret@": "no host", "://s3cret": "it is not a URL", "http://:3128": "no host", "ftp://proxy.example": "scheme", "socks4://proxy.example": "scheme",
		"http://proxy.example:70000": "port", "http://proxy.example:0": "port", "\x7fs3cret": "it is not a URL", "s3cret proxy": "it is not a URL",
	} {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
			err := checkProxies(func(n string) (string, bool) { return map[string]string{name: value}[n], n == name })
			switch {
			case want == "" && err == nil:
			case want == "" || err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want):
				t.Errorf("%s=%q: got %v, want %q", name, value, err, want)
			case strings.Contains(err.Error(), "s3cret"):
				t.Errorf("%s=%q: the value is quoted: %v", name, value, err)
			}
		}
	}
	for value, good := range map[string]bool{
		"": true, "*": true, "localhost, .example.com,10.0.0.0/8,[::1]:8080,*.example.org,": true,
		"10.0.0.0/99": false, "https://api.example.com": false, "localhost example.com": false, "a,b c": false,
	} {
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			err := checkProxies(func(n string) (string, bool) { return map[string]string{name: value}[n], n == name })
			if (err == nil) != good {
				t.Errorf("%s=%q: got %v", name, value, err)
			}
		}
	}
}

// No request goes around a proxy that somebody has set and Go does not understand.
func TestNoSessionWithABrokenProxy(t *testing.T) {
	t.Setenv("https_proxy", "http://user:s3cret@proxy:port")
	if _, err := NewSession(Options{}); err == nil || !strings.Contains(err.Error(), "https_proxy") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

// TestWhatAProxyAnswers runs in a process of its own, because Go reads the
// environment of proxies once.
func TestWhatAProxyAnswers(t *testing.T) {
	t.Parallel()
	if os.Getenv("CMSAPI_REFUSED_CHILD") != "" {
		client, err := newSession(t, Options{}).Client(Config{CMS: "paper", BaseURL: cmsBehindProxy})
		if err != nil {
			t.Fatal(err)
		}
		_, failed := get(t, client)
		if failed == nil || failed.Class != inventory.ErrUnavailable || failed.Hint != hintProxy ||
			!strings.Contains(failed.Message, "the proxy refused the connection (status 407)") || quotes(failed.Error()) {
			t.Errorf("got %v", failed)
		}
		return
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic realm="+planted)
		http.Error(w, planted, http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWhatAProxyAnswers$")
	child.Env = append(os.Environ(), "CMSAPI_REFUSED_CHILD=1", "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
