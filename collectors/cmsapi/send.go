package cmsapi

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenaudit/tokenaudit/collectors/cmsapi/pacing"
	"github.com/tokenaudit/tokenaudit/collectors/exposure"
	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

const (
	// maxTries bounds the tries of a request that meets broken connections or
	// failing servers, maxTimeouts of one that gets no answer in time, each of
	// which has cost the whole timeout.
	maxTries    = 3
	maxTimeouts = 2
	// maxLimited bounds how often one request accepts a 429, so that a path that
	// always answers so cannot use up what its domain may wait.
	maxLimited = 10
	// askedTrusted is how many 429s in a row are answered by exactly the wait that
	// was asked for; after that a growing backoff is the least.
	askedTrusted = 3
	maxHops      = 5
	maxFailure   = 64 << 10
)

// answer is one answer of the server, its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) response() *Response {
	if a == nil {
		return nil
	}
	return &Response{Status: a.status, Header: a.header}
}

// wipe overwrites the body.
func (a *answer) wipe() {
	if a != nil {
		clear(a.body)
	}
}

func (a *answer) failure() Failure {
	return Failure{Status: a.status, Header: a.header, Body: a.body[:min(len(a.body), maxFailure)]}
}

// send asks until there is an answer that is a success, or an error that is
// final. Both results may be set: an answer that is not a success.
func (c *Client) send(ctx context.Context, asked *url.URL, extra http.Header) (*answer, *Error) {
	var so attempts
	target := asked
	for {
		sent, a, failed := c.attempt(ctx, asked, target, extra)
		switch {
		case failed != nil:
			if ctx.Err() != nil || so.failed(failed) {
				return a, failed
			}
		case a.status >= 200 && a.status < 300:
			return a, nil
		case isRedirect(a):
			if target, failed = c.follow(target, a, &so); failed != nil {
				return a, failed
			}
			continue
		case a.status == http.StatusTooManyRequests:
			so.limited++
			if failed := c.limited(sent, a, so.limited); failed != nil {
				return a, failed
			}
			continue
		default:
			if so.tries++; so.tries >= maxTries || !c.worthRetrying(a) {
				return a, c.failureError(a.failure())
			}
		}
		if err := c.pause(ctx, a, so); err != nil {
			return a, &Error{Class: inventory.ErrTimeout, Message: err.Error(), Err: err}
		}
	}
}

// attempts counts what one request has been through so far.
type attempts struct{ tries, timeouts, limited, hops int }

// failed counts an attempt without an answer, and reports whether it was the last.
func (so *attempts) failed(e *Error) bool {
	if e.Class == inventory.ErrTimeout {
		so.timeouts++
		return so.timeouts >= maxTimeouts
	}
	so.tries++
	return so.tries >= maxTries || !brokenConnection(e)
}

// follow returns where a redirect leads to, or why it is not followed.
func (c *Client) follow(target *url.URL, a *answer, so *attempts) (*url.URL, *Error) {
	next, refused := c.redirect(target, a)
	if so.hops++; refused == nil && so.hops > maxHops {
		refused = &Error{Class: inventory.ErrUnreadable, Message: "too many redirects"}
	}
	if refused != nil {
		refused.Status = a.status
		return nil, refused
	}
	return next, nil
}

// pause waits before another attempt. There may be no answer yet.
func (c *Client) pause(ctx context.Context, a *answer, so attempts) error {
	wait := pacing.Backoff(500*time.Millisecond, so.tries+so.timeouts)
	if asked, ok := standardRetryAfter(a); ok && asked <= c.session.options.MaxWait {
		wait = max(wait, asked)
	}
	return pacing.Sleep(ctx, wait+pacing.Jitter(wait))
}

// attempt asks once, after its domain's permit. It returns the time at which the
// request was sent. target is what was asked for, or where a redirect leads to: of
// that nothing is logged.
func (c *Client) attempt(ctx context.Context, asked, target *url.URL, extra http.Header) (time.Time, *answer, *Error) {
	permit, err := c.domain.Acquire(ctx)
	if err != nil {
		e := &Error{Class: inventory.ErrTimeout, Message: err.Error(), Err: err}
		if limited, ok := errors.AsType[*pacing.LimitedError](err); ok {
			e = &Error{Class: inventory.ErrRateLimited, Status: http.StatusTooManyRequests, Message: limited.Reason, Hint: limitedHint}
		}
		return time.Now(), nil, e
	}
	sent := permit.Sent
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	response, err := c.session.transport.RoundTrip(c.request(ctx, target, extra))
	c.domain.Answered(permit, err == nil && response.StatusCode != http.StatusTooManyRequests)
	if err != nil {
		c.logAttempt(ctx, asked, 0, time.Since(sent))
		return sent, nil, connectionError(err, c.base.Host)
	}
	defer func() { _ = response.Body.Close() }()
	c.learn(response.Header)
	a := &answer{status: response.StatusCode, header: response.Header}
	failed := c.readBody(response, a)
	c.logAttempt(ctx, asked, a.status, time.Since(sent))
	return sent, a, failed
}

// learn adapts the pace to what the headers say.
func (c *Client) learn(h http.Header) {
	if c.config.Limit.Adapt == nil {
		return
	}
	if perSecond, ok := c.config.Limit.Adapt(h); ok {
		c.domain.Adapt(perSecond)
	}
}

