package cmsapi

import (
	"cmp"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/tokenaudit/tokenaudit/collectors/inventory"
)

// connectionError makes an Error of a request that got no whole answer.
//
// What Go says about an answer that it cannot read quotes it: a status code, a
// header, the host of a redirect, the names in a certificate. Where a server or
// something before it cuts a list in the wrong place, that is a secret of the
// list. So an error counts by its type alone, and the words are our own. host is
// the configured one, with its port: nothing else is asked.
func connectionError(err error, host string) *Error {
	e := &Error{Class: inventory.ErrUnavailable, Err: err}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		e.Class = inventory.ErrTimeout
		if e.Message, e.Hint = ofProxy(err, host); e.Message == "" {
			e.Message, e.Hint = ofName(err, host)
		}
		if e.Message == "" {
			e.Message = "no complete response in time"
		}
		return e
	}
	for _, describe := range []func(error, string) (message, hint string){ofOwn, ofProxy, ofTLS, ofName, ofConnection, ofAnswer} {
		if e.Message, e.Hint = describe(err, host); e.Message != "" {
			return e
		}
	}
	e.Message = "the response is not valid HTTP"
	return e
}

const (
	hintHost   = "Check base_url and region, and whether a proxy is needed (HTTPS_PROXY)."
	hintServer = "Check the host and port of base_url, and that the server is running."
	hintNoTLS  = "The server does not use TLS there: check the scheme and port of base_url."
	hintCA     = "If a corporate proxy inspects TLS, pass its CA certificate as the CA bundle."
	hintProxy  = "Check HTTPS_PROXY: host, port, user name and password."
)

// A refusal is a request that this program does not send.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// A proxyRefusal is the answer of a proxy that did not connect.
type proxyRefusal struct{ status int }

func (r *proxyRefusal) Error() string { return "the proxy answered " + strconv.Itoa(r.status) }

// ofOwn describes what this package refuses.
func ofOwn(err error, _ string) (message, hint string) {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.text, ""
	}
	if errors.Is(err, context.Canceled) {
		return "the request was stopped", ""
	}
	return "", ""
}

// ofProxy describes what happens between here and a proxy.
func ofProxy(err error, _ string) (message, hint string) {
	if r, ok := errors.AsType[*proxyRefusal](err); ok {
		return "the proxy refused the connection (status " + strconv.Itoa(r.status) + ")", hintProxy
	}
	operation, ok := errors.AsType[*net.OpError](err)
	if !ok || operation.Op != "proxyconnect" && !strings.HasPrefix(operation.Op, "socks") {
		return "", ""
	}
	if message, _ = ofName(operation.Err, ""); message == "" {
		message, _ = ofConnection(operation.Err, "")
	}
	return "the proxy cannot be used: " + cmp.Or(message, "it did not connect"), hintProxy
}

// ofTLS describes what is wrong with the encryption. The names in a certificate are
// the server's.
func ofTLS(err error, _ string) (message, hint string) {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server does not use TLS", hintNoTLS
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return certificateProblem(err), hintCA
	}
	// Alerts are numbers with fixed names, and other errors of this kind have no type.
	if operation, ok := errors.AsType[*net.OpError](err); ok && (operation.Op == "remote error" || operation.Op == "local error") ||
		strings.HasPrefix(err.Error(), "tls: ") {
		return "the TLS handshake failed", ""
	}
	return "", ""
}

func certificateProblem(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the server's certificate is signed by an authority that is not trusted"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the server's certificate is for another host"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "the server's certificate has expired or is not valid yet"
	}
	return "the server's certificate cannot be verified"
}

// ofName describes a host without an address.
func ofName(err error, host string) (message, hint string) {
	dns, ok := errors.AsType[*net.DNSError](err)
	if !ok {
		return "", ""
	}
	why := "the name server failed"
	switch {
	case dns.IsNotFound:
		why = "no such host"
	case dns.IsTimeout:
		why = "the name server did not answer in time"
	}
	return "cannot resolve " + named((&url.URL{Host: host}).Hostname()) + ": " + why, hintHost
}

// named is a host as messages name it; an empty one is that of a proxy.
func named(host string) string {
	if host == "" {
		return "its host"
	}
	return "host " + strconv.Quote(host)
}

// ofConnection describes what is wrong with the way to the server. The texts of the
// operating system's errors are fixed.
func ofConnection(err error, host string) (message, hint string) {
	number, system := errors.AsType[syscall.Errno](err)
	operation, ok := errors.AsType[*net.OpError](err)
	dialled := ok && operation.Op == "dial"
	switch {
	case system && number == syscall.ECONNREFUSED:
		return "cannot connect to " + named(host) + ": connection refused", hintServer
	case system && dialled:
		return "cannot connect to " + named(host) + ": " + number.Error(), hintServer
	case system:
		return "the connection failed: " + number.Error(), ""
	case dialled:
		return "cannot connect to " + named(host), hintServer
	}
	if errors.Is(err, net.ErrClosed) {
		return "the connection was closed", ""
	}
	return "", ""
}

// ofAnswer describes an answer that ends or unpacks wrongly.
func ofAnswer(err error, _ string) (message, hint string) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the server closed the connection", ""
	}
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	if corrupt || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return "the response cannot be decompressed", ""
	}
	return "", ""
}
