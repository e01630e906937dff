package cmsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// checkProxies refuses settings of proxies that cannot be understood. Go takes
// those for none at all, and the credential would go around a proxy that somebody
// has set. No value is quoted: it may hold a password. lookup is os.LookupEnv.
func checkProxies(lookup func(name string) (string, bool)) error {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		value, _ := lookup(name)
		if err := checkProxy(value); err != nil {
			return fmt.Errorf("invalid environment variable %s: %w: expected the address of a proxy, for example http://proxy.example.com:3128", name, err)
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		value, _ := lookup(name)
		for i, entry := range strings.Split(value, ",") {
			if !isException(strings.TrimSpace(entry)) {
				return fmt.Errorf("invalid environment variable %s: entry %d: expected hosts, domains, addresses or ranges, separated by commas, for example localhost,.example.com,10.0.0.0/8", name, i+1)
			}
		}
	}
	return nil
}

// checkProxy checks the address of a proxy as net/http reads it; empty is none.
func checkProxy(value string) error {
	if value == "" {
		return nil
	}
	address := value
	if !strings.Contains(value, "://") {
		address = "http://" + value
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("it is not a URL")
	}
	if !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return errors.New("its scheme is not http, https, socks5 or socks5h")
	}
	if u.Hostname() == "" || strings.ContainsAny(u.Hostname(), " \t%") {
		return errors.New("it has no host")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return errors.New("its port is not a number from 1 to 65535")
		}
	}
	return nil
}

// isException reports whether net/http understands an entry of NO_PROXY. One that it
// does not is never met, without a word.
func isException(entry string) bool {
	if strings.ContainsAny(entry, " \t\r\n") || strings.Contains(entry, "://") {
		return false
	}
	if strings.Contains(entry, "/") {
		_, err := netip.ParsePrefix(entry)
		return err == nil
	}
	return true
}

// connected turns the answer of a proxy that does not connect into an error of our
// own: Go's has the words of the proxy.
func connected(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &proxyRefusal{answer.StatusCode}
	}
	return nil
}
