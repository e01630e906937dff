package cmsapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// newNetwork makes the transport that reaches the network. It uses the proxy
// that HTTPS_PROXY names, and trusts bundle besides the system's roots.
func newNetwork(bundle []byte) (*http.Transport, error) {
	if err := checkProxies(os.LookupEnv); err != nil {
		return nil, err
	}
	roots, err := rootsWith(bundle)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: connected,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    32,
		IdleConnTimeout:        60 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}, nil
}

// rootsWith returns the system's roots plus those of bundle; nil, which means
// the system's, without a bundle.
func rootsWith(bundle []byte) (*x509.CertPool, error) {
	if len(bundle) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, errors.New("the CA bundle contains no PEM certificate")
	}
	return pool, nil
}

// readOnly is the last gate before the network. It holds the two promises that
// no other code can break: only GET and HEAD, without a body, and no plain http
// to a host that is not this machine.
type readOnly struct{ next http.RoundTripper }

func (t readOnly) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, &refusal{"refused to send a " + r.Method + ": only GET and HEAD are allowed"}
	}
	if r.Body != nil && r.Body != http.NoBody {
		return nil, &refusal{"refusing to send a request with a body"}
	}
	if err := checkScheme(r.URL); err != nil {
		return nil, err
	}
	return t.next.RoundTrip(r)
}

// checkScheme refuses everything but https, and http to this machine.
func checkScheme(u *url.URL) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return &refusal{"http://" + u.Host + " is refused: a credential is only sent over https"}
	default:
		return &refusal{"only https URLs are supported"}
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
