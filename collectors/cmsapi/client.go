package cmsapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// Config makes a Client.
type Config struct {
	CMS string
	// BaseURL is scheme, host and port; http is refused outside loopback.
	BaseURL string
	// Folder stands before the path of every request, such as "/blog"; empty for
	// a server at the root of its host. It is escaped, and ends without a slash.
	Folder string
	// Authorize puts the credential on a request. It is called for requests to
	// the host of BaseURL only.
	Authorize func(http.Header)
	// Header is sent with every request: Accept, API version.
	Header http.Header
	Limit  Limit
	// RequestsPerSecond lowers Limit.Rate; 0 leaves it.
	RequestsPerSecond float64
	// Timeout bounds one attempt; 0 means the session's.
	Timeout time.Duration
	// Classify turns an answer that is not a success into an Error. Nil, or a nil
	// result, means the classification by status alone.
	Classify func(Failure) *Error
	// Retry says whether a failed answer (not a 429) is worth another try; nil
	// means what ServerFails says. Broken connections are always tried again.
	Retry func(Failure) bool
}

// Client talks to one host with one credential. It is safe for concurrent use.
type Client struct {
	session *Session
	config  Config
	base    *url.URL
	domain  *domain
	// minted is what of the credential must never be printed.
	minted *minted
}

// Client makes a client, refusing a base URL that is not https outside loopback.
func (s *Session) Client(c Config) (*Client, error) {
	base, err := parseBase(c.BaseURL)
	if err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = s.options.Timeout
	}
	if c.Limit.Domain == "" {
		c.Limit.Domain = c.CMS + "/" + base.Host
	}
	c.Header = c.Header.Clone()
	client := &Client{session: s, config: c, base: base, minted: &minted{}}
	client.domain = s.domain(c.CMS, c.Limit, c.RequestsPerSecond)
	client.authorize(http.Header{})
	return client, nil
}

// MaxPages is the most pages that are read of one list, for [Paging].
func (c *Client) MaxPages() int { return c.session.options.MaxPages }

// parseBase checks a base URL. Its errors never quote it: somebody may have
// written a password into it.
func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("base_url must be a URL of the form https://host")
	}
	if u.User != nil {
		return nil, errors.New("base_url must not contain a user name or password")
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("base_url must be scheme, host and port only: remove the path")
	}
	if err := checkScheme(u); err != nil {
		return nil, fmt.Errorf("base_url: %w", err)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// WithLimit returns a copy of the client that draws on another domain.
func (c *Client) WithLimit(l Limit) *Client {
	d := *c
	if l.Domain == "" {
		l.Domain = c.config.Limit.Domain
	}
	d.config.Limit = l
	d.domain = c.session.domain(c.config.CMS, l, c.config.RequestsPerSecond)
	return &d
}

// Host is the host, and the port if one was given, that the client asks.
func (c *Client) Host() string { return c.base.Host }

// Request is a GET.
type Request struct {
	// Path is the escaped path, with its leading slash: see Path.
	Path  string
	Query url.Values
	// Header is added to the client's.
	Header http.Header
	// Secrets say where in the answer the secrets of tokens are; nil for an answer that
	// has none, or whose secrets nobody compares.
	Secrets []exposure.Layout
}

// Response is what of an answer is not its body.
type Response struct {
	Status int
	Header http.Header
}

// Path fills each {} of the pattern with one escaped path segment, so that no
// id, whatever it holds, can lead to another path. A {} in a segment is escaped
// like any other.
func Path(pattern string, segments ...string) string {
	for _, s := range segments {
		escaped := url.PathEscape(s)
		if s == "." || s == ".." {
			escaped = strings.ReplaceAll(s, ".", "%2E")
		}
		pattern = strings.Replace(pattern, "{}", escaped, 1)
	}
	return pattern
}

// Get sends a GET, retries as configured, and decodes the JSON answer into out
// (a pointer; nil discards the body), which must not keep parts of the body: that is
// overwritten, because it may hold secrets. Every error is an *Error or ctx's error.
// The Response is nil if no answer came.
func (c *Client) Get(ctx context.Context, r Request, out any) (*Response, error) {
	r.Path = c.config.Folder + r.Path
	target, err := c.target(r)
	if err != nil {
		return nil, c.finish(&Error{Class: inventory.ErrInternal, Message: err.Error()}, r)
	}
	a, failed := c.send(ctx, target, r.Header)
	if failed == nil && out != nil {
		failed = decode(a, out)
	}
	if failed == nil && out != nil {
		c.session.options.Secrets.Read(a.body, r.Secrets)
	}
	a.wipe()
	if ctx.Err() != nil && failed != nil {
		return a.response(), ctx.Err()
	}
	if failed != nil {
		return a.response(), c.finish(failed, r)
	}
	return a.response(), nil
}

// target is the URL of a request. The path is never parsed as a URL, so it
// cannot name another host.
func (c *Client) target(r Request) (*url.URL, error) {
	path, err := url.PathUnescape(r.Path)
	if err != nil || !strings.HasPrefix(r.Path, "/") {
		return nil, errors.New("invalid request path")
	}
	u := *c.base
	u.Path, u.RawPath, u.RawQuery = path, r.Path, r.Query.Encode()
	return &u, nil
}

// request makes the request for one attempt.
func (c *Client) request(ctx context.Context, target *url.URL, extra http.Header) *http.Request {
	h := http.Header{"User-Agent": {c.session.options.UserAgent}, "Accept": {"application/json"}}
	for _, from := range []http.Header{c.config.Header, extra} {
		for name, values := range from {
			h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	c.authorize(h)
	r := &http.Request{Method: http.MethodGet, URL: target, Host: target.Host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	return r.WithContext(ctx)
}

// authorize puts the credential on a request, and remembers it: some clients mint
// one for each request.
func (c *Client) authorize(h http.Header) {
	if c.config.Authorize == nil {
		return
	}
	own := http.Header{}
	c.config.Authorize(own)
	for name, values := range own {
		h[name] = values
		c.minted.add(credentialsIn(values))
	}
}

func (c *Client) logAttempt(ctx context.Context, asked *url.URL, status int, took time.Duration) {
	c.domain.tell(Event{Status: status})
	if !c.session.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	c.session.log.LogAttrs(ctx, slog.LevelDebug, "request",
		slog.String("cms", c.config.CMS), slog.String("method", http.MethodGet), slog.String("host", asked.Host),
		slog.String("path", scrub(asked.EscapedPath(), c.secrets(nil))), slog.Int("status", status),
		slog.Duration("duration", took.Round(time.Millisecond)))
}
