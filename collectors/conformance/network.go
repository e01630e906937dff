package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors"
	"github.com/tokenaudit/tokenaudit/collectors/cmsapi"
	"github.com/tokenaudit/tokenaudit/collectors/instance"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// address is where the server seems to be; nothing is ever dialled.
	address = "127.0.0.1:4010"
	baseURL = "http://" + address
	// maxBody is the cap on answers; small, so that endless ones end soon.
	maxBody = 1 << 20
	// maxPages is the cap on the pages of a list; small for the same reason.
	maxPages = 50
	// tooLong is the fake time after which a run counts as hanging.
	tooLong = 2 * time.Hour
)

// now is when every source is collected, whatever a fault costs.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// outcome is what came of one run.
type outcome struct {
	sources map[string]inventory.Source
	// written are the sources as JSON, which is much quicker to compare.
	written  map[string]string
	requests []request
	// asked are the paths of all requests, as they were sent.
	asked map[string]bool
	// hit counts the requests that met the fault.
	hit int
	// memory is how many bytes the run has taken at most; 0 where the fault is none
	// whose memory is measured. served is how many it was sent.
	memory, served int
	problems       []string
}

func (o outcome) ids() []string { return slices.Sorted(maps.Keys(o.sources)) }

func (o outcome) tokens() int {
	n := 0
	for _, s := range o.sources {
		n += len(s.Tokens)
	}
	return n
}

// identity tells apart whom a request concerns.
type identity struct{ path, headers string }

type request struct {
	identity
	body []byte
}

// run collects everything once, in a bubble, with the fault of a case, or with
// none.
func (s *suite) run(t *testing.T, c *testCase) outcome {
	t.Helper()
	var o outcome
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now))
		w := newFakeNetwork(s, c)
		defer w.close()
		o = w.collect(t.Context())
	})
	return o
}

// fakeNetwork is a server, a network in memory, and what is seen on it.
type fakeNetwork struct {
	target  Target
	folder  string
	fault   *testCase
	healthy *answers
	// earlier are the sources of a run that is gone on with; nil for none.
	earlier []inventory.Source
	server  *http.Server
	pipes   *pipes
	client  http.RoundTripper
	served  chan struct{}

	mu       sync.Mutex
	requests []request
	asked    map[string]bool
	// sent are the credentials that have arrived.
	sent      map[string]bool
	hit       int
	sentBytes int
	problems  []string
}

func newFakeNetwork(s *suite, c *testCase) *fakeNetwork {
	w := &fakeNetwork{target: s.target, folder: folderOf(s.target.Definition), asked: map[string]bool{}, sent: map[string]bool{}, fault: c, healthy: &s.answers, pipes: newPipes(), served: make(chan struct{})}
	if c != nil && !c.fault.network {
		w.client = direct{w}
		return w
	}
	w.server = &http.Server{Handler: w, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	w.client = &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 32}
	go func() {
		defer close(w.served)
		_ = w.server.Serve(w.pipes)
	}()
	return w
}

func (w *fakeNetwork) close() {
	if network, ok := w.client.(*http.Transport); ok {
		network.CloseIdleConnections()
		_ = w.server.Close()
		<-w.served
	}
}

// direct is a client of the server without a network between them.
type direct struct{ *fakeNetwork }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != address {
		d.complain("the client tried to reach %s", r.URL.Host)
		return nil, errors.New("there is no such host")
	}
	arrived := r.Clone(r.Context())
	arrived.RequestURI = r.URL.RequestURI()
	a := httptest.NewRecorder()
	d.ServeHTTP(a, arrived)
	response := a.Result()
	response.Request = r
	return response, nil
}

// dial is the only way out; it leads to the server.
func (w *fakeNetwork) dial(ctx context.Context, _, to string) (net.Conn, error) {
	if to != address {
		w.complain("the client tried to reach %s", to)
		return nil, errors.New("there is no such host")
	}
	return w.pipes.dial(ctx)
}

