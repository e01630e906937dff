package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// attemptTimeout bounds one attempt, attempts how many there are, and maxRetryAfter what
	// is waited before the next: who asks for more is not waited for.
	attemptTimeout = 15 * time.Second
	attempts       = 3
	maxRetryAfter  = 20 * time.Second
	// maxAnswer is how many bytes of an answer are read. None of it is shown.
	maxAnswer = 1 << 20
)

// client sends requests to one host. It is apart from the client of the collectors, which
// sends nothing but GET and HEAD, and shares nothing with it: no credential of a CMS, no
// connection, no limiter.
type client struct {
	// base is scheme and host.
	base  *url.URL
	http  *http.Client
	agent string
	// authorize puts the credential on a request; nil for none.
	authorize func(*http.Request)
	// wait waits; it returns early with the error of ctx.
	wait func(ctx context.Context, d time.Duration) error
}

var (
	errURL      = errors.New("the URL cannot be used: it must begin with https:// and have a host, and no user or password; http:// is for this machine only")
	errRedirect = errors.New("the response is a redirect, which is not followed: give the URL that it leads to")
)

// parseURL checks where something is to be sent. No error holds the URL, which may be a
// secret.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, errURL
	}
	return u, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.Unmap().IsLoopback()
}

func (s *Sender) client(u *url.URL) *client {
	return &client{
		base: u, agent: "tokenaudit/" + s.Version, wait: s.waiting(),
		http: &http.Client{
			Transport: onlyTo{u.Scheme, u.Host, cmp.Or[http.RoundTripper](s.Transport, &http.Transport{
				Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true,
				TLSHandshakeTimeout: attemptTimeout, ResponseHeaderTimeout: attemptTimeout, MaxResponseHeaderBytes: 64 << 10,
			})},
			Timeout:       attemptTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// onlyTo refuses every request that is not to the configured host.
type onlyTo struct {
	scheme, host string
	next         http.RoundTripper
}

func (t onlyTo) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != t.scheme || r.URL.Host != t.host {
		return nil, ownError("refused to send anything to a host that is not configured")
	}
	return t.next.RoundTrip(r)
}

// request is what is sent.
type request struct {
	method string
	url    *url.URL
	// body is JSON; nil for none.
	body any
	// once: a second request would do the thing a second time, unless the first was refused
	// for now.
	once bool
}

// send sends a request, again where that may help, and decodes the JSON of the answer into
// into, which may be nil.
func (c *client) send(ctx context.Context, r request, into any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		status, answer, again, err := c.attempt(ctx, r, body)
		switch {
		case err == nil && status/100 == 2:
			return decode(answer, into)
		case n == attempts || ctx.Err() != nil || !repeatable(r, status, err):
			return failure(ctx, status, err)
		case again > maxRetryAfter:
			return fmt.Errorf("it answered %d and asks to wait %s", status, again.Round(time.Second))
		}
		if err := c.wait(ctx, cmp.Or(again, time.Second<<(n-1))); err != nil {
			return failure(ctx, status, err)
		}
	}
}

// repeatable reports whether another attempt may help and do no harm.
func repeatable(r request, status int, err error) bool {
	if err != nil {
		dial, ok := errors.AsType[*net.OpError](err)
		return ok && dial.Op == "dial"
	}
	if r.once {
		return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
	}
	return status == http.StatusTooManyRequests || status >= 500
}

// failure says what went wrong, without the URL and without the answer.
func failure(ctx context.Context, status int, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.New("it was not sent in time")
	case err != nil:
		return inOwnWords(err)
	case status/100 == 3:
		return errRedirect
	}
	return fmt.Errorf("it answered %d %s", status, strings.ToLower(http.StatusText(status)))
}

// ownError is an error whose words are ours.
type ownError string

func (e ownError) Error() string { return string(e) }

// inOwnWords says by its type what an error of the transport is: its words may quote the
// URL, a proxy with its password, or what the other side has sent.
func inOwnWords(err error) error {
	if own, ok := errors.AsType[ownError](err); ok {
		return own
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return ownError("the name of its host cannot be resolved")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return ownError("its certificate is not trusted")
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return ownError("it did not answer in time")
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return ownError("no connection could be made to it")
	}
	return ownError("the exchange with it broke off")
}

func decode(answer []byte, into any) error {
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return errors.New("the response is not the JSON that was expected")
	}
	return nil
}

func (c *client) attempt(ctx context.Context, r request, body []byte) (status int, answer []byte, again time.Duration, err error) {
	to, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, 0, errURL
	}
	to.Header.Set("User-Agent", c.agent)
	to.Header.Set("Accept", "application/json")
	if body != nil {
		to.Header.Set("Content-Type", "application/json")
	}
	if c.authorize != nil {
		c.authorize(to)
	}
	from, err := c.http.Do(to)
	if err != nil {
		return 0, nil, 0, err
	}
	defer from.Body.Close() //nolint:errcheck // read only
	answer, err = io.ReadAll(io.LimitReader(from.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = ownError("the response is too large")
	}
	return from.StatusCode, answer, retryAfter(from.Header.Get("Retry-After")), err
}

// retryAfter reads the header of that name, in seconds or as a date; 0 where it says nothing.
func retryAfter(text string) time.Duration {
	const longest = 24 * time.Hour
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), int(longest.Seconds()))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), longest)
	}
	return 0
}

func (s *Sender) waiting() func(context.Context, time.Duration) error {
	if s.Wait != nil {
		return s.Wait
	}
	return func(ctx context.Context, d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	}
}

// at returns a URL of the host with this path.
func (c *client) at(path ...string) *url.URL {
	u := url.URL{Scheme: c.base.Scheme, Host: c.base.Host}
	return u.JoinPath(slices.Concat([]string{c.base.Path}, path)...)
}