// readBody reads the body of an answer, up to the cap of its kind. The
// transport has taken off compression, so what counts is the plain size.
func (c *Client) readBody(r *http.Response, a *answer) *Error {
	most := c.session.options.MaxBody
	success := a.status >= 200 && a.status < 300
	if !success {
		most = min(most, maxFailure)
	}
	tooLarge := &Error{Class: inventory.ErrTruncated, Status: a.status,
		Message: "the response is larger than " + byteSize(most) + " and was not read completely"}
	if success && r.ContentLength > most {
		return tooLarge
	}
	var err error
	a.body, err = exposure.ReadAll(io.LimitReader(r.Body, most+1))
	switch {
	case !success:
		// What was read of the body of a failure is enough to tell what it is.
		return nil
	case int64(len(a.body)) > most:
		a.wipe()
		return tooLarge
	case err != nil:
		a.wipe()
		e := connectionError(err, c.base.Host)
		e.Status = a.status
		if e.Class != inventory.ErrTimeout {
			e.Class, e.Message = inventory.ErrTruncated, "the response was cut off:  "+e.Message
		}
		return e
	}
	return nil
}

// brokenConnection tells an answer that never came, or broke off, from one
// that was too large, and from a server that is not there or not the right one:
// those do not change within a second.
func brokenConnection(e *Error) bool {
	var (
		dns        *net.DNSError
		unverified *tls.CertificateVerificationError
	)
	switch {
	case e.Err == nil, e.Class == inventory.ErrRateLimited:
		return false
	case errors.As(e.Err, &dns):
		return !dns.IsNotFound
	default:
		return !errors.As(e.Err, &unverified)
	}
}

func (c *Client) worthRetrying(a *answer) bool {
	if c.config.Retry != nil {
		return c.config.Retry(a.failure())
	}
	return ServerFails(a.status)
}

// ServerFails tells the statuses of a server that may work again soon.
func ServerFails(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

const limitedHint = "Run the audit when the API is less busy, lower requests_per_second, or allow longer waits."

// limited pauses the domain after the n-th 429 in a row to one request.
func (c *Client) limited(sent time.Time, a *answer, n int) *Error {
	var told bool
	var asked time.Duration
	if c.config.Limit.RetryAfter != nil {
		asked, told = c.config.Limit.RetryAfter(a.header)
	}
	if !told || asked <= 0 {
		asked, told = standardRetryAfter(a)
	}
	switch {
	case !told || asked <= 0:
		asked = min(pacing.Backoff(time.Second, n), c.session.options.MaxWait)
	case n > askedTrusted:
		asked = max(asked, min(pacing.Backoff(time.Second, n-askedTrusted), c.session.options.MaxWait))
	}
	err := c.domain.Pause(sent, asked)
	if err == nil && n >= maxLimited {
		err = &pacing.LimitedError{Reason: "the server answered " + strconv.Itoa(n) + " times in a row that the rate limit is exceeded"}
	}
	if err == nil {
		return nil
	}
	e := c.failureError(a.failure())
	e.Class, e.Message = inventory.ErrRateLimited, err.Error()
	if e.Hint == "" {
		e.Hint = limitedHint
	}
	return e
}

// standardRetryAfter reads the Retry-After header: seconds or a date.
func standardRetryAfter(a *answer) (time.Duration, bool) {
	if a == nil {
		return 0, false
	}
	v := strings.TrimSpace(a.header.Get("Retry-After"))
	if v == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(v, 64); err == nil {
		return Seconds(seconds), seconds >= 0
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0, false
	}
	return max(time.Until(at), 0), true
}

// Seconds makes a duration of what a header says, bounded so that no number
// overflows: from 0 to one year.
func Seconds(s float64) time.Duration {
	if !(s > 0) {
		return 0
	}
	if s >= pacing.LongestWait.Seconds() {
		return pacing.LongestWait
	}
	return time.Duration(s * float64(time.Second))
}

func isRedirect(a *answer) bool {
	switch a.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirect returns where to go on; another host is refused, because the
// credential would go there.
func (c *Client) redirect(from *url.URL, a *answer) (*url.URL, *Error) {
	to, err := from.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		return nil, &Error{Class: inventory.ErrUnreadable, Message: "a redirect without a valid target"}
	}
	if to.Scheme != c.base.Scheme || !strings.EqualFold(hostPort(to), hostPort(c.base)) {
		return nil, &Error{Class: inventory.ErrUnreadable,
			Message: "a redirect to " + c.place(to) + " was refused",
			Hint:    "If the CMS has moved, set base_url to its new host."}
	}
	return &url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: to.Path, RawPath: to.RawPath, RawQuery: to.RawQuery}, nil
}

// place says where a redirect leads to as far as the configured host tells it: any
// other word of it is the server's.
func (c *Client) place(to *url.URL) string {
	from, host := strings.ToLower(c.base.Hostname()), strings.ToLower(to.Hostname())
	switch {
	case host == from && to.Scheme == "http":
		return "http, which is not encrypted,"
	case host == from && to.Scheme != c.base.Scheme:
		return "another scheme"
	case host == from:
		return "another port"
	case host == "www."+from || from == "www."+host:
		return "another host (" + host + ")"
	}
	return "another host"
}

// hostPort is the host with its port, also where that is the scheme's own.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func byteSize(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n>>10, 10) + " KiB"
}