func (w *fakeNetwork) complain(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// collect runs the collectors and gathers the outcome.
func (w *fakeNetwork) collect(ctx context.Context) outcome {
	var logged bytes.Buffer
	o := outcome{sources: map[string]inventory.Source{}, written: map[string]string{}}
	began := time.Now()
	read := func() {
		if err := w.read(ctx, &logged, o.sources); err != nil {
			w.complain("the run ended with an error: %v", err)
		}
	}
	if w.fault != nil && w.fault.fault.measured {
		o.memory = peak(read)
	} else {
		read()
	}
	if took := time.Since(began); took > tooLong {
		w.complain("the run took %v", took)
	}
	w.checkSecrets(o, logged.String())
	w.mu.Lock()
	defer w.mu.Unlock()
	o.requests, o.asked, o.hit, o.served, o.problems = w.requests, w.asked, w.hit, w.sentBytes, w.problems
	return o
}

// read runs the collectors once.
func (w *fakeNetwork) read(ctx context.Context, logged io.Writer, sources map[string]inventory.Source) error {
	session, err := cmsapi.NewSession(cmsapi.Options{Transport: w.client, MaxBody: maxBody, MaxPages: maxPages, Timeout: 30 * time.Second,
		Log: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		return err
	}
	registry, err := collectors.NewRegistry(w.target.Definition)
	if err != nil {
		return err
	}
	_, err = collectors.Collect(ctx, collectors.Options{Registry: registry, Entries: w.entries(), Resume: w.earlier,
		Run: collectors.Run{API: session, Now: func() time.Time { return now }}},
		func(s inventory.Source) error {
			if _, twice := sources[s.ID]; twice {
				w.complain("the source %s came twice", s.ID)
			}
			sources[s.ID] = s
			return nil
		})
	return err
}

// secrets are what was planted, and what was sent as a credential.
func (w *fakeNetwork) secrets() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Concat(w.target.Secrets, slices.Sorted(maps.Keys(w.sent)))
}

// checkSecrets writes all sources, and looks for what must not have left the
// decoder.
func (w *fakeNetwork) checkSecrets(o outcome, logged string) {
	secrets := w.secrets()
	for _, id := range o.ids() {
		b, err := json.Marshal(o.sources[id])
		if err != nil {
			w.complain("the source %s cannot be written: %v", id, err)
		}
		text := string(b)
		o.written[id] = text
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				w.complain("a planted secret is in the source %s", id)
			}
		}
	}
	for _, secret := range secrets {
		if strings.Contains(logged, secret) {
			w.complain("a planted secret is in the log")
		}
	}
}

// ServeHTTP lets the fault answer the requests that it concerns, and the
// healthy server all others.
func (w *fakeNetwork) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.complain("%s %s was sent", r.Method, r.URL.Path)
	}
	path, below := strings.CutPrefix(r.URL.Path, w.folder)
	if !below {
		w.complain("%s is asked, which is not below the folder %s", r.URL.Path, w.folder)
	}
	who := identity{path, headersOf(r)}
	w.mu.Lock()
	w.asked[r.URL.EscapedPath()] = true
	if _, known := w.target.endpoint(strings.TrimPrefix(r.URL.EscapedPath(), w.folder)); !known && w.fault != nil && !w.target.otherwise(path) {
		w.problems = append(w.problems, r.URL.EscapedPath()+" is asked, and is not an endpoint of the target")
	}
	for _, credential := range credentialsOf(r) {
		w.sent[credential] = true
	}
	concerned := w.fault != nil && w.fault.scope.request == who
	if concerned {
		w.hit++
	}
	n := w.hit
	w.mu.Unlock()
	rw = &counting{rw, w}
	if concerned {
		w.fault.fault.serve(rw, r, exchange{healthy: w.answer, n: n})
		return
	}
	a := w.answer(r)
	w.mu.Lock()
	seen := request{identity: who}
	if a.Code == http.StatusOK {
		seen.body = a.Body.Bytes()
	}
	w.requests = append(w.requests, seen)
	w.mu.Unlock()
	pass(rw, a, a.Body.Bytes())
}

// counting counts the bytes of bodies.
type counting struct {
	http.ResponseWriter
	network *fakeNetwork
}

func (c *counting) Write(b []byte) (int, error) {
	c.network.mu.Lock()
	c.network.sentBytes += len(b)
	c.network.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// folderOf is where the server lies on its host: below a folder for CMSes that may
// be anywhere.
func folderOf(d collectors.Definition) string {
	if slices.ContainsFunc(d.Options, func(o collectors.Option) bool { return o.Key == instance.OptionFolder }) {
		return "/below/here"
	}
	return ""
}

// entries are those of the target, for the server below its folder.
func (w *fakeNetwork) entries() []collectors.Entry {
	all := w.target.Entries(baseURL)
	for i := range all {
		if w.folder != "" {
			if all[i].Values = maps.Clone(all[i].Values); all[i].Values == nil {
				all[i].Values = map[string]any{}
			}
			all[i].Values[instance.OptionFolder] = w.folder
		}
	}
	return all
}

// answer asks the healthy server.
func (w *fakeNetwork) answer(r *http.Request) *httptest.ResponseRecorder {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding") // the suite reads the answer
	r.URL.Path = strings.TrimPrefix(r.URL.Path, w.folder)
	r.URL.RawPath = strings.TrimPrefix(r.URL.RawPath, w.folder)
	r.RequestURI = r.URL.RequestURI()
	return w.healthy.to(w.target, r)
}

// pass writes a healthy answer with another body.
func pass(rw http.ResponseWriter, a *httptest.ResponseRecorder, body []byte) {
	for name, values := range a.Header() {
		if name != "Content-Length" {
			rw.Header()[name] = values
		}
	}
	rw.WriteHeader(a.Code)
	_, _ = rw.Write(body)
}

// headersOf returns all headers that may name a source or a credential.
func headersOf(r *http.Request) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "User-Agent" && name != "Accept-Encoding" {
			fmt.Fprintf(&b, "%s=%q\n", name, r.Header[name])
		}
	}
	return b.String()
}

// pipes is a listener whose connections are in memory.
type pipes struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipes() *pipes { return &pipes{incoming: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.incoming <- server:
		return client, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4010} }
